"""What each combination of a matrix buys, and which of them nobody beats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from planner.domain.plans.scenario import FrontierPoint, ScenarioResult
from planner.domain.solution import ChosenBaseline, Solution
from planner.knowledge.base import KnowledgeBase

TODAY = "as it is"


def frontier_of(
    results: Iterable[ScenarioResult], base: Solution, knowledge: KnowledgeBase
) -> tuple[FrontierPoint, ...]:
    """Return the newest type that each scenario opens, and that of today, pool by pool, cheapest first.

    A point is best if no other of its pool, board and line has a newer type for at most as many
    hosts, or the same type for fewer.
    """
    points = [point for result in results for point in _points(result, knowledge)]
    changed = {point.domain for point in points}
    points += [
        _point(domain.domain, TODAY, 0, chosen, knowledge)
        for domain in base.domains
        for chosen in domain.baselines
        if domain.domain in changed
    ]
    marked = (
        replace(point, best=not any(_beats(one, point) for one in points)) for point in points
    )
    return tuple(
        sorted(
            marked,
            key=lambda one: (one.domain, one.board, one.line, one.hosts, -one.rank, one.scenario),
        )
    )


def _points(result: ScenarioResult, knowledge: KnowledgeBase) -> Iterator[FrontierPoint]:
    for domain in result.comparison.changes:
        for line in domain.lines:
            if line.after is not None:
                yield _point(domain.domain, result.name, result.hosts, line.after, knowledge)


def _point(
    domain: str, scenario: str, hosts: int, chosen: ChosenBaseline, knowledge: KnowledgeBase
) -> FrontierPoint:
    row = knowledge.machine_type(chosen.machine_type)
    return FrontierPoint(
        domain=domain,
        board=chosen.board,
        line=chosen.line,
        scenario=scenario,
        hosts=hosts,
        machine_type=chosen.machine_type,
        rank=-1 if row is None else row.rank,
        flags=len(chosen.flags),
        best=False,
    )


def _beats(one: FrontierPoint, other: FrontierPoint) -> bool:
    if (one.domain, one.board, one.line) != (other.domain, other.board, other.line):
        return False
    gain = (one.rank, -one.flags, -one.hosts)
    cost = (other.rank, -other.flags, -other.hosts)
    return gain != cost and one.hosts <= other.hosts and gain[:2] >= cost[:2]
