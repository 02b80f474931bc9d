import pytest

from workbench.pace import Pace, in_words


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def run_chunk(pace, clock, size, seconds, done):
    for name, each in zip(("fitting", "identifiability", "dosing"), seconds, strict=True):
        pace.stage(name, size)
        clock.now += each * size
        pace.tick(size)
    pace.finished(done)


def test_nothing_is_claimed_before_anything_was_measured():
    pace = Pace(Clock())
    pace.start(10)
    assert pace.seconds_left() is None
    assert pace.fraction == 0.0


def test_after_a_chunk_the_rest_takes_as_long_a_patient():
    clock = Clock()
    pace = Pace(clock)
    pace.start(40)
    run_chunk(pace, clock, 10, (1.0, 5.0, 2.0), 10)
    assert pace.seconds_left() == pytest.approx(30 * 8.0)
    assert pace.fraction == pytest.approx(0.25)


def test_within_a_chunk_the_estimate_moves():
    clock = Clock()
    pace = Pace(clock)
    pace.start(10)
    fractions = [pace.fraction]
    for name in ("fitting", "identifiability", "dosing"):
        pace.stage(name, 10)
        for done in (5, 10):
            clock.now += 2.0
            pace.tick(done)
            fractions.append(pace.fraction)
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_the_end_is_the_end():
    clock = Clock()
    pace = Pace(clock)
    pace.start(10)
    run_chunk(pace, clock, 10, (1.0, 1.0, 1.0), 10)
    assert pace.seconds_left() == 0.0
    assert pace.fraction == 1.0


def test_a_run_with_nothing_to_do_is_done():
    pace = Pace(Clock())
    pace.start(0)
    assert pace.fraction == 1.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "unknown"), (3, "few seconds"), (42, "40 s"), (300, "5 min"), (9000, "2.5 h")],
)
def test_durations_in_words(seconds, words):
    assert words in in_words(seconds)
