"""One machine type on one domain: units, properties and policy put together; no search.

In: a `MigrationDomain` and a `MachineType`. Out: a `Candidate` with flags, conditions and losses,
or with the obstacles that forbid it.

Idea: what hosts ask of an answer is a sum of parts, and each part depends on a *set* of values
only: the distinct behaviours in a unit (`unit_constraints`), the distinct builds
(`build_differences`), the distinct CPUs and hardware facts (`hardware`). So the answer is the
union of what the parts ask, and no order of hosts, no pairing and no search changes it.

Invariant: a candidate is safe only if no part left an obstacle, and every condition stands beside
the others (`contradictory_conditions`): a guest must be able to meet all of them at once.

Cost: each part is remembered by the set that it depends on, so ten thousand pools of twenty
compositions cost twenty computations. A first pool costs units times distinct behaviours squared.

Source: the rules are those of docs/concepts/judgement.md, derived here a second time (decision
0003).

>>> from planner.domain.solution import Condition
>>> gravest = _priced_once([
...     Condition(kind="guest", text="no nested guests", price="functional"),
...     Condition(kind="guest", text="no nested guests", price="security"),
... ])
>>> [condition.price for condition in gravest]
['security']
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from planner.domain.compat import CompatFlag, Visible
from planner.domain.host import HostProfile
from planner.domain.machine_type import MachineType
from planner.domain.migrated import SEVERITIES
from planner.domain.policy import Policy
from planner.domain.solution import Condition, FlagChoice, Loss
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember
from planner.solver.available_types import AvailableTypes
from planner.solver.build_differences import NO_DIFFERENCES, BuildDifferences, DifferenceFinder
from planner.solver.candidate import (
    NO_CONDITIONS,
    Candidate,
    CandidateParts,
    Obstacle,
    SharedConditions,
    condition_of,
)
from planner.solver.contradictory_conditions import asks_for_features, contradicted, opponents
from planner.solver.difference_issues import DifferenceIssue
from planner.solver.hardware_conditions import HardwareConditions
from planner.solver.observed_edges import without_observed_passes
from planner.solver.unit_constraints import NO_CONSTRAINTS, ConstraintFinder, UnitConstraints

GRAVITY = {severity: index for index, severity in enumerate(SEVERITIES)}
Demanded = tuple[UnitConstraints, UnitConstraints]
Profiles = tuple[HostProfile, ...]


@dataclass(slots=True)
class ClosedForm:
    """Tries machine types against one knowledge base and policy."""

    knowledge: KnowledgeBase
    policy: Policy
    offers: AvailableTypes = field(init=False)
    units: ConstraintFinder = field(init=False)
    differences: DifferenceFinder = field(init=False)
    hardware: HardwareConditions = field(init=False)
    _unmet_of: dict[tuple[object, ...], list[Obstacle]] = field(default_factory=dict)
    _attempts: dict[tuple[object, ...], Candidate] = field(default_factory=dict)
    _asked_of_each: dict[tuple[object, str], frozenset[Condition]] = field(default_factory=dict)
    _asked_alone_of: dict[tuple[HostProfile, str], frozenset[Condition]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        """Make the parts that remember types, units, differences and hardware."""
        self.offers = AvailableTypes(self.knowledge, self.policy)
        self.units = ConstraintFinder(self.knowledge, self.policy)
        self.differences = DifferenceFinder(self.knowledge, self.policy)
        self.hardware = HardwareConditions(self.knowledge)

    def attempt(self, domain: MigrationDomain, machine_type: MachineType) -> Candidate:
        """Try one machine type on a domain."""
        name = machine_type.name
        refused, unsure = self._not_offering(domain, name)
        if refused:
            return Candidate(machine_type, not_offered=refused, unknown_offer=unsure)
        missing = self._missing_flags(domain)
        blocked: list[Obstacle] = []
        constraints: Demanded = (NO_CONSTRAINTS, NO_CONSTRAINTS)
        differences, hardware = NO_DIFFERENCES, NO_CONDITIONS
        if domain.hosts > 1 or domain.edges:
            judged = without_observed_passes(domain, name, self.knowledge)
            constraints = self.units.constraints(judged, name)
            differences, hardware = self.differences.of(judged, name), self.hardware.of(domain)
            one_arch = len({profile.arch for profile in domain.profiles}) == 1
            if one_arch and any(part.is_blocked for part in constraints):
                blocked = self.units.obstacles(judged, name, constraints)
        attempt = self._without_hosts(machine_type, constraints, differences, hardware)
        lasting = self._unmet_by_all_types(domain, constraints[0], hardware) if attempt.asks else []
        unmet = lasting
        if attempt.asks and not lasting:
            unmet = self._unmet(domain, name, constraints, attempt.conditions)
        if not (blocked or unmet or missing or unsure):
            return attempt
        fixed = bool(lasting) or (constraints[0].is_blocked and not constraints[1].is_blocked)
        return replace(
            attempt,
            obstacles=(*blocked, *unmet, *attempt.obstacles, *missing),
            unknown_offer=unsure,
            is_fixed=fixed and not domain.is_observed,
        )

    def asked_of_each(
        self, domain: MigrationDomain, machine_type: MachineType
    ) -> frozenset[Condition]:
        """Return the conditions that every host class of a domain would ask in a pool of its own.

        They are facts about migration, not about this pool: no difference of its hosts asks for them.
        """
        key = (domain.profiles, machine_type.name)
        if key not in self._asked_of_each:
            conditions = [self._asked_alone(member, machine_type) for member in domain.members]
            self._asked_of_each[key] = frozenset.intersection(*conditions)
        return self._asked_of_each[key]

    def _asked_alone(self, member: PoolMember, machine_type: MachineType) -> frozenset[Condition]:
        """Return the conditions of a pool of equal hosts, two or more."""
        key = (member.profile, machine_type.name)
        if key not in self._asked_alone_of:
            alone = MigrationDomain(name="", starts=(member,), members=(member,))
            constraints = self.units.constraints(alone, machine_type.name)
            differences = self.differences.of(alone, machine_type.name)
            attempt = self._without_hosts(
                machine_type, constraints, differences, self.hardware.of(alone)
            )
            self._asked_alone_of[key] = frozenset(attempt.conditions)
        return self._asked_alone_of[key]

    def _unmet_by_all_types(
        self, domain: MigrationDomain, plain: UnitConstraints, hardware: SharedConditions
    ) -> list[Obstacle]:
        """Return what no guest can meet under any machine type; remembered for whole pools."""
        key = (domain.profiles, domain.edges, plain, hardware)
        if key not in self._unmet_of:
            conditions = (*hardware.conditions, *plain.conditions)
            self._unmet_of[key] = self._unmet(domain, "", (plain, NO_CONSTRAINTS), conditions)
        return self._unmet_of[key]

    def _unmet(
        self,
        domain: MigrationDomain,
        machine_type: str,
        constraints: Demanded,
        conditions: tuple[Condition, ...],
    ) -> list[Obstacle]:
        """Return what is blocked because no guest meets its condition beside the others."""
        judged = without_observed_passes(domain, machine_type, self.knowledge)
        return [
            contradicted(obstacle, condition, against)
            for obstacle, condition in self.units.obstacles_if_unmet(
                judged, machine_type, constraints
            )
            if (against := opponents(condition, conditions, self.knowledge))
        ]

    def refused_by_builds(self, domain: MigrationDomain, machine_type: MachineType) -> Truth:
        """Return whether the builds alone refuse a type: YES certainly, UNKNOWN for want of facts."""
        judged = without_observed_passes(domain, machine_type.name, self.knowledge)
        return self.differences.of(judged, machine_type.name).refused

    def _not_offering(self, domain: MigrationDomain, name: str) -> tuple[Profiles, Profiles]:
        """Return the profiles whose builds do not offer a type, and those that may or may not."""
        offered = {build: self.offers.of_build(build, name) for build in domain.builds}
        if all(offer is Truth.YES for offer in offered.values()):
            return (), ()
        profiles = [member.profile for member in domain.members]
        return (
            tuple(profile for profile in profiles if offered[profile.qemu] is Truth.NO),
            tuple(profile for profile in profiles if offered[profile.qemu] is Truth.UNKNOWN),
        )

    def _without_hosts(
        self,
        machine_type: MachineType,
        constraints: Demanded,
        differences: BuildDifferences,
        hardware: SharedConditions,
    ) -> Candidate:
        """Return what names no host: domains of which equal things are asked share it."""
        key = (machine_type.name, *constraints, differences, hardware)
        if key not in self._attempts:
            parts = CandidateParts(
                conditions=list(hardware.conditions),
                flags=self._required_flags(),
                acks=list(hardware.acks),
            )
            for units_of_one_kind in constraints:
                units_of_one_kind.add_to(parts)
            self._judge_differences(differences, parts)
            conditions = _priced_once(parts.conditions)
            self._attempts[key] = Candidate(
                machine_type=machine_type,
                asks=asks_for_features(conditions),
                flags=tuple(sorted(set(parts.flags), key=_flag_order)),
                conditions=conditions,
                needs_ack=tuple(sorted(set(parts.acks) - self.policy.acknowledged)),
                accepted=tuple(sorted(set(parts.accepted))),
                residual=tuple(sorted(set(parts.residual))),
                obstacles=tuple(parts.obstacles),
                open_facts=frozenset(parts.facts),
            )
        return self._attempts[key]

    def _judge_differences(self, differences: BuildDifferences, parts: CandidateParts) -> None:
        """Collect the ways out of every difference, or the obstacles."""
        for issue in differences.issues:
            if issue.is_accepted:
                loss = Loss(unit=issue.unit, severity=issue.price, text=issue.text)
                parts.accepted.append(loss)
            elif issue.flag is not None:
                parts.flags.append(issue.flag)
            elif issue.condition is not None:
                parts.conditions.append(issue.condition)
            elif issue.clause is not None:
                parts.conditions.append(condition_of(issue.clause, self.knowledge, issue.price))
            else:
                parts.obstacles.append(_difference_obstacle(issue))
            if not issue.certain:
                parts.facts.update(issue.facts)

    def _required_flags(self) -> list[FlagChoice]:
        """Return the flags that policy requires."""
        rows = [self.knowledge.property_row(flag.key) for flag in self.policy.required_flags]
        return [
            FlagChoice(
                flag=flag,
                visible=row.visible if row is not None else Visible.GUEST,
                reason="required by policy",
                unit="",
                price="",
            )
            for flag, row in zip(self.policy.required_flags, rows, strict=True)
        ]

    def _missing_flags(self, domain: MigrationDomain) -> list[Obstacle]:
        """Return one obstacle per required flag that a build of the domain does not have."""
        obstacles = []
        for flag in self.policy.required_flags:
            missing = tuple(
                member.profile
                for member in domain.members
                if self.knowledge.offers_property(
                    member.profile.qemu, flag.key, member.profile.arch
                )
                is not Truth.YES
            )
            if missing:
                obstacles.append(_missing_flag(flag, missing))
        return obstacles


def _flag_order(choice: FlagChoice) -> tuple[str, ...]:
    return str(choice.flag), choice.reason, choice.unit, choice.price


def _priced_once(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return every condition once, at the gravest of the prices that it is asked for, in order."""
    gravest: dict[tuple[str, tuple[str, ...]], Condition] = {}
    for condition in conditions:
        key = (condition.text, condition.words)
        known = gravest.get(key)
        if known is None or GRAVITY.get(condition.price, -1) > GRAVITY.get(known.price, -1):
            gravest[key] = condition
    return tuple(sorted(gravest.values(), key=_condition_order))


def _condition_order(condition: Condition) -> tuple[str, str, str, tuple[str, ...]]:
    return condition.kind, condition.text, condition.price, condition.words


def _difference_obstacle(issue: DifferenceIssue) -> Obstacle:
    return Obstacle(
        rule=issue.rule,
        unit=issue.unit,
        property_key=issue.property_key,
        certain=issue.certain,
        facts=issue.facts,
        lacking=(),
        having=(),
        source=issue.source,
        text=issue.text,
        sides=issue.sides,
    )


def _missing_flag(flag: CompatFlag, missing: tuple[HostProfile, ...]) -> Obstacle:
    return Obstacle(
        rule=Rule.PROPERTY_NOT_OFFERED.value,
        unit="",
        property_key=str(flag.key),
        certain=True,
        facts=(),
        lacking=missing,
        having=(),
        source="policy",
        text=f"policy requires {flag}, which not every build offers",
    )
