import dataclasses
import math
import re

import numpy as np
import pytest

from dynamics.catalogue import catalogue_names, get_model
from dynamics.latex import latex_equations, latex_initial, latex_outputs
from fitting.likelihood import LIKELIHOODS
from patients.cohort import Patient
from workbench.decision import decide
from workbench.report.equations import equation_svg
from workbench.report.labels import days, interval, marker_label, marker_unit, number, percent, symbol_html
from workbench.report.patient_view import full_view, open_text
from workbench.report.plots.course import course_figure
from workbench.report.plots.overview import overview_figure
from workbench.report.plots.profiles import profiles_figure
from workbench.report.plots.spark import sparkline
from workbench.report.plots.strategies import strategies_figure
from workbench.report.svg import drawing, inline_svg, new_figure


@pytest.mark.parametrize(
    ("marker", "label", "unit"),
    [
        ("LDH_U_per_L", "LDH (U/L)", "U/L"),
        ("PSA_ng_per_mL", "PSA (ng/mL)", "ng/mL"),
        ("LDH_U_per_L_virtual", "LDH (U/L), virtual", "U/L"),
        ("tumour_volume_cm3", "tumour volume (cm³)", "cm³"),
        ("RECIST_target_lesion1_long_diam_mm", "RECIST target lesion1 long diam (mm)", "mm"),
        ("ctDNA", "ctDNA", "marker unit"),
        ("", "burden", "marker unit"),
    ],
)
def test_markers_read_as_words(marker, label, unit):
    assert marker_label(marker) == label
    assert marker_unit(marker) == unit


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.131799, "0.132"), (580.87, "581"), (12345.6, "12346"), (4.2e15, "4.20 × 10¹⁵"), (3e-8, "3.00 × 10⁻⁸"),
     (-0.5, "−0.500"),     (math.nan, "–"), (None, "–"), (math.inf, "∞"), (0.0, "0")],
)  # fmt: skip
def test_numbers_carry_three_digits(value, text):
    assert number(value) == text


def test_shares_intervals_days():
    assert (percent(0.62), percent(0.5656), percent(math.nan)) == ("62 %", "56.6 %", "–")
    assert interval(0.5, 2.0) == "0.500 – 2.00"
    assert interval(math.nan, math.nan) == "–"
    assert (days(0.0), days(168.04), days(-9.0), days(math.inf)) == ("0", "168", "−9", "∞")


def test_symbols_and_open_sides():
    assert symbol_html("delta") == ("δ", "")
    assert symbol_html("r_S") == ("r", "S")
    assert open_text(["r below", "r above", "c below", "K below", "K above"]) == "r, K both sides; c below"


@pytest.mark.parametrize("name", catalogue_names())
def test_every_equation_of_the_catalogue_can_be_set(name):
    model = get_model(name)
    for latex in (*latex_equations(model), *latex_initial(model), *latex_outputs(model)):
        assert equation_svg(latex).startswith("<svg"), latex


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_every_likelihood_can_be_set(name):
    assert equation_svg(LIKELIHOODS[name].latex).startswith("<svg")


def test_what_cannot_be_set_is_shown_as_text():
    assert (
        equation_svg(r"\begin{cases} <b> \end{cases}") == r"<code>\begin{cases} &lt;b&gt; \end{cases}</code>"
    )


def test_two_figures_share_no_identifier():
    def draw():
        with drawing():
            figure = new_figure(3, 2)
            axes = figure.subplots()
            axes.plot([0, 1], [0, 1], "o-")
            return inline_svg(figure, 'a "b" <c>')

    one, two = draw(), draw()
    ids = re.compile(r' id="([^"]+)"')
    assert ids.findall(one)
    assert not set(ids.findall(one)) & set(ids.findall(two))
    assert set(re.findall(r"url\(#([^)]+)\)", one)) <= set(ids.findall(one))
    assert 'aria-label="a &quot;b&quot; &lt;c&gt;"' in one
    assert ids.sub("", one).count("xmlns") == 0


