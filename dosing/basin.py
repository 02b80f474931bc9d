"""Whether a tumour under a constant dose ends with sensitive cells alone, decided by simulation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.window_numeric import Attractor, window_numbers
from dynamics.derivatives import growth_per_head
from dynamics.ensemble import Ensemble
from dynamics.jobs import parameter_row
from dynamics.model import Constant
from dynamics.schedule import DoseSchedule

if TYPE_CHECKING:
    from dynamics.model import Model

# First horizon, and the factor by which it grows until the answer is clear.
_FIRST_DAYS, _FACTOR = 2000.0, 4.0
# An approach counts where the states are this close to their end, and the dying population falls at no less
# than half of the rate that linearisation promises, tenfold over the second half of the simulation. Beside a
# separatrix the rate is near zero and the population hardly changes, however long it takes.
_CLOSE, _SHARE_OF_RATE, _DECAY = 0.05, 0.5, 0.1


class Basin(StrEnum):
    """Where a tumour ends under a constant dose; each member is a sentence."""

    INSIDE = "The tumour reaches the state with sensitive cells alone: resistant cells die out."
    OUTSIDE = "Resistant cells win: the tumour does not reach the state with sensitive cells alone."
    NO_TARGET = (
        "Under this dose there is no stable state with sensitive cells alone that could be reached: the dose "
        "lies above the window's upper edge, or sensitive cells die out."
    )
    UNDECIDED = (
        "Undecided: the longest simulation comes to no end, as happens to a tumour that starts on the border "
        "between both outcomes."
    )
    FAILED = "The simulation failed at these parameters."

    @property
    def inside(self) -> bool | None:
        """True or False where the answer is known, else None."""
        return {"INSIDE": True, "OUTSIDE": False, "NO_TARGET": False}.get(self.name)


_ANSWERS = tuple(Basin)
_UNDECIDED = _ANSWERS.index(Basin.UNDECIDED)


@dataclass(frozen=True)
class BasinResult:
    """Ends of m tumours under a constant dose.

    Parameters
    ----------
    basin : tuple of Basin, length m
    decided_by_day : ndarray, shape (m,)
        Simulated days that the answer took; 0 where no simulation was needed.
    end_state : ndarray, shape (m, states)
        State on that day; NaN where nothing was simulated.
    target : ndarray, shape (m, states)
        State with sensitive cells alone; NaN where there is none.
    """

    basin: tuple[Basin, ...]
    decided_by_day: np.ndarray
    end_state: np.ndarray
    target: np.ndarray


def in_basin(
    model: Model,
    parameters: Mapping[str, float] | Sequence[float] | np.ndarray,
    constants: Mapping[str, float] | None,
    dose: float,
    *,
    start_state: Mapping[str, float] | None = None,
    limit_days: float = 100_000.0,
) -> Basin:
    """Say whether one tumour ends with sensitive cells alone; see :func:`basin_of_ensemble`."""
    ensemble = Ensemble.single(
        model.parameter_names, parameter_row(model, parameters), constants or {}, "one parameter set"
    )
    result = basin_of_ensemble(model, ensemble, dose, start_state=start_state, limit_days=limit_days)
    return result.basin[0]


def basin_of_ensemble(
    model: Model,
    ensemble: Ensemble,
    dose: float | np.ndarray,
    *,
    start_state: Mapping[str, float] | None = None,
    limit_days: float = 100_000.0,
) -> BasinResult:
    """Simulate every parameter set under a constant dose until its end is clear.

    The window guarantees that the state with sensitive cells alone attracts what is near it; whether the
    patient's tumour is near enough depends on its start (Masud 2023, Fig. 2b). Passages close to the
    separatrix take thousands of days, so the horizon grows until the direction of the last state decides.

    Parameters
    ----------
    model : Model
        With the roles ``"sensitive"`` and ``"resistant"``.
    ensemble : Ensemble
        m parameter sets, with all constants of the model.
    dose : float or ndarray, shape (m,)
        Fraction of the maximum tolerated dose.
    start_state : mapping of str to float, optional
        Positive value of every state on day 0; the model's initial state where not given.
    limit_days : float
        Longest simulation. What is not clear by then is undecided.

    Returns
    -------
    BasinResult

    Raises
    ------
    WindowUnavailable
        No window, hence no state with sensitive cells alone, can be derived for this model.
    ValueError
        A dose outside [0, 1], or a start state that is not complete and positive.
    """
    numbers_of = window_numbers(model)
    count = len(ensemble)
    doses = np.broadcast_to(np.asarray(dose, dtype=float), (count,))
    if not np.all((doses >= 0) & (doses <= 1)):
        raise ValueError(f"doses are fractions of the maximum tolerated dose in [0, 1], got {dose}")
    runner, constants = _runner(model, ensemble.constants, start_state)
    columns = [ensemble.parameter_names.index(name) for name in model.parameter_names]
    values = ensemble.values[:, columns]
    numbers = numbers_of.numbers(model.parameter_names, values, ensemble.constants)
    target = numbers_of.attractor(numbers, doses)
    rival = numbers_of.resistant_attractor(numbers, doses)
    judge = _Judge(model, numbers, doses, target, rival)

    answer = np.full(count, _UNDECIDED)
    days, end = np.zeros(count), np.full((count, len(model.states)), np.nan)
    answer[~(target.present & (target.invasion < 0))] = _ANSWERS.index(Basin.NO_TARGET)
    horizon = min(_FIRST_DAYS, limit_days)
    while True:
        left = np.flatnonzero(answer == _UNDECIDED)
        if len(left):
            half, last, status = _simulate(runner, constants, values[left], doses[left], horizon)
            days[left], end[left] = horizon, last
            answer[left] = judge(left, half, last)
            # A run that needs too many steps is not a failure of the model: it has gone on for long enough.
            answer[left[status == 1]] = _ANSWERS.index(Basin.FAILED)
        if horizon >= limit_days or not len(left):
            break
        horizon = min(horizon * _FACTOR, limit_days)
    where = np.full((count, len(model.states)), np.nan)
    found = target.present & (target.invasion < 0)
    where[np.ix_(found, judge.rest_of_target)] = target.point.T[found]
    where[found, judge.resistant] = 0.0
    return BasinResult(tuple(_ANSWERS[a] for a in answer), days, end, where)


def _runner(
    model: Model, constants: Mapping[str, float], start_state: Mapping[str, float] | None
) -> tuple[Model, dict[str, float]]:
    """Return the model to simulate, with constants: a start state enters as constants of its own."""
    if start_state is None:
        return model, dict(constants)
    if set(start_state) != set(model.state_names):
        raise ValueError(
            f"start state names {', '.join(start_state)}; needs every state: {', '.join(model.state_names)}"
        )
    low = [
        f"{name} = {value:g}" for name, value in start_state.items() if not (np.isfinite(value) and value > 0)
    ]
    if low:
        raise ValueError(
            f"start state must be positive, got {', '.join(low)}; use a small number for an absent one"
        )
    # The values belong to this call, not to the model, so that one compiled model serves all starts.
    names = {s: f"{s}_on_day_0" for s in model.state_names}
    moved = dataclasses.replace(
        model,
        states=tuple(dataclasses.replace(s, initial=sp.Symbol(names[s.name])) for s in model.states),
        constants=(
            *model.constants,
            *(Constant(n, "burden", from_data="first_burden") for n in names.values()),
        ),
    )
    return moved, dict(constants) | {names[s]: float(value) for s, value in start_state.items()}


def _simulate(
    model: Model, constants: Mapping[str, float], values: np.ndarray, doses: np.ndarray, days: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States after half of the days, states at the end, and the status of each run."""
    from dynamics.simulate import simulate_batch

    shared = bool(np.all(doses == doses[0]))
    schedules = (
        DoseSchedule.constant(float(doses[0])) if shared else [DoseSchedule.constant(float(u)) for u in doses]
    )
    run = simulate_batch(model, values, schedules, np.array([0.0, 0.5 * days, days]), constants)
    return run.states[:, 1], run.states[:, 2], run.status


