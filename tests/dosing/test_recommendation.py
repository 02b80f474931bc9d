"""From a diagnosis to a regimen: every reason, its sentences, and the melanoma patients."""

import re

import numpy as np
import pytest
from handmade import MODEL, NAMES, PATIENT_2, V0, make_diagnosis, make_ensemble, make_fit, make_profile

from dosing.basin import Basin
from dosing.recommendation import DoseRules, Reason, recommend
from dosing.window import dose_window
from dynamics import Constant, DoseSchedule, Model, Parameter
from dynamics.ensemble import Ensemble
from patients import Patient


def patient_of(fit):
    """A patient whose measurements are the fitted burdens."""
    times = 30.0 * np.arange(fit.n_points)
    return Patient("P", times, fit.fitted, DoseSchedule.constant(1.0))


def cluster(count=80, spread=0.01, seed=1, centre=PATIENT_2):
    generator = np.random.default_rng(seed)
    return centre * np.exp(spread * generator.standard_normal((count, 4)))


def windows(*edges):
    """Parameter sets with these windows at K_tol = V0: with r = delta they are 1 - V0/K and 1 - 1/c."""
    return np.array([(0.1, V0 / (1 - low), 0.1, 1 / (1 - high)) for low, high in edges])


def recommended(values, weights=None, fit=None, open_parameters=("c",), profiles=(), **options):
    fit = fit or make_fit()
    ensemble = make_ensemble(values, weights, constants=fit.constants)
    diagnosis = make_diagnosis(ensemble, profiles, open_parameters)
    return recommend(patient_of(fit), fit, diagnosis, MODEL, **options)


# ---- the reasons, one by one -------------------------------------------------------------------------------
WIDE = make_fit(estimates=windows((0.2, 0.9))[0])
WITHOUT_ROLES = Model.define(
    "growth", states={"N": "(g - d*u)*N"}, initial={"N": "V0"}, outputs={"burden": "N"},
    parameters=[Parameter("g", "per day", 1e-3, 1.0), Parameter("d", "per day", 1e-3, 1.0)],
    constants=[Constant("V0", "burden", from_data="first_burden")],
)  # fmt: skip


def in_a_model_without_roles():
    fit = make_fit(estimates=[0.05, 0.1], parameter_names=("g", "d"), constants={"V0": V0})
    ensemble = Ensemble(("g", "d"), np.array([[0.05, 0.1]]), np.ones(1), {"V0": V0}, "made by hand")
    return recommend(patient_of(fit), fit, make_diagnosis(ensemble), WITHOUT_ROLES)


def far_from_the_data():
    """Every measurement after the first is three times what the model says."""
    fit = make_fit()
    patient = Patient("P", 30.0 * np.arange(6), V0 * np.array([1, 3, 3, 3, 3, 3]), DoseSchedule.constant(1.0))
    return recommend(patient, fit, make_diagnosis(make_ensemble(cluster())), MODEL)


def astray():
    """The point estimate's window is wide; at the dose, most sets lie beyond their separatrix."""
    point = PATIENT_2 * np.array([1.0, 1.0, 1.0, 2.0])
    return recommended([PATIENT_2, point], [0.6, 0.4], make_fit(estimates=point), margin=0.998)


CASES = {
    "identified": (Reason.IDENTIFIED, lambda: recommended(cluster(), open_parameters=())),
    "supported": (Reason.SUPPORTED, lambda: recommended(cluster(spread=0.02))),
    "a single set": (Reason.SUPPORTED, lambda: recommended(PATIENT_2)),
    "as many points": (Reason.TOO_FEW_POINTS, lambda: recommended(cluster(), fit=make_fit(points=4))),
    "fewer points": (Reason.TOO_FEW_POINTS, lambda: recommended(cluster(), fit=make_fit(points=2))),
    "not converged": (Reason.NOT_CONVERGED, lambda: recommended(cluster(), fit=make_fit(converged=False))),
    "three times off": (Reason.POOR_FIT, far_from_the_data),
    "no roles": (Reason.NO_WINDOW_IN_MODEL, in_a_model_without_roles),
    "weak competition": (
        Reason.EMPTY_WINDOW,
        lambda: recommended(cluster(), fit=make_fit(estimates=[0.13, 580, 0.09, 0.8])),
    ),
    "low tolerance": (Reason.EMPTY_WINDOW, lambda: recommended(cluster(), k_tol_ratio=0.6)),
    "windows apart": (
        Reason.NOT_SUPPORTED,
        lambda: recommended(windows((0.2, 0.5), (0.5, 0.8), (0.2, 0.9)), fit=WIDE),
    ),
    "no windows": (Reason.NOT_SUPPORTED, lambda: recommended(cluster(centre=[0.1, 580, 0.1, 0.5]))),
    "some without": (
        Reason.NOT_SUPPORTED,
        lambda: recommended(np.vstack([cluster(), cluster(20, centre=[0.1, 580, 0.1, 0.5])])),
    ),
    "point elsewhere": (
        Reason.NOT_SUPPORTED,
        lambda: recommended(
            windows((0.2, 0.4), (0.25, 0.45)), fit=make_fit(estimates=windows((0.6, 0.8))[0])
        ),
    ),
    "start lost": (
        Reason.OUTSIDE_BASIN,
        lambda: recommended(cluster(), fit=make_fit(constants={"V0": V0, "f_R": 0.9})),
    ),
    "sets astray": (Reason.OUTSIDE_BASIN, astray),
}


