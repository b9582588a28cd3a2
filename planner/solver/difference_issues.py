"""Issues under one machine-type name: properties, faults, observations, registers, CPU vendors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from planner.domain.compat import DEFAULT, CompatFlag, PropertyKey, Visible
from planner.domain.host import HostProfile, QemuBuild
from planner.domain.migrated import Clause, ClauseKind
from planner.domain.policy import Policy
from planner.domain.solution import Condition, FlagChoice
from planner.domain.truth import Truth
from planner.domain.verdict import Rule, unfixed
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import BEYOND, BEYOND_COMMON
from planner.knowledge.sites import Fault

OPEN_CPUS = "CPU features of hosts whose CPUs differ"
"""The missing fact of hosts that the fleet gives different CPU models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceIssue:
    """A difference and its way out: a flag, else a claim about the guest, else none.

    `sides` are hosts that could be safe each among themselves, if hosts as such are the difference.
    """

    rule: str = Rule.COMPAT_VALUE_DIFFERS.value
    unit: str = ""
    property_key: str = ""
    certain: bool = True
    facts: tuple[str, ...] = ()
    flag: FlagChoice | None = None
    clause: Clause | None = None
    condition: Condition | None = None
    price: str = "functional"
    is_accepted: bool = False
    source: str = ""
    text: str = ""
    sides: tuple[frozenset[HostProfile], ...] = ()

    @property
    def is_obstacle(self) -> bool:
        """Whether neither policy nor a flag nor a claim about guests helps."""
        ways = (self.flag, self.clause, self.condition)
        return not self.is_accepted and all(way is None for way in ways)


def unversioned_issue(
    pairs: Iterable[tuple[QemuBuild, QemuBuild]], machine_type: str, knowledge: KnowledgeBase
) -> Iterator[DifferenceIssue]:
    """Yield that nobody knows what differing builds make of a type without versions."""
    row = knowledge.machine_type(machine_type)
    if row is None:
        return
    if not all(
        source.is_read_as(destination) or row.is_settled_on((source, destination))
        for source, destination in pairs
    ):
        fact = unfixed(machine_type)
        yield DifferenceIssue(certain=False, facts=(fact,), text=fact, source=row.source)


def property_issue(
    key: PropertyKey,
    certain: bool,
    builds: frozenset[QemuBuild],
    machine_type: str,
    knowledge: KnowledgeBase,
    policy: Policy,
) -> DifferenceIssue:
    """Return a property that differs with its way out: a flag, a claim about guests, or none."""
    row = knowledge.property_row(key)
    source = row.source if row is not None else "compat properties of both builds"
    text = f"builds give {key} different values under {machine_type}"
    value = _common_value(key, builds, machine_type, knowledge)
    settable = value is not None and not any(
        knowledge.may_set(key, forbidden_key) for forbidden_key in policy.forbidden
    )
    if settable and _all_offer(key, builds, machine_type, knowledge):
        choice = FlagChoice(
            flag=CompatFlag(key=key, value=value or ""),
            visible=row.visible if row is not None else Visible.GUEST,
            reason="builds disagree about its value under this machine type",
            unit="",
            price="functional",
        )
        return DifferenceIssue(property_key=str(key), flag=choice, source=source, text=text)
    return DifferenceIssue(
        property_key=str(key),
        certain=certain,
        facts=() if certain else (f"value of {key} under {machine_type}",),
        clause=clause_of(key, machine_type, knowledge),
        source=source,
        text=text,
    )


def _all_offer(
    key: PropertyKey, builds: Iterable[QemuBuild], machine_type: str, knowledge: KnowledgeBase
) -> bool:
    row = knowledge.machine_type(machine_type)
    return row is not None and all(
        knowledge.offers_property(build, key, row.arch) is Truth.YES for build in builds
    )


def _common_value(
    key: PropertyKey, builds: Iterable[QemuBuild], machine_type: str, knowledge: KnowledgeBase
) -> str | None:
    """Return a value that some build sets explicitly, the first in text order."""
    values = {knowledge.machines.effective(build, machine_type, key) for build in builds}
    return min((value for value in values if value is not None and value != DEFAULT), default=None)


