import math

import numpy as np
import pytest

from dynamics import Constant, DoseSchedule, Model, Parameter, get_model
from dynamics.kernels.compile import cache_folder, compiled
from dynamics.kernels.derive import derive
from dynamics.kernels.printing import field_source
from dynamics.simulate import simulate


def test_populations_are_integrated_on_the_log_scale():
    assert derive(get_model("competition")).logarithmic
    assert derive(get_model("turnover")).logarithmic


def test_names_that_mean_something_to_python_or_to_the_kernel_are_safe():
    # p, k, z, x are the kernel's own variables; math and np are its modules
    model = Model.define(
        "awkward",
        states={"z": "p*z - k*z - u*math_*z"},
        initial={"z": "x"},
        outputs={"y": "z"},
        parameters=[Parameter(n, "per day", 1e-3, 10.0) for n in ("p", "k", "math_")],
        constants=[Constant("x", "burden", from_data="first_burden")],
    )
    run = simulate(model, [0.3, 0.1, 0.05], DoseSchedule.constant(1.0), [0.0, 10.0], {"x": 2.0})
    assert run.outputs[-1, 0] == pytest.approx(2.0 * math.exp(1.5), rel=1e-8)


def test_an_empty_population_stays_empty():
    model = get_model("competition")
    values = {"r": 0.1, "K": 500.0, "delta": 0.05, "c": 2.0}
    run = simulate(model, values, DoseSchedule.constant(0.0), [0.0, 50.0], {"V0": 100.0, "f_R": 0.0})
    assert run.states[-1, 1] == pytest.approx(0.0, abs=1e-200)
    assert run.states[-1, 0] == pytest.approx(500.0 / (1 + 4.0 * math.exp(-5.0)), rel=1e-7)


def test_the_printed_text_depends_on_the_equations_only():
    assert field_source(get_model("competition")) == field_source(get_model("competition"))
    assert field_source(get_model("competition")) != field_source(get_model("turnover"))


def test_kernels_are_kept_on_disk_under_a_hash(tmp_path, monkeypatch):
    monkeypatch.setenv("EVODOSE_CACHE", str(tmp_path))
    compiled.cache_clear()
    compiled(get_model("competition"), "open_loop")
    compiled(get_model("turnover"), "open_loop")
    files = sorted(p.name for p in (tmp_path / "kernels").glob("open_loop_*.py"))
    assert len(files) == 2
    compiled.cache_clear()


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_one(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("EVODOSE_CACHE", str(blocked))
    folder = cache_folder()
    assert folder.is_dir()
    assert blocked not in folder.parents


def test_the_template_runs_as_it_stands():
    from dynamics.kernels import open_loop

    x, y, dy = np.empty((2, 1)), np.empty((2, 1)), np.empty((2, 1, 1))
    status = open_loop.solve_one(
        True,
        np.array([0.5]),
        np.array([3.0]),
        np.array([0.0, 4.0]),
        2,
        np.array([-np.inf]),
        np.array([[1.0]]),
        1,
        1e-9,
        1000,
        x,
        y,
        dy,
    )
    assert status == open_loop.SUCCESS
    assert y[1, 0] == pytest.approx(3.0 * math.exp(-2.0), rel=1e-8)
    assert dy[1, 0, 0] == pytest.approx(-2.0 * y[1, 0], rel=1e-7)
