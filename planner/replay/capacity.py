"""Whether what runs on a pool fits on the hosts that are up; sums only, no placement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from planner.domain.guest import GuestGroup
from planner.domain.plans.upgrade import Room, UpgradeHost


def capacity_of(hosts: Sequence[UpgradeHost]) -> dict[str, Room]:
    """Return the capacity of every host, or nothing if one of them does not say."""
    capacities = {str(host.name): host.capacity for host in hosts if host.capacity is not None}
    return capacities if len(capacities) == len(hosts) else {}


def used_of(hosts: Sequence[UpgradeHost], guests: Sequence[GuestGroup] | None) -> Room | None:
    """Return what the guests of a pool use: by the hosts' columns, else by the guests' sizes."""
    used = [host.used for host in hosts if host.used is not None]
    if used and len(used) == len(hosts):
        return _total_room(used)
    sizes = [
        Room(vcpus=group.room.vcpus * group.count, memory_gib=group.room.memory_gib * group.count)
        for group in guests or ()
        if group.room is not None
    ]
    return _total_room(sizes) if guests is not None and len(sizes) == len(guests) else None


def _total_room(rooms: Sequence[Room]) -> Room:
    return Room(
        vcpus=sum(room.vcpus for room in rooms),
        memory_gib=sum(room.memory_gib for room in rooms),
    )


def shortages(
    capacity: Mapping[str, Room], used: Room, fill: float, down: Mapping[int, Sequence[str]]
) -> Iterator[tuple[int, str]]:
    """Yield (wave, text) for every wave whose hosts that stay up are too small for what runs.

    `down` are the hosts that are down in a wave; a dimension that no host states is not looked at.
    """
    whole = _total_room(list(capacity.values()))
    for wave, hosts in sorted(down.items()):
        lost = _total_room([capacity[name] for name in dict.fromkeys(hosts)])
        for unit, need, size, gone in (
            ("vCPU", used.vcpus, whole.vcpus, lost.vcpus),
            ("GiB", used.memory_gib, whole.memory_gib, lost.memory_gib),
        ):
            room = fill * (size - gone)
            if size and need > room + 1e-6:
                yield (
                    wave,
                    f"{need:g} {unit} in use, {room:g} on the hosts that are up (fill {fill:g})",
                )
