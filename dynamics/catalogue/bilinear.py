"""Bilinear compartment models of any size: Ledzewicz 2018, eq. 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from dynamics.expressions import ModelError, parse_expression
from dynamics.model import Constant, Input, Model, Output, Parameter, State
from dynamics.steady_proportions import perron, uncontrolled_matrix


def bilinear_model(
    name: str,
    A: Sequence[Sequence[Any]] | np.ndarray | sp.MatrixBase,
    B: Mapping[str, Sequence[Sequence[Any]] | np.ndarray | sp.MatrixBase],
    initial: Sequence[Any] | np.ndarray | None,
    *,
    total: str = "1",
    inputs: Iterable[Input] | None = None,
    states: Sequence[str] | None = None,
    outputs: Mapping[str, str] | None = None,
    parameters: Iterable[Parameter] = (),
    constants: Iterable[Constant] = (),
    roles: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    meanings: Mapping[str, str] | None = None,
    title: str = "",
    source: str = "Ledzewicz, Schaettler, Wang (2018), eq. 1",
    assumptions: Sequence[str] = (),
) -> Model:
    """Write ``dN/dt = (A + sum of u_j B_j) N, N(0) = initial`` as a model.

    Parameters
    ----------
    name : str
    A : matrix, shape (n, n), per day
        Entry (i, j) is the flow from compartment j into i. Entries are numbers, text or SymPy expressions in
        parameters and constants.
    B : mapping of str to matrix, shape (n, n), per day and unit of the input
        One matrix for every input.
    initial : sequence, length n, or None
        Entries as above; None for the steady proportions of A, at the values of the constants, times ``total``.
    total : str
        Cells at the start, in parameters and constants; without meaning where ``initial`` is given.
    inputs : iterable of Input, optional
        Their order is the order of the controls; by default a fraction of the maximum tolerated dose each.
    states : sequence of str, optional
        ``N1 ... Nn`` where not given.
    outputs : mapping of str to str, optional
        The sum of all compartments, ``burden``, where not given.
    parameters, constants, roles, units, meanings, title, source, assumptions
        As in :meth:`dynamics.model.Model.define`.

    Raises
    ------
    ModelError
        Matrices that do not fit, inputs without a matrix, symbols that are not declared; no steady proportions.

    Examples
    --------
    >>> model = bilinear_model("two", [[0.1, 0.02], [0.01, 0.05]], {"u": [[-1, 0], [0, 0]]}, [1, 0])
    >>> print(model.states[0].rhs)
    N1*(1/10 - u) + N2/50
    """
    where = f"model {name!r}"
    parameters, constants = tuple(parameters), tuple(constants)
    roles, units, meanings = roles or {}, units or {}, meanings or {}
    names = [q.name for q in (*parameters, *constants)]
    matrix = _matrix(A, names, f"{where}, matrix A")
    n = matrix.rows
    states = tuple(f"N{i + 1}" for i in range(n)) if states is None else tuple(states)
    given = tuple(Input(control) for control in B) if inputs is None else tuple(inputs)
    if [*B] != [i.name for i in given] and {*B} != {i.name for i in given}:
        raise ModelError(f"{where}: matrices B for {', '.join(B)}, inputs {', '.join(i.name for i in given)}")
    if initial is None:
        known = {sp.Symbol(c.name): sp.Float(c.value) for c in constants if c.value is not None}
        free = matrix.xreplace(known).free_symbols
        if free:
            raise ModelError(
                f"{where}: steady proportions need a value for {', '.join(sorted(map(str, free)))}"
            )
        shares = perron(np.array(matrix.xreplace(known).tolist(), dtype=float), states, where=where).shares
        initial = [sp.Float(share) * _entry(total, names, f"{where}, total") for share in shares]
    if len(states) != n or len(initial) != n:
        raise ModelError(
            f"{where}: A has {n} rows, with {len(states)} states and {len(initial)} initial values"
        )
    for control, entries in B.items():
        effect = _matrix(entries, names, f"{where}, matrix of {control}")
        if effect.rows != n:
            raise ModelError(f"{where}: A has {n} rows, but the matrix of {control} has {effect.rows}")
        matrix += sp.Symbol(control) * effect
    matrix = matrix.applyfunc(sp.factor_terms)
    rates = matrix * sp.Matrix([sp.Symbol(s) for s in states])
    texts = {"burden": " + ".join(states)} if outputs is None else outputs
    return Model(
        name=name,
        states=tuple(
            State(
                s, rates[i], _entry(initial[i], names, f"{where}, initial value of {s}"),
                units.get(s, "burden"), meanings.get(s, ""), roles.get(s, ""),
            )
            for i, s in enumerate(states)
        ),
        parameters=parameters,
        outputs=tuple(
            Output(o, _entry(text, [*states, *names], f"{where}, output {o}"), units.get(o, "burden"),
                   meanings.get(o, ""))
            for o, text in texts.items()
        ),
        inputs=given,
        constants=constants,
        title=title,
        source=source,
        assumptions=tuple(assumptions),
    )  # fmt: skip


def bilinear_matrices(model: Model) -> tuple[sp.ImmutableMatrix, dict[str, sp.ImmutableMatrix]]:
    """Read A and the matrices B_j of eq. 1 back from a model's equations.

    Raises
    ------
    ModelError
        The model is not of this form.
    """
    states, controls = model.state_symbols, model.input_symbols
    none = dict.fromkeys(controls, sp.S.Zero)
    whole = sp.Matrix([[sp.expand(f.diff(x)) for x in states] for f in model.rhs.flat()])
    A = whole.xreplace(none)
    B = {str(u): whole.diff(u) for u in controls}
    sum_of_all = A + sum((u * B[str(u)] for u in controls), sp.zeros(*A.shape))
    moving = {*states, *controls, sp.Symbol("t")}
    rest = (model.rhs - sum_of_all * sp.Matrix(states)).applyfunc(sp.expand)
    if not rest.is_zero_matrix or any(m.free_symbols & moving for m in (A, *B.values())):
        raise ModelError(f"model {model.name!r} is not of the form dN/dt = (A + sum of u_j B_j) N")
    return sp.ImmutableMatrix(A), {name: sp.ImmutableMatrix(m) for name, m in B.items()}


def keeps_cells_positive(model: Model, values: Mapping[str, float] | None = None) -> bool:
    """Say whether no compartment can become negative, whatever the inputs within their bounds.

    The orthant is invariant if and only if every flow between compartments is not negative. Flows are affine in
    the inputs, so the corners of the box of inputs decide.

    Raises
    ------
    ModelError
        See :func:`dynamics.steady_proportions.uncontrolled_matrix`.
    """
    for corner in product(*((i.lower, i.upper) for i in model.inputs)):
        doses = {i.name: dose for i, dose in zip(model.inputs, corner, strict=True)}
        flows = uncontrolled_matrix(model, {**(values or {}), **doses})
        if np.any(flows[~np.eye(len(flows), dtype=bool)] < 0):
            return False
    return True


def _matrix(entries: Any, names: Sequence[str], where: str) -> sp.Matrix:
    """Read a square matrix."""
    rows = entries.tolist() if isinstance(entries, np.ndarray | sp.MatrixBase) else [list(r) for r in entries]
    if not rows or any(len(row) != len(rows) for row in rows):
        raise ModelError(f"{where} is not square: its rows have {[len(row) for row in rows]} entries")
    return sp.Matrix([[_entry(e, names, where) for e in row] for row in rows])


def _entry(entry: Any, names: Sequence[str], where: str) -> sp.Expr:
    """Read a number, a text or an expression; decimal numbers are exact rationals, as in every model."""
    if isinstance(entry, sp.Expr):
        return entry
    return parse_expression(entry if isinstance(entry, str) else repr(float(entry)), names, where=where)
