"""Where each flip stands before wave 1: done, eligible, or blocked, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from planner.domain.plans.plan import Flip, FlipState, FlipStatus
from planner.domain.policy import Policy
from planner.domain.shown import counted
from planner.domain.solution import ChosenBaseline, Status
from planner.knowledge.base import KnowledgeBase
from planner.migration.profiles import PoolMember
from planner.rollout.flips import NOTHING, is_of
from planner.rollout.pool_analysis import PoolAnalysis
from planner.rollout.stages import PoolUpgrade, Stage, StageSolver


def states_of(
    analysis: PoolAnalysis,
    stages: Sequence[Stage],
    flips: Sequence[Flip],
    stage_solver: StageSolver,
) -> Iterator[FlipState]:
    """Yield every flip that waits for hosts, facts or policy, and those that need not wait."""
    upgrade, last = analysis.upgrade, stages[-1]
    yield from _mixed(upgrade, stages, flips)
    if last.status is Status.UNDECIDED:
        yield _undecided(upgrade, last)
    yield from _by_policy(upgrade, last, stage_solver)
    for chosen in analysis.first.baselines:
        yield from _behind(analysis, chosen, stage_solver.knowledge)
    waiting = {(flip.board, flip.line) for flip in flips}
    for chosen in last.baselines:
        if (chosen.board, chosen.line) not in waiting:
            yield _state(
                upgrade, chosen, FlipStatus.DONE, ("new guests get it from before wave 1 on",)
            )


def _state(
    upgrade: PoolUpgrade, chosen: ChosenBaseline, status: FlipStatus, reasons: tuple[str, ...]
) -> FlipState:
    return FlipState(
        domain=upgrade.name,
        board=chosen.board,
        before=chosen.baseline,
        after=chosen.baseline,
        status=status,
        reasons=reasons,
    )


def _by_policy(upgrade: PoolUpgrade, last: Stage, stage_solver: StageSolver) -> Iterator[FlipState]:
    """Yield what would be safe once the last host is done if the policy did not forbid it."""
    given = {(baseline.board, baseline.line): baseline for baseline in last.baselines}
    for chosen in stage_solver.without_bounds(last):
        old = given.get((chosen.board, chosen.line))
        if old is not None and old.baseline == chosen.baseline:
            continue
        state = _state(
            upgrade, chosen, FlipStatus.POLICY, tuple(_bounds(stage_solver.policy, chosen.board))
        )
        yield replace(state, before=NOTHING if old is None else old.baseline)


def _bounds(policy: Policy, board: str) -> Iterator[str]:
    """Yield the words of the policy that bound a board."""
    for name, machine_type in policy.ceilings:
        if name == board:
            yield f"the policy's ceiling is {machine_type}"
    if policy.retired_types:
        yield f"the policy retires {', '.join(sorted(policy.retired_types))}"
    if policy.forbidden_flags:
        yield f"the policy forbids {', '.join(policy.forbidden_flags)}"


def _mixed(
    upgrade: PoolUpgrade, stages: Sequence[Stage], flips: Iterable[Flip]
) -> Iterator[FlipState]:
    """Yield the flips that old hosts hold back, with those that go last."""
    for flip in flips:
        previous = max(
            (stage for stage in stages if stage.after_wave < flip.after_wave),
            key=lambda stage: stage.after_wave,
        )
        following = next(stage for stage in stages if stage.after_wave == flip.after_wave)
        blocking = [
            member
            for member in previous.domain.members
            if member.profile not in following.domain.profiles
        ]
        yield FlipState(
            domain=upgrade.name,
            board=flip.board,
            before=flip.before,
            after=flip.after,
            status=FlipStatus.MIXED,
            reasons=tuple(f"{member.label} is still there" for member in blocking),
            hosts=sum(member.hosts for member in blocking),
            examples=tuple(name for member in blocking for name in member.examples)[:3],
        )


def _undecided(upgrade: PoolUpgrade, stage: Stage) -> FlipState:
    facts = sorted(
        {
            fact
            for result in stage.results
            for attempt in result.open_attempts
            for obstacle in attempt.obstacles
            for fact in obstacle.facts
        }
    )
    members: tuple[PoolMember, ...] = stage.domain.members
    return FlipState(
        domain=upgrade.name,
        board="",
        before=NOTHING,
        after=NOTHING,
        status=FlipStatus.UNKNOWN,
        reasons=tuple(f"missing fact: {fact}" for fact in facts),
        hosts=sum(member.hosts for member in members),
        examples=tuple(name for member in members for name in member.examples)[:3],
    )


def _behind(
    analysis: PoolAnalysis, chosen: ChosenBaseline, knowledge: KnowledgeBase
) -> Iterable[FlipState]:
    for impact in analysis.impacts:
        cohort = impact.cohort
        if not cohort.groups or not is_of(cohort.groups[0], chosen, knowledge):
            continue
        if cohort.start.baseline.machine_type != chosen.machine_type:
            yield FlipState(
                domain=analysis.upgrade.name,
                board=chosen.board,
                before=cohort.start.baseline,
                after=chosen.baseline,
                status=FlipStatus.ELIGIBLE,
                reasons=(
                    f"{counted(cohort.guests or 0, 'guest')} can be raised at the next launch",
                ),
                hosts=len(cohort.hosts),
                examples=cohort.hosts[:3],
            )
