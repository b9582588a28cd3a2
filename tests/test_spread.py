"""Two parts of one job on two processors: what is sent, what is raised, what a dead process costs."""

from __future__ import annotations

import os
import signal
import time

import pytest

from planner.explain.spread import spread

HERE = os.getpid()


@pytest.mark.parametrize("apart", [True, False])
def test_both_parts_are_done(apart: bool) -> None:
    assert spread(lambda: 1, lambda: os.getpid() != HERE, apart=apart) == (1, apart)


@pytest.mark.parametrize("apart", [True, False])
def test_an_error_of_either_part_is_raised(apart: bool) -> None:
    with pytest.raises(ZeroDivisionError):
        spread(lambda: 1, lambda: 1 // 0, apart=apart)
    with pytest.raises(ZeroDivisionError):
        spread(lambda: 1 // 0, lambda: 1, apart=apart)


def _killed() -> int:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def test_the_part_of_a_process_that_died_is_done_here() -> None:
    assert spread(lambda: 1, _killed, apart=True) == (1, HERE)


def test_an_interrupted_process_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> int:
        if os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(10)
        return 2

    assert spread(lambda: 1, interrupted, apart=True) == (1, 2)
    assert capfd.readouterr().err == ""