class _Judge:
    """Decides from two states of a run, and the direction at the last one, where it ends."""

    def __init__(
        self, model: Model, numbers: list[np.ndarray], doses: np.ndarray, target: Attractor, rival: Attractor
    ) -> None:
        roles = [s.role for s in model.states]
        self.sensitive, self.resistant = roles.index("sensitive"), roles.index("resistant")
        self.rest_of_target = [i for i in range(len(roles)) if i != self.resistant]
        self.rest_of_rival = [i for i in range(len(roles)) if i != self.sensitive]
        self.numbers, self.doses, self.target, self.rival = numbers, doses, target, rival
        known = [*model.parameter_symbols, *model.constant_symbols]
        ratios = growth_per_head(model)
        heads = [ratios[i] if ratios[i] is not None else sp.nan for i in (self.sensitive, self.resistant)]
        self.growth = sp.lambdify([list(model.state_symbols), known, *model.input_symbols], heads, "numpy")

    def __call__(self, which: np.ndarray, half: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Return the index of the answer for each of the parameter sets ``which``."""
        with np.errstate(all="ignore"):
            rates = self.growth(list(last.T), [n[which] for n in self.numbers], self.doses[which])
            sensitive, resistant = (np.broadcast_to(np.asarray(g, dtype=float), which.shape) for g in rates)
            won = self._approaches(
                self.target, which, half, last, self.rest_of_target, self.resistant, resistant
            )
            lost = self._approaches(
                self.rival, which, half, last, self.rest_of_rival, self.sensitive, sensitive
            )
        answer = np.where(won, _ANSWERS.index(Basin.INSIDE), _UNDECIDED)
        return np.where(lost, _ANSWERS.index(Basin.OUTSIDE), answer)

    def _approaches(
        self,
        end: Attractor,
        which: np.ndarray,
        half: np.ndarray,
        last: np.ndarray,
        others: list[int],
        dying: int,
        growth: np.ndarray,
    ) -> np.ndarray:
        """Whether the runs come to an end without one population, shape of ``which``."""
        point = end.point[:, which].T
        size = np.max(np.abs(point), axis=1)
        # Below the solver's accuracy a population is as good as gone, whatever its last digits do.
        falls = (last[:, dying] <= _DECAY * half[:, dying]) | (last[:, dying] <= 1e-9 * size)
        close = np.all(np.abs(last[:, others] - point) <= _CLOSE * size[:, None], axis=1)
        fast = growth <= _SHARE_OF_RATE * end.invasion[which]
        return end.present[which] & (end.invasion[which] < 0) & close & falls & fast
