"""Small texts inside a cell: capability tokens, flags, traits, devices; raises ValueError."""

from __future__ import annotations

from planner.domain.capability import CapabilityId
from planner.domain.compat import CompatFlag
from planner.domain.errors import nearest
from planner.fleet.vocabulary import Vocabulary

Stated = tuple[frozenset[CapabilityId], frozenset[CapabilityId]]


def read_capabilities(text: str, vocabulary: Vocabulary) -> Stated:
    """Read `+tun.uso -kvm.msr.smi_count` as (present, absent)."""
    present, absent = set[CapabilityId](), set[CapabilityId]()
    for token in text.split():
        if token[0] not in "+-":
            raise ValueError(f"capability '{token}' has no sign; write +{token} or -{token}")
        capability = vocabulary.canonical(token[1:])
        if capability is None:
            names = [*vocabulary.capabilities]
            raise ValueError(
                f"unknown capability '{token[1:]}'; {nearest(token[1:].lower(), names)}"
            )
        (present if token[0] == "+" else absent).update(vocabulary.expand(capability))
    if present & absent:
        raise ValueError(f"both + and - for {', '.join(sorted(present & absent))}")
    return frozenset(present), frozenset(absent)


def read_flags(text: str) -> tuple[CompatFlag, ...]:
    """Read flags separated by spaces."""
    return tuple(CompatFlag.parse(word) for word in text.split())


def read_traits(text: str) -> frozenset[tuple[str, bool]]:
    """Read `uses-smm=no nested=yes`."""
    return frozenset(read_trait(word) for word in text.split())


def read_trait(word: str) -> tuple[str, bool]:
    """Read `NAME=yes|no`; a bare name means yes."""
    name, equals, value = word.partition("=")
    answers = {"yes": True, "no": False, "true": True, "false": False, "": True}
    if value not in answers or (equals and not value):
        raise ValueError(f"trait '{word}' is not NAME=yes or NAME=no")
    return name, answers[value]


def read_devices(text: str) -> tuple[str, ...] | None:
    """Read devices separated by spaces; empty means 'may have any', `-` means none."""
    words = text.split()
    if not words:
        return None
    return () if words == ["-"] else tuple(words)
