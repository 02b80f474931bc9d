"""Basins: which starts reach the state with sensitive cells alone, against another integrator."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dosing.basin import Basin, basin_of_ensemble, in_basin
from dynamics.catalogue import get_model
from dynamics.ensemble import Ensemble

COMPETITION, TURNOVER = get_model("competition"), get_model("turnover")
PATIENT_2 = (0.131799194, 580.8725024, 0.089001925, 2.291960323)
V0 = 359.0


def sensitive_win(parameters, dose, start, days):
    """Follow one tumour with LSODA and see who is left."""
    r, K, delta, c = parameters

    def f(_, z):
        S, R = np.exp(z)
        return [r * (1 - (S + R) / K) - dose * delta, r * (1 - (c * S + R) / K)]

    end = solve_ivp(f, (0, days), np.log(start), method="LSODA", rtol=1e-11, atol=1e-11).y[:, -1]
    assert abs(end[0] - end[1]) > 20, "no winner yet"
    return bool(end[0] > end[1])


@pytest.mark.parametrize(
    ("dose", "basin"),
    [
        (0.0, Basin.INSIDE),
        (0.6, Basin.INSIDE),
        (0.83, Basin.INSIDE),
        # Inside the window, which ends at 0.83475, and yet lost: the start lies beyond the separatrix.
        (0.834, Basin.OUTSIDE),
        (0.84, Basin.NO_TARGET),
        (1.0, Basin.NO_TARGET),
    ],
)
def test_patient_2_under_constant_doses(dose, basin):
    assert in_basin(COMPETITION, PATIENT_2, {"V0": V0}, dose) is basin
    if basin.inside is not None:
        assert sensitive_win(PATIENT_2, dose, (0.99 * V0, 0.01 * V0), 40_000) is basin.inside


def test_the_border_is_where_the_other_integrator_has_it():
    inside, outside = 0.01, 0.99
    for _ in range(30):
        share = 0.5 * (inside + outside)
        basin = in_basin(COMPETITION, PATIENT_2, {"V0": V0, "f_R": share}, 0.7)
        assert basin.inside is not None
        inside, outside = (share, outside) if basin.inside else (inside, share)
    for share, wins in ((inside - 1e-5, True), (outside + 1e-5, False)):
        assert sensitive_win(PATIENT_2, 0.7, ((1 - share) * V0, share * V0), 5000) is wins


def test_the_starts_of_figure_2():
    parameters = (0.02, 1000.0, 0.012, 3.0)
    for start in ((800.0, 190.0), (200.0, 200.0), (450.0, 500.0)):
        basin = in_basin(
            COMPETITION, parameters, {"V0": 1.0}, 1.0, start_state={"S": start[0], "R": start[1]}
        )
        assert basin.inside is sensitive_win(parameters, 1.0, start, 50_000)


def test_many_sets_at_once_agree_with_each_alone():
    rng = np.random.default_rng(5)
    values = np.array(PATIENT_2) * np.exp(0.4 * rng.standard_normal((60, 4)))
    ensemble = Ensemble(
        COMPETITION.parameter_names, values, np.full(60, 1 / 60), {"V0": V0, "f_R": 0.3}, "random"
    )
    doses = rng.uniform(0, 1, 60)
    result = basin_of_ensemble(COMPETITION, ensemble, doses)
    assert {Basin.INSIDE, Basin.OUTSIDE, Basin.NO_TARGET} <= set(result.basin)
    for i in range(0, 60, 6):
        assert in_basin(COMPETITION, values[i], {"V0": V0, "f_R": 0.3}, doses[i]) is result.basin[i]
    for i, basin in enumerate(result.basin):
        if basin is Basin.INSIDE:
            np.testing.assert_allclose(
                result.end_state[i], result.target[i], atol=0.06 * result.target[i].max()
            )
        if basin is Basin.NO_TARGET:
            assert np.all(np.isnan(result.target[i]))
            assert result.decided_by_day[i] == 0


def test_too_short_a_simulation_is_undecided():
    assert in_basin(COMPETITION, PATIENT_2, {"V0": V0}, 0.83, limit_days=300.0) is Basin.UNDECIDED
    assert Basin.UNDECIDED.inside is None


def test_an_extending_horizon_decides_what_a_short_one_cannot():
    ensemble = Ensemble.single(COMPETITION.parameter_names, np.array(PATIENT_2), {"V0": V0}, "estimate")
    assert basin_of_ensemble(COMPETITION, ensemble, 0.6).decided_by_day[0] == 2000.0
    slow = basin_of_ensemble(COMPETITION, ensemble, 0.83)
    assert slow.decided_by_day[0] == 8000.0
    assert slow.basin[0] is Basin.INSIDE


def test_turnover_leaves_one_winner_from_any_start():
    values = {"r_S": 0.027, "r_R": 0.015, "K": 1.0, "d_D": 0.75, "d_T": 0.008}
    for share in (0.01, 0.9):
        constants = {"V0": 0.5, "f_R": share}
        assert in_basin(TURNOVER, values, constants, 0.25) is Basin.INSIDE
        assert in_basin(TURNOVER, values, constants, 0.35) is Basin.NO_TARGET


def test_parameters_that_are_no_numbers_have_no_target():
    assert in_basin(COMPETITION, (np.nan, *PATIENT_2[1:]), {"V0": V0}, 0.5) is Basin.NO_TARGET


def test_impossible_questions_are_refused():
    with pytest.raises(ValueError, match="fractions of the maximum tolerated dose"):
        in_basin(COMPETITION, PATIENT_2, {"V0": V0}, 1.5)
    with pytest.raises(ValueError, match="needs every state: S, R"):
        in_basin(COMPETITION, PATIENT_2, {"V0": V0}, 0.5, start_state={"S": 1.0})
    with pytest.raises(ValueError, match="must be positive, got R = 0"):
        in_basin(COMPETITION, PATIENT_2, {"V0": V0}, 0.5, start_state={"S": 1.0, "R": 0.0})
