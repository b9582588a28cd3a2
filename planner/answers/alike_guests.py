"""Guests of a pool that were started alike, judged once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from planner.domain.guest import Baseline, GuestGroup, GuestStart
from planner.domain.guest_profile import GuestCount, GuestFinding

MOST_EXAMPLES = 3
"""Guests whose names a finding tells."""


class InTheWay(Enum):
    """What is counted of guests: they break a condition, or are stuck."""

    VIOLATED = "violated"
    STUCK = "stuck"


@dataclass(slots=True)
class AlikeGuests:
    """Guests of a pool that were started alike: how many, and some names.

    `booted_on` is the host whose CPU they have, if it is given and their CPU follows a host. `standing`
    gathers how they stand to an answer. Those that are not `migratable` are never moved while they run.
    """

    start: GuestStart
    booted_on: str = ""
    inactive: bool = False
    told_by: str = ""
    migratable: bool = True
    count: int = 0
    names: tuple[str, ...] = ()
    standing: set[InTheWay] = field(default_factory=set)

    @property
    def machine_type(self) -> str:
        """The machine type of all of them."""
        return self.start.baseline.machine_type


def alike_guests(groups: Iterable[GuestGroup]) -> list[AlikeGuests]:
    """Return guests that were started alike together, in order of first appearance."""
    found: dict[tuple[object, ...], AlikeGuests] = {}
    for group in groups:
        follows = group.cpu is not None and group.cpu.follows_host
        booted = group.booted_on if follows else ""
        start = (group.machine_type, group.flags, group.cpu, group.devices, group.traits)
        key = (*start, booted, group.inactive, group.migratable)
        alike = found.get(key)
        if alike is None:
            alike = found[key] = AlikeGuests(
                _start(group),
                booted,
                group.inactive,
                told_by=group.told_by,
                migratable=group.migratable,
            )
        alike.count += group.count
        if len(alike.names) < MOST_EXAMPLES:
            alike.names = (*alike.names, *group.names)[:MOST_EXAMPLES]
    return list(found.values())


def _start(group: GuestGroup) -> GuestStart:
    return GuestStart(
        baseline=Baseline(machine_type=group.machine_type, flags=group.flags),
        devices=group.devices,
        cpu=group.cpu,
        traits=group.traits,
    )


def counted_of(guests: Iterable[AlikeGuests]) -> GuestCount:
    """Return how many guests stand how."""
    found = tuple(one for one in guests if one.migratable)
    numbers = {kind: sum(one.count for one in found if kind in one.standing) for kind in InTheWay}
    return GuestCount(
        given=sum(one.count for one in found),
        violated=numbers[InTheWay.VIOLATED],
        stuck=numbers[InTheWay.STUCK],
    )


def finding_of(machine_type: str, found: Iterable[AlikeGuests], text: str) -> GuestFinding:
    """Return what was found of guests of one machine type, with the first names."""
    guests = tuple(found)
    return GuestFinding(
        machine_type=machine_type,
        guests=sum(one.count for one in guests),
        finding=text,
        examples=tuple(name for one in guests for name in one.names)[:MOST_EXAMPLES],
    )
