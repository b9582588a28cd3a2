"""Where text goes: standard output or a file written whole, progress on a terminal's stderr only."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Timer
from typing import NoReturn

import typer

from planner.domain.errors import Location, Problem, UsageError
from planner.present.lines import Line, Style

PATIENCE = 1.0
"""Seconds after which somebody wants to know that work goes on."""
PAUSE = 0.1
"""Seconds between two looks at it."""
COLOURS = {
    Style.HEAD: {"bold": True},
    Style.GOOD: {"fg": "green", "bold": True},
    Style.BAD: {"fg": "red", "bold": True},
    Style.WARN: {"fg": "yellow"},
    Style.DIM: {"dim": True},
}


def answer(pieces: Iterable[str], output: Path | None, code: int) -> NoReturn:
    """Write an answer and end with its exit code, even if the reader of a pipe did not wait for it."""
    emit(pieces, output)
    raise typer.Exit(code)


def forget_output() -> None:
    """Send what is left in standard output nowhere, so that the end of the process does not try it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def emit(pieces: Iterable[str], output: Path | None) -> None:
    """Write text to standard output, or to a file that appears only when it is complete.

    Pieces are made as they are written, so that a long text is never whole in memory. A reader of a
    pipe that did not wait for it changes nothing.
    """
    if output is None:
        try:
            sys.stdout.writelines(pieces)
            sys.stdout.flush()
        except BrokenPipeError:
            forget_output()
        return
    try:
        _write_whole(pieces, output)
    except OSError as error:
        reason = error.strerror or "cannot be written"
        raise UsageError([Problem(location=Location(file=str(output)), what=reason)]) from error


def _write_whole(pieces: Iterable[str], output: Path) -> None:
    """Write a file beside its place and move it there; what is not complete is removed."""
    descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(pieces)
        beside.chmod(0o644)
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)


def painted(lines: Iterable[Line], output: Path | None) -> Iterator[str]:
    """Yield lines as text, coloured if they go to a terminal and NO_COLOR is not set."""
    colour = output is None and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in lines:
        yield _paint(line, colour=colour) + "\n"


def _paint(line: Line, *, colour: bool) -> str:
    if not colour or line.style is Style.PLAIN:
        return line.text
    return typer.style(line.text, **COLOURS[line.style])  # type: ignore[arg-type]


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on a terminal's stderr what goes on once it takes over a second; wipe it at the end."""
    if not sys.stderr.isatty():
        yield
        return
    said = Event()

    def say() -> None:
        """Write the line that the end wipes."""
        said.set()
        print(f"{what} ...", end="", file=sys.stderr, flush=True)  # noqa: T201

    timer = Timer(PATIENCE, say)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if said.is_set():
            print(f"\r{' ' * len(f'{what} ...')}\r", end="", file=sys.stderr, flush=True)  # noqa: T201


def progress(noun: str, total: int) -> Callable[[int], None]:
    """Return a counter that shows itself on a terminal's stderr once work takes over a second."""
    if not sys.stderr.isatty():
        return lambda _: None
    shown = start = time.monotonic()

    def show(done: int) -> None:
        """Overwrite the line on the terminal now and then; end it where it was begun."""
        nonlocal shown
        now, last = time.monotonic(), done == total and shown > start
        if not last and (now - start < PATIENCE or now - shown < PAUSE):
            return
        shown = now
        end = "\n" if done == total else ""
        print(f"\r{noun} {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)  # noqa: T201

    return show
