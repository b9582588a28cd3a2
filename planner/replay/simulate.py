"""Replay a plan over its fleet, with faults; shares nothing with the planner but the domain types."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from planner.domain.guest import GuestGroup
from planner.domain.plans.plan import Plan
from planner.domain.plans.simulation import (
    HostFailure,
    NoWayBack,
    Phase,
    ReplayRule,
    Simulation,
    Violation,
)
from planner.domain.plans.upgrade import UpgradeHost
from planner.domain.policy import Policy
from planner.knowledge.base import KnowledgeBase
from planner.replay.capacity import shortages
from planner.replay.findings import Finding, violation_of
from planner.replay.host_states import IN_WAVE
from planner.replay.move_judge import MoveJudge
from planner.replay.plan_validation import contradictions
from planner.replay.policy_checks import broken_limits
from planner.replay.pool_facts import PoolFacts
from planner.replay.pool_replay import PoolReplay
from planner.replay.rollback_replay import no_way_back
from planner.replay.setup import ReplaySetup
from planner.replay.symmetry import kept_waves, replay_key


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequest:
    """A plan, the fleet that it is for, guests of today (None: not given), and faults that may strike.

    Every subset of the faults is covered: the fewer there are, the less can go wrong. `past`: kernel
    and QEMU that a host had before today. `bounded`: the waves must keep to the bounds of the policy.
    """

    plan: Plan
    hosts: Sequence[UpgradeHost]
    guests: Sequence[GuestGroup] | None
    knowledge: KnowledgeBase
    policy: Policy
    failures: tuple[HostFailure, ...] = ()
    abort_after: int | None = None
    past: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    bounded: bool = False


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """What the replay of one shape of pool found, with the waves of the pool that was replayed."""

    waves: tuple[int, ...]
    violation: Finding | None
    gap: Finding | None
    judgements: int

    def moved(self, finding: Finding, waves: Sequence[int]) -> Finding:
        """Return a finding with the wave of another pool of this shape."""
        if not finding.wave:
            return finding
        return replace(finding, wave=waves[self.waves.index(finding.wave)])


@dataclass(slots=True)
class _Tally:
    """What is known so far."""

    judgements: int = 0
    pools: int = 0
    without_room: int = 0
    violations: list[Violation] = field(default_factory=list)
    gaps: list[Violation] = field(default_factory=list)
    no_way_back: list[NoWayBack] = field(default_factory=list)


def simulate(scenario: ReplayRequest) -> Simulation:
    """Replay every phase of every wave; return the first violation, or that there is none."""
    judge = MoveJudge(scenario.knowledge, scenario.policy)
    known: dict[object, ReplayOutcome] = {}
    record = _Tally()
    conditions: set[str] = set()
    for pool in _pools(scenario):
        record.pools += 1
        conditions |= {f"{kind}:{word}" for kind, word in pool.conditions}
        _replay(pool, judge, known, record)
        _check_room(pool, scenario.policy.plan.fill, record)
        if scenario.abort_after is not None:
            record.no_way_back += no_way_back(pool, judge, scenario.abort_after)
    if scenario.bounded:
        record.violations += _broken_limits(scenario)
    if scenario.abort_after is not None:
        record.violations += _broken_promise(scenario.plan, scenario.abort_after, record)
    return Simulation(
        waves=len(scenario.plan.waves),
        phases=1 + len(IN_WAVE) * len(scenario.plan.waves),
        judgements=record.judgements,
        violation=min(record.violations, key=lambda violation: violation.moment, default=None),
        gap=min(record.gaps, key=lambda violation: violation.moment, default=None),
        failures=scenario.failures,
        abort_after=scenario.abort_after,
        no_way_back=tuple(dict.fromkeys(record.no_way_back)),
        pools=record.pools,
        pools_without_room=record.without_room,
        conditions=tuple(sorted(conditions)),
        contradictions=tuple(contradictions(scenario.plan)),
    )


def drawn_failures(plan: Plan, seed: int) -> tuple[HostFailure, ...]:
    """Return one failure per wave, of a host of the plan: chosen by the seed, always the same."""
    chance = random.Random(seed)
    hosts = sorted({upgrade.host for wave in plan.waves for upgrade in wave.upgrades})
    return tuple(HostFailure(host=chance.choice(hosts), wave=wave.number) for wave in plan.waves)


def _pools(scenario: ReplayRequest) -> Iterator[PoolFacts]:
    failures: dict[str, tuple[int, ...]] = {}
    for failure in sorted(set(scenario.failures)):
        failures[failure.host] = (*failures.get(failure.host, ()), failure.wave)
    setup = ReplaySetup(
        plan=scenario.plan,
        hosts=scenario.hosts,
        guests=scenario.guests,
        knowledge=scenario.knowledge,
        failures=failures,
        past=scenario.past,
    )
    return setup.pools()


def _replay(
    pool: PoolFacts, judge: MoveJudge, known: dict[object, ReplayOutcome], record: _Tally
) -> None:
    """Replay a pool, or take what an equal one gave."""
    kept = kept_waves(pool)
    key = replay_key(pool, kept)
    if key not in known:
        replay = PoolReplay(pool, judge, kept)
        replay.run()
        known[key] = ReplayOutcome(kept, replay.violation, replay.gap, replay.judgements)
    outcome = known[key]
    record.judgements += outcome.judgements
    for finding, record_of in ((outcome.violation, record.violations), (outcome.gap, record.gaps)):
        if finding is not None:
            record_of.append(violation_of(outcome.moved(finding, kept), pool))


def _check_room(pool: PoolFacts, fill: float, record: _Tally) -> None:
    """Note the first wave in which what runs does not fit on the hosts that are up."""
    if not pool.capacity or pool.used is None:
        record.without_room += 1
        return
    for wave, text in shortages(pool.capacity, pool.used, fill, _down(pool)):
        record.violations.append(
            _violation(pool.name, wave, Phase.EVACUATE, ReplayRule.NO_ROOM, text)
        )
        return


def _broken_limits(scenario: ReplayRequest) -> Iterator[Violation]:
    rules = scenario.policy.plan
    for wave, pool, text in broken_limits(scenario.plan, scenario.hosts, rules):
        yield _violation(pool, wave, Phase.CORDON, ReplayRule.LIMIT, text)


def _down(pool: PoolFacts) -> Mapping[int, Sequence[str]]:
    """Return the hosts that are down in each wave: those that are upgraded, and those that die."""
    down: dict[int, list[str]] = {}
    for host_class in pool.classes:
        for wave in (*(step.wave for step in host_class.steps), *host_class.failures):
            down.setdefault(wave, []).extend(host_class.hosts)
    return down


def _broken_promise(plan: Plan, wave: int, record: _Tally) -> Iterable[Violation]:
    """Yield a violation if guests cannot go back although the plan says that the way back is free."""
    row = next(
        (planned_wave.rollback for planned_wave in plan.waves if planned_wave.number == wave), None
    )
    certain = [planned_wave for planned_wave in record.no_way_back if planned_wave.rule != "P012"]
    if row is None or not row.free or not certain:
        return
    first = certain[0]
    text = f"the plan says that rollback is free; {first.rule} {first.unit}: {first.text}"
    yield _violation(first.domain, wave, Phase.ROLLBACK, ReplayRule.WAY_BACK, text, first)


def _violation(
    pool: str,
    wave: int,
    phase: Phase,
    rule: ReplayRule,
    text: str,
    lost: NoWayBack | None = None,
) -> Violation:
    return Violation(
        wave=wave,
        phase=phase,
        domain=pool,
        guests="the guests of the pool" if lost is None else lost.guests,
        count=None if lost is None else lost.count,
        source=None,
        destination=None,
        rule=rule.value,
        unit="" if lost is None else lost.unit,
        text=text,
        consequence="",
        is_gap=False,
    )
