"""Posteriors in a run directory: one NetCDF file a patient, with what it was asked with."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import atomic
from workbench.naming import safe_name
from workbench.store import PATIENTS, RunStore, StoreError

if TYPE_CHECKING:
    from fitting.bayesian.posterior import Posterior
    from patients.cohort import Patient

ASKED = "asked"  # key of the provenance under which the settings are kept
_WORDS = {
    "method": "the method", "draws": "the draws", "tune": "the tuning draws", "chains": "the chains",
    "sampler": "the sampler", "priors": "the priors", "model": "the model", "likelihood": "the likelihood",
    "seed": "the seed", "data": "the patient's data", "evodose": "the version of evodose",
}  # fmt: skip

Asked = dict[str, Any]


class PosteriorStore:
    """Reading and writing of the posteriors of one run directory.

    Parameters
    ----------
    store : RunStore
    """

    def __init__(self, store: RunStore) -> None:
        self._root = store.folder / PATIENTS

    def path(self, patient_id: str) -> Path:
        """Where a patient's posterior is kept."""
        return self._root / safe_name(patient_id) / "posterior.nc"

    def failure_path(self, patient_id: str) -> Path:
        """Where the reason is kept why a patient has no posterior."""
        return self._root / safe_name(patient_id) / "posterior_failed.json"

    def sweep(self) -> None:
        """Remove half-written posteriors of killed processes."""
        for part in self._root.glob("*/posterior.part"):
            part.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove every posterior."""
        for pattern in ("*/posterior.nc", "*/posterior_failed.json"):
            for path in self._root.glob(pattern):
                path.unlink(missing_ok=True)

    def has(self, patient_id: str) -> bool:
        """Whether a patient has a posterior, or a reason for none."""
        return self.path(patient_id).is_file() or self.failure_path(patient_id).is_file()

    def save(self, posterior: Posterior, asked: Asked) -> None:
        """Write a posterior atomically, with what it was asked with.

        Raises
        ------
        StoreError
            The disk refuses.
        """
        path = self.path(posterior.patient_id)
        kept = dataclasses.replace(posterior, provenance={**posterior.provenance, ASKED: asked})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            kept.save(path)
        except OSError as error:
            raise StoreError(f"cannot write the posterior {path}: {error.strerror or error}") from None
        self.failure_path(posterior.patient_id).unlink(missing_ok=True)

    def save_failure(self, patient_id: str, reason: str, asked: Asked) -> None:
        """Write why there is no posterior; an older one, made with other settings, goes."""
        path = self.failure_path(patient_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, json.dumps({"reason": reason, ASKED: asked}, indent=1) + "\n")
        self.path(patient_id).unlink(missing_ok=True)

    def asked(self, patient_id: str) -> Asked | None:
        """Read what a stored posterior, or its failure, was asked with; None where there is none that can be read."""
        try:
            if self.path(patient_id).is_file():
                import h5netcdf

                with h5netcdf.File(self.path(patient_id), "r") as file:
                    return json.loads(str(file.attrs["evodose"]))["provenance"].get(ASKED, {})
            content = json.loads(self.failure_path(patient_id).read_text(encoding="utf-8"))
            return content[ASKED]
        except (OSError, KeyError, ValueError, TypeError):
            return None

    def load(self, patient_id: str) -> Posterior | str | None:
        """Read a posterior, or the reason for none; None where nothing was computed.

        A damaged file yields the reason too: the next command computes it again.
        """
        from fitting.bayesian.posterior import Posterior

        if self.path(patient_id).is_file():
            try:
                return Posterior.load(self.path(patient_id))
            except (OSError, ValueError, KeyError) as error:
                return f"the stored posterior cannot be read ({error}); repeat the command with --fresh"
        try:
            return json.loads(self.failure_path(patient_id).read_text(encoding="utf-8"))["reason"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError) as error:
            return f"the reason was stored and cannot be read ({error})"


def data_digest(patient: Patient) -> str:
    """SHA-256 of what a posterior reads of a patient."""
    from workbench.request import digest

    return digest(
        (
            patient.patient_id, patient.times.tolist(), patient.burdens.tolist(), patient.censoring.tolist(),
            patient.schedule,
        )
    )  # fmt: skip


def differences(there: Asked, now: Asked) -> list[str]:
    """Say in words in what two questions differ."""
    found = []
    for key in sorted({*there, *now}, key=lambda k: (*_WORDS, k).index(k)):
        before, after = there.get(key), now.get(key)
        if before == after:
            continue
        what = _WORDS.get(key, key)
        if isinstance(after, (str, int)) and isinstance(before, (str, int)) and key not in ("data",):
            found.append(f"{what} {'were' if what.endswith('s') else 'was'} {before}, now {after}")
        else:
            found.append(f"{what} {'are' if what.endswith(('s', 'data')) else 'is'} not the same")
    return found
