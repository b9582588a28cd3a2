"""Which moves guests on the answers of before no longer survive, once a fleet has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge
from planner.domain.scenario import BrokenEdge
from planner.domain.solution import ChosenBaseline, DomainSolution
from planner.domain.verdict import Objection, Outcome
from planner.explain.moves import MoveJudge, worst
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import Edge, MigrationDomain
from planner.solver.certify import assumed_by

MOST_REASONS = 4


def broken_edges(
    domains: Iterable[MigrationDomain],
    before: Mapping[str, DomainSolution],
    certified: Mapping[str, frozenset[Edge]],
    moves: MoveJudge,
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
    domain: MigrationDomain, chosen: ChosenBaseline, known: frozenset[Edge], moves: MoveJudge
) -> Iterator[BrokenEdge]:
    assumed, start = assumed_by(chosen), GuestStart(baseline=chosen.baseline)
    labels = {member.profile: member.label for member in domain.members}
    boots = [member.profile for member in domain.starts]
    same = {one for pair in known for one in pair}.issuperset(boots)
    new = [pair for pair in domain.pairs() if not same or pair not in known]
    short = _sums_up(domain, moves.knowledge)
    for source, destination in sorted(new, key=lambda pair: tuple(map(labels.get, pair))):
        questions = [(boot if short else source, boot) for boot in boots]
        found: dict[Objection, None] = {}
        for sender, boot in dict.fromkeys([(source, source), *questions]):
            edge = MigrationEdge(source=sender, destination=destination)
            found |= dict.fromkeys(moves.against(edge, start, boot, assumed))
        outcome = worst(tuple(found))
        if outcome is not Outcome.SAFE:
            names = (one.unit or one.property_key or ", ".join(one.facts) for one in found)
            yield BrokenEdge(
                domain=domain.name,
                baseline=chosen.baseline,
                source=labels[source],
                destination=labels[destination],
                outcome=outcome,
                reasons=tuple(dict.fromkeys(names))[:MOST_REASONS],
            )


def _sums_up(domain: MigrationDomain, knowledge: KnowledgeBase) -> bool:
    """Whether an edge is as bad for a boot host as the edge from there: objections look at two hosts."""
    listed = all(knowledge.covered.get(host.arch) == "listed" for host in domain.profiles)
    return listed and not domain.is_observed
