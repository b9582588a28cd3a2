"""What forbids a pool's way before any wave is made, each with the least change that lifts it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from planner.domain.guest import GuestGroup
from planner.domain.plan import Relaxation
from planner.domain.solution import Status
from planner.domain.verdict import Objection, Outcome
from planner.explain.moves import worst
from planner.explain.why_not_newer import refusals
from planner.knowledge.base import KnowledgeBase
from planner.plan.cohorts import Cohort
from planner.plan.hazards import Fate
from planner.plan.radar import stranded
from planner.plan.stages import PoolWay, Stage

MISSING_FACT = "missing-fact"
OF_TODAY = "guests-of-today"


def without_answer(way: PoolWay, first: Stage) -> Iterator[Relaxation]:
    """Yield why no baseline is safe while old and upgraded hosts stand side by side."""
    if first.status is Status.SAFE:
        return
    undecided = first.status is Status.UNDECIDED
    constraint = MISSING_FACT if undecided else "safe-baseline"
    refused = [
        Relaxation(
            domain=way.name,
            constraint=constraint,
            text=f"{result.board}, {result.line}: {refusal.text}",
            hosts=refusal.hosts,
            examples=refusal.examples,
        )
        for result in first.results
        if result.newer is not None
        for refusal in refusals(first.domain, result.newer)[:3]
    ]
    yield from refused
    if not refused:
        text = (
            "what policy asks of the answer cannot be had while old and upgraded hosts mix"
            if first.results
            else "today's hosts and their targets have no machine type in common; "
            "go through a QEMU that offers types of both"
        )
        yield Relaxation(domain=way.name, constraint=constraint, text=text)


def without_guests(way: PoolWay, today: Stage) -> Iterator[Relaxation]:
    """Yield what is missing where no guests were given and today has no answer to presume."""
    if today.status is not Status.SAFE:
        yield Relaxation(
            domain=way.name,
            constraint=MISSING_FACT,
            text="missing fact: what guests of today run, for today's hosts have no safe answer "
            "that they could be taken to follow; give --guests",
            hosts=len(way.hosts),
            examples=tuple(str(host.name) for host in way.hosts[:3]),
        )


def against_guests(
    way: PoolWay, fates: Iterable[Fate], knowledge: KnowledgeBase
) -> Iterator[Relaxation]:
    """Yield the guests of today that the way would strand, or that cannot be moved."""
    for fate in fates:
        lost = tuple(stranded(way, (fate.cohort,), knowledge))
        yield from lost or _hindered(way, fate)


def _hindered(way: PoolWay, fate: Fate) -> Iterator[Relaxation]:
    found: tuple[tuple[str, tuple[Objection, ...]], ...] = (
        ("cannot go to an upgraded host", fate.stuck),
        ("cannot move between hosts of today", fate.today),
    )
    for what, objections in found:
        outcome = worst(objections)
        if outcome is Outcome.SAFE:
            continue
        names = dict.fromkeys(
            one.unit or one.property_key or ", ".join(one.facts) for one in objections
        )
        missing = outcome is Outcome.UNKNOWN
        remedy = "probe the hosts or state the guests" if missing else _restart_them(fate.cohort)
        yield Relaxation(
            domain=way.name,
            constraint=MISSING_FACT if missing else OF_TODAY,
            text=f"{_described(fate.cohort)} {what} ({', '.join(list(names)[:4])}): {remedy}",
            hosts=len(fate.cohort.hosts),
            examples=fate.cohort.hosts[:3],
        )


def _restart_them(cohort: Cohort) -> str:
    """Say how to get rid of guests that cannot move; a plan restarts only guests that it knows."""
    if cohort.groups is None:
        return "give --guests to see whether any such guest runs"
    return "restart them first (plan.restarts = true)"


def _described(cohort: Cohort) -> str:
    count = "guests" if cohort.guests is None else f"{cohort.guests:,} guests"
    return f"{count} on {cohort.start.baseline.machine_type}"


def bound_guests(way: PoolWay, bound: Sequence[GuestGroup], why: str) -> Iterator[Relaxation]:
    """Yield the guests that cannot leave a host that is to be upgraded, if there are any."""
    if bound:
        hosts = sorted({group.host for group in bound})
        count = sum(group.count for group in bound)
        yield Relaxation(
            domain=way.name,
            constraint="restarts",
            text=f"{count:,} guests cannot leave their hosts: {why}, or leave the hosts out",
            hosts=len(hosts),
            examples=tuple(hosts[:3]),
        )
