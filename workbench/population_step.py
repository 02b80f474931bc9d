"""The population of ``evodose fit --bayes --population``: sampled once, kept beside the patients."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.fit_options import CHAINS, DRAWS, TUNE, FitOptions
from workbench.observer import POPULATION_STAGES, Observer
from workbench.posterior_store import ASKED, Asked, data_digest, differences
from workbench.store import RunStore

if TYPE_CHECKING:
    from fitting.population.result import Population
    from patients.cohort import Patient

POPULATION_FILE, TABLE_FILE = "population.nc", "population.csv"
SAMPLING = POPULATION_STAGES[0]


def fit_population_step(
    store: RunStore,
    patients: Sequence[Patient],
    model: str,
    options: FitOptions,
    run: Mapping[str, Any],
    observer: Observer,
) -> str:
    """Sample the population of a cohort, unless it is there; write ``population.nc`` and ``population.csv``.

    Parameters
    ----------
    store : RunStore
    patients : sequence of Patient
        As :func:`fitting.maximum_likelihood.prepare` returns them; those who cannot be fitted are left out, and named.
    model : str
        Catalogue name or file.
    options : FitOptions
    run : mapping
        What else it depends on, as for :func:`workbench.fit_pipeline.compute_posteriors`.
    observer : Observer

    Returns
    -------
    str
        Why there is no population; empty where there is one.
    """
    from fitting.maximum_likelihood import unusable

    chosen = [p for p in patients if not unusable(p)]
    left_out = [p.patient_id for p in patients if unusable(p)]
    if left_out:
        observer.note(
            f"left out of the population, because they cannot be fitted: {', '.join(map(repr, left_out))}"
        )
    asked: Asked = {
        "draws": options.draws or DRAWS, "tune": options.tune or TUNE, "chains": options.chains or CHAINS,
        "priors": options.settings()["priors"], **run, "data": [data_digest(p) for p in chosen],
    }  # fmt: skip
    path = store.folder / POPULATION_FILE
    there = _asked(store)
    if there == asked and (store.folder / TABLE_FILE).is_file():
        return ""
    if path.is_file():
        why = "; ".join(differences(there, asked)) if there else "the file cannot be read, or has no table"
        observer.note(f"the population is computed again: {why}")
        path.unlink()
        (store.folder / TABLE_FILE).unlink(missing_ok=True)
    observer.start(1, 0)
    observer.stage(SAMPLING, 1)
    try:
        population = _sample(chosen, model, options, asked, observer)
        kept = dataclasses.replace(population, provenance={**population.provenance, ASKED: asked})
        kept.save(path)
        _write_table(store, kept)
    except MemoryError:
        raise
    except Exception as error:
        return f"No population: {error or type(error).__name__}"
    observer.finished(1)
    return ""


def _sample(
    patients: Sequence[Patient], model: str, options: FitOptions, asked: Asked, observer: Observer
) -> Population:
    """Sample, and show where it is."""
    from dynamics.catalogue import get_model
    from fitting.population import fit_population

    def show(what: str, share: float) -> None:
        observer.detail(f"{what} {100 * share:.0f} %" if share else what)
        observer.tick(SAMPLING, min(share, 0.999))

    return fit_population(
        patients, get_model(model), likelihood=asked["likelihood"], priors=options.prior_objects or None,
        draws=asked["draws"], tune=asked["tune"], chains=asked["chains"], seed=asked["seed"], progress=show,
    )  # fmt: skip


def _write_table(store: RunStore, population: Population) -> None:
    """Write one row a parameter."""
    from fitting.population import population_table
    from workbench.columns import POPULATION_TABLES
    from workbench.tables import Table

    columns = [name for name, _ in POPULATION_TABLES[TABLE_FILE]]
    table = Table(columns)
    found = population_table(population).to_frame().reset_index()
    more = {
        "patients": len(population.patient_ids),
        "usable": population.usable,
        "status": population.status.split(" (")[0],
    }
    table.add({**{str(k): v for k, v in row.items()}, **more} for row in found.to_dict("records"))
    store.write(TABLE_FILE, table.text)


def _asked(store: RunStore) -> Asked | None:
    """Read what the stored population was asked with; None where there is none that can be read."""
    import h5netcdf

    path = store.folder / POPULATION_FILE
    if not path.is_file():
        return None
    try:
        with h5netcdf.File(path, "r") as file:
            return json.loads(str(file.attrs["evodose_population"]))["provenance"].get(ASKED)
    except (OSError, KeyError, ValueError, TypeError):
        return None
