"""One patient's negative log-likelihood as a function of lmfit ``Parameters``."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.lmfit_parameters import DISPERSION
from fitting.problem import OUT_OF_REACH, CohortProblem

if TYPE_CHECKING:
    from lmfit import Parameters

    from patients.cohort import Patient


@dataclass(frozen=True)
class Objective:
    """One patient's negative log-likelihood as a function of lmfit parameters."""

    problem: CohortProblem

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free vector."""
        names = self.problem.model.parameter_names
        return (*names, DISPERSION) if self.problem.likelihood.has_dispersion else names

    def vector(self, parameters: Parameters) -> np.ndarray:
        """Free vector, shape (q,): logarithms, NaN where a value is not positive."""
        values = np.array([parameters[name].value for name in self.names], dtype=float)
        return np.log(np.where(values > 0, values, np.nan))

    def __call__(self, parameters: Parameters) -> np.ndarray:
        """Negative log-likelihood of each visit, shape (n,)."""
        problem, n = self.problem, int(self.problem.measured[0].sum())
        q = self.vector(parameters)
        if not np.all(np.isfinite(q)):
            return np.full(n, OUT_OF_REACH)
        mu, _, solved = problem.outputs(q[None, :], np.zeros(1, dtype=int))
        phi = np.full(n, np.exp(q[-1]) if problem.likelihood.has_dispersion else 1.0)
        value = problem.likelihood.terms(problem.burdens[0], mu[0], phi, problem.censoring[0])[0]
        return value if solved[0] and np.all(np.isfinite(value)) else np.full(n, OUT_OF_REACH)

    def slopes(self, parameters: Parameters) -> tuple[tuple[str, ...], np.ndarray]:
        """Names of the varied parameters, derivatives (q, v) of the free vector in them.

        Expressions are evaluated by lmfit, so they are differentiated by central differences.
        """
        trial = copy.deepcopy(parameters)
        varied = tuple(name for name, parameter in trial.items() if parameter.vary)
        columns = []
        for name in varied:
            centre = float(trial[name].value)
            ends = []
            for sign in (1.0, -1.0):
                trial[name].value = centre + sign * 1e-6 * (abs(centre) or 1.0)
                trial.update_constraints()
                ends.append((float(trial[name].value), self.vector(trial)))
            trial[name].value = centre
            columns.append((ends[0][1] - ends[1][1]) / (ends[0][0] - ends[1][0]))
        return varied, np.array(columns).T

    def gradient(self, parameters: Parameters) -> np.ndarray:
        """Gradient of the negative log-likelihood in the varied parameters, shape (v,)."""
        _, gradient, _ = self.problem.evaluate(self.vector(parameters)[None, :], np.zeros(1, dtype=int))
        return gradient[0] @ self.slopes(parameters)[1]


def check_start(objective: Objective, parameters: Parameters, patient: Patient) -> None:
    """Refuse a start where the model cannot be solved, or where a varied parameter has no say.

    Raises
    ------
    ValueError
        Either of the two.
    """
    if np.sum(objective(parameters)) >= OUT_OF_REACH:
        values = ", ".join(f"{name}={parameters[name].value:g}" for name in objective.names)
        raise ValueError(
            f"patient {patient.patient_id!r}: the model cannot be solved at the start values {values}; check "
            "the dose schedule and the units of days and burdens, or start elsewhere"
        )
    varied, slopes = objective.slopes(parameters)
    idle = [name for name, column in zip(varied, slopes.T, strict=True) if not np.any(column)]
    if idle:
        raise ValueError(
            f"{', '.join(idle)} varies, but no parameter of model {objective.problem.model.name!r} depends "
            "on it; use it in an expression, or remove it"
        )
