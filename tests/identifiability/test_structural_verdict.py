"""The structural answer for a patient's own doses, as verdicts with codes."""

import numpy as np
import pytest

from dynamics import get_model
from dynamics.model import Constant, Model, Parameter
from dynamics.schedule import DoseSchedule
from identifiability.codes import VerdictCode
from identifiability.structural_verdict import structural_answer, structural_verdicts
from patients.cohort import Patient

DAYS, BURDENS = np.array([0.0, 20.0, 50.0, 90.0]), np.array([100.0, 80.0, 60.0, 90.0])


def patient(schedule):
    return Patient("p", DAYS, BURDENS, schedule)


def verdicts(model, schedule):
    return {v.parameter: v for v in structural_verdicts(structural_answer(patient(schedule), model), model)}


def test_a_drug_never_given_cannot_be_learnt():
    found = verdicts(get_model("competition"), DoseSchedule.constant(0.0))
    assert found["delta"].code is VerdictCode.STRUCTURALLY_OPEN
    assert not found["delta"].identified
    assert "another dose" in found["delta"].sentence
    assert found["r"].code is VerdictCode.GLOBALLY_IDENTIFIABLE
    assert not found["all"].identified
    assert found["all"].code is VerdictCode.SEVERAL


def test_the_pause_that_a_patient_had_is_seen():
    turnover = get_model("turnover")
    always = verdicts(turnover, DoseSchedule.constant(1.0))
    paused = verdicts(turnover, DoseSchedule((0.0, 20.0, 90.0), (1.0, 0.0)))
    assert not always["r_S"].identified
    assert paused["r_S"].identified
    assert paused["all"].identified
    # a pause after the last visit teaches nothing
    late = verdicts(turnover, DoseSchedule((0.0, 90.0, 120.0), (1.0, 0.0)))
    assert not late["r_S"].identified


def test_every_parameter_has_a_row_and_a_code():
    model = get_model("competition")
    found = verdicts(model, DoseSchedule.constant(1.0))
    assert list(found) == [*model.parameter_names, "all"]
    assert all(v.criterion == "structural" and v.code is not VerdictCode.UNSTATED for v in found.values())


def test_a_model_that_cannot_be_treated_says_so():
    model = Model.define(
        "capped", states={"x": "r*Max(x, 1)"}, initial={"x": "V0"}, outputs={"burden": "x"},
        parameters=[Parameter("r", "per day", 1e-3, 1.0)],
        constants=[Constant("V0", "burden", from_data="first_burden")],
    )  # fmt: skip
    answer = structural_answer(patient(DoseSchedule.constant(0.0)), model)
    assert answer is None
    rows = structural_verdicts(answer, model)
    assert [v.code for v in rows] == [VerdictCode.NOT_ANALYSED] * 2
    assert "not rational" in rows[0].sentence


@pytest.mark.parametrize("code", list(VerdictCode))
def test_codes_are_sentences_with_names(code):
    assert code.code == code.name
    assert len(str(code)) > 15
