"""Which parts of a guest a flag on a bus variant reaches: globals follow the ancestry of types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planner.domain.compat import CompatFlag, PropertyKey
from planner.domain.guest import GuestStart
from planner.domain.migrated import Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Remark, knowledge_gap
from planner.knowledge.base import KnowledgeBase
from planner.migration.guest_devices import device_name, device_options

CPU = "-x86_64-cpu"


def with_reach(start: GuestStart, knowledge: KnowledgeBase) -> GuestStart:
    """Return the start with flags on variants put on the base type where they reach every such part.

    A flag that reaches no part of the guest is left out; one that may reach some stays as it is.
    """
    flags = start.baseline.flags + start.hop_flags
    options = tuple(_options(start, knowledge))
    if not options and all(knowledge.base_key(flag.key) == flag.key for flag in flags):
        return start
    reaching = (*_reaching(start.baseline.flags, start, knowledge), *options)
    hop = (*_reaching(start.hop_flags, start, knowledge), *(options if start.hop_flags else ()))
    return replace(start, baseline=replace(start.baseline, flags=reaching), hop_flags=hop)


def with_set_options(start: GuestStart, knowledge: KnowledgeBase) -> GuestStart:
    """Return the start with what flags set of its devices as options of theirs, where rows ask for it.

    An option of the device itself beats every flag.
    """
    asked = knowledge.asked_options
    flags = [flag for flag in start.baseline.flags if flag.key.property in asked]
    if start.devices is None or not flags:
        return start
    devices = tuple(_with_set(device, flags, knowledge) for device in start.devices)
    return replace(start, devices=devices)


def _with_set(device: str, flags: list[CompatFlag], knowledge: KnowledgeBase) -> str:
    name = device_name(device)
    row = knowledge.guests.devices.get(name)
    kinds = {name, *(row.qom_types if row is not None else ())}
    set_options = {option for option, _ in device_options(device)}
    values = {flag.key.property: flag.value for flag in flags if flag.key.qom_type in kinds}
    words = (f"{option}={value}" for option, value in values.items() if option not in set_options)
    return ",".join((device, *words))


def usual_devices(start: GuestStart, knowledge: KnowledgeBase) -> Iterator[Remark]:
    """Yield the variants that are taken to be all devices of their kind, for nobody gave any."""
    flags = start.baseline.flags + start.hop_flags if start.devices is None else ()
    for name in dict.fromkeys(flag.key.qom_type for flag in flags):
        base = knowledge.guests.base_type(name)
        if base != name and not name.endswith(CPU) and knowledge.guests.is_usual(name):
            text = f"every {base} of the guest is a {name}: a flag on it reaches no other"
            yield Remark(kind="assumed", text=text)


def judge_options(start: GuestStart, knowledge: KnowledgeBase) -> Iterator[Objection]:
    """Name the options that one device of several of a kind has, where a unit depends on the value.

    Both ends set the same on that device, and the others are judged by their defaults.
    """
    for device, flag, shared in _set_by_devices(start, knowledge):
        if not shared and flag.key in knowledge.gating_properties:
            fact = f"what {flag.key.property}={flag.value} of only one of several devices changes"
            yield knowledge_gap(fact, Consequence.FAILS_CLEANLY, f"-device {device}")


def _options(start: GuestStart, knowledge: KnowledgeBase) -> Iterator[CompatFlag]:
    """Yield the properties that the devices' own options set: they beat every global."""
    return (flag for _, flag, shared in _set_by_devices(start, knowledge) if shared)


def _set_by_devices(
    start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[tuple[str, CompatFlag, bool]]:
    """Yield (device, the property that an option sets, whether all devices of its kind have it)."""
    for device in start.devices or ():
        for key, value in device_options(device):
            asked = PropertyKey(qom_type=device_name(device), property=key)
            row = knowledge.property_row(asked)
            if row is None:
                continue
            base = _bearer(knowledge.base_key(row.key), row.key, knowledge)
            kin = [
                other_device
                for other_device in start.devices or ()
                if _is_kin(other_device, base.qom_type, knowledge)
            ]
            shared = all((key, value) in device_options(other_device) for other_device in kin)
            yield device, CompatFlag(key=base, value=value), shared


def _bearer(base: PropertyKey, key: PropertyKey, knowledge: KnowledgeBase) -> PropertyKey:
    """Return the property of the base type, or that of the variant where the base has no such one."""
    kinds = knowledge.parts.value_kinds
    is_of_variant = kinds(key.qom_type, key.property) and not kinds(base.qom_type, base.property)
    return key if is_of_variant else base


def _is_kin(device: str, base: str, knowledge: KnowledgeBase) -> bool:
    row = knowledge.guests.devices.get(device_name(device))
    return row is not None and base in row.qom_types


def _reaching(
    flags: tuple[CompatFlag, ...], start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[CompatFlag]:
    for flag in flags:
        base = knowledge.base_key(flag.key)
        reach = Truth.YES if base == flag.key else _reach(flag, base.qom_type, start, knowledge)
        if reach is Truth.YES:
            yield replace(flag, key=base)
        elif reach is Truth.UNKNOWN:
            yield flag


def _reach(flag: CompatFlag, base: str, start: GuestStart, knowledge: KnowledgeBase) -> Truth:
    """Return whether a flag reaches all parts of the base type (YES), none (NO), or who knows."""
    if flag.key.qom_type.endswith(CPU):
        if start.cpu is None:
            return Truth.UNKNOWN
        return Truth.of(f"{start.cpu.model}{CPU}" == flag.key.qom_type)
    if start.devices is None:
        variant = knowledge.guests.variants.get(flag.key.qom_type)
        return Truth.YES if variant is not None and variant.usual else Truth.UNKNOWN
    rows = [knowledge.guests.devices.get(device_name(device)) for device in start.devices]
    if any(row is None for row in rows):
        return Truth.UNKNOWN
    kin = [row for row in rows if row is not None and base in row.qom_types]
    reached = [row for row in kin if flag.key.qom_type in row.qom_types]
    if len(reached) == len(kin):
        return Truth.of(bool(kin))
    return Truth.UNKNOWN if reached else Truth.NO
