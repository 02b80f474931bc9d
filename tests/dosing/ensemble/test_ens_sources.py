"""Where ensembles come from: every constructor keeps what it was given, and says so."""

import numpy as np
import pytest
from handmade import MODEL, NAMES, PATIENT_2, make_diagnosis, make_ensemble, make_fit

from dosing.ensemble.sources import (
    bootstrap_ensemble,
    cohort_measure,
    paper_grid,
    posterior_ensemble,
    posterior_split,
    product_grid,
    profile_ensemble,
    published_ensemble,
)
from dynamics import ModelError, get_model
from dynamics.ensemble import Ensemble
from fitting.bayesian.posterior import Posterior, PosteriorStatus
from identifiability.resampling.bootstrap import Bootstrap, BootstrapInterval

TURNOVER = get_model("turnover")


def posterior(draws=40, status=PosteriorStatus.CONVERGED):
    from xarray import Dataset, DataTree

    rows = PATIENT_2 * np.exp(0.1 * np.random.default_rng(0).normal(size=(2, draws // 2, 4)))
    group = Dataset({n: (("chain", "draw"), rows[..., i]) for i, n in enumerate(NAMES)})
    return Posterior(
        "P7", "competition", "poisson", NAMES, {"V0": 359.0, "f_R": 0.01},
        DataTree.from_dict({"posterior": group}), status, "nuts",
    )  # fmt: skip


def test_constants_may_differ_between_members():
    ensemble = make_ensemble(
        np.tile(PATIENT_2, (3, 1)), constants={"V0": np.array([1.0, 2.0, 3.0]), "f_R": 0.01}
    )
    np.testing.assert_array_equal(ensemble.constant("V0"), [1, 2, 3])
    np.testing.assert_array_equal(ensemble.constant("f_R"), [0.01] * 3)
    part = ensemble.take(np.array([2, 0]))
    np.testing.assert_array_equal(part.constant("V0"), [3, 1])
    assert part.weights.sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="constant V0 of the ensemble has shape"):
        make_ensemble(np.tile(PATIENT_2, (3, 1)), constants={"V0": np.ones(2)})
    with pytest.raises(ValueError, match="no weight"):
        ensemble.take(np.array([], dtype=int))


def test_rows_follow_the_order_of_the_model():
    turned = Ensemble(NAMES[::-1], PATIENT_2[None, ::-1], np.ones(1), {"V0": 359.0}, "turned")
    np.testing.assert_array_equal(turned.rows(MODEL)[0], PATIENT_2)
    with pytest.raises(ValueError, match="has the parameters"):
        turned.rows(TURNOVER)


def test_posterior_draws_keep_their_patient_and_status():
    found = posterior_ensemble(posterior(), 10)
    assert len(found) == 10
    assert "P7" in found.provenance
    assert PosteriorStatus.CONVERGED.value in found.provenance
    with pytest.raises(ValueError, match="at least 1"):
        posterior_ensemble(posterior(), 0)


def test_held_out_draws_are_other_draws():
    whole = posterior()
    planned, judged = posterior_split(whole, 25, 15, seed=4)
    assert (len(planned), len(judged)) == (25, 15)
    together = {tuple(r) for r in np.vstack([planned.values, judged.values])}
    assert len(together) == 40
    assert "planned on" in planned.provenance
    assert "held out" in judged.provenance
    smaller = posterior_split(whole, 400, 400)
    assert [len(e) for e in smaller] == [20, 20]
    with pytest.raises(ValueError, match="cannot be split"):
        posterior_split(whole, 0, 10)


def test_an_unusable_posterior_is_refused_unless_asked_for():
    broken = posterior(status=PosteriorStatus.NOT_CONVERGED)
    with pytest.raises(ValueError, match="P7"):
        posterior_split(broken, 5, 5)
    assert (
        PosteriorStatus.NOT_CONVERGED.value
        in posterior_split(broken, 5, 5, allow_unusable=True)[0].provenance
    )


def test_profiles_name_their_patient():
    made = make_ensemble([PATIENT_2, 1.1 * PATIENT_2], weights=[0.0, 1.0], provenance="sets on profiles")
    found = profile_ensemble(make_diagnosis(made))
    assert found.provenance == "patient P: sets on profiles"
    np.testing.assert_array_equal(found.values, made.values)


def test_bootstrap_replicates_have_one_weight_and_say_what_ends_on_a_bound():
    interval = BootstrapInterval("c", 2.0, 1.0, 3.0, 0.95, on_bound=0.4)
    made = Bootstrap(
        "P", NAMES, np.tile(PATIENT_2, (5, 1)), None, np.ones(5), 6, (interval,), (), np.empty((5, 0)), 0.95
    )
    found = bootstrap_ensemble(made, {"V0": 359.0})
    np.testing.assert_allclose(found.weights, 0.2)
    assert "5 of 6 replicates" in found.provenance
    assert "40 % of them end on a declared bound" in found.provenance


def test_the_cohort_measure_leaves_out_fits_that_failed_and_names_them():
    fits = [
        make_fit(patient_id="A"),
        make_fit(patient_id="B", estimates=2 * PATIENT_2, constants={"V0": 500.0, "f_R": 0.01}),
        make_fit(patient_id="C", converged=False),
    ]
    found = cohort_measure(fits)
    np.testing.assert_array_equal(found.values, [PATIENT_2, 2 * PATIENT_2])
    np.testing.assert_array_equal(found.constant("V0"), [359.0, 500.0])
    assert found.constants["f_R"] == 0.01
    assert "left out, because their fits did not converge: C" in found.provenance
    with pytest.raises(ValueError, match="none of the 1 fits"):
        cohort_measure(fits[2:])
    with pytest.raises(ValueError, match="2 models"):
        cohort_measure([fits[0], make_fit(model_name="turnover")])


def test_the_grid_of_the_paper_is_25_by_49():
    grid = paper_grid(0.25)
    assert len(grid) == 1225
    assert np.unique(np.round(grid.column("r_R") / 0.027, 10)).tolist() == pytest.approx(
        np.arange(0.50, 0.99, 0.02).tolist()
    )
    assert np.unique(grid.constant("f_R")).tolist() == pytest.approx(np.arange(0.002, 0.099, 0.002).tolist())
    assert grid.constants["V0"] == 0.25
    assert "25 of r_R" in grid.provenance
    with pytest.raises(ValueError, match="share of the carrying capacity"):
        paper_grid(1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"g": 1.0}, "has no g"), ({"r_S": []}, "r_S needs finite numbers"), ({"V0": None}, "also needs V0")],
)
def test_a_grid_names_what_does_not_fit(change, message):
    values = {"r_S": 0.03, "r_R": [0.02, 0.03], "K": 1.0, "d_D": 0.75, "d_T": 0.0, "V0": 0.5} | change
    with pytest.raises(ValueError, match=message):
        product_grid(TURNOVER, {n: v for n, v in values.items() if v is not None})


def test_published_values_need_a_source():
    rows = [dict(zip(NAMES, PATIENT_2, strict=True)) | {"V0": v} for v in (359.0, 400.0)]
    found = published_ensemble(MODEL, rows, "Masud 2023, Table 1", [3.0, 1.0])
    np.testing.assert_allclose(found.weights, [0.75, 0.25])
    np.testing.assert_array_equal(found.constant("V0"), [359.0, 400.0])
    assert found.constants["f_R"] == 0.01
    assert "Masud 2023, Table 1" in found.provenance
    with pytest.raises(ValueError, match="need a source"):
        published_ensemble(MODEL, rows, " ")
    with pytest.raises(ModelError, match="delta"):
        published_ensemble(MODEL, [{"r": 0.1, "K": 500.0, "c": 2.0, "V0": 359.0}], "nowhere")
