"""What CPUs of the two hosts of an edge decide: features that a guest has and a host may lack."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from planner.domain.capability import CapabilityId
from planner.domain.guest import GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.migrated import Clause, ClauseKind, Consequence, MigratedUnit
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Remark, Rule, knowledge_gap
from planner.knowledge.base import KnowledgeBase
from planner.migration.applies import clause_truth
from planner.migration.claims import Assumed
from planner.migration.guest_cpu import has_feature
from planner.migration.rules.other_cpu_rules import open_features

NO_FAULTY_CPU = "no CPU from which one of the kernels alone takes a feature: {}"
KERNEL_DIFFERS = "kernel differs"
MAY_TAKE = "kernel may take it unless {} (a probe tells)"


def judge_cpu_features(
    edge: MigrationEdge,
    start: GuestStart,
    knowledge: KnowledgeBase,
    management: str,
    assumed: Assumed = frozenset(),
) -> tuple[Objection, ...]:
    """Return the objections of the unit that stands for every CPUID bit."""
    boot = start.booted_on or edge.source
    lacking = sorted(edge.destination.lacked_cpu_features - boot.cpu_features.of_no_guest)
    doubtful = dict(_taken(boot, edge.destination, knowledge))
    if not boot.runs_kernel_of(edge.destination):
        doubtful |= dict.fromkeys(_doubtful(boot, edge.destination), KERNEL_DIFFERS)
    judge = CpuFeatureJudge(edge.source.arch, start, knowledge, management, assumed)
    return (*judge.by_name(lacking, doubtful), *judge.by_model(edge))


@dataclass(frozen=True, slots=True)
class CpuFeatureJudge:
    """The unit that stands for every CPUID bit, on the hosts of an architecture, for one guest."""

    arch: str
    start: GuestStart
    knowledge: KnowledgeBase
    management: str
    assumed: Assumed = frozenset()

    def by_name(
        self, lacking: Collection[CapabilityId], doubtful: Mapping[CapabilityId, str]
    ) -> tuple[Objection, ...]:
        """Object to features that the guest may have and the destination lacks, or may lack."""
        if not lacking and not doubtful:
            return ()
        return tuple(
            objection
            for unit in self._units
            for objection in _FeatureCase(
                unit, self.start, self.knowledge, self.management, self.assumed
            ).objections(lacking, doubtful)
        )

    def by_model(self, edge: MigrationEdge) -> Iterator[Objection]:
        """Object to what nobody knows of a destination whose CPU is another model's."""
        if not (self.start.booted_on or edge.source).has_other_cpu_than(edge.destination):
            return
        if self.knowledge.covered.get(self.arch) != "listed":
            yield unlisted_cpus(edge)
            return
        for unit in self._units:
            yield from open_features(
                unit, edge, self.start, self.knowledge, self.management, self.assumed
            )

    @property
    def _units(self) -> list[MigratedUnit]:
        return [unit for unit in self.knowledge.units_of(self.arch) if unit.cpu_features]


def judge_cpu_settings(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Name the settings of the guest's CPU that ask something of a host which no row tells."""
    boot, destination = start.booted_on or edge.source, edge.destination
    if boot.runs_kernel_of(destination) and not boot.has_other_cpu_than(destination):
        return
    for name, value in start.cpu.settings if start.cpu is not None else ():
        if name in knowledge.guests.settings_of_host:
            fact = f"whether the destination's kernel and CPU can do {name}={value}"
            yield knowledge_gap(fact, Consequence.CANNOT_START, "cpu_features.toml")


def unlisted_cpus(edge: MigrationEdge) -> Objection:
    """Return the gap of CPUs that differ on an architecture of which no feature has a row."""
    source, destination = edge.source.cpu_model, edge.destination.cpu_model
    fact = f"what a guest sees of the CPUs '{source}' and '{destination}' ({edge.source.arch})"
    return knowledge_gap(fact, Consequence.FAILS_CLEANLY, "coverage of this architecture")


def _doubtful(boot: HostProfile, destination: HostProfile) -> tuple[CapabilityId, ...]:
    """Return the CPU features that a guest may have and another kernel may not give.

    What both kernels give on CPUs of one vendor only, a guest of the boot host finds there again.
    """
    of_one_vendor = destination.one_vendor_cpu_features - boot.one_vendor_cpu_features
    unsure = destination.unsure_cpu_features | of_one_vendor
    return tuple(sorted(unsure - boot.cpu_features.of_no_guest))


def _taken(
    boot: HostProfile, destination: HostProfile, knowledge: KnowledgeBase
) -> Iterator[tuple[CapabilityId, str]]:
    """Yield the CPU features that the destination's kernel may take from a CPU for a fault, and why."""
    for taken in sorted(destination.taken_cpu_features - boot.taken_cpu_features):
        if taken.feature not in boot.cpu_features.of_no_guest:
            unless = knowledge.host_cpus.errata.unless(taken.fault)
            yield taken.feature, MAY_TAKE.format(unless) if unless else KERNEL_DIFFERS


def open_faults(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Remark]:
    """Yield the check that the destination has no CPU from which its kernel alone takes features."""
    boot, errata = start.booted_on or edge.source, knowledge.host_cpus.errata
    names = {
        fault.fault
        for fault in edge.destination.open_faults
        if fault.is_new_after(boot.open_faults)
        and fault.feature not in boot.cpu_features.of_no_guest
        and has_feature(fault.feature.removeprefix("cpu."), start.cpu, start, knowledge.guests)
        is not Truth.NO
    }
    if names:
        text = NO_FAULTY_CPU.format(errata.words(frozenset(names)))
        yield Remark(kind="host-condition", text=text, subject="host:cpu-faults", polarity="equal")


@dataclass(frozen=True, slots=True)
class _FeatureCase:
    """The unit that stands for every CPUID bit, and a guest."""

    unit: MigratedUnit
    start: GuestStart
    knowledge: KnowledgeBase
    management: str
    assumed: Assumed

    def objections(
        self, lacking: Iterable[CapabilityId], doubtful: Mapping[CapabilityId, str]
    ) -> Iterator[Objection]:
        """Object to each feature that the guest has and the destination lacks, or may lack."""
        for name in lacking:
            yield from self._objections(name)
        for name, why in sorted(doubtful.items()):
            yield from self._objections(name, f"{name} on the destination, whose {why}")

    def _objections(self, name: CapabilityId, doubt: str = "") -> Iterator[Objection]:
        unit, libvirt = self.unit, self.management == "libvirt"
        feature = name.removeprefix("cpu.")
        clause = Clause(kind=ClauseKind.CPU, any_of=(feature,))
        applies = clause_truth(clause, self.start, self.knowledge.guests, self.assumed)
        if applies.truth is Truth.NO:
            return
        facts = applies.open_facts or ((doubt,) if doubt else ())
        yield Objection(
            rule=Rule.KNOWLEDGE_GAP if facts else Rule.CAPABILITY_MISSING,
            consequence=unit.lack_libvirt if libvirt else unit.lack_plain,
            unit=unit.id,
            capability=name,
            severity=unit.severity,
            facts=facts or (feature,),
            depends_on=(clause,),
            source=unit.source,
        )
