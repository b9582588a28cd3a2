"""How lines look on a terminal, and what is said there of work that goes on, on stderr only."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from threading import Timer

import typer

from planner.cli.screen.output import Painted, is_standard
from planner.domain.shown import harmless
from planner.present.lines import NARROWEST, WIDTH, Line, Style

BEGUN = time.monotonic()
PATIENCE = 1.0
"""Seconds of a command after which somebody wants to know that work goes on."""
PAUSE = 0.1
"""Seconds between two looks at it."""
COLOURS = {
    Style.HEAD: {"bold": True},
    Style.GOOD: {"fg": "green", "bold": True},
    Style.BAD: {"fg": "red", "bold": True},
    Style.WARN: {"fg": "yellow"},
    Style.DIM: {"dim": True},
}


def painted(lines: Iterable[Line], output: Path | None) -> Iterator[str]:
    """Yield lines as text, coloured if they go to a terminal and NO_COLOR is not set."""
    colour = is_standard(output) and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = width_of(output)
    for line in lines:
        for row in line.rows(width):
            yield Painted(_paint(row, line.style, colour=colour) + "\n")


def width_of(output: Path | None) -> int:
    """Return the columns of a report: those of a narrow terminal, else what everything has room for."""
    if not (is_standard(output) and sys.stdout.isatty()):
        return WIDTH
    columns = os.get_terminal_size(sys.stdout.fileno()).columns
    return max(NARROWEST, min(columns, WIDTH)) if columns else WIDTH


def _paint(row: str, style: Style, *, colour: bool) -> str:
    text = harmless(row)
    if not colour or style is Style.PLAIN:
        return text
    return typer.style(text, **COLOURS[style])  # type: ignore[arg-type]


def note(text: str) -> None:
    """Say on standard error what an answer does not depend on, but its reader should know."""
    print(f"planner: note: {harmless(text)}", file=sys.stderr)  # noqa: T201


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on a terminal's stderr what goes on if the command takes over a second; wipe it at the end."""
    if not sys.stderr.isatty():
        yield
        return
    with ExitStack() as screen:
        wait = max(PAUSE, BEGUN + PATIENCE - time.monotonic())
        timer = Timer(wait, _bar, (screen, f"{what} ...", None))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


@contextmanager
def progress(noun: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a counter that shows itself like `working`, in the thread that counts: it may fork."""
    with ExitStack() as screen:
        bar = cache(partial(_bar, screen, noun, total))
        due = BEGUN + PATIENCE if sys.stderr.isatty() else math.inf

        def show(done: int) -> None:
            """Redraw the bar now and then."""
            nonlocal due
            if time.monotonic() >= due:
                bar()(done)
                due = time.monotonic() + PAUSE

        yield show


def _bar(screen: ExitStack, what: str, total: int | None) -> Callable[[int], None]:
    """Draw a bar, or only words without a total, until `screen` ends; return what moves it on."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    words = TextColumn("{task.description}", markup=False)
    columns = [words] if total is None else [words, BarColumn(), MofNCompleteColumn()]
    bar = Progress(
        *columns,
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = bar.add_task(harmless(what), total=total)
    screen.enter_context(bar)
    return lambda done: bar.update(task, completed=done, refresh=True)
