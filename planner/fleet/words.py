"""Small texts inside a cell: capability tokens, flags, traits, devices; raises ValueError."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeVar

from planner.documents.digits import whole_of
from planner.domain.capability import CapabilityId
from planner.domain.compat import DEFAULT, CompatFlag, PropertyKey
from planner.domain.errors import advised, nearest, quoted
from planner.domain.guest import GuestCpu
from planner.domain.plans.upgrade import Room
from planner.fleet.vocabulary import GuestVocabulary, Vocabulary

T = TypeVar("T")
MOST = 1e9
"""No host has that many virtual CPUs or GiB, and no row that many guests."""
MOST_TOLD = 12
"""Words of one cell that are told to be wrong."""
MOST_DEVICES = 500
"""Devices of one guest: its buses have room for fewer."""
NUMBER, VERSIONED = re.compile(r"\d+"), re.compile(r"-v\d+$")
"""A number in a name, and the end of a CPU model that names its version."""
NEARLY = 0.8
"""How alike a device is to a known one that it is taken for, misspelt: 1 is equal."""
MACHINE_TYPES = "those of `planner knowledge list machine-types`"
ANSWERS = {"yes": True, "true": True, "no": False, "false": False}
Stated = tuple[frozenset[CapabilityId], frozenset[CapabilityId]]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a row, read one by one; `wrong` gathers (column, what is wrong)."""

    texts: Mapping[str, str]
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def read(self, column: str, reader: Callable[[str], T]) -> T | None:
        """Return what a cell says, or None and a complaint; a cell that is not there is empty."""
        try:
            return reader(self.texts.get(column, ""))
        except ValueError as error:
            self.wrong.append((column, str(error)))
            return None


def read_capabilities(text: str, vocabulary: Vocabulary) -> Stated:
    """Read `+tun.uso -kvm.msr.smi_count` as (present, absent)."""
    present, absent = set[CapabilityId](), set[CapabilityId]()
    wrong: list[str] = []
    for token in text.split():
        capability = vocabulary.canonical(token[1:])
        if capability is not None and token[0] in "+-":
            (present if token[0] == "+" else absent).update(vocabulary.expand(capability))
        else:
            wrong.append(token)
    told = (_wrong_token(token, vocabulary) for token in wrong)
    both = present & absent
    _refuse(chain(told, [f"both + and - for {', '.join(sorted(both))}"] if both else []))
    return frozenset(present), frozenset(absent)


def _wrong_token(token: str, vocabulary: Vocabulary) -> str:
    if token[0] not in "+-":
        shown = quoted(token)
        return f"capability {shown} has no sign; write +{shown[1:-1]} or -{shown[1:-1]}"
    hint = nearest(token[1:].lower(), vocabulary.capability_names)
    return advised(f"unknown capability {quoted(token[1:])}", hint)


def read_flags(text: str, words: GuestVocabulary | None = None) -> tuple[CompatFlag, ...]:
    """Read flags separated by spaces; a property has one value, and one that some QEMU takes."""
    _refuse_joined("flags", text, ",;", known=None)
    flags = tuple(dict.fromkeys(CompatFlag.parse(word) for word in text.split()))
    values: dict[PropertyKey, list[str]] = {}
    for flag in flags:
        values.setdefault(flag.key, []).append(flag.value)
    wrong = (f"{key} is both {' and '.join(said)}" for key, said in values.items() if said[1:])
    _refuse(chain(wrong, _wrong_values(flags, words) if words is not None else ()))
    return flags


def _wrong_values(flags: Iterable[CompatFlag], words: GuestVocabulary) -> Iterator[str]:
    """Yield the flags whose values no QEMU takes."""
    for flag in flags:
        allowed = words.allowed_for(flag.key.qom_type, flag.key.property, flag.value)
        if allowed and flag.value != DEFAULT:
            what = f"{quoted(flag.value)} is no value of {flag.key}"
            yield advised(what, f"allowed: {allowed}")


