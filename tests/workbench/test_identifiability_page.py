import dataclasses
import re

import numpy as np
import pytest
from inquiry_fakes import make_inquiry, make_profile
from test_report_page import Reader

from workbench.decision import decide
from workbench.inquiry_record import PatientInquiry
from workbench.manifest import Manifest
from workbench.options import RunOptions
from workbench.report import identifiability_page, page
from workbench.report.labels import number
from workbench.report.quantity_labels import product_text, quantity_words, said, side_settled, side_word
from workbench.store import CohortIndex, RunStore

EVIL = '<script>alert("x")</script>&<img src=x onerror=alert(1)>'


class Page(Reader):
    """As a report's, but may link to its neighbour."""

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            attrs = [(k, "#" if v in ("report.html", "identifiability.html") else v) for k, v in attrs]
        super().handle_starttag(tag, attrs)


@pytest.fixture(scope="module")
def render(tmp_path_factory, model):
    """Render both pages; return their texts."""

    def go(records, limit=40, **index):
        store = RunStore(tmp_path_factory.mktemp("run"))
        manifest = Manifest.new(
            input_file={"file": "cohort.csv", "sha256": "ab" * 32}, schedule=None,
            model={"name": "competition", "file": None, "sha256": None}, options=RunOptions(seed=41).as_dict(),
        )  # fmt: skip
        manifest.content["likelihood"] = {"name": "poisson", "reason": "whole numbers"}
        manifest.content["identify"] = {"options": {"replicates": 30, "days": [214.0, 270.0], "quick": True}}
        known = CohortIndex(tuple(r.patient.patient_id for r in records), source="cohort.csv", **index)
        drawn = {}
        one = identifiability_page.write_identifiability(
            store, lambda: records, known, model, manifest, limit=limit, drawn=drawn
        )
        two = page.write_report(
            store,
            lambda: records,
            [decide(r) for r in records],
            known,
            model,
            manifest,
            limit=limit,
            drawn=drawn,
        )
        return one.read_text(encoding="utf-8"), two.read_text(encoding="utf-8")

    return go


@pytest.fixture(scope="module")
def asked(make_record):
    """Build a record with an inquiry."""

    def build(patient_id="P1", first=358.0, **changes):
        record = make_record(patient_id, first)
        return dataclasses.replace(record, inquiry=make_inquiry(record, **changes))

    return build


@pytest.fixture(scope="module")
def pages(render, asked, make_record):
    """An answer, one with a failure and nothing drawn, a patient who was not diagnosed, one not asked."""
    failed = asked("P2", 357.0)
    inquiry = PatientInquiry(
        "P2", failed.inquiry.basis, {}, notes=("The fit did not converge.",), failures=("Plane: no.",)
    )
    return render(
        [
            asked("P1"),
            dataclasses.replace(failed, inquiry=inquiry),
            make_record("P3", failure="fitting"),
            make_record("P4", 355.0),
        ]
    )


def text_of(html):
    return " ".join(" ".join(Page(html).text).split())


def test_the_page_stands_alone_and_links_to_the_report(pages):
    html, report = pages
    read = Page(html)
    assert "http" not in html
    assert not {"script", "link", "img", "iframe", "object"} & set(read.tags)
    assert 'href="report.html"' in html
    assert 'href="identifiability.html"' in report


def test_identifiers_of_elements_are_unique_and_found(pages):
    for html in pages:
        read = Page(html)
        assert len(read.ids) == len(set(read.ids))
        assert set(read.links) - {""} <= set(read.ids)


def test_every_figure_has_words(pages):
    read = Page(pages[0])
    assert len(read.images) >= 7
    assert all(image.get("role") == "img" and image.get("aria-label") for image in read.images)


