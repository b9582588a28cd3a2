"""Which sections and subsections a migration stream carries, by the description at its end.

A stream that was not ended (a failed migration, or post-copy) has none. One that does not fit its
description is damaged and is refused: nothing of it is told.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from planner.documents.sources import MOST_DOCUMENT, read_source
from planner.domain.errors import HarvestError, Location, Problem
from planner.harvest.stream_sections import (
    Damage,
    Data,
    Described,
    StreamPart,
    StreamSections,
    subsections,
)

MAGIC = b"QEVM"
DESCRIPTION, CONFIGURATION, END = 6, 7, 0
MOST_DESCRIPTION = 64 << 20
FIRST = 8
"""Bytes of the magic number and the version before what is sent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The parts of a stream in the order sent."""

    parts: tuple[StreamPart, ...]

    @property
    def subsections(self) -> frozenset[str]:
        """Return the names of the subsections that were sent."""
        return frozenset(part.subsection for part in self.parts if part.subsection)

    def value(self, subsection: str, name: str) -> int | None:
        """Return a field of a subsection, None if it was not sent."""
        for part in self.parts:
            for found in part.fields if part.subsection == subsection else ():
                if found.name == name:
                    return found.value
        return None


def read_stream(path: Path) -> Stream:
    """Read a stream that QEMU wrote to a file; raises `HarvestError` for one that is not whole."""
    try:
        with _opened(path) as data:
            return _stream(data, path)
    except OSError as error:
        raise _refused(path, error.strerror or "cannot be read") from error
    except (Damage, struct.error) as error:
        what = f"a damaged stream: {error}"
        raise _refused(path, what, "let the migration complete once more") from error
    except RecursionError:
        raise _refused(path, "a damaged stream: its description is nested too deeply") from None


@contextmanager
def _opened(path: Path) -> Iterator[Data]:
    """Open a stream without reading it: memory is most of a file; a pipe is read within limits."""
    if not path.is_file() or not path.stat().st_size:
        yield read_source(path, MOST_DOCUMENT)
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def _stream(data: Data, path: Path) -> Stream:
    if data[: len(MAGIC)] != MAGIC:
        raise _refused(path, "no migration stream: it does not begin with QEVM")
    place = _description(data)
    if place is None:
        remedy = "let the migration complete, without post-copy"
        raise _refused(path, "no description at the end", remedy)
    try:
        value = json.loads(data[place:])  # a list of structures repeats its keys
    except ValueError as error:
        raise Damage("its description is not JSON") from error
    return Stream(parts=tuple(_parts(value, data, place - 5)))


def _parts(description: object, data: Data, end: int) -> Iterator[StreamPart]:
    """Yield the parts that a description names; they stand before `end`."""
    if not isinstance(description, dict):
        raise Damage("its description is no object")
    whole = Described(description)
    if data[end - 1] != END:
        raise Damage("its sections do not end where its description begins")
    first = description.get("configuration")
    if first is not None and (data[FIRST] != CONFIGURATION or not isinstance(first, dict)):
        raise Damage("it does not begin with its configuration")
    if first is not None:
        yield from subsections(Described(first), "configuration", 0, data, FIRST + 1)
    yield from StreamSections(data, end - 1).of(list(whole.parts("devices")))


def _description(data: Data) -> int | None:
    """Return where the JSON text begins: last in the file, after a type byte and its length."""
    lowest = max(0, len(data) - MOST_DESCRIPTION)
    place = len(data)
    while True:
        place = data.rfind(b"{", lowest, place)
        if place < FIRST + 5:
            return None
        kind, length = struct.unpack_from(">BI", data, place - 5)
        if kind == DESCRIPTION and length == len(data) - place:
            return place


def _refused(path: Path, what: str, remedy: str = "") -> HarvestError:
    return HarvestError([Problem(location=Location(file=str(path)), what=what, remedy=remedy)])
