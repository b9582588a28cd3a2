"""Output files appear whole or not at all, and long answers are made while they are written."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from planner.cli.screen.console import progress, working
from planner.cli.screen.output import emit
from planner.domain.errors import PlannerError


def test_an_answer_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    output = tmp_path / "answer.json"
    output.write_text("of yesterday", encoding="utf-8")

    def pieces() -> Iterator[str]:
        yield "half"
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        emit(pieces(), output)
    assert [path.name for path in tmp_path.iterdir()] == ["answer.json"]
    assert output.read_text(encoding="utf-8") == "of yesterday"


def test_a_whole_answer_replaces_the_file_of_yesterday(tmp_path: Path) -> None:
    output = tmp_path / "answer.json"
    output.write_text("of yesterday", encoding="utf-8")
    emit(iter(("one ", "two")), output)
    assert output.read_text(encoding="utf-8") == "one two"
    assert [path.name for path in tmp_path.iterdir()] == ["answer.json"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="No such file"):
        emit(("text",), tmp_path / "none" / "answer.json")


HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"
WIPED = f"{SHOWN}\r\x1b[1A\x1b[2K"
"""The cursor comes back, in the line that was drawn, which is empty then."""


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what makes standard error a terminal without colours from then on."""

    def begin() -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    return begin


def test_progress_shows_itself_on_a_terminal_after_a_second(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: Callable[[], None],
) -> None:
    now = [0.0]
    monkeypatch.setattr("planner.cli.screen.console.time.monotonic", lambda: now[0])
    monkeypatch.setattr("planner.cli.screen.console.BEGUN", 0.0)
    now[0] = 5.0
    with progress("pools", 3) as show:
        show(1)
    assert capsys.readouterr().err == "", "standard error is no terminal here"
    terminal()
    now[0] = 0.0
    with progress("pools", 4) as show:
        for done, moment in ((1, 0.5), (2, 1.5), (3, 1.55), (4, 1.7)):
            now[0] = moment
            show(done)
        said = capsys.readouterr().err
    assert [number for number in range(5) if f"{number}/4" in said] == [0, 2, 4]
    assert capsys.readouterr().err.endswith(WIPED), "the end wipes it"
    now[0] = 0.9
    with progress("pools", 1) as show:
        show(1)
    assert capsys.readouterr().err == "", "a quick command says nothing"
    now[0] = 1.1
    with progress("pools", 2) as show:
        show(1)
        assert "1/2" in capsys.readouterr().err, "the second counts from its beginning"


def test_an_error_gives_the_cursor_back_and_no_thread_stands_beside_a_fork(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: Callable[[], None],
) -> None:
    monkeypatch.setattr("planner.cli.screen.console.PATIENCE", 0.0)
    terminal()
    threads = threading.active_count()
    with pytest.raises(PlannerError), progress("pools", 2) as show:
        show(1)
        assert threading.active_count() == threads
        assert capsys.readouterr().err.startswith(HIDDEN)
        raise PlannerError([])
    assert capsys.readouterr().err.endswith(WIPED)


def test_work_that_cannot_be_counted_is_named_after_a_second_and_wiped(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: Callable[[], None],
) -> None:
    monkeypatch.setattr("planner.cli.screen.console.PATIENCE", 0.01)
    with working("reading"):
        time.sleep(0.3)
    assert capsys.readouterr().err == "", "standard error is no terminal here"
    terminal()
    with working("reading [b]\a"):
        time.sleep(0.5)
        assert "reading [b]\\x07 ..." in capsys.readouterr().err
    assert capsys.readouterr().err.endswith(WIPED)
    monkeypatch.setattr("planner.cli.screen.console.PATIENCE", 60.0)
    with working("reading"):
        pass
    assert capsys.readouterr().err == "", "quick work says nothing"
