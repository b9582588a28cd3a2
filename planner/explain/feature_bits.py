"""Name the feature bits that a destination refused, the unit behind each, and the flag."""

from __future__ import annotations

import re

from planner.domain.errors import UsageError, nearest, quoted, wrong_word
from planner.domain.migrated import MigratedUnit, RefusedBit
from planner.knowledge.base import KnowledgeBase

NUMBER = r"(0x[0-9a-fA-F]+|0)"
MESSAGE = re.compile(
    rf"features\s+{NUMBER}\s+unsupported\W.*?allowed features:\s*{NUMBER}", re.I | re.S
)
TWO_NUMBERS = re.compile(rf"\s*{NUMBER}\s+{NUMBER}\s*")


def decode_message(message: str, device: str, knowledge: KnowledgeBase) -> tuple[RefusedBit, ...]:
    """Return the refused bits in order; raises `UsageError` if the text is no such message."""
    devices = {row.device for row in knowledge.guests.feature_bits}
    if device not in devices:
        what = f"unknown device class '{device}'; allowed: {', '.join(sorted(devices))}"
        raise UsageError([wrong_word("--device", what, nearest(device, devices))])
    found = MESSAGE.search(message) or TWO_NUMBERS.fullmatch(message)
    if found is None:
        what = f"{quoted(message)} is no message of unsupported features"
        remedy = "expected 'Features 0x... unsupported. Allowed features: 0x...' or two numbers"
        raise UsageError([wrong_word("", what, remedy)])
    guest, allowed = (int(text, 16) for text in found.groups())
    names = {row.bit: row.name for row in knowledge.guests.feature_bits if row.device == "virtio"}
    names |= {row.bit: row.name for row in knowledge.guests.feature_bits if row.device == device}
    refused = guest & ~allowed
    return tuple(
        RefusedBit(bit=bit, name=names.get(bit, "unknown bit"), unit=_unit(bit, device, knowledge))
        for bit in range(refused.bit_length())
        if refused >> bit & 1
    )


def _unit(bit: int, device: str, knowledge: KnowledgeBase) -> MigratedUnit | None:
    """Return the unit whose bit this is on this class of device."""
    for unit in knowledge.units:
        if bit in unit.bits and any(
            word.partition("+")[0].startswith(device)
            for clause in unit.when
            for word in clause.any_of
        ):
            return unit
    return None
