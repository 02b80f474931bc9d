"""The hierarchical model of a cohort in PyMC, which a user may extend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.bayesian.prior_set import DISPERSION, PriorSet
from fitting.population.cohort_data import CohortData
from fitting.population.shape import CohortShape

if TYPE_CHECKING:
    import pymc as pm

    from dynamics.model import Model
    from fitting.likelihood import Likelihood

LOG_PARAMETERS, BURDEN, LOG_DISPERSION = "log_parameters", "burden", "log_dispersion"
EFFECT_SD = 0.5  # of a covariate's effect on the log scale, for one standard deviation of it
# log determinant, centre, precision, and the arrays of CohortShape
SIGNATURE = "(),(w,c),(c,c)," + (
    "(w,c,c),(w,c),(w,c),(w,c,c),(w,c),(w,c),(w,c),(w,c),(w,c,c),(w,c),(f,c),(w,c,f),(w,c,f)->(w,c)"
)
LKJ_SHAPE = 2.0  # of the correlations: weakly in favour of none


@dataclass(frozen=True)
class PopulationDesign:
    r"""What varies between patients, and how.

    The coordinates of patient i, logarithms of its parameters in units of their scales, are

    .. math:: x_i \sim N(\mu + B' z_i, \Omega)

    with :math:`\Omega = \mathrm{diag}(\omega^2)`, or full where ``correlated``, and standardised covariates z. The
    bounds of single fits are no part of it: a population is normal on the log scale throughout.

    Parameters
    ----------
    model : Model
    likelihood : Likelihood
    priors : PriorSet
        Of the typical values mu; of a shared dispersion, too. A prior that is not log-normal is replaced by the
        log-normal that comes closest.
    spread : ndarray, shape (c,)
        Scale of the half-normal prior of omega. At 1, half of the prior mass lies below 0.67, where 95 % of the
        patients are within a factor of 3.7 of the typical value, and 95 % below 1.96, a factor of 47.
    shared_dispersion : bool
        One dispersion for all patients; else it varies between them as the parameters do.
    correlated : bool
        Whether parameters are correlated between patients.
    covariates : tuple of str
    """

    model: Model
    likelihood: Likelihood
    priors: PriorSet
    spread: np.ndarray
    shared_dispersion: bool = True
    correlated: bool = False
    covariates: tuple[str, ...] = ()

    @property
    def has_shared(self) -> bool:
        """Whether a dispersion is shared."""
        return self.likelihood.has_dispersion and self.shared_dispersion

    @property
    def names(self) -> tuple[str, ...]:
        """Names of a patient's coordinates."""
        return self.priors.names[:-1] if self.has_shared else self.priors.names

    @property
    def size(self) -> int:
        """Number of a patient's coordinates."""
        return len(self.names)

    @property
    def mu_prior(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the normal priors of mu, shape (c,) each."""
        sd = 1 / np.sqrt(np.diag(self.priors.normal_precision))
        return self.priors.normal_mean[: self.size], sd[: self.size]


def build_population_model(
    design: PopulationDesign,
    data: CohortData,
    shape: CohortShape,
    patient_ids: Sequence[str],
    covariates: np.ndarray | None = None,
    *,
    rtol: float = 1e-6,
) -> pm.Model:
    """Write the posterior of a cohort in PyMC; one solve of all patients is one operation.

    ``mu``, ``omega`` and, by option, ``effects`` and ``correlation`` describe the population; ``log_parameters`` holds
    the coordinates of all patients; each parameter stands beside it under its own name, in the model's units;
    ``prediction`` is the model's output at all visits. The coordinates that the sampler sees are a transform of
    ``log_parameters``: see :class:`fitting.population.patient_transform.GivenPopulation`.

    Parameters
    ----------
    design : PopulationDesign
    data : CohortData
    shape : CohortShape
        Decides the sampler's coordinates, not the posterior.
    patient_ids : sequence of str
    covariates : ndarray, shape (w, k), optional
        Standardised.
    rtol : float
        Tolerance of the solver.
    """
    import pymc as pm
    import pytensor.tensor as pt

    from fitting.bayesian.burden_distribution import burden_distribution
    from fitting.bayesian.output_op import ModelOutputs
    from fitting.population.patient_transform import GivenPopulation

    names, c, w = design.names, design.size, len(patient_ids)
    coords = {"coordinate": names, "patient": list(patient_ids), "visit": np.arange(len(data.burdens))}
    if design.covariates:
        coords["covariate"] = design.covariates
    with pm.Model(coords=coords) as pymc_model:
        given: dict[str, Any] = {name: pm.Data(name, value) for name, value in data.arrays().items()}
        centre = typical_values(design, w, covariates)
        precision, log_det = between_patients(design)
        x: Any = pm.CustomDist(
            LOG_PARAMETERS, log_det, centre, precision,
            *(pm.Data(f"shape_{name}", value) for name, value in shape.arrays().items()),
            logp=_log_density, random=_draw, transform=GivenPopulation(),
            signature=SIGNATURE, dims=("patient", "coordinate"),
        )  # fmt: skip
        absolute = x + given["log_scale"][:, :c]
        for i, name in enumerate(names):
            pm.Deterministic(name, pt.exp(absolute[:, i]), dims="patient")
        p = len(design.model.parameters)
        outputs: Any = ModelOutputs(design.model, rtol)(
            absolute[:, :p], given["constants"], given["times"], given["n_times"], given["switches"],
            given["doses"], given["n_switches"],
        )  # fmt: skip
        prediction = pm.Deterministic("prediction", outputs[0], dims="visit")
        phi = _dispersion(design, given, absolute, data.who)
        burden_distribution(BURDEN, design.likelihood, prediction, phi, given, censored=data.is_censored)
    return pymc_model


def typical_values(design: PopulationDesign, count: int, covariates: np.ndarray | None) -> Any:
    """Declare mu and the covariates' effects, and return what each patient's coordinates vary around, (w, c)."""
    import pymc as pm
    import pytensor.tensor as pt

    mean, sd = design.mu_prior
    mu: Any = pm.Normal("mu", mean, sd, dims="coordinate")
    centre = pt.broadcast_to(mu[None, :], (count, design.size))
    if design.covariates:
        z: Any = pm.Data("covariates", np.asarray(covariates, float))
        effects = pm.Normal("effects", 0.0, EFFECT_SD, dims=("covariate", "coordinate"))
        centre = centre + z @ effects
    return centre


def between_patients(design: PopulationDesign) -> tuple[Any, Any]:
    """Declare omega, and return the precision between patients with the logarithm of its determinant."""
    import pymc as pm
    import pytensor.tensor as pt
    from pytensor.tensor.linalg import solve_triangular

    if not design.correlated:
        omega: Any = pm.HalfNormal("omega", design.spread, dims="coordinate")
        return pt.diag(omega**-2), -2 * _total(pt.log(omega))
    c = design.size
    lower, correlation, omega = pm.LKJCholeskyCov(
        "between", n=c, eta=LKJ_SHAPE, sd_dist=pm.HalfNormal.dist(design.spread), compute_corr=True
    )
    pm.Deterministic("omega", omega, dims="coordinate")
    pm.Deterministic("correlation", correlation)
    inverse = solve_triangular(lower, pt.as_tensor(np.eye(c)), lower=True)
    return inverse.T @ inverse, -2 * _total(pt.log(pt.diag(lower)))


def _total(x: Any) -> Any:
    """Sum a tensor."""
    return x.sum()


def _dispersion(design: PopulationDesign, given: dict[str, Any], absolute: Any, who: np.ndarray) -> Any:
    """Dispersion of each visit, shape (n,), or None."""
    import pymc as pm
    import pytensor.tensor as pt

    if not design.likelihood.has_dispersion:
        return None
    if not design.has_shared:
        return pt.exp(absolute[who, -1])
    c = design.priors.coordinates[-1]
    shared = (
        pm.TruncatedNormal(LOG_DISPERSION, c.mean, c.sd, lower=c.lower, upper=c.upper)
        if c.is_bounded
        else pm.Normal(LOG_DISPERSION, c.mean, c.sd)
    )
    pm.Deterministic(DISPERSION, pt.exp(shared))
    return pt.exp(shared + given["log_scale"][who, -1])


def _log_density(value: Any, log_det: Any, centre: Any, precision: Any, *_: Any) -> Any:
    """Log density of all patients' coordinates given the population."""
    away = value - centre
    w, c = away.shape[0], away.shape[1]
    return -0.5 * ((away @ precision) * away).sum() + 0.5 * w * (log_det - c * np.log(2 * np.pi))


def _draw(
    _log_det: Any,
    centre: np.ndarray,
    precision: np.ndarray,
    *_: Any,
    rng: np.random.Generator | None = None,
    size: Any = None,
) -> np.ndarray:
    """Draw coordinates of all patients from the population."""
    generator = np.random.default_rng() if rng is None else rng
    lower = np.linalg.cholesky(np.linalg.inv(precision))
    shape = (*(() if size is None else tuple(int(s) for s in size)), *centre.shape)
    return centre + generator.standard_normal(shape) @ lower.T
