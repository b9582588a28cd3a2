"""From texts of a fleet file to host profiles: the only place where a release becomes capabilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from planner.domain.capability import CapabilityId, CapabilitySet, Presence, TakenFeature
from planner.domain.errors import FleetError, Location, Problem
from planner.domain.host import Fleet, HostGroup, HostProfile, QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.kernel.kernel_line import KernelRelease


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMember:
    """Hosts of one pool with one profile; `groups` are the fleet's groups that fell together."""

    profile: HostProfile
    groups: tuple[HostGroup, ...]
    hosts: int = field(init=False)
    examples: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Count the hosts and draw the first names once."""
        names = sorted(name for group in self.groups for name in group.hosts[:3])
        object.__setattr__(self, "hosts", sum(len(group.hosts) for group in self.groups))
        object.__setattr__(self, "examples", tuple(names[:3]))

    @property
    def label(self) -> str:
        """Name the profile as an engineer would: QEMU and kernel of the file."""
        group = self.groups[0]
        return f"QEMU {group.qemu_version}, kernel {group.kernel}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfiledFleet:
    """The fleet as judgement sees it: members by pool, profile by host group."""

    pools: Mapping[str, tuple[PoolMember, ...]]
    profile_of: Mapping[HostGroup, HostProfile]


class FaultsOfCpu(NamedTuple):
    """What a kernel takes from a host's CPU for its faults: surely, perhaps, and if it is such a CPU."""

    lacked: frozenset[CapabilityId]
    taken: frozenset[TakenFeature]
    open: frozenset[TakenFeature]


class Profiler:
    """Turns groups into profiles, remembering texts that it has seen."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """Keep the knowledge; nothing else outlives a call."""
        self._knowledge = knowledge
        self._kernels: dict[tuple[str, str], tuple[KernelRelease, CapabilitySet]] = {}
        self._profiles: dict[tuple[object, ...], HostProfile] = {}
        self._equal: dict[HostProfile, HostProfile] = {}
        self._builds: dict[QemuBuild, QemuBuild] = {}

    def profile(self, group: HostGroup) -> HostProfile:
        """Return the profile of a group; a text that fits no line is a missing fact of it."""
        texts = (group.arch, group.kernel, group.qemu, group.cpu, group.build_doubt)
        key = (*texts, group.present, group.absent, group.hardware)
        if key not in self._profiles:
            made = self._make(group)
            self._profiles[key] = self._equal.setdefault(made, made)
        return self._profiles[key]

    def _make(self, group: HostGroup) -> HostProfile:
        knowledge = self._knowledge
        build = knowledge.build_of(group.qemu)
        kernel, implied = self._kernel(group)
        build = self._builds.setdefault(build, build)
        past_kernel = knowledge.host_cpus.past_kernel(group.arch, build.version)
        capabilities = implied.overlaid(
            present=group.present, absent=group.absent - past_kernel
        ).freed(past_kernel)
        cpus = knowledge.host_cpus
        vendor = cpus.vendor_among(group.hardware) or cpus.vendor_of(group.cpu)
        generation = knowledge.guests.generation_of(group.cpu)
        of_cpu = self._of_generation(generation, capabilities)
        capabilities = capabilities.overlaid(present=of_cpu, absent=frozenset())
        of_others, of_one = self._bound_to_vendor(kernel, group, vendor)
        faults = self._faults(kernel, group, vendor)
        capabilities = capabilities.overlaid(present=frozenset(), absent=of_others | faults.lacked)
        return HostProfile(
            arch=group.arch,
            qemu=build,
            capabilities=capabilities,
            kernel_token=self._kernel_token(kernel, group, capabilities),
            cpu_vendor=vendor,
            cpu_model=cpus.model_of(group.cpu),
            cpu_generation=generation,
            cpu_identity=cpus.identity(group.hardware),
            hardware=cpus.compared(group.hardware),
            is_probed=cpus.is_complete(group.arch, group.hardware),
            observed=self._observed(group),
            kernel_doubt=knowledge.kernels.doubt(kernel, group.arch),
            build_doubt=group.build_doubt,
            unplaced=tuple(self._unplaced(group)),
            register_list=knowledge.register_list(group.present),
            register_line=knowledge.kernels.register_line(kernel, group.arch),
            one_vendor_cpu_features=of_one,
            taken_cpu_features=faults.taken,
            open_faults=faults.open,
            unsure_cpu_features=knowledge.unsure_cpu_features(group.arch, capabilities),
            unoffered_cpu_features=knowledge.unoffered_cpu_features(group.arch, build),
        )

    def _kernel_token(
        self, kernel: KernelRelease, group: HostGroup, capabilities: CapabilitySet
    ) -> str:
        """Return what names an exact release of which something is open, empty if nothing is."""
        knowledge, arch = self._knowledge, group.arch
        is_open = (
            knowledge.covered.get(arch) != "listed"
            or unknown_among(knowledge.relevant(arch), capabilities)
            or knowledge.unsure_cpu_features(arch, capabilities)
        )
        exact = kernel.line and not kernel.is_series
        return f"{kernel.line} {group.kernel}" if exact and is_open else ""

    def _of_generation(
        self, generation: str, capabilities: CapabilitySet
    ) -> frozenset[CapabilityId]:
        """Return what the hardware of a generation gives where the kernel can, and nobody said else."""
        features = (f"cpu.{name}" for name in self._knowledge.guests.features_of(generation))
        given = frozenset(map(CapabilityId, features)) & capabilities.possible
        rows = (self._knowledge.capabilities.get(name) for name in capabilities.possible)
        had = given | capabilities.present
        return given | {row.id for row in rows if row is not None and row.with_cpu & had}

    def _bound_to_vendor(
        self, kernel: KernelRelease, group: HostGroup, vendor: str
    ) -> tuple[frozenset[CapabilityId], frozenset[CapabilityId]]:
        """Return what guests get on CPUs of other vendors only, and what of one while none is stated."""
        bound = self._knowledge.kernels.bound_to_vendor(kernel, arch=group.arch)
        stated = group.present | group.absent
        open_ones = {name: owner for name, owner in bound.items() if name not in stated}
        row = self._knowledge.host_cpus.named(vendor)
        runs_as = vendor if row is None else row.runs_as
        others = frozenset(name for name, owner in open_ones.items() if vendor and owner != runs_as)
        foreign = self._knowledge.host_cpus.of_others(group.arch, vendor) - stated
        return others | foreign, frozenset() if vendor else frozenset(open_ones)

    def _faults(self, kernel: KernelRelease, group: HostGroup, vendor: str) -> FaultsOfCpu:
        """Return what a kernel takes from CPUs with a fault, by whether this is one of them."""
        knowledge = self._knowledge
        errata = knowledge.host_cpus.errata
        cpus = errata.may_be(vendor, group.cpu, group.hardware)
        wanted = knowledge.kernels.told_of(group.arch) & errata.names
        kernel_gives = knowledge.kernels.capabilities(kernel, arch=group.arch, wanted=wanted)
        lacked, taken, open_ones = set[CapabilityId](), set[TakenFeature](), set[TakenFeature]()
        for row in errata.errata:
            concerned = errata.concerns(row, cpus)
            is_stated = row.feature in group.present | group.absent
            if row.name not in wanted or concerned is Truth.NO or is_stated:
                continue
            presence = kernel_gives.presence(row.name)
            if presence is Presence.PRESENT and concerned is Truth.YES:
                lacked.add(row.feature)
            elif presence is not Presence.ABSENT:
                known = presence.value if presence is not Presence.UNKNOWN else group.kernel
                feature = TakenFeature(row.feature, row.name, known)
                (taken if concerned is Truth.YES else open_ones).add(feature)
        return FaultsOfCpu(frozenset(lacked), frozenset(taken), frozenset(open_ones))

    def _unplaced(self, group: HostGroup) -> Iterable[str]:
        facts = (
            self._knowledge.unplaced("kernel", group.kernel),
            self._knowledge.unplaced("qemu", group.qemu),
        )
        return (fact for fact in facts if fact)

    def _kernel(self, group: HostGroup) -> tuple[KernelRelease, CapabilitySet]:
        key = (group.arch, group.kernel)
        if key not in self._kernels:
            kernel = self._knowledge.kernel_of(group.kernel)
            wanted = self._knowledge.relevant(group.arch)
            implied = self._knowledge.kernels.capabilities(kernel, arch=group.arch, wanted=wanted)
            self._kernels[key] = (kernel, implied)
        return self._kernels[key]

    def _observed(self, group: HostGroup) -> frozenset[str]:
        sides_met = set[str]()
        for row in self._knowledge.observations:
            sides = (
                ("from", row.source_side),
                ("to", row.destination_side),
                ("boot", row.boot_side),
            )
            for name, side in sides:
                if side is not None and side.matches(qemu=group.qemu, kernel=group.kernel):
                    sides_met.add(f"{row.id}:{name}")
        return frozenset(sides_met)


def profile_fleet(fleet: Fleet, knowledge: KnowledgeBase) -> ProfiledFleet:
    """Return the fleet's profiles by pool; raises `FleetError` if no row has texts that fit lines."""
    problems = unplaced_texts(fleet, knowledge)
    if problems and all(is_unplaced(group, knowledge) for group in fleet.groups):
        raise FleetError(problems)
    profiler = Profiler(knowledge)
    profile_of = {group: profiler.profile(group) for group in fleet.groups}
    return ProfiledFleet(pools=members_by_pool(profile_of), profile_of=profile_of)


