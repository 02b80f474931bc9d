"""Combinations of parameters that data determine although they do not determine the parameters.

Standard errors are first-order (delta-method) values at the estimate; how far a combination really reaches, its
profile tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import sympy as sp

from identifiability.functions.formula import formula_quantity, log_gradient, read_formula
from identifiability.information.directions import need_logarithms, percent, readable
from identifiability.result import FisherInformation

DETERMINED, UNDETERMINED = 0.10, 0.30  # relative standard errors


@dataclass(frozen=True)
class Combination:
    """A combination that the data determine although they do not determine what it is made of.

    Parameters
    ----------
    expression : str
        SymPy text, in the names of the parameters.
    value : float
        At the estimate.
    relative_se : float
        Delta-method standard error over the value.
    open_parameters : tuple of str
        The parameters in it that are not determined.
    open_relative_se : tuple of float
        Their relative standard errors, those of their logarithms.
    structural : bool
        Whether it was handed in, as an identifiable combination of the structural analysis.
    """

    expression: str
    value: float
    relative_se: float
    open_parameters: tuple[str, ...]
    open_relative_se: tuple[float, ...]
    structural: bool = False

    @property
    def latex(self) -> str:
        """The combination in LaTeX."""
        names = sorted(set(re.findall(r"[A-Za-z_]\w*", self.expression)) - {"exp", "log", "sqrt"})
        return sp.latex(read_formula(self.expression, names))

    @property
    def sentence(self) -> str:
        """Say what is known, what is not."""
        groups: dict[str, list[str]] = {}
        for name, se in zip(self.open_parameters, self.open_relative_se, strict=True):
            words = percent(se) if not np.isfinite(se) else f"only {percent(se)}"
            groups.setdefault(words, []).append(name)
        alone = " and ".join(f"{_listed(names)} alone {words}" for words, names in groups.items())
        return f"{readable(self.expression)} = {self.value:.4g} is determined {percent(self.relative_se)}, but {alone}."


def _listed(names: Sequence[str]) -> str:
    """Join names as a person does: ``r, K and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def written(expression: sp.Expr) -> str:
    """SymPy text of a formula with its positive terms first: ``1 - delta/r``, not ``-delta/r + 1``."""
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):
        """Prints sums as they are spoken."""

        def _print_Add(self, expr: sp.Add, order: str | None = None) -> str:  # noqa: N802, ARG002
            ordered = sorted(
                expr.args, key=lambda term: (term.could_extract_minus_sign(), not term.is_number)
            )
            text = self._print(ordered[0])
            for term in ordered[1:]:
                negative = term.could_extract_minus_sign()
                text += f" {'-' if negative else '+'} {self._print(-term if negative else term)}"
            return text

    return Printer().doprint(expression)


def candidate_combinations(names: Sequence[str], units: Mapping[str, str]) -> Iterator[sp.Expr]:
    """Yield combinations that growth models are known to leave behind, over all parameters.

    Sums and differences only of what has one unit, ``1 - b`` only of what has none.

    Parameters
    ----------
    names : sequence of str
    units : mapping of str to str
        ``"1"`` for what has none.
    """
    symbols = {name: sp.Symbol(name) for name in names}
    one = sp.S.One
    for a, b in combinations(names, 2):
        x, y = symbols[a], symbols[b]
        yield from (x * y, x / y)
        if units.get(a) == units.get(b):
            yield from (x - y, x + y)
    for a, b in permutations(names, 2):
        if units.get(b) == "1":
            x, y = symbols[a], symbols[b]
            yield from (x * (one - one / y), x * (one - y))
    for a, b, c in permutations(names, 3):
        x, y, z = symbols[a], symbols[b], symbols[c]
        if units.get(b) == units.get(c):
            # a growth rate left over after a kill, an equilibrium under a dose
            yield x * (one - y / z)
        if units.get(a) == units.get(b) and a < b:
            yield from ((x - y) * z, (x - y) / z)


def determined_combinations(
    information: FisherInformation,
    estimates: np.ndarray,
    *,
    units: Mapping[str, str] | None = None,
    structural: Sequence[str] = (),
    determined: float = DETERMINED,
    undetermined: float = UNDETERMINED,
) -> tuple[Combination, ...]:
    """Find combinations that are determined although a parameter in them is not.

    Parameters
    ----------
    information : FisherInformation
        Of the variant ``"expected"``.
    estimates : ndarray, shape (p,)
        In the model's units.
    units : mapping of str to str, optional
        Of the parameters; without them everything counts as of one unit, not dimensionless.
    structural : sequence of str
        Further candidates: identifiable combinations of the structural analysis, as SymPy strings. Those that
        hold other names (unknown initial states) or that do not depend on a parameter are left out.
    determined, undetermined : float
        Relative standard errors below, above which something counts so.

    Returns
    -------
    tuple of Combination
        Best determined first; of several with one error and one value only the shortest.

    Raises
    ------
    ValueError
        See :func:`identifiability.information.directions.describe_directions`.
    """
    need_logarithms(information)
    p = len(estimates)
    names = information.names[:p]
    alone = dict(zip(names, information.standard_errors[:p], strict=True))
    given = []
    for text in structural:
        try:
            given.append(read_formula(text, names))
        except ValueError:
            continue
    found: dict[tuple[float, float], Combination] = {}
    candidates = [(e, True) for e in given]
    candidates += [(e, False) for e in candidate_combinations(names, units or dict.fromkeys(names, "same"))]
    for expression, handed_in in candidates:
        inside = [name for name in names if sp.Symbol(name) in expression.free_symbols]
        loose = tuple(name for name in inside if alone[name] > undetermined)
        if not loose or len(inside) < 2:
            continue
        quantity = formula_quantity(expression, names)
        value = float(quantity.value(estimates[None, :])[0])
        slope = log_gradient(quantity, estimates[None, :])[0]
        if not (np.isfinite(value) and value != 0 and np.all(np.isfinite(slope))):
            continue
        se = information.standard_error(slope / value)
        if not se < determined:
            continue
        key = (float(f"{se:.4g}"), float(f"{abs(value):.6g}"))
        new = Combination(
            written(expression), value, se, loose, tuple(float(alone[name]) for name in loose), handed_in
        )
        old = found.get(key)
        if old is None or (len(new.expression), not handed_in) < (len(old.expression), not old.structural):
            found[key] = new
    return tuple(sorted(found.values(), key=lambda c: c.relative_se))
