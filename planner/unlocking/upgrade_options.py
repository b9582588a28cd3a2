"""What a host class can become: what the same fleet runs today, else a release that its vendor mends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from planner.domain.capability import CapabilityId, CapabilitySet, FixedBy, Presence
from planner.domain.host import HostGroup, HostProfile, QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.calendar import supported_releases
from planner.knowledge.kernel.kernel_line import KernelRelease
from planner.migration.build_age import (
    build_numbers,
    built_from,
    compared_builds,
    compared_kernels,
)
from planner.migration.profiles import PoolMember, Profiler

THERE = (Presence.PRESENT, Presence.POSSIBLE)
NOTHING = (frozenset[CapabilityId](), frozenset[CapabilityId]())
"""What nobody states of a kernel."""
Facts = tuple[frozenset[CapabilityId], frozenset[CapabilityId]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPair:
    """A kernel and QEMU that run together somewhere, with what their hosts state of that kernel."""

    arch: str
    kernel: KernelRelease
    build: QemuBuild
    qemu: str
    stated: Facts

    @property
    def age(self) -> tuple[object, ...]:
        """Order pairs of one arch, older first."""
        build, kernel = self.build, self.kernel
        return (
            build.version,
            build_numbers(build),
            built_from(kernel),
            kernel.release,
            kernel.text,
        )

    @property
    def vendor(self) -> tuple[str, str, str]:
        """The architecture and the lines that its kernel and QEMU belong to."""
        return self.arch, self.kernel.line, self.build.line

    def is_step_from(self, older: BuildPair) -> bool:
        """Whether neither kernel nor QEMU is older than `older`'s and one of them is newer."""
        kernels = compared_kernels(self.kernel, older.kernel)
        builds = compared_builds(self.build, older.build)
        if not all(pair.kernel.line and pair.build.is_placed for pair in (self, older)):
            return False
        return min(kernels, builds) >= 0 and max(kernels, builds) > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePath:
    """What the groups of a class become, in their order; the first way of a class is to stay."""

    groups: tuple[HostGroup, ...]
    profiles: tuple[HostProfile, ...]


