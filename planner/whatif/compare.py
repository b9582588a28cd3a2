"""Two answers held side by side: which pools differ, and whether for the better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from planner.domain.plans.scenario import Comparison, Direction, DomainChange, LineChange
from planner.domain.solution import ChosenBaseline, DomainSolution, Solution
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.shipped import load_knowledge

BoardLine = tuple[str, str]
"""Board and line."""


def compare(
    before: Solution, after: Solution, *, knowledge: KnowledgeBase | None = None
) -> Comparison:
    """Return the pools whose status or answers differ; numbers of hosts alone make no difference."""
    old = {domain.domain: domain for domain in before.domains}
    new = {domain.domain: domain for domain in after.domains}
    return compared(old, new, knowledge or load_knowledge())


def compared(
    old: Mapping[str, DomainSolution], new: Mapping[str, DomainSolution], knowledge: KnowledgeBase
) -> Comparison:
    """Return the difference of answers by pool."""
    names = sorted({*old, *new})
    changes = (_change(name, old.get(name), new.get(name), knowledge) for name in names)
    found = tuple(change for change in changes if change is not None)
    return Comparison(changes=found, alike=len(names) - len(found))


def _change(
    name: str,
    before: DomainSolution | None,
    after: DomainSolution | None,
    knowledge: KnowledgeBase,
) -> DomainChange | None:
    lines = tuple(_lines(_by_place(before), _by_place(after), knowledge))
    one = None if before is None else before.status
    other = None if after is None else after.status
    if one is other and not lines:
        return None
    return DomainChange(
        domain=name,
        hosts_before=0 if before is None else before.hosts,
        hosts_after=0 if after is None else after.hosts,
        status_before=one,
        status_after=other,
        lines=lines,
    )


def _by_place(domain: DomainSolution | None) -> dict[BoardLine, ChosenBaseline]:
    return {} if domain is None else {(one.board, one.line): one for one in domain.baselines}


def _lines(
    before: Mapping[BoardLine, ChosenBaseline],
    after: Mapping[BoardLine, ChosenBaseline],
    knowledge: KnowledgeBase,
) -> Iterator[LineChange]:
    for place in sorted({*before, *after}):
        one, other = before.get(place), after.get(place)
        if one is not None and other is not None and _asked(one) == _asked(other):
            continue
        yield LineChange(
            board=place[0],
            line=place[1],
            direction=_direction(one, other, knowledge),
            before=one,
            after=other,
        )


def _asked(answer: ChosenBaseline) -> ChosenBaseline:
    """Return what an answer asks of guests, without its reasons."""
    return replace(
        answer,
        flags=tuple(replace(one, reason="", price="") for one in answer.flags),
        residual_risks=(),
        why_not_newer=None,
    )


def _direction(
    before: ChosenBaseline | None, after: ChosenBaseline | None, knowledge: KnowledgeBase
) -> Direction:
    if before is None:
        return Direction.OPENED
    if after is None:
        return Direction.CLOSED
    if before.machine_type == after.machine_type:
        return Direction.SAME_TYPE
    old, new = (knowledge.machine_type(one.machine_type) for one in (before, after))
    newer = old is not None and new is not None and new.is_newer_than(old)
    return Direction.NEWER if newer else Direction.OLDER
