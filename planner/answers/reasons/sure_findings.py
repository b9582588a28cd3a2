"""What refuses only guests that surely have it: told of guests that are described so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from planner.answers.alike_guests import AlikeGuests, InTheWay, finding_of
from planner.domain.guest import GuestStart
from planner.domain.guest_profile import GuestFinding
from planner.domain.host import HostProfile
from planner.domain.machine_type import MachineType
from planner.domain.migrated import Clause, MigratedUnit
from planner.domain.truth import Truth, all_of
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.applies import Applicability, clause_truth
from planner.migration.graph import MigrationDomain
from planner.migration.rules.build_rules import fault_bites, fault_clauses
from planner.migration.rules.unit_rules import judge_unit
from planner.migration.unit_case import UnitCase
from planner.migration.units import applicable_units
from planner.migration.views import ungated_view

SURELY = Applicability(Truth.YES)
Edges = tuple[tuple[HostProfile, HostProfile], ...]


def sure_findings(
    domain: MigrationDomain,
    guests: Iterable[AlikeGuests],
    knowledge: KnowledgeBase,
    *,
    libvirt: bool,
) -> Iterator[GuestFinding]:
    """Yield the guests that some edge of a domain refuses for what they are described to have."""
    edges = _edges(domain)
    found: dict[tuple[str, str, str], list[AlikeGuests]] = {}
    for one in guests:
        for text, remedy in _reasons(one.start, edges, knowledge, libvirt=libvirt):
            one.standing.add(InTheWay.VIOLATED)
            found.setdefault((one.machine_type, text, remedy), []).append(one)
    for (name, text, remedy), alike in sorted(found.items()):
        told = finding_of(name, alike, f"violates: {text}")
        yield replace(told, kind="violated", remedy=remedy)


def _edges(domain: MigrationDomain) -> Edges:
    if domain.edges is not None:
        return tuple(sorted(domain.edges, key=str))
    return tuple(product(domain.profiles, domain.profiles))


def _reasons(
    start: GuestStart, edges: Edges, knowledge: KnowledgeBase, *, libvirt: bool
) -> Iterator[tuple[str, str]]:
    """Yield what refuses a guest, in words, and what helps."""
    for unit in _sure_units(start, edges, knowledge):
        if any(_is_refused(unit, *edge, libvirt=libvirt) for edge in edges):
            yield f"{unit.title}: {unit.symptom}", ""
    row = knowledge.machine_type(start.baseline.machine_type)
    release, arch = ((), "") if row is None else (row.release, row.arch)
    for fault in knowledge.faults:
        if not (fault.only_certain and fault.speaks_of(start.baseline.machine_type, release, arch)):
            continue
        clauses = fault_clauses(fault)
        truths = (clause_truth(one, start, knowledge.guests, frozenset()) for one in clauses)
        if all_of(one.truth for one in truths) is not Truth.YES:
            continue
        pairs = {(source.qemu, destination.qemu) for source, destination in edges}
        if any(fault_bites(fault, *pair, knowledge.builds) is Truth.YES for pair in pairs):
            yield fault.reason, fault.workaround


def sure_refusals(
    edges: Edges, row: MachineType, knowledge: KnowledgeBase, *, libvirt: bool
) -> Iterator[tuple[str, str, tuple[Clause, ...]]]:
    """Yield (unit, text, claims) of what refuses guests of a type that surely have it.

    A fault has no unit.
    """
    for unit in knowledge.units_of(row.arch):
        if (
            unit.when
            and _is_of_the_sure(unit)
            and any(_is_refused(unit, *edge, libvirt=libvirt) for edge in edges)
        ):
            yield unit.id, f"{unit.title}: {unit.symptom}", unit.when
    pairs = {(source.qemu, destination.qemu) for source, destination in edges}
    for fault in knowledge.faults:
        asked = fault.only_certain and fault.speaks_of(row.name, row.release, row.arch)
        if asked and any(fault_bites(fault, *one, knowledge.builds) is Truth.YES for one in pairs):
            yield "", fault.reason, tuple(fault_clauses(fault))


def _sure_units(
    start: GuestStart, edges: Edges, knowledge: KnowledgeBase
) -> Iterator[MigratedUnit]:
    arch = edges[0][0].arch if edges else ""
    for unit, applies in applicable_units(arch, start, knowledge, frozenset()):
        if _is_of_the_sure(unit) and applies.truth is Truth.YES:
            yield unit


def _is_of_the_sure(unit: MigratedUnit) -> bool:
    """Whether a unit, or the rule of builds without it, speaks only of guests that surely have it."""
    is_built_in = unit.unbuilt_source is None and unit.unbuilt_destination is None
    return not unit.gates and (unit.only_certain or not is_built_in)


def _is_refused(
    unit: MigratedUnit, source: HostProfile, destination: HostProfile, *, libvirt: bool
) -> bool:
    """Whether a guest with the unit, booted on the source, certainly fails on the way."""
    own = ungated_view(unit, source)
    case = UnitCase(
        unit=unit,
        applies=SURELY,
        boot=own,
        source=own,
        destination=ungated_view(unit, destination),
        libvirt=libvirt,
        same_kernel=source.runs_kernel_of(destination),
        same_cpu=True,
        same_build=source.qemu.is_same_as(destination.qemu),
    )
    rules = {one.rule for one in judge_unit(case).objections if not one.is_gap}
    return bool(rules) if unit.only_certain else Rule.PART_NOT_OFFERED in rules
