"""The verdict on one edge for one guest start; no look at policy. Rules: docs/concepts/judgement.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge
from planner.domain.verdict import Objection, Remark, Rule, Verdict
from planner.knowledge.base import KnowledgeBase
from planner.migration.aliases import resolved, with_devices, with_type
from planner.migration.claims import Assumed
from planner.migration.emulation import judge_emulation
from planner.migration.guest_cpu import as_booted
from planner.migration.guest_devices import all_say_backends
from planner.migration.parts import judge_blockers, judge_parts
from planner.migration.reach import judge_options, usual_devices, with_reach, with_set_options
from planner.migration.rules.build_rules import judge_builds, judge_machine_type
from planner.migration.rules.cpu_rules import judge_cpu_features, judge_cpu_settings, open_faults
from planner.migration.rules.default_rules import judge_defaults
from planner.migration.rules.device_rules import judge_device_states
from planner.migration.rules.hardware_rules import hardware_remarks, meets
from planner.migration.rules.hop_rules import judge_other_cpu
from planner.migration.rules.host_rules import (
    doubts,
    judge_board,
    judge_coverage,
    judge_unknown_devices,
    judge_unplaced,
    judge_vendors,
    unlisted_hardware,
)
from planner.migration.rules.memory_blocks import judge_memory_blocks
from planner.migration.rules.observations import observation_of, observed
from planner.migration.rules.property_rules import judge_flags, judge_variants
from planner.migration.rules.section_rules import judge_sections
from planner.migration.units import judge_units


def judge(
    edge: MigrationEdge,
    start: GuestStart,
    knowledge: KnowledgeBase,
    *,
    management: str = "plain",
    assumed: Assumed = frozenset(),
) -> Verdict:
    """Return every objection against moving a guest over an edge.

    The guest has booted on `start.booted_on`, or on the source if that is None. `assumed` are claims
    about the guest that count as excluded. An observed pair decides alone, but for
    what no observation of builds can have seen. Rules: docs/concepts/judgement.md.
    """
    start = with_devices(edge, start, knowledge)
    given, start = start, with_type(edge, start, knowledge)
    taken = (*resolved(given, start), *usual_devices(start, knowledge))
    start = with_reach(_resolved(edge, start, knowledge), knowledge)
    row = observation_of(edge, start, knowledge)
    if row is not None:
        return observed(edge, start, row, standing=_past_observation(edge, start, knowledge))
    booted = start.booted_on or edge.source
    unplaced = tuple(judge_unplaced(edge, booted))
    if unplaced:
        standing = _of_unplaced(edge, start, knowledge)
        return Verdict(edge=edge, start=start, objections=(*standing, *unplaced))
    objections = list(_of_builds_and_parts(edge, given, start, knowledge, assumed))
    remarks = [*doubts(edge), *unlisted_hardware(edge, knowledge), *taken]
    units = judge_units(edge, start, knowledge, management=management, assumed=assumed)
    for judged in (*units, judge_memory_blocks(edge, start, knowledge, assumed)):
        objections += judged.objections
        remarks += judged.remarks
    if not any(objection.rule is Rule.MIGRATION_BLOCKED for objection in objections):
        objections += judge_blockers(edge, start, knowledge)
        objections += judge_device_states(edge, start, knowledge)
    remarks += open_faults(edge, start, knowledge)
    objections += judge_cpu_settings(edge, start, knowledge)
    objections += judge_cpu_features(edge, start, knowledge, management, assumed)
    kept = [remark for remark in remarks if not _is_met(remark, edge, start, knowledge)]
    return Verdict(
        edge=edge,
        start=start,
        objections=tuple(dict.fromkeys(objections)),
        remarks=tuple(hardware_remarks(edge, dict.fromkeys(kept), knowledge)),
    )


def _of_builds_and_parts(
    edge: MigrationEdge,
    given: GuestStart,
    start: GuestStart,
    knowledge: KnowledgeBase,
    assumed: Assumed,
) -> Iterator[Objection]:
    """Yield what speaks against a move whatever kernels give: builds, parts, values, hosts' vendors.

    `given` is the start as its flags were written, `start` the same with flags where they reach.
    """
    source, destination = edge.source.qemu, edge.destination.qemu
    booted = (start.booted_on or edge.source).qemu
    yield from judge_builds(source, destination, start, knowledge, booted=booted, assumed=assumed)
    yield from judge_board(edge, start, knowledge)
    yield from judge_parts(edge, start, knowledge)
    yield from judge_variants(edge, given, start, knowledge)
    yield from judge_options(start, knowledge)
    yield from judge_other_cpu(start, knowledge)
    yield from judge_defaults(edge, start, knowledge)
    yield from judge_sections(edge, start, knowledge, assumed)
    yield from judge_coverage(edge, knowledge)
    yield from judge_vendors(edge, knowledge)
    yield from judge_emulation(edge, start, knowledge)
    yield from judge_unknown_devices(start, knowledge)


def _of_unplaced(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Yield what is certain of hosts of which one fits no line: the other, and what the fleet says."""
    certain = [*judge_board(edge, start, knowledge), *judge_vendors(edge, knowledge)]
    for build in dict.fromkeys((edge.source.qemu, edge.destination.qemu)):
        if build.is_placed:
            certain += judge_machine_type(build, build, start, knowledge)
    yield from (objection for objection in dict.fromkeys(certain) if not objection.is_gap)
    if edge.source.arch != edge.destination.arch:
        yield from judge_coverage(edge, knowledge)


def _is_met(
    remark: Remark, edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> bool:
    """Whether what a unit asks of hosts is known to hold: probes tell it, or the guest's devices do."""
    if remark.kind != "host-condition":
        return False
    if remark.unit in knowledge.by_backend:
        return all_say_backends(knowledge.by_backend[remark.unit], start.devices, knowledge.guests)
    facts = knowledge.host_facts.get(remark.unit)
    return facts is not None and meets(facts, edge, knowledge)


def _past_observation(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Yield what no observation of two builds and kernels can have seen to pass."""
    source, destination = edge.source.qemu, edge.destination.qemu
    offers = judge_machine_type(source, destination, start, knowledge)
    yield from (objection for objection in offers if not objection.is_gap)
    yield from judge_board(edge, start, knowledge)
    yield from judge_vendors(edge, knowledge)
    if edge.source.arch != edge.destination.arch:
        yield from judge_coverage(edge, knowledge)
    yield from judge_flags(edge.source.qemu, edge.source.arch, start.baseline.flags, knowledge)
    hop = start.baseline.flags + start.hop_flags
    yield from judge_flags(edge.destination.qemu, edge.source.arch, hop, knowledge)


def _resolved(edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase) -> GuestStart:
    """Return the start with its boot host, what that could not give, and what flags set of devices."""
    start = with_set_options(start, knowledge)
    booted = start if start.booted_on is not None else replace(start, booted_on=edge.source)
    return as_booted(booted, knowledge.guests)
