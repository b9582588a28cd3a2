"""What a set of profiles has in common about one unit; derives its facts on its own, not by judging.

In: a `MigratedUnit` and the behaviours of those who produce and take it. Out: every
`UnitFailure`, certain or open for want of a named fact.

Idea: a profile's part in a unit is a `UnitBehaviour`, ten levels from `NO` over `UNKNOWN` and
`MAYBE` to `YES`. A claim that needs several facts is as strong as its weakest, so "and" is the
minimum of levels and "or" the maximum; the text beside a level names the capability that decided.
Pools are many and distinct behaviours few, so every failure is computed once per set of distinct
behaviours.

Invariant: a failure is certain only if every fact behind it is; one unknown fact makes it open,
and equal unknowns of one exact kernel or build cancel, for a guest that runs there can run there.

Cost: producers times takers of one unit, a handful each. Source: decision 0003.

>>> sends, captures = Level.MAYBE, Level.YES
>>> min(sends, captures)
<Level.MAYBE: 2>
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from planner.domain.capability import CapabilityId, CapabilitySet
from planner.domain.host import HostProfile
from planner.domain.migrated import ClauseKind, MigratedUnit
from planner.solver.levels import Level, known_to_build, least, most

CpuName = tuple[tuple[tuple[str, str], ...], str]
"""What a probe tells of which CPU it is, and what the fleet file calls it."""
NO_CPU: CpuName = ((), "")


class UnitBehaviour(NamedTuple):
    """One profile's part in one unit; the texts name the capability that decides.

    `boots`: whether a guest that boots on the host may have what the unit asks of its CPU.
    """

    build: str
    kernel: str
    cpu: CpuName
    known: Level
    gate: Level
    sends: Level
    sends_fact: str
    captures: Level
    captures_fact: str
    takes: Level
    takes_fact: str
    refuses: Level
    refuses_fact: str
    starts: Level
    starts_fact: str
    boots: bool

    @property
    def emits(self) -> Level:
        """Whether the unit leaves this host's process, if its kernel produces it."""
        return min(self.known, self.gate)

    def shut(self) -> UnitBehaviour:
        """Return this row with the unit's gate switched off."""
        return self._replace(gate=Level.NO)


@dataclass(frozen=True, slots=True)
class UnitFailure:
    """A way in which a unit fails between two behaviours: `certain`, or open for want of `fact`."""

    kind: str
    certain: bool
    fact: str
    source: UnitBehaviour
    destination: UnitBehaviour


def behaviour_of(unit: MigratedUnit, profile: HostProfile, gate: Level) -> UnitBehaviour:
    """Return a profile's part in a unit whose gate stands at `gate`."""
    capabilities = profile.capabilities
    sends, sends_fact = least(capabilities, unit.sent_if)
    captures, captures_fact = least(capabilities, unit.captured_if)
    takes, takes_fact = least(capabilities, unit.requires)
    refuses, refuses_fact = most(capabilities, unit.refused_by)
    starts, starts_fact = least(capabilities, unit.source_requires)
    known = known_to_build(unit, profile.qemu)
    levels = (sends, captures, takes, refuses, starts)
    open_build = Level.UNKNOWN in (known, gate) and not profile.qemu.is_series
    return UnitBehaviour(
        build=str(profile.qemu.token) if open_build else "",
        cpu=profile.cpu_name if unit.requires and unit.by_cpu else NO_CPU,
        kernel=profile.kernel_token if Level.UNKNOWN in levels else "",
        known=known,
        gate=gate,
        sends=sends,
        sends_fact=sends_fact if sends < Level.YES else "",
        captures=captures,
        captures_fact=captures_fact if captures < Level.YES else "",
        takes=takes,
        takes_fact=takes_fact if takes < Level.YES else "",
        refuses=refuses,
        refuses_fact=refuses_fact if refuses > Level.NO else "",
        starts=starts,
        starts_fact=starts_fact if starts < Level.YES else "",
        boots=_can_boot(unit, capabilities),
    )


def _can_boot(unit: MigratedUnit, capabilities: CapabilitySet) -> bool:
    """Whether a guest that boots on a host may have what the unit's clauses ask of its CPU."""
    return not any(
        clause.kind is ClauseKind.CPU
        and capabilities.absent.issuperset(CapabilityId(f"cpu.{name}") for name in clause.any_of)
        for clause in unit.when
    )


def _implied(unit: MigratedUnit) -> bool:
    """Whether a guest that has the unit shows by what it was started with that the host has it."""
    return any(clause.kind.value in {"cpu", "device", "accelerator"} for clause in unit.when)


def _blocked(unit: MigratedUnit, source: UnitBehaviour) -> Iterable[UnitFailure]:
    if unit.source_requires and source.known is not Level.NO and source.starts < Level.MAYBE:
        certain = source.starts is Level.NO and source.known is Level.YES
        yield UnitFailure("blocked", certain, source.starts_fact, source, source)


def _unbuilt(
    unit: MigratedUnit, sources: Iterable[UnitBehaviour], takers: Iterable[UnitBehaviour]
) -> Iterable[UnitFailure]:
    """Yield the builds that do not have a way of migrating; a setting that nobody states is not set."""
    if not unit.is_unusual:
        return
    asked: list[UnitBehaviour] = []
    asked += sources if unit.unbuilt_source is not None else ()
    asked += takers if unit.unbuilt_destination is not None else ()
    for row in dict.fromkeys(asked):
        if row.known < Level.YES:
            yield UnitFailure("unbuilt", row.known is Level.NO, unit.id, row, row)


