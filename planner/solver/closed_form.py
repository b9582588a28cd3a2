"""The newest baseline of one board and line for one domain, by meets over profiles; no search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from planner.domain.compat import CompatFlag, PropertyKey, Visible
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.machine_type import MachineType
from planner.domain.migrated import Clause, ClauseKind, MigratedUnit
from planner.domain.policy import Policy
from planner.domain.solution import Condition, FlagChoice, Loss
from planner.domain.truth import Truth, all_of
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain
from planner.solver.layout import LayoutIssue, layout_issues
from planner.solver.meets import Finding, Row, findings, gate_level, row_of

HARDWARE = Condition(
    kind="host",
    text="same CPU generation, microcode and kvm parameters on all hosts of the pool",
    price="check with probes",
)
ORDER_OF_CLAUSES = (
    ClauseKind.USE,
    ClauseKind.GUEST,
    ClauseKind.ACCELERATOR,
    ClauseKind.CPU_LACKS,
    ClauseKind.CPU,
    ClauseKind.DEVICE,
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A unit or property that holds a machine type back; `facts` are missing ones, if it is open.

    `rule` is the id of the rule of judgement that it breaks.
    """

    rule: str
    unit: str
    property_key: str
    certain: bool
    facts: tuple[str, ...]
    lacking: tuple[HostProfile, ...]
    having: tuple[HostProfile, ...]
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One machine type tried on a domain: what it needs, or what forbids it.

    `is_fixed`: what forbids it has no gate, so no older type can help.
    """

    machine_type: MachineType
    flags: tuple[FlagChoice, ...] = ()
    conditions: tuple[Condition, ...] = ()
    needs_ack: tuple[str, ...] = ()
    accepted: tuple[Loss, ...] = ()
    residual: tuple[Loss, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    not_offered: tuple[HostProfile, ...] = ()
    unknown_offer: tuple[HostProfile, ...] = ()
    open_facts: frozenset[str] = frozenset()
    is_fixed: bool = False

    @property
    def is_safe(self) -> bool:
        """Whether this type can be used with its flags and conditions."""
        return not (self.obstacles or self.not_offered or self.unknown_offer)

    @property
    def is_open(self) -> bool:
        """Whether only missing facts stand against it."""
        return (
            not self.is_safe
            and not self.not_offered
            and all(not obstacle.certain for obstacle in self.obstacles)
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What one unit asks of an answer, for one set of distinct rows."""

    flag: bool = False
    condition: Condition | None = None
    blocked: tuple[Finding, ...] = ()
    accepted: bool = False
    residual: bool = False
    hardware: bool = False
    facts: frozenset[str] = frozenset()


CLEAN = Decision()
RULES = {
    "blocked": Rule.MIGRATION_BLOCKED,
    "unsent": Rule.STATE_NOT_SENT,
    "uncaptured": Rule.STATE_NOT_CAPTURED,
    "foreign": Rule.UNIT_NOT_UNDERSTOOD,
    "gate": Rule.COMPAT_VALUE_DIFFERS,
    "refused": Rule.UNIT_REFUSED,
    "lack": Rule.CAPABILITY_MISSING,
}
Hosts = frozenset[HostProfile] | frozenset[QemuBuild]
Routes = tuple[frozenset[int], frozenset[tuple[int, int]] | None]