def clause_of(key: PropertyKey, machine_type: str, knowledge: KnowledgeBase) -> Clause | None:
    """Return the claim about a guest under which the property matters; None if it always does."""
    row = knowledge.property_row(key)
    devices = row.devices if row is not None and row.devices else (key.qom_type,)
    board = knowledge.is_built_in(devices[0], machine_type)
    if board is Truth.YES or any(device.partition(":")[0] == "builtin" for device in devices):
        return None
    if devices[0].startswith("guest:"):
        traits = tuple(device.removeprefix("guest:") for device in devices)
        kinds = {knowledge.guests.traits[trait].kind for trait in traits}
        unsaid = Truth.NO if kinds == {"use"} else Truth.UNKNOWN
        kind = ClauseKind.ACCELERATOR if kinds == {"accelerator"} else ClauseKind.GUEST
        return Clause(kind=kind, any_of=traits, default=unsaid)
    if devices[0].startswith("cpu:"):
        names = tuple(device.removeprefix("cpu:") for device in devices)
        return Clause(kind=ClauseKind.CPU, any_of=names)
    names = tuple(device.removesuffix("-*").removesuffix("*") for device in devices)
    return Clause(kind=ClauseKind.DEVICE, any_of=names)


def fault_issues(
    pairs: Iterable[tuple[QemuBuild, QemuBuild]],
    carried: Iterable[tuple[QemuBuild, QemuBuild]],
    machine_type: str,
    knowledge: KnowledgeBase,
) -> Iterator[DifferenceIssue]:
    """Yield the known faults between builds.

    `pairs` are source and destination, `carried` a build that guests visit and one they may come to.
    """
    hops, ways = set(pairs), set(carried)
    builds = {build for pair in (*hops, *ways) for build in pair}
    row = knowledge.machine_type(machine_type)
    release, arch = ((), "") if row is None else (row.release, row.arch)
    for fault in knowledge.faults:
        is_newer = fault.up_to and release > fault.up_to
        is_of_others = fault.machine_types and machine_type not in fault.machine_types
        if fault.only_certain or is_newer or is_of_others or fault.arch not in {"any", arch}:
            continue
        if not fault.touches(builds):
            continue
        bitten = {_is_bitten(fault, *way, knowledge) for way in (ways if fault.carried else hops)}
        if bitten <= {Truth.NO}:
            continue
        certain = Truth.YES in bitten
        words = tuple(device.removeprefix("cpu:") for device in fault.devices)
        kind = ClauseKind.CPU if words != fault.devices else ClauseKind.DEVICE
        if fault.trait:
            kind, words = ClauseKind.GUEST, (fault.trait.split()[-1],)
        yield DifferenceIssue(
            rule=Rule.KNOWN_FAULT.value,
            unit=fault.id,
            clause=Clause(kind=kind, any_of=words) if words else None,
            source=fault.source,
            text=fault.reason,
            certain=certain,
            facts=() if certain else (f"whether builds that were not read have {fault.id}",),
        )


def _is_bitten(
    fault: Fault, source: QemuBuild, destination: QemuBuild, knowledge: KnowledgeBase
) -> Truth:
    """Return whether a fault is between two builds, each taken for all that it is judged by."""
    alike = source.is_read_as(destination)
    pairs = product(fault.known_as(source), fault.known_as(destination))
    ways = {fault.is_between(left, right) for left, right in pairs if left == right or not alike}
    bitten = ways.pop() if len(ways) == 1 else Truth.UNKNOWN
    mended = any(
        build.is_own or not knowledge.builds.is_reference(build.line)
        if fault.numbers & set(fault.known_as(build))
        else set(knowledge.builds.may_carry(build)) - fault.builds
        for build in (source, destination)
        if fault.builds & set(fault.known_as(build))
    )
    return Truth.UNKNOWN if mended and bitten is Truth.YES else bitten


