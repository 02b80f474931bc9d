import numpy as np
import pytest

from dosing.switching import SwitchingError, SwitchingTableError, read_switching_table
from dosing.switching.table import RULE

LONG = """\
line,compartment,drug,ec50_nM,hill,k_max_per_day,growth_per_day,cells,concentration_nM,penetration,toxicity,note
wild,lung,alpha,10,1,0.3,0.1,1e9,10,1,2e4,
wild,lung,beta,100,2,0.3,,,300,1,1e6,measured twice
tough,lung,alpha,1000,0.5,0.3,0.1,1e6,,,,
tough,lung,beta,50,2,0.3,,,,,,
wild,brain,alpha,,,,0.1,1e7,,0.5,,
wild,brain,beta,,,,,,,0.01,,
tough,brain,alpha,,,,0.1,0,,,,
tough,brain,beta,,,,,,,,,unreliable
"""


@pytest.fixture
def read(tmp_path):
    """Read a table from text or bytes."""

    def call(content, name="lines.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_switching_table(path)

    return call


def refusal(read, content):
    with pytest.raises(SwitchingTableError) as caught:
        read(content)
    return str(caught.value)


def test_rule_gives_the_effect_on_every_line_in_every_compartment(read):
    table = read(LONG)
    assert table.lines == ("wild", "tough", "wild", "tough")
    assert table.compartments == ("lung", "lung", "brain", "brain")
    assert table.drugs == ("alpha", "beta")
    # at the EC50 half of the largest effect; with half of the level in the brain a third
    assert table.kill[0, 0] == pytest.approx(0.15)
    assert table.kill[0, 2] == pytest.approx(0.1)
    assert table.kill[0, 1] == pytest.approx(0.3 * 10**0.5 / (10**0.5 + 1000**0.5))
    assert table.kill[1, 3] == pytest.approx(0.3 * 3**2 / (3**2 + 50**2))
    model = table.model()
    np.testing.assert_allclose(np.diag(model.growth), 0.1)
    np.testing.assert_array_equal(model.cells, [1e9, 1e6, 1e7, 0])
    assert model.is_diagonal
    assert any(RULE in a for a in model.assumptions)
    assert "beta on tough in brain: unreliable" in model.assumptions
    np.testing.assert_array_equal(table.cost(toxicity_weight=0.5).weights(model)[1], [1e4, 5e5])


def test_flows_join_lines_of_a_compartment_and_compartments_of_a_line(read):
    growth = read(LONG).model(mutation_per_day=1e-6, migration_per_day=1e-4).growth
    expected = [[0.1, 1e-6, 1e-4, 0], [1e-6, 0.1, 0, 1e-4], [1e-4, 0, 0.1, 1e-6], [0, 1e-4, 1e-6, 0.1]]
    np.testing.assert_allclose(growth, expected)
    with pytest.raises(SwitchingError, match="cannot be negative"):
        read(LONG).model(mutation_per_day=-1)


def test_no_level_is_no_effect_and_a_drug_may_have_none(read):
    table = read(LONG.replace("0.01", "0"))
    assert table.kill[1, 2] == 0
    assert np.all(read(LONG.replace("0.3", "0")).kill == 0)


def test_excel_export_reads_the_same(read):
    semicolons = LONG.replace(",", ";").replace(".", ",")
    exported = read(b"\xef\xbb\xbf" + semicolons.replace("\n", "\r\n").encode())
    table = read(LONG)
    for name in ("ec50_nM", "hill", "k_max_per_day", "growth_per_day", "cells", "penetration", "toxicity"):
        np.testing.assert_array_equal(getattr(exported, name), getattr(table, name))


def test_left_out_columns_have_defaults_that_are_said(read):
    table = read(
        "Line,Drug,EC50 (nM),k max per day,growth per day,cells,concentration nM\nw,a,5,0.2,0.1,100,5\n"
    )
    assert table.kill == pytest.approx(np.array([[0.1]]))
    assert table.compartments == ("",)
    assert any("hill is not given" in f and "taken as 1" in f for f in table.findings)
    assert any("hill" in a for a in table.model().assumptions)


def test_a_name_in_another_case_is_the_same_line(read):
    assert read(LONG.replace("tough,brain", "TOUGH,Brain")).lines == ("wild", "tough", "wild", "tough")


def test_every_problem_is_told_at_once_with_its_place_and_remedy(read):
    text = refusal(
        read,
        LONG.replace("wild,lung,alpha,10,1,", "wild,lung,alpha,ten,-1,")
        .replace("1e6,,,,\ntough", ">1e6,,,,\ntough")
        .replace("wild,brain,beta", "wild,brain,alpha")
        .replace("tough,brain,alpha,,,,0.1", "tough,brain,alpha,,,,0.2;0.1"),
    )
    assert "lines.csv cannot be used: 7 problems" in text
    assert "row 2, column ec50_nM, value 'ten': it is not a number. Remedy" in text
    assert "row 2, column hill, value '-1': hill cannot be negative. Remedy" in text
    assert "row 4, column cells, value '>1e6': a bound is no value" in text
    assert "row 7: 'alpha' on 'wild' in 'brain' stands in row 6 already. Remedy: delete" in text
    assert "row 7, column penetration: penetration of 'brain', 'alpha' is 0.01 here, but 0.5 in row 6" in text
    assert "row 6: 'wild' in 'brain' has no row for beta. Remedy: add the row" in text
    assert "row 8, column growth_per_day, value '0.2;0.1'" in text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("tough,brain,beta", "tough,brian,beta"), "row 9, column compartment, value 'brian': unknown compartment"),
        (("tough,lung,beta", "tough,,beta"), "'tough' has no compartment. Remedy: write one of lung, brain"),
        (("tough,brain,alpha,,,", "tough,brain,alpha,7,,"), "ec50_nM of 'tough', 'alpha' is 7 here, but 1000 in row 4"),
        (("wild,lung,alpha,10,", "wild,lung,alpha,,"), "ec50_nM of 'wild', 'alpha' is not given"),
        (("wild,lung,alpha,10,", "wild,lung,alpha,0,"), "ec50_nM must be above zero"),
        (("wild,lung,alpha", ",lung,alpha"), "row 2, column line: the row names no line"),
        (("ec50_nM", "EC_50 value"), "no column ec50_nM (EC50 of the drug on the line, nM). Remedy: add it; is it"),
        (("hill", "cells"), "the header names cells 2 times"),
        (("1,2e4,", "1,2e4,one,note"), "the row has 13 cells, but the header names 12 columns"),
        (("1e9", "0"), None),
    ],
)  # fmt: skip
def test_single_problems(read, change, expected):
    content = LONG.replace(*change)
    if expected is None:
        content = content.replace("1e6,,,,", "0,,,,").replace("1e7", "0")
        expected = "no line has cells at the start"
    assert expected in refusal(read, content)


