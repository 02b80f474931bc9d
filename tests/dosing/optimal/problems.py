"""Optimal control problems with known optima: published or exact values, with their sources."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from dosing.optimal import OptimalControlProblem
from dynamics.model import Constant, Input, Model


def model(name, states, initial, controls, constants=None):
    """A model without parameters to be estimated; its first state is its output."""
    return Model.define(
        name,
        states=states,
        initial={s: str(v) for s, v in initial.items()},
        outputs={"y_out": next(iter(states))},
        parameters=[],
        inputs=[Input(u, lower=low, upper=high) for u, (low, high) in controls.items()],
        constants=[Constant(c, "1", value=v) for c, v in (constants or {}).items()],
    )


@dataclass(frozen=True)
class Known:
    """A problem and what is known of its optimum.

    ``published`` (or an exact value) is reached to ``rtol``; ``mesh`` is what the problem converges to under
    refinement with the control constant per interval. ``solve`` is how it is solved for that.
    """

    name: str
    problem: OptimalControlProblem
    published: float
    rtol: float
    source: str
    mesh: float | None = None
    mesh_rtol: float = 1e-6
    final_time: float | None = None  # to four digits
    arcs: tuple[tuple[float, float], ...] = ()  # (fraction of the horizon, control there)
    solve: dict[str, Any] = field(default_factory=dict)


INF = math.inf
FREE = {"u": (-INF, INF)}
UNIT = {"u": (0.0, 1.0)}


def turnpike():
    return OptimalControlProblem.define(
        model("turnpike", {"x": "u"}, {"x": 1}, {"u": (-1, 1)}),
        running="x**2",
        subject_to=["x(T) == 1/2"],
        horizon_days=2,
    )


def least_energy(horizon=2.0):
    return OptimalControlProblem.define(
        model("double_integrator", {"x": "v", "v": "u"}, {"x": 0, "v": 0}, FREE),
        running="u**2",
        subject_to=["x(T) == 1", "v(T) == 0"],
        horizon_days=horizon,
    )


def least_time():
    return OptimalControlProblem.define(
        model("double_integrator", {"x": "v", "v": "u"}, {"x": 0, "v": 0}, {"u": (-1, 1)}),
        terminal="T",
        subject_to=["x(T) == 1", "v(T) == 0"],
        horizon_days=(0.1, 20),
    )


def anti_angiogenesis():
    numbers = {"xi": 0.084, "b": 5.85, "d": 0.00873, "G": 0.15, "mu": 0.02}
    full = ((numbers["b"] - numbers["mu"]) / numbers["d"]) ** 1.5
    return OptimalControlProblem.define(
        model(
            "anti_angiogenesis",
            {"p": "-xi*p*log(p/q)", "q": "q*(b - mu - d*p**(2/3) - G*u)", "y": "u"},
            {"p": full / 2, "q": full / 4, "y": 0},
            {"u": (0, 75)},
            numbers,
        ),
        {"A": 15.0},
        terminal="p",
        subject_to=["y(T) <= A"],
        horizon_days=(0.1, 5),
    )


def jackson():
    return OptimalControlProblem.define(
        model(
            "jackson",
            {"a": "-u*(k1*a - k2*b)", "b": "u*(k1*a - k2*b) - (1 - u)*k3*b", "c": "(1 - u)*k3*b"},
            {"a": 1, "b": 0, "c": 0},
            UNIT,
            {"k1": 1, "k2": 10, "k3": 1},
        ),
        terminal="-c",
        horizon_days=4,
    )


def fishing():
    return OptimalControlProblem.define(
        model(
            "fishing",
            {"x": "x - x*y - 0.4*x*u", "y": "-y + x*y - 0.2*y*u"},
            {"x": 0.5, "y": 0.7},
            UNIT,
        ),
        running="(x - 1)**2 + (y - 1)**2",
        horizon_days=12,
    )


def catalyst():
    return OptimalControlProblem.define(
        model(
            "catalyst",
            {"a": "u*(10*b - a)", "b": "u*(a - 10*b) - (1 - u)*b"},
            {"a": 1, "b": 0},
            UNIT,
        ),
        terminal="a + b - 1",
        horizon_days=1,
    )


def goddard():
    return OptimalControlProblem.define(
        model(
            "goddard",
            {"h": "v", "v": "(F - D_c*v**2*exp(-h_c*(h - 1)))/m - 1/h**2", "m": "-F/c"},
            {"h": 1, "v": 0, "m": 1},
            {"F": (0, 3.5)},
            {"D_c": 310, "h_c": 500, "c": 0.5},
        ),
        terminal="-h",
        subject_to=["m(T) == 0.6"],
        state_bounds={"h": (1, 2), "v": (0, 1), "m": (0.6, 1)},
        horizon_days=(0.01, 1),
    )


def van_der_pol():
    return OptimalControlProblem.define(
        model("van_der_pol", {"x": "(1 - y**2)*x - y + u", "y": "x"}, {"x": 0, "y": 1}, {"u": (-0.3, 1)}),
        running="x**2 + y**2 + u**2",
        horizon_days=5,
    )


def rayleigh():
    return OptimalControlProblem.define(
        model(
            "rayleigh", {"x": "y", "y": "-x + y*(1.4 - 0.14*y**2) + 4*u"}, {"x": -5, "y": -5}, FREE
        ),
        running="u**2 + x**2",
        horizon_days=2.5,
    )  # fmt: skip


def bryson_denham():
    return OptimalControlProblem.define(
        model("bryson_denham", {"x": "v", "v": "u"}, {"x": 0, "v": 1}, FREE),
        {"l": 1 / 9},
        running="u**2/2",
        subject_to=["x(T) == 0", "v(T) == -1", "x <= l"],
        horizon_days=1,
    )


def brachistochrone():
    return OptimalControlProblem.define(
        model(
            "brachistochrone",
            {"x": "v*sin(a)", "y": "-v*cos(a)", "v": "9.80665*cos(a)"},
            {"x": 0, "y": 10, "v": 0},
            {"a": (0.0, 3.1)},
        ),
        terminal="T",
        subject_to=["x(T) == 10", "y(T) == 5"],
        horizon_days=(0.5, 10),
    )


KNOWN = (
    Known("turnpike", turnpike(), 0.375, 1e-6, "control-toolbox, Bocop regulator_1D; exact",
          arcs=((0.25, -1.0), (0.6, 0.0), (0.9, 1.0)), solve={"intervals": 40}),
    Known("least energy", least_energy(), 1.5, 2e-4, "12/T**3, exact", solve={"refine": 0}),
    Known("least time", least_time(), 2.0, 1e-7, "2 sqrt(distance), exact", final_time=2.0,
          arcs=((0.2, 1.0), (0.8, -1.0)), solve={"refine": 0}),
    Known("anti-angiogenesis", anti_angiogenesis(), 7571.66986, 1e-5,
          "Ledzewicz and Schaettler 2008; Betts 2010, 6.17; value of GPOPS-II", mesh=7571.6713,
          final_time=1.1961, arcs=((0.05, 75.0), (0.99, 0.0)), solve={"intervals": 50}),
    Known("Jackson", jackson(), -0.192011, 2e-3, "Jackson 1968, A <-> B -> C", mesh=-0.1918143,
          arcs=((0.01, 1.0), (0.99, 0.0)), solve={"intervals": 50}),
    Known("Lotka-Volterra fishing", fishing(), 1.34408, 1e-4, "Sager 2005, relaxed problem", mesh=1.344082,
          arcs=((0.1, 0.0), (0.25, 1.0)), solve={"intervals": 50}),
    Known("catalyst mixing", catalyst(), -0.0480557, 2e-6, "Dolan, More, Munson 2004, COPS 3.0, catalyst mixing",
          arcs=((0.05, 1.0), (0.95, 0.0)), solve={"intervals": 50}),
    Known("Goddard", goddard(), -1.01283, 1e-5, "Dolan, More, Munson 2004, COPS 3.0, Goddard rocket",
          arcs=((0.01, 3.5), (0.95, 0.0)), solve={"intervals": 50}),
    Known("van der Pol", van_der_pol(), 2.8673, 1e-3, "Vassiliadis 1993", solve={"refine": 0}),
    Known("Rayleigh", rayleigh(), 29.37609, 2e-4, "Jacobson and Mayne 1970, Rayleigh's equation", solve={"refine": 1}),
    Known("Bryson-Denham", bryson_denham(), 4.0, 3e-4, "4/(9 l), exact; Bryson, Denham and Dreyfus 1963",
          solve={"refine": 0}),
    Known("brachistochrone", brachistochrone(), 1.8016, 5e-5, "the cycloid, exact", final_time=1.8016,
          solve={"refine": 0}),
)  # fmt: skip
