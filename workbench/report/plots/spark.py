"""A patient's series as a line the size of a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style

if TYPE_CHECKING:
    from patients.cohort import Patient

_WIDTH, _HEIGHT, _EDGE = 130.0, 30.0, 4.0


def sparkline(patient: Patient) -> Markup:
    """Draw the measurements used, without axes; hundreds of them must not weigh on the page."""
    times, burdens = patient.times, patient.burdens
    span = max(float(times[-1] - times[0]), 1e-9)
    top = max(float(burdens.max()), 1e-300)
    x = _EDGE + (_WIDTH - 2 * _EDGE) * (times - times[0]) / span
    y = _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * burdens / top
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    if len(times) > 80:
        dots = ""
    else:
        dots = "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.6"/>' for a, b in zip(x, y, strict=True))
    alt = f"{len(patient)} burdens, first {burdens[0]:g}, lowest {np.min(burdens):g}, last {burdens[-1]:g}"
    return Markup(
        f'<svg class="spark" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="{alt}">'
        f'<polyline points="{points}" fill="none" stroke="{style.MUTED}" stroke-width="1"/>'
        f'<g fill="{style.INK}">{dots}</g></svg>'
    )
