"""What-ifs on one fleet: a scenario is answered by drawing again only the pools that it touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

from planner.answers.answer import Answerer, united
from planner.answers.answer import solve as solve_domains
from planner.answers.presumed_moves import PresumedMoveJudge
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet, HostProfile
from planner.domain.plans.scenario import (
    AllowedEdge,
    DomainChange,
    PlanOutline,
    Scenario,
    ScenarioResult,
    WhatIfResult,
)
from planner.domain.policy import AcceptedLoss, Policy
from planner.domain.solution import DomainSolution, Solution, Status
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.shipped import load_knowledge
from planner.migration.graph import Edge, MigrationDomain, complete_domains, directed_domains
from planner.migration.profiles import PoolMember, Profiler, members_by_pool, profile_fleet
from planner.parallel import processors, spread
from planner.whatif.apply_scenario import Changed, Changer, Groups
from planner.whatif.broken_edges import broken_edges
from planner.whatif.compare import compared
from planner.whatif.frontier import frontier_of
from planner.whatif.plan_summary import outline_of
from planner.whatif.scenario_checks import check_scenario, check_scenarios

Pools = dict[str, tuple[PoolMember, ...]]
NOTHING: Mapping[str, Groups] = {}
WORTH_SPREADING = 50
"""Number of scenarios from which on a second process pays for itself."""


@dataclass(slots=True, repr=False)
class WhatIf:
    """A fleet with its answer, ready for any number of scenarios: the second costs a fraction.

    `guests` None: not given. With `plans` a result has the outline of an upgrade plan.
    """

    fleet: Fleet
    guests: Sequence[GuestGroup] | None = None
    policy: Policy | None = None
    knowledge: KnowledgeBase | None = None
    plans: bool = False
    progress: Callable[[int], None] | None = None
    base: Solution = field(init=False)
    _rows: KnowledgeBase = field(init=False)
    _rules: Policy = field(init=False)
    _changer: Changer = field(init=False)
    _profiler: Profiler = field(init=False)
    _members: Pools = field(init=False)
    _before: dict[str, DomainSolution] = field(init=False)
    _guests_of: dict[str, list[GuestGroup]] = field(default_factory=dict)
    _answerers: dict[Policy, Answerer] = field(default_factory=dict)
    _moves: PresumedMoveJudge = field(init=False)
    _whole: dict[Policy, dict[str, DomainSolution]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Solve the fleet as it is; raises `FleetError`."""
        self._rows = self.knowledge or load_knowledge()
        self._rules = self.policy or self._rows.policy
        profiled = profile_fleet(self.fleet, self._rows)
        self._members = dict(profiled.pools)
        self._profiler = Profiler(self._rows)
        self._changer = Changer(self.fleet, self._rows)
        self._moves = PresumedMoveJudge(self._rows, self._rules)
        for group in self.guests or ():
            self._guests_of.setdefault(group.pool, []).append(group)
        self.base = self._solved(self._rules)
        self._before = {one.domain: one for one in self.base.domains}

    def __repr__(self) -> str:
        """Show the fleet's answer in one line."""
        return f"WhatIf({self.base!r})"

    def _solved(self, policy: Policy) -> Solution:
        domains = complete_domains(self._members)
        return solve_domains(
            domains, self._rows, policy, guests=self.guests or (), progress=self.progress
        )

    def run(self, scenario: Scenario) -> ScenarioResult:
        """Return what a scenario makes of the answer.

        Raises `ScenarioError` with every name that nothing has and every change that is about no host.
        """
        check_scenario(scenario, self.fleet, self._rows)
        made = self._changer.changed(scenario)
        rules = allowed(scenario, self._rules)
        ends = (name for edge in scenario.edges for name in (edge.source, edge.destination))
        domains = self._drawn({*made.pools, *ends}, rules, made.pools, scenario.edges)
        gone = {name for name, groups in made.pools.items() if not groups}
        answers = self._under(rules) | {one.name: self._answer(one, rules) for one in domains}
        after = {name: answer for name, answer in answers.items() if name not in gone}
        before = {
            name: answer for name, answer in self._before.items() if name in after or name in gone
        }
        comparison = compared(before, after, self._rows)
        untouched = len(self._before) - len(before)
        return ScenarioResult(
            name=scenario.name,
            hosts=made.hosts,
            comparison=replace(comparison, alike=comparison.alike + untouched),
            broken=tuple(
                broken_edges(domains, self._before, self._certified(domains), self._moves)
            ),
            guests=self._affected(comparison.changes),
            plan=self._outline(made, rules) if self.plans and made.upgraded else None,
            status=_gravest(
                answer for name, answer in (self._before | answers).items() if name not in gone
            ),
        )

    def effective(self, scenarios: Iterable[Scenario]) -> Iterator[Scenario]:
        """Yield the scenarios that change some host; raises `ScenarioError` for an unknown name."""
        for scenario in scenarios:
            check_scenario(scenario, self.fleet, self._rows)
            if self._changer.is_effective(scenario):
                yield scenario

    def _certified(self, domains: Iterable[MigrationDomain]) -> dict[str, frozenset[Edge]]:
        """Return the pairs of pools as they are, over which their answers were certified."""
        names = {domain.name for domain in domains} & {*self._members}
        own = complete_domains({name: self._members[name] for name in names})
        return {domain.name: frozenset(domain.pairs()) for domain in own}

    def _under(self, rules: Policy) -> dict[str, DomainSolution]:
        """Return the answers of the fleet as it is that changed rules may change."""
        if rules == self._rules:
            return {}
        if replace(rules, retired_types=self._rules.retired_types) == self._rules:
            names = _giving(rules.retired_types, self._before.values())
            return {one.name: self._answer(one, rules) for one in self._drawn(names, rules)}
        if rules not in self._whole:
            self._whole[rules] = {one.domain: one for one in self._solved(rules).domains}
        return dict(self._whole[rules])

    def _answer(self, domain: MigrationDomain, rules: Policy) -> DomainSolution:
        if rules not in self._answerers:
            self._answerers[rules] = Answerer(self._rows, rules)
        return self._answerers[rules].answer(domain, self._guests_of.get(domain.name, ()))

    def _drawn(
        self,
        names: Iterable[str],
        rules: Policy,
        pools: Mapping[str, Groups] = NOTHING,
        edges: Sequence[AllowedEdge] = (),
    ) -> tuple[MigrationDomain, ...]:
        """Return the domains of some pools, and of those that are tied to them.

        `pools` are those that are touched, with their groups of afterwards.
        """
        wanted = {*names}
        tied = (name for group in rules.uniformity_groups if wanted & {*group} for name in group)
        members = {name: self._of_pool(name, pools) for name in sorted({*wanted, *tied})}
        ends = {name for edge in edges for name in (edge.source, edge.destination)}
        joined = {name: found for name, found in members.items() if found and name in ends}
        apart = {name: found for name, found in members.items() if found and name not in ends}
        found = [*complete_domains(apart)]
        if joined:
            found += directed_domains(joined, sorted(_arrows(joined, edges), key=repr))
        return tuple(united(found, rules))

    def _of_pool(self, name: str, pools: Mapping[str, Groups]) -> tuple[PoolMember, ...]:
        """Return the members of a pool, drawn again if it is touched."""
        if name not in pools:
            return self._members.get(name, ())
        profile_of = {group: self._profiler.profile(group) for group in pools[name]}
        return members_by_pool(profile_of).get(name, ())

    def _affected(self, changes: Iterable[DomainChange]) -> int | None:
        """Count the guests of pools whose answer changes."""
        if self.guests is None:
            return None
        groups = (group for one in changes for group in self._guests_of.get(one.domain, ()))
        return sum(group.count for group in groups)

    def _outline(self, made: Changed, rules: Policy) -> PlanOutline:
        hosts = {name: self._changer.pool(name) for name in made.pools}
        guests = None
        if self.guests is not None:
            guests = [one for name in made.pools for one in self._guests_of.get(name, ())]
        return outline_of(hosts, made.upgraded, guests, rules, self._rows)


