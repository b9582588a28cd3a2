"""A pool with its waves: the stages that they end, the flips that they free, the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from planner.domain.guest import GuestGroup
from planner.domain.host import HostName
from planner.domain.plan import DomainPlan, Flip, FlipState, Restart
from planner.domain.policy import Policy
from planner.domain.upgrade import PlanPolicy
from planner.knowledge.base import KnowledgeBase
from planner.rollout.flip_states import states_of
from planner.rollout.flips import flips_of, split_held
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

    `backs` is the way back after each wave, from wave 1 on; `held` flips wait for the operator,
    `states` say what holds the others back before wave 1.
    """

    draft: PoolAnalysis
    stages: tuple[Stage, ...]
    flips: tuple[Flip, ...]
    held: tuple[FlipState, ...]
    states: tuple[FlipState, ...]
    restarts: tuple[Restart, ...]
    assumptions: tuple[str, ...]
    backs: tuple[RollbackCost, ...]

    def plan(self) -> DomainPlan:
        """Return what the pool does, as the plan tells it."""
        made, first, last = self.draft, self.stages[0], self.stages[-1]
        answers = [one for stage in (made.today, *self.stages) for one in stage.baselines]
        conditions = [condition for one in answers for condition in one.conditions]
        checks = dict.fromkeys(one.text for answer in answers for one in answer.checks)
        costly = (wave for wave, back in enumerate(self.backs, start=1) if not back.free)
        cpu = first.cpu
        return DomainPlan(
            domain=made.way.name,
            hosts=made.way.moving,
            baselines=tuple(chosen.baseline for chosen in first.baselines),
            routing=made.routing,
            remedies=tuple(remedies_of(made, first, last)),
            point_of_no_return=next(costly, None),
            conditions=tuple(sorted({word for one in conditions for word in one.words})),
            holds_if=tuple(dict.fromkeys(one.text for one in conditions)),
            checks=tuple(checks),
            cpu_models=tuple(one.newest for one in cpu.vendors if one.newest and not cpu.is_open),
            cpu_refused=tuple(other.name for one in cpu.vendors for other in one.refused),
            needs_ack=tuple(sorted({unit for one in answers for unit in one.acks})),
            assumptions=self.assumptions,
        )


def schedule_of(
    made: PoolAnalysis,
    wave_of: WaveOf,
    waves: int,
    guests: Sequence[GuestGroup] | None,
    stager: StageSolver,
    effects: EffectTimes,
) -> PoolSchedule:
    """Return what a pool's waves free, each flip dated and held as the operator wants."""
    rules, knowledge = stager.policy.plan, stager.knowledge
    stages = stager.stages(made.way, wave_of, directed=made.first.is_directed)
    if stages[0].domain.profiles == made.first.domain.profiles:
        stages = (made.first, *stages[1:])
    wanted = tuple(flips_of(made.way, stages, guests, rules, effects))
    flips, held = split_held(wanted, rules.holds)
    return PoolSchedule(
        draft=made,
        stages=stages,
        flips=flips,
        held=held,
        states=tuple(states_of(made, stages, wanted, stager)),
        restarts=(*made.restarts, *_power_offs(made, wave_of, rules, knowledge)),
        assumptions=tuple(_assumptions(made, stager.policy)),
        backs=tuple(_backs(made, wave_of, flips, waves)),
    )


def _power_offs(
    made: PoolAnalysis, wave_of: WaveOf, rules: PlanPolicy, knowledge: KnowledgeBase
) -> Iterator[Restart]:
    if rules.restarts:
        yield from power_offs(
            made.bound, wave_of, lambda group: baseline_for(group, made.first, knowledge)
        )


def _backs(
    made: PoolAnalysis, wave_of: WaveOf, flips: Sequence[Flip], waves: int
) -> Iterator[RollbackCost]:
    """Yield the way back after each wave; it changes only where something happens to the pool."""
    events = {wave_of[host.name] for host in made.way.hosts if host.target is not None}
    events |= {flip.after_wave for flip in flips}
    back = rollback_cost(made, wave_of, flips, 0)
    for wave in range(1, waves + 1):
        if wave in events:
            back = rollback_cost(made, wave_of, flips, wave)
        yield back


def _assumptions(made: PoolAnalysis, policy: Policy) -> Iterator[str]:
    """Yield what the plan takes for granted, for nobody said it."""
    if any(made.way.name in group for group in policy.uniformity_groups):
        yield "pools of one uniformity group may differ while they are upgraded"
    for loss in policy.accepted_losses:
        if loss.expires is not None:
            yield f"{loss.owner} accepts the loss of {loss.unit} until {loss.expires}"
    if not made.given:
        yield "guests of today, not given, run what today's answer advises"
        if len(made.way.hosts) == 1:
            yield "its only host has no guests while it is upgraded: they could go nowhere"
    if any(host.capacity is None for host in made.way.hosts):
        yield "room is not checked: the fleet does not say how large its hosts are"
