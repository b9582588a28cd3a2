"""What a guest's CPU has and a destination of another CPU model may lack, or surely does."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.capability import CapabilityId
from planner.domain.guest import GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.migrated import Clause, ClauseKind, MigratedUnit
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import BEYOND, BEYOND_COMMON
from planner.migration.applies import clause_truth
from planner.migration.claims import Assumed
from planner.migration.guest_cpu import has_feature

MOST_FEATURES = 3
"""CPU features that one message names."""


def open_features(
    unit: MigratedUnit,
    edge: MigrationEdge,
    start: GuestStart,
    knowledge: KnowledgeBase,
    management: str,
    assumed: Assumed,
) -> Iterator[Objection]:
    """Yield a gap if the guest's CPU may have what nobody knows of a destination of another model.

    What only later generations have, a guest that has it does not find there.
    """
    words = knowledge.guests
    missing = [
        name
        for name in sorted(_open_names(start.booted_on or edge.source, edge.destination, knowledge))
        if has_feature(name, start.cpu, start, words) is not Truth.NO
    ]
    boot = start.booted_on or edge.source
    destination_generation = edge.destination.cpu_generation
    generation = destination_generation if boot.cpu_generation else ""
    beyond = f"{BEYOND}{generation}" if generation else BEYOND_COMMON
    clause = Clause(kind=ClauseKind.CPU, any_of=(beyond,))
    applies = clause_truth(clause, start, words, assumed)
    if not missing or applies.truth is Truth.NO:
        return
    lacked = words.lacked_by(destination_generation)
    surely = [name for name in missing if name in lacked and _surely_has(name, start, knowledge)]
    if surely:
        yield _of_later_cpu(unit, surely, clause, management)
        return
    few = ", ".join(f"cpu.{name}" for name in missing[:MOST_FEATURES])
    more = len(missing) - MOST_FEATURES
    fact = f"{few}{f' and {more} more' if more > 0 else ''} on the destination, whose CPU differs"
    yield Objection(
        rule=Rule.KNOWLEDGE_GAP,
        consequence=unit.lack_libvirt if management == "libvirt" else unit.lack_plain,
        unit=unit.id,
        severity=unit.severity,
        facts=applies.open_facts or (fact,),
        depends_on=(clause,),
        source=unit.source,
    )


def _surely_has(name: str, start: GuestStart, knowledge: KnowledgeBase) -> bool:
    return has_feature(name, start.cpu, start, knowledge.guests) is Truth.YES


def _of_later_cpu(
    unit: MigratedUnit, names: list[str], clause: Clause, management: str
) -> Objection:
    """Return the objection to a guest that has what only later CPUs than the destination's have."""
    return Objection(
        rule=Rule.CAPABILITY_MISSING,
        consequence=unit.lack_libvirt if management == "libvirt" else unit.lack_plain,
        unit=unit.id,
        capability=CapabilityId(f"cpu.{names[0]}"),
        severity=unit.severity,
        facts=(f"{', '.join(names[:MOST_FEATURES])}: of later CPUs than the destination's",),
        depends_on=(clause,),
        source="cpu_generations.toml",
    )


def _open_names(
    boot: HostProfile, destination: HostProfile, knowledge: KnowledgeBase
) -> frozenset[str]:
    """Return the features of which nobody knows whether the destination has them.

    A CPU that nobody reads is held against no generation: it may lack what every generation has.
    """
    known = knowledge.open_cpu_features(destination.capabilities)
    words = knowledge.guests
    unread = frozenset() if boot.cpu_generation else words.features_of(destination.cpu_generation)
    return known | (unread & words.beyond_common)
