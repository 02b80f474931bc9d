"""Trait-structured tumours: the equations, conservation, Proposition 2, many traits."""

from functools import cache

import numpy as np
import pytest
import sympy as sp

from dynamics import Constant, ModelError, get_model
from dynamics.catalogue.traits import mutation_kernel, trait_levels, trait_model
from dynamics.controlled import integrate
from dynamics.shared_terms import shared_terms

RATIO = (2 / 1.1) / 0.5  # max r/mu of Fig. 3, at trait 0


def published(n, theta, cells, dose, to_itself=False):
    """Equation 15 in arrays, with the numbers of Fig. 3."""
    x = trait_levels(n)
    r, phi = 2 / (1.1 + 2 * x**5), 2 / (1 + x**2)
    born = (1 - theta) * r * cells + theta * mutation_kernel(n, to_itself=to_itself) @ (r * cells)
    return born - phi * dose / (1 + dose) * cells - (1 + cells.sum() / 200) * 0.5 * cells


@cache
def traits(n, to_itself=False):
    """The model with n traits, built once."""
    return trait_model(n, to_itself=to_itself)


@cache
def compiled(model):
    """Right-hand side as a function of states, dose, constants."""
    arguments = [list(model.state_symbols), list(model.input_symbols), list(model.constant_symbols)]
    return sp.lambdify(arguments, list(model.rhs.flat()), modules="math", cse=shared_terms)  # pyright: ignore[reportArgumentType]


def rates(model, cells, dose, **given):
    """Right-hand side at numbers; constants that are not given keep their own."""
    constants = [given.get(c.name, c.value) for c in model.constants]
    return np.array(compiled(model)(list(cells), [dose], constants))


@pytest.mark.parametrize(("n", "to_itself"), [(2, False), (21, False), (60, False), (21, True), (60, True)])
def test_the_equations_are_those_of_the_paper(n, to_itself):
    # 60 traits are written in moments of the population, 21 term by term
    cells = np.random.default_rng(n).uniform(0.1, 20, n)
    model = traits(n, to_itself)
    for theta, dose in ((0.0, 0.0), (0.1, 0.5), (0.6, 3.0)):
        found = rates(model, cells, dose, theta=theta)
        expected = published(n, theta, cells, dose, to_itself)
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)


def test_the_catalogue_holds_the_published_case():
    model = get_model("traits")
    assert len(model.states) == 21
    assert [float(s.initial) for s in model.states] == pytest.approx([200 / 21] * 21)
    assert (model.inputs[0].lower, model.inputs[0].upper) == (0.0, 3.0)
    assert {c.name: c.value for c in model.constants} == {"theta": 0.1, "UC50": 1.0, "N_G": 200.0}


def test_a_mutation_leads_to_another_trait():
    kernel = mutation_kernel(21)
    np.testing.assert_allclose(kernel.sum(axis=0), 1.0, rtol=1e-14)
    assert np.all(np.diag(kernel) == 0)
    own = mutation_kernel(21, to_itself=True)
    np.testing.assert_allclose(own.sum(axis=0), 1.0, rtol=1e-14)
    assert np.all(np.diag(own) == own.max(axis=0))
    # eq. 18: the ratio of two targets of one trait is that of the Gaussian
    assert kernel[3, 0] / kernel[9, 0] == pytest.approx(np.exp(-(0.15**2 - 0.45**2) / 6))
    narrow = mutation_kernel(21, variance=1e-3)
    assert narrow[11, 10] > 0.2 > 1e-3 > narrow[15, 10]


@pytest.mark.parametrize("n", [21, 60])
def test_mutations_leave_the_number_of_cells_unchanged(n):
    # eq. 13: the growth of the total does not contain theta
    cells = np.random.default_rng(1).uniform(0, 20, n)
    totals = [rates(traits(n), cells, 0.7, theta=theta).sum() for theta in (0.0, 0.2, 1.0)]
    assert totals == pytest.approx([totals[0]] * 3, rel=1e-12)


