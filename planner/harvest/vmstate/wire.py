"""The fields of a description as they lie in the stream: sizes and counts, without names of C."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from planner.harvest.kernel.c.c_text import CFile, split_at_commas
from planner.harvest.vmstate.code import Code, Tokens, braces, initializers, members
from planner.knowledge.qemu.sections import OPEN

SIZES: Mapping[str, int] = {
    **{f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "bool": 1,
    "int32_le": 4,
    "timer": 8,
    "cpudouble": 8,
    "float64": 8,
}
"""Bytes that QEMU's own ways of writing a value take, by their names (`vmstate_info_...`)."""
BUFFERS = frozenset({"buffer", "unused_buffer"})
END = "VMS_END"
CORE = frozenset({"PCIDevice", "PCIEDevice"})
"""Sections of what every device of a bus has: one word each, whatever they hold."""
DEPTH = 10
DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A `VMStateDescription` of a file: its members as they stand."""

    name: str
    file: CFile = field(repr=False)
    line: int
    members: Mapping[str, Tokens] = field(repr=False)


class Wire:
    """Writes out descriptions; those that others hold are looked up in the file, then in the tree."""

    def __init__(self, code: Code) -> None:
        """Find every description of a tree."""
        self._code = code
        self.descriptions: dict[tuple[str, str], Description] = {}
        by_name: dict[str, list[Description]] = {}
        for file in code.files:
            for name, line, body in initializers(file, "VMStateDescription"):
                row = Description(name=name, file=file, line=line, members=members(body))
                self.descriptions[file.path, name] = row
                by_name.setdefault(name, []).append(row)
        self._single = {name: rows[0] for name, rows in by_name.items() if len(rows) == 1}

    def find(self, name: str, file: CFile) -> Description | None:
        """Return the description that a name means in a file."""
        return self.descriptions.get((file.path, name)) or self._single.get(name)

    def number(self, row: Description, member: str, default: int | None = 0) -> int | None:
        """Return a number that a description gives; None if it cannot be told."""
        tokens = row.members.get(member)
        return default if tokens is None else self._code.number(tokens, row.file)

    def version(self, row: Description) -> int | None:
        """Return `version_id`."""
        return self.number(row, "version_id")

    def minimum(self, row: Description) -> int | None:
        """Return the oldest version that is taken."""
        old = "load_state_old" in row.members
        return self.number(row, "minimum_version_id_old" if old else "minimum_version_id")

    def section(self, row: Description) -> str | None:
        """Return `.name`."""
        return self._code.string(row.members.get("name", ()), row.file)

    def subsections(self, row: Description) -> tuple[str, ...]:
        """Return the names of the subsections, each sent only if it is needed."""
        body = braces(row.members.get("subsections", ())) or ()
        names = [_without_casts(part) for part in split_at_commas(body)]
        held = [self.find(name, row.file) for name in names if name != "NULL"]
        return tuple((self.section(one) if one else None) or OPEN for one in held)

    def layouts(self, row: Description, inner: Description | None = None) -> str:
        """Return the digest of the fields for each version that is taken, alike ones in one.

        `inner` is what a virtio device writes behind the fields of its kind.
        """
        version, minimum = self.version(row), self.minimum(row)
        if version is None or minimum is None or "fields" not in row.members:
            return OPEN
        texts: list[tuple[int, str]] = []
        for number in range(max(minimum, version - 40), version + 1):
            text = self.elements(row, inner, number)
            digest = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
            if not texts or texts[-1][1] != digest:
                texts.append((number, digest))
        return ";".join(f"{number}:{digest}" for number, digest in texts)

    def elements(self, row: Description, inner: Description | None, version: int) -> str:
        """Return what is written for a version as one text, runs of equal elements in one."""
        own = list(self.fields(row, version))
        if inner is not None:
            own += ["virtio{", *self.fields(inner, self.version(inner) or 0), "}"]
        return " ".join(_folded(own))

    def fields(self, row: Description, version: int, depth: int = 0) -> Iterator[str]:
        """Yield the elements that are written for a version, in order."""
        body = braces(row.members.get("fields", ()))
        if body is None or depth > DEPTH:
            yield OPEN
            return
        for part in split_at_commas(self._code.expanded(body, row.file)):
            inner = braces(part)
            if inner is None:
                text = " ".join(token.text for token in part)
                if "END_OF_LIST" not in text:
                    yield part[0].text
                continue
            yield from self._field(members(inner), row, version, depth)

    def _field(
        self, own: Mapping[str, Tokens], row: Description, version: int, depth: int
    ) -> Iterator[str]:
        if not own or END in _without_casts(own.get("flags", ())):
            return
        test = _without_casts(own.get("field_exists", ()))
        since = self._code.number(own.get("version_id", ()), row.file) or 0
        is_open = test not in {"", "0", "NULL"}
        if not is_open and since > version:
            return
        count = self._count(own, row)
        if count == "0":
            return
        element = list(self._element(own, row, depth))
        if is_open:
            element = [OPEN, "(", *element, ")"]
        if count.isdecimal() and int(count) > 1 and len(element) == 1:
            yield f"{count}*{element[0]}"
        elif count != "1":
            yield from (f"{count}*[", *element, "]")
        else:
            yield from element

    def _count(self, own: Mapping[str, Tokens], row: Description) -> str:
        flags = {token.text for token in own.get("flags", ())}
        if any("VARRAY" in flag for flag in flags):
            return OPEN
        if "VMS_ARRAY" in flags or "VMS_ARRAY_OF_POINTER" in flags:
            number = self._code.number(own.get("num", ()), row.file)
            return str(number) if number is not None else OPEN
        return "1"

    def _element(self, own: Mapping[str, Tokens], row: Description, depth: int) -> Iterator[str]:
        info = (
            _without_casts(own.get("info", ())).removeprefix("vmstate_info_").removesuffix("_equal")
        )
        name = _without_casts(own.get("vmsd", ()))
        held = self.find(name, row.file) if name not in {"", "NULL"} else None
        if held is not None and self.section(held) in CORE:
            yield "pci"
        elif held is not None:
            inner = list(self.fields(held, self._inner_version(own, held), depth + 1))
            yield from (f"{info}{{", *inner, "}") if info not in {"", "tmp"} else inner
        elif name not in {"", "NULL"}:
            yield name
        elif info in SIZES:
            yield f"w{SIZES[info]}"
        elif info in BUFFERS:
            size = self._code.number(own.get("size", ()), row.file)
            size = None if "size_offset" in own else size
            yield f"{size}*w1" if size is not None else f"{OPEN}*w1"
        else:
            yield info or OPEN

    def _inner_version(self, own: Mapping[str, Tokens], held: Description) -> int:
        flags = {token.text for token in own.get("flags", ())}
        if "VMS_VSTRUCT" in flags:
            number = self._code.number(own.get("struct_version_id", ()), held.file)
            return number if number is not None else 0
        return self.version(held) or 0


def _without_casts(tokens: Tokens) -> str:
    """Return tokens without brackets, `&` and casts to a pointer."""
    return "".join(token.text for token in tokens if token.text not in {"(", ")", "&"})


def _folded(elements: list[str]) -> list[str]:
    """Return runs of elements of one size in one: three words of 4 bytes as `3*w4`."""
    found: list[tuple[int, str]] = []
    for text in elements:
        told = re.fullmatch(r"(?:(\d+)\*)?(w\d+)", text)
        count, kind = (int(told[1] or 1), told[2]) if told else (0, text)
        if told and found and found[-1][1] == kind and found[-1][0]:
            found[-1] = (found[-1][0] + count, kind)
        else:
            found.append((count, kind))
    return [f"{count}*{kind}" if count else kind for count, kind in found]
