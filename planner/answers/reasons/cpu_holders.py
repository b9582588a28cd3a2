"""Which hosts of a pool keep a CPU model out, and by what: their generation, a lack, or an open fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from planner.domain.cpu_advice import Holder, KeptOut, RefusedModel
from planner.domain.host import HostProfile
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.cpu_generations import CpuGeneration
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember

MOST_NAMES = 3


def held(
    refused: Iterable[RefusedModel], domain: MigrationDomain, knowledge: KnowledgeBase
) -> Iterator[RefusedModel]:
    """Yield refused models with what keeps them out and the hosts that do."""
    rows = {row.model: row for row in knowledge.guests.cpu_generations}
    for one in refused:
        names = frozenset(f"cpu.{name}" for name in one.features)
        row = rows.get(knowledge.guests.generation_in(one.name))
        older = {
            member: member.profile.cpu_generation
            for member in domain.members
            if _is_older(member.profile, row, rows)
        }
        lacking = {
            member: member.label
            for member in domain.members
            if not names.isdisjoint(_denied(member))
        }
        open_ones = {
            member: member.label
            for member in domain.members
            if not names <= member.profile.capabilities.present
        }
        kinds = ((KeptOut.GENERATION, older), (KeptOut.LACK, lacking), (KeptOut.UNKNOWN, open_ones))
        why, members = next((kind for kind in kinds if kind[1]), kinds[-1])
        yield replace(one, why=why, holders=tuple(holders_of(members)))


def _is_older(
    profile: HostProfile, row: CpuGeneration | None, rows: dict[str, CpuGeneration]
) -> bool:
    own = rows.get(profile.cpu_generation)
    if own is None or row is None or own.vendor != row.vendor:
        return False
    return own.order < row.order


def _denied(member: PoolMember) -> frozenset[str]:
    """Return the CPU features that guests of a host certainly do not get."""
    profile = member.profile
    stated = frozenset(name for group in member.groups for name in group.absent)
    return profile.lacked_cpu_features | profile.unoffered_cpu_features | stated


def holders_of(members: Mapping[PoolMember, str]) -> Iterator[Holder]:
    """Yield the hosts of each label; one that has two builds on its way is one host."""
    by_label: dict[str, list[PoolMember]] = {}
    for member, label in members.items():
        by_label.setdefault(label, []).append(member)
    for label, found in by_label.items():
        names = sorted({name for member in found for name in member.examples})
        every = {name for member in found for group in member.groups for name in group.hosts}
        yield Holder(
            label=label,
            hosts=len(every),
            examples=tuple(names[:MOST_NAMES]),
        )
