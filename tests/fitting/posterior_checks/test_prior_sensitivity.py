import math

import numpy as np
import pytest
from known_posteriors import gamma_poisson, normal_pairs
from scipy import stats

from fitting.posterior_checks.contraction import contraction
from fitting.posterior_checks.power_scaling import PowerScaler, Scaling
from fitting.posterior_checks.prior_sensitivity import prior_sensitivity
from fitting.posterior_checks.sensitivity_result import (
    Source,
    component_table,
    distance_apart,
    judge,
    sensitivity_table,
    summary_sentence,
)

# value measured for theta ~ N(0, 1), precision of the measurement relative to the prior
CASES = {
    "r": (0.5, 30.0),  # the data know it, and it lies where the prior expects it
    "K": (0.0, 0.05),  # the data hardly know it
    "delta": (4.0, 1.5),  # both know it, four prior deviations apart
    "c": (0.1, 1.0),  # both know it and agree
}


@pytest.fixture(scope="module")
def posterior():
    return normal_pairs(CASES)


@pytest.fixture(scope="module")
def judged(posterior):
    return {s.quantity: s for s in prior_sensitivity(posterior)}


def test_each_case_gets_its_name(judged):
    assert {name: s.source for name, s in judged.items()} == {
        "r": Source.DATA, "K": Source.PRIOR, "delta": Source.CONFLICT, "c": Source.SHARED,
    }  # fmt: skip


def test_shares_of_the_precision_are_those_of_theory(judged):
    for name, (_, tau) in CASES.items():
        assert judged[name].prior.share == pytest.approx(1 / (1 + tau), abs=0.1)
        assert judged[name].likelihood.share == pytest.approx(tau / (1 + tau), abs=0.1)


def test_shifts_are_the_derivatives_of_the_posterior_in_closed_form(judged):
    # theta ~ N(tau y/(a + tau), 1/(a + tau)) under the prior's power a
    for name, (y, tau) in CASES.items():
        deviation = 1 / math.sqrt(1 + tau)
        slope = -math.log(2) * tau * y / (1 + tau) ** 2 / deviation
        assert judged[name].prior.shift == pytest.approx(slope, abs=0.05)
        assert judged[name].likelihood.shift == pytest.approx(-slope, abs=0.06)
        assert judged[name].prior.spread == pytest.approx(-math.log(2) / 2 / (1 + tau), abs=0.05)


def test_sensitivities_are_those_of_arviz(posterior, judged):
    from arviz_base import from_dict
    from arviz_stats import psense

    logs = {name: np.log(posterior["posterior"][name].values) for name in CASES}
    known = from_dict(
        {
            "posterior": logs,
            "log_prior": {n: posterior["log_prior"][n].values for n in CASES},
            "log_likelihood": {"burden": posterior["log_likelihood"]["burden"].values},
        }
    )
    both = {g: psense(known, group=g) for g in ("prior", "likelihood")}
    own = psense(known, group="prior", group_var_names=["K"])
    for name in CASES:
        assert judged[name].prior.sensitivity == pytest.approx(float(both["prior"][name]), rel=1e-6)
        assert judged[name].likelihood.sensitivity == pytest.approx(float(both["likelihood"][name]), rel=1e-6)
        assert judged[name].components["K"].sensitivity == pytest.approx(float(own[name]), rel=1e-6)


def test_the_limit_is_what_its_description_says_of_a_normal():
    z = np.random.default_rng(1).standard_normal((4, 20000))
    scaler = PowerScaler({"shift": 0.25 / math.log(2) * z, "spread": -0.64 * z**2 / 2})
    shift, spread = scaler.scale("shift", z), scaler.scale("spread", z)
    assert shift.shift == pytest.approx(0.25, abs=0.01)
    assert shift.sensitivity == pytest.approx(0.05, rel=0.05)
    assert spread.share == pytest.approx(0.64, abs=0.02)
    assert spread.sensitivity == pytest.approx(0.05, rel=0.05)


def test_the_noise_is_what_unrelated_draws_show():
    rng = np.random.default_rng(2)
    seen, stated = [], []
    for _ in range(12):
        found = PowerScaler({"p": 1.5 * rng.standard_normal((4, 100))}).scale(
            "p", rng.standard_normal((4, 100))
        )
        seen.append(found.sensitivity)
        stated.append(found.noise)
    assert np.mean(seen) == pytest.approx(np.mean(stated), rel=0.3)


