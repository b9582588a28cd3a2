"""Open what a path names to be read, a pipe and standard input too; limit what is said of it."""

from __future__ import annotations

import io
import stat
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from planner.domain.errors import FleetError, Location, Problem

STANDARD = "-"
"""The name of standard input as a path."""
MOST_PROBLEMS = 20
PIECE = 1 << 20


def name_of(path: Path) -> str:
    """Return how messages name a path."""
    return "standard input" if str(path) == STANDARD else str(path)


def opened(path: Path) -> io.BufferedReader | io.BytesIO:
    """Open a file to be read; a pipe and standard input are read once, and may be opened again."""
    mode = 0 if str(path) == STANDARD else path.stat().st_mode
    if stat.S_ISREG(mode):
        return path.open("rb")
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise refused(name_of(path), "is a device", "name a file, a pipe or '-'")
    return io.BytesIO(_piped(path))


@cache
def _piped(path: Path) -> bytes:
    """Return all that comes out of a pipe: it can be read only once."""
    return sys.stdin.buffer.read() if str(path) == STANDARD else path.read_bytes()


def limited(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the first problems of a kind and, if there are more, one that counts the rest."""
    found = list(problems)
    yield from found[:MOST_PROBLEMS]
    if len(found) > MOST_PROBLEMS:
        rest = len(found) - MOST_PROBLEMS
        yield Problem(location=found[-1].location, what=f"and {rest:,} more of this kind above")


def refused(name: str, what: str, remedy: str = "") -> FleetError:
    """Return the error of a file that cannot be read at all."""
    return FleetError([Problem(location=Location(file=name), what=what, remedy=remedy)])
