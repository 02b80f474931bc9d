"""What tables and page say of one patient's posterior, computed part by part."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from workbench.posterior_window import WindowDraws, summarise_window, window_draws

if TYPE_CHECKING:
    from xarray import DataTree

    from dynamics.model import Model
    from fitting.bayesian.posterior import Posterior, PosteriorStatus
    from fitting.posterior_checks.convergence import Convergence
    from fitting.posterior_checks.leave_one_out import LeaveOneOut
    from fitting.posterior_checks.predictive import PredictiveCheck
    from fitting.posterior_checks.sensitivity_result import Sensitivity
    from patients.cohort import Patient
    from workbench.posterior_window import PosteriorWindow

QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
DISPERSION = "dispersion"


@dataclass(frozen=True)
class ParameterSummary:
    """One row of the table: a parameter under the posterior.

    Parameters
    ----------
    name, unit : str
    mean, sd : float
    quantiles : ndarray, shape (5,)
        At ``QUANTILES``.
    rhat, ess_bulk, ess_tail : float
    contraction : float
        1 - var(posterior)/var(prior), of the logarithms; NaN where the prior is not kept.
    source : str
        Code of :class:`fitting.posterior_checks.sensitivity_result.Source`; empty where it was not judged.
    """

    name: str
    unit: str
    mean: float
    sd: float
    quantiles: np.ndarray
    rhat: float
    ess_bulk: float
    ess_tail: float
    contraction: float = math.nan
    source: str = ""


@dataclass(frozen=True)
class PosteriorSummary:
    """One patient's posterior in tables and page.

    Parameters
    ----------
    patient : Patient
    status : PosteriorStatus or None
        None where there is no posterior.
    reason : str
        The status as a sentence, or why there is no posterior.
    usable : bool
        Whether a dose may rest on it.
    posterior : Posterior or None
        Dropped once its figures are drawn.
    parameters, convergence, loo, predictive, prior_predictive, sensitivities, window
        What was computed; of a posterior that is not usable only parameters, convergence, predictions.
    notes : tuple of str
        What could not be computed, with the reason, and why there is no window.
    """

    patient: Patient
    status: PosteriorStatus | None
    reason: str
    usable: bool = False
    posterior: Posterior | None = None
    parameters: tuple[ParameterSummary, ...] = ()
    convergence: Convergence | None = None
    loo: LeaveOneOut | None = None
    predictive: PredictiveCheck | None = None
    prior_predictive: PredictiveCheck | None = None
    sensitivities: tuple[Sensitivity, ...] = ()
    window: PosteriorWindow | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def failed(self) -> bool:
        """Whether there are no draws, or draws of chains that did not converge."""
        return self.status is None or self.status.name in ("NOT_CONVERGED", "FAILED")

    def light(self) -> PosteriorSummary:
        """Return the same without draws, so that a large cohort is not held in memory as a whole."""
        loo = dataclasses.replace(self.loo, log_weights=np.zeros((0, 0, 0))) if self.loo else None
        return dataclasses.replace(self, posterior=None, loo=loo)


def summarise(
    patient: Patient, found: Posterior | str | None, model: Model, k_tol_ratio: float
) -> PosteriorSummary:
    """Check a posterior, and derive the window from it where it is usable.

    Parameters
    ----------
    patient : Patient
    found : Posterior, str or None
        The posterior, or why there is none.
    model : Model
    k_tol_ratio : float
        Tolerable burden in multiples of the first one.
    """
    if found is None or isinstance(found, str):
        reason = found or "no posterior was asked for; evodose fit --bayes computes one."
        return PosteriorSummary(patient, None, f"No posterior: {reason}")
    summary = _Summary(patient, found, model, k_tol_ratio)
    return summary.complete()


class _Summary:
    """The parts of one patient's summary; what fails costs only itself."""

    def __init__(self, patient: Patient, posterior: Posterior, model: Model, k_tol_ratio: float) -> None:
        self.patient, self.posterior, self.model, self.k_tol_ratio = patient, posterior, model, k_tol_ratio
        self.notes: list[str] = []
        self.tree: DataTree = posterior.tree.copy()
        self.tree.attrs |= {
            "patient_id": patient.patient_id, "model": posterior.model_name, "likelihood": posterior.likelihood,
        }  # fmt: skip

    def complete(self) -> PosteriorSummary:
        """Compute everything."""
        from fitting.posterior_checks.convergence import check_convergence
        from fitting.posterior_checks.leave_one_out import leave_one_out
        from fitting.posterior_checks.predictive import check_predictions

        usable = self.posterior.usable
        convergence = self.part("convergence", lambda: check_convergence(self.tree))
        loo = self.part("leave-one-out", lambda: leave_one_out(self.tree)) if usable else None
        after = (
            self.part("the predictive check", lambda: check_predictions(self.tree, loo=loo))
            if usable
            else None
        )
        if not usable:
            after = self.part("the predictive check", lambda: check_predictions(self.tree))
        before = self.part("the check of the prior", lambda: check_predictions(self.tree, "prior_predictive"))
        edges = self.edges() if usable else None
        judged = self.sensitivities(edges) if usable else {}
        names = [*self.posterior.parameter_names, DISPERSION]
        parameters = self.part("the parameters", lambda: self.parameters(convergence, judged)) or ()
        window = None
        if edges is not None and judged:
            window = self.part("the dose window", lambda: summarise_window(edges, judged))
        if not usable:
            self.notes.append("No dose window is derived from a posterior that is not usable.")
        return PosteriorSummary(
            self.patient, self.posterior.status, self.posterior.status.value, usable, self.posterior, parameters,
            convergence, loo, after, before, tuple(judged[n] for n in names if n in judged), window, tuple(self.notes),
        )  # fmt: skip

    def edges(self) -> WindowDraws | None:
        """Window at each draw; a note where the model has none."""
        from dosing.window import WindowUnavailable

        try:
            return window_draws(self.posterior, self.patient, self.model, self.k_tol_ratio)
        except WindowUnavailable as error:
            self.notes.append(f"No dose window: {error}")
        except Exception as error:
            self.notes.append(f"The dose window could not be computed: {type(error).__name__}: {error}")
        return None

    def sensitivities(self, edges: WindowDraws | None) -> dict[str, Sensitivity]:
        """Judge parameters and edges together."""
        from fitting.posterior_checks.prior_sensitivity import prior_sensitivity
        from fitting.posterior_checks.reading import scalar_draws

        quantities = scalar_draws(self.tree) | (edges.quantities if edges else {})
        found = self.part(
            "what is data and what is prior",
            lambda: prior_sensitivity(
                self.tree, quantities, prior_quantities=edges.prior_quantities if edges else None
            ),
        )
        return {s.quantity: s for s in found or ()}

    def parameters(
        self, convergence: Convergence | None, judged: dict[str, Sensitivity]
    ) -> tuple[ParameterSummary, ...]:
        """One row a parameter, the dispersion last."""
        from fitting.posterior_checks.reading import scalar_draws
        from workbench.report.labels import marker_unit

        units = {p.name: p.unit for p in self.model.parameters} | {DISPERSION: ""}
        chains = {p.name: p for p in convergence.parameters} if convergence else {}
        rows = []
        for name, values in scalar_draws(self.tree).items():
            one, source = chains.get(name), judged.get(name)
            unit = units.get(name, "")
            rows.append(
                ParameterSummary(
                    name, {"1": "", "burden": marker_unit(self.patient.marker)}.get(unit, unit), float(values.mean()),
                    float(values.std(ddof=1)), np.quantile(values, QUANTILES), one.rhat if one else math.nan,
                    one.ess_bulk if one else math.nan, one.ess_tail if one else math.nan,
                    source.contraction.contraction if source and source.contraction else math.nan,
                    source.source.code if source else "",
                )
            )  # fmt: skip
        return tuple(rows)

    def part[T](self, what: str, compute: Callable[[], T]) -> T | None:
        """Compute a part; a note where that raises."""
        try:
            return compute()
        except MemoryError:
            raise
        except Exception as error:
            self.notes.append(
                f"{what[0].upper()}{what[1:]} could not be computed: {error or type(error).__name__}"
            )
            return None
