"""Name the virtio feature bits that a destination refused, the unit behind each, and the device."""

from __future__ import annotations

import re

from planner.domain.errors import UsageError, nearest, wrong_word
from planner.domain.migrated import MigratedUnit, RefusedBit
from planner.knowledge.base import KnowledgeBase

NUMBER = r"(0x[0-9a-fA-F]+|0)"
TWO_NUMBERS = re.compile(rf"\s*{NUMBER}\s+{NUMBER}\s*")
OF_THE_TRANSPORT = "virtio"


def device_class(word: str, knowledge: KnowledgeBase) -> str:
    """Return the device class that a word of the command line names; raises `UsageError`."""
    devices = _classes(knowledge)
    if word not in devices:
        what = f"unknown device class '{word}'; allowed: {', '.join(sorted(devices))}"
        raise UsageError([wrong_word("--device", what, nearest(word, devices))])
    return word


def class_of_section(section: str, knowledge: KnowledgeBase) -> str:
    """Return the device class of a section such as `0000:00:02.0/virtio-net`, empty if it is none."""
    name = section.rpartition("/")[2].partition(":")[0]
    fitting = [one for one in _classes(knowledge) if name.startswith(one)]
    return max(fitting, key=len, default="") if name != OF_THE_TRANSPORT else ""


def classes_with(features: int, knowledge: KnowledgeBase) -> tuple[str, ...]:
    """Return the device classes that have a name for every device-specific bit of a guest."""
    common = _names(OF_THE_TRANSPORT, knowledge)
    own = {bit for bit in range(features.bit_length()) if features >> bit & 1} - set(common)
    found = (one for one in _classes(knowledge) - {OF_THE_TRANSPORT})
    return tuple(sorted(one for one in found if own <= set(_names(one, knowledge))))


def refused_bits(
    guest: int, allowed: int, devices: tuple[str, ...], knowledge: KnowledgeBase
) -> tuple[RefusedBit, ...]:
    """Return the bits that the guest has and the destination does not allow, in order.

    `devices` are the classes that it may be: with one of them a bit has one name and one unit.
    """
    refused = guest & ~allowed
    return tuple(
        _refused(bit, devices, knowledge)
        for bit in range(refused.bit_length())
        if refused >> bit & 1
    )


def _refused(bit: int, devices: tuple[str, ...], knowledge: KnowledgeBase) -> RefusedBit:
    common = _names(OF_THE_TRANSPORT, knowledge)
    if bit in common:
        name = common[bit]
    elif len(devices) == 1:
        name = _names(devices[0], knowledge).get(bit, "unknown bit")
    else:
        found = ((_names(one, knowledge).get(bit, ""), one) for one in devices)
        name = " or ".join(f"{name} of {one}" for name, one in found if name) or "unknown bit"
    units = {_unit(bit, device, knowledge) for device in devices}
    return RefusedBit(bit=bit, name=name, unit=units.pop() if len(units) == 1 else None)


def _classes(knowledge: KnowledgeBase) -> frozenset[str]:
    return frozenset(row.device for row in knowledge.guests.feature_bits)


def _names(device: str, knowledge: KnowledgeBase) -> dict[int, str]:
    rows = knowledge.guests.feature_bits
    return {row.bit: row.name for row in rows if row.device == device}


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
