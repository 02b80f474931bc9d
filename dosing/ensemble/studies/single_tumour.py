"""One tumour under five treatments: Scagliotti 2026, Figs 1, 5 and 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dosing.ensemble.member_times import TtpSetting
from dosing.ensemble.studies.setting import paper_tumour, tumour_words
from dosing.ensemble.studies.tumour_course import TumourCourse, tumour_course
from dosing.policies import MaximumToleratedDose, OffOnAdaptiveTherapy, OnOffAdaptiveTherapy, PlannedSchedule
from dynamics.catalogue import get_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dosing.policies import Policy
    from dynamics.schedule import DoseSchedule

__all__ = [
    "FIGURE_1",
    "FIGURE_5",
    "FIGURE_7",
    "SingleTumourStudy",
    "single_tumour_figure",
    "single_tumour_study",
]

MTD, ON_OFF, OFF_ON = "MTD", "on-off AT", "off-on AT"
FIGURE_1, FIGURE_5, FIGURE_7 = (MTD, ON_OFF), ("J1", "J2"), (ON_OFF, OFF_ON)
_PLANNED = {"J1": "least averaged linear cost (J1)", "J2": "least averaged hyperbolic cost (J2)"}


@dataclass(frozen=True)
class SingleTumourStudy:
    """One tumour under several treatments.

    Parameters
    ----------
    words : str
        Which tumour.
    courses : tuple of TumourCourse
    """

    words: str
    courses: tuple[TumourCourse, ...]

    def of(self, treatment: str) -> TumourCourse:
        """Return the course under one treatment.

        Raises
        ------
        KeyError
            No such treatment.
        """
        for course in self.courses:
            if course.treatment == treatment:
                return course
        raise KeyError(
            f"no treatment {treatment!r}; there are {', '.join(c.treatment for c in self.courses)}"
        )

    @property
    def statement(self) -> str:
        """Times to progression in words."""
        return f"{self.words}: " + "; ".join(c.sentence for c in self.courses) + "."


def single_tumour_study(
    schedules: Mapping[str, DoseSchedule] | None = None,
    *,
    division_ratio: float = 0.66,
    resistant_share: float = 0.01,
    initial_burden: float = 0.5,
) -> SingleTumourStudy:
    """Simulate a tumour of the paper under MTD, both adaptive therapies, and schedules for the whole ensemble.

    Parameters
    ----------
    schedules : mapping of str to DoseSchedule, optional
        Such as ``controls_study((0.5,)).schedules(0.5)``: those of Fig. 5, named J1 and J2.
    division_ratio, resistant_share, initial_burden : float
        r_R / r_S, f_0 and n_0 of the tumour.

    Raises
    ------
    ValueError
        A tumour that is not in the paper's grid.
    """
    tumour = paper_tumour(division_ratio, resistant_share, initial_burden)
    treatments: dict[str, Policy] = {MTD: MaximumToleratedDose(), ON_OFF: OnOffAdaptiveTherapy()}
    treatments |= {name: PlannedSchedule(schedule, name) for name, schedule in (schedules or {}).items()}
    treatments[OFF_ON] = OffOnAdaptiveTherapy()
    setting, model = TtpSetting.paper(initial_burden), get_model("turnover")
    courses = tuple(
        tumour_course(model, tumour, policy, setting, treatment=name) for name, policy in treatments.items()
    )
    return SingleTumourStudy(
        f"{tumour_words(division_ratio, resistant_share)}, n_0 = {initial_burden:g}", courses
    )


def single_tumour_figure(
    study: SingleTumourStudy, treatments: Sequence[str] | None = None, *, width: float = 6.4
) -> Figure:
    """Draw burden, populations and doses, with the time to progression.

    Parameters
    ----------
    study : SingleTumourStudy
    treatments : sequence of str, optional
        ``FIGURE_1``, ``FIGURE_5`` or ``FIGURE_7`` for those of the paper; all where None.
    width : float
        Inches.

    Raises
    ------
    KeyError
        A treatment that was not simulated.
    """
    from matplotlib.figure import Figure

    from dosing.ensemble.studies.panels import draw_courses

    courses = [study.of(name) for name in treatments] if treatments is not None else list(study.courses)
    figure = Figure(figsize=(width, 0.35 + 2.45 * -(-len(courses) // 2)), layout="constrained")
    return draw_courses(figure, courses, [_PLANNED.get(c.treatment, c.treatment) for c in courses])
