"""Exhaustive search over machine types, flag sets and walks: the truth that tests compare against.

Slow on purpose and free of every shortcut of the solver; meant for a handful of hosts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from planner.domain.compat import CompatFlag
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.machine_type import MachineType
from planner.domain.migrated import Clause
from planner.domain.policy import Policy
from planner.domain.truth import Truth
from planner.domain.verdict import Verdict
from planner.knowledge.base import KnowledgeBase
from planner.migration.accept import apply
from planner.migration.claims import Assumed
from planner.migration.graph import MigrationDomain
from planner.migration.judge import judge


def newest_safe(
    domain: MigrationDomain, board: str, line: str, knowledge: KnowledgeBase, policy: Policy
) -> MachineType | None:
    """Return the newest type for which some set of flags is safe on every walk of every guest.

    Guests have nothing that a condition could exclude: conditions may always be asked for.
    """
    rows = [row.machine_type for row in knowledge.machines.types.values()]
    types = [row for row in rows if (row.board, row.line) == (board, line)]
    assumed = excludable(knowledge)
    for row in sorted(types, key=lambda row: row.rank, reverse=True):
        for flags in flag_sets(domain, knowledge):
            baseline = Baseline(machine_type=row.name, flags=flags)
            if is_safe(domain, baseline, knowledge, policy, assumed):
                return row
    return None


def is_safe(
    domain: MigrationDomain,
    baseline: Baseline,
    knowledge: KnowledgeBase,
    policy: Policy,
    assumed: Assumed,
) -> bool:
    """Whether every hop of every walk of every guest start is safe."""
    offered = all(
        knowledge.machines.offers(member.profile.qemu, baseline.machine_type) is Truth.YES
        for member in domain.members
    )
    return offered and all(
        not apply(policy, verdict).objections
        for start in domain.starts
        for verdict in _hops(domain, start.profile, baseline, knowledge, policy, assumed)
    )


def _hops(
    domain: MigrationDomain,
    boot: HostProfile,
    baseline: Baseline,
    knowledge: KnowledgeBase,
    policy: Policy,
    assumed: Assumed,
) -> Iterator[Verdict]:
    """Yield the verdict of every hop that a guest booted on `boot` can ever take."""
    edges = set(domain.pairs())
    seen, front = {boot}, [boot]
    while front:
        place = front.pop()
        for source, destination in edges:
            if source != place:
                continue
            yield judge(
                MigrationEdge(source=source, destination=destination),
                GuestStart(baseline=baseline, booted_on=boot),
                knowledge,
                management=policy.management,
                assumed=assumed,
            )
            if destination not in seen:
                seen.add(destination)
                front.append(destination)


def flag_sets(
    domain: MigrationDomain, knowledge: KnowledgeBase
) -> Iterator[tuple[CompatFlag, ...]]:
    """Yield every set of gates that can be shut on all builds, small sets first."""
    arch = domain.members[0].profile.arch
    keys = sorted(
        {
            unit.flag or gate.key
            for unit in knowledge.units
            for gate in unit.gates
            if all(
                knowledge.offers_property(build, unit.flag or gate.key, arch) is Truth.YES
                for build in domain.builds
            )
        }
    )
    flags = [CompatFlag(key=key, value="off") for key in keys]
    for size in range(len(flags) + 1):
        yield from combinations(flags, size)


def excludable(knowledge: KnowledgeBase) -> Assumed:
    """Return every claim about guests that a condition could ask for."""
    clauses = {clause for unit in knowledge.units for clause in unit.when if _can_go(clause)}
    return frozenset((clause.kind.value, word) for clause in clauses for word in clause.any_of)


def _can_go(clause: Clause) -> bool:
    return clause.default is not Truth.YES
