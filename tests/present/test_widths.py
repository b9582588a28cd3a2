"""What commands print folds at every width without a broken word, and says all without colour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from planner.cli.app import app
from planner.cli.screen import console
from planner.present.lines import Line, TextTable

ROOT = Path(__file__).resolve().parents[2]
POOLS = str(ROOT / "examples" / "three-pools" / "fleet.csv")
SEED = str(ROOT / "examples" / "seed" / "fleet.csv")
ROLLOUT = str(ROOT / "examples" / "seed" / "rollout.csv")
WIDTHS = range(60, 201)
COMMANDS = (
    ("solve", POOLS),
    ("solve", SEED),
    ("explain", POOLS, "--pool", "debian"),
    ("plan", ROLLOUT),
    ("plan", ROLLOUT, "-v"),
    ("plan", POOLS, "--target", "kernel=6.12.48+deb13-amd64", "--start", "2027-01-11"),
    ("cpu", POOLS),
    ("unlock", POOLS),
    ("check", SEED, "--from", "new1", "--to", "old1", "--machine", "pc-q35-4.0"),
)


def lines_of(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> tuple[list[Line], str]:
    """Return the lines that a command prints, before they are folded, and what a pipe gets."""
    found: list[Line] = []
    painted: Callable[..., object] = Line.rows

    def kept(line: Line, width: int) -> object:
        found.append(line)
        return painted(line, width)

    tabled: Callable[..., object] = TextTable.rows

    def kept_table(line: TextTable, width: int) -> object:
        found.append(line)
        return tabled(line, width)

    with monkeypatch.context() as patch:
        patch.setattr(Line, "rows", kept)
        patch.setattr(TextTable, "rows", kept_table)
        done = CliRunner().invoke(app, [*words])
    assert done.exit_code in {0, 4, 5}, done.output
    return found, done.stdout


def words_of(line: Line) -> list[str]:
    if isinstance(line, TextTable):
        return [word for row in (line.header, *line.body) for cell in row for word in cell.split()]
    return [*(line.head or "").split(), *line.text.split()]


def least(line: Line) -> int:
    """Return the columns that a line needs if no word is broken."""
    if isinstance(line, TextTable):
        columns = zip(line.header, *line.body, strict=True)
        sizes = [max(len(word) for cell in one for word in [*cell.split(), ""]) for one in columns]
        return 1 + sum(sizes) + 2 * (len(sizes) - 1)
    margin = max(len(line.head or ""), len(line.rest), len(line.text) - len(line.text.lstrip()) + 2)
    return margin + max((len(word) for word in line.text.split()), default=0)


@pytest.mark.parametrize("words", COMMANDS, ids=[" ".join(one[:1] + one[2:]) for one in COMMANDS])
def test_every_width_folds_without_a_broken_word(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, piped = lines_of(words, monkeypatch)
    assert lines
    for width in WIDTHS:
        for line in lines:
            rows = line.rows(width)
            assert sorted(" ".join(rows).split()) == sorted(words_of(line)), (width, line)
            assert max(map(len, rows), default=0) <= max(width, least(line)), (width, rows)
    assert "\x1b" not in piped, "a pipe is plain"


def test_colour_only_repeats_what_words_say() -> None:
    """Every style that has a colour stands on lines that say it in words; no style is a word."""
    assert set(console.COLOURS) < set(type(next(iter(console.COLOURS))))
    done = CliRunner().invoke(app, ["solve", POOLS])
    assert done.stdout.startswith("SAFE WITH CHECKS")