def test_the_prior_of_another_parameter_is_found(posterior):
    K = posterior["posterior"]["K"].values
    r = posterior["posterior"]["r"].values
    (mixed,) = prior_sensitivity(posterior, {"the steady burden": K * r**0.1})
    assert mixed.main_prior == "K"
    assert mixed.components["K"].sensitivity > 3 * mixed.components["r"].sensitivity
    assert "power-scaling the prior of K moves it by" in mixed.sentence


def test_the_sentence_of_a_window(posterior):
    lower = 0.4 * posterior["posterior"]["r"].values ** 0.5
    upper = 0.9 + 0.05 * np.log(posterior["posterior"]["K"].values)
    edges = prior_sensitivity(posterior, {"the window's lower edge": lower, "the window's upper edge": upper})
    assert summary_sentence(edges) == "the window's lower edge is data, its upper edge is prior"
    assert edges[0].sentence.startswith("the window's lower edge is data: scaling the likelihood moves it by")
    assert "add visits at which the burden depends on K" in edges[1].sentence


def test_what_to_measure_is_said_where_it_is_known(posterior):
    text = "A visit during a pause of the drug shows how far the burden would grow."
    (judged,) = prior_sensitivity(
        posterior, {"K": posterior["posterior"]["K"].values}, remedies={"K": text, "r": "Not this one."}
    )
    assert judged.sentence.endswith(text)


def test_contraction_is_the_second_witness(judged):
    for name, (_, tau) in CASES.items():
        assert judged[name].log_scale
        assert judged[name].contraction.contraction == pytest.approx(1 - 1 / (1 + tau), abs=0.05)
    assert judged["K"].contraction.overlap > 0.9
    assert judged["delta"].contraction.overlap < 0.3


def test_a_conflict_pulls_to_both_sides(judged):
    conflict = judged["delta"]
    assert conflict.prior.shift < -0.3
    assert conflict.likelihood.shift > 0.3
    assert "Check the prior of delta" in conflict.sentence


@pytest.mark.parametrize("tau", [0.3, 1.0, 4.0])
@pytest.mark.parametrize(("apart", "source"), [(0.4, None), (3.5, Source.CONFLICT)])
def test_only_sources_that_lie_apart_are_in_conflict(tau, apart, source):
    # what the data say alone is N(y, 1/tau), what the prior says N(0, 1): apart by y/sqrt(1 + 1/tau)
    (judged,) = prior_sensitivity(normal_pairs({"K": (apart * math.sqrt(1 + 1 / tau), tau)}))
    assert distance_apart(judged.prior, judged.likelihood) == pytest.approx(apart, rel=0.15, abs=0.15)
    if source is None:
        assert judged.source in (Source.DATA, Source.PRIOR, Source.SHARED)
    else:
        assert judged.source is source
        assert "standard deviations apart" in judged.sentence


def test_a_flat_prior_with_no_data_is_neither():
    rng = np.random.default_rng(4)
    posterior = normal_pairs({"r": (0.0, 20.0)})
    flat = rng.uniform(1.0, 5.0, size=(4, 1000))
    table = sensitivity_table(prior_sensitivity(posterior, {"K": flat}))
    assert table.source["K"] == "NEITHER"
    held = posterior.copy()
    held["log_prior"] = held["log_prior"].to_dataset() * 0.0
    (judged,) = prior_sensitivity(held, {"K": flat})
    assert judged.prior.sensitivity == 0.0
    assert judged.main_prior is None
    assert "bounds" in judged.sentence


def test_draws_without_the_quantity_are_left_out_and_said(posterior):
    values = 0.9 + 0.05 * np.log(posterior["posterior"]["K"].values)
    values[:, ::4] = np.nan
    (edge,) = prior_sensitivity(posterior, {"the window's upper edge": values})
    assert edge.exists == 0.75
    assert edge.source is Source.PRIOR
    assert edge.notes[0].startswith("the window's upper edge exists in 75 % of the draws")
    values[:] = np.nan
    (nowhere,) = prior_sensitivity(posterior, {"the window's upper edge": values})
    assert nowhere.source is Source.TOO_FEW_DRAWS
    assert "exists in 0 of 4000" in nowhere.sentence


