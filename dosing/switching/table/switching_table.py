"""Cell lines, compartments and drugs as measured and declared, and the matrices that follow from them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.model import SwitchingError, SwitchingModel

if TYPE_CHECKING:
    from dosing.switching.general.ensemble_members import SwitchingEnsemble

__all__ = ["RULE", "SwitchingTable"]

RULE = (
    "D = k_max (rho C)^h / ((rho C)^h + EC50^h): what a drug takes from a line's growth per day, with its level C in "
    "plasma, the share rho of it in the compartment, and the EC50, Hill coefficient h and largest effect k_max on the "
    "line"
)
_STANDING = (
    "An EC50 from the dish stands for cells in the body: levels are set against it as they are given, whatever the "
    "medium bound.",
    "A drug acts at its level from its first to its last day: nothing builds up or is left over at a switch.",
)


@dataclass(frozen=True)
class SwitchingTable:
    """What a pharmacologist's table says of n lines (each in its compartment) and d drugs.

    Parameters
    ----------
    lines, compartments : tuple of str, length n
    drugs : tuple of str, length d
    growth_per_day, cells : ndarray, shape (n,)
    ec50_nM, hill, k_max_per_day, penetration : ndarray, shape (d, n)
    concentration_nM, toxicity : ndarray, shape (d,)
    source : str
    notes : tuple of str
        Provenance and doubts that the table states.
    findings : tuple of str
        What reading it had to assume.
    """

    lines: tuple[str, ...]
    compartments: tuple[str, ...]
    drugs: tuple[str, ...]
    growth_per_day: np.ndarray
    cells: np.ndarray
    ec50_nM: np.ndarray  # noqa: N815 - the unit
    hill: np.ndarray
    k_max_per_day: np.ndarray
    concentration_nM: np.ndarray  # noqa: N815 - the unit
    penetration: np.ndarray
    toxicity: np.ndarray
    source: str = ""
    notes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def levels_nM(self) -> np.ndarray:  # noqa: N802 - the unit
        """Level of each drug where each line is, nM, shape (d, n)."""
        return self.penetration * self.concentration_nM[:, None]

    @property
    def responses(self) -> np.ndarray:
        """Share of the largest effect that each drug has on each line, shape (d, n)."""
        with np.errstate(divide="ignore", over="ignore"):
            # no level: infinitely many times below the EC50
            return 1.0 / (1.0 + (self.ec50_nM / self.levels_nM) ** self.hill)

    @property
    def kill(self) -> np.ndarray:
        """Diagonals of D_s by :data:`RULE`, shape (d, n), per day."""
        return self.k_max_per_day * self.responses

    def model(self, *, mutation_per_day: float = 0.0, migration_per_day: float = 0.0) -> SwitchingModel:
        """Build the system of eq. 1.

        Parameters
        ----------
        mutation_per_day : float
            Rate at which a cell becomes one of each other line of its compartment.
        migration_per_day : float
            Rate at which a cell moves into each other compartment in which its line is known.

        Raises
        ------
        SwitchingError
            A negative rate.
        """
        n = len(self.lines)
        same_line = np.array([[a == b for b in self.lines] for a in self.lines])
        same_place = np.array([[a == b for b in self.compartments] for a in self.compartments])
        flows = np.where(same_place, mutation_per_day, np.where(same_line, migration_per_day, 0.0))
        flows[np.arange(n), np.arange(n)] = 0.0
        if min(mutation_per_day, migration_per_day) < 0:
            raise SwitchingError("rates of mutation and migration cannot be negative")
        said = (
            f"Mutation {mutation_per_day:g} per day from each line into each other one of its compartment, migration "
            f"{migration_per_day:g} per day into each other compartment: declared, not measured."
            if flows.any()
            else "No line mutates into another and none migrates: declared, not measured."
        )
        return SwitchingModel(
            np.diag(self.growth_per_day) + flows, self.kill, self.cells, self.lines, self.drugs, self.compartments,
            source=self.source, assumptions=(f"{RULE}.", *_STANDING, said, *self.notes, *self.findings),
        )  # fmt: skip

    def cost(
        self, *, toxicity_weight: float = 1.0, transient: float = 0.0, weight: float = 1.0
    ) -> SwitchingCost:
        """Build the cost of eq. 4: all cells at the end, the table's toxicities, cells on the way.

        Parameters
        ----------
        toxicity_weight : float
            c_g.
        transient : float
            f of every line, per cell and day.
        weight : float
            c_f.
        """
        burden = np.full(len(self.lines), transient) if transient else None
        return SwitchingCost(self.toxicity, toxicity_weight, burden=burden, burden_weight=weight)

    def without(self, *drugs: str) -> SwitchingTable:
        """Leave out drugs.

        Raises
        ------
        SwitchingError
            A drug that is not in the table, or none left.
        """
        unknown = [s for s in drugs if s not in self.drugs]
        kept = [s for s, name in enumerate(self.drugs) if name not in drugs]
        if unknown or not kept:
            raise SwitchingError(
                f"{', '.join(unknown or drugs)} cannot be left out of {', '.join(self.drugs)}"
            )
        rows = {
            name: getattr(self, name)[kept]
            for name in ("ec50_nM", "hill", "k_max_per_day", "penetration", "concentration_nM", "toxicity")
        }
        return dataclasses.replace(self, drugs=tuple(self.drugs[s] for s in kept), **rows)

    def uncertain(
        self,
        spread: float,
        members: int,
        seed: int,
        *,
        mutation_per_day: float = 0.0,
        migration_per_day: float = 0.0,
    ) -> SwitchingEnsemble:
        """Draw models whose EC50s differ from the table's by independent lognormal factors of median one.

        A line has the same EC50 in all compartments. Effects follow by the rule, so that none exceeds k_max.

        Parameters
        ----------
        spread : float
            Standard deviation of the logarithm of each EC50; 0.3 is about 30 %.
        members : int
        seed : int
        mutation_per_day, migration_per_day : float
            As of :meth:`model`.

        Raises
        ------
        SwitchingError
            A negative spread, no member.
        """
        from dosing.switching.general.ensemble_members import SwitchingEnsemble

        if members < 1 or not (np.isfinite(spread) and spread >= 0):
            raise SwitchingError(
                f"{members} members with a spread of {spread:g} cannot be drawn; give at least one, and no negative "
                "spread"
            )
        names = list(dict.fromkeys(self.lines))
        which = [names.index(line) for line in self.lines]
        rng = np.random.default_rng(seed)
        drawn = []
        for _ in range(members):
            factors = np.exp(spread * rng.standard_normal((len(self.drugs), len(names))))
            table = dataclasses.replace(self, ec50_nM=self.ec50_nM * factors[:, which])
            drawn.append(table.model(mutation_per_day=mutation_per_day, migration_per_day=migration_per_day))
        return SwitchingEnsemble(tuple(drawn))
