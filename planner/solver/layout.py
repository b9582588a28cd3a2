"""What differs between builds under one machine-type name: properties, faults, observed failures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, permutations

from planner.domain.compat import DEFAULT, CompatFlag, PropertyKey, Visible
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.policy import Policy
from planner.domain.solution import FlagChoice
from planner.domain.truth import Truth
from planner.domain.verdict import Rule
from planner.knowledge.base import KnowledgeBase

Pairs = frozenset[tuple[HostProfile, HostProfile]] | None


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
    is_accepted: bool = False
    source: str = ""
    text: str = ""

    @property
    def is_obstacle(self) -> bool:
        """Whether neither policy nor a flag nor a claim about guests helps."""
        return not self.is_accepted and self.flag is None and self.clause is None


def layout_issues(
    profiles: tuple[HostProfile, ...],
    pairs: Pairs,
    machine_type: str,
    knowledge: KnowledgeBase,
    policy: Policy,
) -> Iterator[LayoutIssue]:
    """Yield every issue that lies between the builds of a domain."""
    routes = tuple(pairs) if pairs is not None else tuple(permutations(profiles, 2))
    yield from _property_issues(profiles, routes, machine_type, knowledge, policy)
    yield from _coverage_issues(routes, knowledge)
    for issue in chain(
        _fault_issues(routes, machine_type, knowledge),
        _observed_issues(routes, machine_type, knowledge),
        _vendor_issues(routes, knowledge),
    ):
        yield replace(issue, is_accepted=policy.accepted_loss(issue.unit) is not None)


def _property_issues(
    profiles: tuple[HostProfile, ...],
    routes: Iterable[tuple[HostProfile, HostProfile]],
    machine_type: str,
    knowledge: KnowledgeBase,
    policy: Policy,
) -> Iterator[LayoutIssue]:
    builds = {(one.qemu, other.qemu) for one, other in routes if one.qemu != other.qemu}
    gated = {
        key
        for unit in knowledge.units
        for gate in unit.gates
        for key in (gate.key, unit.flag or gate.key)
    }
    differing: dict[PropertyKey, bool] = {}
    for one, other in sorted(builds, key=str):
        for row in knowledge.machines.differences(one, other, machine_type):
            if row.key in gated or knowledge.is_benign(row.key, machine_type):
                continue
            if _on_other_boards(row.key, machine_type, knowledge):
                continue
            if _flagged(policy, row.key, knowledge):
                continue
            certain = row.source_value is not None and row.destination_value is not None
            if certain and _equal(row.source_value, row.destination_value, row.key, knowledge):
                continue
            differing[row.key] = differing.get(row.key, False) or certain
    for key, certain in sorted(differing.items()):
        yield _property_issue(key, certain, profiles, machine_type, knowledge, policy)


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
    profiles: tuple[HostProfile, ...],
    machine_type: str,
    knowledge: KnowledgeBase,
    policy: Policy,
) -> LayoutIssue:
    row = knowledge.property_row(key)
    source = row.source if row is not None else "compat properties of both builds"
    text = f"builds give {key} different values under {machine_type}"
    value = _common_value(key, [profile.qemu for profile in profiles], machine_type, knowledge)
    settable = value is not None and str(key) not in policy.forbidden_flags
    if settable and _all_offer(key, profiles, knowledge):
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


def _all_offer(
    key: PropertyKey, profiles: tuple[HostProfile, ...], knowledge: KnowledgeBase
) -> bool:
    return all(knowledge.offers_property(profile.qemu, key) is Truth.YES for profile in profiles)


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
    if devices[0].startswith("cpu:"):
        names = tuple(device.removeprefix("cpu:") for device in devices)
        return Clause(kind=ClauseKind.CPU, any_of=names)
    names = tuple(device.removesuffix("-*").removesuffix("*") for device in devices)
    return Clause(kind=ClauseKind.DEVICE, any_of=names)


def _fault_issues(
    routes: Iterable[tuple[HostProfile, HostProfile]], machine_type: str, knowledge: KnowledgeBase
) -> Iterator[LayoutIssue]:
    builds = {(one.qemu.lower, other.qemu.lower) for one, other in routes}
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


def _vendor_issues(
    routes: Iterable[tuple[HostProfile, HostProfile]], knowledge: KnowledgeBase
) -> Iterator[LayoutIssue]:
    pairs = {(one.cpu_vendor, other.cpu_vendor) for one, other in routes}
    for row in knowledge.host_cpus.crossings:
        met = {pair for pair in pairs if len({*pair} & row.vendors) > 1}
        if met:
            names = " and ".join(sorted(set().union(*met)))
            yield LayoutIssue(
                rule=Rule.CPU_VENDOR_DIFFERS.value,
                unit=row.id,
                source=row.source,
                text=f"CPUs of {names}: {row.reason}",
            )
