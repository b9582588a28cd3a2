"""Which sections and subsections a migration stream carries, by the description at its end.

A stream that was not ended (a failed migration, or post-copy) has none. See qemu:
migration/savevm.c, qemu_savevm_state_complete_precopy and vmstate.c, vmstate_subsection_save.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.domain.errors import HarvestError, Location, Problem

MAGIC = b"QEVM"
DESCRIPTION, SUBSECTION = 6, 5
MOST_DESCRIPTION = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamField:
    """A field of a subsection: its name and the bytes that came, as one big-endian number."""

    name: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPart:
    """A section (no `subsection`) or a subsection of a device; `fields` are those of a subsection."""

    device: str
    instance: int
    subsection: str = ""
    fields: tuple[StreamField, ...] = ()


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
    """Read a stream that QEMU wrote to a file; raises `HarvestError`."""
    place = Location(file=str(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        what = error.strerror or "cannot be read"
        raise HarvestError([Problem(location=place, what=what)]) from error
    if not data.startswith(MAGIC):
        what = "no migration stream: it does not begin with QEVM"
        raise HarvestError([Problem(location=place, what=what)])
    text = _description(data)
    if text is None:
        what = "no description at the end"
        remedy = "let the migration complete, without post-copy"
        raise HarvestError([Problem(location=place, what=what, remedy=remedy)])
    return parse_description(json.loads(text), data)


def parse_description(description: Mapping[str, Any], data: bytes = b"") -> Stream:
    """Return the parts that a description names, with the values of `data` if they are found."""
    whole = [description["configuration"]] if "configuration" in description else []
    parts: list[StreamPart] = []
    for section in whole:
        parts += _subsections(section, "configuration", 0, data)
    for section in description.get("devices", ()):
        name, instance = str(section["name"]), int(section.get("instance_id", 0))
        parts.append(StreamPart(device=name, instance=instance))
        parts += _subsections(section, name, instance, data)
    return Stream(parts=tuple(parts))


def _description(data: bytes) -> bytes | None:
    """Return the JSON text: the last thing in the file, after a type byte and its length."""
    lowest = max(0, len(data) - MOST_DESCRIPTION)
    place = len(data)
    while True:
        place = data.rfind(b"{", lowest, place)
        if place < 5:
            return None
        kind, length = struct.unpack_from(">BI", data, place - 5)
        if kind == DESCRIPTION and length == len(data) - place:
            return data[place:]


def _subsections(
    section: Mapping[str, Any], device: str, instance: int, data: bytes
) -> Iterator[StreamPart]:
    """Yield the subsections of a section, and theirs, and those of structures in its fields."""
    for sub in section.get("subsections", ()):
        name = str(sub["vmsd_name"])
        fields = tuple(_fields(name, int(sub.get("version", 0)), sub.get("fields", ()), data))
        yield StreamPart(device=device, instance=instance, subsection=name, fields=fields)
        yield from _subsections(sub, device, instance, data)
    for field in section.get("fields", ()):
        if "struct" in field:
            yield from _subsections(field["struct"], device, instance, data)


def _fields(
    name: str, version: int, fields: Sequence[Mapping[str, Any]], data: bytes
) -> Iterator[StreamField]:
    """Yield the leading simple fields of a subsection; its header is unique in the stream."""
    header = struct.pack(">BB", SUBSECTION, len(name)) + name.encode() + struct.pack(">I", version)
    place = data.find(header)
    if place < 0 or data.find(header, place + 1) >= 0:
        return
    place += len(header)
    for field in fields:
        size = int(field.get("size", 0))
        if "array_len" in field or "struct" in field or not size:
            return
        yield StreamField(
            name=str(field["name"]), value=int.from_bytes(data[place : place + size], "big")
        )
        place += size
