"""How far a host, a build or a gate has something: four levels, the weakest decides."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from planner.domain.capability import CapabilityId, CapabilitySet
from planner.domain.compat import DEFAULT, CompatFlag, PropertyKey
from planner.domain.host import QemuBuild
from planner.domain.migrated import MigratedUnit
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.files.rows import release_key


class Level(IntEnum):
    """How far a host offers something, weakest first."""

    NO = 0
    UNKNOWN = 1
    MAYBE = 2
    YES = 3

    __hash__ = int.__hash__


def _level(capabilities: CapabilitySet, name: CapabilityId) -> Level:
    if name in capabilities.present:
        return Level.YES
    if name in capabilities.absent or name == "never":
        return Level.NO
    if name in capabilities.possible or name.startswith("cpu."):
        return Level.MAYBE
    return Level.UNKNOWN


def least(capabilities: CapabilitySet, names: frozenset[CapabilityId]) -> tuple[Level, str]:
    """Return how far a host has all of `names`, and which of them decides."""
    if not names:
        return Level.YES, ""
    return min((_level(capabilities, name), name) for name in names)


def most(capabilities: CapabilitySet, names: frozenset[CapabilityId]) -> tuple[Level, str]:
    """Return how far a host has any of `names`, and which of them decides."""
    if not names:
        return Level.NO, ""
    return max((_level(capabilities, name), name) for name in names)


def known_to(unit: MigratedUnit, version: Sequence[int]) -> Level:
    """Return whether QEMU `version` has the unit; two numbers leave the point release open."""
    exact = tuple(version)
    if unit.sent == "never":
        return Level.NO
    if exact in unit.also:
        return Level.YES
    if unit.until and exact >= unit.until[: len(exact)]:
        last = unit.until if any(unit.until[len(exact) :]) else unit.until[: len(exact)]
        return Level.NO if exact >= last else Level.UNKNOWN
    floor = unit.since if any(unit.since[len(exact) :]) else unit.since[: len(exact)]
    if exact >= floor:
        return Level.YES
    if exact == unit.since[: len(exact)]:
        return Level.UNKNOWN
    between = bool(unit.absent_in) and exact > unit.absent_in
    inside = {
        release[: len(exact)]
        for release in (*unit.also, unit.absent_in)
        if len(release) > len(exact)
    }
    return Level.UNKNOWN if between or exact in inside else Level.NO


def known_to_build(unit: MigratedUnit, build: QemuBuild) -> Level:
    """Return whether a build has the unit by its version, or by what its vendor brought."""
    level = known_to(unit, build.version)
    brought = dict(unit.brought)
    if level > Level.NO or build.line not in brought:
        return level
    package = release_key(build.release)
    if package < brought[build.line]:
        of_version = package[: len(build.version)] == brought[build.line][: len(build.version)]
        return Level.UNKNOWN if of_version else Level.NO
    return Level.YES


def gate_level(
    unit: MigratedUnit,
    build: QemuBuild,
    machine_type: str,
    flags: Sequence[CompatFlag],
    knowledge: KnowledgeBase,
) -> Level:
    """Return how far the unit's properties let it out under a machine type and flags."""
    best = Level.NO
    for gate in unit.gates:
        flagged = _flagged(flags, {gate.key, unit.flag or gate.key}, knowledge)
        value = knowledge.machines.effective(build, machine_type, gate.key)
        if flagged is not None:
            level = truth_level(gate.opened_by(flagged))
        elif value is None:
            level = Level.UNKNOWN
        elif value == DEFAULT:
            level = Level.YES if gate.emits_by_default else Level.NO
        else:
            level = Level.YES if value in gate.emits_when else Level.NO
        best = max(best, level)
    return best if unit.gates else Level.YES


def _flagged(
    flags: Sequence[CompatFlag], keys: set[PropertyKey], knowledge: KnowledgeBase
) -> str | None:
    same = knowledge.same_property
    values = [flag.value for flag in flags if any(same(flag.key, key) for key in keys)]
    return values[-1] if values else None


def truth_level(truth: Truth) -> Level:
    """Return a three-valued claim as a level."""
    return {Truth.YES: Level.YES, Truth.NO: Level.NO, Truth.UNKNOWN: Level.UNKNOWN}[truth]
