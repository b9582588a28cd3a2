"""The migrated units that a guest may have, each judged on an edge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.migrated import ClauseKind, MigratedUnit
from planner.domain.truth import Truth, all_of
from planner.knowledge.base import KnowledgeBase
from planner.migration.applies import Applicability, clause_truth
from planner.migration.claims import Assumed
from planner.migration.rules.unit_rules import judge_unit
from planner.migration.unit_case import UnitCase, UnitJudgement, without
from planner.migration.views import UnitView, views_of

OF_USE = frozenset({ClauseKind.USE, ClauseKind.GUEST})
MOST_CASES = 1 << 16
"""Cases of a unit that are remembered."""


def applicable_units(
    arch: str, start: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> tuple[tuple[MigratedUnit, Applicability], ...]:
    """Return the units that a guest may have, with how certain that is.

    Only a CPU model that follows its host makes this depend on the boot host.
    """
    follows = start.cpu is not None and start.cpu.follows_host
    guest = GuestStart(
        baseline=Baseline(machine_type=""),
        booted_on=start.booted_on if follows else None,
        devices=start.devices,
        cpu=start.cpu,
        traits=start.traits,
        never=start.never,
        machine_options=start.machine_options,
    )
    return _applicable_units(arch, guest, knowledge, assumed)


@cache
def _applicable_units(
    arch: str, guest: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> tuple[tuple[MigratedUnit, Applicability], ...]:
    judged = (
        (unit, unit_applies(unit, guest, knowledge, assumed))
        for unit in knowledge.units_of(arch)
        if not unit.cpu_features
    )
    return tuple((unit, applies) for unit, applies in judged if applies.truth is not Truth.NO)


def unit_applies(
    unit: MigratedUnit, start: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> Applicability:
    """Return whether a guest has `unit`: every clause holds; an idle guest has changed nothing."""
    if unit.sent == "value" and unit.state == "run" and start.trait("idle") is Truth.YES:
        return Applicability(Truth.NO)
    parts = [clause_truth(clause, start, knowledge.guests, assumed) for clause in unit.when]
    facts = tuple(dict.fromkeys(fact for part in parts for fact in part.open_facts))
    of_host = {part.of_host for part in parts if part.truth is Truth.UNKNOWN} == {True}
    return Applicability(all_of(part.truth for part in parts), facts, of_host)


def judge_units(
    edge: MigrationEdge,
    start: GuestStart,
    knowledge: KnowledgeBase,
    *,
    management: str,
    assumed: Assumed,
) -> Iterator[UnitJudgement]:
    """Yield what speaks against each unit that a guest may have, on an edge."""
    arch, name, flags = edge.source.arch, start.baseline.machine_type, start.baseline.flags
    booted = start.booted_on or edge.source
    boot = views_of(booted, arch, name, flags, knowledge)
    source = views_of(edge.source, arch, name, flags, knowledge)
    destination = views_of(edge.destination, arch, name, flags + start.hop_flags, knowledge)
    since_boot, on_the_edge = _Bond.of(booted, edge, start), _Bond.of(edge.source, edge, start)
    for unit, applies in applicable_units(arch, start, knowledge, assumed):
        bond = since_boot if unit.state == "boot" else on_the_edge
        views = (boot[unit.id], source[unit.id], destination[unit.id])
        yield _judged(unit, applies, views, bond, management)
    for unit in _taken_to_be_without(arch, start, knowledge, assumed):
        bond = since_boot if unit.state == "boot" else on_the_edge
        views = (boot[unit.id], source[unit.id], destination[unit.id])
        yield _if_it_had(unit, views, bond, management, _words_of(unit, knowledge))


def _taken_to_be_without(
    arch: str, start: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> tuple[MigratedUnit, ...]:
    """Return the units that a guest is taken to be without only because nobody says otherwise."""
    guest = replace(start, baseline=Baseline(machine_type=""), booted_on=None, hop_flags=())
    return _without_by_default(arch, guest, knowledge, assumed)


@cache
def _without_by_default(
    arch: str, guest: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> tuple[MigratedUnit, ...]:
    return tuple(
        unit
        for unit in knowledge.units_of(arch)
        if unit.is_unusual
        and not (unit.is_universal or unit.only_certain)
        and unit_applies(unit, guest, knowledge, assumed).truth is Truth.NO
        and unit_applies(_unassumed(unit), guest, knowledge, assumed).truth is not Truth.NO
    )


def _words_of(unit: MigratedUnit, knowledge: KnowledgeBase) -> str:
    """Return what is taken of a guest that says nothing of a unit, in the words of its traits."""
    traits = (
        knowledge.guests.traits.get(word)
        for clause in unit.when
        if clause.kind in OF_USE
        for word in clause.any_of
    )
    return " or ".join(row.words for row in traits if row is not None) or f"not: {unit.title}"


@cache
def _unassumed(unit: MigratedUnit) -> MigratedUnit:
    """Return a unit that nobody is taken to be without for want of a word."""
    clauses = tuple(
        replace(clause, default=Truth.UNKNOWN) if clause.kind in OF_USE else clause
        for clause in unit.when
    )
    return replace(unit, when=clauses)


@lru_cache(maxsize=MOST_CASES)
def _if_it_had(
    unit: MigratedUnit,
    views: tuple[UnitView, UnitView, UnitView],
    bond: _Bond,
    management: str,
    words: str,
) -> UnitJudgement:
    """Return the remark that a guest with a unit would not pass, which is taken to be without."""
    case = _case(unit, Applicability(Truth.YES), views, bond, management)
    objections = judge_unit(case).objections
    if not objections or unit.is_transient:
        return UnitJudgement()
    return UnitJudgement(remarks=(without(case, "assumed", words),))


@lru_cache(maxsize=MOST_CASES)
def _judged(
    unit: MigratedUnit,
    applies: Applicability,
    views: tuple[UnitView, UnitView, UnitView],
    bond: _Bond,
    management: str,
) -> UnitJudgement:
    """Judge a unit by the views of boot host, source and destination; equal cases once."""
    return judge_unit(_case(unit, applies, views, bond, management))


def _case(
    unit: MigratedUnit,
    applies: Applicability,
    views: tuple[UnitView, UnitView, UnitView],
    bond: _Bond,
    management: str,
) -> UnitCase:
    boot, source, destination = views
    return UnitCase(
        unit=unit,
        applies=applies,
        boot=boot,
        source=source,
        destination=destination,
        libvirt=management == "libvirt",
        same_kernel=bond.kernel,
        same_cpu=bond.cpu or not unit.by_cpu,
        same_build=bond.build,
    )


@dataclass(frozen=True, slots=True)
class _Bond:
    """What is the same on the host that produces state and on the destination."""

    kernel: bool
    cpu: bool
    build: bool

    @classmethod
    def of(cls, producer: HostProfile, edge: MigrationEdge, start: GuestStart) -> _Bond:
        """Compare a producer with the destination of an edge."""
        destination = edge.destination
        return cls(
            kernel=producer.runs_kernel_of(destination),
            cpu=producer is destination or not producer.has_other_cpu_than(destination),
            build=producer.qemu.is_same_as(destination.qemu) and not start.hop_flags,
        )