@pytest.fixture(scope="module")
def regimens():
    return {name: make() for name, (_, make) in CASES.items()}


@pytest.mark.parametrize("case", list(CASES))
def test_every_reason_is_reached(regimens, case):
    reason, _ = CASES[case]
    regimen = regimens[case]
    assert regimen.code == reason.name
    assert (regimen.action == "recommend") is reason.recommends
    assert np.isfinite(regimen.dose_fraction) is np.bool_(reason.recommends)
    assert (regimen.schedule is not None) is reason.recommends


def test_the_cases_cover_all_reasons():
    assert {reason for reason, _ in CASES.values()} == set(Reason)


@pytest.mark.parametrize("case", list(CASES))
def test_every_sentence_reads_as_one(regimens, case):
    regimen = regimens[case]
    for text in (regimen.reason, regimen.point_estimate_says, regimen.would_change):
        assert re.match(r"[A-Z]", text), text
        assert text.endswith("."), text
        assert not re.search(r"\bnan\b|\binf\b|None|\.\.|[;:,.] ?[;:,.]|  | [.,;:)]|\( |\(\)", text), text
        assert not re.search(r": [A-Z](?!TD|asud)[a-z]", text), f"a sentence starts after a colon: {text}"
        assert not re.search(r"\b1 (visits|measurements)\b|\b[2-9] (visit|measurement)\b", text), text


@pytest.mark.parametrize("case", [c for c, (reason, _) in CASES.items() if not reason.recommends])
def test_a_refusal_shows_what_the_point_estimate_would_have_said(regimens, case):
    regimen = regimens[case]
    assert regimen.point_estimate_says.startswith("The point estimate alone ")
    if regimen.window is not None and regimen.window.exists:
        dose = regimen.window.low + 0.2 * (regimen.window.high - regimen.window.low)
        if case != "sets astray":  # made with another margin
            assert f"would have said {100 * dose:.1f} % of MTD" in regimen.point_estimate_says
            assert regimen.strategies[0].mean_dose == pytest.approx(dose, rel=1e-3), "and it is simulated"
    assert regimen.would_change


def test_what_each_sentence_says(regimens):
    says = {case: regimen.reason for case, regimen in regimens.items()}
    assert (
        "61.9 % of MTD lies inside the dose window of all of them (asked for: 95 %)" in says["a single set"]
    )
    assert "beware: one parameter set is all there is (made by hand)" in says["a single set"]
    assert "(c not closed)" in says["supported"]
    assert "not closed" not in says["identified"]
    assert "4 measurements, 4 estimated; at least 1 further visit is needed" in says["as many points"]
    assert "2 measurements, 4 estimated; at least 3 further visits are needed" in says["fewer points"]
    assert says["not converged"].startswith("The fit did not converge: no start reached")
    assert "a typical burden lies a factor 3 from the fitted one (admitted: 2)" in says["three times off"]
    assert says["no roles"].startswith("Model 'growth' has no dose window: it has one population, and")
    assert (
        "no dose contains the tumour: resistant cells grow beside sensitive cells" in says["weak competition"]
    )
    assert "the smallest burden that sensitive cells can hold" in says["low tolerance"]
    assert "lies inside the window of 66.6 % of them, 95 % are asked for" in says["windows apart"]
    assert "none of them has a window between 0 and MTD" in says["no windows"]
    assert "for 20.0 % of them no dose window exists at all (c reaches 0." in says["some without"]
    assert "at c ≤ 1 there is none whatever burden is tolerated)" in says["some without"]
    assert (
        "95 % of them support 25.0 % to 40.0 % of MTD, but the window of the point" in says["point elsewhere"]
    )
    assert "for the point estimate: resistant cells win" in says["start lost"]
    assert "the point estimate does, but 60.0 % of the admitted parameter sets" in says["sets astray"]
    assert "which leaves 40.0 % in support of it, 95 % are asked for" in says["sets astray"]


