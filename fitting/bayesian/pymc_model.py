"""One patient's posterior as a PyMC model that a user may extend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.bayesian.course_data import CourseData
from fitting.bayesian.prior_set import DISPERSION, PriorSet

if TYPE_CHECKING:
    import pymc as pm

    from dynamics.model import Model
    from fitting.likelihood import Likelihood

LOG_PARAMETERS = "log_parameters"
BURDEN = "burden"


def build_pymc_model(
    model: Model, likelihood: Likelihood, priors: PriorSet, data: CourseData, *, rtol: float = 1e-6
) -> pm.Model:
    """Write the posterior of one patient in PyMC.

    The vector ``log_parameters`` holds the logarithms of the parameters in units of their scales; each parameter
    stands beside it under its own name, in the model's units. ``mu`` is the model's output at the visits,
    ``burden`` what was measured there. Everything that differs between patients is a ``pm.Data``: measurements,
    doses, constants, and the whitening of the sampler's coordinates.

    Parameters
    ----------
    model : Model
    likelihood : Likelihood
    priors : PriorSet
    data : CourseData
        One patient's measurements, doses and whitening.
    rtol : float
        Tolerance of the solver.

    Returns
    -------
    pymc.Model
        Extend it in a ``with`` block; sample it with PyMC, or with
        :func:`fitting.bayesian.sampling.sample_model`.
    """
    import pymc as pm
    import pytensor.tensor as pt

    from fitting.bayesian.burden_distribution import burden_distribution
    from fitting.bayesian.log_parameters import log_parameters
    from fitting.bayesian.output_op import ModelOutputs

    with pm.Model(coords={"coordinate": priors.names}) as pymc_model:
        given = {name: pm.Data(name, value) for name, value in data.arrays().items()}
        q = log_parameters(LOG_PARAMETERS, priors, given, dims="coordinate")
        absolute = q + given["log_scale"]
        names = [*model.parameter_names, *([DISPERSION] if likelihood.has_dispersion else [])]
        for i, name in enumerate(names):
            pm.Deterministic(name, pt.exp(absolute[i]))
        p = len(model.parameters)
        outputs: Any = ModelOutputs(model, rtol)(
            absolute[None, :p], given["constants"], given["times"], given["n_times"], given["switches"],
            given["doses"], given["n_switches"],
        )  # fmt: skip
        mu = pm.Deterministic("mu", outputs[0])
        phi = pt.exp(absolute[p]) if likelihood.has_dispersion else None
        burden_distribution(BURDEN, likelihood, mu, phi, given, censored=data.is_censored)
    return pymc_model


def data_of(pymc_model: pm.Model) -> dict[str, Any]:
    """Return the names and values of a model's data."""
    return {v.name: np.asarray(v.get_value()) for v in pymc_model.data_vars}
