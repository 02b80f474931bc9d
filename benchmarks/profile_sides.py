"""Fits and profiles of one patient by several programs, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.measure import Measurement
from benchmarks.record import Table
from benchmarks.sides import SAME_OPTIMUM

TARGET = 50.0


@dataclass(frozen=True)
class ProfileSide:
    """What one program took for the starts and the four profiles, and what it found.

    Parameters
    ----------
    name : str
    compiling, working, working_cpu : float
        Seconds of compilation; seconds and processor seconds of starts and profiles.
    nll : float
        Best negative log-likelihood.
    at_optimum, starts : int
        Starts that came within ``SAME_OPTIMUM`` of it; starts made.
    points : int
        On the profiles.
    limits : dict of str to (float, float)
        Ends of the confidence set of each parameter that was profiled.
    target : float, optional
        How many times as long as evodose's this should take.
    """

    name: str
    compiling: float
    working: float
    working_cpu: float
    nll: float
    at_optimum: int
    starts: int
    points: int
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)
    target: float | None = None


def own_side(patient: str, cold: Sequence[Measurement], alone: Sequence[Measurement]) -> ProfileSide:
    """Make evodose's side of fresh processes with an empty cache, and of repetitions in one process."""
    warm = median(t for m in alone for t in m.said["again_s"])
    nll, at_optimum, starts = alone[-1].said["best"][patient]
    return ProfileSide(
        "evodose",
        median(m.said["first_s"] for m in cold) - warm,
        warm,
        median(t for m in alone for t in m.said["again_cpu_s"]),
        nll,
        at_optimum,
        starts,
        alone[-1].said["points"],
        {name: (found[0], found[1]) for name, found in alone[-1].said["limits"][patient].items()},
    )


def scipy_sides(name: str, measured: Measurement, share: float) -> list[ProfileSide]:
    """Make the sides of the SciPy script: over the whole grid, and as far as needed; scaled to the whole job."""
    said = measured.said
    starts, starts_cpu = said["starts_s"] / share, said["starts_cpu_s"] / share
    at_optimum = _at_optimum(said["values"])
    sides = []
    for where, points, part in (
        ("whole grid", said["points"], 1.0),
        ("until risen", said["needed"], said["needed_s"] / said["profiles_s"]),
    ):
        scale = part / said["profiled"]
        sides.append(
            ProfileSide(
                f"{name}, {where} ({share:.0%} of starts, {said['profiled']:.0%} of profiles run, scaled up)",
                0.0,
                starts + scale * said["profiles_s"],
                starts_cpu + scale * said["profiles_cpu_s"],
                min(said["values"]),
                round(at_optimum / share),
                round(len(said["values"]) / share),
                round(points / said["profiled"]),
                {n: (pair[0], pair[1]) for n, pair in said["limits"].items()},
                TARGET,
            )
        )
    return sides


def peer_sides(measured: Measurement) -> list[ProfileSide]:
    """Make a side of every step option with which pyPESTO was run."""
    said = measured.said
    name = f"pyPESTO {said['versions']['pypesto']} + AMICI {said['versions']['amici']}"
    return [
        ProfileSide(
            f"{name}, default steps" if run["multiple"] == 1 else f"{name}, steps × {run['multiple']:g}",
            said["compile_s"],
            run["starts_s"] + run["profiles_s"],
            run["starts_cpu_s"] + run["profiles_cpu_s"],
            min(run["values"]),
            _at_optimum(run["values"]),
            len(run["values"]),
            run["points"],
            {n: (pair[0], pair[1]) for n, pair in run["limits"].items()},
        )
        for run in said["runs"]
    ]


