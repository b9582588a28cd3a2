"""Open what a path names to be read, a pipe and standard input too; limit what is said of it."""

from __future__ import annotations

import io
import stat
import sys
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from planner.documents.sources import MOST_TABLE, read_bounded, read_source
from planner.domain.errors import FleetError, Location, Problem

STANDARD = "-"
"""The name of standard input as a path."""
MOST_PROBLEMS = 20
FILES = 3
"""Files that are kept: a command reads a fleet, its guests and its edges."""


def name_of(path: Path) -> str:
    """Return how messages name a path."""
    return "standard input" if str(path) == STANDARD else str(path)


def opened(path: Path) -> io.BytesIO:
    """Open a file to be read: all readers of a command see the bytes of one reading.

    A file that has changed since is read again; a pipe and standard input can be read only once. Raises
    `OSError`.
    """
    if str(path) == STANDARD:
        return io.BytesIO(_piped(path))
    found = path.stat()
    if stat.S_ISREG(found.st_mode):
        known = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        return io.BytesIO(_content(path, known))
    return io.BytesIO(_piped(path))


@lru_cache(maxsize=FILES)
def _content(path: Path, known: tuple[int, ...]) -> bytes:
    """Return what a file holds as long as `known`, its place, size and time, is the same."""
    return read_source(path, MOST_TABLE)


@cache
def _piped(path: Path) -> bytes:
    """Return all that comes out of a pipe: it can be read only once."""
    if str(path) == STANDARD:
        return read_bounded(sys.stdin.buffer, MOST_TABLE, Path(name_of(path)))
    return read_source(path, MOST_TABLE)


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
