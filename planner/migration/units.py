"""The migrated units that a guest may have, each judged on an edge."""

from __future__ import annotations

from functools import cache

from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.migrated import MigratedUnit
from planner.domain.truth import Truth, all_of
from planner.knowledge.base import KnowledgeBase
from planner.migration.applies import Applicability, Assumed, clause_truth
from planner.migration.unit_case import UnitCase, UnitJudgement
from planner.migration.unit_rules import judge_unit
from planner.migration.views import UnitView, view


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
    )
    return _applicable_units(arch, guest, knowledge, assumed)


@cache
def _applicable_units(
    arch: str, guest: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> tuple[tuple[MigratedUnit, Applicability], ...]:
    found = (
        (unit, unit_applies(unit, guest, knowledge, assumed))
        for unit in knowledge.units_of(arch)
        if not unit.cpu_features
    )
    return tuple((unit, applies) for unit, applies in found if applies.truth is not Truth.NO)


def unit_applies(
    unit: MigratedUnit, start: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> Applicability:
    """Return whether a guest has `unit`: every clause holds; an idle guest has changed nothing."""
    if unit.sent == "value" and unit.state == "run" and start.trait("idle") is Truth.YES:
        return Applicability(Truth.NO)
    parts = [clause_truth(clause, start, knowledge.guests, assumed) for clause in unit.when]
    facts = tuple(dict.fromkeys(fact for part in parts for fact in part.open_facts))
    return Applicability(all_of(part.truth for part in parts), facts)


def judge_on(
    unit: MigratedUnit,
    applies: Applicability,
    edge: MigrationEdge,
    start: GuestStart,
    knowledge: KnowledgeBase,
    management: str,
) -> UnitJudgement:
    """Return what speaks against one unit on an edge."""
    machine_type, flags = start.baseline.machine_type, start.baseline.flags
    boot = start.booted_on or edge.source
    producer = boot if unit.state == "boot" else edge.source

    def seen(profile: HostProfile, *, hop: bool) -> UnitView:
        """Return what a host can do with the unit; `hop`: with the flags of the destination process."""
        return view(
            unit,
            profile,
            machine_type=machine_type,
            flags=flags + start.hop_flags if hop else flags,
            knowledge=knowledge,
        )

    source = seen(edge.source, hop=False)
    return judge_unit(
        UnitCase(
            unit=unit,
            applies=applies,
            boot=source if boot is edge.source else seen(boot, hop=False),
            source=source,
            destination=seen(edge.destination, hop=True),
            libvirt=management == "libvirt",
            same_kernel=producer.runs_kernel_of(edge.destination),
            same_cpu=producer is edge.destination
            or not producer.cpu_model
            or not edge.destination.cpu_model
            or producer.cpu_model == edge.destination.cpu_model,
            same_build=producer.qemu.is_same_as(edge.destination.qemu) and not start.hop_flags,
        )
    )
