"""A fleet with the changes of a scenario made: only the pools that they touch are drawn again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nsmallest

from planner.domain.capability import CapabilityId
from planner.domain.errors import Location, Problem, ScenarioError, nearest
from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.domain.plans.scenario import (
    Addition,
    HostChange,
    Masking,
    Removal,
    Scenario,
    Selection,
    Upgrade,
)
from planner.fleet.words import read_capabilities
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.shipped import load_knowledge
from planner.whatif.scenario_checks import check_scenario

Groups = tuple[HostGroup, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """The touched pools with their groups of afterwards, and how many hosts are not as they were.

    `upgraded` are (group of today, group of afterwards) of the hosts that get a kernel or QEMU.
    """

    pools: Mapping[str, Groups]
    hosts: int
    upgraded: tuple[tuple[HostGroup, HostGroup], ...]


@dataclass(slots=True)
class Changer:
    """Makes the changes of scenarios on one fleet."""

    fleet: Fleet
    knowledge: KnowledgeBase
    _of_pool: dict[str, Groups] = field(init=False)
    _pool_of: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the groups by pool once."""
        found: dict[str, list[HostGroup]] = {}
        for group in self.fleet.groups:
            found.setdefault(group.pool, []).append(group)
        self._of_pool = {pool: tuple(groups) for pool, groups in found.items()}

    def pool(self, name: str) -> Groups:
        """Return the groups of a pool today."""
        return self._of_pool.get(name, ())

    def is_effective(self, scenario: Scenario) -> bool:
        """Whether every change of a scenario is about some host."""
        try:
            return self.changed(scenario).hosts > 0
        except ScenarioError:
            return False

    def changed(self, scenario: Scenario) -> Changed:
        """Return what a scenario makes of the pools that it touches.

        Raises `ScenarioError` with every change that is about no host or pool.
        """
        pools: dict[str, Groups] = {}
        upgraded: list[tuple[HostGroup, HostGroup]] = []
        problems: list[Problem] = []
        hosts = 0
        for change in scenario.changes:
            if isinstance(change, Addition):
                before = pools.get(change.pool, self.pool(change.pool))
                pools[change.pool] = (*before, self._added(change, before))
                hosts += change.count
                continue
            touched = 0
            names = self._pools_of(change.selection, pools)
            meant = self._counted(change, names, pools)
            for name in names:
                before = pools.get(name, self.pool(name))
                after, steps = self._made(change, before, meant)
                touched += sum(len(one.hosts) for one, _ in steps)
                if steps:
                    pools[name] = after
                if isinstance(change, Upgrade):
                    upgraded += ((one, other) for one, other in steps if other is not None)
            hosts += touched
            if not touched:
                problems.append(self._nothing(scenario, change))
        if not problems and self._is_emptied(pools):
            problems.append(_empty(scenario))
        if problems:
            raise ScenarioError(problems)
        return Changed(pools, hosts, tuple(upgraded))

    def _is_emptied(self, pools: Mapping[str, Groups]) -> bool:
        """Whether no host is left: such a fleet has no answer, not a safe one."""
        return not any(pools.values()) and pools.keys() >= self._of_pool.keys()

    def _pools_of(self, selection: Selection, pools: Mapping[str, Groups]) -> Sequence[str]:
        """Return the pools that a selection may be about, in name order."""
        if selection.pool:
            return (selection.pool,) if selection.pool in self._of_pool else ()
        if selection.hosts:
            if not self._pool_of:
                self._pool_of = {
                    str(name): str(group.pool)
                    for group in self.fleet.groups
                    for name in group.hosts
                }
            found = {self._pool_of[name] for name in selection.hosts if name in self._pool_of}
            return sorted(found)
        return sorted({*self._of_pool, *pools})

    def _counted(
        self,
        change: Upgrade | Masking | Removal,
        names: Iterable[str],
        pools: Mapping[str, Groups],
    ) -> frozenset[HostName] | None:
        """Return the first hosts that a change with a count is about; None without a count.

        Hosts that are like that already do not count.
        """
        if change.selection.count is None:
            return None
        groups = (group for name in names for group in pools.get(name, self.pool(name)))
        parts = (split(group, change.selection, None)[0] for group in groups)
        found = (part for part in parts if part is not None and self._become(change, part) != part)
        hosts = (name for part in found for name in part.hosts)
        return frozenset(nsmallest(change.selection.count, hosts))

    def _made(
        self,
        change: Upgrade | Masking | Removal,
        groups: Groups,
        counted: frozenset[HostName] | None,
    ) -> tuple[Groups, list[tuple[HostGroup, HostGroup | None]]]:
        """Return the groups of a pool after a change, and (part of a group, what becomes of it)."""
        after: list[HostGroup] = []
        steps: list[tuple[HostGroup, HostGroup | None]] = []
        for group in groups:
            meant, rest = split(group, change.selection, counted)
            made = None if meant is None else self._become(change, meant)
            if meant is None or made == meant:
                after.append(group)
                continue
            steps.append((meant, made))
            after += [one for one in (made, rest) if one is not None]
        return tuple(after), steps

    def _become(self, change: Upgrade | Masking | Removal, group: HostGroup) -> HostGroup | None:
        if isinstance(change, Removal):
            return None
        if isinstance(change, Masking):
            hidden = frozenset(self._expanded(change.capabilities))
            return replace(group, present=group.present - hidden, absent=group.absent | hidden)
        return group.with_build(kernel=change.kernel, qemu=change.qemu)

    def _expanded(self, names: Iterable[str]) -> Iterator[CapabilityId]:
        for name in names:
            known = self.knowledge.canonical(name)
            yield from self.knowledge.expand(CapabilityId(name) if known is None else known)

    def _added(self, change: Addition, before: Groups) -> HostGroup:
        present, absent = read_capabilities(change.capabilities, self.knowledge)
        old = sum(len(group.hosts) for group in before)
        names = (f"{change.pool}-new-{old + number + 1}" for number in range(change.count))
        return HostGroup(
            pool=PoolName(change.pool),
            kernel=change.kernel,
            qemu=change.qemu,
            hosts=tuple(HostName(name) for name in names),
            arch=before[0].arch if before else "x86_64",
            present=present,
            absent=absent,
        )

    def _nothing(self, scenario: Scenario, change: HostChange) -> Problem:
        words = [] if isinstance(change, Addition) else _words(change.selection)
        pool = "" if isinstance(change, Addition) else change.selection.pool
        remedy = nearest(pool, self._of_pool) if pool and pool not in self._of_pool else ""
        return Problem(
            location=Location(file=scenario.place, column=_kind(change)),
            what=f"changes no host ({', '.join(words) or 'all hosts are like that already'})",
            remedy=remedy,
        )


