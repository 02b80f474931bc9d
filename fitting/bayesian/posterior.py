"""The posterior of one patient: what every later room reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from xarray import DataTree

    from dynamics.ensemble import Ensemble

LOG_PARAMETERS, BURDEN = "log_parameters", "burden"


class PosteriorStatus(StrEnum):
    """How sampling ended; each member is the sentence that a person reads."""

    CONVERGED = "Converged: the chains agree, there are enough effective draws, and none diverged."
    CONFIRMED = (
        "Converged and confirmed: the chains agree, a few transitions diverged at the posterior's sharp edges, and "
        "importance sampling, which has no trajectories, gives the same quantiles."
    )
    IMPORTANCE = (
        "Converged: the importance weights are even enough for their draws to stand for the posterior."
    )
    APPROXIMATE = (
        "Normal approximation at the mode: it says nothing about skewed or curved posteriors; sample before a dose "
        "rests on it."
    )
    NOT_CONVERGED = (
        "Did not converge, not even with more careful settings: what the data leave open is too curved, or in several "
        "pieces. Do not use these draws; more visits, or a narrower prior that can be defended, are needed."
    )
    FAILED = "No posterior: the model could not be solved from any start."


USABLE = (PosteriorStatus.CONVERGED, PosteriorStatus.CONFIRMED, PosteriorStatus.IMPORTANCE)


@dataclass(frozen=True)
class Posterior:
    """Draws of one patient's parameters, with how they were made.

    Parameters
    ----------
    patient_id, model_name, likelihood : str
    parameter_names : tuple of str
        Of the model; the dispersion is a variable of its own.
    constants : mapping
        The model's constants for this patient.
    tree : xarray.DataTree
        Groups ``posterior``, ``sample_stats``, ``log_likelihood``, ``log_prior``, ``prior``, ``posterior_predictive``,
        ``prior_predictive``, ``observed_data``, as ArviZ reads them. Parameters carry the model's units.
    status : PosteriorStatus
    method : str
        ``"nuts"``, ``"importance"``, ``"laplace"``.
    warnings : tuple of str
        What a reader must know.
    provenance : mapping
        Priors in words, seeds, settings, versions; kept with the tree when it is saved.
    """

    patient_id: str
    model_name: str
    likelihood: str
    parameter_names: tuple[str, ...]
    constants: dict[str, float]
    tree: DataTree
    status: PosteriorStatus
    method: str
    warnings: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Whether a dose may rest on it."""
        return self.status in USABLE

    @cached_property
    def draws(self) -> np.ndarray:
        """All draws in the model's units, chains end to end, shape (m, p)."""
        group = self.tree["posterior"].dataset
        return np.stack([np.asarray(group[name]).ravel() for name in self.parameter_names], axis=1)

    @cached_property
    def dispersion(self) -> np.ndarray | None:
        """Draws of the likelihood's dispersion, shape (m,), or None."""
        group = self.tree["posterior"].dataset
        return np.asarray(group["dispersion"]).ravel() if "dispersion" in group else None

    def ensemble(self, members: int = 500, *, allow_unusable: bool = False) -> Ensemble:
        """Evenly thinned draws as plausible tumours, all of one weight.

        Raises
        ------
        ValueError
            A posterior that is not usable, unless ``allow_unusable``; its provenance then says so.
        """
        from dynamics.ensemble import Ensemble

        if not self.usable and not allow_unusable:
            raise ValueError(f"patient {self.patient_id!r}: {self.status.value}")
        take = np.unique(np.linspace(0, len(self.draws) - 1, min(members, len(self.draws))).astype(int))
        return Ensemble(
            self.parameter_names, self.draws[take], np.full(len(take), 1 / len(take)), self.constants,
            f"posterior of the model {self.model_name} under a {self.likelihood} likelihood, by {self.method}: "
            f"{self.status.value}",
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write one NetCDF file, atomically."""
        tree = self.tree.copy()
        tree.attrs["evodose"] = json.dumps(
            {
                "patient_id": self.patient_id, "model_name": self.model_name, "likelihood": self.likelihood,
                "parameter_names": list(self.parameter_names), "constants": self.constants,
                "status": self.status.name, "method": self.method, "warnings": list(self.warnings),
                "provenance": self.provenance,
            }
        )  # fmt: skip
        part = path.with_suffix(".part")
        tree.to_netcdf(part, engine="h5netcdf")
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Posterior:
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
            known = json.loads(tree.attrs.pop("evodose"))
            known["parameter_names"], known["warnings"] = (
                tuple(known["parameter_names"]),
                tuple(known["warnings"]),
            )
            known["status"] = PosteriorStatus[known["status"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} holds no posterior of this workbench ({error})") from None
        return cls(tree=tree, **known)
