"""Verdicts and their sentences, on profiles made by hand."""

import re

import numpy as np
import pytest
from handmade import MODEL, NAMES, THRESHOLD, make_fit, make_information, make_profile, parabola

from dynamics import Model, Parameter
from dynamics.catalogue import catalogue_names, get_model
from fitting.result import FitStatus
from identifiability.remedy import ANY_PARAMETER, remedy
from identifiability.verdict import PAPER_RISE, paper_verdicts, profile_verdicts

REMEDY = {p.name: p.remedy for p in MODEL.parameters}


def all_closed(fit=None, **changed):
    """Four closed parabolas, some replaced."""
    return [changed.get(name) or parabola(name, fit=fit) for name in NAMES]


def paper(profiles, fit=None, rank=4, **options):
    found = paper_verdicts(fit or make_fit(), make_information(rank), profiles, MODEL, **options)
    return {v.parameter: v for v in found}


def profile95(profiles, fit=None, **options):
    found = profile_verdicts(fit or make_fit(), profiles, MODEL, **options)
    return {v.parameter: v for v in found}


def flat(parameter, fit=None, lower="open", upper="open"):
    """A profile that stays below the threshold over its whole range."""
    steps = np.linspace(-2, 2, 41)
    value = (fit or make_fit())[parameter]
    return make_profile(parameter, value * np.exp(steps), 1e-4 * steps**2, lower, upper, fit)


# ---- sentences in general ---------------------------------------------------------------------------------
def every_sentence():
    fits = [make_fit(), make_fit(points=4), make_fit(points=3), make_fit(converged=False)]
    sets = [
        all_closed(),
        all_closed(c=flat("c")),
        all_closed(K=parabola("K", lower="at_bound", upper="failed")),
        all_closed(r=flat("r", lower="failed", upper="failed"), delta=parabola("delta", upper="at_bound")),
    ]
    for fit in fits:
        for profiles in sets:
            for rank in (4, 2):
                yield from paper(profiles, fit, rank).values()
            yield from profile95(profiles, fit).values()


def test_every_verdict_is_made_of_whole_sentences():
    for verdict in every_sentence():
        text = verdict.sentence
        assert re.match(r"[A-Z0-9]", text), text
        assert text.endswith("."), text
        assert not re.search(r"nan|\.\.|[;:,.] ?[;:,.]|  | [.,;:]|\bof\s+has\b|None", text), text


def test_every_verdict_that_is_not_identified_names_what_settles_it():
    for verdict in every_sentence():
        if verdict.identified:
            assert "Measure next" not in verdict.sentence
            continue
        settles = ("Measure next: ", "not converge", "another seed", "not settled")
        assert any(word in verdict.sentence for word in settles), verdict.sentence


def test_a_table_has_one_row_a_parameter_and_one_for_all():
    for found in (paper(all_closed()), profile95(all_closed())):
        assert list(found) == [*NAMES, "all"]
        assert {v.verdict for v in found.values()} == {"identified"}


# ---- criterion profile95 ----------------------------------------------------------------------------------
def test_closed_profiles_identify():
    found = profile95(all_closed())
    low, high = parabola("r").ci
    assert found["r"].sentence == (
        f"95 % confidence set of r: {low:.4g} to {high:.4g}, closed on both sides by the data."
    )
    assert high / make_fit()["r"] == pytest.approx(np.exp(0.1 * np.sqrt(2 * THRESHOLD)), rel=1e-3)
    assert found["all"].sentence == (
        "Every profile is closed on both sides by the data, within the declared bounds."
    )
    assert (found["r"].lower_status, found["r"].upper_status) == ("closed", "closed")
    assert (found["all"].lower_status, found["all"].upper_status) == ("", "")


