"""An ensemble of published parameter sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dynamics.ensemble import Ensemble
from dynamics.member_rows import constant_rows, parameter_rows

if TYPE_CHECKING:
    from dynamics.model import Model


def published_ensemble(
    model: Model,
    rows: Sequence[Mapping[str, float]],
    source: str,
    weights: Sequence[float] | np.ndarray | None = None,
) -> Ensemble:
    """Parameter sets as a paper prints them.

    Parameters
    ----------
    model : Model
    rows : sequence of mappings of str to float
        One a tumour: its parameters, and the constants that it has of its own, such as ``V0``.
    source : str
        Where they are printed: paper and table. It may not be empty, for without it nobody can check them.
    weights : sequence of float, optional
        Not negative; scaled to sum to one. Equal where not given.

    Raises
    ------
    ValueError
        No source, no rows, weights that do not fit.
    ModelError
        A missing or unknown name, a value that is no number.

    Examples
    --------
    >>> from dynamics import get_model
    >>> printed = {"r": 0.1318, "K": 580.87, "delta": 0.0890, "c": 2.292, "V0": 359}
    >>> len(published_ensemble(get_model("competition"), [printed], "Masud 2023, Table 1"))
    1
    """
    if not source.strip():
        raise ValueError("published parameter sets need a source: the paper and the table that prints them")
    if not rows:
        raise ValueError(f"no parameter sets from {source}")
    own = sorted({name for row in rows for name in row} - set(model.parameter_names))
    sets = np.concatenate(
        [parameter_rows(model, {n: v for n, v in row.items() if n not in own}) for row in rows]
    )
    fixed = np.concatenate([constant_rows(model, {n: row[n] for n in own if n in row}, 1) for row in rows])
    given = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=float)
    if given.shape != (len(rows),) or np.any(given < 0) or not given.sum() > 0:
        raise ValueError(f"{len(rows)} parameter sets need as many weights, not negative and not all zero")
    columns = {c.name: fixed[:, i] for i, c in enumerate(model.constants)}
    return Ensemble(
        model.parameter_names,
        sets,
        given / given.sum(),
        {n: float(c[0]) if np.ptp(c) == 0 else c for n, c in columns.items()},
        f"{len(rows)} published parameter sets ({source}), "
        f"{'all of one weight' if weights is None else 'with weights given by hand'}",
    )
