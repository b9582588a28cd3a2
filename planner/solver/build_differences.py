"""What differs between the hosts of a domain under one machine-type name, remembered by builds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, product

from planner.domain.compat import DEFAULT, PropertyKey, ValueDifference, Visible, plain_value
from planner.domain.host import HostProfile, QemuBuild, Tables
from planner.domain.policy import Policy
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.solver.block_issues import block_issues
from planner.solver.default_issues import default_issues
from planner.solver.difference_issues import (
    DifferenceIssue,
    coverage_issues,
    fault_issues,
    model_issues,
    property_issue,
    unversioned_issue,
    vendor_issues,
)
from planner.solver.observed_edges import observed_issues
from planner.solver.section_issues import section_issues

Differing = tuple[tuple[PropertyKey, bool], ...]


@dataclass(frozen=True, slots=True, eq=False)
class BuildDifferences:
    """All issues of a domain under a type; domains of equal builds share it: compared by identity."""

    issues: tuple[DifferenceIssue, ...]

    @property
    def refused(self) -> Truth:
        """Whether the builds alone refuse the type: YES certainly, UNKNOWN for want of facts."""
        certain = [issue.certain for issue in self.issues if issue.is_obstacle]
        if not certain:
            return Truth.NO
        return Truth.YES if any(certain) else Truth.UNKNOWN


NO_DIFFERENCES = BuildDifferences(())


@dataclass(slots=True)
class DifferenceFinder:
    """The differences of domains, and what differs between two builds, by the tables of the builds."""

    knowledge: KnowledgeBase
    policy: Policy
    _differences: dict[tuple[object, ...], BuildDifferences] = field(default_factory=dict)
    _plain: dict[frozenset[HostProfile], bool] = field(default_factory=dict)
    _equal: dict[tuple[DifferenceIssue, ...], BuildDifferences] = field(default_factory=dict)
    _between: dict[tuple[Tables, Tables, str], Differing] = field(default_factory=dict)

    def of(self, domain: MigrationDomain, machine_type: str) -> BuildDifferences:
        """Return what differing properties, faults and observations ask under a machine type."""
        hosts = domain.tables if self._is_plain(domain) else domain.profiles
        key = (machine_type, hosts, domain.edges)
        if key not in self._differences:
            issues = tuple(self._issues(domain, machine_type))
            self._differences[key] = self._equal.setdefault(issues, BuildDifferences(issues))
        return self._differences[key]

    def _is_plain(self, domain: MigrationDomain) -> bool:
        """Whether builds alone decide: one listed architecture, one CPU, nothing observed."""
        if domain.profiles not in self._plain:
            architectures = {profile.arch for profile in domain.profiles}
            listed = (
                len(architectures) == 1 and self.knowledge.covered.get(*architectures) == "listed"
            )
            vendors = {profile.cpu_vendor for profile in domain.profiles} - {""}
            models = {profile.cpu_model for profile in domain.profiles} - {""}
            identities = {profile.cpu_identity for profile in domain.profiles} - {()}
            alike = len(vendors) < 2 and len(models) < 2 and len(identities) < 2
            self._plain[domain.profiles] = listed and alike and not domain.is_observed
        return self._plain[domain.profiles]

    def _issues(self, domain: MigrationDomain, machine_type: str) -> Iterator[DifferenceIssue]:
        if domain.edges is not None:
            routes = tuple(domain.edges)
            builds = frozenset((source.qemu, destination.qemu) for source, destination in routes)
            arrivals = {destination for _, destination in builds}
            carried = frozenset(product(domain.builds, arrivals))
            booted = tuple(product(domain.profiles, {destination for _, destination in routes}))
        else:
            hosts = domain.profiles
            if self._is_plain(domain):  # builds alone decide: one host of each tells all
                hosts = frozenset({host.qemu: host for host in hosts}.values())
            booted = routes = tuple(product(hosts, hosts))
            builds = carried = frozenset(product(domain.builds, domain.builds))
        yield from self._property_issues(domain.builds, builds, carried, machine_type)
        arch = domain.members[0].profile.arch
        yield from default_issues(builds | carried, arch, machine_type, self.knowledge)
        yield from section_issues(builds, arch, self.knowledge)
        yield from unversioned_issue(builds, machine_type, self.knowledge)
        yield from coverage_issues(routes, self.knowledge)
        for issue in chain(
            fault_issues(builds, carried, machine_type, self.knowledge),
            block_issues(builds, machine_type, self.knowledge, self.policy),
            observed_issues(routes, machine_type, self.knowledge),
            vendor_issues(routes, self.knowledge),
            model_issues(booted, self.knowledge),
        ):
            yield replace(issue, is_accepted=self.policy.accepted_loss(issue.unit) is not None)

    def _property_issues(
        self,
        builds: frozenset[QemuBuild],
        pairs: frozenset[tuple[QemuBuild, QemuBuild]],
        carried: frozenset[tuple[QemuBuild, QemuBuild]],
        machine_type: str,
    ) -> Iterator[DifferenceIssue]:
        """Yield what differs on an edge (`pairs`), or since boot (`carried`) where a guest sees it."""
        differing: dict[PropertyKey, bool] = {}
        for source, destination in pairs | carried:
            is_edge = (source, destination) in pairs
            for key, certain in self._differing(source, destination, machine_type):
                if is_edge or _is_seen_by_guests(key, self.knowledge):
                    differing[key] = differing.get(key, False) or certain
        for key, certain in sorted(differing.items()):
            yield property_issue(key, certain, builds, machine_type, self.knowledge, self.policy)

    def _differing(self, source: QemuBuild, destination: QemuBuild, machine_type: str) -> Differing:
        """Return the properties that differ, and whether certainly; builds of equal tables agree."""
        key = (source.tables, destination.tables, machine_type)
        if key not in self._between:
            differences = self.knowledge.machines.differences(source, destination, machine_type)
            self._between[key] = tuple(
                (row.key, row.source_value is not None and row.destination_value is not None)
                for row in differences
                if _matters(row, machine_type, self.knowledge, self.policy)
                and not self._settled_by_defaults(row, (source, destination), machine_type)
            )
        return self._between[key]

    def _settled_by_defaults(
        self, row: ValueDifference, builds: tuple[QemuBuild, QemuBuild], machine_type: str
    ) -> bool:
        """Whether values agree once what nothing sets is read off the builds themselves."""
        known = self.knowledge.machine_type(machine_type)
        if known is None or None in (row.source_value, row.destination_value):
            return False
        of_arch = self.knowledge.inventory.of(known.arch)
        values = {
            of_arch.default_of(build, row.key.qom_type, row.key.property)
            if value == DEFAULT
            else value
            for build, value in zip(builds, (row.source_value, row.destination_value), strict=True)
        }
        plain = {None if value is None else plain_value(value) for value in values}
        return len(plain) == 1 and None not in plain


def _is_seen_by_guests(key: PropertyKey, knowledge: KnowledgeBase) -> bool:
    row = knowledge.property_row(key)
    return row is None or row.visible is not Visible.STREAM


def _matters(
    row: ValueDifference, machine_type: str, knowledge: KnowledgeBase, policy: Policy
) -> bool:
    """Whether a difference is neither judged elsewhere nor settled nor one of spelling."""
    if row.key in knowledge.gating_properties or knowledge.is_benign(row.key, machine_type):
        return False
    if _on_other_boards(row.key, machine_type, knowledge) or _flagged(policy, row.key, knowledge):
        return False
    known = row.source_value is not None and row.destination_value is not None
    return not (known and knowledge.same_value(row.source_value, row.destination_value, row.key))


def _on_other_boards(key: PropertyKey, machine_type: str, knowledge: KnowledgeBase) -> bool:
    """Whether every part with this property is built into other boards (`builtin:BOARD`)."""
    row = knowledge.property_row(key)
    known = knowledge.machine_type(machine_type)
    words = [device.partition(":") for device in row.devices] if row is not None else []
    boards = {board for word, colon, board in words if word == "builtin" and colon}
    return known is not None and bool(boards) and known.board not in boards


def _flagged(policy: Policy, key: PropertyKey, knowledge: KnowledgeBase) -> bool:
    return any(knowledge.same_property(flag.key, key) for flag in policy.required_flags)