def test_an_open_side_is_named_where_it_takes_the_window_away():
    steps = np.linspace(np.log(0.01 / 2.29), 0.2, 60)
    profile = make_profile(
        "c", PATIENT_2[3] * np.exp(steps), np.where(steps < 0, 1.0, 50 * steps**2), lower="open"
    )
    values = np.tile(PATIENT_2, (60, 1))
    values[:, 3] = profile.values
    regimen = recommended(values, profiles=[profile])
    assert regimen.code == "NOT_SUPPORTED"
    assert "(c, open downwards, reaches 0.01, and at c ≤ 1 there is none" in regimen.reason


def test_what_would_change_names_measurements_of_what_is_open(regimens):
    remedy = {p.name: p.remedy for p in MODEL.parameters}
    assert remedy["c"] in regimens["windows apart"].would_change
    assert remedy["r"] not in regimens["windows apart"].would_change
    assert "further visit" in regimens["as many points"].would_change
    assert "253." in regimens["low tolerance"].would_change, "the smallest tolerable burden of patient 2"
    assert (
        "Evidence that sensitive cells hold resistant ones down" in regimens["weak competition"].would_change
    )


# ---- the dose ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("margin", [0.01, 0.2, 0.5, 0.9])
def test_the_margin_places_the_dose_within_what_enough_sets_and_the_point_estimate_support(margin):
    regimen = recommended(windows((0.2, 0.6), (0.3, 0.7), (0.1, 0.55)), fit=WIDE, margin=margin)
    assert regimen.dose_fraction == pytest.approx(0.3 + margin * 0.25)
    assert regimen.settings["margin"] == margin
    assert f"dose {100 * margin:g} % of its width above the lower edge" in regimen.point_estimate_says


def test_the_point_estimates_window_cuts_what_the_sets_support():
    fit = make_fit(estimates=windows((0.35, 0.5))[0])
    regimen = recommended(windows((0.2, 0.6), (0.3, 0.7)), fit=fit, margin=0.5)
    assert regimen.dose_fraction == pytest.approx(0.425)


def test_of_several_supported_stretches_the_widest_is_taken():
    # 60 % support 0.2 to 0.3, another 60 % support 0.5 to 0.8
    values = windows((0.2, 0.8), (0.2, 0.3), (0.5, 0.8))
    regimen = recommended(values, [0.2, 0.4, 0.4], fit=WIDE, required_support=0.6, margin=0.5)
    assert regimen.dose_fraction == pytest.approx(0.65)
    assert regimen.support == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("required", "action", "share"),
    [(0.9, "recommend", 0.93), (0.93, "recommend", 0.93), (0.94, "refuse", 0.93)],
)
def test_how_many_sets_must_agree_is_an_option(required, action, share):
    values = windows((0.2, 0.6), (0.7, 0.9))
    regimen = recommended(values, [share, 1 - share], fit=WIDE, required_support=required)
    assert regimen.action == action
    assert regimen.required_support == required
    assert regimen.support == pytest.approx(share)
    assert f"{100 * required:g} %" in regimen.reason


def test_a_refusal_never_shows_the_share_that_was_asked_for():
    # 94.96 % would be rounded to 95.0 %
    regimen = recommended(windows((0.2, 0.6), (0.7, 0.9)), [0.9496, 0.0504], fit=WIDE)
    assert regimen.action == "refuse"
    assert "94.9 % of them, 95 % are asked for" in regimen.reason


