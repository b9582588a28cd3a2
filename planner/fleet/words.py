"""Small texts inside a cell: capability tokens, flags, traits, devices; raises ValueError."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from planner.domain.capability import CapabilityId
from planner.domain.compat import CompatFlag
from planner.domain.errors import nearest
from planner.domain.guest import GuestCpu
from planner.domain.upgrade import Room
from planner.fleet.vocabulary import GuestVocabulary, Vocabulary

MOST = 1e9
"""No host has that many virtual CPUs or GiB."""
Stated = tuple[frozenset[CapabilityId], frozenset[CapabilityId]]


def read_capabilities(text: str, vocabulary: Vocabulary) -> Stated:
    """Read `+tun.uso -kvm.msr.smi_count` as (present, absent)."""
    present, absent = set[CapabilityId](), set[CapabilityId]()
    for token in text.split():
        if token[0] not in "+-":
            raise ValueError(f"capability '{token}' has no sign; write +{token} or -{token}")
        capability = vocabulary.canonical(token[1:])
        if capability is None:
            hint = nearest(token[1:].lower(), vocabulary.capability_names)
            raise ValueError(f"unknown capability '{token[1:]}'; {hint}")
        (present if token[0] == "+" else absent).update(vocabulary.expand(capability))
    if present & absent:
        raise ValueError(f"both + and - for {', '.join(sorted(present & absent))}")
    return frozenset(present), frozenset(absent)


def read_flags(text: str) -> tuple[CompatFlag, ...]:
    """Read flags separated by spaces."""
    return tuple(CompatFlag.parse(word) for word in text.split())


def read_traits(text: str, words: GuestVocabulary) -> frozenset[tuple[str, bool]]:
    """Read `uses-smm=no nested=yes`; names must be known traits."""
    found = frozenset(_trait(word) for word in text.split())
    _refuse_unknown("trait", (name for name, _ in found), words.traits)
    return found


def _trait(word: str) -> tuple[str, bool]:
    """Read `NAME=yes|no`; a bare name means yes."""
    name, equals, value = word.partition("=")
    answers = {"yes": True, "no": False, "true": True, "false": False, "": True}
    if value not in answers or (equals and not value):
        raise ValueError(f"trait '{word}' is not NAME=yes or NAME=no")
    return name, answers[value]


def read_cpu(text: str, words: GuestVocabulary) -> GuestCpu | None:
    """Read `MODEL,+f,-f`; empty means 'not given'. Features must be known, models need not."""
    if not text:
        return None
    cpu = GuestCpu.parse(text)
    _refuse_unknown("CPU feature", cpu.enabled | cpu.disabled, words.cpu_features)
    return cpu


def _refuse_unknown(what: str, names: Iterable[str], known: Collection[str]) -> None:
    wrong = [
        f"unknown {what} '{name}'; {nearest(name, known)}"
        for name in sorted(names)
        if name not in known
    ]
    if wrong:
        raise ValueError("; ".join(wrong))


def read_devices(text: str) -> tuple[str, ...] | None:
    """Read devices separated by spaces; empty means 'may have any', `-` means none."""
    words = text.split()
    if not words:
        return None
    return () if words == ["-"] else tuple(words)


def read_room(cells: Mapping[str, str], vcpus: str, memory: str) -> Room | None:
    """Read two number columns; None if both are empty. Errors begin with the column."""
    if not (cells.get(vcpus) or cells.get(memory)):
        return None
    return Room(vcpus=_number(cells, vcpus), memory_gib=_number(cells, memory))


def _number(cells: Mapping[str, str], column: str) -> float:
    text = cells.get(column, "")
    try:
        value = float(text or 0)
    except ValueError:
        raise ValueError(f"{column}: '{text}' is not a number") from None
    if not 0 <= value < MOST:
        raise ValueError(f"{column}: {text} is not between 0 and {MOST:,.0f}")
    return value
