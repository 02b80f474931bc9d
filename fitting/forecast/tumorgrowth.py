"""The comparison protocol of TumorGrowth.jl on target lesions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fitting.forecast.evaluate import Forecaster, evaluate
from fitting.forecast.split import last_two_of_at_least, split_cohort

if TYPE_CHECKING:
    import pandas as pd

    from patients.cohort import Patient

VOLUME_FACTOR = 0.52  # mm3 of a lesion from its longest diameter in mm cubed (Ghaffari Laleh 2022)


def tumorgrowth_protocol(
    patients: Sequence[Patient],
    forecasters: Mapping[str, Forecaster],
    *,
    readings: int = 6,
    largest_volume: float | None = None,
    replicates: int = 10000,
    seed: int = 0,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold out the last two readings of each record with at least six, and compare mean absolute errors.

    The protocol is that of the example "Model battle" of TumorGrowth.jl (v0.1, documentation of 2025): records of
    one lesion with ``readings`` or more; the last two held out; the model calibrated on the others; the error of a
    record is the mean absolute error of its two volumes, volumes being 0.52 d³ divided by the largest of the
    dataset; records are compared in pairs, by a bootstrap of the mean difference. What is the same for all
    methods here: a lesion that was no longer seen (diameter 0) counts as at or below the smallest diameter of the
    file, and a forecast below that is no error. What differs there: a model is calibrated to each record alone, by
    least squares on volumes (``GeneralBertalanffy(ALONE, pooled=False, power=3)`` is its nearest kin), and records
    with a failed model or an error above 0.1 are dropped for all.

    Parameters
    ----------
    patients : sequence of Patient
        Burdens are longest diameters in mm.
    forecasters : mapping of str to callable
        Their medians are used. The median volume is that of the median diameter.
    readings : int
    largest_volume : float, optional
        In mm3, to divide volumes by; the largest of ``patients`` where absent.
    replicates, seed : int
        Of the bootstrap.

    Returns
    -------
    records : DataFrame
        patient, method, mae_mm, mae_volume (normalised).
    summary : DataFrame
        Index: method, best first. records, failed, mae_mm, mae_mm_se, mae_volume, mae_volume_se, median_volume,
        and beats: the methods whose error in volume is larger, the 95 % bootstrap interval excluding 0.
    """
    import pandas as pd

    splits, _ = split_cohort(patients, last_two_of_at_least(readings))
    if not splits:
        raise ValueError(f"no record has at least {readings} readings, so the protocol cannot be run")
    result = evaluate(splits, forecasters, on_progress=on_progress)
    top = largest_volume or VOLUME_FACTOR * max(float(p.burdens.max()) for p in patients) ** 3
    v = result.visits
    error = VOLUME_FACTOR * (v["median"] ** 3 - v["observed"] ** 3).abs() / top
    records = (
        v.assign(mae_mm=v["absolute_error"], mae_volume=error)
        .groupby(["patient", "method"], sort=False)[["mae_mm", "mae_volume"]]
        .mean()
        .reset_index()
    )
    errors = ("mae_mm", "mae_volume")
    wide = {c: records.pivot_table(index="patient", columns="method", values=c).dropna() for c in errors}
    volumes = wide["mae_volume"]
    n = len(volumes)
    # a bootstrap sample as the share of each record in it
    shares = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), replicates) / n
    rows = {}
    for method in volumes.columns:
        beaten = [
            other
            for other in volumes.columns
            if other != method
            and np.quantile(shares @ (volumes[other] - volumes[method]).to_numpy(), 0.025) > 0
        ]
        rows[method] = {
            "records": len(volumes),
            "failed": int((result.failures["method"] == method).sum()),
            **{
                key: value
                for c in wide
                for key, value in ((c, wide[c][method].mean()), (f"{c}_se", wide[c][method].sem()))
            },
            "median_volume": volumes[method].median(),
            "beats": ", ".join(beaten),
        }
    summary = pd.DataFrame.from_dict(rows, orient="index").rename_axis("method").sort_values("mae_volume")
    return records, summary
