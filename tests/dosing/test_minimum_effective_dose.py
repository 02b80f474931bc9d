"""Three routes to the minimum effective dose agree: Masud 2023, Fig. 8."""

import numpy as np
import pytest

from dosing.minimum_effective_dose import minimum_effective_dose
from dynamics import get_model

VALUES = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323, "V0": 359.0}


@pytest.mark.slow
def test_three_routes_of_patient_2():
    found = minimum_effective_dose(
        get_model("competition"), VALUES, 359.0, intervals=146,
        doses=np.linspace(0.4, 1.0, 31), pause_levels=np.array([0.5, 0.7, 0.9]),
    )  # fmt: skip
    edge, plateau, adaptive = found.routes.values()
    assert plateau == pytest.approx(edge, rel=1e-5)
    assert edge - 1e-9 <= adaptive <= edge + 0.001  # the grid's next dose
    assert found.sentence.startswith("3 routes")


@pytest.mark.slow
def test_a_route_without_an_answer_says_why():
    # sensitive cells rest below twice the first burden without a drug: nothing to optimise there
    found = minimum_effective_dose(
        get_model("competition"),
        VALUES,
        2 * 359.0,
        doses=np.arange(0.0, 1.01, 0.1),
        pause_levels=np.array([0.5]),
    )
    assert np.isnan(found.plateau)
    assert found.solution is None
    assert any("without a drug" in note for note in found.notes)
    assert found.window.low == 0.0
