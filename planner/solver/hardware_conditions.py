"""What the machines of a domain ask of an answer, whatever the machine type; by sets of values.

In: a domain. Out: conditions that hosts are equal, and that no guest has what some hosts lack.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache

from planner.domain.capability import CapabilityId
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.solution import Condition
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.solver.candidate import (
    FAULTY_CPUS,
    SharedConditions,
    common_parts,
    condition_of,
)
from planner.solver.cpu_feature_gaps import faults_to_check, not_everywhere
from planner.solver.hardware import asked_of_machines, told_by


@dataclass(slots=True)
class HardwareConditions:
    """Conditions of hardware, remembered by what decides about them."""

    knowledge: KnowledgeBase
    _hardware: dict[tuple[object, ...], SharedConditions] = field(default_factory=dict)
    _of_hosts: dict[frozenset[HostProfile], SharedConditions] = field(default_factory=dict)
    _alike: dict[tuple[object, ...], SharedConditions] = field(default_factory=dict)
    _differing: dict[tuple[frozenset[QemuBuild], str], bool] = field(default_factory=dict)

    def of(self, domain: MigrationDomain) -> SharedConditions:
        """Return what hardware asks, whatever the machine type; remembered for whole pools."""
        if domain.edges is not None:
            return self._hardware_asks(domain)
        if domain.profiles not in self._of_hosts:
            self._of_hosts[domain.profiles] = self._hardware_asks(domain)
        return self._of_hosts[domain.profiles]

    def _hardware_asks(self, domain: MigrationDomain) -> SharedConditions:
        """Return what hardware asks: equal hosts, guest CPUs without what only some hosts lack."""
        possible = any(self._depends_on_hardware(profile) for profile in domain.profiles)
        stated = told_by(domain.profiles, self.knowledge)
        one_model = not _are_of_models(domain.profiles)
        arch = domain.members[0].profile.arch
        parts_differ = self._parts_differ(frozenset(domain.builds), arch)
        lacked = self.common_parts_lack(domain)
        parts_differ = parts_differ or not lacked.isdisjoint(not_everywhere(domain.cpu_aspects))
        follows = self.knowledge.builds.follows_reference
        of_vendors = not all(follows(build.line) for build in domain.builds)
        key = (
            arch,
            possible,
            one_model,
            stated,
            domain.cpu_aspects,
            parts_differ,
            of_vendors,
            lacked,
        )
        if key not in self._hardware:
            constraints = list(
                asked_of_machines(
                    stated, self.knowledge, possible=possible, one_model=one_model, arch=arch
                )
            )
            constraints += self._faulty_cpus(domain)
            constraints += [common_parts(lacked, of_vendors=of_vendors)] if parts_differ else []
            conditions = self._features_asked(domain, constraints, lacked)
            self._hardware[key] = self._alike.setdefault(
                (conditions.conditions, conditions.acks), conditions
            )
        return self._hardware[key]

    def _faulty_cpus(self, domain: MigrationDomain) -> list[Condition]:
        """Return the check of CPUs that nobody states and that kernels of the pool treat differently."""
        faults = faults_to_check(domain.cpu_aspects)
        words = self.knowledge.host_cpus.errata.words(faults)
        return [replace(FAULTY_CPUS, text=FAULTY_CPUS.text.format(words))] if faults else []

    def common_parts_lack(self, domain: MigrationDomain) -> frozenset[CapabilityId]:
        """Return the CPU features that no guest has which has only what every QEMU of a domain has."""
        builds = {(profile.arch, profile.qemu) for profile in domain.profiles}
        return frozenset().union(
            *(self.knowledge.not_yet_in_release(arch, build) for arch, build in builds)
        )

    def _features_asked(
        self, domain: MigrationDomain, others: list[Condition], lacked: frozenset[CapabilityId]
    ) -> SharedConditions:
        """Return conditions with those on CPU features that a guest may not find on every host.

        What is `lacked` is excluded already.
        """
        names = tuple(sorted(not_everywhere(domain.cpu_aspects) - lacked))
        secure = self.knowledge.guests.security
        constraints = [without_feature(name.removeprefix("cpu."), self.knowledge) for name in names]
        units = self.knowledge.units_of(domain.members[0].profile.arch)
        acks = (
            [unit.id for unit in units if unit.cpu_features]
            if any(feature.removeprefix("cpu.") in secure for feature in names)
            else []
        )
        return SharedConditions((*others, *constraints), tuple(acks))

    def _depends_on_hardware(self, profile: HostProfile) -> bool:
        """Whether hardware decides about a host's registers: those it may have, or unlisted ones.

        It also does where some unit of every guest asks for something that probes tell.
        """
        if self.knowledge.covered.get(profile.arch) != "listed" or profile.capabilities.possible:
            return True
        units = self.knowledge.units_of(profile.arch)
        return any(unit.host_facts and not unit.when for unit in units)

    def _parts_differ(self, builds: frozenset[QemuBuild], arch: str) -> bool:
        key = (builds, arch)
        if key not in self._differing:
            self._differing[key] = self.knowledge.parts.differ(arch, builds)
        return self._differing[key]


def _are_of_models(profiles: Iterable[HostProfile]) -> bool:
    """Whether the fleet says which CPU each host has, or probes that some are of different models."""
    texts = {profile.cpu_model for profile in profiles if not profile.cpu_identity} - {""}
    identities = {profile.cpu_identity for profile in profiles} - {()}
    named = {profile.cpu_model for profile in profiles} - {""}
    differ = len(identities) > 1 or (len(named) > 1 and (bool(texts) or not identities))
    return differ or all(profile.cpu_model for profile in profiles)


@cache
def without_feature(name: str, knowledge: KnowledgeBase) -> Condition:
    """Return the condition that no guest has a CPU feature."""
    price = "security" if name in knowledge.guests.security else "functional"
    return condition_of(Clause(kind=ClauseKind.CPU, any_of=(name,)), knowledge, price)
