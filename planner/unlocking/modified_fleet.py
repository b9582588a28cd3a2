"""A fleet as it is or with some groups upgraded, drawn again as migration domains."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from planner.answers.answer import united
from planner.domain.host import Fleet, HostGroup
from planner.domain.policy import Policy
from planner.fleet.edges import Arrows
from planner.migration.graph import MigrationDomain, complete_domains, directed_domains
from planner.migration.profiles import Profiler, members_by_pool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifiedFleet:
    """Groups of hosts, and who sends to whom (`arrows` None: everybody inside a pool)."""

    fleet: Fleet
    arrows: Arrows | None
    policy: Policy
    profiler: Profiler
    _of_pool: Mapping[str, tuple[HostGroup, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the groups by pool once: few pools are drawn at a time."""
        groups_of: dict[str, list[HostGroup]] = {}
        for group in self.fleet.groups:
            groups_of.setdefault(group.pool, []).append(group)
        by_pool = {pool: tuple(groups) for pool, groups in sorted(groups_of.items())}
        object.__setattr__(self, "_of_pool", by_pool)

    def domains(
        self, changed: Mapping[HostGroup, HostGroup], pools: Collection[str] | None = None
    ) -> tuple[MigrationDomain, ...]:
        """Return the domains once every group of `changed` is what it maps to.

        `pools` are the only ones that are drawn (None: all); with arrows all are.
        """
        drawn = self._of_pool if pools is None or self.arrows is not None else sorted(pools)
        groups = (group for pool in drawn for group in self._of_pool[pool])
        now = {group: changed.get(group, group) for group in groups}
        profile_of = {group: self.profiler.profile(group) for group in now.values()}
        members = members_by_pool(profile_of)
        if self.arrows is None:
            return tuple(united(complete_domains(members), self.policy))
        nodes = {group: (str(after.pool), profile_of[after]) for group, after in now.items()}
        arrows = {(nodes[source], nodes[destination]) for source, destination in self.arrows}
        directed = directed_domains(members, sorted(arrows, key=repr))
        return tuple(united(directed, self.policy))

    def together(self, pools: Collection[str]) -> frozenset[str]:
        """Return the pools, and those that share an answer with any of them."""
        groups = [set(group) for group in self.policy.uniformity_groups]
        tied = frozenset(pools)
        return tied.union(*(group for group in groups if group & tied)) & self._of_pool.keys()
