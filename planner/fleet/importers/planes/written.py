"""Hosts and guests as the rows of fleet.csv and guests.csv, so that what is read back is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from planner.domain.guest import GuestCpu, GuestGroup
from planner.domain.host import Fleet, HostGroup
from planner.fleet.probe_file import SCHEMA

HOST_COLUMNS = ("host", "pool", "arch", "kernel", "qemu", "cpu", "probe")
GUEST_COLUMNS = (
    *("guest", "host", "machine_type", "flags", "booted_on", "cpu", "devices", "traits"),
    "migratable",
)
CPU = "cpu."


def host_rows(fleet: Fleet, probes: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield a row per host; `probes` are the files of what its groups state, in their order."""
    for group, probe in zip(fleet.groups, probes, strict=True):
        for host in group.hosts:
            yield (host, group.pool, group.arch, group.kernel, group.qemu, group.cpu, probe)


def has_facts(group: HostGroup) -> bool:
    """Whether hosts state more than the columns of a fleet file hold."""
    return bool(group.present or group.absent or group.hardware)


def probe_of(group: HostGroup, tool: str) -> dict[str, Any]:
    """Return what hosts state as the document `planner.probe/1`; `tool` says who wrote it."""
    told = [(key.removeprefix(CPU), value) for key, value in group.hardware if key.startswith(CPU)]
    stated = dict.fromkeys(group.present, True) | dict.fromkeys(group.absent, False)
    return {
        "schema": SCHEMA,
        "taken": {"tool": tool},
        "host": {
            "name": str(group.hosts[0]),
            "arch": group.arch,
            "kernel": group.kernel,
            "cpu": dict(told),
        },
        "qemu": [{"version": "", "package": group.qemu}],
        "capabilities": {str(name): stated[name] for name in sorted(stated)},
    }


def guest_rows(guests: Iterable[GuestGroup]) -> Iterator[tuple[str, ...]]:
    """Yield a row per guest; devices that nobody knows stay empty, none at all is `-`."""
    for guest in guests:
        yield (
            " ".join(guest.names),
            guest.host,
            guest.machine_type,
            " ".join(str(flag) for flag in guest.flags),
            guest.booted_on,
            "" if guest.cpu is None else cpu_text(guest.cpu),
            "" if guest.devices is None else " ".join(guest.devices) or "-",
            " ".join(f"{name}={'yes' if has else 'no'}" for name, has in sorted(guest.traits)),
            "" if guest.migratable else "no",
        )


def cpu_text(cpu: GuestCpu) -> str:
    """Return a CPU as `GuestCpu.parse` reads it."""
    on = (f"+{name}" for name in sorted(cpu.enabled))
    off = (f"-{name}" for name in sorted(cpu.disabled))
    return ",".join((cpu.model, *on, *off, *(f"{name}={value}" for name, value in cpu.settings)))
