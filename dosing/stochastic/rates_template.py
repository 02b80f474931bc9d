"""Template: expected births and deaths of one generation, for one state or for many."""

from __future__ import annotations

from numba import njit


# <process>
@njit(cache=True, error_model="numpy")
def unclipped(n, u, c, births, deaths):  # noqa: ARG001
    """Births and deaths as printed, here of cells that double and die under a dose."""
    births[0] = n[0]
    deaths[0] = n[0] * u[0]


# </process>


@njit(cache=True, error_model="numpy", nogil=True)
def rates(n, u, c, births, deaths):
    """Write the expected births and deaths of every type; a negative number counts as zero.

    n : (types,) cells; u : (inputs,) doses; c : (constants,) in declared order; births, deaths : (types,) results.
    """
    unclipped(n, u, c, births, deaths)
    for i in range(n.shape[0]):
        births[i] = max(births[i], 0.0)
        deaths[i] = max(deaths[i], 0.0)


@njit(cache=True, error_model="numpy", nogil=True)
def rates_of_states(states, u, c, births, deaths):
    """Write the expected births and deaths of many states under one dose.

    states, births, deaths : (states, types); u : (inputs,); c : (constants,).
    """
    for row in range(states.shape[0]):
        rates(states[row], u, c, births[row], deaths[row])
