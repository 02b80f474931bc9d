"""Results made by hand, with the shape of real ones, for the rooms that read them."""

import numpy as np

from dynamics.catalogue import get_model
from dynamics.ensemble import Ensemble
from fitting.result import Fit, FitStatus
from identifiability.profiles.sides import intervals_of
from identifiability.result import Diagnosis, FisherInformation, Profile, SideStatus, Verdict

MODEL = get_model("competition")
NAMES = MODEL.parameter_names
V0 = 359.0
PATIENT_2 = np.array([0.131799194, 580.8725024, 0.089001925, 2.291960323])  # Masud 2023, Table 1
THRESHOLD = 1.9207


def make_fit(points=6, converged=True, estimates=PATIENT_2, **changes):
    """A converged Poisson fit of the competition model."""
    estimates = np.asarray(estimates, dtype=float)
    given = {
        "patient_id": "P",
        "model_name": "competition",
        "likelihood": "poisson",
        "parameter_names": NAMES,
        "parameter_units": tuple(p.unit for p in MODEL.parameters),
        "estimates": estimates,
        "lower": np.array([1e-3, 0.2 * V0, 1e-3, 0.01]),
        "upper": np.array([4.0, 1000 * V0, 10.0, 100.0]),
        "log_covariance": 0.01 * np.eye(len(estimates)),
        "nll": 18.5,
        "dispersion": None,
        "constants": {"V0": V0, "f_R": 0.01},
        "fitted": np.full(points, V0),
        "residuals": np.zeros(points),
        "starts": 12,
        "starts_at_optimum": 9,
        "optima": estimates[None, :],
        "optima_nll": np.array([18.5]),
        "status": FitStatus.CONVERGED if converged else FitStatus.FAILED,
        "converged": converged,
    }
    return Fit(**(given | changes))


def make_profile(parameter, values, rise, lower="closed", upper="closed", fit=None, sets=None):
    """A profile with these rises; the other parameters stay at the estimate unless ``sets`` says otherwise."""
    fit = fit or make_fit()
    values, rise = np.asarray(values, dtype=float), np.asarray(rise, dtype=float)
    index = fit.parameter_names.index(parameter)
    if sets is None:
        sets = np.tile(fit.estimates, (len(values), 1))
        sets[:, index] = values
    return Profile(
        parameter,
        values,
        fit.nll + rise,
        np.asarray(sets, dtype=float),
        float(fit.estimates[index]),
        fit.nll,
        THRESHOLD,
        0.95,
        1,
        intervals_of(values, rise, THRESHOLD, rise <= THRESHOLD),
        SideStatus(lower),
        SideStatus(upper),
    )


def parabola(parameter, sd=0.1, points=25, fit=None, lower="closed", upper="closed"):
    """A profile that is a parabola in the logarithm, to 3 standard deviations on both sides."""
    fit = fit or make_fit()
    steps = np.linspace(-3, 3, points)
    return make_profile(parameter, fit[parameter] * np.exp(sd * steps), 0.5 * steps**2, lower, upper, fit)


def make_information(rank=4, variant="paper"):
    """An information matrix of this rank."""
    eigenvalues = np.where(np.arange(4) < rank, [1e4, 1e2, 1.0, 0.1], 0.0)
    condition = float(eigenvalues[0] / eigenvalues[-1]) if rank == 4 else np.inf
    return FisherInformation(variant, np.diag(eigenvalues), eigenvalues, np.eye(4), rank, 1e-15, condition)


def make_ensemble(values, weights=None, provenance="made by hand", constants=None):
    """Parameter sets of the competition model."""
    values = np.atleast_2d(np.asarray(values, dtype=float))
    weights = np.full(len(values), 1 / len(values)) if weights is None else np.asarray(weights, dtype=float)
    return Ensemble(NAMES, values, weights, constants or {"V0": V0, "f_R": 0.01}, provenance)


def make_diagnosis(ensemble, profiles=(), open_parameters=("c",), criterion="profile95"):
    """A diagnosis with the verdicts that a recommendation reads."""
    verdicts = [
        Verdict(criterion, n, n not in open_parameters, "closed", "closed", f"About {n}.") for n in NAMES
    ]
    verdicts.append(Verdict(criterion, "all", not open_parameters, "", "", "About all."))
    return Diagnosis(
        "P",
        tuple(profiles),
        make_information(variant="expected"),
        make_information(),
        tuple(verdicts),
        ensemble,
    )
