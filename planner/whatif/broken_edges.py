"""Which moves guests on the answers of before no longer survive, once a fleet has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from planner.answers.presumed_moves import Objections, PresumedMoveJudge, worst
from planner.certificate.certify import assumed_by
from planner.domain.guest import GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.plans.scenario import BrokenEdge
from planner.domain.solution import ChosenBaseline, DomainSolution
from planner.domain.verdict import Outcome
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import Edge, MigrationDomain

MOST_REASONS = 4


def broken_edges(
    domains: Iterable[MigrationDomain],
    before: Mapping[str, DomainSolution],
    certified: Mapping[str, frozenset[Edge]],
    moves: PresumedMoveJudge,
) -> Iterator[BrokenEdge]:
    """Yield every ordered pair of host classes over which an answer of before is not safe for sure.

    The conditions of that answer are taken as kept; the guest may have booted on any host of its pool.
    `certified` are the pairs of each pool over which its answer is known to be safe.
    """
    for domain in domains:
        if domain.name in before:
            known = certified.get(domain.name, frozenset())
            for chosen in before[domain.name].baselines:
                yield from _broken(domain, chosen, known, moves)


def _broken(
    domain: MigrationDomain,
    chosen: ChosenBaseline,
    known: frozenset[Edge],
    moves: PresumedMoveJudge,
) -> Iterator[BrokenEdge]:
    assumed, start = assumed_by(chosen), GuestStart(baseline=chosen.baseline)
    labels = {member.profile: member.label for member in domain.members}
    boots = [member.profile for member in domain.starts]
    same = {one for pair in known for one in pair}.issuperset(boots)
    new = [pair for pair in domain.pairs() if not same or pair not in known]
    short = _sums_up(domain, moves.knowledge)
    for source, destination in sorted(new, key=lambda pair: tuple(map(labels.get, pair))):
        found: dict[HostProfile, Objections] = {}
        for boot in dict.fromkeys((source, *boots)):
            edge = MigrationEdge(source=boot if short else source, destination=destination)
            found[boot] = moves.against(edge, start, boot, assumed)
        every = tuple(dict.fromkeys(one for objections in found.values() for one in objections))
        outcome = worst(every)
        if outcome is not Outcome.SAFE:
            names = (one.unit or one.property_key or ", ".join(one.facts) for one in every)
            yield BrokenEdge(
                domain=domain.name,
                baseline=chosen.baseline,
                source=labels[source],
                destination=labels[destination],
                booted_on=tuple(
                    labels[boot] for boot, against in found.items() if worst(against) is outcome
                ),
                outcome=outcome,
                reasons=tuple(dict.fromkeys(names))[:MOST_REASONS],
            )


def _sums_up(domain: MigrationDomain, knowledge: KnowledgeBase) -> bool:
    """Whether an edge is as bad for a boot host as the edge from there: objections look at two hosts."""
    listed = all(knowledge.covered.get(host.arch) == "listed" for host in domain.profiles)
    return listed and not domain.is_observed
