"""What one host is able to do with one unit, as judgement sees it; no pairs, no guests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from planner.domain.capability import NEVER, CapabilityId, Presence
from planner.domain.compat import DEFAULT, CompatFlag
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.migrated import Gate, MigratedUnit
from planner.domain.truth import Truth, any_of
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.files.rows import release_key


@dataclass(frozen=True, slots=True)
class Ability:
    """The weakest presence among several capabilities, and the ones that decide it.

    Any absent one means absent; unknown is weaker than possible, possible weaker than present.
    """

    presence: Presence
    deciding: tuple[CapabilityId, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitView:
    """One host and one unit: does its build know the unit, can it produce it, can it take it.

    `insists`: no guest starts with it where it cannot be taken. `gate`: whether the unit's gates let
    it out of a process with these flags.
    """

    knows: Truth
    produces: Ability
    captures: Ability
    takes: Ability
    refuses: Ability
    starts: Ability
    insists: bool
    gate: Truth
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        """Compute the hash once: views are keys of what was judged."""
        abilities = (self.produces, self.captures, self.takes, self.refuses, self.starts)
        parts = ((ability.presence.value, ability.deciding) for ability in abilities)
        plain = (self.knows.value, self.gate.value, self.insists)
        object.__setattr__(self, "_hash", hash((*plain, *parts)))

    def __hash__(self) -> int:
        """Return the hash computed at birth."""
        return self._hash


MOST_HOSTS = 2048
"""Hosts under a baseline of which all units are remembered."""
Stated = Mapping[CapabilityId, Presence]
_STRENGTH = (Presence.ABSENT, Presence.UNKNOWN, Presence.POSSIBLE, Presence.PRESENT)


def weakest(stated: Stated, capabilities: Iterable[CapabilityId]) -> Ability:
    """Return the weakest presence among `capabilities` on a host; none asked means present."""
    presences = {name: stated[name] for name in sorted(capabilities)}
    worst = min(presences.values(), key=_STRENGTH.index, default=Presence.PRESENT)
    return Ability(worst, tuple(name for name, presence in presences.items() if presence is worst))


def strongest(stated: Stated, capabilities: Iterable[CapabilityId]) -> Ability:
    """Return the strongest presence among `capabilities`; none asked means absent."""
    presences = {name: stated[name] for name in sorted(capabilities)}
    best = max(presences.values(), key=_STRENGTH.index, default=Presence.ABSENT)
    return Ability(best, tuple(name for name, presence in presences.items() if presence is best))


def knows(unit: MigratedUnit, version: tuple[int, ...]) -> Truth:
    """Return whether a build of upstream `version` has the unit.

    A version of two numbers does not name its point release, so a unit born inside the series is open.
    """
    if unit.sent == "never" or any(version == exact for exact in unit.also):
        return Truth.of(unit.sent != "never")
    if unit.until and version >= unit.until[: len(version)]:
        ends_inside = version < unit.until and any(unit.until[len(version) :])
        return Truth.UNKNOWN if ends_inside else Truth.NO
    if version >= unit.since:
        return Truth.YES
    if len(version) < len(unit.since) and version == unit.since[: len(version)]:
        return Truth.YES if not any(unit.since[len(version) :]) else Truth.UNKNOWN
    beyond = bool(unit.absent_in) and version > unit.absent_in
    if beyond or any(_may_be(version, exact) for exact in (*unit.also, unit.absent_in)):
        return Truth.UNKNOWN
    return Truth.NO


def knows_on(unit: MigratedUnit, build: QemuBuild) -> Truth:
    """Return whether a build has the unit, which its vendor may have brought to an older version."""
    known = knows(unit, build.version)
    first = next((release for line, release in unit.brought if line == build.line), ())
    if known is not Truth.NO or not first:
        return known
    if release_key(build.release) >= first:
        return Truth.YES
    return Truth.UNKNOWN if build.version == first[: len(build.version)] else Truth.NO


def _may_be(version: tuple[int, ...], release: tuple[int, ...]) -> bool:
    """Whether a version that names a series only may be past the beginning of it, or this release."""
    return len(version) < len(release) and version == release[: len(version)]


@lru_cache(maxsize=MOST_HOSTS)
def views_of(
    profile: HostProfile,
    arch: str,
    machine_type: str,
    flags: tuple[CompatFlag, ...],
    knowledge: KnowledgeBase,
) -> Mapping[str, UnitView]:
    """Return what `profile` can do with every unit of guests of `arch`, by the unit's id."""
    return {
        unit.id: view(unit, profile, machine_type=machine_type, flags=flags, knowledge=knowledge)
        for unit in knowledge.units_of(arch)
    }


