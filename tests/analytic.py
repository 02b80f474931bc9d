"""Problems whose solution is a formula, so that profiles have known answers and nothing is compiled."""

import dataclasses
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp

from dynamics.model import Constant, Model, Parameter
from dynamics.schedule import DoseSchedule
from fitting.likelihood import get_likelihood
from fitting.optimizer import minimise
from fitting.problem import CohortProblem, build_problem
from fitting.result import Fit, FitStatus
from patients.cohort import Patient

T = sp.Symbol("t")


@cache
def compiled(solution, symbols):
    """Value and slopes in log parameters as functions of (t, V0, parameters)."""
    arguments = [T, sp.Symbol("V0"), list(symbols)]
    slopes = [solution.diff(s) * s for s in symbols]
    return sp.lambdify(arguments, [solution, *slopes], "numpy", cse=True)


@dataclass(frozen=True)
class AnalyticProblem(CohortProblem):
    """A problem whose model is solved by a formula in ``t``, the parameters and ``V0``."""

    solution: sp.Expr | None = None

    def outputs(self, q, who, *, sensitive=False):
        assert self.solution is not None
        symbols = self.model.parameter_symbols
        first, times = self.courses.constants[who][:, [0]], self.courses.times[who]
        with np.errstate(all="ignore"):
            rows = compiled(self.solution, symbols)(times, first, np.exp(q[:, : len(symbols)]).T[:, :, None])
        y, *slopes = (np.broadcast_to(row, times.shape) for row in rows)
        return y, np.stack(slopes, axis=-1), np.all(np.isfinite(y), axis=1)


def make_problem(rate, parameters, times, burdens, likelihood="log_normal", solution=None):
    """One patient whose tumour grows as ``a V0 exp(rate t)``, or by another formula.

    Parameters
    ----------
    rate : str
        Growth rate per day, in the parameters.
    parameters : dict of str to (lower, upper)
        Bounds; ``a``, the first burden relative to V0, may be one of them.
    """
    start = "a*V0" if "a" in parameters else "V0"
    model = Model.define(
        "toy",
        states={"x": f"({rate})*x"},
        initial={"x": start},
        outputs={"burden": "x"},
        parameters=[Parameter(n, "1", low, high) for n, (low, high) in parameters.items()],
        constants=[Constant("V0", "burden", from_data="first_burden")],
        inputs=(),
    )
    patient = Patient("toy", np.asarray(times), np.asarray(burdens), DoseSchedule.constant(0.0))
    problem = build_problem([patient], model, get_likelihood(likelihood))
    formula = sp.sympify(solution or f"{start}*exp(({rate})*t)")
    fields = {f.name: getattr(problem, f.name) for f in dataclasses.fields(CohortProblem)}
    return AnalyticProblem(**fields, solution=formula)


def optimise(problem, start, fixed=None):
    """Optimum from a start in the model's units; ``fixed`` names components that stay."""
    start = np.log(np.atleast_2d(np.asarray(start, dtype=float)))
    mask = np.zeros(start.shape, dtype=bool)
    mask[:, [] if fixed is None else fixed] = True
    who = np.zeros(len(start), dtype=int)
    return minimise(
        problem.evaluate,
        start,
        who,
        problem.lower[who],
        problem.upper[who],
        fixed=mask,
        tolerance=1e-13,
        max_iterations=500,
    )


def fit_from(problem, *starts):
    """The best optimum from these starts as a fit."""
    minima = optimise(problem, starts)
    best = int(np.argmin(minima.value))
    q, p = minima.q[best], problem.n_parameters
    n = int(problem.measured[0].sum())
    return Fit(
        patient_id="toy",
        model_name="toy",
        likelihood=problem.likelihood.name,
        parameter_names=problem.model.parameter_names,
        parameter_units=("1",) * p,
        estimates=np.exp(q[:p]),
        lower=np.exp(problem.lower[0, :p]),
        upper=np.exp(problem.upper[0, :p]),
        log_covariance=np.full((p, p), np.nan),
        nll=float(minima.value[best]),
        dispersion=float(np.exp(q[p])) if problem.likelihood.has_dispersion else None,
        constants={"V0": float(problem.burdens[0, 0])},
        fitted=np.zeros(n),
        residuals=np.zeros(n),
        starts=len(starts),
        starts_at_optimum=1,
        optima=np.exp(q[None, :p]),
        optima_nll=minima.value[[best]],
        status=FitStatus.CONVERGED,
        converged=True,
    )
