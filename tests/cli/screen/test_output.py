"""Output files appear whole or not at all, and long answers are made while they are written."""

from __future__ import annotations

import time
from collections.abc import Iterator
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


def test_progress_shows_itself_on_a_terminal_after_a_second(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("planner.cli.screen.console.time.monotonic", lambda: now[0])
    monkeypatch.setattr("planner.cli.screen.console.BEGUN", 0.0)
    show = progress("pools", 3)
    now[0] = 5.0
    show(1)
    assert capsys.readouterr().err == "", "standard error is no terminal here"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    now[0] = 0.0
    show = progress("pools", 4)
    for done, moment in ((1, 0.5), (2, 1.5), (3, 1.55), (4, 1.7)):
        now[0] = moment
        show(done)
    assert capsys.readouterr().err == "\rpools 2 of 4\rpools 4 of 4\n"
    now[0] = 0.9
    show = progress("pools", 1)
    show(1)
    assert capsys.readouterr().err == "", "a quick command says nothing"
    now[0] = 1.1
    show = progress("pools", 2)
    show(1)
    assert capsys.readouterr().err == "\rpools 1 of 2", "the second counts from its beginning"


def test_work_that_cannot_be_counted_is_named_after_a_second_and_wiped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("planner.cli.screen.console.PATIENCE", 0.01)
    with working("reading"):
        time.sleep(0.3)
    assert capsys.readouterr().err == "", "standard error is no terminal here"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with working("reading"):
        time.sleep(0.3)
    assert capsys.readouterr().err == "reading ...\r           \r"
    monkeypatch.setattr("planner.cli.screen.console.PATIENCE", 60.0)
    with working("reading"):
        pass
    assert capsys.readouterr().err == "", "quick work says nothing"
