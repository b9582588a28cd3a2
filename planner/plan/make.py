"""Make a plan: draft every pool, pack waves, then say what each wave frees and costs."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from planner.domain.guest import GuestGroup
from planner.domain.host import HostName
from planner.domain.plan import (
    Bounds,
    DomainPlan,
    Flip,
    FlipState,
    FlipStatus,
    HostUpgrade,
    Plan,
    Relaxation,
    Routing,
    Wave,
)
from planner.domain.policy import Policy
from planner.domain.upgrade import Room, UpgradeHost
from planner.knowledge.base import KnowledgeBase
from planner.plan.draft import Draft, draft
from planner.plan.flips import flips_of, is_of, split_held, states_of
from planner.plan.hazards import FateJudge, remedies_of
from planner.plan.instance import packed
from planner.plan.pieces import Infeasible
from planner.plan.radar import radar_of
from planner.plan.rollback import WayBack, merged, way_back
from planner.plan.stages import Stage, Stager, pool_ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What shall be planned: hosts with their targets, guests of today (None: not given)."""

    hosts: tuple[UpgradeHost, ...]
    guests: tuple[GuestGroup, ...] | None
    knowledge: KnowledgeBase
    policy: Policy
    fleet_digest: str
    today: datetime.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A pool with its waves: stages, the flips that they free, and what holds flips back."""

    draft: Draft
    stages: tuple[Stage, ...]
    flips: tuple[Flip, ...]
    held: tuple[FlipState, ...]
    states: tuple[FlipState, ...]


def make_plan(task: Task, *, progress: Callable[[int], None] | None = None) -> Plan:
    """Return the plan, or a plan without waves whose relaxations say what forbids every plan.

    Raises `FleetError` for a kernel or QEMU without a line, `CertificationError` for a bug.
    """
    stager = Stager(task.knowledge, task.policy)
    judge = FateJudge(task.knowledge, task.policy)
    drafts = []
    guests = _by_pool(task.guests)
    for number, way in enumerate(pool_ways(task.hosts, task.knowledge), start=1):
        groups = None if guests is None else guests.get(way.name, [])
        drafts.append(draft(way, groups, stager, judge, task.policy.plan))
        if progress is not None:
            progress(number)
    relaxations = [one for made in drafts for one in made.relaxations]
    if relaxations or not drafts:
        return _no_plan(task, drafts, relaxations)
    packing = packed(drafts, guests, task.policy.plan)
    if isinstance(packing, Infeasible):
        return _no_plan(task, drafts, list(packing.relaxations))
    wave_of = {
        HostName(host): number
        for number, hosts in enumerate(packing.waves, start=1)
        for host in hosts
    }
    courses = [_course(made, wave_of, guests, task, stager) for made in drafts]
    bounds = Bounds(
        waves=packing.bound,
        method=packing.method,
        gap=len(packing.waves) - packing.bound,
    )
    return Plan(
        waves=tuple(_waves(courses, packing.waves, packing.spare, wave_of, task)),
        domains=tuple(_domain(course, wave_of) for course in courses),
        bounds=bounds,
        restarts=tuple(one for made in drafts for one in made.restarts),
        masks=(),
        held=tuple(one for course in courses for one in course.held),
        states=tuple(one for course in courses for one in course.states),
        radar=tuple(
            one
            for made in drafts
            for one in radar_of(made.way, made.cohorts, task.knowledge, task.today)
        ),
        relaxations=(),
        knowledge_digest=task.knowledge.digest,
        fleet_digest=task.fleet_digest,
    )


def _by_pool(guests: Sequence[GuestGroup] | None) -> dict[str, list[GuestGroup]] | None:
    if guests is None:
        return None
    found: dict[str, list[GuestGroup]] = {}
    for group in guests:
        found.setdefault(group.pool, []).append(group)
    return found


def _no_plan(task: Task, drafts: Sequence[Draft], relaxations: Sequence[Relaxation]) -> Plan:
    return Plan(
        waves=(),
        domains=(),
        bounds=Bounds(waves=0, method="closed-form", gap=0),
        restarts=(),
        masks=(),
        held=(),
        states=(),
        radar=tuple(
            one
            for made in drafts
            for one in radar_of(made.way, made.cohorts, task.knowledge, task.today)
        ),
        relaxations=tuple(relaxations),
        knowledge_digest=task.knowledge.digest,
        fleet_digest=task.fleet_digest,
    )


def _course(
    made: Draft,
    wave_of: Mapping[HostName, int],
    guests: Mapping[str, Sequence[GuestGroup]] | None,
    task: Task,
    stager: Stager,
) -> Course:
    """Return what a pool's waves free, each flip dated and held as the operator wants."""
    rules = task.policy.plan
    groups = None if guests is None else guests.get(made.way.name, ())
    stages = stager.stages(made.way, wave_of)
    if stages[0].domain.profiles == made.first.domain.profiles:
        stages = (made.first, *stages[1:])
    wanted = tuple(flips_of(made.way, stages, groups, rules, task.knowledge))
    flips, held = split_held(wanted, rules.holds)
    return Course(
        draft=made,
        stages=stages,
        flips=flips,
        held=held,
        states=(*states_of(made.way, stages, wanted), *_open_today(made, task.knowledge)),
    )


