import re
from html.parser import HTMLParser

import pytest

from workbench.decision import decide
from workbench.manifest import Manifest
from workbench.options import RunOptions
from workbench.report import page
from workbench.store import CohortIndex, RunStore

EVIL = '<script>alert("x")</script>&<img src=x onerror=alert(1)>'
VOID = {"meta", "link", "br", "img", "hr", "input", "col"}


class Reader(HTMLParser):
    """Collects tags, identifiers, text; refuses what is not closed."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.links, self.images, self.text = [], [], [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        for name in ("href", "src", "clip-path", "style"):
            value = attributes.get(name) or ""
            found = re.search(r"url\(#([^)]+)\)", value)
            self.links += (
                [found[1]] if found else [value[1:]] if name == "href" and value.startswith("#") else []
            )
            assert name not in ("href", "src") or value.startswith("#") or name not in attributes, (
                f"{name}={value} leads outside"
            )
        if tag == "svg":
            self.images.append(attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def render(tmp_path_factory, model):
    """Render records; return the file's text and the reading of it."""

    def go(records, limit=40, **index):
        store = RunStore(tmp_path_factory.mktemp("run"))
        manifest = Manifest.new(
            input_file={"file": "cohort.csv", "sha256": "ab" * 32}, schedule=None,
            model={"name": "competition", "file": None, "sha256": None}, options=RunOptions(seed=41).as_dict(),
        )  # fmt: skip
        manifest.content["likelihood"] = {"name": "poisson", "reason": "all burdens are whole numbers"}
        known = CohortIndex(tuple(r.patient.patient_id for r in records), source="cohort.csv", **index)
        path = page.write_report(
            store, lambda: records, [decide(r) for r in records], known, model, manifest, limit=limit
        )
        html = path.read_text(encoding="utf-8")
        return html, Reader(html)

    return go


@pytest.fixture(scope="module")
def report(render, make_record, excluded):
    """Report of a recommendation, a refusal, patients for whom a stage failed."""
    return render(
        [
            make_record("P1", 359.0, excluded=excluded),
            make_record("P2", 358.0),
            make_record("P3", failure="fitting"),
            make_record("P4", failure="identifiability"),
            make_record("P5", failure="dosing"),
        ],
        rejected=(("P9", "no usable measurement"),),
        problems=("error: row 7: negative burden.",),
    )


def test_the_page_stands_alone(report):
    html, read = report
    assert "http" not in html
    assert not {"script", "link", "img", "iframe", "object"} & set(read.tags)
    assert "@import" not in html


def test_identifiers_of_elements_are_unique_and_found(report):
    _, read = report
    assert len(read.ids) == len(set(read.ids))
    assert set(read.links) <= set(read.ids)


def test_every_figure_has_words(report):
    _, read = report
    assert len(read.images) > 8
    assert all(image.get("role") == "img" and image.get("aria-label") for image in read.images)


def test_what_must_be_read_is_there(report):
    html, read = report
    text = " ".join(" ".join(read.text).split())
    for words in (
        "Research use only – not a medical device", "P1", "P2", "P3", "P4", "P5", "P9", "no usable measurement",
        "Every admitted set supports 62 % of MTD.", "No single dose is supported.", "c below",
        "The point estimate alone would have said 62.0 % of MTD.", "Further visits.", "fitting broke down",
        "marked as not used in the file", "identified under paper, not under profile95", "Not closed by the data",
        "carrying capacity shared by both populations", "faster than any human",
        "the negative log-likelihood", "SHA-256 abababab", "seed 41", "numpy", "row 7: negative burden",
        "all burdens are whole numbers", "Masud 2023, eq. 4", "within ±20 %", "Case II.",
    ):  # fmt: skip
        assert words in text, words
    assert "equation: \\frac{dS}{dt}" in html


def test_a_point_estimate_is_quoted_beside_refusals_only(report):
    html, _ = report
    assert html.count("The point estimate alone would have said") == 1


def test_hostile_identifiers_are_only_text(render, make_record):
    record = make_record(EVIL, notes=(EVIL,))
    html, read = render([record], rejected=((EVIL + "2", EVIL),), problems=(EVIL,), notes=(EVIL,))
    assert "script" not in read.tags
    assert "img" not in read.tags
    assert EVIL in "".join(read.text)
    assert "<script" not in html


def test_a_hostile_marker_is_only_text(render, make_record):
    import dataclasses

    record = make_record()
    marker = "$\\frac{</text><script>alert(1)</script>"
    record = dataclasses.replace(record, patient=dataclasses.replace(record.patient, marker=marker))
    _, read = render([record])
    assert "script" not in read.tags


def test_virtual_patients_are_called_virtual(render, make_record):
    html, read = render([make_record("v1", virtual=True)], virtual=True)
    text = " ".join(" ".join(read.text).split())
    assert "All patients are virtual" in text
    assert "Dose recommendations for 1 virtual patient" in text
    assert html.count('class="chip virtual"') == 1


def test_measured_patients_are_not_called_virtual(report):
    assert "virtual patient" not in "".join(report[1].text).lower()


def test_a_large_cohort_is_folded_and_complete(render, make_record):
    records = [make_record(f"P{i}", 300.0 + i) for i in range(12)]
    html, read = render(records, limit=2)
    assert html.count('<article class="patient"') == 2
    assert read.tags.count("details") == 10
    assert {f"P{i}" for i in range(12)} <= set(read.text)
    assert "10 further patients" in "".join(read.text)


def test_recommended_patients_are_detailed_first(make_record):
    decisions = [decide(make_record(f"P{i}", 300.0 + i)) for i in range(6)]
    assert page.choose_detailed(decisions, (), 3) == {"P1", "P3", "P5"}
    assert page.choose_detailed(decisions, ("P0",), 3) == {"P0", "P1", "P3"}


def test_a_report_without_any_fit(render, make_record):
    _, read = render([make_record("P1", failure="fitting")])
    assert "fitting broke down" in "".join(read.text)


def test_another_model_has_other_equations(tmp_path, make_record):
    from dynamics.catalogue import get_model
    from workbench.report.methods_view import methods_view

    manifest = Manifest.new(
        input_file={"file": "c", "sha256": "0"},
        schedule=None,
        model={"name": "turnover"},
        options=RunOptions().as_dict(),
    )
    view = methods_view(get_model("turnover"), manifest.content, None)
    assert any("d_{T} S" in e for e in view["equations"])
    assert [p["head"] + p["below"] for p in view["parameters"]] == ["rS", "rR", "K", "dD", "dT"]
