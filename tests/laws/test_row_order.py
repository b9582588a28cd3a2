"""The order of rows says nothing: the same fleet has the same answer, byte by byte."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from planner.cli.app import app
from planner.fleet.tables.columns import in_order

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
POOLS = EXAMPLES / "three-pools"
ROLLOUT = EXAMPLES / "seed" / "rollout.csv"


def shuffled(path: Path, folder: Path, seed: int) -> str:
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    random.Random(seed).shuffle(rows)
    folder.mkdir(exist_ok=True)
    (folder / path.name).write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    return str(folder / path.name)


def printed(words: list[str], folder: Path, seed: int) -> str:
    asked = [
        shuffled(Path(word), folder, seed) if word.endswith(".csv") else word for word in words
    ]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)
    lines = done.stdout.splitlines()
    return "\n".join(line for line in lines if '"digest"' not in line)


@pytest.mark.parametrize(
    "words",
    [
        ["solve", str(POOLS / "fleet.csv"), "--guests", str(POOLS / "guests.csv"), "--verbose"],
        ["solve", str(POOLS / "fleet.csv"), "--format", "json"],
        ["plan", str(ROLLOUT), "--format", "json"],
        ["unlock", str(ROLLOUT), "--format", "json"],
    ],
    ids=["guests", "solve", "plan", "unlock"],
)
def test_rows_in_another_order_are_the_same_fleet(tmp_path: Path, words: list[str]) -> None:
    """A plan names the bytes of its fleet file, which differ."""
    first = printed(words, tmp_path / "fleet", 0)
    assert len(first) > 1000
    assert printed(words, tmp_path / "fleet", 1) == first


def test_names_have_an_order_of_their_own() -> None:
    assert in_order(["h10", "h2", "h1"]) == in_order(["h2", "h1", "h10"]) == ("h1", "h2", "h10")


TWICE = """host,kernel,qemu
h1,6.1.0-18-amd64,1:7.2+dfsg-7+deb12u5
h2,6.1.0-18-amd64,7.2.9
h3,5.10.0-28-amd64,QEMU emulator version 5.2.0
"""


@pytest.mark.parametrize("turn", range(3))
def test_a_build_written_in_two_ways_has_one_name(tmp_path: Path, turn: int) -> None:
    head, *rows = TWICE.splitlines()
    rows = [*rows[turn:], *rows[:turn]]
    path = tmp_path / "fleet.csv"
    path.write_text("\n".join([head, *rows, ""]))
    done = CliRunner().invoke(app, ["solve", str(path), "--verbose"], catch_exceptions=False)
    path.write_text(TWICE)
    again = CliRunner().invoke(app, ["solve", str(path), "--verbose"], catch_exceptions=False)
    assert done.stdout == again.stdout
