"""A pool before its waves are packed: what is safe on the way, where guests may go, what forbids it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from planner.domain.guest import Baseline, GuestGroup
from planner.domain.plan import Relaxation, Restart, Routing
from planner.domain.solution import Status
from planner.domain.upgrade import PlanPolicy
from planner.domain.verdict import Objection, Outcome
from planner.explain.why_not_newer import refusals
from planner.knowledge.base import KnowledgeBase
from planner.plan.hazards import Cohort, Fate, FateJudge, cohorts_of, worst
from planner.plan.radar import stranded
from planner.plan.stages import PoolWay, Stage, Stager

FORBIDDING = "guests-of-today"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is known of a pool's way without any wave.

    `first` is the answer for new guests from before wave 1 on. `relaxations` forbid the plan.
    """

    way: PoolWay
    today: Stage
    first: Stage
    routing: Routing
    cohorts: tuple[Cohort, ...]
    fates: tuple[Fate, ...]
    restarts: tuple[Restart, ...]
    relaxations: tuple[Relaxation, ...]


def draft(
    way: PoolWay,
    guests: Sequence[GuestGroup] | None,
    stager: Stager,
    judge: FateJudge,
    rules: PlanPolicy,
) -> Draft:
    """Look at a pool's way before any wave is made."""
    today, first, routing = stager.today(way), stager.before_wave_one(way), Routing.ANY
    if first.status is not Status.SAFE:
        directed = stager.one_way(way)
        if directed.status is Status.SAFE:
            first, routing = directed, Routing.UPGRADED_ONLY
    cohorts = cohorts_of(way, today, guests)
    fates = judge.fates(way, cohorts, (*today.baselines, *first.baselines))
    if any(fate.is_one_way for fate in fates):
        routing = Routing.UPGRADED_ONLY
    lost = () if guests is None else tuple(stranded(way, cohorts, stager.knowledge))
    hindered = tuple(_hindered(way, fates, judge.knowledge))
    still = _bound_to_host(guests or ())
    restarts: tuple[Restart, ...] = ()
    relaxations = tuple(_unsafe(way, first))
    if rules.restarts and not relaxations:
        restarts = tuple(_restarts(way, first, fates, judge.knowledge)) + tuple(
            _power_offs(way, still, first, judge.knowledge)
        )
        relaxations = tuple(one for one in (*lost, *hindered) if one.constraint == "missing-fact")
    elif not relaxations:
        relaxations = (*lost, *hindered, *_not_migratable(way, still))
    return Draft(
        way=way,
        today=today,
        first=first,
        routing=routing,
        cohorts=cohorts,
        fates=fates,
        restarts=restarts,
        relaxations=relaxations,
    )


def _unsafe(way: PoolWay, first: Stage) -> Iterator[Relaxation]:
    """Yield why no baseline is safe while old and upgraded hosts stand side by side."""
    if first.status is Status.SAFE:
        return
    undecided = first.status is Status.UNDECIDED
    for result in first.results:
        if result.newer is None:
            continue
        for refusal in refusals(first.domain, result.newer)[:3]:
            yield Relaxation(
                domain=way.name,
                constraint="missing-fact" if undecided else "safe-baseline",
                text=f"{result.board}, {result.line}: {refusal.text}",
                hosts=refusal.hosts,
                examples=refusal.examples,
            )
    if not first.results:
        yield Relaxation(
            domain=way.name,
            constraint="safe-baseline",
            text="today's hosts and their targets have no machine type in common; "
            "go through a QEMU that offers types of both",
        )