def view(
    unit: MigratedUnit,
    profile: HostProfile,
    *,
    machine_type: str,
    flags: tuple[CompatFlag, ...],
    knowledge: KnowledgeBase,
) -> UnitView:
    """Return what `profile` can do with `unit` under a machine type and flags."""
    seen = ungated_view(unit, profile)
    if not unit.gates:
        return seen
    opened = gate(unit, profile.qemu, machine_type, flags, knowledge)
    return seen if opened is Truth.YES else replace(seen, gate=opened)


def ungated_view(unit: MigratedUnit, profile: HostProfile) -> UnitView:
    """Return what `profile` can do with `unit` if nothing shuts its gates."""
    presence = profile.capabilities.presence
    stated = tuple([presence(name) for name in asked_by(unit)])
    return _seen(unit, knows_on(unit, profile.qemu), stated)


@cache
def asked_by(unit: MigratedUnit) -> tuple[CapabilityId, ...]:
    """Return every capability that a unit asks of some host, in order."""
    return tuple(sorted(unit.capabilities))


@cache
def _seen(unit: MigratedUnit, known: Truth, presences: tuple[Presence, ...]) -> UnitView:
    """Return the view of any host whose build knows a unit so far, by what else the unit asks of it."""
    seen = dict(zip(asked_by(unit), presences, strict=True))
    required = seen | ({NEVER: Presence.ABSENT} if NEVER in seen else {})
    return UnitView(
        knows=known,
        produces=weakest(required, unit.sent_if),
        captures=weakest(required, unit.captured_if),
        takes=weakest(required, unit.requires),
        refuses=strongest(seen, unit.refused_by),
        starts=weakest(required, unit.source_requires),
        insists=unit.insists and weakest(required, unit.insists_with).presence is Presence.PRESENT,
        gate=Truth.YES,
    )


def open_view(seen: UnitView) -> tuple[bool, bool]:
    """Return whether a view leaves a capability open, and whether it leaves the build open."""
    abilities = (seen.produces, seen.captures, seen.takes, seen.refuses, seen.starts)
    return (
        any(ability.presence is Presence.UNKNOWN for ability in abilities),
        Truth.UNKNOWN in (seen.knows, seen.gate),
    )


@cache
def gate(
    unit: MigratedUnit,
    build: QemuBuild,
    machine_type: str,
    flags: tuple[CompatFlag, ...],
    knowledge: KnowledgeBase,
) -> Truth:
    """Return whether the unit's properties let it out; a unit without a gate always is."""
    if not unit.gates:
        return Truth.YES
    truths = []
    for each in unit.gates:
        keys = (each.key,) if unit.flag is None else (each.key, unit.flag)
        flagged = knowledge.flag_for(flags, keys)
        if flagged is not None:
            truth = each.opened_by(flagged)
        else:
            truth = _set_by_type(each, knowledge.machines.effective(build, machine_type, each.key))
        doubted = any(
            each.opened_by(flag.value) is not truth for flag in knowledge.unreached(flags, keys)
        )
        truths.append(Truth.UNKNOWN if doubted else truth)
    return any_of(truths)


def _set_by_type(each: Gate, value: str | None) -> Truth:
    """Return whether a gate is open by what the machine type sets."""
    if value is None:
        return Truth.UNKNOWN
    return Truth.of(each.emits_by_default if value == DEFAULT else value in each.emits_when)
