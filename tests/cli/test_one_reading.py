"""A command opens its fleet file once: what is read twice may be two truths."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from planner.fleet.tables.sources import opened

ROOT = Path(__file__).resolve().parents[2]
SEED = "examples/seed/rollout.csv"
COUNTING = """
import sys

opens = []
fleet = sys.argv.pop(1)


def heard(event, words):
    if event == "open" and str(words[0]).endswith(fleet):
        opens.append(words)


sys.addaudithook(heard)
from planner.cli import app

leave = app.leave
app.leave = lambda code: (print("opens", len(opens), file=sys.stderr), leave(code))
app.main()
"""
COMMANDS = [
    ["solve", SEED],
    ["plan", SEED],
    ["simulate", "examples/seed/plan.json", SEED],
    ["status", "examples/seed/plan.json", SEED],
    ["unlock", SEED],
    ["report", SEED, "--target", "kernel=6.12.48+deb13-amd64"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_fleet_file_is_opened_once(words: list[str]) -> None:
    command = [sys.executable, "-c", COUNTING, SEED, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 4, 5}, done.stderr
    assert done.stderr.splitlines()[-1] == "opens 1"


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("one")
    assert opened(path).read() == b"one"
    path.write_text("another")
    assert opened(path).read() == b"another"
