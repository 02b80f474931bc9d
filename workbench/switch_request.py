"""What a person asks of ``evodose switch``, checked before anything is computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.options import OptionError
from workbench.request import RequestError

DEFAULT_HORIZON, DEFAULT_FOLDER = 100.0, Path("runs/switch")
_LONGEST = 36525.0


@dataclass(frozen=True)
class SwitchRequest:
    """A table and options that fit together.

    Parameters
    ----------
    table, folder : Path
    horizon_days : float or None
        None where the length is to be found.
    dwell_days : float
    limit_days : float or None
    subintervals : int or None
    toxicity_weight, transient_weight : float
        c_g, and f of every line.
    mutation_per_day, migration_per_day : float
    uncertainty : float
    members, seed : int
    """

    table: Path
    folder: Path
    horizon_days: float | None
    dwell_days: float
    limit_days: float | None
    subintervals: int | None
    toxicity_weight: float
    transient_weight: float
    mutation_per_day: float
    migration_per_day: float
    uncertainty: float
    members: int
    seed: int

    @classmethod
    def checked(cls, table: Path | None, folder: Path | None, **options: Any) -> SwitchRequest:
        """Check the options and fill in what was left out.

        Raises
        ------
        RequestError
            No table.
        OptionError
            Options that are no values, or that exclude each other.
        """
        if table is None:
            raise RequestError(
                "no table was named: give a CSV or Excel file, or write one to start from with "
                "`evodose switch --example`"
            )
        folder = DEFAULT_FOLDER if folder is None else folder
        if folder.exists() and not folder.is_dir():
            raise RequestError(f"{folder} is a file; name a folder for the results")
        if options["horizon_days"] is not None and options["limit_days"] is not None:
            raise OptionError("--horizon fixes the length and --free-horizon finds it: give one of the two")
        if options["horizon_days"] is None and options["limit_days"] is None:
            options["horizon_days"] = DEFAULT_HORIZON
        for name, key in (("--horizon", "horizon_days"), ("--free-horizon", "limit_days")):
            value = options[key]
            if value is not None and not 0 < value <= _LONGEST:
                raise OptionError(f"{name} {value:g} is no number of days between 0 and {_LONGEST:g}")
        longest = options["horizon_days"] or options["limit_days"]
        if not 0 < options["dwell_days"] <= longest:
            raise OptionError(
                f"--dwell {options['dwell_days']:g} must lie above 0 and not above the {longest:g} days"
            )
        for name in (
            "toxicity_weight",
            "transient_weight",
            "mutation_per_day",
            "migration_per_day",
            "uncertainty",
        ):
            if not (math.isfinite(options[name]) and options[name] >= 0):
                flag = "--" + name.removesuffix("_per_day").replace("_", "-")
                raise OptionError(f"{flag} {options[name]:g} must be a number, and not negative")
        if options["uncertainty"] > 3:
            raise OptionError(
                "--uncertainty is a standard deviation of logarithms: 0.3 is about 30 %; give at most 3"
            )
        for name in ("subintervals", "members"):
            if options[name] is not None and not 1 <= options[name] <= 2000:
                raise OptionError(f"--{name} {options[name]} must be a whole number from 1 to 2000")
        if options["seed"] < 0:
            raise OptionError(f"--seed {options['seed']} must not be negative")
        return cls(table, folder, **options)
