"""CPUs between hosts, by what the fleet states and what kernels give: feature by feature.

Every ordered pair of hosts is judged, a host with itself included, but not one by one. Whether a pair
objects to a feature is said by two hosts apart: a guest may have it from the source, and the
destination lacks it or may lack it. So some pair objects if some host is such a source and some host
such a destination; where hosts of one kernel are let off, if two such hosts of different kernels are
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from operator import and_, or_

from planner.certificate.pairs import NO_BASELINE, ObjectionTable
from planner.domain.capability import CapabilityId, CpuFeatures
from planner.domain.guest import GuestStart
from planner.domain.host import CpuName, HostProfile, MigrationEdge, are_other_cpus
from planner.knowledge.base import KnowledgeBase
from planner.migration.rules.cpu_rules import CpuFeatureJudge
from planner.migration.rules.host_rules import judge_vendors

START = GuestStart(baseline=NO_BASELINE)
DOUBT = "kernel differs"


@dataclass(frozen=True, slots=True)
class FeatureBits:
    """CPU features of hosts that are alike in them, a bit each: bits that are not known yet are 0."""

    features: CpuFeatures
    lacked: int
    of_no_guest: int
    unsure: int
    one_vendor: int


Maker = tuple[str, str, str, bool]
"""Architecture, vendor and generation of a CPU, and whether nobody knows all of its features."""
Seen = tuple[int, Maker, CpuName, str]
"""What these rules see of a host: its features, by number, its maker and name, and its kernel."""


@dataclass(slots=True)
class CpuPairs:
    """The rules about CPUs, between hosts by stated vendor, model and features.

    What nobody knows of a CPU feature cancels between hosts of one kernel.
    """

    knowledge: KnowledgeBase
    table: ObjectionTable
    management: str
    _sets: dict[frozenset[Seen], int] = field(default_factory=dict)
    _bits: list[FeatureBits] = field(default_factory=list)
    _number_of: dict[CpuFeatures, int] = field(default_factory=dict)
    _seen: dict[HostProfile, Seen] = field(default_factory=dict)
    _places: dict[CapabilityId, int] = field(default_factory=dict)
    _entered: dict[tuple[str, CapabilityId, bool], int] = field(default_factory=dict)
    _makers: dict[tuple[Maker, Maker, bool], int] = field(default_factory=dict)

    def demands(self, hosts: Iterable[HostProfile]) -> int:
        """Return what is objected to on any ordered pair of hosts."""
        named = {self._see(host): host for host in hosts}
        key = frozenset(named)
        if key not in self._sets:
            self._sets[key] = self._of_features(key) | self._of_makers(named)
        return self._sets[key]

    def _see(self, host: HostProfile) -> Seen:
        seen = self._seen.get(host)
        if seen is None:
            number = self._number_of.setdefault(host.cpu_features, len(self._bits))
            if number == len(self._bits):
                self._bits.append(self._as_bits(host.cpu_features))
            is_open = any(host.cpu_name) and bool(
                self.knowledge.open_cpu_features(host.capabilities)
            )
            maker = (host.arch, host.cpu_vendor, host.cpu_generation, is_open)
            seen = self._seen[host] = (number, maker, host.cpu_name, host.kernel_token)
        return seen

    def _as_bits(self, features: CpuFeatures) -> FeatureBits:
        return FeatureBits(
            features,
            *map(
                self._bits_of,
                (features.lacked, features.of_no_guest, features.unsure, features.one_vendor),
            ),
        )

    def _bits_of(self, names: Iterable[CapabilityId]) -> int:
        places = self._places
        return reduce(or_, (1 << places.setdefault(name, len(places)) for name in names), 0)

    def _of_features(self, hosts: frozenset[Seen]) -> int:
        """Return what is objected to by name of a feature, on guests of each architecture."""
        bits = 0
        for arch in sorted({maker[0] for _, maker, _, _ in hosts}):
            sources = {(number, kernel) for number, maker, _, kernel in hosts if maker[0] == arch}
            destinations = {(number, kernel) for number, _, _, kernel in hosts}
            given = ~reduce(and_, (self._bits[number].of_no_guest for number, _ in sources), -1)
            lacked = reduce(or_, (self._bits[number].lacked for number, _ in destinations), 0)
            doubted = self._doubted(sources, destinations)
            for is_doubt, names in ((False, lacked & given), (True, doubted)):
                for name in self._names_of(names):
                    bits |= self._enter(arch, name, is_doubt=is_doubt)
            for name in self._taken(sources, destinations):
                bits |= self._enter(arch, name, is_doubt=True)
        return bits

    def _doubted(
        self, sources: Iterable[tuple[int, str]], destinations: Iterable[tuple[int, str]]
    ) -> int:
        """Return what a kernel may not give that is not the guest's: nobody knows, or of one vendor."""
        bits = self._bits
        unsure = apart(
            ((~bits[number].of_no_guest, kernel) for number, kernel in sources),
            ((bits[number].unsure, kernel) for number, kernel in destinations),
        )
        of_one_vendor = apart(
            (
                (~(bits[number].of_no_guest | bits[number].one_vendor), kernel)
                for number, kernel in sources
            ),
            ((bits[number].one_vendor, kernel) for number, kernel in destinations),
        )
        return unsure | of_one_vendor

    def _taken(
        self, sources: Iterable[tuple[int, str]], destinations: Iterable[tuple[int, str]]
    ) -> Iterator[CapabilityId]:
        """Yield what a kernel may take from its CPU for a fault, unless the source has the same."""
        taking = {self._bits[number].features.taken for number, _ in destinations}
        features = {taken.feature for some in taking for taken in some}
        leaving = {
            (host.taken, host.of_no_guest & features)
            for host in (self._bits[number].features for number, _ in sources if features)
        }
        for (before, of_no_guest), after in product(leaving, taking):
            for taken in after - before:
                if taken.feature not in of_no_guest:
                    yield taken.feature

    def _names_of(self, bits: int) -> Iterator[CapabilityId]:
        return (name for name, bit in self._places.items() if bits >> bit & 1)

    def _enter(self, arch: str, name: CapabilityId, *, is_doubt: bool) -> int:
        key = (arch, name, is_doubt)
        if key not in self._entered:
            lacking = () if is_doubt else (name,)
            doubtful = {name: DOUBT} if is_doubt else {}
            objections = self._judge(arch).by_name(lacking, doubtful)
            self._entered[key] = self.table.enter(objections)
        return self._entered[key]

    def _of_makers(self, hosts: dict[Seen, HostProfile]) -> int:
        """Return what is objected to between vendors, and between CPUs of other models."""
        groups: dict[Maker, dict[CpuName, HostProfile]] = {}
        for (_, maker, name, _), host in hosts.items():
            groups.setdefault(maker, {})[name] = host
        bits = 0
        for source, destination in product(groups, repeat=2):
            for pair in _examples(groups[source], groups[destination]):
                key = (source, destination, pair[0].has_other_cpu_than(pair[1]))
                if key not in self._makers:
                    self._makers[key] = self._between(*pair)
                bits |= self._makers[key]
        return bits

    def _between(self, source: HostProfile, destination: HostProfile) -> int:
        edge = MigrationEdge(source=source, destination=destination)
        vendors = self.table.enter(judge_vendors(edge, self.knowledge))
        return vendors | self.table.enter(self._judge(source.arch).by_model(edge))

    def _judge(self, arch: str) -> CpuFeatureJudge:
        return CpuFeatureJudge(arch, START, self.knowledge, self.management)


