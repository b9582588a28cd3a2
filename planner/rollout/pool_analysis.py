"""A pool before its waves are packed: what is safe on the way, where guests may go, what forbids it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planner.domain.compat import CompatFlag
from planner.domain.guest import GuestGroup
from planner.domain.plans.plan import Relaxation, Restart, Routing
from planner.domain.plans.upgrade import PlanPolicy
from planner.domain.solution import ChosenBaseline, Status
from planner.knowledge.base import KnowledgeBase
from planner.rollout.blockers import (
    MendableImpact,
    against_guests,
    bound_guests,
    reasons_without_answer,
    without_guests,
)
from planner.rollout.deprecation import stranded
from planner.rollout.guest_groups import BootHosts, Cohort, cohorts_of, presumed, presumed_boards
from planner.rollout.guest_impact import ImpactJudge, UpgradeImpact
from planner.rollout.restarts import (
    as_one,
    baseline_for,
    before_wave_one,
    bound_to_upgrades,
    is_bound,
    restarted,
)
from planner.rollout.stages import PoolUpgrade, Stage, StageSolver


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAnalysis:
    """What is known of a pool's way without any wave.

    `today` and `first` are the answers for the hosts of today and for new guests from before wave 1
    on. `given`: guests of today were given. `cohorts` are those of today, `impacts` what the way does
    to those that migrate, once the `restarts` are made; `bound` cannot migrate away from hosts that
    are upgraded. `relaxations` forbid the plan.
    """

    upgrade: PoolUpgrade
    today: Stage
    first: Stage
    routing: Routing
    given: bool
    cohorts: tuple[Cohort, ...]
    bound: tuple[GuestGroup, ...]
    impacts: tuple[UpgradeImpact, ...]
    restarts: tuple[Restart, ...]
    relaxations: tuple[Relaxation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAnalyser:
    """Looks at pools against one knowledge base and policy."""

    stage_solver: StageSolver
    judge: ImpactJudge
    boots: BootHosts
    rules: PlanPolicy

    @property
    def knowledge(self) -> KnowledgeBase:
        """The rows that everything is judged by."""
        return self.judge.knowledge

    def analysis(self, upgrade: PoolUpgrade, guests: Sequence[GuestGroup] | None) -> PoolAnalysis:
        """Look at a pool's upgrade before any wave is made; `guests` None: not given."""
        today, first = self.stage_solver.today(upgrade), self._first(upgrade)
        bound = bound_to_upgrades(upgrade, guests or ())
        answers = (*today.baselines, *first.baselines)
        cohorts, movers = self._cohorts(upgrade, today, guests)
        impacts = self.judge.impacts(upgrade, movers, answers)
        mended = tuple(self._mended(impact, upgrade, first, answers) for impact in impacts)
        restarts: tuple[Restart, ...] = ()
        if self.rules.restarts:
            impacts = tuple(self._all_mended(impacts, mended, upgrade, first, answers))
            steps = zip(movers, (impact.cohort for impact in impacts), strict=True)
            restarts = as_one(step for pair in steps for step in before_wave_one(upgrade, *pair))
        relaxations = [
            *reasons_without_answer(upgrade, first, self.knowledge, self._boards(today, guests))
        ]
        if not relaxations:
            relaxations += [] if guests is not None else without_guests(upgrade, today)
            mendables = (
                MendableImpact(impact=impact, restart_helps=after is not None)
                for impact, after in zip(impacts, mended, strict=True)
            )
            relaxations += against_guests(upgrade, mendables, self.knowledge, first.cpu)
            relaxations += self._without_power_off(upgrade, bound, first)
        one_way = first.is_directed or any(impact.is_one_way for impact in impacts)
        return PoolAnalysis(
            upgrade=upgrade,
            today=today,
            first=first,
            routing=Routing.UPGRADED_ONLY if one_way else Routing.ANY,
            given=guests is not None,
            cohorts=cohorts,
            bound=bound,
            impacts=impacts,
            restarts=restarts,
            relaxations=tuple(relaxations),
        )

    def _boards(self, today: Stage, guests: Sequence[GuestGroup] | None) -> frozenset[str]:
        """Return the boards of the guests; where none are given, the one that is recommended."""
        if guests is None:
            return presumed_boards(today, self.stage_solver.policy.boards)
        rows = (self.knowledge.machine_type(group.machine_type) for group in guests)
        return frozenset(row.board for row in rows if row is not None)

    def _first(self, upgrade: PoolUpgrade) -> Stage:
        """Return the answer before wave 1: for every move, else for moves forward only."""
        first = self.stage_solver.before_wave_one(upgrade)
        if first.status is not Status.SAFE:
            directed = self.stage_solver.forward_only(upgrade)
            if directed.status is Status.SAFE:
                return directed
        return first

    def _cohorts(
        self, upgrade: PoolUpgrade, today: Stage, guests: Sequence[GuestGroup] | None
    ) -> tuple[tuple[Cohort, ...], tuple[Cohort, ...]]:
        """Return the guests of today, and those of them that migrate."""
        if guests is None:
            cohorts = tuple(presumed(upgrade, today, self.stage_solver.policy.boards))
            return cohorts, cohorts
        cohorts = tuple(cohorts_of(upgrade, guests, self.boots))
        movers = [group for group in guests if not is_bound(upgrade, group)]
        if len(movers) == len(guests):
            return cohorts, cohorts
        return cohorts, tuple(cohorts_of(upgrade, movers, self.boots))

    def _mended(
        self,
        impact: UpgradeImpact,
        upgrade: PoolUpgrade,
        first: Stage,
        answers: Sequence[ChosenBaseline],
    ) -> UpgradeImpact | None:
        """Return the impact on guests after a restart, None if they need none or it does not help."""
        return (
            self._after_restart(impact, upgrade, first, answers)
            if self._is_lost(impact, upgrade)
            else None
        )

    def _all_mended(
        self,
        impacts: Sequence[UpgradeImpact],
        mended: Sequence[UpgradeImpact | None],
        upgrade: PoolUpgrade,
        first: Stage,
        answers: Sequence[ChosenBaseline],
    ) -> Iterator[UpgradeImpact]:
        """Yield the impacts with all that is mended; a restart names guests by what they run.

        So guests of a baseline go with those of it that a restart helps, whether or not it helps them.
        """
        pairs = tuple(zip(impacts, mended, strict=True))
        named = {_name(impact) for impact, after in pairs if after is not None}
        for impact, after in pairs:
            along = after is None and _name(impact) in named
            yield (
                self._once_restarted(impact, upgrade, first, answers) if along else after
            ) or impact

    def _after_restart(
        self,
        impact: UpgradeImpact,
        upgrade: PoolUpgrade,
        first: Stage,
        answers: Sequence[ChosenBaseline],
    ) -> UpgradeImpact | None:
        """Return the impact on guests once restarted, None if they cannot be or it does not help."""
        after = self._once_restarted(impact, upgrade, first, answers)
        return None if after is None or self._is_lost(after, upgrade) else after

    def _once_restarted(
        self,
        impact: UpgradeImpact,
        upgrade: PoolUpgrade,
        first: Stage,
        answers: Sequence[ChosenBaseline],
    ) -> UpgradeImpact | None:
        """Return the impact on guests once restarted, None if their board has no answer."""
        cohort = restarted(impact.cohort, upgrade, first, self.knowledge)
        if cohort is impact.cohort:
            return None
        (after,) = self.judge.impacts(upgrade, (cohort,), answers)
        return after

    def _is_lost(self, impact: UpgradeImpact, upgrade: PoolUpgrade) -> bool:
        """Whether the way would strand or hinder guests."""
        stranding = stranded(upgrade, (impact.cohort,), self.knowledge)
        return impact.is_hindered or any(True for _ in stranding)

    def _without_power_off(
        self, upgrade: PoolUpgrade, bound: Sequence[GuestGroup], first: Stage
    ) -> Iterator[Relaxation]:
        """Yield the guests that would have to be off with their host, and may or can not be."""
        if not self.rules.restarts:
            yield from bound_guests(upgrade, bound, "allow restarts (plan.restarts = true)")
            return
        stay = [group for group in bound if baseline_for(group, first, self.knowledge) is None]
        yield from bound_guests(upgrade, stay, "no answer is of their board")


def _name(impact: UpgradeImpact) -> tuple[str, frozenset[CompatFlag]]:
    """Return what a plan knows guests by: machine type and flags, in whatever order."""
    baseline = impact.cohort.start.baseline
    return baseline.machine_type, frozenset(baseline.flags)
