import math

import numpy as np
import pytest
from known_posteriors import tree

from fitting.posterior_checks.convergence import ConvergenceLimits, ConvergenceVerdict, check_convergence


def posterior(values, **statistics):
    groups = {"posterior": values}
    if statistics:
        groups["sample_stats"] = statistics
    return tree(groups, [])


@pytest.fixture
def draws():
    return np.random.default_rng(3).lognormal(size=(4, 1000))


def correlated(rng, rho, shape):
    """An autoregressive chain: its effective size is n (1 - rho)/(1 + rho)."""
    noise, x = rng.normal(size=shape), np.zeros(shape)
    x[:, 0] = noise[:, 0]
    for i in range(1, shape[1]):
        x[:, i] = rho * x[:, i - 1] + math.sqrt(1 - rho**2) * noise[:, i]
    return x


def test_independent_draws_are_good(draws):
    result = check_convergence(
        posterior(
            {"r": draws, "K": draws[:, ::-1]}, diverging=np.zeros((4, 1000), bool), energy=np.log(draws)
        )
    )
    assert result.good
    assert result.verdict is ConvergenceVerdict.GOOD
    assert result.problems == ()
    assert result.sentence == ConvergenceVerdict.GOOD
    assert result.worst_rhat < 1.01
    assert 3000 < result.least_ess <= 5000
    assert result.divergences == 0
    assert len(result.bfmi) == 4
    assert list(result.to_table().index) == ["r", "K"]


def test_values_are_those_of_arviz_and_the_same_for_a_logarithm(draws):
    from arviz_stats import ess, rhat

    known = posterior({"r": draws, "log_r": np.log(draws)})
    table = check_convergence(known).to_table()
    assert table.rhat["r"] == pytest.approx(float(rhat(known)["r"]), rel=1e-9)
    assert table.ess_bulk["r"] == pytest.approx(float(ess(known)["r"]), rel=1e-9)
    assert table.ess_tail["r"] == pytest.approx(
        float(ess(known, method="tail", prob=(0.05, 0.95))["r"]), rel=1e-9
    )
    sizes = ["ess_bulk", "ess_tail"]
    np.testing.assert_allclose(table.loc["r", sizes].astype(float), table.loc["log_r", sizes].astype(float))
    assert table.rhat["r"] == pytest.approx(table.rhat["log_r"], abs=2e-3)


def test_effective_draws_of_a_correlated_chain_are_those_of_theory():
    x = correlated(np.random.default_rng(5), 0.9, (4, 5000))
    result = check_convergence(posterior({"r": x}))
    assert result.parameters[0].ess_bulk == pytest.approx(20000 * 0.1 / 1.9, rel=0.15)


def test_few_effective_draws_ask_for_more_with_the_parameter_named(draws):
    x = correlated(np.random.default_rng(6), 0.97, (4, 1000))
    result = check_convergence(posterior({"r": draws, "K": x}))
    assert result.verdict is ConvergenceVerdict.NEEDS_MORE_DRAWS
    assert "bulk ESS K" in result.sentence
    assert "bulk ESS r" not in result.sentence
    assert check_convergence(posterior({"r": draws}), ConvergenceLimits(ess=5000)).good is False


def test_chains_in_different_places_disagree(draws):
    apart = draws.copy()
    apart[0] *= 3
    result = check_convergence(posterior({"r": draws, "K": apart}))
    assert result.verdict is ConvergenceVerdict.CHAINS_DISAGREE
    assert "R-hat K" in result.problems[0]


def test_one_chain_that_never_moves_disagrees(draws):
    stuck = draws.copy()
    stuck[2] = 1.0
    result = check_convergence(posterior({"r": stuck}))
    assert result.verdict is ConvergenceVerdict.CHAINS_DISAGREE
    assert result.parameters[0].rhat == math.inf


def test_a_divergence_is_one_too_many(draws):
    diverging = np.zeros((4, 1000), bool)
    diverging[1, 5] = True
    result = check_convergence(posterior({"r": draws}, diverging=diverging))
    assert result.verdict is ConvergenceVerdict.DIVERGENCES
    assert "1 divergent" in result.sentence


def test_an_energy_that_creeps_is_doubted(draws):
    energy = np.cumsum(np.random.default_rng(1).normal(size=(4, 1000)), axis=1)
    result = check_convergence(posterior({"r": draws}, energy=energy))
    assert result.verdict is ConvergenceVerdict.LOW_ENERGY
    assert min(result.bfmi) < 0.3


def test_held_parameters_are_not_judged_but_all_held_is_no_posterior(draws):
    held = np.full((4, 1000), 359.0)
    result = check_convergence(posterior({"r": draws, "V0": held}))
    assert result.good
    assert result.to_table().held["V0"]
    assert check_convergence(posterior({"V0": held})).verdict is ConvergenceVerdict.STUCK


def test_broken_draws_and_single_chains_are_told(draws):
    broken = draws.copy()
    broken[0, 0] = np.nan
    result = check_convergence(posterior({"K": broken}))
    assert result.verdict is ConvergenceVerdict.NOT_FINITE
    assert "K" in result.problems[0]
    assert check_convergence(posterior({"r": draws[:1]})).verdict is ConvergenceVerdict.ONE_CHAIN


def test_three_draws_a_chain_do_not_pass(draws):
    assert not check_convergence(posterior({"r": draws[:3, :3]})).good