@dataclass(slots=True)
class UpgradeFinder:
    """Finds ways for host classes: what the fleet runs, else releases that their vendors mend."""

    knowledge: KnowledgeBase
    profiler: Profiler
    _of_pool: dict[str, dict[BuildPair, None]] = field(default_factory=dict)
    _of_vendor: dict[tuple[str, str, str], dict[BuildPair, None]] = field(default_factory=dict)
    _pairs: dict[tuple[object, ...], BuildPair] = field(default_factory=dict)
    _kernels: dict[tuple[str, str], CapabilitySet] = field(default_factory=dict)
    _release_names: dict[str, str] = field(default_factory=dict)

    def learn(self, groups: Iterable[HostGroup]) -> None:
        """Take what the groups run as what others may become.

        A kernel of which hosts state both that it has something and that it lacks it, is no target.
        """
        pairs = [(group, self.pair(group)) for group in groups]
        stated: dict[tuple[str, str], Facts] = {}
        for _, pair in pairs:
            key = (pair.arch, pair.kernel.text)
            present, absent = stated.get(key, (frozenset(), frozenset()))
            stated[key] = (present | pair.stated[0], absent | pair.stated[1])
        for group, pair in pairs:
            facts = stated[pair.arch, pair.kernel.text]
            if not facts[0] & facts[1]:
                known = replace(pair, stated=facts)
                self._of_pool.setdefault(group.pool, {})[known] = None
                self._of_vendor.setdefault(pair.vendor, {})[known] = None

    def release_of(self, qemu: str, kernel: str) -> str:
        """Return the vendor's release that brings a QEMU and a kernel, empty if the fleet runs them."""
        running = {
            (pair.qemu, pair.kernel.text) for pairs in self._of_pool.values() for pair in pairs
        }
        return "" if (qemu, kernel) in running else self._release_names.get(qemu, "")

    def _releases(self, current: tuple[BuildPair, ...], machine_type: str) -> tuple[BuildPair, ...]:
        """Return the oldest supported release of the hosts' own vendors that brings a type."""
        lines = frozenset(pair.build.line for pair in current)
        brought = []
        for release in supported_releases(self.knowledge.releases, lines) or ():
            self._release_names[release.qemu] = release.name
            text = release.uname or current[0].kernel.text
            if self.knowledge.arch_of(text) in {"", current[0].arch}:
                pair = BuildPair(
                    arch=current[0].arch,
                    kernel=self.knowledge.kernel_of(text),
                    build=self.knowledge.build_of(release.qemu),
                    qemu=release.qemu,
                    stated=NOTHING,
                )
                brought.append(pair)
        offers = self.knowledge.machines.offers
        sure = [pair for pair in brought if offers(pair.build, machine_type) is Truth.YES]
        return tuple(self._steps(current, sure, machine_type)[-1:])

    def pair(self, group: HostGroup) -> BuildPair:
        """Return what a group runs."""
        key = (group.arch, group.kernel, group.qemu, group.present, group.absent)
        if key not in self._pairs:
            kernel = self.knowledge.kernel_of(group.kernel)
            build = self.knowledge.build_of(group.qemu)
            stated = (
                frozenset(name for name in group.present if self._is_of_kernel(name)),
                frozenset(name for name in group.absent if self._is_of_kernel(name)),
            )
            self._pairs[key] = BuildPair(
                arch=group.arch, kernel=kernel, build=build, qemu=group.qemu, stated=stated
            )
        return self._pairs[key]

    def paths(self, member: PoolMember, machine_type: str) -> tuple[UpgradePath, ...]:
        """Return to stay, then what the class can become, best first.

        First what its own pool runs, newest first; then the newest and the oldest of the same kernel
        and QEMU lines elsewhere that may offer `machine_type` (empty: any); if none of them does, the
        oldest release of its vendor that brings it.
        """
        current = tuple(dict.fromkeys(self.pair(group) for group in member.groups))
        pool = self._steps(current, self._of_pool.get(member.groups[0].pool, ()), "")
        line = self._steps(current, self._of_vendor.get(current[0].vendor, ()), machine_type)
        paths: dict[tuple[HostProfile, ...], UpgradePath] = {}
        paths[member.profile,] = UpgradePath(groups=member.groups, profiles=(member.profile,))
        fleet = (*pool, *line[:1], *line[-1:])
        offers = self.knowledge.machines.offers
        known = [pair for pair in (*current, *fleet) if machine_type]
        brought = machine_type and all(
            offers(pair.build, machine_type) is Truth.NO for pair in known
        )
        for pair in (*fleet, *(self._releases(current, machine_type) if brought else ())):
            groups = tuple(self.upgraded(group, pair) for group in member.groups)
            profiles = tuple(dict.fromkeys(self.profiler.profile(group) for group in groups))
            paths.setdefault(profiles, UpgradePath(groups=groups, profiles=profiles))
        return tuple(paths.values())

    def _steps(
        self, current: tuple[BuildPair, ...], pairs: Iterable[BuildPair], machine_type: str
    ) -> list[BuildPair]:
        offers = self.knowledge.machines.offers
        return sorted(
            (
                pair
                for pair in pairs
                if all(pair.arch == now.arch and pair.is_step_from(now) for now in current)
                and (not machine_type or offers(pair.build, machine_type) is not Truth.NO)
            ),
            key=lambda pair: pair.age,
            reverse=True,
        )

    def upgraded(self, group: HostGroup, pair: BuildPair) -> HostGroup:
        """Return a group after its upgrade.

        Under its own kernel it keeps what it states. Under another one it has what that kernel's hosts
        state, and of its own what the machine decides: lacks that the old kernel did not explain, and
        gains that the new kernel can bring out.
        """
        if pair.kernel.text == group.kernel:
            return replace(group, qemu=pair.qemu, build_doubt="")
        texts = {group.kernel, pair.kernel.text} if group.present or group.absent else set()
        implied = {text: self._implied(group.arch, text) for text in texts}
        present = {
            name for name in group.present if self._is_there(name, implied[pair.kernel.text])
        }
        absent = {name for name in group.absent if self._is_there(name, implied[group.kernel])}
        return replace(
            group,
            kernel=pair.kernel.text,
            qemu=pair.qemu,
            build_doubt="",
            present=frozenset(present) | pair.stated[0],
            absent=frozenset(absent) | pair.stated[1],
            probe="",
        )

    def _is_there(self, name: CapabilityId, implied: CapabilitySet) -> bool:
        return not self._is_of_kernel(name) and implied.presence(name) in THERE

    def _is_of_kernel(self, name: CapabilityId) -> bool:
        row = self.knowledge.capabilities.get(name)
        return row is not None and row.fixed_by is FixedBy.KERNEL

    def _implied(self, arch: str, text: str) -> CapabilitySet:
        key = (arch, text)
        if key not in self._kernels:
            kernel = self.knowledge.kernel_of(text)
            wanted = self.knowledge.relevant(arch)
            implied = self.knowledge.kernels.capabilities(kernel, arch=arch, wanted=wanted)
            self._kernels[key] = implied
        return self._kernels[key]
