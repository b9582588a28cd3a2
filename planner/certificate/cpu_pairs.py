"""CPUs between hosts, by what the fleet states and what kernels give; one judgement per class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain
from operator import or_

from planner.certificate.pairs import NO_BASELINE, ObjectionTable
from planner.domain.guest import GuestStart
from planner.domain.host import (
    HostProfile,
    MigrationEdge,
)
from planner.knowledge.base import KnowledgeBase
from planner.migration.rules.host_rules import judge_cpu_features, judge_vendors


@dataclass(slots=True)
class CpuPairs:
    """The rules about CPUs, between hosts by stated vendor, model and features.

    What nobody knows of a CPU feature cancels between hosts of one kernel. So a class of hosts comes
    with the kernel that all of them run, empty if they run several, and classes are judged as of one
    kernel only if both come with the same.
    """

    knowledge: KnowledgeBase
    table: ObjectionTable
    management: str
    _pairs: dict[tuple[int, int, bool], int] = field(default_factory=dict)
    _sets: dict[frozenset[tuple[int, str]], int] = field(default_factory=dict)
    _hosts: list[HostProfile] = field(default_factory=list)
    _classes: dict[tuple[object, ...], int] = field(default_factory=dict)
    _class_of: dict[HostProfile, int] = field(default_factory=dict)

    def demands(self, hosts: Iterable[HostProfile]) -> int:
        """Return what is objected to on any ordered pair of hosts."""
        kernels: dict[int, str] = {}
        for host in hosts:
            number = self._class(host)
            if kernels.setdefault(number, host.kernel_token) != host.kernel_token:
                kernels[number] = ""
        key = frozenset(kernels.items())
        if key not in self._sets:
            pairs = (
                self._pair(
                    source, destination, alike=bool(kernel) and kernel == kernels[destination]
                )
                for source, kernel in kernels.items()
                for destination in kernels
            )
            self._sets[key] = reduce(or_, pairs, 0)
        return self._sets[key]

    def _class(self, host: HostProfile) -> int:
        number = self._class_of.get(host)
        if number is None:
            stated = host.capabilities if any(host.cpu_name) else None
            known = None if stated is None else self.knowledge.open_cpu_features(stated)
            key = (
                host.arch,
                host.cpu_vendor,
                host.cpu_features,
                host.cpu_name,
                host.cpu_generation,
                known,
            )
            number = self._classes.setdefault(key, len(self._hosts))
            if number == len(self._hosts):
                self._hosts.append(host)
            self._class_of[host] = number
        return number

    def _pair(self, source: int, destination: int, *, alike: bool) -> int:
        key = (source, destination, alike)
        if key not in self._pairs:
            self._pairs[key] = self._judged(
                self._hosts[source], self._hosts[destination], alike=alike
            )
        return self._pairs[key]

    def _judged(self, left: HostProfile, right: HostProfile, *, alike: bool) -> int:
        """Judge two classes as hosts of one kernel or of two."""
        kernels = ("one", "one") if alike else ("one", "other")
        source = replace(left, kernel_token=kernels[0])
        destination = replace(right, kernel_token=kernels[1])
        edge = MigrationEdge(source=source, destination=destination)
        start = GuestStart(baseline=NO_BASELINE)
        features = judge_cpu_features(edge, start, self.knowledge, self.management)
        return self.table.enter(chain(judge_vendors(edge, self.knowledge), features))