def members_by_pool(
    profile_of: Mapping[HostGroup, HostProfile],
) -> dict[str, tuple[PoolMember, ...]]:
    """Return one member per pool and profile, pools in name order."""
    pools: dict[str, dict[HostProfile, list[HostGroup]]] = {}
    for group, profile in profile_of.items():
        pools.setdefault(group.pool, {}).setdefault(profile, []).append(group)
    return {
        pool: tuple(
            PoolMember(profile=profile, groups=tuple(groups))
            for profile, groups in pools[pool].items()
        )
        for pool in sorted(pools)
    }


def unplaced_texts(fleet: Fleet, knowledge: KnowledgeBase) -> tuple[Problem, ...]:
    """Return each kernel and QEMU of a fleet that fits no line, once, where it first stands."""
    first = {cell: group for group in reversed(fleet.groups) for cell in _cells(group)}
    misfits = ((cell, knowledge.misfit(*cell), group) for cell, group in first.items())
    return tuple(
        Problem(
            location=Location(file=fleet.source, line=group.line or None, column=cell[0]),
            what=misfit[0],
            remedy=misfit[1],
        )
        for cell, misfit, group in misfits
        if misfit is not None
    )


def is_unplaced(group: HostGroup, knowledge: KnowledgeBase) -> bool:
    """Whether the kernel or the QEMU of hosts fits no line."""
    return any(knowledge.misfit(*cell) is not None for cell in _cells(group))


def _cells(group: HostGroup) -> tuple[tuple[str, str], ...]:
    return ("kernel", group.kernel), ("qemu", group.qemu)


def unknown_among(
    asked: Iterable[CapabilityId], capabilities: CapabilitySet
) -> tuple[CapabilityId, ...]:
    """Return the asked capabilities of which nothing is known, in order."""
    return tuple(sorted(name for name in asked if capabilities.presence(name) is Presence.UNKNOWN))
