"""Printing the loops over the members of a block: every line is done for all lanes at once.

A block holds ``LANES`` members side by side. Its numbers lie in one flat array, in rows of ``LANES``: all distances
between rows are then known when the loop is compiled, which is what lets the compiler use vector instructions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sympy as sp

from dosing.ensemble.kernels.equations import WEIGHT, EnsembleEquations, Scheme
from dynamics.kernels.printing import ScalarPrinter
from dynamics.model import TIME

__all__ = ["LANES", "block_source"]

LANES = 128
FINAL_TIME = sp.Symbol("T")
# sums may be taken in another order, and products fused with sums: what vector instructions need
_HEAD = "@njit(cache=True, error_model='numpy', nogil=True, fastmath={'reassoc', 'contract', 'nsz', 'arcp'})"
_PRINTER = ScalarPrinter({"fully_qualified_modules": True})
_WATCH_WEIGHT = sp.Symbol("watch weight")
_ROW = sp.Symbol("own row")


class _Loop:
    """Text of one function with a loop over lanes."""

    def __init__(self, rows: Mapping[sp.Symbol, int]) -> None:
        self.rows = rows
        self.loads: dict[sp.Symbol, str] = {}
        self.lines: list[str] = []
        self.count = 0

    def name(self, symbol: sp.Symbol, known: Mapping[sp.Symbol, str]) -> sp.Symbol:
        """Local name of a symbol; one that stands in a row of the block is loaded first."""
        if symbol in known:
            return sp.Symbol(known[symbol])
        if symbol not in self.loads:
            self.loads[symbol] = f"r{self.rows[symbol]}"
        return sp.Symbol(self.loads[symbol])

    def let(self, targets: Sequence[tuple[str, sp.Expr]], known: Mapping[sp.Symbol, str]) -> None:
        """Assign expressions to local names, common subexpressions computed once."""
        used = {s for _, e in targets for s in e.free_symbols if isinstance(s, sp.Symbol)}
        local = {s: self.name(s, known) for s in sorted(used, key=str)}
        self.count += 1
        common = sp.numbered_symbols(f"c{self.count}_")
        replaced, reduced = sp.cse([e.xreplace(local) for _, e in targets], symbols=common)
        self.lines += [f"{s} = {_PRINTER.doprint(e)}" for s, e in replaced]
        self.lines += [
            f"{target} = {_PRINTER.doprint(e)}" for (target, _), e in zip(targets, reduced, strict=True)
        ]

    def text(self, name: str, arguments: str, doc: str, scalars: Sequence[str] = ()) -> str:
        """Whole function."""
        body = [f"{local} = W[L{self.rows[s]} + b]" for s, local in self.loads.items()] + self.lines
        lines = [_HEAD, f"def {name}({arguments}):", f'    """{doc}"""', *(f"    {s}" for s in scalars)]
        if body:
            lines += ["    for b in range(L1):", *(f"        {line}" for line in body)]
        return "\n".join(lines)


def block_source(eq: EnsembleEquations, scheme: Scheme) -> str:
    """Print everything that the template ``block.py`` imports of a model with its cost."""
    n, m = len(eq.model.states), len(eq.model.inputs)
    order = [*eq.member_symbols, *(s for s, _ in eq.fixed)]
    rows = {s: i for i, s in enumerate(order)}
    cost = len(order)
    rows |= {WEIGHT: cost + 1, _WATCH_WEIGHT: cost + 2}
    back = cost + 3
    rows |= {g: back + i for i, g in enumerate(eq.costates)}
    dose, seen = back + n, back + n + m
    head = seen + 1
    highest = max(head, 2 * n, 1)

    def at(i: int, node: int = 0) -> str:
        return f"W[at + L{node * n + i} + b]"

    def loop() -> _Loop:
        return _Loop(rows)

    def states(made: _Loop, *, only: Collection[sp.Basic] | None = None) -> dict[sp.Symbol, str]:
        """Load the states of a node."""
        named = {s: f"x{i}_1" for i, s in enumerate(eq.model.state_symbols)}
        made.lines += [
            f"x{i}_1 = {at(i)}" for i, s in enumerate(eq.model.state_symbols) if only is None or s in only
        ]
        return named

    doses = {s: f"u{j}" for j, s in enumerate(eq.model.input_symbols)}
    read_doses = [f"u{j} = u[v, {j}]" for j in range(m)]
    ends = {TIME: "t", FINAL_TIME: "t"}

    def stages(made: _Loop, *, with_cost: bool) -> list[tuple[str, dict[sp.Symbol, str]]]:
        """Print the stages of the scheme; names of the time and of the states of each."""
        first = states(made)
        fractions = [("t", "0"), ("t + 0.5*h", "0.5*h"), ("t + 0.5*h", "0.5*h"), ("t + h", "h")]
        known = []
        for k, (time, reach) in enumerate(fractions[: 4 if scheme == "rk4" else 1], 1):
            if k == 1:
                named = first
            else:
                made.lines += [f"x{i}_{k} = x{i}_1 + {reach}*f{i}_{k - 1}" for i in range(n)]
                named = {s: f"x{i}_{k}" for i, s in enumerate(eq.model.state_symbols)}
            here = named | doses | {TIME: f"({time})"}
            targets = [(f"f{i}_{k}", e) for i, e in enumerate(eq.field)]
            made.let(targets + ([(f"l_{k}", eq.running)] if with_cost else []), here)
            known.append((time, here))
        return known

    def combined(what: str) -> str:
        if scheme == "euler":
            return f"h*{what}_1"
        return f"h*({what}_1 + 2.0*{what}_2 + 2.0*{what}_3 + {what}_4)/6.0"

    def forward(name: str, *, with_cost: bool) -> str:
        made = loop()
        stages(made, with_cost=with_cost)
        made.lines += [f"{at(i, 1)} = x{i}_1 + {combined(f'f{i}')}" for i in range(n)]
        if with_cost:
            made.lines.append(f"W[L{cost} + b] += {combined('l')}")
        return made.text(name, "W, at, u, v, t, h", "Take one step of all lanes.", read_doses)

    def backward() -> str:
        made = loop()
        known = stages(made, with_cost=False)
        made.lines += [f"g{i} = W[L{back + i} + b]" for i in range(n)]
        weight = made.name(WEIGHT, {})
        # weights of the stages in a step, and how far a stage reaches into the next one's state
        share = {"euler": ["h"], "rk4": ["h/6.0", "h/3.0", "h/3.0", "h/6.0"]}[scheme]
        reach = ["0.5*h", "0.5*h", "h"]
        for k in range(len(known), 0, -1):
            _, here = known[k - 1]
            for i in range(n):
                more = f" + {reach[k - 1]}*d{i}_{k + 1}" if k < len(known) else ""
                made.lines.append(f"a{i}_{k} = {share[k - 1]}*g{i}{more}")
            made.lines.append(f"w_{k} = {share[k - 1]}*{weight}")
            here = here | {g: f"a{i}_{k}" for i, g in enumerate(eq.costates)} | {WEIGHT: f"w_{k}"}
            made.let(
                [(f"d{i}_{k}", e) for i, e in enumerate(eq.field_back)]
                + [(f"e{j}_{k}", e) for j, e in enumerate(eq.dose_back)],
                here,
            )
        count = len(known)
        made.lines += [
            f"W[L{back + i} + b] = g{i} + " + " + ".join(f"d{i}_{k}" for k in range(1, count + 1))
            for i in range(n)
        ]
        made.lines += [
            f"W[L{dose + j} + b] += " + " + ".join(f"e{j}_{k}" for k in range(1, count + 1)) for j in range(m)
        ]
        return made.text("step_back", "W, at, u, v, t, h", "Undo one step of the adjoint.", read_doses)

    def reading(name: str, doc: str, row: int, expression: sp.Expr) -> str:
        made = loop()
        named = states(made, only=expression.free_symbols)
        made.let([(f"W[L{row} + b]", expression)], named | ends | {_ROW: f"W[L{row} + b]"})
        return made.text(name, "W, at, t", doc)

    def prepare() -> str:
        made = loop()
        made.let([(f"m{i}", e) for i, (_, e) in enumerate(eq.fixed)], {})
        made.lines += [f"W[L{rows[s]} + b] = m{i}" for i, (s, _) in enumerate(eq.fixed)]
        return made.text("prepare", "W", "Compute what is fixed for a member.")

    def started() -> str:
        made = loop()
        made.let([(f"x{i}", e) for i, e in enumerate(eq.model.initial.flat())], {})
        made.lines += [f"{at(i)} = x{i}" for i in range(n)]
        return made.text("start", "W, at", "Set the initial states.")

    def injected(name: str, doc: str, weight: sp.Symbol, slopes: Sequence[sp.Expr]) -> str:
        touched = [(i, e) for i, e in enumerate(slopes) if e != 0]
        if not touched:
            return f'{_HEAD}\ndef {name}(W, at, t):\n    """{doc}"""'
        made = loop()
        named = states(made, only={s for _, e in touched for s in e.free_symbols})
        made.lines += [f"g{i} = W[L{back + i} + b]" for i, _ in touched]
        sums = [(f"W[L{back + i} + b]", sp.Symbol(f"g{i}") + weight * e) for i, e in touched]
        made.let(sums, named | ends | {sp.Symbol(f"g{i}"): f"g{i}" for i, _ in touched})
        return made.text(name, "W, at, t", doc)

    parts = [
        f'"""Ensemble of the model {eq.model.name!r} with its cost, printed from its symbols; do not edit."""',
        "import math",
        "import numpy as np",
        "from numba import njit",
        f"N_STATES, N_INPUTS, N_COLUMNS, LANES = {n}, {m}, {len(eq.member_symbols)}, {LANES}",
        f"COST, WEIGHT, WATCH_WEIGHT, BACK, DOSE, WATCHED, HEAD = "
        f"{cost}, {cost + 1}, {cost + 2}, {back}, {dose}, {seen}, {head}",
        "\n".join(f"L{i} = np.uintp({i * LANES})" for i in range(highest + 1)),
        prepare(),
        started(),
        forward("advance", with_cost=False),
        forward("advance_with_cost", with_cost=True),
        backward(),
        reading("end_cost", "Add the cost of the final state.", cost, _ROW + eq.terminal),
        injected("end_back", "Begin the adjoint.", WEIGHT, eq.terminal_back),
        reading("watch", "Read what is watched.", seen, eq.watched),
        injected("watch_back", "Add the slope of what is watched.", _WATCH_WEIGHT, eq.watched_back),
    ]  # fmt: skip
    return "\n\n\n".join(parts) + "\n"
