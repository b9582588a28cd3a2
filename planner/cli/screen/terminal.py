"""What only a terminal gets: a grid of which hosts can send a guest where."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli.screen.console import painted, width_of
from planner.cli.screen.output import Painted, is_standard
from planner.domain.shown import harmless
from planner.present.lines import Line

if TYPE_CHECKING:
    from rich.table import Table

    from planner.domain.edge_map import EdgeMap
    from planner.present.page.edges import ShownTrial

MOST_POOLS = 8
"""Pools whose edges are judged for a terminal; the report has all of them."""
STYLES = {"safe": "green", "unsafe": "bold red", "unknown": "yellow", "depends": "magenta"}


def is_terminal(output: Path | None) -> bool:
    """Whether an answer goes to a terminal that can show the signs of a table."""
    return is_standard(output) and sys.stdout.isatty() and "utf" in sys.stdout.encoding.lower()


def edge_tables(maps: Iterable[EdgeMap]) -> Iterator[str]:
    """Yield the profiles of each pool under letters, and a grid of what they can send to each other."""
    from planner.present.page.edges import LEGEND, shown_map

    told = False
    for found in maps:
        shown = shown_map(found)
        trials = [trial for trial in shown.trials if not trial.all_safe]
        if len(shown.classes) < 2 or not trials:
            continue
        told = True
        title = f"Pool {found.domain}: who can send guests to whom"
        classes = _table(("", "QEMU", "kernel", "hosts"))
        for one in shown.classes:
            classes.add_row(*map(_plain, (one.letter, one.builds, one.kernels, f"{one.hosts:,}")))
        yield _drawn(title, classes)
        for trial in trials:
            names = ", ".join(trial.baselines[:2])
            yield _drawn(f"{trial.title}: {names}", _grid(trial))
    if told:
        signs = "; ".join(f"{mark.sign} {mark.text}" for mark in LEGEND[:3])
        last = f"{LEGEND[3].sign} {LEGEND[3].text}"
        reasons = "reasons: planner report FLEET --output report.html"
        yield from painted([Line(signs), Line(last), Line(reasons)], None)


def _grid(trial: ShownTrial) -> Table:
    grid = _table(("from \\ to", *(letter for letter, _ in trial.rows)))
    for letter, cells in trial.rows:
        marks = (None if cell is None else cell.mark for cell in cells)
        signs = ("·" if mark is None else f"[{STYLES[mark.word]}]{mark.sign}[/]" for mark in marks)
        grid.add_row(letter, *signs)
    return grid


def _table(columns: Sequence[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.ROUNDED)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _plain(text: str) -> str:
    """Return a text of the fleet in which nothing is taken for a style or a control sequence."""
    from rich.markup import escape

    return escape(harmless(text))


def _drawn(title: str, table: Table) -> str:
    """Return a table under its title, as wide as a report; without colour if nobody wants it."""
    from rich.console import Console

    room = io.StringIO()
    console = Console(
        file=room,
        width=width_of(None),
        force_terminal="NO_COLOR" not in os.environ,
        highlight=False,
    )
    console.print(f"\n[bold]{_plain(title)}[/]")
    console.print(table)
    return Painted(room.getvalue())