def coverage_issues(
    routes: Iterable[tuple[HostProfile, HostProfile]], knowledge: KnowledgeBase
) -> Iterator[DifferenceIssue]:
    """Yield what nobody read of the registers and the boards of an architecture."""
    routes = tuple(routes)
    differ = {source.arch for source, end in routes if not source.qemu.is_same_as(end.qemu)}
    for arch in filter(knowledge.has_unread_boards, sorted(differ)):
        yield _uncovered(f"what machines of {arch} send of their own on different builds")
    for source, destination in routes:
        if source.arch != destination.arch:
            yield DifferenceIssue(
                rule=Rule.CAPABILITY_MISSING.value,
                text="hosts of different architectures",
                source="architectures differ",
                sides=_sides(routes, lambda host: host.arch),
            )
            return
        if knowledge.covered.get(source.arch) != "listed" and not source.has_registers_of(
            destination
        ):
            yield _uncovered(f"the registers that each kernel exposes on {source.arch}")
            return


def _uncovered(fact: str) -> DifferenceIssue:
    source = "coverage of this architecture"
    return DifferenceIssue(certain=False, facts=(fact,), text=fact, source=source)


def model_issues(
    routes: Iterable[tuple[HostProfile, HostProfile]], knowledge: KnowledgeBase
) -> Iterator[DifferenceIssue]:
    """Yield what nobody knows of CPUs that the fleet says are of different models.

    `routes` lead from where a guest may have booted to where it may arrive.
    """
    met = [
        (source, destination)
        for source, destination in routes
        if source.has_other_cpu_than(destination)
    ]
    unlisted = {source.arch for source, _ in met if knowledge.covered.get(source.arch) != "listed"}
    for arch in sorted(unlisted):
        yield _uncovered(f"what a guest sees of CPUs that differ ({arch})")
    generations = {
        destination.cpu_generation if source.cpu_generation else ""
        for source, destination in met
        if knowledge.open_cpu_features(destination.capabilities)
        or (destination.cpu_generation and not source.cpu_generation)
    }
    for generation in sorted(generations):
        word = f"{BEYOND}{generation}" if generation else BEYOND_COMMON
        yield DifferenceIssue(
            certain=False,
            clause=Clause(kind=ClauseKind.CPU, any_of=(word,)),
            facts=(OPEN_CPUS,),
            text="the CPUs of the hosts differ, and nobody says in what",
            source="column cpu of the fleet",
        )


def vendor_issues(
    routes: Iterable[tuple[HostProfile, HostProfile]], knowledge: KnowledgeBase
) -> Iterator[DifferenceIssue]:
    """Yield the vendors of CPUs between which guests cannot move."""
    routes = tuple(routes)
    strange = {
        host.cpu_model
        for pair in routes
        if knowledge.host_cpus.vendors_matter(pair[0].arch)
        and pair[0].may_be_of_another_vendor_than(pair[1])
        for host in pair
        if not host.cpu_vendor
    }
    for text in sorted(strange):
        fact = f"the vendor of the CPU '{text}'"
        yield DifferenceIssue(certain=False, facts=(fact,), text=fact, source="cpu_vendors.toml")
    pairs = {(host.cpu_vendor, destination.cpu_vendor) for host, destination in routes}
    for row in knowledge.host_cpus.crossings:
        met = {pair for pair in pairs if len({*pair} & row.vendors) > 1}
        if met:
            names = " and ".join(sorted(set().union(*met)))
            yield DifferenceIssue(
                rule=Rule.CPU_VENDOR_DIFFERS.value,
                unit=row.id,
                source=row.source,
                text=f"CPUs of {names}: {row.reason}",
                sides=_sides(routes, lambda host: host.cpu_vendor),
            )


def _sides(
    routes: Iterable[tuple[HostProfile, HostProfile]], trait: Callable[[HostProfile], str]
) -> tuple[frozenset[HostProfile], ...]:
    """Return the hosts of each value of a trait, in its order; hosts without one are on no side."""
    sides: dict[str, set[HostProfile]] = {}
    for host in {host for pair in routes for host in pair}:
        sides.setdefault(trait(host), set()).add(host)
    return tuple(frozenset(hosts) for value, hosts in sorted(sides.items()) if value)