def read_traits(text: str, words: GuestVocabulary) -> frozenset[tuple[str, bool]]:
    """Read `uses-smm=no nested=yes`; names must be known traits, each with one answer."""
    _refuse_joined("traits", text, ",;", known=None)
    said = [_trait(word) for word in text.split()]
    meant = {name: words.trait_of(name) for name, _ in said}
    unknown = [name for name, trait in meant.items() if trait is None]
    _refuse_unknown("trait", unknown, words.traits)
    found = frozenset(
        (trait[0], answer is trait[1]) for name, answer in said if (trait := meant[name])
    )
    both = sorted(name for name, answer in found if answer and (name, False) in found)
    _refuse([f"both yes and no for trait {', '.join(both)}"] if both else [])
    return found


def _trait(word: str) -> tuple[str, bool]:
    """Read `NAME=yes|no`; a bare name means yes."""
    name, equals, value = word.partition("=")
    if equals and value not in ANSWERS:
        raise ValueError(f"trait {quoted(word)} is not NAME=yes or NAME=no")
    return name, ANSWERS[value] if equals else True


def read_cpu(text: str, words: GuestVocabulary) -> GuestCpu | None:
    """Read `MODEL,+f,-f,setting=5`; empty means 'not given'.

    A feature or setting must be known, and a model that is nearly a known one is refused: another may be
    one that nobody read.
    """
    if not text:
        return None
    cpu = GuestCpu.parse(text)
    _refuse(_wrong_model(cpu.model, words.cpu_names))
    _refuse_unknown("CPU feature", cpu.enabled | cpu.disabled, words.cpu_features)
    _refuse_unknown("CPU setting", dict(cpu.settings), words.cpu_settings)
    return cpu


def _wrong_model(model: str, known: Collection[str]) -> Iterator[str]:
    """Yield that a CPU model is a known one misspelt; a number alone makes another version of it."""
    if model in known:
        return
    forms = {NUMBER.sub("#", name) for name in known}
    close = difflib.get_close_matches(model, sorted(known), n=1, cutoff=NEARLY)
    if close and (NUMBER.sub("#", model) not in forms or not VERSIONED.search(model)):
        yield advised(f"unknown CPU model {quoted(model)}", f"did you mean '{close[0]}'?")


def _refuse_unknown(what: str, names: Iterable[str], known: Collection[str]) -> None:
    _refuse(
        advised(f"unknown {what} {quoted(name)}", nearest(name, known))
        for name in sorted(set(names))
        if name not in known
    )


def _refuse(wrong: Iterable[str]) -> None:
    """Raise what is wrong, of very many only the first: those with a hint take long."""
    rest = iter(wrong)
    first = list(islice(rest, MOST_TOLD))
    if first:
        more = ["and more"] if next(rest, None) is not None else []
        raise ValueError("; ".join([*first, *more]))


def read_machine(text: str, words: GuestVocabulary) -> tuple[str, tuple[str, ...]]:
    """Read `TYPE,option=value` as the machine type and its options.

    A type or an option that no QEMU has, or a value that it takes in none, is refused.
    """
    name, *options = text.split(",")
    pairs = [word.partition("=") for word in options if word]
    wrong = (one for key, _, value in pairs for one in _wrong_option(key, value, words))
    _refuse(chain(_wrong_type(name, words), wrong))
    sugar = words.machine_sugar
    return name, tuple(w for w in options if w and w.partition("=")[0] not in sugar)


def _wrong_type(name: str, words: GuestVocabulary) -> Iterator[str]:
    """Yield what is wrong with a machine type: no row has it, and no QEMU takes it for another."""
    if name and not words.is_machine_type(name):
        hint = nearest(name, words.machine_types)
        allowed = f"allowed: {MACHINE_TYPES}"
        yield advised(f"unknown machine type {quoted(name)}", f"{hint} {allowed}".strip())


def _wrong_option(key: str, value: str, words: GuestVocabulary) -> Iterator[str]:
    """Yield what is wrong with an option of `-machine`; the words after a dot are of its value."""
    known = {*words.machine_options, *words.machine_sugar}
    if key not in known and key.partition(".")[0] not in known:
        yield advised(f"{quoted(key)} is no option of -machine in any QEMU", nearest(key, known))
    allowed = words.allowed_for_machine(key, value) if value else ""
    if allowed:
        yield advised(f"{quoted(value)} is no value of {quoted(key)}", f"allowed: {allowed}")


