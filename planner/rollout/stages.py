"""Which host profiles a pool holds from each wave boundary on, and the certified answer for them.

After wave w a pool holds its hosts that are not yet upgraded, and everything that is or will be.
What is safe among all of them is safe in every phase that follows, so the answer of a stage holds
from its boundary to the end. A stage ends where the last host of an old profile is upgraded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from planner.answers.answer import preference
from planner.answers.conditions import sorted_out
from planner.answers.cpu_advice import cpu_advice
from planner.answers.status import status_of
from planner.domain.cpu_advice import ANY_CPU, CpuAdvice
from planner.domain.errors import FleetError, Location, Problem
from planner.domain.host import HostGroup, HostName, HostProfile
from planner.domain.plans.upgrade import UpgradeHost
from planner.domain.policy import Policy
from planner.domain.solution import ChosenBaseline, Status
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import Edge, MigrationDomain
from planner.migration.profiles import PoolMember, Profiler
from planner.solver.solve import LineResult, Solver, baseline_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUpgrade:
    """A pool on its way: its hosts with the profiles that they leave and get (equal if they stay)."""

    name: str
    hosts: tuple[UpgradeHost, ...]
    before: tuple[HostProfile, ...]
    after: tuple[HostProfile, ...]

    @property
    def moving(self) -> int:
        """Number of hosts that are upgraded."""
        return sum(host.target is not None for host in self.hosts)

    def crowded_profiles(self) -> frozenset[HostProfile]:
        """Return the profiles that more than one host has at some time."""
        pairs = zip(self.before, self.after, strict=True)
        counts = Counter(profile for pair in pairs for profile in set(pair))
        return frozenset(profile for profile, hosts in counts.items() if hosts > 1)

    def profiles_before(self) -> tuple[HostProfile, ...]:
        """Return the profiles of today, in order of appearance."""
        return tuple(dict.fromkeys(self.before))

    def upgraded_profiles(self) -> tuple[HostProfile, ...]:
        """Return the profiles that hosts get, in order of appearance."""
        pairs = zip(self.hosts, self.after, strict=True)
        return tuple(dict.fromkeys(after for host, after in pairs if host.target is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a pool holds after `after_wave`, and what is safe from there to the end.

    `cpu` is what guest CPUs may be under the first of the `baselines`.
    """

    after_wave: int
    domain: MigrationDomain
    status: Status
    baselines: tuple[ChosenBaseline, ...]
    results: tuple[LineResult, ...]
    cpu: CpuAdvice = ANY_CPU

    @property
    def is_directed(self) -> bool:
        """Whether the answer holds only if no guest goes from an upgraded host to an old one."""
        return self.domain.edges is not None


def pool_upgrades(
    hosts: Iterable[UpgradeHost], knowledge: KnowledgeBase
) -> tuple[PoolUpgrade, ...]:
    """Return the pools in which some host is upgraded, in name order.

    Raises `FleetError` with every kernel or QEMU, of today or to come, that the data cannot place.
    """
    profiler = Profiler(knowledge)
    known: dict[int, HostProfile] = {}
    hosts = tuple(hosts)
    wrong = tuple(_unplaced(hosts, knowledge))
    if wrong:
        raise FleetError(wrong)

    def profile(group: HostGroup) -> HostProfile:
        """Return the profile of a group; rows of a file share one group."""
        if id(group) not in known:
            known[id(group)] = profiler.profile(group)
        return known[id(group)]

    pools: dict[str, list[UpgradeHost]] = {}
    for host in sorted(hosts, key=lambda host: host.name):
        pools.setdefault(host.pool, []).append(host)
    return tuple(
        PoolUpgrade(
            name=name,
            hosts=tuple(members),
            before=tuple(profile(host.group) for host in members),
            after=tuple(profile(host.target or host.group) for host in members),
        )
        for name, members in sorted(pools.items())
        if any(host.target is not None for host in members)
    )


def _unplaced(hosts: Iterable[UpgradeHost], knowledge: KnowledgeBase) -> Iterator[Problem]:
    """Yield a problem for every kernel and QEMU to go to without a line, at the first row with it.

    What a host runs today may fit no line: then nothing is known of it, and its pool is undecided.
    """
    rows = {
        (column, text): host.target
        for host in reversed(tuple(hosts))
        if host.target is not None
        for column, text, now in (
            ("target_kernel", host.target.kernel, host.group.kernel),
            ("target_qemu", host.target.qemu, host.group.qemu),
        )
        if text != now
    }
    for (column, text), group in sorted(rows.items(), key=lambda row: row[1].line):
        location = Location(file=group.file or "fleet", line=group.line or None, column=column)
        misfit = knowledge.misfit(column.removeprefix("target_"), text)
        if misfit is not None:
            yield Problem(location=location, what=misfit[0], remedy=misfit[1])


Solved = tuple[tuple[LineResult, ...], tuple[ChosenBaseline, ...]]
"""What the solver found of a domain, and the answers in it."""
Composition = tuple[frozenset[HostProfile], frozenset[HostProfile], frozenset[Edge] | None]
"""The profiles of a domain, those that several hosts have, and the edges if not all."""