def test_the_range_of_the_edges_and_the_curve_of_support():
    values = np.vstack([windows((0.2, 0.6), (0.3, 0.7), (0.1, 0.55)), [[0.1, 580, 0.1, 0.5]]])
    regimen = recommended(values, [0.4, 0.3, 0.27, 0.03], fit=WIDE)
    spread = regimen.window_range
    assert spread is not None
    assert spread.lower == pytest.approx((0.1, 0.3))
    assert spread.upper == pytest.approx((0.55, 0.7))
    assert spread.share_without_window == pytest.approx(0.03)
    assert spread.n_sets == 4
    assert regimen.support_share.shape == regimen.support_doses.shape
    at = regimen.support_share[int(np.argmin(np.abs(regimen.support_doses - 0.4)))]
    assert at == pytest.approx(0.97)
    assert regimen.best_supported_dose == pytest.approx(0.425)
    assert regimen.support == pytest.approx(0.97)


def test_a_higher_tolerable_burden_lowers_the_dose():
    low, high = (recommended(cluster(), k_tol_ratio=k) for k in (1.0, 1.2))
    assert high.dose_fraction < low.dose_fraction
    assert high.settings["k_tol"] == pytest.approx(1.2 * V0)
    assert high.window is not None
    assert high.window.low == pytest.approx(0.383, abs=5e-4), "reference: 38.3 to 83.5 % of MTD"
    assert high.window.high == pytest.approx(0.835, abs=5e-4)


def test_the_recommended_dose_comes_first_among_the_strategies_and_holds_the_tumour():
    regimen = recommended(cluster(), horizon_days=1000.0)
    first = regimen.strategies[0]
    assert first.mean_dose == pytest.approx(regimen.dose_fraction, rel=1e-3)
    assert first.ttp is not None
    assert first.ttp.above_tolerable.censored
    assert first.final_burden < V0
    assert regimen.basin == str(Basin.INSIDE)
    assert regimen.schedule == DoseSchedule.constant(regimen.dose_fraction)
    mtd = next(s for s in regimen.strategies if s.mean_dose == pytest.approx(1.0))
    assert mtd.ttp is not None
    assert mtd.ttp.above_tolerable.days < 200


def test_a_tolerable_burden_at_which_adaptive_therapy_could_not_resume_is_answered_all_the_same():
    estimates = PATIENT_2 * [1, 1, 2, 4]
    regimen = recommended(cluster(centre=estimates), fit=make_fit(estimates=estimates), k_tol_ratio=0.45)
    assert regimen.action == "recommend"
    assert len(regimen.strategies) == len(recommended(cluster()).strategies) - 1


def test_closed_profiles_are_called_identified_only_if_all_of_them_are():
    assert recommended(cluster(), open_parameters=()).code == "IDENTIFIED"
    assert recommended(cluster(), open_parameters=("K",)).code == "SUPPORTED"
    ensemble = make_ensemble(cluster())
    other = make_diagnosis(ensemble, open_parameters=(), criterion="profile90")
    fit = make_fit()
    assert recommend(patient_of(fit), fit, other, MODEL).code == "IDENTIFIED", "at any level"
    silent = make_diagnosis(ensemble, open_parameters=(), criterion="another")
    assert recommend(patient_of(fit), fit, silent, MODEL).code == "SUPPORTED", "nobody has said that they are"


# ---- rules and odd ensembles -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("k_tol_ratio", [0.0, -1.0, float("nan"), float("inf")]),
        ("required_support", [0.0, 1.01, float("nan")]),
        ("margin", [0.0, 1.0, -0.1, float("nan")]),
        ("horizon_days", [0.0, -5.0, float("inf"), float("nan")]),
        ("progression_factor", [1.0, 0.5, float("nan")]),
    ],
)
def test_rules_without_meaning_are_refused_by_name(name, values):
    for value in values:
        with pytest.raises(ValueError, match=name):
            recommended(cluster(), **{name: value})
    assert getattr(DoseRules(), name) > 0


ODD = {
    "not a number": [[np.nan] * 4],
    "not a number among others": [PATIENT_2, [np.nan] * 4],
    "infinite": [PATIENT_2, [np.inf] * 4],
    "zero": [PATIENT_2, [0.0] * 4],
    "enormous": [PATIENT_2, PATIENT_2 * 1e12],
    "tiny": [PATIENT_2, PATIENT_2 * 1e-12],
    "competition of exactly one": [[0.1, 580, 0.1, 1.0], PATIENT_2],
    "capacity below the first burden": [[0.1, 200.0, 0.1, 3.0], PATIENT_2],
    "no kill": [[0.1, 580, 1e-12, 3.0], PATIENT_2],
    "one hundred copies": [PATIENT_2] * 100,
}