def read_devices(text: str, words: GuestVocabulary) -> tuple[str, ...] | None:
    """Read devices separated by spaces; empty means 'may have any', `-` means none.

    A device that nobody knows and that is nearly one that is known, and an option that the device has in
    no QEMU, are refused.
    """
    _refuse_joined("devices", text, ";", known=None)
    _refuse_joined("devices", text, ",", known=words.device_names)
    found = _devices(text)
    misspelt = (one for device in found or () for one in _misspelt(device, words))
    options = (one for device in found or () for one in _wrong_options(device, words))
    _refuse(chain(misspelt, options))
    return found


def _refuse_joined(what: str, text: str, marks: str, *, known: Collection[str] | None) -> None:
    """Refuse words that are joined by one of `marks`; with `known` only if one of these follows it."""
    wrong = []
    for word in text.split():
        first, *parts = re.split(f"[{re.escape(marks)}]", word)
        if parts and (known is None or any(part.partition("+")[0] in known for part in parts)):
            right = " ".join(part for part in (first, *parts) if part)
            wrong.append(f"{quoted(word)} are several {what}; blanks separate them: {right}")
    _refuse(wrong)


def _misspelt(device: str, words: GuestVocabulary) -> Iterator[str]:
    """Yield which words of a device are known ones misspelt; a vendor's own device is none of them."""
    name, *backends = device.partition(",")[0].split("+")
    kinds = (("device", [name], words.device_names), ("backend", backends, words.backends))
    for what, parts, known in kinds:
        for part in parts:
            if part in known:
                continue
            close = difflib.get_close_matches(part, sorted(known), n=1, cutoff=NEARLY)
            if close:
                yield advised(f"unknown {what} {quoted(part)}", f"did you mean '{close[0]}'?")


def _wrong_options(device: str, words: GuestVocabulary) -> Iterator[str]:
    """Yield what is wrong with the options of a device: names that no QEMU knows."""
    name, *options = device.split(",")
    plain = name.partition("+")[0]
    known = words.options_of(plain) if options else ()
    for option in options if known else ():
        key, _, value = option.partition("=")
        allowed = words.allowed_for(plain, key, value) if value else ""
        if allowed:
            yield advised(f"{quoted(value)} is no value of {plain}.{key}", f"allowed: {allowed}")
        if key and key not in known:
            what = f"{quoted(plain)} has no option {quoted(key)} in any QEMU"
            yield advised(what, nearest(key, known))


def _devices(text: str) -> tuple[str, ...] | None:
    words = text.split()
    if not words:
        return None
    if "-" in words[1:] or (words[0] == "-" and len(words) > 1):
        raise ValueError("'-' means no devices, but there are some")
    if len(words) > MOST_DEVICES:
        raise ValueError(f"{len(words):,} devices; at most {MOST_DEVICES} are read")
    return () if words == ["-"] else tuple(words)


def read_count(text: str) -> int:
    """Read how many guests a row is; empty means one."""
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and 0 < whole_of(text) < MOST):
        raise ValueError(f"{quoted(text)} is not a number of guests")
    return whole_of(text)


def read_answer(text: str) -> bool:
    """Read yes or no; empty means yes."""
    if text and text.lower() not in ANSWERS:
        raise ValueError(f"{quoted(text)} is not yes or no")
    return ANSWERS.get(text.lower(), True)


def read_room(cells: Cells, vcpus: str, memory: str) -> Room | None:
    """Read two number columns; None if both are empty."""
    if not (cells.texts.get(vcpus) or cells.texts.get(memory)):
        return None
    room = cells.read(vcpus, _number), cells.read(memory, _number)
    return Room(vcpus=room[0] or 0.0, memory_gib=room[1] or 0.0)


def _number(text: str) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise ValueError(f"{quoted(text)} is not a number")
    if not 0 <= value < MOST:
        raise ValueError(f"{quoted(text)} is not between 0 and {MOST:,.0f}")
    return value
