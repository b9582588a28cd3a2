"""The cheapest upgrades that open what is wanted of each pool, solved again before they are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from planner.answers.host_classes import first_names, host_count
from planner.answers.why_not_newer import refusals
from planner.domain.host import HostGroup
from planner.domain.solution import ChosenBaseline
from planner.domain.truth import Truth
from planner.domain.unlock import Goal, LeastCost, UnlockStatus, UnlockTarget
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


@dataclass(slots=True, kw_only=True)
class UnlockSearch:
    """Finds the cheapest upgrades of one fleet; equal questions of pools are answered once."""

    knowledge: KnowledgeBase
    landscape: ModifiedFleet
    solver: Solver = field(init=False)
    domains: Mapping[str, MigrationDomain] = field(init=False)
    answers: Mapping[str, tuple[LineResult, ...]] = field(init=False)
    today: Mapping[str, Ranks] = field(init=False)
    _upgrader: UpgradeFinder = field(init=False)
    _compositions: PoolMixes = field(init=False)
    _known: dict[object, SearchResult] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Solve the fleet as it is."""
        self.solver = Solver(knowledge=self.knowledge, policy=self.landscape.policy)
        self._compositions = PoolMixes(self.solver)
        self._upgrader = UpgradeFinder(knowledge=self.knowledge, profiler=self.landscape.profiler)
        self._upgrader.learn(self.landscape.fleet.groups)
        self.domains = {domain.name: domain for domain in self.landscape.domains({})}
        self.answers = {name: self.solver.solve(domain) for name, domain in self.domains.items()}
        self.today = {name: ranks_of(results) for name, results in self.answers.items()}

    def open(self, want: Goal, value: float) -> GoalResult:
        """Return the cheapest verified upgrades for a want, or why there are none."""
        domain = self.domains[want.domain]
        reason = self._shut_out(want)
        if reason:
            return closed(want, value, domain, reason)
        ways = tuple(self._ways(want, member) for member in domain.members)
        allowed = tuple(tuple(self._allowed(want, own)) for own in ways)
        stuck = [
            member for member, numbers in zip(domain.members, allowed, strict=True) if not numbers
        ]
        if stuck:
            return closed(want, value, domain, _no_way(want, stuck))
        seats = tuple(
            HostsToMove(member.hosts, numbers)
            for member, numbers in zip(domain.members, allowed, strict=True)
        )
        found = self._search(want, domain, seats, ways)
        if found.choice is None:
            return self._refused(want, value, domain, ways, found)
        return self._verified(want, value, domain, ways, found)

    def _shut_out(self, want: Goal) -> str:
        """Say why the policy or the machine leaves a type out, empty if neither does."""
        row = want.machine_type
        if row is None:
            return ""
        arch = self.domains[want.domain].members[0].profile.arch
        if row.arch != arch:
            return f"{row.name} is a type for {row.arch} hosts, these are {arch}"
        policy = self.landscape.policy
        left_out = (policy.boards and row.board not in policy.boards) or (
            policy.lines and row.line not in policy.lines
        )
        if left_out or not self._candidates(want):
            return f"the policy leaves {row.name} out"
        return ""

    def _candidates(self, want: Goal) -> tuple[str, ...]:
        """Return the types that would do."""
        row = want.machine_type
        assert row is not None
        types = self.solver.form.offers.candidates(row.arch, row.board, row.line)
        return tuple(one.name for one in types if one.rank >= row.rank)

    def _ways(self, want: Goal, member: PoolMember) -> tuple[UpgradePath, ...]:
        name = "" if want.machine_type is None else want.machine_type.name
        return self._upgrader.ways(member, name)

    def _allowed(self, want: Goal, ways: Sequence[UpgradePath]) -> Iterator[int]:
        """Yield the ways after which every build may offer a type that would do."""
        offers = self.knowledge.machines.offers
        for number, way in enumerate(ways):
            if want.machine_type is None or any(
                all(offers(profile.qemu, name) is not Truth.NO for profile in way.profiles)
                for name in self._candidates(want)
            ):
                yield number

    def _search(
        self,
        want: Goal,
        domain: MigrationDomain,
        seats: tuple[HostsToMove, ...],
        ways: tuple[tuple[UpgradePath, ...], ...],
    ) -> SearchResult:
        today = self.today[want.domain]
        if self.landscape.arrows is not None:
            judge = FleetJudge(
                want=want,
                ways=ways,
                today=self.today,
                landscape=self.landscape,
                solver=self.solver,
            )
            return cheapest_upgrade(seats, judge)
        profiles = tuple(tuple(way.profiles for way in own) for own in ways)
        key = (want.board, want.line, want.text, seats, profiles, tuple(sorted(today.items())))
        if key not in self._known:
            self._known[key] = cheapest_upgrade(
                seats,
                PoolJudge(
                    want=want,
                    hosts=tuple(member.hosts for member in domain.members),
                    ways=ways,
                    today=today,
                    compositions=self._compositions,
                ),
            )
        return self._known[key]

    def _verified(
        self,
        want: Goal,
        value: float,
        domain: MigrationDomain,
        ways: tuple[tuple[UpgradePath, ...], ...],
        found: SearchResult,
    ) -> GoalResult:
        """Return the opening if the changed hosts, solved and certified, have what is wanted."""
        assert found.choice is not None
        changed = changes(ways, found.choice)
        cost = sum(len(group.hosts) for group in changed)
        bound = LeastCost(cost=found.bound, method=found.method, gap=cost - found.bound)
        held = self.holds((want,), changed)
        target = UnlockTarget(
            want=want,
            status=UnlockStatus.OPENED if held else UnlockStatus.UNDECIDED,
            value=value,
            cost=cost if held else None,
            upgrades=tuple(class_upgrades(changed)) if held else (),
            after=self._after(want, changed) if held else (),
            bound=bound if held else LeastCost(cost=found.bound, method=UNFINISHED, gap=0),
            verified=held,
            reason="" if held else NOT_HELD,
        )
        choice = found.choice if held else ()
        return GoalResult(target=target, domain=domain, ways=ways, choice=choice)

    def holds(self, wants: Sequence[Goal], changed: Mapping[HostGroup, HostGroup]) -> bool:
        """Whether the fleet with these groups changed has all `wants`, and no pool an older type."""
        return fleet_refusal(wants, changed, self.today, self.landscape, self.solver) is None

    def _after(self, want: Goal, changed: Mapping[HostGroup, HostGroup]) -> tuple[str, ...]:
        pools = self.landscape.together({want.domain, *(str(group.pool) for group in changed)})
        drawn = self.landscape.domains(changed, pools)
        domain = next(one for one in drawn if one.name == want.domain)
        baseline = next(
            baseline_of(result.chosen)
            for result in self.solver.solve(domain)
            if (result.board, result.line) == (want.board, want.line) and result.chosen
        )
        return _words(baseline)

    def _refused(
        self,
        want: Goal,
        value: float,
        domain: MigrationDomain,
        ways: tuple[tuple[UpgradePath, ...], ...],
        found: SearchResult,
    ) -> GoalResult:
        """Return that nothing opens a want, or that nobody knows, with the reasons at the newest end."""
        status = UnlockStatus.CLOSED if found.certain else UnlockStatus.UNDECIDED
        newest = tuple(min(len(own) - 1, 1) for own in ways)
        changed = changes(ways, newest)
        reasons = tuple(dict.fromkeys(self._reasons(want, changed)))
        text = "; ".join(reasons[:MOST_REASONS]) or "every upgrade takes an answer away elsewhere"
        if found.method == UNFINISHED:
            text = f"the search ended before it was sure; {text}"
        target = UnlockTarget(
            want=want,
            status=status,
            value=value,
            cost=None,
            upgrades=(),
            after=(),
            bound=LeastCost(cost=found.bound, method=found.method, gap=0),
            verified=False,
            reason=text,
        )
        return GoalResult(target=target, domain=domain, ways=ways)

    def _reasons(self, want: Goal, changed: Mapping[HostGroup, HostGroup]) -> Iterator[str]:
        """Yield what refuses a want once every class is as new as its pool or vendor line allows."""
        pools = self.landscape.together({want.domain, *(str(group.pool) for group in changed)})
        domain = next(
            one for one in self.landscape.domains(changed, pools) if one.name == want.domain
        )
        if want.machine_type is not None:
            attempt = self.solver.form.attempt(domain, want.machine_type)
            yield from (one.text for one in refusals(domain, attempt))
            return
        for result in self.solver.solve(domain):
            if (result.board, result.line) != (want.board, want.line):
                continue
            if result.chosen is None and result.newer is not None:
                yield from (one.text for one in refusals(domain, result.newer))
            for choice in () if result.chosen is None else result.chosen.flags:
                if choice.flag.key == want.dropped:
                    yield choice.reason


def _words(baseline: ChosenBaseline) -> tuple[str, ...]:
    return baseline.machine_type, *(str(choice.flag) for choice in baseline.flags)


def _no_way(want: Goal, stuck: Sequence[PoolMember]) -> str:
    names = ", ".join(first_names(stuck))
    return (
        f"nothing newer of their pool or vendor line that this fleet runs offers {want.text} "
        f"to {host_count(stuck)} hosts ({names}{', ...' if host_count(stuck) > 3 else ''})"
    )
