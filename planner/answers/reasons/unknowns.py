"""The facts that are missing: which hosts lack them, what they decide, which to probe first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.capability import Presence
from planner.domain.solution import DomainSolution, UnknownFact
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.solver.solve import LineResult


def unknowns_of(domain: MigrationDomain, results: tuple[LineResult, ...]) -> Iterator[UnknownFact]:
    """Yield the missing facts of a domain that decide, or that cost a flag or condition."""
    deciding = {
        fact
        for result in results
        for attempt in result.open_attempts
        for obstacle in attempt.obstacles
        for fact in obstacle.facts
    }
    costing = {
        fact for result in results if result.chosen is not None for fact in result.chosen.open_facts
    }
    for fact in sorted(deciding | costing):
        members = _without(domain.members, fact)
        yield UnknownFact(
            fact=fact,
            decides=fact in deciding,
            hosts=sum(member.hosts for member in members),
            examples=tuple(sorted(name for member in members for name in member.examples)[:3]),
        )


def unplaced_of(domain: MigrationDomain) -> Iterator[UnknownFact]:
    """Yield the kernels and builds of a domain that fit no line, with their hosts."""
    for fact in domain.unplaced:
        members = [one for one in domain.members if fact in one.profile.untold]
        yield UnknownFact(
            fact=fact,
            decides=True,
            hosts=sum(member.hosts for member in members),
            examples=tuple(sorted({name for member in members for name in member.examples})[:3]),
        )


def _without(members: tuple[PoolMember, ...], fact: str) -> tuple[PoolMember, ...]:
    """Return the members for which `fact` is missing; all of them if it is not a capability."""
    lacking = tuple(
        member
        for member in members
        if member.profile.capabilities.presence(fact) is Presence.UNKNOWN  # type: ignore[arg-type]
    )
    return lacking or members


def rank_unknowns(solutions: Iterable[DomainSolution]) -> tuple[UnknownFact, ...]:
    """Return the missing facts of the fleet, those that decide most hosts first."""
    merged: dict[str, UnknownFact] = {}
    for solution in solutions:
        guests = sum(finding.guests for finding in solution.guests)
        for fact in solution.unknowns:
            known = merged.get(fact.fact)
            merged[fact.fact] = UnknownFact(
                fact=fact.fact,
                decides=fact.decides or (known is not None and known.decides),
                hosts=fact.hosts + (known.hosts if known else 0),
                examples=known.examples if known else fact.examples,
                guests=guests + (known.guests if known else 0),
            )
    return tuple(
        sorted(merged.values(), key=lambda fact: (not fact.decides, -fact.hosts, fact.fact))
    )