def _left_behind(unit: MigratedUnit, source: UnitBehaviour) -> Iterable[UnitFailure]:
    """Yield the loss of state that a host produces and its process does not send."""
    if unit.state != "run" or source.sends is Level.NO:
        return
    if source.emits is Level.NO:
        if unit.sent == "always" or (source.known is Level.NO and unit.came_with_its_feature):
            return
        certain = source.sends is Level.YES or (source.sends is Level.MAYBE and _implied(unit))
        yield UnitFailure("unsent", certain, source.sends_fact, source, source)
    elif source.captures < Level.MAYBE:
        certain = source.captures is Level.NO and source.emits is Level.YES
        yield UnitFailure("uncaptured", certain, source.captures_fact, source, source)


def _arriving(
    unit: MigratedUnit, source: UnitBehaviour, destination: UnitBehaviour
) -> Iterable[UnitFailure]:
    """Yield what goes wrong at the destination with what a host has produced."""
    hosted = unit.state == "host"
    if hosted and destination.known is Level.NO:
        return
    if not hosted and (source.sends is Level.NO or source.emits is Level.NO):
        return
    surely = _surely_there(unit, source, destination)
    open_fact = source.sends_fact
    same_build = bool(source.build) and source.build == destination.build
    if not hosted and destination.known < Level.YES and not same_build:
        certain = surely and destination.known is Level.NO
        yield UnitFailure("foreign", certain, open_fact, source, destination)
    elif unit.state == "boot" and unit.gates and destination.gate < Level.YES and not same_build:
        certain = surely and destination.gate is Level.NO
        yield UnitFailure("gate", certain, str(unit.gates[0].key), source, destination)
    elif destination.refuses in (Level.YES, Level.UNKNOWN) and not _cancels(source, destination):
        certain = surely and destination.refuses is Level.YES
        fact = destination.refuses_fact if destination.refuses is Level.UNKNOWN else open_fact
        yield UnitFailure("refused", certain, fact, source, destination)
    settled = _cancels(source, destination) or (hosted and _same_open_kernel(source, destination))
    if destination.takes in (Level.NO, Level.UNKNOWN) and not settled:
        certain = surely and destination.takes is Level.NO
        fact = destination.takes_fact if destination.takes is Level.UNKNOWN else open_fact
        yield UnitFailure("lack", certain, fact, source, destination)
    elif destination.takes is Level.MAYBE and _other_cpu(source, destination):
        yield UnitFailure("lack", False, destination.takes_fact, source, destination)


def _surely_there(unit: MigratedUnit, source: UnitBehaviour, destination: UnitBehaviour) -> bool:
    """Whether a guest with the unit asks for it at the destination: it is sent, or demanded there."""
    if unit.state == "host":
        return destination.known is Level.YES
    sends = source.sends is Level.YES or (source.sends is Level.MAYBE and _implied(unit))
    return source.emits is Level.YES and sends


def _other_cpu(source: UnitBehaviour, destination: UnitBehaviour) -> bool:
    """Whether fleet or probes say that the hosts have different CPUs: what one can says nothing."""
    (probed, named), (probed_there, named_there) = source.cpu, destination.cpu
    if probed and probed_there:
        return probed != probed_there
    return bool(named and named_there) and named != named_there


def _same_open_kernel(source: UnitBehaviour, destination: UnitBehaviour) -> bool:
    """Whether an unknown cancels: a guest that runs on a kernel release can run on it elsewhere."""
    unknown = destination.takes is Level.UNKNOWN
    return unknown and bool(source.kernel) and source.kernel == destination.kernel


def _cancels(source: UnitBehaviour, destination: UnitBehaviour) -> bool:
    """Equal unknowns of one exact kernel release cancel."""
    unknown = source.sends is Level.UNKNOWN and Level.UNKNOWN in (
        destination.takes,
        destination.refuses,
    )
    return unknown and bool(source.kernel) and source.kernel == destination.kernel


def findings(
    unit: MigratedUnit,
    producers: Iterable[UnitBehaviour],
    takers: Iterable[UnitBehaviour],
    pairs: Iterable[tuple[UnitBehaviour, UnitBehaviour]] | None = None,
) -> tuple[UnitFailure, ...]:
    """Return every way in which `unit` fails between producers and takers, or over given `pairs`."""
    failures: list[UnitFailure] = []
    producers, takers = tuple(producers), tuple(takers)
    if not any(row.boots for row in (*producers, *takers)):
        return ()
    if unit.state == "boot":
        producers = tuple(row for row in producers if row.boots)
    if unit.only_certain:
        return ()
    failures += _unbuilt(unit, (*producers, *takers), takers)
    if unit.source_requires:
        for source in producers:
            failures += _blocked(unit, source)
    if unit.state == "none":
        return tuple(failures)
    for source in producers:
        failures += _left_behind(unit, source)
    routes = (
        pairs
        if pairs is not None
        else ((source, destination) for source in producers for destination in takers)
    )
    for source, destination in routes:
        failures += _arriving(unit, source, destination)
    return tuple(dict.fromkeys(failures))
