"""What a person asks of a run, found and read."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.manifest import file_fingerprint
from workbench.options import RunOptions
from workbench.store import RunStore

if TYPE_CHECKING:
    from dynamics.model import Model
    from patients.cohort import Cohort
    from patients.problems import Problem

_MODEL_FILES = (".py", ".yaml", ".yml")
DEFAULT_MODEL = "competition"


class RequestError(ValueError):
    """Something that was asked for does not exist; the message says what there is."""


@dataclass(frozen=True)
class Request:
    """What a person asks of a run.

    Parameters
    ----------
    folder : Path
        The run directory.
    input_file, schedule_file : Path or None
        Without an input file the embedded virtual cohort is used.
    marker : str or None
        Which marker of a file with several.
    model : str
        Catalogue name, or a ``.py`` or ``.yaml`` file.
    options : RunOptions
    patient_ids : tuple of str
        Only these patients; all where empty.
    fresh : bool
        Delete what an earlier run left in the folder.
    """

    folder: Path
    input_file: Path | None = None
    schedule_file: Path | None = None
    marker: str | None = None
    model: str = DEFAULT_MODEL
    options: RunOptions = field(default_factory=RunOptions)
    patient_ids: tuple[str, ...] = ()
    fresh: bool = False


def fingerprint_inputs(request: Request) -> dict[str, Any]:
    """Identify everything that goes in, before anything is written."""
    from dynamics.catalogue import base_and_suffixes

    for path, what in ((request.input_file, "cohort file"), (request.schedule_file, "schedule file")):
        if path is not None and not path.is_file():
            raise RequestError(
                f"{what} {path} does not exist" if not path.exists() else f"{path} is not a file"
            )
    base, suffixes = base_and_suffixes(request.model)
    path, is_file = Path(base), Path(base).suffix in _MODEL_FILES
    if is_file and not path.is_file():
        raise RequestError(f"model file {base} does not exist")
    # the whole file name where a variant follows, so that its suffixes can be told from a plus sign in the name
    name = "+".join([path.name if suffixes else path.stem, *suffixes]) if is_file else request.model
    model = {"name": name, "file": None, "sha256": None}
    if is_file:
        model |= file_fingerprint(path)
    source = file_fingerprint(request.input_file) if request.input_file else _demo_fingerprint()
    schedule = file_fingerprint(request.schedule_file) if request.schedule_file else None
    return {"input_file": source, "schedule": schedule, "model": model}


def _demo_fingerprint() -> dict[str, str]:
    """Identify the embedded cohort by its content."""
    from patients.demo import embedded_demo_cohort

    content = [
        (p.patient_id, p.times.tolist(), p.burdens.tolist(), p.schedule) for p in embedded_demo_cohort()
    ]
    return {"file": "embedded virtual cohort", "sha256": digest(content)}


def digest(content: object) -> str:
    """SHA-256 of a value whose text says all about it."""
    return hashlib.sha256(repr(content).encode("utf-8", "surrogatepass")).hexdigest()


def open_model(store: RunStore, request: Request) -> Model:
    """Find the model; keep a copy of a user's file, so that the report can be made again.

    Raises
    ------
    RequestError
        A model without parameters, in which a fit has nothing to find.
    """
    from dynamics.catalogue import base_and_suffixes, catalogue_names, get_model

    model = get_model(request.model)
    if not model.parameters:
        raise RequestError(
            f"model {request.model} has no parameters to fit: all its numbers are declared, for the study of dose "
            f"optimisation; models that can be fitted are {', '.join(catalogue_names())}"
        )
    path = Path(base_and_suffixes(request.model)[0])
    if path.suffix in _MODEL_FILES:
        shutil.copyfile(path, store.folder / f"model{path.suffix}")
    return model


def read_request(request: Request) -> tuple[Cohort, Sequence[Problem]]:
    """Read the file, or take the embedded cohort."""
    if request.input_file is None:
        from patients.demo import embedded_demo_cohort

        return embedded_demo_cohort(), ()
    from patients.loading import load_cohort

    return load_cohort(request.input_file, request.schedule_file, marker=request.marker)


def choose_patients[P](patients: Sequence[P], cohort: Cohort, wanted: Sequence[str]) -> Sequence[P]:
    """Take the patients that were asked for, in the order of the file."""
    if not wanted:
        return patients
    from difflib import get_close_matches

    from patients.problems import quoted

    ids = [p.patient_id for p in cohort]
    reasons = {r.patient_id: r.reason for r in cohort.rejected}
    for name in wanted:
        if name in reasons:
            raise RequestError(f"patient {quoted(name)} cannot be fitted: {reasons[name]}")
        if name not in ids:
            near = get_close_matches(name, ids, n=3) or ids[:3]
            raise RequestError(
                f"{cohort.source} has no patient {quoted(name)}; it has {', '.join(quoted(i) for i in near)}"
                f"{', …' if len(ids) > len(near) else ''}"
            )
    return [patient for patient, name in zip(patients, ids, strict=True) if name in set(wanted)]
