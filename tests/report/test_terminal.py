"""On a terminal `solve -v` draws who can send guests to whom; a pipe gets what it always got."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys

from tests.report.pages import ROOT, run

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def on_a_terminal(*words: str, **more: str) -> str:
    """Return what planner prints with its standard output on a pseudo-terminal."""
    own, other = pty.openpty()
    env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    command = [sys.executable, "-m", "planner", *words]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=other,
        stderr=subprocess.PIPE,
        env={**env, "TERM": "xterm", **more},
    ):
        os.close(other)
        read = b""
        while select.select([own], [], [], 120)[0]:
            try:
                piece = os.read(own, 65536)
            except OSError:
                break
            if not piece:
                break
            read += piece
    os.close(own)
    return read.decode().replace("\r\n", "\n")


def test_solve_draws_the_edges() -> None:
    shown = on_a_terminal("solve", "examples/seed/fleet.csv", "-v")
    assert "\x1b[" in shown
    text = ESCAPE.sub("", shown)
    assert "Pool default: who can send guests to whom" in text
    grid = text.split("The same without its flags", 1)[1].split("╰", 1)[0]
    rows = [line.split("│")[1:-1] for line in grid.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["from \\ to", "A", "B"],
        ["A", "✓", "?"],
        ["B", "✓", "◐"],
    ], "guests of which nobody says whether they use SMM"
    assert max(map(len, text.split("Pool default: who", 1)[1].splitlines())) <= 80


def test_a_pipe_gets_no_drawing() -> None:
    piped = run("solve", "examples/seed/fleet.csv", "-v").stdout
    assert "who can send" not in piped
    assert "\x1b" not in piped
    shown = ESCAPE.sub("", on_a_terminal("solve", "examples/seed/fleet.csv", "-v"))
    assert shown.startswith(piped)


def test_no_colour_if_nobody_wants_it() -> None:
    shown = on_a_terminal("solve", "examples/seed/fleet.csv", "-v", NO_COLOR="1")
    assert "who can send" in shown
    assert "\x1b" not in shown


def test_a_terminal_and_a_pipe_get_the_same_plan() -> None:
    words = ("plan", "examples/seed/rollout.csv")
    assert ESCAPE.sub("", on_a_terminal(*words)) == run(*words).stdout
