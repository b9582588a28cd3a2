"""The cheapest upgrades that open what is wanted of each pool, solved again before they are told.

In: a `Goal` (a newer type, or an answer without a flag) and a fleet. Out: a `GoalResult`: which
hosts become what, at which cost in hosts, with a proven bound; or why nothing opens it.

Idea: every class of hosts has a few paths, builds that run in the same fleet today
(`upgrade_options`). A proposal is the cheapest choice of paths that no refusal forbids; the real
solver judges it (`type_judge`); a refusal is shrunk to the few profiles that cause it and becomes
a cut. This is combinatorial Benders decomposition: CP-SAT or enumeration proposes, the solver
disposes.

Invariant: proposals come in order of cost, so the first that the judge accepts is optimal over
the given paths. It is solved and certified on the real hosts before it is told.

Cost: one solved composition per proposal; refusals of profiles are shared by pools. Source:
Hooker and Ottosson, logic-based Benders decomposition.

An example with toy hosts is in `planner.optimize.upgrade_choice`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from planner.answers.answer import Preference, preference
from planner.answers.conditions import sorted_out
from planner.answers.host_classes import first_names, host_count
from planner.answers.reasons.why_not_newer import refusals
from planner.domain.host import HostGroup
from planner.domain.plans.unlock import Goal, LeastCost, UnlockStatus, UnlockTarget
from planner.domain.shown import counted
from planner.domain.solution import ChosenBaseline
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.optimize.upgrade_choice import UNFINISHED, HostsToMove, SearchResult, cheapest_upgrade
from planner.solver.solve import LineResult, Solver, baseline_of
from planner.unlocking.modified_fleet import ModifiedFleet
from planner.unlocking.results import GoalResult, class_upgrades, closed
from planner.unlocking.type_judge import (
    FleetJudge,
    PoolJudge,
    PoolMixes,
    Ranks,
    changes,
    fleet_refusal,
    ranks_of,
)
from planner.unlocking.upgrade_options import UpgradeFinder, UpgradePath

NOT_HELD = "the cheapest upgrade found does not hold for the hosts as they are"
MOST_REASONS = 3
"""Reasons that a line tells; `explain` has all of them."""


@dataclass(slots=True, kw_only=True)
class UnlockSearch:
    """Finds the cheapest upgrades of one fleet; equal questions of pools are answered once.

    `pools` are the only ones that goals may speak of (None: all).
    """

    knowledge: KnowledgeBase
    fleet_now: ModifiedFleet
    pools: Collection[str] | None = None
    solver: Solver = field(init=False)
    domains: Mapping[str, MigrationDomain] = field(init=False)
    answers: Mapping[str, tuple[LineResult, ...]] = field(init=False)
    today: Mapping[str, Ranks] = field(init=False)
    _upgrader: UpgradeFinder = field(init=False)
    _mixes: PoolMixes = field(init=False)
    _known: dict[object, SearchResult] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Solve the fleet as it is."""
        self.solver = Solver(knowledge=self.knowledge, policy=self.fleet_now.policy)
        self._mixes = PoolMixes(self.solver)
        self._upgrader = UpgradeFinder(knowledge=self.knowledge, profiler=self.fleet_now.profiler)
        self._upgrader.learn(self.fleet_now.fleet.groups)
        pools = None if self.pools is None else self.fleet_now.together(self.pools)
        self.domains = {domain.name: domain for domain in self.fleet_now.domains({}, pools)}
        self.answers = {name: self.solver.solve(domain) for name, domain in self.domains.items()}
        self.today = {name: ranks_of(results) for name, results in self.answers.items()}

    def next_types(self) -> dict[str, str]:
        """Return by pool the type above the answer that is recommended, where there is one."""
        types = {}
        for name, domain in self.domains.items():
            chosen = [result for result in self.answers[name] if result.chosen is not None]
            best = min(chosen, key=partial(self._preference, domain), default=None)
            if best is not None and best.newer is not None:
                types[name] = best.newer.machine_type.name
        return types

    def _preference(self, domain: MigrationDomain, result: LineResult) -> Preference:
        assert result.chosen is not None
        baseline, row = baseline_of(result.chosen), result.chosen.machine_type
        sorted_baseline = sorted_out(domain, baseline, row, self.solver.form)
        return preference(domain, self.fleet_now.policy, sorted_baseline)

    def open(self, goal: Goal, value: float) -> GoalResult:
        """Return the cheapest verified upgrades for a goal, or why there are none."""
        domain = self.domains[goal.domain]
        reason = self._shut_out(goal)
        if reason:
            return closed(goal, value, domain, reason)
        paths = tuple(self._paths(goal, member) for member in domain.members)
        allowed = tuple(tuple(self._allowed(goal, of_class)) for of_class in paths)
        stuck = [
            member for member, numbers in zip(domain.members, allowed, strict=True) if not numbers
        ]
        if stuck:
            return closed(goal, value, domain, _no_way(goal, stuck))
        movers = tuple(
            HostsToMove(member.hosts, numbers)
            for member, numbers in zip(domain.members, allowed, strict=True)
        )
        cheapest = self._search(goal, domain, movers, paths)
        if cheapest.choice is None:
            return self._refused(goal, value, domain, paths, cheapest)
        return self._verified(goal, value, domain, paths, cheapest)

    def _shut_out(self, goal: Goal) -> str:
        """Say why the policy or the machine leaves a type out, empty if neither does."""
        row = goal.machine_type
        if row is None:
            return ""
        arch = self.domains[goal.domain].members[0].profile.arch
        if row.arch != arch:
            return f"{row.name} is a type for {row.arch} hosts, these are {arch}"
        policy = self.fleet_now.policy
        left_out = (policy.boards and row.board not in policy.boards) or (
            policy.lines and row.line not in policy.lines
        )
        if left_out or not self._candidates(goal):
            return f"the policy leaves {row.name} out"
        return ""

    def _candidates(self, goal: Goal) -> tuple[str, ...]:
        """Return the types that would do."""
        row = goal.machine_type
        assert row is not None
        types = self.solver.form.offers.candidates(row.arch, row.board, row.line)
        return tuple(name.name for name in types if name.rank >= row.rank)

    def _paths(self, goal: Goal, member: PoolMember) -> tuple[UpgradePath, ...]:
        name = "" if goal.machine_type is None else goal.machine_type.name
        return self._upgrader.paths(member, name)

    def _allowed(self, goal: Goal, paths: Sequence[UpgradePath]) -> Iterator[int]:
        """Yield the ways after which every build may offer a type that would do."""
        offers = self.knowledge.machines.offers
        for number, path in enumerate(paths):
            if goal.machine_type is None or any(
                all(offers(profile.qemu, name) is not Truth.NO for profile in path.profiles)
                for name in self._candidates(goal)
            ):
                yield number

    def _search(
        self,
        goal: Goal,
        domain: MigrationDomain,
        movers: tuple[HostsToMove, ...],
        paths: tuple[tuple[UpgradePath, ...], ...],
    ) -> SearchResult:
        today = self.today[goal.domain]
        if self.fleet_now.arrows is not None:
            judge = FleetJudge(
                goal=goal,
                paths=paths,
                today=self.today,
                fleet_now=self.fleet_now,
                solver=self.solver,
            )
            return cheapest_upgrade(movers, judge)
        profiles = tuple(tuple(path.profiles for path in of_class) for of_class in paths)
        key = (goal.board, goal.line, goal.text, movers, profiles, tuple(sorted(today.items())))
        if key not in self._known:
            self._known[key] = cheapest_upgrade(
                movers,
                PoolJudge(
                    goal=goal,
                    hosts=tuple(member.hosts for member in domain.members),
                    paths=paths,
                    today=today,
                    mixes=self._mixes,
                ),
            )
        return self._known[key]

    def _verified(
        self,
        goal: Goal,
        value: float,
        domain: MigrationDomain,
        paths: tuple[tuple[UpgradePath, ...], ...],
        cheapest: SearchResult,
    ) -> GoalResult:
        """Return the opening if the changed hosts, solved and certified, have what is wanted."""
        assert cheapest.choice is not None
        changed = changes(paths, cheapest.choice)
        cost = sum(len(group.hosts) for group in changed)
        bound = LeastCost(cost=cheapest.bound, method=cheapest.method, gap=cost - cheapest.bound)
        held = self.holds((goal,), changed)
        target = UnlockTarget(
            goal=goal,
            status=UnlockStatus.OPENED if held else UnlockStatus.UNDECIDED,
            value=value,
            cost=cost if held else None,
            upgrades=tuple(class_upgrades(changed, self._upgrader.release_of)) if held else (),
            after=self._after(goal, changed) if held else (),
            bound=bound if held else LeastCost(cost=cheapest.bound, method=UNFINISHED, gap=0),
            verified=held,
            reason="" if held else NOT_HELD,
        )
        choice = cheapest.choice if held else ()
        return GoalResult(target=target, domain=domain, paths=paths, choice=choice)

    def holds(self, goals: Sequence[Goal], changed: Mapping[HostGroup, HostGroup]) -> bool:
        """Whether the fleet with these groups changed has all `goals`, and no pool an older type."""
        return fleet_refusal(goals, changed, self.today, self.fleet_now, self.solver) is None

    def _after(self, goal: Goal, changed: Mapping[HostGroup, HostGroup]) -> tuple[str, ...]:
        pools = self.fleet_now.together({goal.domain, *(str(group.pool) for group in changed)})
        drawn = self.fleet_now.domains(changed, pools)
        domain = next(drawn_domain for drawn_domain in drawn if drawn_domain.name == goal.domain)
        baseline = next(
            baseline_of(result.chosen)
            for result in self.solver.solve(domain)
            if (result.board, result.line) == (goal.board, goal.line) and result.chosen
        )
        return _settings(baseline)

    def _refused(
        self,
        goal: Goal,
        value: float,
        domain: MigrationDomain,
        paths: tuple[tuple[UpgradePath, ...], ...],
        cheapest: SearchResult,
    ) -> GoalResult:
        """Return that nothing opens a goal, or that nobody knows, with the reasons at the newest end."""
        status = UnlockStatus.CLOSED if cheapest.certain else UnlockStatus.UNDECIDED
        newest = tuple(min(len(of_class) - 1, 1) for of_class in paths)
        changed = changes(paths, newest)
        reasons = tuple(dict.fromkeys(self._reasons(goal, changed)))
        text = "; ".join(reasons[:MOST_REASONS]) or "every upgrade takes an answer away elsewhere"
        if cheapest.method == UNFINISHED:
            text = f"the search ended before it was sure; {text}"
        target = UnlockTarget(
            goal=goal,
            status=status,
            value=value,
            cost=None,
            upgrades=(),
            after=(),
            bound=LeastCost(cost=cheapest.bound, method=cheapest.method, gap=0),
            verified=False,
            reason=text,
        )
        return GoalResult(target=target, domain=domain, paths=paths)

    def _reasons(self, goal: Goal, changed: Mapping[HostGroup, HostGroup]) -> Iterator[str]:
        """Yield what refuses a goal once every class is as new as its pool or vendor line allows."""
        pools = self.fleet_now.together({goal.domain, *(str(group.pool) for group in changed)})
        domain = next(
            drawn_domain
            for drawn_domain in self.fleet_now.domains(changed, pools)
            if drawn_domain.name == goal.domain
        )
        if goal.machine_type is not None:
            attempt = self.solver.form.attempt(domain, goal.machine_type)
            yield from (drawn_domain.text for drawn_domain in refusals(domain, attempt))
            return
        for result in self.solver.solve(domain):
            if (result.board, result.line) != (goal.board, goal.line):
                continue
            if result.chosen is None and result.newer is not None:
                yield from (drawn_domain.text for drawn_domain in refusals(domain, result.newer))
            for choice in () if result.chosen is None else result.chosen.flags:
                if choice.flag.key == goal.dropped:
                    yield choice.reason


def _settings(baseline: ChosenBaseline) -> tuple[str, ...]:
    return baseline.machine_type, *(str(choice.flag) for choice in baseline.flags)


def _no_way(goal: Goal, stuck: Sequence[PoolMember]) -> str:
    names = ", ".join(first_names(stuck))
    return (
        f"nothing newer that this fleet runs or the vendor of these hosts mends offers {goal.text} "
        f"to {counted(host_count(stuck), 'host')} ({names}{', ...' if host_count(stuck) > 3 else ''})"
    )