def compare_profiles(sides: Sequence[ProfileSide]) -> Table:
    """Put the sides' times beside evodose's, the first."""
    own = sides[0]
    cells: list[list[Any]] = []
    for side in sides:
        job = side.compiling + side.working
        cells.append(
            [
                side.name,
                f"{job:.1f}", f"{job / (own.compiling + own.working):.1f}",
                f"{side.working:.2f}", f"{side.working / own.working:.0f}",
                f"{side.working_cpu:.2f}", f"{side.working_cpu / own.working_cpu:.0f}",
                f"≥ {side.target:g}" if side.target else "",
                f"{side.nll:.4f}", f"{side.at_optimum} of {side.starts}", side.points,
            ]
        )  # fmt: skip
    return Table(
        "The same patient by other programs, in the same run: 12 starts and four profiles; ratio = this row / first "
        "row (medians where there are several runs). Job: without imports and reading on any side. Compiled before: "
        "evodose again in the same process, pyPESTO without AMICI's compilation. SciPy: Nelder–Mead, warm from point "
        "to point on an even grid of 41 points over the declared range; until risen: had it stopped on each side one "
        "above the threshold. The target is for the job without compilation.",
        [
            "",
            "job s",
            "ratio",
            "compiled before s",
            "ratio",
            "compiled before, CPU s",
            "ratio",
            "target",
            "best NLL",
            "starts at it",
            "points on the profiles",
        ],
        cells,
    )


def limits_found(sides: Sequence[ProfileSide]) -> Table:
    """Put the limits of all parameters beside each other."""
    names = list(sides[0].limits)
    cells = [
        [side.name, *(_interval(side.limits.get(name)) for name in names)]
        for side in sides
        if not side.name.count("until risen")
    ]
    return Table(
        "Limits at chi²(0.95, 1)/2 that each program gives. A profile is the least over the other parameters: what is "
        "narrower has missed lower values, as far as the solver's tolerance allows the comparison.",
        ["", *names],
        cells,
    )


def moved(said: dict[str, Any], patient: str) -> list[Table]:
    """Show how far the ends move with step options, seeds, tolerances: all of one patient, the worst of all."""
    settings = said["settings"]
    kinds = ", ".join(
        f"{word} {'/'.join(f'{v:g}' for v in sorted({s[key] for s in settings}))}"
        for word, key in (("points", "points"), ("seed", "seed"), ("rtol", "rtol"))
    )
    detail = []
    for name, found in said["ends"][patient].items():
        row: list[Any] = [name]
        for end in (0, 1):
            values = [f[end] for f in found]
            statuses = sorted({f[2 + end] for f in found})
            row += [f"{min(values):.5g}", f"{max(values):.5g}", " or ".join(statuses)]
        detail.append(row)
    # the setting of a diagnosis is what the others are held against
    usual = next(i for i, s in enumerate(settings) if s["diagnosis"])
    worst = []
    for who, ends in said["ends"].items():
        _, name, which, values = max(
            (max(v) / min(v), name, ("lower", "upper")[end], v)
            for name, found in ends.items()
            for end in (0, 1)
            for v in [[f[end] for f in found]]
        )
        differ = sum(len({f[2 + end] for f in found}) > 1 for found in ends.values() for end in (0, 1))
        away = [s for s, v in zip(settings, values, strict=True) if abs(v / values[usual] - 1) > 0.01]
        apart = ", ".join(f"{s['points']}/{s['seed']}/{s['rtol']:g}" for s in away[:6])
        worst.append(
            [
                who,
                f"{which} end of {name}",
                *(f"{v:.5g}" for v in (values[usual], min(values), max(values))),
                f"{max(values) / min(values) - 1:.2%}",
                f"{len(away)}: {apart}" if away else "none",
                differ,
            ]
        )
    title = f"{len(settings)} settings ({kinds})"
    return [
        Table(
            f"{patient} by evodose: least and largest of each end over {title}, the fit made anew with each seed.",
            ["", "lower, least", "lower, largest", "it is", "upper, least", "upper, largest", "it is"],
            detail,
        ),
        Table(
            f"The end of each patient that moves most over {title}.",
            [
                "patient",
                "end",
                "in a diagnosis",
                "least",
                "largest",
                "moves by",
                "settings more than 1 % away (points/seed/rtol)",
                "ends whose status differs",
            ],
            worst,
        ),
    ]


def _at_optimum(values: Sequence[float]) -> int:
    """Count the starts that ended at the best of them."""
    return sum(value <= min(values) + SAME_OPTIMUM for value in values)


def _interval(pair: tuple[float, float] | None) -> str:
    """Render an interval."""
    return "–" if pair is None else f"{pair[0]:.4g} to {pair[1]:.4g}"