@pytest.mark.parametrize("status", ["open", "at_bound", "failed"])
@pytest.mark.parametrize("side", ["lower", "upper"])
def test_one_unsettled_side_of_one_parameter_is_enough(status, side):
    found = profile95(all_closed(c=parabola("c", **{side: status})))
    assert [n for n, v in found.items() if not v.identified] == ["c", "all"]
    assert getattr(found["c"], f"{side}_status") == status
    way = "downwards" if side == "lower" else "upwards"
    words = {"open": "open", "at_bound": "closed only by a bound", "failed": "not settled"}
    assert f"Not closed by the data: c {words[status]} {way}." in found["all"].sentence


def test_an_open_side_names_the_bound_it_reaches_and_what_to_measure():
    sentence = profile95(all_closed(c=flat("c")))["c"].sentence
    assert "open downwards: the data do not rule out the declared bound 0.3102" in sentence
    assert "open upwards: the data do not rule out the declared bound 16.94" in sentence
    assert sentence.endswith(f". Measure next: {REMEDY['c']}.")
    assert "c open on both sides" in profile95(all_closed(c=flat("c")))["all"].sentence


def test_a_side_at_a_bound_names_whose_bound_it_is():
    fit = make_fit()
    steps = np.linspace(-3, 3, 25)
    values = fit["K"] * np.exp(0.1 * steps)
    sets = np.tile(fit.estimates, (25, 1))
    sets[:, 1] = values
    sets[steps >= 1.75, 0] = fit.upper[0]
    sets[steps <= -1.75, 3] = fit.lower[3]
    profile = make_profile("K", values, 0.5 * steps**2, "at_bound", "at_bound", sets=sets)
    sentence = profile95(all_closed(K=profile))["K"].sentence
    assert "the lower end rests on the declared bound c = 0.01, not on the data" in sentence
    assert "the upper end rests on the declared bound r = 4, not on the data" in sentence
    assert sentence.endswith(f"Measure next: {REMEDY['K']}.")


def test_the_bound_may_be_met_just_outside_the_set():
    fit = make_fit()
    steps = np.linspace(-3, 3, 25)
    values = fit["K"] * np.exp(0.1 * steps)
    sets = np.tile(fit.estimates, (25, 1))
    sets[:, 1] = values
    sets[steps > 1.97, 0], sets[steps > 1.97, 3] = fit.upper[0], fit.upper[3]
    profile = make_profile("K", values, 0.5 * steps**2, "closed", "at_bound", sets=sets)
    assert (
        "rests on the declared bounds r = 4, c = 100, not" in profile95(all_closed(K=profile))["K"].sentence
    )


def test_a_bound_of_another_valley_beyond_the_end_says_nothing():
    fit = make_fit()
    steps = np.linspace(-3, 3, 25)
    values = fit["K"] * np.exp(0.1 * steps)
    sets = np.tile(fit.estimates, (25, 1))
    sets[:, 1] = values
    sets[(steps > 1) & (steps < 1.97), 0] = fit.upper[0]
    sets[steps > 1.97, 3] = fit.lower[3]
    profile = make_profile("K", values, 0.5 * steps**2, "closed", "at_bound", sets=sets)
    assert "rests on the declared bound r = 4, not" in profile95(all_closed(K=profile))["K"].sentence


def test_where_no_parameter_is_on_its_bound_it_is_the_dispersion():
    sentence = profile95(all_closed(K=parabola("K", upper="at_bound")))["K"].sentence
    assert "rests on a bound of the likelihood's dispersion, not on the data" in sentence


def test_a_failed_side_asks_for_a_search_and_not_for_a_visit():
    found = profile95(all_closed(c=parabola("c", lower="failed")))
    assert "the lower end is not settled" in found["c"].sentence
    assert "another seed" in found["c"].sentence
    assert "Measure next" not in found["c"].sentence
    assert "Measure next" not in found["all"].sentence


