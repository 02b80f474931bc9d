"""Collocation against problems whose optimum is known."""

import pytest
from problems import KNOWN

from dosing.optimal.collocation import solve
from dosing.optimal.solution import SolutionStatus


@pytest.mark.parametrize("known", KNOWN, ids=lambda k: k.name)
def test_known_optimum(known):
    solution = solve(known.problem, **{"intervals": 100, "refine": 6, **known.solve})
    assert solution.status is SolutionStatus.OPTIMAL
    assert solution.cost == pytest.approx(known.published, rel=known.rtol)
    if known.mesh is not None:
        assert solution.cost == pytest.approx(known.mesh, rel=known.mesh_rtol)
    if known.final_time is not None:
        assert solution.final_time_days == pytest.approx(known.final_time, rel=5e-5)
    # the adaptive integrator agrees, and with it all conditions hold
    assert solution.defect.worst < 2e-5
    assert solution.defect.cost == pytest.approx(solution.cost, rel=1e-6)
    size = max(1.0, abs(solution.states[-1]).max())
    assert all(miss < 1e-6 * size for miss in solution.defect.violations.values())
    reach = max((abs(u) for _, u in known.arcs), default=1.0)
    for fraction, control in known.arcs:
        found = solution.control_at(fraction * solution.final_time_days)[0]
        assert found == pytest.approx(control, abs=0.01 * reach)