@dataclass(slots=True)
class ClosedForm:
    """Solves domains against one knowledge base and policy, remembering rows and decisions."""

    knowledge: KnowledgeBase
    policy: Policy
    _rows: dict[tuple[str, HostProfile], tuple[int, ...]] = field(default_factory=dict)
    _units: dict[str, tuple[tuple[MigratedUnit, ...], tuple[MigratedUnit, ...]]] = field(
        default_factory=dict
    )
    _numbers: dict[Row, int] = field(default_factory=dict)
    _decided: dict[tuple[object, ...], Decision] = field(default_factory=dict)
    _layout: dict[tuple[object, ...], tuple[LayoutIssue, ...]] = field(default_factory=dict)
    _plain: dict[tuple[frozenset[HostProfile], ...], _Parts] = field(default_factory=dict)
    _gated: dict[frozenset[int], _Parts] = field(default_factory=dict)
    _vectors: dict[tuple[str, HostProfile], int] = field(default_factory=dict)
    _vector_numbers: dict[tuple[HostProfile, tuple[int, ...]], int] = field(default_factory=dict)
    _settable: dict[tuple[bool, frozenset[QemuBuild]], tuple[bool, ...]] = field(
        default_factory=dict
    )
    _common: dict[tuple[str, frozenset[QemuBuild]], Truth] = field(default_factory=dict)
    _columns: dict[tuple[str, str, frozenset[QemuBuild]], tuple[Truth, ...]] = field(
        default_factory=dict
    )
    _common_lines: dict[frozenset[QemuBuild], frozenset[tuple[str, str]]] = field(
        default_factory=dict
    )
    _hopeless: dict[tuple[str, frozenset[QemuBuild]], Truth] = field(default_factory=dict)
    _newest: dict[tuple[str, str, frozenset[QemuBuild]], MachineType | None] = field(
        default_factory=dict
    )
    _offered_lines: dict[QemuBuild, frozenset[tuple[str, str]]] = field(default_factory=dict)
    _candidates: dict[tuple[str, str, str], tuple[MachineType, ...]] = field(default_factory=dict)

    def candidates(self, arch: str, board: str, line: str) -> tuple[MachineType, ...]:
        """Return the types of a board and line, newest first, inside floor and ceiling."""
        key = (arch, board, line)
        if key not in self._candidates:
            floor = self._bound(self.policy.floors, board, line)
            ceiling = self._bound(self.policy.ceilings, board, line)
            rows = [
                row.machine_type
                for row in self.knowledge.machines.types.values()
                if (row.machine_type.arch, row.machine_type.board, row.machine_type.line) == key
                and (floor is None or row.machine_type.rank >= floor)
                and (ceiling is None or row.machine_type.rank <= ceiling)
            ]
            self._candidates[key] = tuple(sorted(rows, key=lambda row: row.rank, reverse=True))
        return self._candidates[key]

    def offer(self, builds: frozenset[QemuBuild], machine_type: str) -> Truth:
        """Return whether every one of `builds` offers a type; NO beats UNKNOWN."""
        key = (machine_type, builds)
        if key not in self._common:
            self._common[key] = all_of(
                self.knowledge.machines.offers(build, machine_type) for build in builds
            )
        return self._common[key]

    def offers_of(
        self, builds: frozenset[QemuBuild], types: tuple[MachineType, ...]
    ) -> tuple[Truth, ...]:
        """Return for each type whether every build offers it."""
        key = (types[0].board, types[0].line, builds) if types else ("", "", builds)
        if key not in self._columns:
            self._columns[key] = tuple(self.offer(builds, row.name) for row in types)
        return self._columns[key]

    def newest_of_any(
        self, builds: frozenset[QemuBuild], board: str, line: str, arch: str
    ) -> MachineType | None:
        """Return the newest type of a line that some build certainly offers."""
        key = (board, line, builds)
        if key not in self._newest:
            offers = self.knowledge.machines.offers
            those = [build for build in builds if (board, line) in self.lines_of(build)]
            self._newest[key] = next(
                (
                    row
                    for row in (self.candidates(arch, board, line) if those else ())
                    if any(offers(build, row.name) is Truth.YES for build in those)
                ),
                None,
            )
        return self._newest[key]

    def common_lines(self, builds: frozenset[QemuBuild]) -> frozenset[tuple[str, str]]:
        """Return the boards and lines of which every build may offer some type."""
        if builds not in self._common_lines:
            lines = [self.lines_of(build) for build in builds]
            self._common_lines[builds] = lines[0].intersection(*lines[1:])
        return self._common_lines[builds]

    def lines_of(self, build: QemuBuild) -> frozenset[tuple[str, str]]:
        """Return the boards and lines of which a build may offer some type."""
        if build not in self._offered_lines:
            self._offered_lines[build] = frozenset(
                (row.machine_type.board, row.machine_type.line)
                for name, row in self.knowledge.machines.types.items()
                if self.knowledge.machines.offers(build, name) is not Truth.NO
            )
        return self._offered_lines[build]

    def _bound(self, bounds: Iterable[tuple[str, str]], board: str, line: str) -> int | None:
        for name, machine_type in bounds:
            row = self.knowledge.machine_type(machine_type)
            if name == board and row is not None and row.line == line:
                return row.rank
        return None

    def attempt(self, domain: MigrationDomain, machine_type: MachineType) -> Attempt:
        """Try one machine type on a domain."""
        refused, unsure = self._not_offering(domain, machine_type.name)
        if refused:
            return Attempt(machine_type, not_offered=refused, unknown_offer=unsure)
        parts = _Parts()
        if domain.hosts > 1 or domain.edges:
            self._judge_units(domain, machine_type, parts)
            self._judge_layout(domain, machine_type, parts)
        self._demand_flags(domain, parts)
        return Attempt(
            machine_type=machine_type,
            flags=tuple(sorted(set(parts.flags), key=lambda choice: str(choice.flag))),
            conditions=tuple(sorted(set(parts.conditions), key=lambda one: (one.kind, one.text))),
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

    def _judge_units(
        self, domain: MigrationDomain, machine_type: MachineType, parts: _Parts
    ) -> None:
        """Collect what every unit asks, gated units under this machine type.

        Units without a gate do not depend on the machine type: they are judged once per domain.
        """
        arch = domain.members[0].profile.arch
        hosts = domain.profiles
        starts = frozenset(member.profile for member in domain.starts)
        plain, gated = self._split(arch)
        if domain.edges is not None:
            parts.add(self._parts(domain, plain, "", starts))
        else:
            key = (hosts, starts)
            if key not in self._plain:
                self._plain[key] = self._parts(domain, plain, "", starts)
            parts.add(self._plain[key])
        parts.add(self._gated_parts(domain, gated, machine_type.name, starts))
        parts.fixed = len(parts.obstacles) > 0 and not any(
            unit.id == obstacle.unit for obstacle in parts.obstacles for unit in gated
        )
        self._cpu_feature_conditions(hosts, parts)
        if any(profile.capabilities.possible for profile in starts):
            parts.conditions.append(HARDWARE)

    def _gated_parts(
        self,
        domain: MigrationDomain,
        units: tuple[MigratedUnit, ...],
        machine_type: str,
        starts: frozenset[HostProfile],
    ) -> _Parts:
        """Return what gated units ask; types with equal gates, as of two boards, ask the same."""
        if domain.edges is not None or len(starts) != len(domain.profiles):
            return self._parts(domain, units, machine_type, starts)
        key = frozenset(
            self._vector_of(units, profile, machine_type) for profile in domain.profiles
        )
        if key not in self._gated:
            self._gated[key] = self._parts(domain, units, machine_type, starts)
        return self._gated[key]

    def _vector_of(
        self, units: tuple[MigratedUnit, ...], profile: HostProfile, machine_type: str
    ) -> int:
        """Return one number for a profile and its rows: equal numbers, equal both."""
        key = (machine_type, profile)
        if key not in self._vectors:
            pair = (profile, self._rows_of(units, profile, machine_type))
            self._vectors[key] = self._vector_numbers.setdefault(pair, len(self._vector_numbers))
        return self._vectors[key]

    def _cpu_feature_conditions(self, hosts: frozenset[HostProfile], parts: _Parts) -> None:
        """Ask for guest CPUs without the features that some host is known to lack and another not."""
        lacking = {profile.lacked_cpu_features for profile in hosts}
        if len(lacking) == 1:
            return
        for name in sorted(frozenset().union(*lacking)):
            if any(name not in lacked for lacked in lacking):
                clause = Clause(kind=ClauseKind.CPU, any_of=(name.removeprefix("cpu."),))
                parts.conditions.append(condition_of(clause, self.knowledge, "functional"))

    def narrow(self, profiles: Iterable[HostProfile]) -> None:
        """Leave out the units that ask nothing even if all `profiles` stood in one pool.

        What asks nothing of a set of hosts asks nothing of a part of it.
        """
        for arch in sorted({profile.arch for profile in profiles}):
            hosts = [profile for profile in profiles if profile.arch == arch]
            units, gated = split_units(self.knowledge, arch)
            table = [self._rows_of(units, profile, "") for profile in hosts]
            kept = [
                place
                for place, column in enumerate(zip(*table, strict=True))
                if self._decide(units[place], frozenset(column)) is not CLEAN
            ]
            self._rows = {
                key: tuple(rows[place] for place in kept)
                for key, rows in self._rows.items()
                if key[0] == "" and key[1].arch == arch
            } | {key: rows for key, rows in self._rows.items() if key[0] or key[1].arch != arch}
            self._units[arch] = (tuple(units[place] for place in kept), gated)

    def _decide(self, unit: MigratedUnit, column: frozenset[int]) -> Decision:
        return self._decision(unit, (column, None), column, settable=False)

    def _split(self, arch: str) -> tuple[tuple[MigratedUnit, ...], tuple[MigratedUnit, ...]]:
        return self._units.get(arch) or split_units(self.knowledge, arch)

    def _parts(
        self,
        domain: MigrationDomain,
        units: tuple[MigratedUnit, ...],
        machine_type: str,
        starts: frozenset[HostProfile],
    ) -> _Parts:
        """Return what some units ask of a domain, under a machine type if they are gated."""
        parts = _Parts()
        table = {
            member.profile: self._rows_of(units, member.profile, machine_type)
            for member in domain.members
        }
        settable = self._settable_units(units, domain.builds, machine_type)
        whole = domain.edges is None and len(starts) == len(table)
        for index, column in enumerate(zip(*table.values(), strict=True)):
            unit, takers = units[index], frozenset(column)
            key: tuple[object, ...] = (unit.id, takers, settable[index])
            routes: Routes = (takers, None)
            if not whole:
                routes = self._routes(domain, unit, index, table, starts)
                key = (*key, *routes)
            decision = self._decided.get(key)
            if decision is None:
                decision = self._decision(unit, routes, takers, settable=settable[index])
                self._decided[key] = decision
            if decision is not CLEAN:
                self._take(unit, decision, index, table, parts)
        return parts

    def _routes(
        self,
        domain: MigrationDomain,
        unit: MigratedUnit,
        index: int,
        table: dict[HostProfile, tuple[int, ...]],
        starts: frozenset[HostProfile],
    ) -> Routes:
        """Return who produces a unit, and the pairs it travels if not every pair is an edge."""
        takers = frozenset(rows[index] for rows in table.values())
        if unit.state == "boot":
            return frozenset(table[profile][index] for profile in starts), None
        if domain.edges is None:
            return takers, None
        return takers, frozenset(
            (table[one][index], table[other][index]) for one, other in domain.edges
        )

    def _rows_of(
        self, units: tuple[MigratedUnit, ...], profile: HostProfile, machine_type: str
    ) -> tuple[int, ...]:
        """Return the numbers of a profile's rows; without a machine type every gate is open."""
        key = (machine_type, profile)
        if key not in self._rows:
            flags = self.policy.required_flags
            self._rows[key] = tuple(
                self._numbers.setdefault(
                    row_of(
                        unit,
                        profile,
                        gate_level(unit, profile, machine_type, flags, self.knowledge),
                    ),
                    len(self._numbers),
                )
                for unit in units
            )
        return self._rows[key]

    def _settable_units(
        self, units: tuple[MigratedUnit, ...], builds: frozenset[QemuBuild], machine_type: str
    ) -> tuple[bool, ...]:
        """Return for each unit whether every build has its property and policy allows to set it."""
        key = (bool(machine_type), builds)
        if key not in self._settable:
            self._settable[key] = tuple(self._is_settable(unit, builds) for unit in units)
        return self._settable[key]

    def _is_settable(self, unit: MigratedUnit, builds: frozenset[QemuBuild]) -> bool:
        if not unit.gates:
            return False
        flag = unit.flag or unit.gates[0].key
        return str(flag) not in self.policy.forbidden_flags and all(
            self.knowledge.offers_property(build, flag) is Truth.YES for build in builds
        )

    def _decision(
        self, unit: MigratedUnit, routes: Routes, taker_numbers: frozenset[int], *, settable: bool
    ) -> Decision:
        """Return what one unit asks when rows of these numbers produce and take it."""
        rows = list(self._numbers)
        producer_numbers, pair_numbers = routes
        producers = [rows[number] for number in sorted(producer_numbers)]
        takers = [rows[number] for number in sorted(taker_numbers)]
        pairs = None
        if pair_numbers is not None:
            pairs = [(rows[one], rows[other]) for one, other in sorted(pair_numbers)]
        found = findings(unit, producers, takers, pairs)
        if not found:
            return CLEAN
        standing = [one for one in found if not self._tolerates(unit, one)]
        tolerated = len(standing) < len(found)
        losing = tolerated and not unit.is_transient
        if not standing:
            return Decision(accepted=losing, residual=tolerated and unit.is_transient)
        facts = frozenset(one.fact for one in standing if not one.certain and one.fact)
        if settable:
            shut = findings(unit, (row.shut() for row in producers), (row.shut() for row in takers))
            if all(self._tolerates(unit, one) for one in shut):
                return Decision(flag=True, accepted=bool(shut), facts=facts)
        clause = _negatable(unit)
        if clause is not None:
            condition = condition_of(clause, self.knowledge, unit.price)
            return Decision(condition=condition, facts=facts)
        certain = tuple(one for one in standing if one.certain)
        return Decision(blocked=certain or tuple(standing), facts=facts)

    def _tolerates(self, unit: MigratedUnit, finding: Finding) -> bool:
        """Whether policy lets a finding pass: by exposure, by name, or as a cheap loss."""
        if unit.is_transient and unit.exposure in self.policy.residual_exposures:
            return True
        if self.policy.accepted_loss(unit.id) is not None:
            return True
        return finding.kind == "unsent" and unit.severity in self.policy.accepted_severities

    def _take(
        self,
        unit: MigratedUnit,
        decision: Decision,
        index: int,
        table: dict[HostProfile, tuple[int, ...]],
        parts: _Parts,
    ) -> None:
        """Add one unit's demands to the parts of an attempt."""
        parts.facts.update(decision.facts)
        if decision.accepted:
            parts.accepted.append(_loss(unit))
        if decision.residual:
            parts.residual.append(_loss(unit))
        if decision.flag:
            parts.flags.append(_flag_choice(unit, self.knowledge))
        if decision.condition is not None:
            parts.conditions.append(decision.condition)
        if (decision.flag or decision.condition is not None) and unit.price == "security":
            parts.acks.append(unit.id)
        if decision.blocked:
            parts.obstacles.append(self._obstacle(unit, decision.blocked, index, table))

    def _obstacle(
        self,
        unit: MigratedUnit,
        blocked: tuple[Finding, ...],
        index: int,
        table: dict[HostProfile, tuple[int, ...]],
    ) -> Obstacle:
        lacking = {self._numbers[one.destination] for one in blocked}
        having = {self._numbers[one.source] for one in blocked} - lacking
        return Obstacle(
            rule=RULES[blocked[0].kind].value,
            unit=unit.id,
            property_key="",
            certain=any(one.certain for one in blocked),
            facts=tuple(sorted({one.fact for one in blocked if one.fact})),
            lacking=tuple(host for host, rows in table.items() if rows[index] in lacking),
            having=tuple(host for host, rows in table.items() if rows[index] in having),
            source=unit.source,
            text=f"{unit.title}: {unit.symptom}",
        )

    def refused_by_builds(self, domain: MigrationDomain, machine_type: MachineType) -> Truth:
        """Return whether layout alone refuses a type: YES certainly, UNKNOWN for want of facts."""
        key = (machine_type.name, domain.builds)
        whole = domain.edges is None and not domain.is_observed
        if whole and key in self._hopeless:
            return self._hopeless[key]
        certain = [
            issue.certain for issue in self.layout(domain, machine_type) if issue.is_obstacle
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
        self, domain: MigrationDomain, machine_type: MachineType, parts: _Parts
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

    def _demand_flags(self, domain: MigrationDomain, parts: _Parts) -> None:
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


@dataclass(slots=True)
class _Parts:
    """What an attempt gathers while it looks at units and properties."""

    flags: list[FlagChoice] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    acks: list[str] = field(default_factory=list)
    accepted: list[Loss] = field(default_factory=list)
    residual: list[Loss] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    facts: set[str] = field(default_factory=set)
    fixed: bool = False

    def add(self, other: _Parts) -> None:
        """Take over everything that other units ask."""
        self.flags += other.flags
        self.conditions += other.conditions
        self.acks += other.acks
        self.accepted += other.accepted
        self.residual += other.residual
        self.obstacles += other.obstacles
        self.facts |= other.facts


@cache
def split_units(
    knowledge: KnowledgeBase, arch: str
) -> tuple[tuple[MigratedUnit, ...], tuple[MigratedUnit, ...]]:
    """Return the units that a guest may have, those without a gate and those with one."""
    units = [unit for unit in knowledge.units_of(arch) if _may_exist(unit)]
    return (
        tuple(unit for unit in units if not unit.gates),
        tuple(unit for unit in units if unit.gates),
    )


@cache
def _loss(unit: MigratedUnit) -> Loss:
    return Loss(unit=unit.id, severity=unit.severity, text=unit.symptom)


def _may_exist(unit: MigratedUnit) -> bool:
    """Whether a guest of which nothing is said may have the unit."""
    return not unit.cpu_features and all(clause.default is not Truth.NO for clause in unit.when)


def _negatable(unit: MigratedUnit) -> Clause | None:
    """Return the clause whose absence costs least; a unit that every guest has has none."""
    ordered = sorted(unit.when, key=lambda clause: ORDER_OF_CLAUSES.index(clause.kind))
    return next((clause for clause in ordered if clause.default is not Truth.YES), None)


@cache
def _flag_choice(unit: MigratedUnit, knowledge: KnowledgeBase) -> FlagChoice:
    key: PropertyKey = unit.flag or unit.gates[0].key
    row = knowledge.property_row(key)
    visible = unit.visible if unit.flag is not None or row is None else row.visible
    return FlagChoice(
        flag=CompatFlag(key=key, value="off"),
        visible=visible,
        reason=f"not every host can take {unit.title}",
        unit=unit.id,
        price=unit.severity,
    )


@cache
def condition_of(clause: Clause, knowledge: KnowledgeBase, price: str) -> Condition:
    """Return the condition that no guest fulfils `clause`."""
    words = ", ".join(clause.any_of)
    kind = clause.kind.value
    match clause.kind:
        case ClauseKind.CPU:
            text = f"guest CPU without {words}"
        case ClauseKind.CPU_LACKS:
            text = f"guest CPU with {words}"
        case ClauseKind.DEVICE:
            text = f"no {words} device"
        case ClauseKind.ACCELERATOR:
            text = f"accelerator without {words}"
        case ClauseKind.GUEST | ClauseKind.USE:
            trait = knowledge.guests.traits.get(clause.any_of[0])
            text = trait.words if trait is not None else f"no {words}"
    json_kind = {"cpu-lacks": "cpu", "use": "guest"}.get(kind, kind)
    return Condition(
        kind=json_kind,
        text=text,
        price=clause.price or price,
        words=tuple(f"{kind}:{word}" for word in clause.any_of),
    )
