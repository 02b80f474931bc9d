"""Whether the data settle the dose itself, as a verdict beside those of the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from identifiability.codes import VerdictCode
from identifiability.result import Verdict
from identifiability.verdict import side_code

if TYPE_CHECKING:
    from dosing.dose_evidence import DoseEvidence
    from identifiability.functions.function_profile import FunctionProfile

CRITERION = "window"


def dose_verdict(evidence: DoseEvidence) -> Verdict:
    """Say whether some dose lies inside the window of every tumour that the data admit.

    A patient whose parameters are open may still have such a dose; one whose parameters are all closed may not.
    """
    identified = bool(np.any(evidence.supported))
    if identified:
        code = VerdictCode.CLOSED
    elif evidence.rise_without_window <= evidence.threshold:
        code = VerdictCode.NO_WINDOW_ADMITTED
    else:
        code = VerdictCode.NO_COMMON_DOSE
    return Verdict(CRITERION, "dose", identified, "", "", evidence.sentence, code)


def quantity_verdicts(profiles: Sequence[FunctionProfile]) -> tuple[Verdict, ...]:
    """Say how the profiles of window edges and other quantities end."""
    found = []
    for profile in profiles:
        sides = (profile.lower_status, profile.upper_status)
        code = side_code(*sides)
        if profile.without_admitted:
            code = VerdictCode.NO_WINDOW_ADMITTED
        found.append(
            Verdict(
                CRITERION, profile.parameter, code is VerdictCode.CLOSED, sides[0].value, sides[1].value,
                profile.sentence, code,
            )
        )  # fmt: skip
    return tuple(found)
