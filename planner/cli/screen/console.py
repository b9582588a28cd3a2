"""How lines look on a terminal, and what is said there of work that goes on, on stderr only."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Timer

import typer

from planner.cli.screen.output import is_standard
from planner.present.lines import NARROWEST, WIDTH, Line, Style

BEGUN = time.monotonic()
PATIENCE = 1.0
"""Seconds of a command after which somebody wants to know that work goes on."""
PAUSE = 0.1
"""Seconds between two looks at it."""
CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
"""Characters that a terminal obeys, as they are shown."""
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
            yield _paint(row, line.style, colour=colour) + "\n"


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


def harmless(text: str) -> str:
    """Return a line with the control characters escaped that would steer a terminal."""
    return text if text.isprintable() else text.translate(CONTROLS)


def note(text: str) -> None:
    """Say on standard error what an answer does not depend on, but its reader should know."""
    print(f"planner: note: {harmless(text)}", file=sys.stderr)  # noqa: T201


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on a terminal's stderr what goes on if the command takes over a second; wipe it at the end."""
    if not sys.stderr.isatty():
        yield
        return
    said = Event()

    def say() -> None:
        """Write the line that the end wipes."""
        said.set()
        print(f"{what} ...", end="", file=sys.stderr, flush=True)  # noqa: T201

    timer = Timer(max(PAUSE, BEGUN + PATIENCE - time.monotonic()), say)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if said.is_set():
            print(f"\r{' ' * len(f'{what} ...')}\r", end="", file=sys.stderr, flush=True)  # noqa: T201


def progress(noun: str, total: int) -> Callable[[int], None]:
    """Return a counter that shows itself on a terminal's stderr if the command takes over a second."""
    if not sys.stderr.isatty():
        return lambda _: None
    shown: float | None = None

    def show(done: int) -> None:
        """Overwrite the line on the terminal now and then; end it where it was begun."""
        nonlocal shown
        now, last = time.monotonic(), done == total and shown is not None
        if not last and now < max(BEGUN + PATIENCE, (shown or 0.0) + PAUSE):
            return
        shown = now
        end = "\n" if done == total else ""
        print(f"\r{noun} {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)  # noqa: T201

    return show
