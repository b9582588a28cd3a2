"""The rules that judge compat properties on one edge: offered, and equal where it matters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from planner.domain.compat import (
    DEFAULT,
    CompatFlag,
    PropertyKey,
    ValueDifference,
    Visible,
    plain_value,
)
from planner.domain.errors import advised, nearest
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import MigrationEdge, QemuBuild
from planner.domain.migrated import Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.claims import Assumed
from planner.migration.guest_cpu import without_boot_host
from planner.migration.guest_devices import device_name
from planner.migration.rules.property_objection import BUILT_IN, judge_value

INVENTORIES = "inventories of whole builds (harvested/qemu)"
MOST_DIFFERENCES = 1 << 16
"""Pairs of builds under a baseline whose differing properties are remembered."""


def arch_of(start: GuestStart, knowledge: KnowledgeBase) -> str:
    """Return the architecture of a guest's machine type; the one that was listed for an unknown type."""
    row = knowledge.machine_type(start.baseline.machine_type)
    if row is not None:
        return row.arch
    return next((name for name, how in knowledge.covered.items() if how == "listed"), "")


def judge_flags(
    build: QemuBuild, arch: str, flags: tuple[CompatFlag, ...], knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Object to a flag that a build does not have: the process would not start."""
    for flag in flags:
        offered = knowledge.offers_property(build, flag.key, arch)
        row = knowledge.property_row(flag.key)
        source = row.source if row is not None else INVENTORIES
        if offered is Truth.NO:
            yield Objection(
                rule=Rule.PROPERTY_NOT_OFFERED,
                consequence=Consequence.CANNOT_START,
                property_key=str(flag.key),
                facts=(f"QEMU {build} does not have it",),
                source=source,
            )
        elif knowledge.is_no_value(flag):
            yield Objection(
                rule=Rule.PROPERTY_NOT_OFFERED,
                consequence=Consequence.CANNOT_START,
                property_key=str(flag.key),
                facts=(f"'{flag.value}' is neither on nor off",),
                source=source,
            )
        elif offered is Truth.UNKNOWN:
            yield Objection(
                rule=Rule.KNOWLEDGE_GAP,
                consequence=Consequence.CANNOT_START,
                property_key=str(flag.key),
                facts=(_no_row(build, flag, knowledge),),
                source=source,
            )


def judge_variants(
    edge: MigrationEdge, given: GuestStart, taken: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Object to flags on a variant that a build does not have on it, though its base type has them."""
    own_devices = {device_name(device) for device in given.devices or ()}
    for flags, reached, hosts in (
        (given.baseline.flags, taken.baseline.flags, (edge.source, edge.destination)),
        (given.hop_flags, taken.hop_flags, (edge.destination,)),
    ):
        bases = {flag.key for flag in reached}
        moved = tuple(
            flag
            for flag in flags
            if flag.key not in bases
            and (knowledge.base_key(flag.key) in bases or flag.key.qom_type in own_devices)
        )
        for host in dict.fromkeys(hosts):
            objections = judge_flags(host.qemu, host.arch, moved, knowledge)
            yield from (
                objection for objection in objections if objection.rule is Rule.PROPERTY_NOT_OFFERED
            )


def _no_row(build: QemuBuild, flag: CompatFlag, knowledge: KnowledgeBase) -> str:
    """Return the missing fact of a property, with the name that may have been meant."""
    fact = f"whether QEMU {build} has the property {flag.key}"
    if knowledge.property_row(flag.key) is not None:
        return fact
    return advised(fact, _meant(flag.key, knowledge))


@cache
def _meant(key: PropertyKey, knowledge: KnowledgeBase) -> str:
    return nearest(str(key), [str(known) for known in knowledge.property_keys])


def judge_values(
    builds: tuple[QemuBuild, QemuBuild, QemuBuild],
    start: GuestStart,
    knowledge: KnowledgeBase,
    assumed: Assumed,
) -> tuple[Objection, ...]:
    """Object to properties whose effective values differ where the guest would notice.

    What the guest sees is compared with the host it booted on, what only the stream shows with the
    source. Properties that gate a unit are left to the unit. `builds`: source, destination, booted on.
    """
    if knowledge.machine_type(start.baseline.machine_type) is None:
        return ()
    source, destination, booted = builds
    start = without_boot_host(start)
    return (
        *_judge_differing(source, destination, start, knowledge, assumed, on_stream=True),
        *_judge_differing(booted, destination, start, knowledge, assumed, on_stream=False),
    )


@lru_cache(maxsize=MOST_DIFFERENCES)
def _judge_differing(
    origin: QemuBuild,
    destination: QemuBuild,
    start: GuestStart,
    knowledge: KnowledgeBase,
    assumed: Assumed,
    *,
    on_stream: bool,
) -> tuple[Objection, ...]:
    """Judge what differs and shows on the stream alone, or what the guest sees."""
    objections: list[Objection] = []
    for values in value_differences(origin, destination, start, knowledge):
        row = knowledge.property_row(values.key)
        visible = row.visible if row else Visible.GUEST
        if (visible is Visible.STREAM) is on_stream:
            objections += judge_value(values, start, knowledge, assumed)
    return tuple(objections)


def value_differences(
    origin: QemuBuild, destination: QemuBuild, start: GuestStart, knowledge: KnowledgeBase
) -> tuple[ValueDifference, ...]:
    """Return differing properties that no unit judges, the flags of both processes applied."""
    return _differences(origin, destination, start.baseline, start.hop_flags, knowledge)


@lru_cache(maxsize=MOST_DIFFERENCES)
def _differences(
    origin: QemuBuild,
    destination: QemuBuild,
    baseline: Baseline,
    hop_flags: tuple[CompatFlag, ...],
    knowledge: KnowledgeBase,
) -> tuple[ValueDifference, ...]:
    machine_type = baseline.machine_type
    flags, hop = baseline.flags, baseline.flags + hop_flags
    named = knowledge.machine_type(machine_type)
    arch = named.arch if named is not None else ""
    by_key = {
        row.key: row for row in knowledge.machines.differences(origin, destination, machine_type)
    }
    differing = {knowledge.base_key(key) for key in by_key}
    for key in {flag.key: None for flag in hop if knowledge.base_key(flag.key) not in differing}:
        row = knowledge.property_row(key)
        set_on = row.key if row is not None else key
        by_key[set_on] = ValueDifference(
            key=set_on,
            source_value=knowledge.machines.effective(origin, machine_type, set_on),
            destination_value=knowledge.machines.effective(destination, machine_type, set_on),
        )
    gated = knowledge.gating_properties
    differences = []
    for key, values in by_key.items():
        ours = knowledge.flag_for(flags, (key,)) or values.source_value
        theirs = knowledge.flag_for(hop, (key,)) or values.destination_value
        if knowledge.unreached(hop_flags, (key,)):
            theirs = None
        same = ours is not None and theirs is not None and knowledge.same_value(ours, theirs, key)
        same = same or _same_defaults((origin, ours), (destination, theirs), key, arch, knowledge)
        if same or key in gated or knowledge.is_benign(key, machine_type):
            continue
        if is_elsewhere(key, machine_type, knowledge):
            continue
        differences.append(ValueDifference(key=key, source_value=ours, destination_value=theirs))
    return tuple(differences)


def is_elsewhere(key: PropertyKey, machine_type: str, knowledge: KnowledgeBase) -> bool:
    """Whether a property belongs to parts that are built into other boards only."""
    row = knowledge.property_row(key)
    known = knowledge.machine_type(machine_type)
    if row is None or known is None:
        return False
    boards = {name.removeprefix(BUILT_IN) for name in row.devices if name.startswith(BUILT_IN)}
    return bool(boards) and known.board not in boards


def _same_defaults(
    ours: tuple[QemuBuild, str | None],
    theirs: tuple[QemuBuild, str | None],
    key: PropertyKey,
    arch: str,
    knowledge: KnowledgeBase,
) -> bool:
    """Whether two values agree if a default is what its build was read to have."""
    values = [
        _read_default(build, key, arch, knowledge) if value == DEFAULT else value
        for build, value in (ours, theirs)
    ]
    return values[0] is not None and values[0] == values[1]


def _read_default(
    build: QemuBuild, key: PropertyKey, arch: str, knowledge: KnowledgeBase
) -> str | None:
    default = knowledge.inventory.default_of(arch, build, key.qom_type, key.property)
    return None if default is None else plain_value(default)