@pytest.mark.parametrize(
    "words",
    [
        "What the data of 4 patients can tell", "What is identified", "What would change that: of 1 open targets",
        "closes the lower edge of the window", "days 214 and 270 under 60 % dose", "A note to be read.",
        "rests on the bound delta ≤ 5", "1 df", "The fit did not converge.", "Plane: no.", "no window admitted",
        "the data do not rule out that no dose window exists", "5 % at a bound", "10 % without it", "Not asked.",
        "Research use only", "numpy", "Raue et al.", "214, 270", "c is open",
    ],
)  # fmt: skip
def test_what_must_be_read_is_there(pages, words):
    assert words in text_of(pages[0])


def test_names_of_columns_do_not_stand_in_sentences(pages):
    assert "window_low" not in re.sub(r'aria-label="[^"]*"', "", pages[0])


def test_the_report_shows_the_same_figures(pages):
    html, report = pages
    plane = re.search(r'<svg[^>]*aria-label="Two-dimensional[^"]*".*?</svg>', html, re.DOTALL)[0]
    assert plane in report


def test_a_report_without_inquiries_has_no_link(render, make_record):
    _, report = render([make_record("P1")])
    assert "identifiability.html" not in report


def test_hostile_identifiers_are_only_text(render, asked):
    record = asked(EVIL)
    inquiry = dataclasses.replace(record.inquiry, notes=(EVIL,), failures=(EVIL,))
    html, _ = render([dataclasses.replace(record, inquiry=inquiry)])
    read = Page(html)
    assert not {"script", "img"} & set(read.tags)
    assert EVIL in "".join(read.text)


@pytest.mark.slow
def test_a_large_cohort_keeps_all_rows(render, asked):
    html, _ = render([asked(f"P{i}", 300.0 + i) for i in range(4)], limit=2)
    assert html.count('<article class="patient"') == 2
    assert {f"P{i}" for i in range(4)} <= set(Page(html).text)
    assert "2 further patients have a row above and no section below" in text_of(html)


def test_an_edge_at_dose_zero_is_not_a_want_of_data(asked):
    profile = make_profile(asked().fit, "window_low", 0.02, reaches_zero=True)
    assert side_word(profile, lower=True) == "reaches dose 0"
    assert side_settled(profile, lower=True)
    wrong = dataclasses.replace(profile, parameter="window_high")
    assert side_word(wrong, lower=True) == "open"
    assert not side_settled(wrong, lower=True)


@pytest.mark.parametrize("width", [0.0, 1e-12, 1e9])
def test_degenerate_profiles_can_be_drawn(asked, width):
    from workbench.report.plots.quantities import quantities_figure

    profile = make_profile(asked().fit, "window_low", 0.6)
    values = 1.0 + width * np.linspace(0, 1, len(profile.values))
    profile = dataclasses.replace(
        profile, values=values, intervals=((values[0], values[-1]),), estimate=np.nan
    )
    assert "svg" in quantities_figure([profile], "U/L")


def test_a_singular_information_can_be_drawn(asked):
    from workbench.report.plots.spectrum import spectrum_figure

    record = asked()
    flat = dataclasses.replace(record.diagnosis.fisher, eigenvalues=np.array([1e4, 3.0, 0.0, -1e-9]), rank=2)
    diagnosis = dataclasses.replace(record.diagnosis, fisher=flat)
    assert number(1e4) in spectrum_figure(diagnosis, record.fit.parameter_names)


@pytest.mark.parametrize(
    ("function", "given", "wanted"),
    [
        (quantity_words, "burden_day_230", "burden on day 230"),
        (quantity_words, "delta", "δ"),
        (product_text, "r·K^-1·delta^2", "r · K⁻¹ · δ²"),
        (product_text, "r^-0.83·c", "r^−0.83 · c"),
        (said, "window_low is closed already.", "The lower edge of the window is closed already."),
        (said, "No visit closes burden_day_230.5.", "No visit closes the burden on day 230.5."),
        (said, "r_window_low is another thing", "r_window_low is another thing"),
    ],
)
def test_words(function, given, wanted):
    assert function(given) == wanted
