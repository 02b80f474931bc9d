"""A tumour of two types under control: what is maximised, with which doses, how often."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.control_table import capacity_of
from dosing.stochastic.edge_rule import EdgeRule
from dynamics.birth_death import BirthDeathProcess
from dynamics.expressions import ModelError

__all__ = ["BirthDeathProblem"]


@dataclass(frozen=True)
class BirthDeathProblem:
    """Maximise the mean of exp(-nu_0 sum N_t - sum drug_cost . u_t) over T generations (Fischer 2015, eqs 8 to 10).

    Generations t = 0, …, T - 1 count, as eq. 9 with J(T) = 1 has it. Use :meth:`define` to write one.

    Parameters
    ----------
    process : BirthDeathProcess
        Of two types, with a constant K.
    values : mapping of str to float
        Its constants.
    driver_rate : float
        nu = K² nu_0; nu_0 is the chance of the driver event per cell and generation.
    horizon_generations : int
    controls : array, (controls, inputs)
        Doses to choose from; ties go to the one listed first.
    edge : int
        Largest number of cells of each type.
    edge_rule : EdgeRule
    tie_tolerance : float
        Relative gain below which two controls are tied.
    visit_generations : int
        The control is chosen every so many generations, and held between.
    drug_cost : array, (inputs,)
        Cost of a generation at dose one, in units of the logarithm of the value.

    Raises
    ------
    ValueError, ModelError
        See :meth:`define`.
    """

    process: BirthDeathProcess
    values: Mapping[str, float]
    driver_rate: float
    horizon_generations: int
    controls: np.ndarray
    edge: int
    edge_rule: EdgeRule
    tie_tolerance: float
    visit_generations: int
    drug_cost: np.ndarray

    def __post_init__(self) -> None:
        """Check what cannot be computed."""
        p = self.process
        if len(p.types) != 2:
            raise ModelError(
                f"process {p.name!r} has {len(p.types)} types; the lattice is that of two: declare a second type that "
                "stays at zero, or merge types"
            )
        if not (np.isfinite(self.driver_rate) and self.driver_rate >= 0):
            raise ValueError(f"driver_rate is {self.driver_rate}; it is a rate, finite and at least zero")
        if self.horizon_generations < 1 or self.visit_generations < 1:
            raise ValueError(
                f"horizon_generations is {self.horizon_generations} and visit_generations {self.visit_generations}; "
                "both are at least 1"
            )
        if self.controls.ndim != 2 or self.controls.shape[1] != len(p.inputs) or not len(self.controls):
            raise ValueError(
                f"controls have the shape {self.controls.shape}; every row holds the doses of "
                f"{', '.join(i.name for i in p.inputs)}"
            )
        if self.drug_cost.shape != (len(p.inputs),) or np.any(self.drug_cost < 0):
            raise ValueError(
                f"drug_cost is {self.drug_cost.tolist()}; it holds one number of at least zero for each of "
                f"{', '.join(i.name for i in p.inputs)}"
            )
        if self.edge < 3:
            raise ValueError(f"the edge is at {self.edge} cells; a lattice needs 3 at least: raise K or edge")

    @classmethod
    def define(
        cls,
        process: BirthDeathProcess,
        values: Mapping[str, float] | None = None,
        *,
        driver_rate: float,
        horizon_generations: int | None = None,
        levels: Sequence[float] = (0.0, 1.0),
        controls: Sequence[Sequence[float]] | None = None,
        edge: float = 1.5,
        edge_rule: EdgeRule = EdgeRule.STAYS,
        tie_tolerance: float = 1e-11,
        visit_generations: int = 1,
        drug_cost: float | Sequence[float] = 0.0,
    ) -> BirthDeathProblem:
        """Write a problem.

        Parameters
        ----------
        process : BirthDeathProcess
        values : mapping of str to float, optional
            Constants that differ from the process's defaults.
        driver_rate : float
            nu = K² nu_0.
        horizon_generations : int, optional
            K / nu where not given.
        levels : sequence of float
            Dose levels of every input; all combinations are offered, those with the least drug first.
        controls : sequence of sequence of float, optional
            Doses to choose from, instead of ``levels``; one row is a constant dose.
        edge : float
            Largest number of cells of each type, as a multiple of K.
        edge_rule : EdgeRule
        tie_tolerance : float
        visit_generations : int
        drug_cost : float or sequence of float

        Raises
        ------
        ValueError
            A number out of its range; no horizon where the driver rate is zero.
        ModelError
            A process without two types or without K; constants that do not fit.
        """
        found = process.values(values)
        capacity = capacity_of(process, found)
        if horizon_generations is None:
            if not driver_rate > 0:
                raise ValueError(
                    f"driver_rate is {driver_rate}, so K / nu is no horizon: give horizon_generations"
                )
            horizon_generations = round(capacity / driver_rate)
        inputs = len(process.inputs)
        if controls is None:
            rows = sorted(itertools.product(sorted(levels), repeat=inputs), key=sum)
        else:
            rows = [tuple(row) for row in controls]
        return cls(
            process=process,
            values=found,
            driver_rate=float(driver_rate),
            horizon_generations=int(horizon_generations),
            controls=np.array(rows, dtype=float),
            edge=round(edge * capacity),
            edge_rule=edge_rule,
            tie_tolerance=tie_tolerance,
            visit_generations=int(visit_generations),
            drug_cost=np.broadcast_to(np.asarray(drug_cost, dtype=float), inputs).copy(),
        )

    @property
    def intervals(self) -> list[int]:
        """Generations between choices, in the order of time; the last may be shorter."""
        whole, rest = divmod(self.horizon_generations, self.visit_generations)
        return [self.visit_generations] * whole + ([rest] if rest else [])

    def kept(self, cells: np.ndarray, row: int) -> np.ndarray:
        """Return the factor exp(-nu_0 N - drug_cost . u) of one generation, by total cells, for one control."""
        chance = self.driver_rate / capacity_of(self.process, self.values) ** 2
        return np.exp(-chance * cells - float(self.drug_cost @ self.controls[row]))