def test_files_that_are_no_tables_are_refused(read, tmp_path):
    assert "is empty" in refusal(read, "")
    assert "no rows below" in refusal(read, LONG.splitlines()[0])
    with pytest.raises(SwitchingTableError, match="there is no file"):
        read_switching_table(tmp_path / "nowhere.csv")


def test_drugs_can_be_left_out(read):
    table = read(LONG).without("alpha")
    assert table.drugs == ("beta",)
    assert table.kill.shape == (1, 4)
    with pytest.raises(SwitchingError, match="gamma cannot be left out"):
        table.without("gamma")


def test_drawn_ec50s_are_those_of_a_line_everywhere_and_reproducible(read):
    table = read(LONG.replace(",0.5,,\n", ",1,,\n").replace("0.01", "1"))
    drawn = table.uncertain(0.3, 400, seed=1)
    kills = np.array([m.kill for m in drawn.models])
    np.testing.assert_allclose(kills[:, :, :2], kills[:, :, 2:])
    assert np.all(kills <= 0.3)
    # with h = 1 the logit of the response moves by minus the logarithm of the factor
    logits = np.log(kills[:, 0, 0] / (0.3 - kills[:, 0, 0]))
    assert logits.std() == pytest.approx(0.3, rel=0.15)
    assert logits.mean() == pytest.approx(0.0, abs=0.06)
    np.testing.assert_array_equal(table.uncertain(0.3, 2, seed=1).models[1].kill, drawn.models[1].kill)
    with pytest.raises(SwitchingError, match="cannot be drawn"):
        table.uncertain(-0.1, 2, seed=1)
