"""Where the sections of a migration stream stand, by the description at its end.

The description gives the size of every field, so every section has one place, and its header must stand
there: what does not fit is damage. Sections lie one behind the other before the description; those that
were sent before memory (`early_setup`) are looked for. See qemu: migration/savevm.c, vmstate_save, and
migration/vmstate.c, vmstate_save_state_v.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import mmap
from typing import Any

START, FULL, SUBSECTION, FOOTER = 1, 4, 5, 0x7E
HEADER, MARK = 5, 5
"""Bytes before a section's name (its kind and number), and of the footer that repeats the number."""
Data = bytes | mmap


class Damage(ValueError):
    """A stream and its description do not fit together."""


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


@dataclass(frozen=True, slots=True)
class Described:
    """A part of a description: a section, a subsection or a field."""

    keys: Mapping[str, Any]

    def text(self, key: str) -> str:
        """Return a text that must be there and fits before its length."""
        found = self.keys.get(key)
        if not isinstance(found, str) or not 0 < len(found.encode(errors="replace")) < 256:
            raise Damage(f"its description has no {key!r} where one must be")
        return found

    def number(self, key: str, default: int | None = None) -> int:
        """Return a number of 32 bits."""
        found = self.keys.get(key, default)
        if type(found) is not int or not 0 <= found < 1 << 32:
            raise Damage(f"its description has no number {key!r} where one must be")
        return found

    def parts(self, key: str) -> Iterator[Described]:
        """Yield the parts of a list, none if there is no such list."""
        found = self.keys.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise Damage(f"its description has no list {key!r} where one must be")
        return map(Described, found)

    @property
    def inner(self) -> Described | None:
        """The structure that a field holds, if it is one."""
        found = self.keys.get("struct")
        if found is not None and not isinstance(found, dict):
            raise Damage("its description has no structure where one must be")
        return None if found is None else Described(found)

    @property
    def size(self) -> int:
        """The bytes of a section or subsection behind its header."""
        own = sum(field.length for field in self.parts("fields"))
        return own + sum(len(sub.header) + sub.size for sub in self.parts("subsections"))

    @property
    def length(self) -> int:
        """The bytes of a field: of all its elements."""
        return self.number("size", 0) * self.number("array_len", 1)

    @property
    def header(self) -> bytes:
        """What stands before a subsection."""
        name = self.text("vmsd_name").encode()
        version = struct.pack(">I", self.number("version", 0))
        return bytes([SUBSECTION, len(name)]) + name + version


@dataclass(slots=True)
class StreamSections:
    """The sections of a stream that ends at `end`, where its description begins."""

    data: Data
    end: int

    def of(self, devices: list[Described]) -> list[StreamPart]:
        """Return the sections of devices with their subsections, in the order sent."""
        found: list[list[StreamPart]] = []
        for device in reversed(devices):
            found.append(self._section(device))
        return [part for parts in reversed(found) for part in parts]

    def _section(self, device: Described) -> list[StreamPart]:
        name, instance = device.text("name"), device.number("instance_id", 0)
        head = bytes([len(name.encode())]) + name.encode() + struct.pack(">I", instance)
        if "vmsd_name" in device.keys:
            head += struct.pack(">I", device.number("version"))
        size = HEADER + len(name.encode()) + 9
        start = self._start(head, size + device.size, name)
        parts = [StreamPart(device=name, instance=instance)]
        place = start + size
        parts += subsections(device, name, instance, self.data, place)
        return parts

    def _start(self, head: bytes, length: int, name: str) -> int:
        """Return where a section begins: before those already found, else where it is alone."""
        for start in (self.end - length - MARK, self.end - length):
            if start >= 0 and self._fits(start, head) and self._ends(start, length, self.end):
                self.end = start
                return start
        place = self.data.find(head, 0, self.end)
        while place >= 0:
            start = place - HEADER
            if start >= 0 and self._fits(start, head) and self._ends(start, length, None):
                return start
            place = self.data.find(head, place + 1, self.end)
        raise Damage(f"no section {name!r} stands where its description says")

    def _fits(self, start: int, head: bytes) -> bool:
        behind = start + HEADER
        return self.data[start] in {START, FULL} and self.data[behind : behind + len(head)] == head

    def _ends(self, start: int, length: int, end: int | None) -> bool:
        """Whether a section ends with its footer, or at `end` in a stream without footers."""
        mark = self.data[start + length : start + length + MARK]
        number = self.data[start + 1 : start + HEADER]
        return mark == bytes([FOOTER]) + number if start + length != end else True


def subsections(
    section: Described, device: str, instance: int, data: Data, place: int
) -> Iterator[StreamPart]:
    """Yield the subsections of what stands at a place, those of structures in its fields first sent."""
    own: list[StreamPart] = []
    for field in section.parts("fields"):
        if field.inner is not None:
            if field.inner.size != field.number("size", 0):
                raise Damage(f"the sizes of {field.text('name')!r} in its description do not agree")
            own += subsections(field.inner, device, instance, data, place)
        place += field.length
    for sub in section.parts("subsections"):
        name, header = sub.text("vmsd_name"), sub.header
        if data[place : place + len(header)] != header:
            raise Damage(f"no subsection {name!r} stands where its description says")
        place += len(header)
        fields = tuple(_fields(sub, data, place))
        yield StreamPart(device=device, instance=instance, subsection=name, fields=fields)
        yield from subsections(sub, device, instance, data, place)
        place += sub.size
    yield from own


def _fields(subsection: Described, data: Data, place: int) -> Iterator[StreamField]:
    """Yield the leading simple fields of a subsection that stands at a place."""
    for field in subsection.parts("fields"):
        size = field.number("size", 0)
        if "array_len" in field.keys or field.inner is not None or not size:
            return
        value = int.from_bytes(data[place : place + size], "big")
        yield StreamField(name=field.text("name"), value=value)
        place += size
