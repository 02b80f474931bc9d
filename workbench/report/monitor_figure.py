"""The figure of the page of ``evodose monitor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from dosing.monitoring.monitoring_result import MonitoringValue

WIDTH, HEIGHT = 10.6, 3.5  # inches over the whole width of the page: text then appears at its nominal size


def monitoring_figure(value: MonitoringValue) -> Markup:
    """Draw expected time to progression against visit interval, a panel a policy, as an ``<svg>`` element."""
    from dosing.plots.monitoring import plot_value_of_monitoring

    with drawing():
        figure = new_figure(WIDTH, HEIGHT, left=0.78, right=0.12, top=0.52)
        plot_value_of_monitoring(figure, value)
        return Markup(inline_svg(figure, f"Time to progression against visit interval. {value.sentence}"))