def test_held_quantities_and_few_draws_are_said(posterior):
    (held,) = prior_sensitivity(posterior, {"V0": np.full((4, 1000), 359.0)})
    assert held.source is Source.CONSTANT
    assert held.sentence == "V0 is held at 359."
    few = prior_sensitivity(normal_pairs(CASES, chains=2, draws=60))
    told = {s.quantity: s.source for s in few}
    assert told["r"] is told["K"] is told["c"] is Source.TOO_FEW_DRAWS
    assert told["delta"] is not Source.DATA
    assert "Draw more" in few[0].sentence


def test_quantities_of_other_draws_and_infinite_densities_are_refused(posterior):
    with pytest.raises(ValueError, match=r"patient A.*'edge' has the shape \(7,\)"):
        prior_sensitivity(posterior, {"edge": np.ones(7)})
    with pytest.raises(ValueError, match="'prior' is not finite at 1 draws"):
        PowerScaler({"prior": np.array([[0.0, -np.inf, 1.0]])})


def test_counts_against_a_conjugate_prior():
    # posterior Gamma(a + sum, b + n): the curvature in log r is (b + n) r, of which b r is the prior's
    strong = gamma_poisson([12, 9, 11, 10], shape=1000.0, rate=100.0)
    weak = gamma_poisson([12, 9, 11, 10], shape=0.5, rate=0.05)
    apart = gamma_poisson([40, 45, 38, 44], shape=40.0, rate=4.0)
    assert prior_sensitivity(strong)[0].source is Source.PRIOR
    assert prior_sensitivity(weak)[0].source is Source.DATA
    assert prior_sensitivity(apart)[0].source is Source.CONFLICT
    share = prior_sensitivity(apart)[0].prior.share
    assert share == pytest.approx(4 / (4 + 4), abs=0.05)


def test_tables(judged):
    several = list(judged.values())
    table = sensitivity_table(several)
    assert list(table.index) == list(CASES)
    assert table.main_prior["delta"] == "delta"
    assert component_table(several).shape == (4, 4)


@pytest.mark.parametrize(
    ("prior", "data", "source"),
    [
        ((0.01, 0.02), (0.02, 0.98), Source.DATA),
        ((0.02, 0.9), (0.02, 0.1), Source.PRIOR),
        ((0.02, 0.5), (0.02, 0.5), Source.SHARED),
        ((0.0, 0.0), (0.02, 0.1), Source.NEITHER),
    ],
)
def test_where_nothing_moves_the_precision_decides(prior, data, source):
    def scaling(pair):
        return Scaling(pair[0], 0.0, 0.0, pair[1], 0.0)

    assert judge(scaling(prior), scaling(data)) is source


def test_noise_hides_what_is_small_and_not_what_is_large():
    small, large = Scaling(0.08, 0.3, 0, 0.5, 0.06), Scaling(0.9, -3.0, 0, 0.5, 0.06)
    assert judge(small, large) is Source.TOO_FEW_DRAWS
    assert judge(Scaling(0.9, 3.0, 0, 0.5, 0.06), large) is Source.CONFLICT


def test_contraction_and_overlap_of_normals():
    rng = np.random.default_rng(8)
    wide, narrow = rng.normal(0, 1, 20000), rng.normal(0, 0.5, 20000)
    found = contraction(narrow, wide)
    assert found.contraction == pytest.approx(0.75, abs=0.02)
    crossing = math.sqrt(2 * math.log(2) / 3)  # where the two densities are equal
    area = 2 * (stats.norm.cdf(-crossing, scale=0.5)) + 1 - 2 * stats.norm.cdf(-crossing)
    assert found.overlap == pytest.approx(area, abs=0.02)
    assert contraction(wide, rng.normal(0, 1, 20000)).overlap > 0.97
    assert contraction(np.exp(narrow), np.exp(wide)).log_scale
    with pytest.raises(ValueError, match="held quantity"):
        contraction(narrow, np.ones(10))
    with pytest.raises(ValueError, match="0 finite draws"):
        contraction(narrow, np.full(10, np.nan))