def test_a_set_of_two_pieces_shows_both():
    steps = np.linspace(-3, 7, 201)
    rise = np.minimum(0.5 * steps**2, 0.5 * (steps - 4) ** 2 + 0.3)
    profile = make_profile("r", make_fit()["r"] * np.exp(0.1 * steps), rise)
    sentence = profile95(all_closed(r=profile))["r"].sentence
    assert sentence == (
        "95 % confidence set of r: 0.1083 to 0.1603 or 0.1642 to 0.2354, closed on both sides by the data."
    )


def test_the_patient_row_collects_what_to_measure_once_and_in_the_models_order():
    sentence = profile95(all_closed(c=flat("c"), r=flat("r")))["all"].sentence
    assert sentence == (
        "Not closed by the data: r open on both sides; c open on both sides. "
        f"Measure next: {REMEDY['r']}; {REMEDY['c']}."
    )


def test_the_criterion_carries_its_name():
    found = profile_verdicts(make_fit(), all_closed(), MODEL, "profile90")
    assert {v.criterion for v in found} == {"profile90"}


# ---- too few points, no convergence -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("points", "dispersion", "more"),
    [(4, None, "1 more visit is"), (3, None, "2 more visits are"), (5, 0.2, "1 more visit is")],
)
def test_with_no_more_points_than_estimated_quantities_nothing_is_identified(points, dispersion, more):
    fit = make_fit(points, dispersion=dispersion)
    for found in (paper(all_closed(), fit), profile95(all_closed(), fit)):
        assert not any(v.identified for v in found.values())
        for verdict in found.values():
            assert f"{points} measurements for {4 + (dispersion is not None)} estimated" in verdict.sentence
            assert f"at least {more} needed" in verdict.sentence
            assert "Measure next" in verdict.sentence


@pytest.mark.parametrize(("points", "dispersion"), [(5, None), (6, 0.2)])
def test_one_point_more_may_identify(points, dispersion):
    fit = make_fit(points, dispersion=dispersion)
    assert paper(all_closed(), fit)["all"].identified
    assert profile95(all_closed(), fit)["all"].identified


def test_a_fit_that_did_not_converge_identifies_nothing_whatever_its_profiles():
    fit = make_fit(converged=False)
    for found in (paper(all_closed(), fit), profile95(all_closed(), fit)):
        assert not any(v.identified for v in found.values())
        assert found["all"].sentence == (
            "The fit did not converge, so its profiles say nothing: "
            + FitStatus.FAILED.value.removeprefix("Did not converge: ")
        )


# ---- criterion paper --------------------------------------------------------------------------------------
def rising(parameter, low, high, dip=None):
    """A profile that rises linearly in the logarithm to ``low`` and ``high`` at -20 % and +20 %."""
    value = make_fit()[parameter]
    x = np.concatenate(
        [np.linspace(-1, np.log(0.8), 5), np.linspace(np.log(0.8), np.log(1.2), 41)[1:], [0.5, 1]]
    )
    x = np.unique(np.concatenate([x, [0.0]]))
    rise = np.where(x < 0, low * x / np.log(0.8), high * x / np.log(1.2))
    if dip is not None:
        rise[np.abs(x - 0.12) < 0.02] = dip
    return make_profile(parameter, value * np.exp(x), rise)


def test_the_sentence_gives_both_rises_and_what_was_asked_for():
    verdict = paper(all_closed(r=rising("r", 0.04, 0.011)))["r"]
    assert verdict.identified
    assert verdict.sentence == (
        "Over ±20 % of r = 0.1318 the negative log-likelihood rises by 0.04 below and 0.011 above "
        "(least rise asked for: 0.005)."
    )


@pytest.mark.parametrize(
    ("low", "high", "statuses"),
    [
        (0.04, 0.004, ("rises", "flat")),
        (0.004, 0.04, ("flat", "rises")),
        (0.0, 0.0, ("flat", "flat")),
        (PAPER_RISE, PAPER_RISE, ("rises", "rises")),
    ],
)
def test_a_minimum_must_rise_to_both_ends(low, high, statuses):
    found = paper(all_closed(K=rising("K", low * (1 + 1e-9), high * (1 + 1e-9))))
    assert (found["K"].lower_status, found["K"].upper_status) == statuses
    assert found["K"].identified is (statuses == ("rises", "rises"))
    if not found["K"].identified:
        assert "but the profile of K has no clear minimum within ±20 %" in found["all"].sentence
        assert found["all"].sentence.endswith(f"Measure next: {REMEDY['K']}.")


