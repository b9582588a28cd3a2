"""What strangers write steers no terminal, hides no letter, and is no formula of a spreadsheet."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.cli.screen import output
from planner.cli.screen.console import painted
from planner.cli.screen.output import emit
from planner.domain.shown import ESCAPED, harmless
from planner.present.document import dump
from planner.present.lines import Line
from planner.present.tables import csv_text, markdown_text

EVIL = "a\x1b]0;x\x07\u202eb\u2066\x9bc"


@given(st.text())
def test_nothing_that_steers_is_left(text: str) -> None:
    shown = harmless(text)
    assert not {ord(character) for character in shown} & set(ESCAPED)
    assert shown == text or not text.isprintable()


@pytest.mark.parametrize("text", ["plain", "Zoë 東京", "+msr -x", "soft\u00adhyphen"])
def test_letters_of_all_people_stay(text: str) -> None:
    assert harmless(text) == text


def test_a_document_escapes_and_means_the_same() -> None:
    for many in (1, 300):
        text = "".join(dump({"names": [EVIL] * many}))
        assert not set("\x07\x1b\x9b\u202e\u2066") & set(text)
        assert json.loads(text)["names"][0] == EVIL


def test_tables_escape_too() -> None:
    for write in (csv_text, markdown_text):
        text = "".join(write(["name"], [[EVIL]]))
        assert not set("\x07\x1b\x9b\u202e\u2066") & set(text)


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd|'x'!A0"])
def test_a_cell_that_is_computed_gets_a_quote(cell: str) -> None:
    assert list(csv_text(["name"], [[cell]]))[1].strip('"\n') == f"'{cell}"


@pytest.mark.parametrize("cell", ["+tun.uso4 -kvm.msr.smi_count", "-", "-1.5", "", "a=b", 7, None])
def test_what_calls_nothing_stays(cell: object) -> None:
    assert list(csv_text(["name", "n"], [[cell, 1]]))[1] == f"{'' if cell is None else cell},1\n"


def on_terminal(monkeypatch: pytest.MonkeyPatch, pieces: list[str]) -> str:
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w", encoding="utf-8") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        emit(pieces, None)
        screen.flush()
        found = os.read(reader, 4096).decode()
    os.close(reader)
    return found


def test_a_terminal_gets_no_text_of_strangers_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_terminal(monkeypatch, [f"{EVIL}\tb\n"]) == f"{harmless(EVIL)}\tb\r\n"


def test_lines_of_a_report_are_our_own() -> None:
    assert all(isinstance(one, output.Painted) for one in painted([Line(EVIL)], None))
    assert list(painted([Line(EVIL)], None)) == [f"{harmless(EVIL)}\n"]


def test_our_own_colours_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    piece = output.Painted("\x1b[1mhead\x1b[0m\n")
    assert on_terminal(monkeypatch, [piece]) == "\x1b[1mhead\x1b[0m\r\n"


WRITER = """
import sys, time
from pathlib import Path
from planner.cli.screen.output import emit
def pieces():
    yield "half"
    print("begun", flush=True)
    time.sleep(30)
try:
    emit(pieces(), Path(sys.argv[1]))
except KeyboardInterrupt as stop:
    sys.exit(stop.args[0])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_ended_leaves_no_half_file(tmp_path: Path, number: int) -> None:
    file = tmp_path / "answer.json"
    file.write_text("yesterday")
    words = [sys.executable, "-c", WRITER, str(file)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begun\n"
        assert len(list(tmp_path.iterdir())) == 2
        writer.send_signal(number)
        assert writer.wait(10) == 128 + number
    assert [one.read_text() for one in tmp_path.iterdir()] == ["yesterday"]


def test_signals_are_as_before_when_a_file_is_written(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    emit(["text"], tmp_path / "file")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_file_is_on_its_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(descriptor: int) -> None:
        done.append("fsync")
        fsync(descriptor)

    def note_replace(path: Path, other: Path) -> Path:
        done.append("replace")
        return replace(path, other)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    emit(["text"], tmp_path / "file")
    assert done == ["fsync", "replace", "fsync"]
    assert time.time() - (tmp_path / "file").stat().st_mtime < 60
