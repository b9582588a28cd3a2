"""Which device type sends which description, as far as its own file tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from planner.harvest.kernel.c.c_text import CFile, matching
from planner.harvest.vmstate.code import Code, Tokens, function, initializers, members
from planner.harvest.vmstate.wire import Description, Wire
from planner.knowledge.qemu.sections import Sent

REGISTER = frozenset({"vmstate_register", "vmstate_register_any", "vmstate_register_with_alias_id"})
VIRTIO_CLASS = "VirtioDeviceClass"
SETTER = "device_class_set_vmsd"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSection:
    """A device type sends a description; `inner` is that of a virtio device's own part."""

    device: str
    how: Sent
    description: Description | None = None
    inner: Description | None = None


def read_devices(code: Code, wire: Wire) -> Iterator[DeviceSection]:
    """Yield what each device type sends that its file names.

    Types that a loop makes are spoken of by the parent that the same file defines for them.
    """
    for file in code.files:
        infos = [
            {**members(body), **_assigned(name, file)}
            for name, _, body in initializers(file, "TypeInfo")
        ]
        named = [code.string(told.get("name", ()), file) for told in infos]
        for told, name in zip(infos, named, strict=True):
            parent = code.string(told.get("parent", ()), file)
            device = name or (parent if parent in named else None)
            if device:
                yield from _sent(device, _starts(told, file), file, wire)


def _assigned(variable: str, file: CFile) -> Mapping[str, Tokens]:
    """Return the members that statements `VARIABLE.member = ...;` give."""
    found, tokens = {}, file.tokens
    for at in file.places_of(variable):
        words = [one.text for one in tokens[at + 1 : at + 4]]
        if len(words) == 3 and words[0] == "." and words[2] == "=":
            end = next(i for i in range(at, len(tokens)) if tokens[i].text == ";")
            found[words[1]] = tokens[at + 4 : end]
    return found


def _starts(told: Mapping[str, Tokens], file: CFile) -> list[Tokens]:
    """Return the bodies of the functions that make a class and its objects."""
    given = (told.get(member, ()) for member in ("class_init", "instance_init"))
    return [function(file, tokens[-1].text) for tokens in given if tokens]


def _sent(device: str, bodies: list[Tokens], file: CFile, wire: Wire) -> Iterator[DeviceSection]:
    """Yield what the first functions of a type give a device."""
    body = [token for one in bodies for token in one]
    own, inner, is_open = _of_class(body, file, wire)
    if is_open:
        yield DeviceSection(device=device, how=Sent.UNTOLD)
    elif own is not None:
        yield DeviceSection(device=device, how=_how(own), description=own, inner=inner)
    called = [function(file, name) for name in dict.fromkeys(token.text for token in body)]
    for one in (*bodies, *called):
        for row, is_sure in _registered(one, file, wire):
            how = _how(row) if is_sure else Sent.SOMETIMES
            yield DeviceSection(device=device, how=how, description=row)


def _how(row: Description) -> Sent:
    if "unmigratable" in row.members:
        return Sent.NEVER
    return Sent.NEEDED if "needed" in row.members else Sent.ALWAYS


def _of_class(
    body: Tokens, file: CFile, wire: Wire
) -> tuple[Description | None, Description | None, bool]:
    """Return the description of a class, that of its virtio part, and whether one is not told."""
    own = inner = None
    is_open = False
    for at, token in enumerate(body):
        words = [one.text for one in body[at : at + 6]]
        if words[0] == SETTER:
            close = matching(body, at + 1)
            name, variable = body[close - 1].text, ""
        elif words[1:4] == ["->", "vmsd", "="]:
            if words[4] != "&":
                is_open = is_open or words[4] != "NULL"
                continue
            name, variable = words[5], token.text
        else:
            continue
        row = wire.find(name, file)
        if row is None:
            is_open = True
        elif _is_virtio(variable, body):
            inner = row
        else:
            is_open = is_open or (own is not None and own is not row)
            own = row
    return own, inner, is_open


def _is_virtio(variable: str, body: Tokens) -> bool:
    """Whether a variable is declared as the class of a virtio device."""
    return any(
        [one.text for one in body[at : at + 3]] == [VIRTIO_CLASS, "*", variable]
        for at in range(len(body))
    )


def _registered(body: Tokens, file: CFile, wire: Wire) -> Iterator[tuple[Description, bool]]:
    """Yield the descriptions that a function registers, and whether it always does."""
    depth = 0
    for at, token in enumerate(body):
        depth += (token.text == "{") - (token.text == "}")
        if token.text in REGISTER:
            close = matching(body, at + 1)
            names = [
                body[i + 1].text for i in range(at, close) if body[i].text == "&" and i + 1 < close
            ]
            rows = [row for name in names if (row := wire.find(name, file)) is not None]
            yield from ((row, depth == 0) for row in rows)
