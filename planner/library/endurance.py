"""Which moves guests on the answers of before no longer survive, once a fleet has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge
from planner.domain.scenario import BrokenEdge
from planner.domain.solution import ChosenBaseline, DomainSolution
from planner.domain.verdict import Outcome
from planner.explain.moves import MoveJudge, worst
from planner.migration.graph import MigrationDomain
from planner.solver.certify import assumed_by

MOST_REASONS = 4


def broken_edges(
    domains: Iterable[MigrationDomain], before: Mapping[str, DomainSolution], moves: MoveJudge
) -> Iterator[BrokenEdge]:
    """Yield every ordered pair of host classes over which an answer of before is not safe for sure.

    The conditions of that answer are taken as kept; the guest may have booted on any host of its pool.
    """
    for domain in domains:
        if domain.name in before:
            for chosen in before[domain.name].baselines:
                yield from _broken(domain, chosen, moves)


def _broken(
    domain: MigrationDomain, chosen: ChosenBaseline, moves: MoveJudge
) -> Iterator[BrokenEdge]:
    assumed, start = assumed_by(chosen), GuestStart(baseline=chosen.baseline)
    labels = {member.profile: member.label for member in domain.members}
    boots = [member.profile for member in domain.starts]
    for source, destination in sorted(
        domain.pairs(), key=lambda pair: tuple(map(labels.get, pair))
    ):
        edge = MigrationEdge(source=source, destination=destination)
        found = tuple(
            dict.fromkeys(
                one for boot in boots for one in moves.against(edge, start, boot, assumed)
            )
        )
        if worst(found) is not Outcome.SAFE:
            names = (one.unit or one.property_key or ", ".join(one.facts) for one in found)
            yield BrokenEdge(
                domain=domain.name,
                baseline=chosen.baseline,
                source=labels[source],
                destination=labels[destination],
                outcome=worst(found),
                reasons=tuple(dict.fromkeys(names))[:MOST_REASONS],
            )