@dataclass(slots=True)
class StageSolver:
    """Solves stages of pools against one knowledge base and policy."""

    knowledge: KnowledgeBase
    policy: Policy
    _solver: Solver = field(init=False)
    _known: dict[Composition, Solved] = field(default_factory=dict)
    _free: StageSolver | None = None

    def __post_init__(self) -> None:
        """Make the solver that every stage shares."""
        self._solver = Solver(knowledge=self.knowledge, policy=self.policy)

    def today(self, upgrade: PoolUpgrade) -> Stage:
        """Return the answer for the pool as it is, without any upgrade to come."""
        placed = (
            (host.group, host.name, profile)
            for host, profile in zip(upgrade.hosts, upgrade.before, strict=True)
        )
        return self._stage(0, _domain(upgrade.name, placed))

    def before_wave_one(self, upgrade: PoolUpgrade) -> Stage:
        """Return the answer for every mixture that any order of waves can make."""
        return self._stage(0, _domain(upgrade.name, _present(upgrade, {}, 0)))

    def forward_only(self, upgrade: PoolUpgrade) -> Stage:
        """Return the answer before wave 1 if no guest ever goes from an upgraded host to an old one."""
        return self._stage(
            0, _forward_only(upgrade, _domain(upgrade.name, _present(upgrade, {}, 0)))
        )

    def stages(
        self, upgrade: PoolUpgrade, wave_of: Mapping[HostName, int], *, directed: bool
    ) -> tuple[Stage, ...]:
        """Return the stages after wave 0 and after each wave that ends an old profile.

        `directed`: no guest ever goes from an upgraded host to an old one, at any stage.
        """
        last: dict[HostProfile, int] = {}
        for host, profile in zip(upgrade.hosts, upgrade.before, strict=True):
            if host.target is not None:
                last[profile] = max(last.get(profile, 0), wave_of[host.name])
        ends = sorted({0, *last.values()})
        domains = ((wave, _domain(upgrade.name, _present(upgrade, wave_of, wave))) for wave in ends)
        return tuple(
            self._stage(wave, _forward_only(upgrade, domain) if directed else domain)
            for wave, domain in domains
        )

    def without_bounds(self, stage: Stage) -> tuple[ChosenBaseline, ...]:
        """Return the answer of a stage if policy set no ceiling, retired and forbade nothing.

        Nothing where the policy sets no such bound: the answer would be the same.
        """
        free = replace(self.policy, ceilings=(), retired_types=frozenset(), forbidden_flags=())
        if free == self.policy:
            return ()
        if self._free is None:
            self._free = StageSolver(self.knowledge, free)
        return self._free._stage(stage.after_wave, stage.domain).baselines

    def _stage(self, wave: int, domain: MigrationDomain) -> Stage:
        crowded = frozenset(member.profile for member in domain.members if member.hosts > 1)
        key = (domain.profiles, crowded, domain.edges)
        if key not in self._known:
            results, _ = self._solver.certified(domain, self._solver.solve(domain))
            self._known[key] = (results, self._ordered_answers(domain, results))
        results, baselines = self._known[key]
        cpu = cpu_advice(domain, baselines[0], self.knowledge) if baselines else ANY_CPU
        return Stage(
            after_wave=wave,
            domain=domain,
            status=Status.UNDECIDED if domain.unplaced else status_of(results),
            baselines=baselines,
            results=results,
            cpu=cpu,
        )

    def _ordered_answers(
        self, domain: MigrationDomain, results: Iterable[LineResult]
    ) -> tuple[ChosenBaseline, ...]:
        """Return the answers of a domain as `solve` orders them, with what is left to check of each."""
        form = self._solver.form
        disputed = (
            sorted_out(domain, baseline_of(result.chosen), result.chosen.machine_type, form)
            for result in results
            if result.chosen is not None
        )
        return tuple(sorted(disputed, key=partial(preference, domain, self.policy)))


Placed = tuple[HostGroup, HostName, HostProfile]


def _present(upgrade: PoolUpgrade, wave_of: Mapping[HostName, int], wave: int) -> Iterator[Placed]:
    """Yield what is in the pool after `wave` or comes later; a host without a wave comes later."""
    for host, before, after in zip(upgrade.hosts, upgrade.before, upgrade.after, strict=True):
        if host.target is None or wave_of.get(host.name, wave + 1) > wave:
            yield host.group, host.name, before
        if host.target is not None:
            yield host.target, host.name, after


def _domain(name: str, placed: Iterable[Placed]) -> MigrationDomain:
    members = tuple(_members(placed))
    return MigrationDomain(name=name, starts=members, members=members)


def _forward_only(upgrade: PoolUpgrade, domain: MigrationDomain) -> MigrationDomain:
    """Return a domain without the edges from upgraded hosts to old ones."""
    upgraded = frozenset(upgrade.upgraded_profiles())
    edges = frozenset(
        (source, destination)
        for source, destination in domain.pairs()
        if destination in upgraded or source not in upgraded
    )
    return replace(domain, edges=edges)


def _members(placed: Iterable[Placed]) -> Iterator[PoolMember]:
    """Yield one member per profile; hosts of one kernel and QEMU text stand together."""
    members: dict[HostProfile, dict[tuple[str, str], list[tuple[HostGroup, HostName]]]] = {}
    for group, name, profile in placed:
        texts = members.setdefault(profile, {})
        texts.setdefault((group.kernel, group.qemu), []).append((group, name))
    for profile, texts in members.items():
        groups = tuple(
            replace(rows[0][0], hosts=tuple(name for _, name in rows)) for rows in texts.values()
        )
        yield PoolMember(profile=profile, groups=groups)