def what_if(
    fleet: Fleet,
    scenarios: Sequence[Scenario],
    *,
    matrix: Sequence[Scenario] = (),
    guests: Sequence[GuestGroup] | None = None,
    plans: bool = False,
    policy: Policy | None = None,
    knowledge: KnowledgeBase | None = None,
    progress: Callable[[int], None] | None = None,
) -> WhatIfResult:
    """Return what each scenario makes of the answer, and the frontier of a matrix of upgrades.

    Combinations of the matrix that change no host are left out. `plans`: outline the upgrade plans
    too; `progress` is told the number of scenarios answered. Raises `FleetError`, `ScenarioError`.
    """
    rows = knowledge or load_knowledge()
    check_scenarios((*scenarios, *matrix), fleet, rows)
    asked = WhatIf(fleet, guests=guests, policy=policy, knowledge=rows, plans=plans)
    every = (*scenarios, *asked.effective(matrix))
    count = processors() if len(every) >= WORTH_SPREADING else 1
    ends = [len(every) * part // count for part in range(count + 1)]
    done = spread(
        [
            partial(_results, asked, every[begin:end], len(every), None if begin else progress)
            for begin, end in pairwise(ends)
        ]
    )
    results = tuple(result for share in done for result in share)
    return WhatIfResult(
        results=results,
        frontier=frontier_of(results[len(scenarios) :], asked.base, rows),
        fleet_hosts=fleet.size,
        knowledge_digest=rows.digest,
    )


def _results(
    asked: WhatIf,
    scenarios: Sequence[Scenario],
    total: int,
    progress: Callable[[int], None] | None,
) -> list[ScenarioResult]:
    """Answer scenarios in order, and tell progress as if those answered beside went as fast."""
    found = []
    for number, scenario in enumerate(scenarios, start=1):
        found.append(asked.run(scenario))
        if progress is not None:
            progress(round(number * total / len(scenarios)))
    return found


def allowed(scenario: Scenario, policy: Policy) -> Policy:
    """Return what is allowed in a scenario."""
    losses = tuple(
        AcceptedLoss(unit=unit, owner=owner, reason=reason)
        for unit, owner, reason in scenario.accepted
    )
    return replace(
        policy,
        retired_types=policy.retired_types | frozenset(scenario.retired),
        accepted_losses=(*policy.accepted_losses, *losses),
    )


def _arrows(
    pools: Mapping[str, Sequence[PoolMember]], edges: Iterable[AllowedEdge]
) -> Iterator[tuple[tuple[str, HostProfile], tuple[str, HostProfile]]]:
    """Yield who may send to whom: everybody in a pool, and from pool to pool along the edges."""
    ways = [(name, name) for name in pools]
    ways += [(edge.source, edge.destination) for edge in edges]
    for source, destination in dict.fromkeys(ways):
        for one in pools.get(source, ()):
            for other in pools.get(destination, ()):
                if one is not other or one.hosts > 1:
                    yield (source, one.profile), (destination, other.profile)


def _giving(types: frozenset[str], answers: Iterable[DomainSolution]) -> Iterator[str]:
    """Yield the pools whose answer may change if no new guest gets some types.

    Those are the types that are given, and the next newer ones; what is refused may hang on any.
    """
    for answer in answers:
        newer = (one.why_not_newer for one in answer.baselines)
        named = {one.machine_type for one in answer.baselines}
        named |= {one.machine_type for one in newer if one is not None}
        if answer.refused or named & types:
            yield answer.domain


def _gravest(answers: Iterable[DomainSolution]) -> Status:
    found = {answer.status for answer in answers}
    for status in (Status.NO_SAFE_BASELINE, Status.UNDECIDED):
        if status in found:
            return status
    return Status.SAFE