@pytest.mark.parametrize("theta", [0.0, 0.001])
def test_proposition_2_the_total_settles_where_g_is_the_largest_ratio(theta):
    settled = 200 * (RATIO - 1)
    share = 1e-3 if theta == 0 else 2e-3
    for start in (0.2, 1.0, 20.0):
        course = integrate(
            get_model("traits"), {"theta": theta}, [0, 3000], [[0.0]], [0, 1500, 3000],
            initial=np.full(21, start * 200 / 21),
        )  # fmt: skip
        totals = course.states.sum(axis=1)
        assert totals[-1] == pytest.approx(settled, rel=share)
        assert totals[-1] == pytest.approx(totals[1], rel=1e-4)
        assert totals[-1] < settled, "mutations, and traits that have not died out, only slow growth"


def test_proposition_2_with_another_density_effect():
    model = trait_model(
        11, 0.0, density="0.5 + (N/a)**2", density_constants=[Constant("a", "cells", value=50.0)]
    )
    course = integrate(model, {}, [0, 3000], [[0.0]], [3000])
    assert course.states.sum() == pytest.approx(50 * np.sqrt(RATIO - 0.5), rel=1e-3)


def test_with_mutations_the_total_settles_at_the_perron_root():
    theta, n = 0.3, 21
    r = 2 / (1.1 + 2 * trait_levels(n) ** 5)
    births = (np.eye(n) * (1 - theta) + theta * mutation_kernel(n)) * r
    expected = 200 * (np.linalg.eigvals(births).real.max() / 0.5 - 1)
    course = integrate(get_model("traits"), {"theta": theta}, [0, 1000], [[0.0]], [1000])
    assert course.states.sum() == pytest.approx(expected, rel=1e-8)
    assert expected < 200 * (RATIO - 1)


def test_no_dose_empties_a_trait_below_zero():
    rng = np.random.default_rng(3)
    doses = rng.uniform(0, 3, (10, 1))
    start = rng.uniform(0, 20, 21) * (rng.uniform(size=21) > 0.5)
    course = integrate(
        get_model("traits"), {}, np.linspace(0, 20, 11), doses, np.linspace(0.1, 20, 40), initial=start
    )
    assert np.all(course.states > 0)


@pytest.mark.slow
def test_two_hundred_traits_are_built_and_integrated():
    model = trait_model(200)
    days = np.array([0.0, 5.0, 20.0])
    course = integrate(model, {}, days, [[3.0], [0.5]], days)
    totals = course.states.sum(axis=1)
    assert totals[0] == pytest.approx(200.0)
    assert totals[1] < totals[0] < totals[2]
    # the same step of an explicit method on the printed equations
    step, cells = 1e-3, course.states[0]
    for _ in range(100):
        middle = cells + step / 2 * published(200, 0.1, cells, 3.0)
        cells = cells + step * published(200, 0.1, middle, 3.0)
    short = integrate(model, {}, [0, 0.1], [[3.0]], [0.1])
    np.testing.assert_allclose(short.states[0], cells, rtol=1e-6)
    # finer traits change the tumour little
    coarse = integrate(get_model("traits"), {}, days, [[3.0], [0.5]], days).states.sum(axis=1)
    np.testing.assert_allclose(totals, coarse, rtol=0.05)


def test_rates_of_one_s_own():
    model = trait_model(3, 0.0, growth="1 + x", kill="0", death="0.5 + x", half_effect=4.0, initial_total=9.0)
    cells = np.array([1.0, 2.0, 3.0])
    expected = (1 + trait_levels(3)) * cells - (1 + 6 / 200) * (0.5 + trait_levels(3)) * cells
    np.testing.assert_allclose(rates(model, cells, 2.0), expected)
    assert sum(s.initial for s in model.states) == pytest.approx(9.0)
    assert sp.Symbol("u") not in model.rhs.free_symbols


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"n": 1}, "1 traits"),
        ({"theta": 1.5}, r"theta = 1\.5"),
        ({"variance": 0.0}, "variance 0"),
        ({"growth": "x - 1"}, "growth rate: 'x - 1' is -1 at some trait"),
        ({"kill": "z"}, "kill rate: unknown symbol 'z'"),
        ({"density": "1 + N/M"}, "density: unknown symbol 'M'"),
    ],
)
def test_what_is_no_population_is_refused(arguments, says):
    with pytest.raises(ModelError, match=says):
        trait_model(**({"n": 5} | arguments))
