"""A pool with its waves: the stages that they end, the flips that they free, the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from planner.domain.cpu_advice import cpu_notes
from planner.domain.guest import GuestGroup
from planner.domain.host import HostName
from planner.domain.plans.plan import DomainPlan, Flip, FlipState, Restart
from planner.domain.plans.upgrade import PlanPolicy
from planner.domain.policy import Policy
from planner.domain.shown import counted
from planner.knowledge.base import KnowledgeBase
from planner.rollout.cautions import cautions_of
from planner.rollout.flip_states import states_of
from planner.rollout.flips import flips_of, split_held
from planner.rollout.guest_groups import presumed_boards
from planner.rollout.guest_impact import keeps_to_its_hosts
from planner.rollout.mitigations import remedies_of
from planner.rollout.pool_analysis import PoolAnalysis
from planner.rollout.restarts import baseline_for, power_offs
from planner.rollout.rollback import RollbackCost, rollback_cost
from planner.rollout.stages import Stage, StageSolver
from planner.rollout.takes_effect import EffectTimes

WaveOf = Mapping[HostName, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSchedule:
    """A pool with its waves.

    `rollbacks` is the way back after each wave, from wave 1 on; `held` flips wait for the operator,
    `states` say what holds the others back before wave 1.
    """

    analysis: PoolAnalysis
    stages: tuple[Stage, ...]
    flips: tuple[Flip, ...]
    held: tuple[FlipState, ...]
    states: tuple[FlipState, ...]
    restarts: tuple[Restart, ...]
    assumptions: tuple[str, ...]
    cautions: tuple[str, ...]
    rollbacks: tuple[RollbackCost, ...]

    def plan(self) -> DomainPlan:
        """Return what the pool does, as the plan tells it."""
        analysis, first, last = self.analysis, self.stages[0], self.stages[-1]
        answers = [
            baseline for stage in (analysis.today, *self.stages) for baseline in stage.baselines
        ]
        conditions = [condition for answer in answers for condition in answer.conditions]
        checks = dict.fromkeys(check.text for answer in answers for check in answer.checks)
        costly = (wave for wave, back in enumerate(self.rollbacks, start=1) if not back.free)
        cpu = first.cpu
        return DomainPlan(
            domain=analysis.upgrade.name,
            hosts=analysis.upgrade.moving,
            baselines=tuple(chosen.baseline for chosen in first.baselines),
            routing=analysis.routing,
            remedies=tuple(remedies_of(analysis, first, last)),
            point_of_no_return=next(costly, None),
            conditions=tuple(
                sorted({word for condition in conditions for word in condition.words})
            ),
            holds_if=tuple(dict.fromkeys(condition.text for condition in conditions)),
            checks=tuple(checks),
            cpu_models=tuple(
                vendor.newest for vendor in cpu.vendors if vendor.newest and not cpu.is_open
            ),
            cpu_refused=tuple(cpu_notes(cpu)),
            needs_ack=tuple(sorted({unit for answer in answers for unit in answer.acks})),
            assumptions=self.assumptions,
            cautions=self.cautions,
        )


def schedule_of(
    analysis: PoolAnalysis,
    wave_of: WaveOf,
    waves: int,
    guests: Sequence[GuestGroup] | None,
    stage_solver: StageSolver,
    effects: EffectTimes,
) -> PoolSchedule:
    """Return what a pool's waves free, each flip dated and held as the operator wants."""
    rules, knowledge = stage_solver.policy.plan, stage_solver.knowledge
    stages = stage_solver.stages(analysis.upgrade, wave_of, directed=analysis.first.is_directed)
    if stages[0].domain.profiles == analysis.first.domain.profiles:
        stages = (analysis.first, *stages[1:])
    wanted = tuple(flips_of(analysis.upgrade, stages, guests, rules, effects))
    flips, held = split_held(wanted, rules.holds)
    return PoolSchedule(
        analysis=analysis,
        stages=stages,
        flips=flips,
        held=held,
        states=tuple(states_of(analysis, stages, wanted, stage_solver)),
        restarts=(*analysis.restarts, *_power_offs(analysis, wave_of, rules, knowledge)),
        assumptions=(
            *_kept_on_their_hosts(analysis, knowledge),
            *_assumptions(analysis, stage_solver.policy),
        ),
        cautions=tuple(
            cautions_of(analysis.upgrade, analysis.today.domain, stages[0].domain, knowledge)
        ),
        rollbacks=tuple(_rollbacks(analysis, wave_of, flips, waves)),
    )


def _power_offs(
    analysis: PoolAnalysis, wave_of: WaveOf, rules: PlanPolicy, knowledge: KnowledgeBase
) -> Iterator[Restart]:
    if rules.restarts:
        yield from power_offs(
            analysis.bound, wave_of, lambda group: baseline_for(group, analysis.first, knowledge)
        )


def _rollbacks(
    analysis: PoolAnalysis, wave_of: WaveOf, flips: Sequence[Flip], waves: int
) -> Iterator[RollbackCost]:
    """Yield the way back after each wave; it changes only where something happens to the pool."""
    events = {wave_of[host.name] for host in analysis.upgrade.hosts if host.target is not None}
    events |= {flip.after_wave for flip in flips}
    back = rollback_cost(analysis, wave_of, flips, 0)
    for wave in range(1, waves + 1):
        if wave in events:
            back = rollback_cost(analysis, wave_of, flips, wave)
        yield back


def _kept_on_their_hosts(analysis: PoolAnalysis, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield which guests go only to hosts that have their machine type, for others refuse them."""
    guests_of: dict[str, int] = {}
    for impact in analysis.impacts:
        if keeps_to_its_hosts(analysis.upgrade, impact.cohort, knowledge):
            name = impact.cohort.start.baseline.machine_type
            guests_of[name] = guests_of.get(name, 0) + (impact.cohort.guests or 0)
    for name, guests in guests_of.items():
        yield f"{counted(guests, 'guest')} on {name}: moved only to hosts that offer it"


def _assumptions(analysis: PoolAnalysis, policy: Policy) -> Iterator[str]:
    """Yield what the plan takes for granted, for nobody said it."""
    if any(analysis.upgrade.name in group for group in policy.uniformity_groups):
        yield "pools of one uniformity group may differ while they are upgraded"
    for loss in policy.accepted_losses:
        if loss.expires is not None:
            yield f"{loss.owner} accepts the loss of {loss.unit} until {loss.expires}"
    if not analysis.given:
        boards = " or ".join(sorted(presumed_boards(analysis.today, policy.boards)))
        yield f"guests of today, not given, follow today's answer on {boards}"
        if len(analysis.upgrade.hosts) == 1:
            yield "its only host has no guests while it is upgraded: they could go nowhere"
    if any(host.capacity is None for host in analysis.upgrade.hosts):
        yield "room is not checked: the fleet does not say how large its hosts are"