def test_drawing_changes_no_global_setting():
    import matplotlib

    before = dict(matplotlib.rcParams)
    with drawing():
        assert matplotlib.rcParams["svg.fonttype"] == "none"
    assert dict(matplotlib.rcParams) == before


def test_burdens_over_decades_get_a_logarithmic_axis(make_patient, model):
    patient = make_patient()
    psa = dataclasses.replace(patient, burdens=np.array([60.0, 2, 0.03, 0.5, 8, 20]), marker="PSA_ng_per_mL")
    assert "PSA (ng/mL)" in course_figure(psa, None, model)
    assert "10" in re.sub(r"<[^>]*>", " ", course_figure(psa, None, model))


@pytest.mark.parametrize(
    "change",
    [
        {"burdens": np.zeros(6)},
        {"times": np.array([0.0, 1e-6, 2e-6, 3e-6, 4e-6, 5e-6])},
        {"censoring": np.array([0, -1, -1, 1, 0, 0])},
        {"burdens": np.array([1e15, 3e15, 1e15, 2e15, 1e15, 1e15])},
        {"times": np.array([-100.0, -36, 103, 131, 169, 20000])},
    ],
)
def test_odd_series_can_be_drawn(make_patient, model, change):
    patient = dataclasses.replace(make_patient(), **change)
    assert course_figure(patient, None, model).startswith("<svg")
    assert sparkline(patient).startswith("<svg")


def test_a_single_visit_can_be_drawn(make_patient, model):
    whole = make_patient()
    one = Patient("x", whole.times[:1], whole.burdens[:1], whole.schedule)
    assert course_figure(one, None, model).startswith("<svg")
    assert "1 burdens" in sparkline(one)


def test_a_profile_in_two_pieces_shades_both(make_record):
    profile = make_record().diagnosis.profile("c")
    pieces = dataclasses.replace(profile, intervals=((1.0, 1.2), (2.2, 2.4)))
    one, two = (profiles_figure((p,), {}).count("opacity: 0.22") for p in (profile, pieces))
    assert two == 2 * one > 0


def test_five_parameters_fill_two_rows(make_record):
    profiles = make_record().diagnosis.profiles
    drawn = profiles_figure((*profiles, profiles[0]), {"r": "per day"})
    assert drawn.count("closed →") == 5


def test_profiles_that_failed_can_be_drawn(make_record):
    profile = make_record().diagnosis.profile("K")
    broken = dataclasses.replace(profile, nll=np.full_like(profile.nll, np.nan))
    assert profiles_figure((broken,), {}).startswith("<svg")


def test_a_strategy_whose_simulation_failed_is_left_out(make_record):
    outcomes = make_record().regimen.strategies
    broken = dataclasses.replace(outcomes[1], name="broken one", burdens=np.full(50, np.nan), ttp=None)
    drawn = strategies_figure((outcomes[0], broken), 359.0, 1.0)
    assert "broken one" not in drawn


def test_names_with_dollars_are_no_formula(make_record):
    drawn = overview_figure([decide(make_record("$\\bad{"))])
    assert "$\\\\bad{" in drawn


def test_signs_without_a_glyph_are_no_obstacle(make_record):
    assert "患者" in overview_figure([decide(make_record("患者"))])


def test_the_constant_dose_of_a_refusal_is_marked(make_record, model):
    good, bad = make_record("P1", 359.0), make_record("P2", 358.0)
    bad = dataclasses.replace(
        bad, regimen=dataclasses.replace(bad.regimen, strategies=good.regimen.strategies)
    )
    names = [[row["name"] for row in full_view(r, decide(r), model)["strategy_rows"]] for r in (good, bad)]
    assert names == [["constant 62 %", "MTD"], ["constant 62 % (point estimate only)", "MTD"]]
