"""One generation backwards: the mean of the value at the next cell numbers (Fischer 2015, eq. 10)."""

from __future__ import annotations

from numba import njit

from dosing.stochastic.birth_death.skellam import reach, write_skellam

__all__ = ["axis_span", "axis_weights", "mean_value", "means"]


@njit(cache=True, error_model="numpy", nogil=True)
def axis_span(n, birth, death, first):
    """Return the first node that the next cell number can take from, and how many nodes that are in a row.

    n : cells; birth, death : expected numbers; first : (edge + 1,) first node by cell number.
    """
    edge = first.shape[0] - 1
    low, high = reach(birth, death)
    begin = first[min(max(n + low, 0), edge)]
    return begin, first[min(max(n + high, 0), edge)] + 4 - begin


@njit(cache=True, error_model="numpy", nogil=True)
def axis_weights(n, birth, death, first, shares, lost, ratio, mass, out):
    """Write the weight of every node of :func:`axis_span`, summed over the next cell numbers.

    Below zero there is no cell; beyond the edge the type stays at the edge, or its tumour is lost.

    shares : (edge + 1, 4); lost : bool; ratio, mass : work; out : (span,) result.
    """
    edge = first.shape[0] - 1
    low, high = reach(birth, death)
    write_skellam(birth, death, low, high, ratio, mass)
    begin, span = axis_span(n, birth, death, first)
    out[:span] = 0.0
    for k in range(low, high + 1):
        to, p = n + k, mass[k - low]
        if to > edge:
            if lost:
                break
            to = edge
        elif to < 0:
            to = 0
        at = first[to] - begin
        out[at] += p * shares[to, 0]
        out[at + 1] += p * shares[to, 1]
        out[at + 2] += p * shares[to, 2]
        out[at + 3] += p * shares[to, 3]


@njit(cache=True, error_model="numpy", nogil=True, fastmath={"reassoc", "contract", "nsz"})
def mean_value(value, row, rows, row_weights, column, columns, column_weights):
    """Return the mean of a value over a block of nodes, as a bilinear form.

    value : (nodes, nodes); row, column : first node; rows, columns : numbers of nodes; weights of both axes.
    """
    total = 0.0
    blocks = rows - rows % 4
    for i in range(0, blocks, 4):  # a weight that is loaded once serves four rows
        a = value[row + i, column : column + columns]
        b = value[row + i + 1, column : column + columns]
        c = value[row + i + 2, column : column + columns]
        d = value[row + i + 3, column : column + columns]
        of_a, of_b, of_c, of_d = 0.0, 0.0, 0.0, 0.0
        for j in range(columns):
            weight = column_weights[j]
            of_a += a[j] * weight
            of_b += b[j] * weight
            of_c += c[j] * weight
            of_d += d[j] * weight
        total += of_a * row_weights[i] + of_b * row_weights[i + 1]
        total += of_c * row_weights[i + 2] + of_d * row_weights[i + 3]
    for i in range(blocks, rows):
        line = value[row + i, column : column + columns]
        part = 0.0
        for j in range(columns):
            part += line[j] * column_weights[j]
        total += part * row_weights[i]
    return total


@njit(cache=True, error_model="numpy", nogil=True)
def means(value, begin, span, offset, weights, kept, out, start, stop):
    """Write the value one generation earlier at the states start, …, stop - 1 under one control.

    value : (nodes, nodes) later value; begin, span : (states, 2); offset : (states, 2) places in weights; kept,
    out : (states,).
    """
    for s in range(start, stop):
        a, b = offset[s, 0], offset[s, 1]
        out[s] = kept[s] * mean_value(
            value, begin[s, 0], span[s, 0], weights[a : a + span[s, 0]],
            begin[s, 1], span[s, 1], weights[b : b + span[s, 1]],
        )  # fmt: skip
