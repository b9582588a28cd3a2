"""Parts of one job on several processors: what is sent, what is raised, what a dead process costs."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

import planner
from benchmarks.fleets import KINDS, write_fleet
from planner.answers import answer
from planner.parallel import processors, spread
from planner.present.document import dump, solution_document

HERE = os.getpid()


def _numbered(number: int) -> tuple[int, int]:
    return number, os.getpid()


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_every_part_is_done_and_all_but_one_elsewhere(parts: int) -> None:
    done = spread([partial(_numbered, number) for number in range(parts)])
    assert [number for number, _ in done] == list(range(parts))
    assert done[0][1] == HERE
    assert all(process != HERE for _, process in done[1:])


def test_an_error_of_any_part_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        spread([lambda: 1, lambda: 1, lambda: 1 // 0])
    begun = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        spread([lambda: 1 // 0, lambda: time.sleep(60)])
    assert time.monotonic() - begun < 30


def _killed() -> int:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def test_the_part_of_a_process_that_died_is_done_here() -> None:
    assert spread([lambda: 1, _killed, lambda: 3]) == [1, HERE, 3]


def test_an_interrupted_process_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> int:
        if os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(10)
        return 2

    assert spread([lambda: 1, interrupted]) == [1, 2]
    assert capfd.readouterr().err == ""


def test_as_many_processes_as_processors_that_may_be_used() -> None:
    whole = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(whole)})
        assert processors() == 1
    finally:
        os.sched_setaffinity(0, whole)
    assert processors() == len(whole)


def test_one_processor_and_several_write_equal_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fleet(tmp_path / "fleet.csv", KINDS[-1], hosts=600, pools=60)
    fleet = planner.read_fleet(tmp_path / "fleet.csv")
    monkeypatch.setattr(answer, "WORTH_SPREADING", 2)
    written = []
    for number in (1, 2, 3):
        monkeypatch.setattr(answer, "processors", lambda number=number: number)
        told: list[int] = []
        solution = planner.solve(fleet, progress=told.append)
        written.append("".join(dump(solution_document(solution))))
        assert told[-1] == 60
    assert written[0] == written[1] == written[2]
