"""The nonlinear programme of a control problem on a grid: Radau collocation, with all numbers as parameters.

With fractions of the horizon τ, nodes c_j of element e and states scaled by s, the unknowns are the control of each
interval, the states at the nodes and, where it is free, the final time T. Each element contributes (Garg et al. 2010,
Automatica 46:1843, in differential form with the right end collocated)

    Σ_i D_ij z_ei = T w_e f(s z_ej, u_k, t_ej, θ) / s,        j = 1, 2, 3,

where z_e0 is the last node of the element before, so that continuity needs no row. Costs are the terminal one plus
T Σ_e w_e Σ_j b_j L at the nodes. Bounds, initial state, widths of elements, scales and all numbers of the problem are
parameters of the programme: a scan over any of them builds nothing anew.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dosing.optimal.conditions import FINAL_TIME, ProblemError
from dosing.optimal.radau import DEGREE, NODES, SLOPES, WEIGHTS
from dynamics.casadi_printer import casadi_function
from dynamics.model import TIME

if TYPE_CHECKING:
    from dosing.optimal.grid import Grid
    from dosing.optimal.problem import OptimalControlProblem

_KEPT = 12
_built: OrderedDict[object, Transcription] = OrderedDict()


@dataclass(frozen=True)
class Scales:
    """Sizes that make all unknowns and rows of the programme about one.

    Parameters
    ----------
    states, controls : ndarray
    time, cost : float
    along_path, at_end : ndarray
        One for each condition.
    """

    states: np.ndarray
    controls: np.ndarray
    time: float
    cost: float
    along_path: np.ndarray
    at_end: np.ndarray


def transcription(problem: OptimalControlProblem, grid: Grid) -> Transcription:
    """Return the programme of all problems of this shape on grids of this pattern, built once."""
    key = (problem.shape, grid.elements)
    if key in _built:
        _built.move_to_end(key)
        return _built[key]
    built = _built[key] = Transcription(problem, grid.elements)
    while len(_built) > _KEPT:
        _built.popitem(last=False)
    return built


class Transcription:
    """A nonlinear programme, and how its vectors are read.

    Parameters
    ----------
    problem : OptimalControlProblem
        Any problem of the shape; its numbers are not kept.
    elements : tuple of int
        Finite elements in each interval.
    """

    def __init__(self, problem: OptimalControlProblem, elements: tuple[int, ...]):
        begun = time.perf_counter()
        self.n, self.controls = len(problem.model.states), len(problem.control_names)
        self.intervals, self.elements = len(elements), sum(elements)
        self.nodes = DEGREE * self.elements
        self.free_time = problem.has_free_horizon
        self.owners = np.repeat(np.arange(self.intervals), elements)
        self.along_path, self.at_end = problem.along_path, problem.at_end
        moving = {*problem.model.state_symbols, TIME}
        # a condition on controls alone holds all over an interval if it holds once
        self.on_controls = tuple(not (c.expr.free_symbols & moving) for c in self.along_path)
        self._refuse_overdetermined(problem)
        self.nlp, self.point, self.end = self._build(problem)
        self._solvers: dict[object, Any] = {}
        self._build_seconds = time.perf_counter() - begun

    def _refuse_overdetermined(self, problem: OptimalControlProblem) -> None:
        """Refuse equations along the path that a control held over an interval cannot meet."""
        unknowns = self.free_time + self.controls * self.intervals
        equations = int(np.sum(self.equalities)) - self.n * self.nodes
        if equations > unknowns:
            texts = [repr(c.text) for c in problem.conditions if c.is_equality]
            raise ProblemError(
                f"optimal control of model {problem.model.name!r}: {', '.join(texts)} are {equations} equations on "
                f"this grid, for {unknowns} choices of the controls. An equation at every time can only be met where "
                "it holds controls alone; substitute it into the model, or state it as two inequalities with room"
            )

    # ---- the programme ----------------------------------------------------------------------------------
    def _build(self, problem: OptimalControlProblem) -> tuple[dict[str, Any], Any, Any]:
        """Write the programme in CasADi."""
        import casadi as ca

        n, m, count, nodes = self.n, self.intervals, self.elements, self.nodes
        model, numbers = problem.model, list(problem.numbers)
        arguments = [model.state_symbols, model.input_symbols, (TIME,), numbers]
        states_path = [
            c.expr for c, alone in zip(self.along_path, self.on_controls, strict=True) if not alone
        ]
        control_path = [c.expr for c, alone in zip(self.along_path, self.on_controls, strict=True) if alone]
        point = casadi_function("point", arguments, [model.rhs.flat(), [problem.running], states_path])
        rule = casadi_function("rule", [model.input_symbols, numbers], [control_path])
        end = casadi_function(
            "end",
            [model.state_symbols, (FINAL_TIME,), numbers],
            [[problem.terminal], [c.expr for c in self.at_end]],
        )

        clock = ca.MX.sym("time", 1 if self.free_time else 0)
        v, z = ca.MX.sym("v", self.controls, m), ca.MX.sym("z", n, nodes)
        shapes = {
            "numbers": len(numbers), "start": n, "states": n, "controls": self.controls, "time": 1, "cost": 1,
            "path": len(self.along_path), "end": len(self.at_end), "begins": count, "widths": count, "damping": 1,
        }  # fmt: skip
        given = {name: ca.MX.sym(name, size) for name, size in shapes.items()}
        final = clock * given["time"] if self.free_time else given["time"]
        begins, widths = given["begins"].T, given["widths"].T

        each = np.repeat(np.arange(count), DEGREE)
        scale = ca.repmat(given["states"], 1, nodes)
        fractions = begins[:, each] + widths[:, each] * ca.DM(np.tile(NODES, count)).T
        u = v * ca.repmat(given["controls"], 1, m)
        at_nodes = [
            z * scale, u[:, self.owners[each]], final * fractions, ca.repmat(given["numbers"], 1, nodes)
        ]  # fmt: skip
        f, running, path = point.map(nodes)(*at_nodes)
        starts = ca.horzcat(given["start"] / given["states"], z[:, DEGREE - 1 : nodes - DEGREE : DEGREE])
        eye = ca.DM.eye(count)
        slopes = ca.mtimes(starts, ca.kron(eye, ca.DM(SLOPES[:1]))) + ca.mtimes(
            z, ca.kron(eye, ca.DM(SLOPES[1:]))
        )
        lengths = final * widths[:, each]
        rows = [ca.vec(slopes - ca.repmat(lengths, n, 1) * f / scale)]

        last = z[:, nodes - 1] * given["states"]
        terminal, conditions = end(last, final, given["numbers"])
        weights = ca.DM(np.tile(WEIGHTS, count)).T
        cost = terminal + ca.sum2(lengths * weights * running)
        damping = given["damping"] * ca.sumsqr(v[:, 1:] - v[:, :-1]) if m > 1 else 0
        rows.append(conditions / given["end"])
        on_states = [k for k, alone in enumerate(self.on_controls) if not alone]
        on_controls = [k for k, alone in enumerate(self.on_controls) if alone]
        if on_states:
            rows.append(ca.vec(path / ca.repmat(given["path"][on_states], 1, nodes)))
        if on_controls:
            held = rule.map(m)(u, ca.repmat(given["numbers"], 1, m))
            rows.append(ca.vec(held / ca.repmat(given["path"][on_controls], 1, m)))
        nlp = {
            "x": ca.vertcat(clock, ca.vec(v), ca.vec(z)),
            "p": ca.vertcat(*given.values()),
            "f": cost / given["cost"] + damping,
            "g": ca.vertcat(*rows),
        }
        return nlp, point, end

    @cached_property
    def equalities(self) -> np.ndarray:
        """Which rows are equations, shape (rows,)."""
        path = [c.is_equality for c in self.along_path]
        states = [e for e, alone in zip(path, self.on_controls, strict=True) if not alone]
        controls = [e for e, alone in zip(path, self.on_controls, strict=True) if alone]
        return np.concatenate(
            [
                np.ones(self.n * self.nodes, dtype=bool),
                np.array([c.is_equality for c in self.at_end], dtype=bool),
                np.tile(np.array(states, dtype=bool), self.nodes),
                np.tile(np.array(controls, dtype=bool), self.intervals),
            ]
        )

    def solver(self, warm: bool, options: tuple[tuple[str, Any], ...]) -> Any:
        """IPOPT on this programme; built once for each set of options."""
        import casadi as ca

        key = (warm, options)
        if key not in self._solvers:
            begun = time.perf_counter()
            settings = {"print_level": 0, "sb": "yes", **dict(options)}
            self._solvers[key] = ca.nlpsol(
                "collocation", "ipopt", self.nlp,
                {"ipopt": settings, "print_time": False, "error_on_fail": False, "show_eval_warnings": False},
            )  # fmt: skip
            self._build_seconds += time.perf_counter() - begun
        return self._solvers[key]

    def take_build_seconds(self) -> float:
        """Seconds spent on building since the last call."""
        seconds, self._build_seconds = self._build_seconds, 0.0
        return seconds

    @cached_property
    def slope_of_lagrangian(self) -> Any:
        """Function (x, multipliers of rows, p) to the gradient of the Lagrangian without the bounds' part."""
        import casadi as ca

        multipliers = ca.MX.sym("multipliers", self.nlp["g"].shape[0])
        total = self.nlp["f"] + ca.dot(multipliers, self.nlp["g"])
        return ca.Function(
            "slope", [self.nlp["x"], multipliers, self.nlp["p"]], [ca.gradient(total, self.nlp["x"])]
        )

    @cached_property
    def value(self) -> Any:
        """Function (x, p) to the scaled cost and the rows."""
        import casadi as ca

        return ca.Function("value", [self.nlp["x"], self.nlp["p"]], [self.nlp["f"], self.nlp["g"]])

    # ---- reading and writing its vectors ----------------------------------------------------------------
    def parameters(
        self, problem: OptimalControlProblem, grid: Grid, scales: Scales, final_time: float, damping: float
    ) -> np.ndarray:
        """Write the vector of parameters; ``final_time`` counts where it is fixed."""
        unit = scales.time if self.free_time else final_time
        return np.concatenate(
            [
                list(problem.numbers.values()), problem.initial_state, scales.states, scales.controls, [unit],
                [scales.cost], scales.along_path, scales.at_end, grid.element_edges[:-1],
                np.diff(grid.element_edges), [damping],
            ]
        )  # fmt: skip

    def pack(self, final_time: float, controls: np.ndarray, states: np.ndarray, scales: Scales) -> np.ndarray:
        """Write unknowns from controls (m, controls) and states at the nodes (nodes, n)."""
        clock = [final_time / scales.time] if self.free_time else []
        return np.concatenate([clock, (controls / scales.controls).ravel(), (states / scales.states).ravel()])

    def unpack(
        self, x: np.ndarray, scales: Scales, final_time: float
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """Read final time, controls (m, controls) and states (nodes, n)."""
        if self.free_time:
            final_time, x = float(x[0]) * scales.time, x[1:]
        cut = self.controls * self.intervals
        controls = x[:cut].reshape(self.intervals, self.controls) * scales.controls
        return final_time, controls, x[cut:].reshape(self.nodes, self.n) * scales.states

    def blocks(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Split rows, or their multipliers: dynamics (nodes, n), ends, path at nodes or intervals in one."""
        cut = self.n * self.nodes
        ends = cut + len(self.at_end)
        return rows[:cut].reshape(self.nodes, self.n), rows[cut:ends], rows[ends:]
