"""One machine type on one domain: units, properties and policy put together; no search."""

from __future__ import annotations

from dataclasses import dataclass, field

from planner.domain.compat import Visible
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.machine_type import MachineType
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.policy import Policy
from planner.domain.solution import FlagChoice
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.solver.attempt import HARDWARE, Attempt, Obstacle, Parts, condition_of
from planner.solver.demands import UnitDemands
from planner.solver.layout import LayoutIssue, layout_issues
from planner.solver.observed import without_observed_passes
from planner.solver.offers import Offers

Hosts = frozenset[HostProfile] | frozenset[QemuBuild]


@dataclass(slots=True)
class ClosedForm:
    """Tries machine types against one knowledge base and policy."""

    knowledge: KnowledgeBase
    policy: Policy
    offers: Offers = field(init=False)
    units: UnitDemands = field(init=False)
    _layout: dict[tuple[object, ...], tuple[LayoutIssue, ...]] = field(default_factory=dict)
    _hopeless: dict[tuple[str, frozenset[QemuBuild]], Truth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the parts that remember types and units."""
        self.offers = Offers(self.knowledge, self.policy)
        self.units = UnitDemands(self.knowledge, self.policy)

    def attempt(self, domain: MigrationDomain, machine_type: MachineType) -> Attempt:
        """Try one machine type on a domain."""
        refused, unsure = self._not_offering(domain, machine_type.name)
        if refused:
            return Attempt(machine_type, not_offered=refused, unknown_offer=unsure)
        parts = Parts()
        if domain.hosts > 1 or domain.edges:
            judged = without_observed_passes(domain, machine_type.name, self.knowledge)
            self.units.collect(judged, machine_type.name, parts)
            parts.fixed = parts.fixed and not domain.is_observed
            self._judge_hardware(domain, parts)
            self._judge_layout(judged, machine_type, parts)
        self._demand_flags(domain, parts)
        return Attempt(
            machine_type=machine_type,
            flags=tuple(sorted(set(parts.flags), key=lambda choice: str(choice.flag))),
            conditions=tuple(sorted(set(parts.conditions))),
            needs_ack=tuple(sorted(set(parts.acks) - self.policy.acknowledged)),
            accepted=tuple(sorted(set(parts.accepted), key=lambda loss: loss.unit)),
            residual=tuple(sorted(set(parts.residual), key=lambda loss: loss.unit)),
            obstacles=tuple(parts.obstacles),
            unknown_offer=unsure,
            open_facts=frozenset(parts.facts),
            is_fixed=parts.fixed,
        )

    def _not_offering(
        self, domain: MigrationDomain, name: str
    ) -> tuple[tuple[HostProfile, ...], tuple[HostProfile, ...]]:
        offers = {
            member.profile: self.knowledge.machines.offers(member.profile.qemu, name)
            for member in domain.members
        }
        refused = tuple(profile for profile, offer in offers.items() if offer is Truth.NO)
        return refused, tuple(
            profile for profile, offer in offers.items() if offer is Truth.UNKNOWN
        )

    def _judge_hardware(self, domain: MigrationDomain, parts: Parts) -> None:
        """Ask for guest CPUs without the features that some host is known to lack and another not."""
        if any(member.profile.capabilities.possible for member in domain.starts):
            parts.conditions.append(HARDWARE)
        lacking = {profile.lacked_cpu_features for profile in domain.profiles}
        if len(lacking) == 1:
            return
        for name in sorted(frozenset().union(*lacking)):
            if any(name not in lacked for lacked in lacking):
                clause = Clause(kind=ClauseKind.CPU, any_of=(name.removeprefix("cpu."),))
                parts.conditions.append(condition_of(clause, self.knowledge, "functional"))

    def refused_by_builds(self, domain: MigrationDomain, machine_type: MachineType) -> Truth:
        """Return whether layout alone refuses a type: YES certainly, UNKNOWN for want of facts."""
        key = (machine_type.name, domain.builds)
        whole = domain.edges is None and not domain.is_observed
        if whole and key in self._hopeless:
            return self._hopeless[key]
        judged = without_observed_passes(domain, machine_type.name, self.knowledge)
        certain = [
            issue.certain for issue in self.layout(judged, machine_type) if issue.is_obstacle
        ]
        refused = Truth.NO if not certain else Truth.YES if any(certain) else Truth.UNKNOWN
        if whole:
            self._hopeless[key] = refused
        return refused

    def layout(self, domain: MigrationDomain, machine_type: MachineType) -> tuple[LayoutIssue, ...]:
        """Return what differing properties, faults and observations ask under a machine type."""
        profiles = tuple(member.profile for member in domain.members)
        pairs = frozenset(domain.edges) if domain.edges is not None else None
        listed = self.knowledge.covered.get(profiles[0].arch) == "listed"
        mixed = len({profile.arch for profile in profiles}) > 1
        special = domain.is_observed or mixed or not listed
        hosts: Hosts = domain.profiles if special else domain.builds
        key = (machine_type.name, hosts, pairs)
        if key not in self._layout:
            self._layout[key] = tuple(
                layout_issues(profiles, pairs, machine_type.name, self.knowledge, self.policy)
            )
        return self._layout[key]

    def _judge_layout(
        self, domain: MigrationDomain, machine_type: MachineType, parts: Parts
    ) -> None:
        """Collect the ways out of every layout issue, or the obstacles."""
        for issue in self.layout(domain, machine_type):
            if issue.flag is not None:
                parts.flags.append(issue.flag)
            elif issue.clause is not None:
                parts.conditions.append(condition_of(issue.clause, self.knowledge, issue.price))
            else:
                parts.obstacles.append(
                    Obstacle(
                        rule=issue.rule,
                        unit=issue.unit,
                        property_key=issue.property_key,
                        certain=issue.certain,
                        facts=issue.facts,
                        lacking=(),
                        having=(),
                        source=issue.source,
                        text=issue.text,
                    )
                )
            if not issue.certain:
                parts.facts.update(issue.facts)

    def _demand_flags(self, domain: MigrationDomain, parts: Parts) -> None:
        """Add the flags that policy requires, or the obstacle that a build does not have them."""
        for flag in self.policy.required_flags:
            row = self.knowledge.property_row(flag.key)
            missing = tuple(
                member.profile
                for member in domain.members
                if self.knowledge.offers_property(member.profile.qemu, flag.key) is not Truth.YES
            )
            if missing:
                text = f"policy requires {flag}, which not every build offers"
                parts.obstacles.append(
                    Obstacle(
                        rule=Rule.PROPERTY_NOT_OFFERED.value,
                        unit="",
                        property_key=str(flag.key),
                        certain=True,
                        facts=(),
                        lacking=missing,
                        having=(),
                        source="policy",
                        text=text,
                    )
                )
            parts.flags.append(
                FlagChoice(
                    flag=flag,
                    visible=row.visible if row is not None else Visible.GUEST,
                    reason="required by policy",
                    unit="",
                    price="",
                )
            )