def _hindered(
    way: PoolWay, fates: Iterable[Fate], knowledge: KnowledgeBase
) -> Iterator[Relaxation]:
    """Yield the guests that cannot go to an upgraded host, or not between hosts of today."""
    for fate in fates:
        found: tuple[tuple[str, tuple[Objection, ...]], ...] = (
            ("cannot go to an upgraded host", fate.stuck),
            ("cannot move between hosts of today", fate.today),
        )
        for what, objections in found:
            outcome = worst(objections)
            if outcome is Outcome.SAFE or _is_stranded(fate, way, knowledge):
                continue
            names = dict.fromkeys(
                one.unit or one.property_key or ", ".join(one.facts) for one in objections
            )
            missing = outcome is Outcome.UNKNOWN
            remedy = "probe the hosts or state the guests" if missing else "restart them first"
            yield Relaxation(
                domain=way.name,
                constraint="missing-fact" if missing else FORBIDDING,
                text=f"{_described(fate.cohort)} {what} ({', '.join(list(names)[:4])}): {remedy}",
                hosts=len(fate.cohort.hosts),
                examples=fate.cohort.hosts[:3],
            )


def _is_stranded(fate: Fate, way: PoolWay, knowledge: KnowledgeBase) -> bool:
    """Whether the machine type alone forbids it, which is told apart."""
    return any(True for _ in stranded(way, (fate.cohort,), knowledge))


def _described(cohort: Cohort) -> str:
    count = "guests" if cohort.guests is None else f"{cohort.guests:,} guests"
    return f"{count} on {cohort.start.baseline.machine_type}"


def _restarts(
    way: PoolWay, first: Stage, fates: Iterable[Fate], knowledge: KnowledgeBase
) -> Iterator[Restart]:
    """Yield the guests that must be power-cycled onto the new baseline before wave 1."""
    for fate in fates:
        cohort = fate.cohort
        needed = fate.stuck or fate.today or _is_stranded(fate, way, knowledge)
        if cohort.groups is None or not needed:
            continue
        reason = "its machine type or its state does not survive the way"
        yield from _restart(way, cohort.groups, first, knowledge, reason)


def _restart(
    way: PoolWay,
    groups: Sequence[GuestGroup],
    first: Stage,
    knowledge: KnowledgeBase,
    reason: str,
) -> Iterator[Restart]:
    after = _same_board(groups[0], first, knowledge)
    if after is None:
        return
    before = replace(after, machine_type=groups[0].machine_type, flags=groups[0].flags)
    windows = dict.fromkeys(group.restart_window for group in groups if group.restart_window)
    yield Restart(
        domain=way.name,
        guests=sum(group.count for group in groups),
        before=before,
        after=after,
        before_wave=1,
        windows=tuple(windows),
        reason=reason,
    )


def _same_board(group: GuestGroup, first: Stage, knowledge: KnowledgeBase) -> Baseline | None:
    """Return the answer of a guest's board and line, else the first answer there is."""
    row = knowledge.machine_type(group.machine_type)
    own = [
        chosen
        for chosen in first.baselines
        if row is not None and (chosen.board, chosen.line) == (row.board, row.line)
    ]
    chosen = next(iter((*own, *first.baselines)), None)
    return None if chosen is None else chosen.baseline


def _bound_to_host(guests: Iterable[GuestGroup]) -> tuple[GuestGroup, ...]:
    return tuple(group for group in guests if not group.migratable)


def _not_migratable(way: PoolWay, still: Iterable[GuestGroup]) -> Iterator[Relaxation]:
    """Yield the guests that cannot leave a host that is to be upgraded."""
    moving = {str(host.name) for host in way.hosts if host.target is not None}
    groups = [group for group in still if group.host in moving]
    if groups:
        hosts = sorted({group.host for group in groups})
        count = sum(group.count for group in groups)
        yield Relaxation(
            domain=way.name,
            constraint="restarts",
            text=f"{count:,} guests cannot migrate: allow restarts (plan.restarts = true), "
            "or leave their hosts out",
            hosts=len(hosts),
            examples=tuple(hosts[:3]),
        )


def _power_offs(
    way: PoolWay, still: Iterable[GuestGroup], first: Stage, knowledge: KnowledgeBase
) -> Iterator[Restart]:
    """Yield the guests that are off while their host is upgraded, for they cannot migrate."""
    moving = {str(host.name) for host in way.hosts if host.target is not None}
    for group in still:
        if group.host in moving:
            reason = f"it cannot migrate away from {group.host}"
            yield from _restart(way, (group,), first, knowledge, reason)