def apart(sources: Iterable[tuple[int, str]], destinations: Iterable[tuple[int, str]]) -> int:
    """Return the bits that some source and some destination of another kernel have both.

    An empty kernel is another one than itself: nobody knows that two hosts run the same.

    >>> apart([(0b01, "a"), (0b10, "b")], [(0b11, "a")])
    2
    """
    first, second = _by_kernel(sources), _by_kernel(destinations)
    several_first, several_second = _in_several(first.values()), _in_several(second.values())
    unknown = first.get("", 0) | second.get("", 0)
    of_one = reduce(
        or_,
        (
            (first[kernel] & ~several_first) & (second[kernel] & ~several_second)
            for kernel in first.keys() & second.keys()
        ),
        0,
    )
    both = reduce(or_, first.values(), 0) & reduce(or_, second.values(), 0)
    return both & (~of_one | unknown)


def _by_kernel(hosts: Iterable[tuple[int, str]]) -> dict[str, int]:
    of_kernel: dict[str, int] = {}
    for bits, kernel in hosts:
        of_kernel[kernel] = of_kernel.get(kernel, 0) | bits
    return of_kernel


def _in_several(kernels: Iterable[int]) -> int:
    """Return the bits that more than one kernel has."""
    once = several = 0
    for bits in kernels:
        several |= once & bits
        once |= bits
    return several


def _examples(
    sources: dict[CpuName, HostProfile], destinations: dict[CpuName, HostProfile]
) -> Iterator[tuple[HostProfile, HostProfile]]:
    """Yield a pair of hosts whose CPUs are of other models, and one whose are not, where there are."""
    ways: set[bool] = set()
    for source, destination in product(sources, destinations):
        differs = are_other_cpus(source, destination)
        if differs not in ways:
            ways.add(differs)
            yield sources[source], destinations[destination]
        if len(ways) == 2:
            return
