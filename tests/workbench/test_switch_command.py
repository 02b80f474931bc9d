import csv
import json
import re
import sys

import numpy as np
import pytest

from dosing.switching import SwitchingSchedule, evaluate, read_switching_table
from workbench import cli

HEADER = "line,compartment,drug,ec50_nM,hill,k_max_per_day,growth_per_day,cells,concentration_nM,penetration,toxicity"
ROWS = (
    "wild,lung,alpha,10,1,0.4,0.1,1e9,100,1,1e5", "wild,lung,beta,20,1,0.4,,,100,1,1e6",
    "tough,lung,alpha,5000,1,0.4,0.1,1e6,,,", "tough,lung,beta,10,1,0.4,,,,,",
    "wild,brain,alpha,,,,0.1,1e7,,0.5,", "wild,brain,beta,,,,,,,0.5,",
)  # fmt: skip


@pytest.fixture
def evodose(monkeypatch, capsys):
    """Call the command as a shell does; return exit code, standard output, standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["evodose", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return call


@pytest.fixture
def lines(tmp_path):
    """Write a table, changed as asked for."""

    def write(*changes):
        text = "\n".join((HEADER, *ROWS)) + "\n"
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "lines.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def without_figures(monkeypatch):
    """Leave out what takes most of the time; other tests look at it."""
    monkeypatch.setattr("workbench.report.switch_page.course_figures", lambda _: [])
    monkeypatch.setattr("workbench.report.switch_page.schedule_bar", lambda _: "")


def results(folder):
    with (folder / "switching.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    content = json.loads((folder / "switching.json").read_text(encoding="utf-8"))
    return rows, content, (folder / "switching.html").read_text(encoding="utf-8")


def test_three_files_agree_and_the_cost_is_that_of_the_rows(evodose, lines, folder):
    code, out, _ = evodose(
        "switch", lines(), "--horizon", 60, "--dwell", 2, "--toxicity-weight", 0.5, "-o", folder
    )
    assert code == 0
    rows, content, page = results(folder)
    assert list(rows[0]) == ["start", "end", "drug"]
    days = np.array([float(r["end"]) - float(r["start"]) for r in rows])
    assert days.min() >= 2 - 1e-5
    assert float(rows[0]["start"]) == 0
    assert float(rows[-1]["end"]) == pytest.approx(60)
    table = read_switching_table(lines())
    schedule = SwitchingSchedule.of_drugs(np.array([table.drugs.index(r["drug"]) for r in rows]), days, 2)
    parts = evaluate(table.model(), table.cost(toxicity_weight=0.5), schedule)
    assert content["cost"]["total"] == pytest.approx(parts.total, rel=1e-4)
    assert content["lower_bound"] <= content["cost"]["total"]
    assert content["gap"] < 1e-3
    np.testing.assert_allclose(content["days_under_each_drug"], schedule.durations, atol=1e-4)
    assert content["input"]["file"] == "lines.csv"
    assert "Over 60.0 days" in out
    for text in (
        "not a treatment instruction",
        "Assumptions",
        "Certificate",
        "k_max",
        "the line that limits",
        "--dwell 2",
    ):
        assert text in page
    assert page.count("<svg") == 4
    assert not re.search(r"(src|href)=\"(?!#)", page)


@pytest.mark.usefixtures("without_figures")
def test_best_length_is_found_and_costs_less_than_a_longer_treatment(evodose, lines, folder):
    evodose("switch", lines(), "--free-horizon", 150, "-o", folder, "--quiet")
    free = results(folder)[1]
    evodose("switch", lines(), "--horizon", 150, "-o", folder, "--quiet")
    fixed = results(folder)[1]
    assert 0 < free["schedule"][-1]["end"] < 150
    assert free["cost"]["total"] < fixed["cost"]["total"]


def test_a_line_that_no_drug_shrinks_is_a_refusal_with_its_sentence(evodose, lines, folder):
    path = lines(("tough,lung,beta,10", "tough,lung,beta,9000"))
    code, out, _ = evodose("switch", path, "--free-horizon", 150, "-o", folder)
    assert code == 0
    assert "No drug shrinks this line: tough (lung) still grows by" in out
    rows, content, page = results(folder)
    assert rows == []
    assert content["status"] == "growing_line"
    assert content["cost"] is None
    assert content["limiting_line"]["no_drug_shrinks"] == ["tough (lung)"]
    assert "No drug shrinks this line: tough (lung)" in page
    assert "<svg" not in page
    # over a fixed horizon it is planned for, and said
    code, out, _ = evodose("switch", path, "--horizon", 50, "-o", folder)
    assert code == 0
    assert "No drug shrinks tough (lung)" in out
    assert results(folder)[0]


@pytest.mark.usefixtures("without_figures")
def test_a_price_of_cells_on_the_way_changes_the_schedule_and_its_bound(evodose, lines, folder):
    path = lines()
    evodose("switch", path, "--horizon", 40, "-o", folder, "--quiet")
    plain = results(folder)[1]
    code, _, _ = evodose("switch", path, "--horizon", 40, "--transient-weight", 0.1, "-o", folder, "--quiet")
    assert code == 0
    _, full, page = results(folder)
    assert full["cost"]["cells_on_the_way"] > 0
    assert full["days_under_each_drug"] != pytest.approx(plain["days_under_each_drug"], abs=0.5)
    assert full["lower_bound"] <= full["cost"]["total"]
    assert "says nothing of a course that ends early" in page
    assert not any("left out" in a for a in full["assumptions"])


@pytest.mark.usefixtures("without_figures")
def test_uncertainty_adds_draws_and_a_plan_for_them(evodose, lines, folder):
    options = ("--horizon", 30, "--dwell", 5, "--uncertainty", 0.3, "--members", 3, "--mutation", 1e-7)
    code, out, _ = evodose("switch", lines(), *options, "--seed", 4, "-o", folder)
    assert code == 0
    _, first, page = results(folder)
    assert [u["members"] for u in first["uncertainty"]] == [3, 3]
    assert all(u["worst"] >= u["average"] for u in first["uncertainty"])
    assert "planned for draws" in page
    assert "over 3 draws" in out
    evodose("switch", lines(), *options, "--seed", 5, "-o", folder, "--quiet")
    assert results(folder)[1]["uncertainty"] != first["uncertainty"]


def test_names_cannot_become_markup_or_mathematics_or_formulas(evodose, lines, folder):
    path = lines(("alpha", "<script>alert(1)</script>"), ("beta", "=1+$x$"), ("tough", "<b>_t</b>"))
    code, _, _ = evodose("switch", path, "--horizon", 30, "-o", folder)
    assert code == 0
    rows, _, page = results(folder)
    assert "<script" not in page
    assert "<b>_t" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert {r["drug"] for r in rows} <= {"<script>alert(1)</script>", "'=1+$x$"}


def test_a_bad_table_is_told_in_full_and_nothing_is_written(evodose, lines, folder):
    code, _, err = evodose(
        "switch", lines(("wild,lung,alpha,10", "wild,lung,alpha,-10"), (",1e9,", ",many,")), "-o", folder
    )
    assert code == 2
    assert "2 problems" in err
    assert "row 2, column ec50_nM, value '-10'" in err
    assert "row 2, column cells, value 'many'" in err
    assert not folder.exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--horizon", 100, "--free-horizon", 100), "give one of the two"),
        (("--horizon", 10, "--dwell", 20), "--dwell 20 must lie above 0 and not above the 10 days"),
        (("--horizon", -1), "--horizon -1 is no number of days"),
        (("--toxicity-weight", -1), "--toxicity-weight -1 must be a number, and not negative"),
        (("--mutation", "nan"), "--mutation nan must be a number"),
        (("--members", 0), "--members 0 must be a whole number"),
        (("--uncertainty", 30), "0.3 is about 30 %"),
        (("--seed", -1), "--seed -1 must not be negative"),
    ],
)
def test_options_that_cannot_be_are_refused(evodose, lines, folder, options, expected):
    code, _, err = evodose("switch", lines(), *options, "-o", folder)
    assert code == 2
    assert expected in err
    assert not folder.exists()


def test_without_a_table_the_example_is_pointed_to_and_can_be_written_once(
    evodose, folder, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    code, _, err = evodose("switch")
    assert code == 2
    assert "evodose switch --example" in err
    code, out, _ = evodose("switch", "--example", "-o", folder)
    assert code == 0
    assert "Next: evodose switch" in out
    assert read_switching_table(folder / "alk_h3122.csv").drugs[3] == "lorlatinib"
    code, _, err = evodose("switch", "--example", "-o", folder)
    assert code == 2
    assert "is there already" in err
    assert evodose("switch", "--example")[0] == 0
    assert (tmp_path / "alk_h3122.csv").is_file()
    (tmp_path / "file").write_text("x")
    assert "is a file" in evodose("switch", "alk_h3122.csv", "-o", "file")[2]
