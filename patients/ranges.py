"""Checking the values of whole columns with pandera, against the rules of the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patients.schema import DOSE_ROUNDING, RULES, Rule


@dataclass(frozen=True)
class Breach:
    """A value that breaks a rule.

    Parameters
    ----------
    row : int
        Row number in the file.
    rule : Rule
    value : float
    """

    row: int
    rule: Rule
    value: float


def breaches(rows: Sequence[int], columns: Mapping[str, Sequence[float]]) -> list[Breach]:
    """Return every value that breaks a rule of the schema, all columns at once.

    Parameters
    ----------
    rows : sequence of int, length n
        Row numbers.
    columns : mapping of str to sequence of float, length n
        Values; NaN where there is none, which breaks no rule.
    """
    import numpy as np
    import pandas as pd
    import pandera.pandas as pa

    tests = {
        ("burden", "finite"): lambda x: ~np.isinf(x),
        ("burden", "not negative"): lambda x: x >= 0,
        ("time_days", "finite"): lambda x: ~np.isinf(x),
        ("dose", "in [0, 1]"): lambda x: x.between(-DOSE_ROUNDING, 1 + DOSE_ROUNDING),
        ("lower_limit", "not negative"): lambda x: x >= 0,
        ("upper_limit", "positive"): lambda x: (x > 0) & ~np.isinf(x),
    }
    rules = {(r.column, r.key): r for r in RULES if r.column in columns}
    schema = pa.DataFrameSchema(
        {
            name: pa.Column(
                float, [pa.Check(tests[key], error=key[1]) for key in rules if key[0] == name], nullable=True
            )
            for name in columns
        }
    )
    frame = pd.DataFrame({name: np.asarray(v, dtype=float) for name, v in columns.items()}, index=list(rows))
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        return [
            Breach(int(case.index), rules[case.column, case.check], float(case.failure_case))
            for case in error.failure_cases.itertuples(index=False)
        ]
    return []