@pytest.mark.parametrize("values", list(ODD.values()), ids=list(ODD))
@pytest.mark.parametrize("weights", ["equal", "first", "last"])
def test_an_odd_ensemble_is_answered_and_not_raised(values, weights):
    n = len(values)
    weight = {"equal": np.full(n, 1 / n), "first": np.eye(n)[0], "last": np.eye(n)[-1]}[weights]
    regimen = recommended(values, weight)
    assert regimen.action in ("recommend", "refuse")
    assert "nan" not in regimen.reason
    assert 0 <= regimen.support <= 1
    if regimen.action == "recommend":
        assert 0 <= regimen.dose_fraction <= 1


def test_random_ensembles_are_answered():
    generator = np.random.default_rng(12)
    actions = set()
    for _ in range(30):
        values = np.exp(
            generator.uniform(np.log([1e-3, 70, 1e-3, 0.01]), np.log([4, 3.6e5, 10, 100]), (30, 4))
        )
        weights = generator.random(30)
        fit = make_fit(estimates=values[0])
        regimen = recommended(values, weights / weights.sum(), fit, required_support=0.3)
        actions.add(regimen.code)
        assert "nan" not in regimen.reason + regimen.would_change
        if regimen.action == "recommend":
            window = dose_window(MODEL, fit.estimates, fit.constants, V0)
            assert regimen.dose_fraction in window
            assert regimen.support >= 0.3 - 1e-9
    assert len(actions) > 1


# ---- the melanoma patients ---------------------------------------------------------------------------------
WINDOWS = {  # reproduction of Masud 2023, Fig. 8: EDW / delta at K_tol = V0
    "MEL02": (0.565635, 0.834748),
    "MEL06": (0.200983, 0.904692),
    "MEL07": (0.810411, 0.821977),
    "MEL08": (0.010241, 0.723922),
}


@pytest.fixture(scope="module")
def melanoma_regimens(melanoma):
    return {
        name: recommend(patient, fit, diagnosis, MODEL)
        for name, (patient, fit, diagnosis) in melanoma.items()
    }


@pytest.mark.cohorts
@pytest.mark.slow
@pytest.mark.parametrize("patient", list(WINDOWS))
def test_windows_of_the_identified_patients(melanoma_regimens, patient):
    window = melanoma_regimens[patient].window
    assert (window.low, window.high) == pytest.approx(WINDOWS[patient], abs=0.002)


@pytest.mark.cohorts
@pytest.mark.slow
def test_patients_1_3_4_5_are_refused_with_the_reason(melanoma_regimens):
    for patient in ("MEL01", "MEL03", "MEL05"):
        assert melanoma_regimens[patient].code == "TOO_FEW_POINTS"
    assert melanoma_regimens["MEL04"].code == "NOT_SUPPORTED"
    for patient in ("MEL01", "MEL03", "MEL04", "MEL05"):
        assert melanoma_regimens[patient].action == "refuse"
        assert melanoma_regimens[patient].point_estimate_says


@pytest.mark.cohorts
@pytest.mark.slow
@pytest.mark.parametrize("patient", ["MEL02", "MEL07"])
def test_competition_reaches_values_without_a_window(melanoma_regimens, patient):
    regimen = melanoma_regimens[patient]
    assert regimen.code == "NOT_SUPPORTED"
    assert "(c, open downwards, reaches 0.01, and at c ≤ 1 there is none whatever burden" in regimen.reason
    assert regimen.window_range.share_without_window > 0.1


@pytest.mark.cohorts
@pytest.mark.slow
def test_for_patient_6_every_admitted_set_has_a_window(melanoma_regimens):
    regimen = melanoma_regimens["MEL06"]
    assert regimen.window_range.share_without_window == 0.0
    assert "no dose window" not in regimen.reason
    # the windows move so far that no dose lies in 95 % of them, yet a person may ask for less
    assert 0.5 < regimen.support < 0.95


@pytest.mark.cohorts
@pytest.mark.slow
def test_every_melanoma_sentence_reads_as_one(melanoma_regimens):
    assert set(NAMES) == {"r", "K", "delta", "c"}
    for regimen in melanoma_regimens.values():
        test_every_sentence_reads_as_one({"it": regimen}, "it")
