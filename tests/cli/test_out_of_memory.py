"""A process that gets no more memory says so, and that nothing it printed is an answer."""

from __future__ import annotations

import sys

import pytest

from planner.cli import app as entry
from planner.cli import exits


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "planner: out of memory: nothing above is an answer"),
        (OSError(5, "Input/output error", "fleet.csv"), "planner: fleet.csv: Input/output error"),
    ],
)
def test_what_the_system_does_not_give_is_told(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
    words: str,
) -> None:
    def fail(**_: object) -> int:
        raise error

    monkeypatch.setattr(sys, "argv", ["planner", "solve", "fleet.csv"])
    monkeypatch.setattr(entry, "app", fail)
    monkeypatch.setattr(entry, "forget_output", lambda: None)
    assert entry._run() == exits.UNREADABLE
    assert words in capfd.readouterr().err
