"""What the messages in a log mean: every line against the patterns of the knowledge."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from planner.answers.feature_bits import (
    TWO_NUMBERS,
    class_of_section,
    classes_with,
    device_class,
    refused_bits,
)
from planner.domain.capability import CapabilityId
from planner.domain.diagnosis import Diagnosis, KnownMessage
from planner.domain.errors import UsageError, quoted, wrong_word
from planner.domain.migrated import MigratedUnit
from planner.knowledge.base import KnowledgeBase

BREAKS = re.compile(r"\r?\n|\\r|\\n|&#10;")
"""Ends of lines, as they are and as JSON and XML write them."""
ESCAPED = {"&#39;": "'", "&apos;": "'", "&quot;": '"', "\\u003e": ">", "\\u003c": "<", "''": "'"}
NAMED = re.compile(r"\(\?P<\w+>")
LONGEST_LINE = 4096
"""Characters of a line that are looked at: patterns take the square of them."""
NEARBY = 6
"""Lines after a message that may still say where it belongs."""
MOST_UNITS = 4


class Reader:
    """The messages of the knowledge, ready to be looked for in lines."""

    def __init__(self, messages: Sequence[KnownMessage]) -> None:
        """Keep the messages; patterns are compiled when they are first needed."""
        self._messages = messages

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], KnownMessage], ...]:
        return tuple((re.compile(one.pattern), one) for one in self._messages)

    @cached_property
    def _any(self) -> re.Pattern[str]:
        """Return one pattern for all, so that most lines of a log are looked at once."""
        return re.compile(
            "|".join(f"(?:{NAMED.sub('(?:', one.pattern)})" for one in self._messages)
        )

    def found_in(self, line: str) -> Iterator[Diagnosis]:
        """Yield what a line says: of the messages that are no context the first, else the first."""
        if self._any.search(line) is None:
            return
        for pattern, message in self._patterns:
            if found := pattern.search(line):
                words = {name: text or "" for name, text in found.groupdict().items()}
                section = words.get("section", "")
                yield Diagnosis(message=message, text=found[0], words=words, section=section)
                return


def diagnose(text: str, device: str, knowledge: KnowledgeBase) -> tuple[Diagnosis, ...]:
    """Return what the messages in a text mean, in order, each once.

    `device` is the device class that the operator names, empty if none. Two numbers alone are a guest's
    features and those allowed. Raises `UsageError` if nothing in the text is known.
    """
    named = device_class(device, knowledge) if device else ""
    if numbers := TWO_NUMBERS.fullmatch(text[:LONGEST_LINE]):
        text = f"Features {numbers[1]} unsupported. Allowed features: {numbers[2]}"
    reader = Reader(knowledge.messages)
    lines = (line[:LONGEST_LINE] for line in BREAKS.split(_unescaped(text)))
    found = _merged(_placed(reader, lines))
    if not found:
        what = f"{quoted(text.strip())} holds no message that has a row"
        remedy = (
            "expected what QEMU or libvirt printed when the guest did not move, or two numbers;"
            " planner knowledge list messages"
        )
        raise UsageError([wrong_word("", what, remedy)])
    return tuple(_known(one, named, knowledge) for one in found)


def _unescaped(text: str) -> str:
    for escape, character in ESCAPED.items():
        text = text.replace(escape, character)
    return text


def _placed(reader: Reader, lines: Iterable[str]) -> Iterator[Diagnosis]:
    """Yield messages with the section that they or the lines after them name.

    A line of context is told only if no message stands before it.
    """
    last: Diagnosis | None = None
    since = 0
    for line in lines:
        since += 1
        for found in reader.found_in(line):
            if last is None or not found.message.follows:
                if last is not None:
                    yield last
                last, since = found, 0
            elif found.section and since <= NEARBY and "section" not in last.words:
                last = replace(last, section=found.section)
            elif last.message.follows and found.section:
                last = replace(last, section=last.section or found.section)
    if last is not None:
        yield last


def _merged(found: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """Return equal messages once; context alone gives way to what is told by others."""
    seen: dict[tuple[str, tuple[tuple[str, str], ...], str], Diagnosis] = {}
    for one in found:
        key = (one.message.id, tuple(one.words.items()), one.section)
        known = seen.get(key)
        seen[key] = one if known is None else replace(known, times=known.times + 1)
    told = tuple(seen.values())
    return tuple(one for one in told if not one.message.follows) or told


def _known(found: Diagnosis, device: str, knowledge: KnowledgeBase) -> Diagnosis:
    """Add what the knowledge has about the names in a message."""
    found = replace(
        found, units=_units(found, knowledge), facts=tuple(_facts(found, device, knowledge))
    )
    if "allowed" not in found.words:
        return found
    guest, allowed = (int(found.words[name], 16) for name in ("guest", "allowed"))
    devices = _devices(found, device, guest, knowledge)
    return replace(found, bits=refused_bits(guest, allowed, devices, knowledge))


def _devices(
    found: Diagnosis, device: str, guest: int, knowledge: KnowledgeBase
) -> tuple[str, ...]:
    """Return the device classes that a message of feature bits may speak of."""
    told = device or class_of_section(found.section, knowledge)
    return (told,) if told else classes_with(guest, knowledge)


def _units(found: Diagnosis, knowledge: KnowledgeBase) -> tuple[MigratedUnit, ...]:
    """Return the units that a message is about: its row's, a register's, a section's."""
    name = found.message.unit
    if name:
        return tuple(unit for unit in knowledge.units if unit.id == name)
    if "msr" in found.words:
        capability = _listed(found.words["msr"], knowledge)
        return tuple(unit for unit in knowledge.units if capability in unit.capabilities)
    section = found.section.rpartition("/")[2] if ":" in found.section else found.section
    return tuple(unit for unit in knowledge.units if section and unit.id == section)


def _listed(register: str, knowledge: KnowledgeBase) -> CapabilityId:
    """Return the capability that a register is listed, an unknown one if nobody asks for it."""
    name = f"kvm.msr.0x{register}"
    return knowledge.canonical(name) or CapabilityId(name)


def _facts(found: Diagnosis, device: str, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield what the knowledge says of a machine type, a property, CPU features, a device class."""
    words = found.words
    if register := words.get("msr"):
        known = knowledge.capabilities.get(_listed(register, knowledge))
        if known is not None:
            yield f"register 0x{register}: {known.meaning}"
    if machine := words.get("machine"):
        row = knowledge.machine_type(machine)
        yield (
            f"{machine} is a type of {row.board} from the builds of '{row.line}'"
            if row is not None
            else f"no row has a machine type {machine}"
        )
    if features := words.get("features"):
        given = knowledge.guests.cpu_features
        names = [name.strip().replace("_", "-") for name in features.split(",") if name.strip()]
        if unknown := [name for name in names if name not in given]:
            yield f"no CPU feature of the knowledge: {', '.join(unknown)}"
    if "allowed" in words and not device and not class_of_section(found.section, knowledge):
        classes = classes_with(int(words["guest"], 16), knowledge)
        yield _inferred_class(classes)


def _inferred_class(classes: tuple[str, ...]) -> str:
    if len(classes) == 1:
        return f"no line names the device; only {classes[0]} has all features of this guest"
    if classes:
        names = ", ".join(classes)
        return f"no line names the device: {names}; the next lines of the log do, or --device NAME"
    return "no line names the device, and no device class has all these features"
