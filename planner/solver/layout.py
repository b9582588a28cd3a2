"""What differs between builds under one machine-type name: properties, faults, observed failures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import permutations

from planner.domain.compat import DEFAULT, CompatFlag, PropertyKey, ValueDifference, Visible
from planner.domain.host import HostProfile, QemuBuild, Tables
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.policy import Policy
from planner.domain.solution import FlagChoice
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.graph import MigrationDomain

Differing = tuple[tuple[PropertyKey, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutIssue:
    """A difference and its way out: a flag, else a claim about the guest, else none."""

    rule: str = Rule.COMPAT_VALUE_DIFFERS.value
    unit: str = ""
    property_key: str = ""
    certain: bool = True
    facts: tuple[str, ...] = ()
    flag: FlagChoice | None = None
    clause: Clause | None = None
    price: str = "functional"
    source: str = ""
    text: str = ""

    @property
    def is_obstacle(self) -> bool:
        """Whether neither a flag nor a claim about guests helps."""
        return self.flag is None and self.clause is None


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """All issues of a domain under a type; domains of equal builds share it: compared by identity."""

    issues: tuple[LayoutIssue, ...]

    @property
    def refused(self) -> Truth:
        """Whether layout alone refuses the type: YES certainly, UNKNOWN for want of facts."""
        certain = [issue.certain for issue in self.issues if issue.is_obstacle]
        if not certain:
            return Truth.NO
        return Truth.YES if any(certain) else Truth.UNKNOWN


NO_LAYOUT = Layout(())


@dataclass(slots=True)
class Layouts:
    """The layouts of domains, and what differs between two builds, by the tables of the builds."""

    knowledge: KnowledgeBase
    policy: Policy
    _layouts: dict[tuple[object, ...], Layout] = field(default_factory=dict)
    _plain: dict[frozenset[HostProfile], bool] = field(default_factory=dict)
    _equal: dict[tuple[LayoutIssue, ...], Layout] = field(default_factory=dict)
    _between: dict[tuple[Tables, Tables, str], Differing] = field(default_factory=dict)

    def of(self, domain: MigrationDomain, machine_type: str) -> Layout:
        """Return what differing properties, faults and observations ask under a machine type."""
        hosts = domain.tables if self._is_plain(domain) else domain.profiles
        key = (machine_type, hosts, domain.edges)
        if key not in self._layouts:
            issues = tuple(self._issues(domain, machine_type))
            self._layouts[key] = self._equal.setdefault(issues, Layout(issues))
        return self._layouts[key]

    def _is_plain(self, domain: MigrationDomain) -> bool:
        """Whether builds alone decide: nothing observed, one architecture, registers listed."""
        if domain.profiles not in self._plain:
            found = {profile.arch for profile in domain.profiles}
            listed = len(found) == 1 and self.knowledge.covered.get(*found) == "listed"
            self._plain[domain.profiles] = listed and not domain.is_observed
        return self._plain[domain.profiles]

    def _issues(self, domain: MigrationDomain, machine_type: str) -> Iterator[LayoutIssue]:
        if domain.edges is not None:
            routes = tuple(domain.edges)
            builds = frozenset((one.qemu, other.qemu) for one, other in routes)
        else:
            routes = tuple(permutations(domain.profiles, 2))
            builds = frozenset((one, other) for one in domain.builds for other in domain.builds)
        yield from self._property_issues(domain.builds, builds, machine_type)
        yield from _fault_issues(builds, machine_type, self.knowledge)
        if domain.is_observed:
            yield from _observed_issues(routes, machine_type, self.knowledge)
        yield from _coverage_issues(routes, self.knowledge)

    def _property_issues(
        self,
        builds: frozenset[QemuBuild],
        pairs: frozenset[tuple[QemuBuild, QemuBuild]],
        machine_type: str,
    ) -> Iterator[LayoutIssue]:
        differing: dict[PropertyKey, bool] = {}
        for one, other in pairs:
            for key, certain in self._differing(one, other, machine_type):
                differing[key] = differing.get(key, False) or certain
        for key, certain in sorted(differing.items()):
            yield _property_issue(key, certain, builds, machine_type, self.knowledge, self.policy)

    def _differing(self, one: QemuBuild, other: QemuBuild, machine_type: str) -> Differing:
        """Return the properties that differ, and whether certainly; builds of equal tables agree."""
        key = (one.tables, other.tables, machine_type)
        if key not in self._between:
            found = self.knowledge.machines.differences(one, other, machine_type)
            self._between[key] = tuple(
                (row.key, row.source_value is not None and row.destination_value is not None)
                for row in found
                if _matters(row, machine_type, self.knowledge, self.policy)
            )
        return self._between[key]


def _matters(
    row: ValueDifference, machine_type: str, knowledge: KnowledgeBase, policy: Policy
) -> bool:
    """Whether a difference is neither judged elsewhere nor settled nor one of spelling."""
    if row.key in _gated(knowledge) or knowledge.is_benign(row.key, machine_type):
        return False
    if _on_other_boards(row.key, machine_type, knowledge) or _flagged(policy, row.key, knowledge):
        return False
    known = row.source_value is not None and row.destination_value is not None
    return not (known and _equal(row.source_value, row.destination_value, row.key, knowledge))


@cache
def _gated(knowledge: KnowledgeBase) -> frozenset[PropertyKey]:
    """Return the properties that switch a unit: the unit is asked instead."""
    return frozenset(
        key
        for unit in knowledge.units
        for gate in unit.gates
        for key in (gate.key, unit.flag or gate.key)
    )


def _on_other_boards(key: PropertyKey, machine_type: str, knowledge: KnowledgeBase) -> bool:
    """Whether every part with this property is built into other boards (`builtin:BOARD`)."""
    row = knowledge.property_row(key)
    known = knowledge.machine_type(machine_type)
    words = [device.partition(":") for device in row.devices] if row is not None else []
    boards = {board for word, colon, board in words if word == "builtin" and colon}
    return known is not None and bool(boards) and known.board not in boards


def _flagged(policy: Policy, key: PropertyKey, knowledge: KnowledgeBase) -> bool:
    return any(knowledge.same_property(flag.key, key) for flag in policy.required_flags)


def _equal(one: str | None, other: str | None, key: PropertyKey, knowledge: KnowledgeBase) -> bool:
    row = knowledge.property_row(key)
    default = row.default if row is not None and row.default else DEFAULT
    return (default if one == DEFAULT else one) == (default if other == DEFAULT else other)


def _property_issue(
    key: PropertyKey,
    certain: bool,
    builds: frozenset[QemuBuild],
    machine_type: str,
    knowledge: KnowledgeBase,
    policy: Policy,
) -> LayoutIssue:
    row = knowledge.property_row(key)
    source = row.source if row is not None else "compat properties of both builds"
    text = f"builds give {key} different values under {machine_type}"
    value = _common_value(key, builds, machine_type, knowledge)
    settable = value is not None and str(key) not in policy.forbidden_flags
    if settable and _all_offer(key, builds, knowledge):
        choice = FlagChoice(
            flag=CompatFlag(key=key, value=value or ""),
            visible=row.visible if row is not None else Visible.GUEST,
            reason="builds disagree about its value under this machine type",
            unit="",
            price="functional",
        )
        return LayoutIssue(property_key=str(key), flag=choice, source=source, text=text)
    return LayoutIssue(
        property_key=str(key),
        certain=certain,
        facts=() if certain else (f"value of {key} under {machine_type}",),
        clause=clause_of(key, knowledge),
        source=source,
        text=text,
    )


def _all_offer(key: PropertyKey, builds: Iterable[QemuBuild], knowledge: KnowledgeBase) -> bool:
    return all(knowledge.offers_property(build, key) is Truth.YES for build in builds)


def _common_value(
    key: PropertyKey, builds: Iterable[QemuBuild], machine_type: str, knowledge: KnowledgeBase
) -> str | None:
    """Return a value that some build sets explicitly, the first in text order."""
    values = {knowledge.machines.effective(build, machine_type, key) for build in builds}
    return min((value for value in values if value is not None and value != DEFAULT), default=None)


def clause_of(key: PropertyKey, knowledge: KnowledgeBase) -> Clause | None:
    """Return the claim about a guest under which the property matters; None if it always does."""
    row = knowledge.property_row(key)
    devices = row.devices if row is not None and row.devices else (key.qom_type,)
    if any(device.partition(":")[0] == "builtin" for device in devices):
        return None
    if devices == ("cpu-model",):
        model = key.qom_type.removesuffix("-x86_64-cpu")
        return Clause(kind=ClauseKind.CPU, any_of=(f"model:{model}",))
    if devices[0].startswith("cpu:"):
        names = tuple(device.removeprefix("cpu:") for device in devices)
        return Clause(kind=ClauseKind.CPU, any_of=names)
    names = tuple(device.removesuffix("-*").removesuffix("*") for device in devices)
    return Clause(kind=ClauseKind.DEVICE, any_of=names)


def _fault_issues(
    pairs: Iterable[tuple[QemuBuild, QemuBuild]], machine_type: str, knowledge: KnowledgeBase
) -> Iterator[LayoutIssue]:
    builds = {(one.lower, other.lower) for one, other in pairs}
    for fault in knowledge.faults:
        if fault.machine_types and machine_type not in fault.machine_types:
            continue
        facing = builds if fault.direction != "backward" else {(b, a) for a, b in builds}
        if fault.direction == "both":
            facing = builds | {(b, a) for a, b in builds}
        if not any(
            one in fault.builds
            and (other in fault.against if fault.against else other not in fault.builds)
            for one, other in facing
        ):
            continue
        cpu = bool(fault.devices) and fault.devices[0].startswith("cpu:")
        words = tuple(device.removeprefix("cpu:") for device in fault.devices)
        kind = ClauseKind.CPU if cpu else ClauseKind.DEVICE
        yield LayoutIssue(
            rule=Rule.KNOWN_FAULT.value,
            unit=fault.id,
            clause=Clause(kind=kind, any_of=words) if words else None,
            source=fault.source,
            text=fault.reason,
        )


def _observed_issues(
    routes: Iterable[tuple[HostProfile, HostProfile]], machine_type: str, knowledge: KnowledgeBase
) -> Iterator[LayoutIssue]:
    failing = [row for row in knowledge.observations if not row.passes]
    for row in failing:
        if row.machine_types and machine_type not in row.machine_types:
            continue
        if not any(
            f"{row.id}:from" in one.observed and f"{row.id}:to" in other.observed
            for one, other in routes
        ):
            continue
        clause = None
        if row.devices:
            clause = Clause(kind=ClauseKind.DEVICE, any_of=row.devices)
        elif row.traits:
            clause = Clause(kind=ClauseKind.GUEST, any_of=row.traits[:1])
        yield LayoutIssue(
            rule=Rule.OBSERVED_FAILURE.value,
            unit=row.id,
            clause=clause,
            source=row.source,
            text=f"observed to fail: {row.id}",
        )


def _coverage_issues(
    routes: Iterable[tuple[HostProfile, HostProfile]], knowledge: KnowledgeBase
) -> Iterator[LayoutIssue]:
    for one, other in routes:
        if one.arch != other.arch:
            yield LayoutIssue(
                text="hosts of different architectures", source="architectures differ"
            )
            return
        if knowledge.covered.get(one.arch) != "listed" and one.kernel_token != other.kernel_token:
            fact = f"the registers that each kernel exposes on {one.arch}"
            yield LayoutIssue(
                certain=False, facts=(fact,), text=fact, source="coverage of this architecture"
            )
            return
