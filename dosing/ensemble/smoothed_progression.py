"""Time to progression made smooth: a further state of the model, so that adjoints can be derived as ever."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.ensemble.evaluation import EnsembleEvaluation
from dosing.ensemble.problem import EnsembleProblem
from dosing.progression import PROGRESSION_FACTOR, ProgressionRule
from dynamics.model import Constant, State
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dosing.ensemble.member_times import TtpSetting
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

# per day: how fast a burden on the wrong side of the level counts, so that a stay shorter than a day counts little
RATE = 1.0
_WIDTH, _LEVEL, _RATE = "ttp_width", "ttp_level", "ttp_rate"
_SURVIVING, _WAITED, _GAINED = "ttp_surviving", "ttp_waited", "ttp_gained"


@lru_cache(maxsize=32)
def smoothed_model(model: Model, rule: ProgressionRule) -> Model:
    """Add states in which a smoothed time to progression can be read at the end.

    With n the burden over the first one, L the level, w the width and a the rate, and s(z) = 1/(1 + exp(-z)):

    - ``FIRST_CROSSING`` (eq. 3.8 of Scagliotti 2026) and ``ABOVE_TOLERABLE`` (Masud 2023): the share that has not
      progressed falls while the burden is above the level, and the time to progression is its integral::

          dA/dt = -a s((n - L)/w) A,  A(0) = 1        dP/dt = A,  P(0) = 0        P(T)

    - ``LAST_BELOW`` (eq. 3.9): the days since the burden was last below the level are forgotten while it is below::

          dQ/dt = 1 - a s((L - n)/w) Q,  Q(0) = 0        T - Q(T)

    As w and 1/a go to zero, both go to the exact time. Their derivatives in the dose are those of a differential
    equation, derived like those of any cost.

    Parameters
    ----------
    model : Model
        Its first output is the burden.
    rule : ProgressionRule

    Raises
    ------
    ModelError
        A model that uses the names of the new states and constants.
    """
    width, level, rate = sp.symbols(f"{_WIDTH} {_LEVEL} {_RATE}")
    burden = model.outputs[0].expr
    initially = dict(zip(model.state_symbols, model.initial.flat(), strict=True))
    first = sp.factor_terms(sp.expand(substitute(burden, initially)))
    above = (burden / first - level) / width
    if rule is not ProgressionRule.LAST_BELOW:
        surviving = sp.Symbol(_SURVIVING)
        added = (
            State(_SURVIVING, -rate * _sigmoid(above) * surviving, sp.S.One, "1", "share not progressed"),
            State(_GAINED, surviving, sp.S.Zero, "days", "smoothed time to progression"),
        )
    else:
        waited = sp.Symbol(_WAITED)
        added = (
            State(
                _WAITED, 1 - rate * _sigmoid(-above) * waited, sp.S.Zero, "days", "since last below, smoothed"
            ),
        )
    return dataclasses.replace(
        model,
        name=f"{model.name}_smoothed_{rule.name.lower()}",
        states=(*model.states, *added),
        constants=(
            *model.constants,
            Constant(_WIDTH, "1", "width of the smoothed level, in first burdens", 0.1),
            Constant(_LEVEL, "1", "level of progression, in first burdens", PROGRESSION_FACTOR),
            Constant(_RATE, "per day", "rate at which a burden beyond the level counts", RATE),
        ),
    )


def _sigmoid(z: sp.Expr) -> sp.Expr:
    """1/(1 + exp(-z)), in a form that does not overflow."""
    return (1 + sp.tanh(z / 2)) / 2


class SmoothedProgression:
    """Smoothed times to progression of an ensemble as functions of doses that are held between visits.

    A smoothed time is a means of search and never a time to progression: that is what
    :func:`dosing.ensemble.member_times.member_times` gives.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
    setting : TtpSetting
        Horizon, rule, level and method; the steps have a fixed length.
    hold_days : float
        Each dose is held so long.
    width : float
        Of the level, as a multiple of the first burden.
    steps_per_day : int, optional
        Those of the setting where not given.
    rate : float
        Per day.

    Raises
    ------
    ProblemError
        See :class:`dosing.ensemble.problem.EnsembleProblem` and
        :class:`dosing.ensemble.evaluation.EnsembleEvaluation`.
    """

    def __init__(
        self,
        model: Model,
        ensemble: Ensemble,
        setting: TtpSetting,
        hold_days: float,
        width: float,
        steps_per_day: int | None = None,
        rate: float = RATE,
    ) -> None:
        self._first = setting.rule is not ProgressionRule.LAST_BELOW
        self._horizon = setting.horizon_days
        self.width = width
        augmented = smoothed_model(model, setting.rule)
        problem = EnsembleProblem.define(
            augmented,
            ensemble,
            horizon_days=setting.horizon_days,
            terminal=f"-{_GAINED}" if self._first else _WAITED,
            constants={_WIDTH: width, _LEVEL: setting.level, _RATE: rate},
            scheme=setting.method,
            steps_per_day=setting.steps_per_day if steps_per_day is None else steps_per_day,
        )
        self.evaluation = EnsembleEvaluation(problem, hold_days)

    @property
    def edges_days(self) -> np.ndarray:
        """Days between which doses are held, shape (v + 1,)."""
        return self.evaluation.edges_days

    def days(self, doses: np.ndarray) -> np.ndarray:
        """Smoothed times of all members, shape (m,), under doses of shape (v,)."""
        return self._days(self.evaluation.outcomes(doses).costs)

    def gradient(self, doses: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the smoothed days, shape (m,), and the derivatives of their sum with these weights, shape (v,)."""
        outcomes, found = self.evaluation.gradient(doses, weights)
        return self._days(outcomes.costs), -found[:, 0]

    def _days(self, costs: np.ndarray) -> np.ndarray:
        """Days from costs, which are to be minimised."""
        return -costs if self._first else self._horizon - costs