def test_the_tolerance_is_an_option():
    profiles = all_closed(r=rising("r", 0.04, 0.011))
    assert paper(profiles, least_rise=0.0)["all"].identified
    assert paper(profiles, least_rise=0.005)["all"].identified
    assert not paper(profiles, least_rise=0.02)["all"].identified
    assert "asked for: 0.02" in paper(profiles, least_rise=0.02)["r"].sentence


def test_a_second_minimum_as_deep_within_twenty_percent_is_not_unique():
    found = paper(all_closed(c=rising("c", 0.5, 0.5, dip=0.001)))
    assert not found["c"].identified
    assert "with a second minimum inside the interval" in found["c"].sentence
    # a local minimum that stays above the tolerance leaves the global one unique
    assert paper(all_closed(c=rising("c", 0.5, 0.5, dip=0.05)))["c"].identified


def test_noise_of_the_optimiser_is_no_second_minimum():
    profile = rising("c", 0.5, 0.5)
    noisy = make_profile(
        "c",
        profile.values,
        profile.rise + 1e-5 * (-1.0) ** np.arange(len(profile.values)) * (profile.rise > 0),
    )
    assert paper(all_closed(c=noisy))["c"].identified


def test_a_bound_within_twenty_percent_leaves_no_rise_on_that_side():
    steps = np.linspace(-1.0, 0.1, 45)
    profile = make_profile("c", make_fit()["c"] * np.exp(steps), 5 * steps**2, upper="open")
    verdict = paper(all_closed(c=profile))["c"]
    assert not verdict.identified
    assert (verdict.lower_status, verdict.upper_status) == ("rises", "flat")
    assert "where a declared bound cuts the interval" in verdict.sentence


def test_without_full_rank_no_parameter_passes():
    found = paper(all_closed(), rank=3)
    assert not any(v.identified for v in found.values())
    assert "the information matrix has rank 3 of 4 (relative tolerance 1.0e-15)" in found["r"].sentence
    assert "so some combination of the parameters leaves the burden unchanged" in found["all"].sentence
    assert all(text in found["all"].sentence for text in REMEDY.values())


def test_the_two_criteria_may_disagree():
    profiles = all_closed(c=parabola("c", lower="open"))
    assert paper(profiles)["all"].identified
    assert not profile95(profiles)["all"].identified


# ---- remedies ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", catalogue_names())
def test_every_parameter_of_the_catalogue_says_what_to_measure(name):
    for parameter in get_model(name).parameters:
        assert parameter.remedy, parameter.name
        assert not parameter.remedy.endswith(".")
        assert parameter.remedy[0].islower()


def test_a_parameter_without_a_remedy_gets_a_general_one_once():
    model = Model.define(
        "two", states={"x": "(a - b)*x"}, initial={"x": "1"}, outputs={"y": "x"}, inputs=(),
        parameters=[Parameter("a", "1", 0.1, 1.0), Parameter("b", "1", 0.1, 1.0, remedy="a second look")],
    )  # fmt: skip
    assert remedy(model, ["a"]) == remedy(model, ["a", "unknown"]) == ANY_PARAMETER
    assert remedy(model, ["b", "a"]) == f"{ANY_PARAMETER}; a second look"
    assert remedy(model, []) == ""


def test_the_threshold_of_the_handmade_profiles_is_chi_squared():
    from scipy.stats import chi2

    assert pytest.approx(chi2.ppf(0.95, 1) / 2, abs=1e-4) == THRESHOLD
