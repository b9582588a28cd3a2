"""Two parts of one job on two processors: what is sent, what is raised, what a dead process costs."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

import planner
from benchmarks.fleets import KINDS, write_fleet
from planner.answers import answer
from planner.parallel import spread
from planner.present.document import dump, solution_document

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


def test_one_processor_and_two_write_equal_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fleet(tmp_path / "fleet.csv", KINDS[-1], hosts=600, pools=60)
    fleet = planner.read_fleet(tmp_path / "fleet.csv")
    monkeypatch.setattr(answer, "WORTH_SPREADING", 2)
    written = []
    for number in (1, 2):
        monkeypatch.setattr(answer, "processors", lambda number=number: number)
        told: list[int] = []
        solution = planner.solve(fleet, progress=told.append)
        written.append("".join(dump(solution_document(solution))))
        assert told[-1] == 60
    assert written[0] == written[1]