def change(fleet: Fleet, *changes: HostChange, knowledge: KnowledgeBase | None = None) -> Fleet:
    """Return a fleet with hosts upgraded, masked, removed or added, in the order of `changes`.

    Raises `ScenarioError` for a name that nothing has and a change that is about no host.
    """
    rows = knowledge or load_knowledge()
    scenario = Scenario(name="change", changes=changes)
    check_scenario(scenario, fleet, rows)
    made = Changer(fleet, rows).changed(scenario)
    kept = [group for group in fleet.groups if group.pool not in made.pools]
    new = [group for pool in sorted(made.pools) for group in made.pools[pool]]
    return replace(fleet, groups=(*kept, *new))


def split(
    group: HostGroup, selection: Selection, counted: frozenset[HostName] | None
) -> tuple[HostGroup | None, HostGroup | None]:
    """Return the hosts of a group that are meant and the others; only `counted` ones, unless None."""
    if not selection.may_match(group):
        return None, group
    wanted = frozenset(selection.hosts)
    meant = [name for name in group.hosts if not wanted or name in wanted]
    if counted is not None:
        meant = [name for name in meant if name in counted]
    if not meant:
        return None, group
    if len(meant) == len(group.hosts):
        return group, None
    inside = frozenset(meant)
    rest = tuple(name for name in group.hosts if name not in inside)
    return replace(group, hosts=tuple(meant)), replace(group, hosts=rest)


def _empty(scenario: Scenario) -> Problem:
    place = Location(file=scenario.place)
    return Problem(
        location=place, what="leaves no host in the fleet, so there is nothing to answer"
    )


def _kind(change: HostChange) -> str:
    return {Upgrade: "upgrade", Masking: "mask", Removal: "remove", Addition: "add"}[type(change)]


def _words(selection: Selection) -> list[str]:
    texts = {
        "pool": selection.pool,
        "from_kernel": selection.from_kernel,
        "from_qemu": selection.from_qemu,
        "hosts": ", ".join(selection.hosts[:3]),
    }
    return [f"{key} {text}" for key, text in texts.items() if text]
