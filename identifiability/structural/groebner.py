"""Gröbner bases over a prime field, grown by one equation at a time."""

from __future__ import annotations

from collections.abc import Iterable

from identifiability.structural.polynomials import Poly

Monomial = tuple[int, ...]


class GroebnerBasis:
    """An ideal of a polynomial ring over a prime field, by Buchberger's algorithm.

    Superfluous pairs are left out by the criteria of Gebauer and Möller (1988); the pair with the lowest common
    multiple comes first. The order is that of the ring (degree, then reverse lexicographic).

    Parameters
    ----------
    ring : flint.nmod_mpoly_ctx
    """

    def __init__(self, ring: Poly) -> None:
        self.ring = ring
        self._polys: list[Poly] = []
        self._leads: list[Monomial] = []
        self._alive: list[int] = []
        self._pairs: list[tuple[int, Monomial, int, int]] = []

    @property
    def leads(self) -> list[Monomial]:
        """Leading monomials of the minimal basis."""
        return [self._leads[i] for i in self._alive]

    @property
    def polys(self) -> list[Poly]:
        """The minimal basis; what follows each leading monomial is not reduced any further."""
        return [self._polys[i] for i in self._alive]

    def add(self, equations: Iterable[Poly]) -> bool:
        """Add equations, complete the basis; return whether the ideal has grown."""
        grown = False
        for equation in sorted(equations, key=lambda f: (int(f.total_degree()), len(f))):
            rest = self.normal_form(equation)
            if not rest.is_zero():
                grown = True
                self._insert(rest)
                self._complete()
        return grown

    def add_together(self, equations: Iterable[Poly]) -> None:
        """Add equations before any pair is looked at: for equations that mean little one by one."""
        for equation in sorted(equations, key=lambda f: (int(f.total_degree()), len(f))):
            rest = self.normal_form(equation)
            if not rest.is_zero():
                self._insert(rest)
        self._complete()

    def normal_form(self, poly: Poly) -> Poly:
        """Return the remainder of a polynomial modulo the basis."""
        ring, rest, kept = self.ring, poly, {}
        divisors = sorted(self._alive, key=lambda i: len(self._polys[i]))
        leads = [(self._leads[i], i) for i in divisors]
        while not rest.is_zero():
            top = tuple(map(int, rest.monomial(0)))
            factor = int(rest.leading_coefficient())
            for lead, i in leads:
                if all(a <= b for a, b in zip(lead, top, strict=True)):
                    shift = tuple(b - a for a, b in zip(lead, top, strict=True))
                    rest = rest - ring.term(coeff=factor, exp_vec=shift) * self._polys[i]
                    break
            else:
                kept[top] = factor
                rest = rest - ring.term(coeff=factor, exp_vec=top)
        return ring.from_dict(kept)

    def _complete(self) -> None:
        """Work off every pair."""
        while self._pairs:
            least = min(range(len(self._pairs)), key=lambda k: self._pairs[k][:2])
            _, common, i, j = self._pairs.pop(least)
            rest = self.normal_form(self._s_polynomial(common, i, j))
            if not rest.is_zero():
                self._insert(rest)

    def _s_polynomial(self, common: Monomial, i: int, j: int) -> Poly:
        """Return the combination of two (monic) members whose leading terms cancel."""
        left, right = (
            self.ring.term(coeff=1, exp_vec=_minus(common, self._leads[k])) * self._polys[k] for k in (i, j)
        )
        return left - right

    def _insert(self, poly: Poly) -> None:
        """Add a reduced polynomial, with the pairs that it needs."""
        poly = poly * pow(int(poly.leading_coefficient()), -1, int(self.ring.modulus()))
        new, lead = len(self._polys), tuple(map(int, poly.monomial(0)))
        self._polys.append(poly)
        self._leads.append(lead)
        if not any(lead):  # a constant: the ideal is everything
            self._alive, self._pairs = [new], []
            return
        self._pairs = [
            pair
            for pair in self._pairs
            if not _divides(lead, pair[1])
            or _common(self._leads[pair[2]], lead) == pair[1]
            or _common(self._leads[pair[3]], lead) == pair[1]
        ]
        candidates = [(_common(self._leads[i], lead), i) for i in self._alive]
        candidates.sort(key=lambda c: (sum(c[0]), not _coprime(self._leads[c[1]], lead)))
        kept: list[tuple[Monomial, int]] = []
        for common, i in candidates:
            if not any(_divides(other, common) for other, _ in kept):
                kept.append((common, i))
        self._pairs += [
            (sum(common), common, i, new) for common, i in kept if not _coprime(self._leads[i], lead)
        ]
        self._alive = [i for i in self._alive if not _divides(lead, self._leads[i])] + [new]

    def standard_monomials(self, limit: int = 2000) -> list[Monomial] | None:
        """Return the monomials that no leading monomial divides; None where there are infinitely many.

        Raises
        ------
        OverflowError
            More than ``limit`` of them.
        """
        n = len(self.ring.names())
        bounds = [min((m[i] for m in self.leads if sum(m) == m[i]), default=None) for i in range(n)]
        if any(b is None for b in bounds):
            return None if not any(not any(m) for m in self.leads) else []
        found: list[Monomial] = []
        stack: list[Monomial] = [(0,) * n]
        seen = set(stack)
        while stack:
            monomial = stack.pop()
            if any(_divides(lead, monomial) for lead in self.leads):
                continue
            found.append(monomial)
            if len(found) > limit:
                raise OverflowError(f"more than {limit} solutions")
            for i in range(n):
                step = (*monomial[:i], monomial[i] + 1, *monomial[i + 1 :])
                if step not in seen:
                    seen.add(step)
                    stack.append(step)
        return sorted(found, key=lambda m: (sum(m), m))


def _divides(a: Monomial, b: Monomial) -> bool:
    """Whether one monomial divides another."""
    return all(x <= y for x, y in zip(a, b, strict=True))


def _common(a: Monomial, b: Monomial) -> Monomial:
    """Least common multiple."""
    return tuple(map(max, a, b))


def _minus(a: Monomial, b: Monomial) -> Monomial:
    """Quotient of monomials."""
    return tuple(x - y for x, y in zip(a, b, strict=True))


def _coprime(a: Monomial, b: Monomial) -> bool:
    """Whether two monomials share no generator."""
    return not any(x and y for x, y in zip(a, b, strict=True))
