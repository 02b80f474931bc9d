"""The dose x pause map of adaptive therapy (Masud 2023, Fig. 7), against SciPy's ``solve_ivp`` with events.

``python -m benchmarks.pause_map`` needs no cohort: parameters are those that the paper prints for patient 2. The other
side simulates a sample of the cells, drawn evenly over the map, as such scripts are written: one call of ``solve_ivp``
from switch to switch, ended by an event; its time is scaled up to the whole map.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.record import Row, Table, save
from benchmarks.table import print_results

FIT, FIRST = (0.131799194, 580.8725024, 0.089001925, 2.291960323), 359.0
DOSES, PAUSES = np.linspace(0.1, 1.0, 91), np.linspace(0.5, 0.9, 41)
HORIZON, RESUME, TARGET_S = 1460.0, 0.999, 2.0


def cell(dose: float, pause: float, rtol: float) -> float:
    """Time to progression of one cell by ``solve_ivp``, days."""
    from scipy.integrate import solve_ivp

    r, K, delta, c = FIT

    def rhs(_t: float, x: np.ndarray, given: float) -> list[float]:
        S, R = x
        return [r * (1 - (S + R) / K) * S - given * delta * S, r * (1 - (c * S + R) / K) * R]

    def crossing(level: float, direction: int):
        def event(_t: float, x: np.ndarray, _given: float) -> float:
            return x[0] + x[1] - level * FIRST

        event.terminal, event.direction = True, direction  # type: ignore[attr-defined]
        return event

    t, x, on = 0.0, [0.99 * FIRST, 0.01 * FIRST], True
    if sum(rhs(0.0, np.array(x), dose)) > 0:
        return 1.0
    while t < HORIZON:
        events = [crossing(1.0, 1), crossing(pause, -1) if on else crossing(RESUME, 1)]
        found = solve_ivp(
            rhs, (t, HORIZON), x, args=(dose if on else 0.0,), events=events, rtol=rtol, atol=1e-6
        )
        t, x = float(found.t[-1]), found.y[:, -1]
        if len(found.t_events[0]) and found.t_events[0][0] > 1e-6:
            return float(found.t_events[0][0])
        on = not on
    return HORIZON


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pause_map", description=__doc__)
    parser.add_argument("--cells", type=int, default=40)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args(arguments)
    from dosing.ttp_map import ttp_map
    from dynamics import get_model

    model, load = get_model("competition"), os.getloadavg()[0]

    def ours() -> tuple[float, np.ndarray]:
        begun = time.perf_counter()
        found = ttp_map(model, FIT, {"V0": FIRST}, doses=DOSES, pause_levels=PAUSES)
        return time.perf_counter() - begun, found.days

    first, days = ours()
    again = [ours()[0] for _ in range(options.repeat)]
    count = len(DOSES) * len(PAUSES)
    rows = [
        Row("91 x 41 map, kernels cached, first call", [first], load=[load], target_s=TARGET_S),
        Row("91 x 41 map, again", again, load=[load] * len(again), target_s=TARGET_S),
    ]
    generator = np.random.default_rng(0)
    chosen = [np.unravel_index(k, days.shape) for k in generator.choice(count, options.cells, replace=False)]
    cells = []
    cell(0.9, 0.5, 1e-3)  # imports and first calls are not part of what is timed
    for name, rtol in (("RK45, its defaults", 1e-3), ("RK45, 1e-8", 1e-8)):
        begun = time.perf_counter()
        others = [cell(float(DOSES[i]), float(PAUSES[j]), rtol) for i, j in chosen]
        scaled = (time.perf_counter() - begun) / options.cells * count
        apart = np.abs(np.floor(others) - [days[i, j] for i, j in chosen])
        cells.append([f"solve_ivp with events, {name}", round(scaled, 1), round(scaled / min(again), 1),
                      f"{int((apart <= 1).sum())} of {options.cells}"])  # fmt: skip
    tables = [Table(f"Against SciPy: {options.cells} cells, scaled to {count}",
                    ["other side", "s", "times slower", "cells within a day"], cells)]  # fmt: skip
    title = "Dose x pause map of adaptive therapy"
    save("pause_map", title, rows, tables)
    print_results(title, rows, tables)


if __name__ == "__main__":
    main()