def _open_today(made: Draft, knowledge: KnowledgeBase) -> Iterator[FlipState]:
    """Yield the cue: guests that could run on the answer already and do not."""
    for chosen in made.first.baselines:
        after = chosen.baseline
        behind = [
            cohort
            for cohort in made.cohorts
            if cohort.groups
            and is_of(cohort.groups[0], chosen, knowledge)
            and cohort.start.baseline.machine_type != after.machine_type
        ]
        for cohort in behind:
            yield FlipState(
                domain=made.way.name,
                board=chosen.board,
                before=cohort.start.baseline,
                after=after,
                status=FlipStatus.ELIGIBLE,
                reasons=(f"{cohort.guests:,} guests can be raised at their next launch",),
                hosts=len(cohort.hosts),
                examples=cohort.hosts[:3],
            )


def _domain(course: Course, wave_of: Mapping[HostName, int]) -> DomainPlan:
    made = course.draft
    own = sorted({wave_of[host.name] for host in made.way.hosts if host.target is not None})
    costly = (wave for wave in own if not way_back(made, wave_of, course.flips, wave).free)
    one_way = made.routing is Routing.UPGRADED_ONLY
    words = (
        word
        for stage in (made.today, *course.stages)
        for chosen in stage.baselines
        for condition in chosen.conditions
        for word in condition.words
    )
    return DomainPlan(
        domain=made.way.name,
        hosts=made.way.moving,
        baselines=tuple(chosen.baseline for chosen in course.stages[0].baselines),
        routing=made.routing,
        remedies=tuple(
            remedies_of(made.way, made.fates, course.stages[0], course.stages[-1], one_way=one_way)
        ),
        point_of_no_return=next(costly, None),
        conditions=tuple(sorted(set(words))),
    )


def _waves(
    courses: Sequence[Course],
    waves: Sequence[Sequence[str]],
    spare: Sequence[Room | None],
    wave_of: Mapping[HostName, int],
    task: Task,
) -> Iterator[Wave]:
    by_name = {str(host.name): host for host in task.hosts}
    rules = task.policy.plan
    counts = _guest_counts(task.guests)
    flips_by_wave: dict[int, list[Flip]] = {}
    for course in courses:
        for flip in course.flips:
            flips_by_wave.setdefault(flip.after_wave, []).append(flip)
    for number, hosts in enumerate(waves, start=1):
        backs = [way_back(course.draft, wave_of, course.flips, number) for course in courses]
        day = None
        if rules.start is not None:
            day = rules.start + datetime.timedelta(days=(number - 1) * rules.wave_days)
        yield Wave(
            number=number,
            day=day,
            hosts=tuple(hosts),
            upgrades=tuple(_upgrade(by_name[host]) for host in hosts),
            why=tuple(_why(courses, number)),
            moves=None if counts is None else sum(counts.get(host, 0) for host in hosts),
            spare=spare[number - 1],
            flips=tuple(flips_by_wave.get(number, ())),
            rollback=merged(backs),
            one_way_guests=_one_way(backs),
        )


def _one_way(backs: Sequence[WayBack]) -> int | None:
    numbers = [part.one_way_guests for part in backs]
    return None if None in numbers else sum(one for one in numbers if one is not None)


def _guest_counts(guests: Sequence[GuestGroup] | None) -> dict[str, int] | None:
    if guests is None:
        return None
    counts: dict[str, int] = {}
    for group in guests:
        if group.migratable:
            counts[group.host] = counts.get(group.host, 0) + group.count
    return counts


def _upgrade(host: UpgradeHost) -> HostUpgrade:
    target = host.target or host.group
    return HostUpgrade(
        host=str(host.name),
        from_kernel=host.group.kernel,
        from_qemu=host.group.qemu,
        kernel=target.kernel,
        qemu=target.qemu,
    )


def _why(courses: Sequence[Course], wave: int) -> Iterator[str]:
    """Say which pools lose their last host of an old profile with this wave."""
    for course in courses:
        for stage in course.stages:
            if stage.after_wave == wave:
                yield f"{course.draft.way.name}: its last hosts of an old build"
