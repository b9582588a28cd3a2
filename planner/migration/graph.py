"""Who can migrate to whom: directed graph of pool members, closed under reachability; no judgement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from planner.domain.capability import CpuFeatures
from planner.domain.host import HostProfile, QemuBuild, Tables, unplaced_texts
from planner.migration.profiles import PoolMember

Edge = tuple[HostProfile, HostProfile]


CpuAspect = tuple[CpuFeatures, str]
"""CPU features that hosts lack or may lack, and the kernel if all of these hosts run one."""


@dataclass(frozen=True, slots=True)
class CpuAspects:
    """What decides about guest CPU features on the hosts of a domain, and where its edges end."""

    boots: frozenset[CpuAspect]
    arrivals: frozenset[CpuAspect]


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationDomain:
    """A pool with everything reachable from it.

    `starts` are the members on which its guests boot, `members` all that they may visit, `edges` the
    ordered pairs that migrations may take; None stands for all ordered pairs. Of the members:
    `profiles`, `builds`, `tables` (what the data knows the builds by), `cpu_aspects` (what decides
    about guest CPU features) and `is_observed` (an observation row may speak of some pair),
    `unplaced` (kernels and builds that fit no line, as missing facts).
    """

    name: str
    starts: tuple[PoolMember, ...]
    members: tuple[PoolMember, ...]
    edges: frozenset[Edge] | None = None
    profiles: frozenset[HostProfile] = field(init=False)
    builds: frozenset[QemuBuild] = field(init=False)
    tables: frozenset[Tables] = field(init=False)
    cpu_aspects: CpuAspects = field(init=False)
    is_observed: bool = field(init=False)
    unplaced: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Draw the sets once by which every memory of the solver knows the domain."""
        profiles = frozenset(member.profile for member in self.members)
        object.__setattr__(self, "profiles", profiles)
        sides = {side for profile in profiles for side in profile.observed}
        pairs = any(side.removesuffix(":from") + ":to" in sides for side in sides)
        builds = frozenset(profile.qemu for profile in profiles)
        object.__setattr__(self, "builds", builds)
        object.__setattr__(self, "tables", frozenset(build.tables for build in builds))
        object.__setattr__(self, "is_observed", pairs)
        unplaced = unplaced_texts(member.profile for member in self.members)
        object.__setattr__(self, "unplaced", unplaced)
        object.__setattr__(self, "cpu_aspects", self._aspects())

    def _aspects(self) -> CpuAspects:
        boots = _aspects_of(member.profile for member in self.starts)
        if self.edges is None:
            return CpuAspects(boots, boots)
        return CpuAspects(boots, _aspects_of(destination for _, destination in self.edges))

    @property
    def hosts(self) -> int:
        """Number of hosts of the pool itself."""
        return sum(member.hosts for member in self.starts)

    def pairs(self) -> Iterable[Edge]:
        """Return every ordered pair of profiles with an edge; two hosts of one profile are a pair."""
        if self.edges is not None:
            return self.edges
        return (
            (source.profile, destination.profile)
            for source in self.members
            for destination in self.members
            if source is not destination or source.hosts > 1
        )


def _aspects_of(profiles: Iterable[HostProfile]) -> frozenset[CpuAspect]:
    """Return the aspects of hosts: those with equal features are one, of one kernel or of several."""
    kernels: dict[CpuFeatures, str] = {}
    for profile in profiles:
        features = profile.cpu_features
        kernel = profile.kernel_token if features.unsure else ""
        if kernels.setdefault(features, kernel) != kernel:
            kernels[features] = ""
    return frozenset(kernels.items())


def complete_domains(pools: Mapping[str, tuple[PoolMember, ...]]) -> tuple[MigrationDomain, ...]:
    """Return one domain per pool in which every host reaches every other."""
    return tuple(
        MigrationDomain(name=name, starts=members, members=members)
        for name, members in pools.items()
    )


def directed_domains(
    pools: Mapping[str, tuple[PoolMember, ...]],
    arrows: Iterable[tuple[tuple[str, HostProfile], tuple[str, HostProfile]]],
) -> tuple[MigrationDomain, ...]:
    """Return one domain per pool over the given arrows between (pool, profile) nodes.

    Reachability is computed on the condensation of the graph, so cycles cost nothing.
    """
    import networkx as nx

    graph: nx.DiGraph[tuple[str, HostProfile]] = nx.DiGraph()
    members = {(pool, member.profile): member for pool in pools for member in pools[pool]}
    graph.add_nodes_from(members)
    graph.add_edges_from(arrows)
    condensed = nx.condensation(graph)
    component = condensed.graph["mapping"]
    inside = {node: data["members"] for node, data in condensed.nodes(data=True)}
    reach: dict[int, frozenset[int]] = {}
    for node in reversed(list(nx.topological_sort(condensed))):
        reach[node] = frozenset({node}).union(
            *(reach[after] for after in condensed.successors(node))
        )
    domains = []
    for pool, starts in pools.items():
        visited = {
            reached
            for member in starts
            for node in reach[component[(pool, member.profile)]]
            for reached in inside[node]
        }
        edges = frozenset(
            (source[1], destination[1])
            for source, destination in graph.edges()
            if source in visited and destination in visited
        )
        domains.append(
            MigrationDomain(
                name=pool,
                starts=starts,
                members=tuple(members[reached] for reached in sorted(visited, key=_place_order)),
                edges=edges,
            )
        )
    return tuple(domains)


def _place_order(node: tuple[str, HostProfile]) -> tuple[str, str, str]:
    return node[0], str(node[1].qemu), repr(sorted(node[1].capabilities.present))
