"""A cohort's population as fitted: what tables, plots and new patients read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.bayesian.prior_set import DISPERSION, PriorSet, build_priors, population_priors

if TYPE_CHECKING:
    from xarray import DataTree

    from fitting.bayesian.posterior import Posterior

CONVERGED = (
    "Converged: the chains of the population and of every patient agree, with enough effective draws, "
    "none diverged."
)


@dataclass(frozen=True)
class Population:
    """Draws of a population and of its patients.

    Parameters
    ----------
    model_name, likelihood : str
    parameter_names : tuple of str
        Of the model.
    coordinate_names : tuple of str
        Of what varies between patients: the parameters and, unless it is shared, the dispersion.
    scales : mapping of str to str
        The constant that a coordinate is measured in, or ``""``.
    patient_ids : tuple of str
    constants : mapping of str to mapping
        The model's constants of each patient.
    tree : xarray.DataTree
        ``posterior``: ``mu``, ``omega`` (chain, draw, coordinate) on the log scale; ``log_parameters`` (chain, draw,
        patient, coordinate); every coordinate by name (chain, draw, patient) in the model's units; by option
        ``effects``, ``correlation``, ``log_dispersion`` of a shared dispersion. ``prediction`` (chain, draw, visit)
        is the output at the visits of all patients end to end. ``sample_stats``, ``log_likelihood``,
        ``observed_data`` with the patient and the day of each visit.
    status : str
        How sampling ended, in words.
    usable : bool
    covariates : mapping of str to (mean, standard deviation)
    warnings : tuple of str
    provenance : mapping
        Priors in words, seed, settings, versions, seconds.
    """

    model_name: str
    likelihood: str
    parameter_names: tuple[str, ...]
    coordinate_names: tuple[str, ...]
    scales: dict[str, str]
    patient_ids: tuple[str, ...]
    constants: dict[str, dict[str, float]]
    tree: DataTree
    status: str
    usable: bool
    covariates: dict[str, tuple[float, float]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    def draws(self, name: str) -> np.ndarray:
        """All draws of a variable of the posterior, chains end to end, shape (m, ...)."""
        values = np.asarray(self.tree["posterior"].dataset[name])
        return values.reshape(-1, *values.shape[2:])

    @property
    def has_shared_dispersion(self) -> bool:
        """Whether all patients have one dispersion."""
        return "log_dispersion" in self.tree["posterior"].dataset

    @property
    def standardised(self) -> np.ndarray:
        """Covariates of the patients as they were fitted, shape (w, k)."""
        return np.asarray(self.tree["constant_data"].dataset["covariates"])

    @cached_property
    def omegas(self) -> np.ndarray:
        """Draws of the covariance between patients, shape (m, c, c)."""
        omega = self.draws("omega")
        outer = omega[:, :, None] * omega[:, None, :]
        if "correlation" in self.tree["posterior"].dataset:
            return outer * self.draws("correlation")
        return outer * np.eye(omega.shape[1])

    def predictive_moments(self, covariates: dict[str, float] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of a new patient's coordinates, a shared dispersion last.

        The mean is that of mu; the covariance is E[Omega] + Cov(mu).

        Parameters
        ----------
        covariates : mapping of str to float
            Of the new patient, in the units of the fit.

        Raises
        ------
        ValueError
            A covariate that is missing or not known.
        """
        given = covariates or {}
        if set(given) != set(self.covariates):
            raise ValueError(
                f"new patient: the population was fitted with the covariates {', '.join(self.covariates) or 'none'}, "
                f"given are {', '.join(given) or 'none'}"
            )
        mu = self.draws("mu")
        if self.covariates:
            z = np.array([(given[name] - mean) / sd for name, (mean, sd) in self.covariates.items()])
            mu = mu + np.einsum("k,mkc->mc", z, self.draws("effects"))
        between = self.omegas.mean(axis=0)
        if self.has_shared_dispersion:
            mu = np.column_stack([mu, self.draws("log_dispersion")])
            between = np.pad(between, (0, 1))
        return mu.mean(axis=0), between + np.cov(mu.T)

    def priors(self, covariates: dict[str, float] | None = None) -> PriorSet:
        """Prior of a new patient: the joint normal of :meth:`predictive_moments`, without bounds."""
        from dynamics import get_model
        from fitting.likelihood import get_likelihood
        from fitting.population.shape import unbounded

        base = build_priors(get_model(self.model_name), get_likelihood(self.likelihood))
        mean, covariance = self.predictive_moments(covariates)
        source = f"population of {len(self.patient_ids)} patients, {self.model_name} model"
        return unbounded(population_priors(base, mean, covariance, source))

    def patient(self, patient_id: str) -> Posterior:
        """Posterior of one patient of the cohort, as the later rooms read it.

        Raises
        ------
        KeyError
            No such patient.
        """
        import xarray

        from fitting.bayesian.posterior import Posterior, PosteriorStatus

        if patient_id not in self.patient_ids:
            raise KeyError(f"no patient {patient_id!r} in this population of {len(self.patient_ids)}")
        posterior = self.tree["posterior"].dataset.sel(patient=patient_id, drop=True)
        observed = self.tree["observed_data"].dataset
        mine = np.flatnonzero(np.asarray(observed["patient_of_visit"]) == patient_id)
        names = [
            *self.coordinate_names,
            *([DISPERSION] if self.has_shared_dispersion else []),
            "log_parameters",
        ]
        groups = {
            "posterior": posterior[names],
            "sample_stats": self.tree["sample_stats"].dataset,
            "log_likelihood": self.tree["log_likelihood"].dataset.isel(visit=mine),
            "observed_data": observed[["burden", "censoring"]].isel(visit=mine),
        }
        tree = xarray.DataTree.from_dict({f"/{k}": v for k, v in groups.items()})
        tree.attrs |= {"patient_id": patient_id, "model": self.model_name}
        return Posterior(
            patient_id=patient_id, model_name=self.model_name, likelihood=self.likelihood,
            parameter_names=self.parameter_names, constants=self.constants[patient_id], tree=tree,
            status=PosteriorStatus.CONVERGED if self.usable else PosteriorStatus.NOT_CONVERGED, method="nuts",
            warnings=(f"estimated together with {len(self.patient_ids) - 1} other patients", *self.warnings),
            provenance=self.provenance,
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write one NetCDF file, atomically."""
        tree = self.tree.copy()
        known = {k: v for k, v in vars(self).items() if k in _KEPT}
        tree.attrs["evodose_population"] = json.dumps(known)
        part = path.with_suffix(".part")
        tree.to_netcdf(part, engine="h5netcdf")
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Population:
        """Read what :meth:`save` wrote.

        Raises
        ------
        OSError, ValueError
            A damaged file, or one that holds something else.
        """
        import xarray

        with xarray.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
        try:
            known = json.loads(tree.attrs.pop("evodose_population"))
            for name in ("parameter_names", "coordinate_names", "patient_ids", "warnings"):
                known[name] = tuple(known[name])
            known["covariates"] = {k: (v[0], v[1]) for k, v in known["covariates"].items()}
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} holds no population of this workbench ({error})") from None
        return cls(tree=tree, **known)


_KEPT = (
    "model_name", "likelihood", "parameter_names", "coordinate_names", "scales", "patient_ids", "constants", "status",
    "usable", "covariates", "warnings", "provenance",
)  # fmt: skip
