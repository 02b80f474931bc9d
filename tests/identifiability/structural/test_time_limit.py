import time
from collections.abc import Iterator

import pytest

from identifiability.structural import time_limit
from identifiability.structural.analysis import analyse
from identifiability.structural.from_model import system_from_strings
from identifiability.structural.result import Structural
from identifiability.structural.time_limit import WorkerError, found_within


def counting(n: int, pause_s: float) -> Iterator[int]:
    for i in range(n):
        yield i
        time.sleep(pause_s)


def failing() -> Iterator[int]:
    yield 1
    raise ArithmeticError("no such number")


def test_everything_is_found_in_time():
    assert found_within(30.0, counting, 3, 0.0) == ([0, 1, 2], True)


def test_what_was_found_before_the_limit_is_kept():
    found, finished = found_within(1.0, counting, 3, 60.0)
    assert not finished
    assert found == [0]
    assert found_within(30.0, counting, 2, 0.0) == ([0, 1], True)  # with a new process


def test_process_is_kept():
    found_within(30.0, counting, 1, 0.0)
    worker = time_limit._worker
    found_within(30.0, counting, 1, 0.0)
    assert worker is time_limit._worker


def test_failures_are_told():
    with pytest.raises(WorkerError, match="ArithmeticError: no such number"):
        found_within(30.0, failing)
    assert found_within(30.0, counting, 1, 0.0) == ([0], True)


def test_model_that_cannot_be_done_in_time():
    """The pharmacokinetic model of Demignot & Domurado (1987): its elimination takes very long."""
    system = system_from_strings(
        "macrophages",
        {
            "x0": "a1*(x1 - x0) - ka*n*x0/(kc*ka + kc*x2 + ka*x0)",
            "x1": "a2*(x0 - x1)",
            "x2": "b1*(x3 - x2) - kc*n*x2/(kc*ka + kc*x2 + ka*x0)",
            "x3": "b2*(x2 - x3)",
        },
        ["x0"],
    )
    answer = analyse(system, time_limit_s=1.0)
    assert set(answer.answers) == {Structural.AT_LEAST_LOCAL}
    assert answer.rank_defect == 0
    assert any("the search for global answers was stopped" in remark for remark in answer.remarks)
