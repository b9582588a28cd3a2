"""Make a plan: look at every pool, pack waves, then say what each wave frees and costs."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from planner.domain.errors import Location, Problem, UsageError
from planner.domain.guest import GuestGroup
from planner.domain.host import HostName
from planner.domain.plans.plan import Bounds, HostUpgrade, Plan, RadarEntry, Relaxation, Wave
from planner.domain.plans.upgrade import PlanPolicy, UpgradeHost
from planner.domain.policy import Policy
from planner.knowledge.base import KnowledgeBase
from planner.optimize.waves.problem import Infeasible, Packing
from planner.rollout.deprecation import radar_of
from planner.rollout.guest_groups import BootHosts, total
from planner.rollout.guest_impact import ImpactJudge
from planner.rollout.packing_input import packed
from planner.rollout.pool_analysis import PoolAnalyser, PoolAnalysis
from planner.rollout.pool_schedule import PoolSchedule, schedule_of
from planner.rollout.rollback import merged
from planner.rollout.stages import StageSolver, pool_upgrades
from planner.rollout.takes_effect import EffectTimes

NO_BOUNDS = Bounds(waves=0, method="closed-form", gap=0)
T = TypeVar("T")
GuestsByPool = Mapping[str, Sequence[GuestGroup]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What shall be planned: hosts with their targets, guests of today (None: not given)."""

    hosts: tuple[UpgradeHost, ...]
    guests: tuple[GuestGroup, ...] | None
    knowledge: KnowledgeBase
    policy: Policy
    fleet_digest: str
    today: datetime.date | None = None


def make_plan(task: PlanRequest, *, progress: Callable[[int], None] | None = None) -> Plan:
    """Return the plan of every pool that can have one; relaxations say what forbids the others theirs.

    Raises `FleetError` for a kernel or QEMU without a line, `UsageError` for days past the calendar.
    """
    stage_solver = StageSolver(task.knowledge, task.policy)
    guests = _by_pool(task.guests)
    every = list(_analyses(task, stage_solver, guests, progress or _silent))
    relaxations = [relaxation for analysis in every for relaxation in analysis.relaxations]
    analyses = [analysis for analysis in every if not analysis.relaxations]
    if not analyses:
        return _plan(task, every, relaxations=relaxations)
    packing = packed(analyses, guests, task.policy.plan)
    if isinstance(packing, Infeasible):
        return _plan(task, every, relaxations=(*relaxations, *packing.relaxations))
    _check_calendar(task.policy.plan, len(packing.waves))
    wave_of = {
        HostName(host): number
        for number, hosts in enumerate(packing.waves, start=1)
        for host in hosts
    }
    waves = len(packing.waves)
    effects = EffectTimes(task.knowledge, task.policy)
    schedules = [
        schedule_of(
            analysis, wave_of, waves, _of_pool(guests, analysis.upgrade.name), stage_solver, effects
        )
        for analysis in analyses
    ]
    bounds = Bounds(waves=packing.bound, method=packing.method, gap=waves - packing.bound)
    return _plan(
        task,
        every,
        relaxations=relaxations,
        schedules=schedules,
        bounds=bounds,
        waves=tuple(_waves(schedules, packing, task)),
    )


def _check_calendar(rules: PlanPolicy, waves: int) -> None:
    """Raise `UsageError` if the last day of the plan is past the calendar."""
    if rules.start is None:
        return
    try:
        days = (waves + 1) * rules.wave_days + rules.soak_days
        rules.start + datetime.timedelta(days=days)
    except OverflowError:
        location = Location(file="plan", column="start")
        text = f"{waves} waves from {rules.start} on do not end before the year 10000"
        remedy = "start earlier, or shorten wave_days or soak_days"
        raise UsageError([Problem(location=location, what=text, remedy=remedy)]) from None


def _silent(number: int) -> None:
    """Report no progress."""


def _analyses(
    task: PlanRequest,
    stage_solver: StageSolver,
    guests: GuestsByPool | None,
    progress: Callable[[int], None],
) -> Iterator[PoolAnalysis]:
    analyser = PoolAnalyser(
        stage_solver=stage_solver,
        judge=ImpactJudge(task.knowledge, task.policy),
        boots=BootHosts(task.hosts, task.knowledge),
        rules=task.policy.plan,
    )
    for number, upgrade in enumerate(pool_upgrades(task.hosts, task.knowledge), start=1):
        yield analyser.analysis(upgrade, _of_pool(guests, upgrade.name))
        progress(number)


def _by_pool(guests: Sequence[GuestGroup] | None) -> GuestsByPool | None:
    if guests is None:
        return None
    by_pool: dict[str, list[GuestGroup]] = {}
    for group in guests:
        by_pool.setdefault(group.pool, []).append(group)
    return by_pool


def _of_pool(guests: GuestsByPool | None, pool: str) -> Sequence[GuestGroup] | None:
    return None if guests is None else guests.get(pool, ())


def _plan(
    task: PlanRequest,
    analyses: Iterable[PoolAnalysis],
    *,
    relaxations: Iterable[Relaxation] = (),
    schedules: Sequence[PoolSchedule] = (),
    bounds: Bounds = NO_BOUNDS,
    waves: tuple[Wave, ...] = (),
) -> Plan:
    return Plan(
        waves=waves,
        domains=tuple(schedule.plan() for schedule in schedules),
        bounds=bounds,
        restarts=tuple(restart for schedule in schedules for restart in schedule.restarts),
        masks=(),
        held=tuple(state for schedule in schedules for state in schedule.held),
        states=tuple(state for schedule in schedules for state in schedule.states),
        radar=tuple(_radar(task, analyses)),
        relaxations=tuple(relaxations),
        knowledge_digest=task.knowledge.digest,
        fleet_digest=task.fleet_digest,
        guest_profile=task.policy.guest_profile,
    )


def _radar(task: PlanRequest, analyses: Iterable[PoolAnalysis]) -> Iterator[RadarEntry]:
    for analysis in analyses:
        yield from radar_of(analysis.upgrade, analysis.cohorts, task.knowledge, task.today)


def _waves(
    schedules: Sequence[PoolSchedule], packing: Packing, task: PlanRequest
) -> Iterator[Wave]:
    by_name = {str(host.name): host for host in task.hosts}
    counts = _guest_counts(task.guests)
    flips = _by_wave((flip.after_wave, flip) for schedule in schedules for flip in schedule.flips)
    ends = _by_wave(
        (stage.after_wave, f"{schedule.analysis.upgrade.name}: its last hosts of an old build")
        for schedule in schedules
        for stage in schedule.stages
    )
    for number, hosts in enumerate(packing.waves, start=1):
        rollbacks = [schedule.rollbacks[number - 1] for schedule in schedules]
        yield Wave(
            number=number,
            day=_day(task, number),
            hosts=tuple(hosts),
            upgrades=tuple(_upgrade(by_name[host]) for host in hosts),
            why=(packing.why[number - 1], *ends.get(number, ())),
            moves=None if counts is None else sum(counts.get(host, 0) for host in hosts),
            spare=packing.spare[number - 1],
            flips=tuple(flips.get(number, ())),
            rollback=merged(rollbacks),
            one_way_guests=total(back.one_way_guests for back in rollbacks),
        )


def _by_wave(dated: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    waves: dict[int, list[T]] = {}
    for wave, event in dated:
        waves.setdefault(wave, []).append(event)
    return waves


def _day(task: PlanRequest, wave: int) -> datetime.date | None:
    rules = task.policy.plan
    if rules.start is None:
        return None
    return rules.start + datetime.timedelta(days=(wave - 1) * rules.wave_days)


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
