"""Guests as a replay follows them: what they were started as, and how many stand where today."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from planner.domain.guest import Baseline, GuestCpu, GuestGroup
from planner.domain.host import HostProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestClass:
    """Guests that are started alike, wherever they boot.

    `may_be_any`: it stands for every guest that the conditions allow, and not for guests of a file.
    """

    baseline: Baseline
    devices: tuple[str, ...] | None = None
    cpu: GuestCpu | None = None
    traits: frozenset[tuple[str, bool]] = frozenset()
    may_be_any: bool = False
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        """Compute the hash once: kinds are keys of every memory."""
        flags = frozenset(str(flag) for flag in self.baseline.flags)
        parts = (self.baseline.machine_type, flags, self.devices, self.cpu, self.traits)
        object.__setattr__(self, "_hash", hash(parts))

    def __hash__(self) -> int:
        """Return the hash computed at birth."""
        return self._hash

    def with_baseline(self, baseline: Baseline) -> GuestClass:
        """Return the same guests on another baseline."""
        return replace(self, baseline=baseline)


def any_guest(baseline: Baseline) -> GuestClass:
    """Return the kind of all guests on a baseline that the conditions allow."""
    return GuestClass(baseline=baseline, may_be_any=True)


def same_baseline(source: Baseline, destination: Baseline) -> bool:
    """Whether two baselines are equal, the order of their flags aside."""
    return source.machine_type == destination.machine_type and set(source.flags) == set(
        destination.flags
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedGuests:
    """Guests of today of one kind on one class of hosts, by its place in the pool.

    `boot` None: any host of the pool may have been it.
    """

    guest_class: GuestClass
    boot: HostProfile | None
    class_number: int
    count: int
    migratable: bool


def placed_guests_of(
    names: Sequence[Sequence[str]],
    profiles: Sequence[HostProfile],
    guests: Sequence[GuestGroup],
    elsewhere: Callable[[str], HostProfile],
) -> Iterator[PlacedGuests]:
    """Yield guests of today, those that nothing tells apart together.

    `names` and `profiles` are those of the classes of hosts of the pool, `elsewhere` returns the
    profile of a host of another pool: a guest may have booted there.
    """
    class_of = {name: number for number, hosts in enumerate(names) for name in hosts}
    counts: dict[tuple[GuestClass, HostProfile | None, int, bool], int] = {}
    for group in guests:
        guest_class = GuestClass(
            baseline=Baseline(machine_type=group.machine_type, flags=group.flags),
            devices=group.devices,
            cpu=group.cpu,
            traits=group.traits,
        )
        boot = None
        if group.booted_on:
            here = class_of.get(group.booted_on)
            boot = elsewhere(group.booted_on) if here is None else profiles[here]
        key = (guest_class, boot, class_of[group.host], group.migratable)
        counts[key] = counts.get(key, 0) + group.count
    for (guest_class, boot, where, migratable), count in counts.items():
        yield PlacedGuests(
            guest_class=guest_class,
            boot=boot,
            class_number=where,
            count=count,
            migratable=migratable,
        )
