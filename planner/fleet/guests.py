"""guests.csv to `GuestGroup`: one row a guest, or grouped with a count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from planner.domain.compat import CompatFlag
from planner.domain.errors import FleetError, Location, Problem
from planner.domain.guest import GuestCpu, GuestGroup
from planner.domain.host import Fleet
from planner.domain.upgrade import Room
from planner.fleet.table import Columns, GroupedRows, read_grouped
from planner.fleet.vocabulary import GuestVocabulary
from planner.fleet.words import read_cpu, read_devices, read_flags, read_room, read_traits

GUESTS = Columns(
    name="guest",
    keys=(
        "host",
        "machine_type",
        "flags",
        "booted_on",
        "cpu",
        "devices",
        "traits",
        "count",
        "vcpus",
        "memory_gib",
        "restart_window",
        "migratable",
    ),
    required=("host", "machine_type"),
    allowed=("guest",),
    unique=False,
    most_names=3,
)


def read_guests(path: Path, fleet: Fleet, words: GuestVocabulary) -> tuple[GuestGroup, ...]:
    """Read a guests file; raises `FleetError` for unknown names and unreadable cells."""
    pool_of = {str(name): str(group.pool) for group in fleet.groups for name in group.hosts}
    described = _describer(words)
    found, problems = [], []
    for row in read_grouped(path, _columns(path)):
        try:
            found.append(_group(row, pool_of, described))
        except (KeyError, ValueError) as error:
            what = str(error.args[0])
            problems.append(Problem(location=Location(file=str(path), line=row.line), what=what))
    if problems:
        raise FleetError(problems)
    return tuple(found)


def _columns(path: Path) -> Columns:
    """Return the columns of a guests file; a grouped one names its rows by their host."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            named = "guest" in file.readline() or path.suffix == ".parquet"
    except (OSError, UnicodeDecodeError):
        named = True
    if named:
        return GUESTS
    return Columns(
        name="host",
        keys=GUESTS.keys,
        required=GUESTS.required,
        allowed=GUESTS.allowed,
        unique=False,
        most_names=GUESTS.most_names,
    )


@dataclass(frozen=True, slots=True)
class _Described:
    """What the cells say that tell one guest from another, wherever it runs."""

    flags: tuple[CompatFlag, ...]
    cpu: GuestCpu | None
    devices: tuple[str, ...] | None
    traits: frozenset[tuple[str, bool]]
    room: Room | None
    migratable: bool


Describer = Callable[[tuple[str, ...]], _Described]
DESCRIBING = ("flags", "cpu", "devices", "traits", "vcpus", "memory_gib", "migratable")


def _describer(words: GuestVocabulary) -> Describer:
    """Return the reader of the cells of `DESCRIBING`: millions of guests are of a few kinds."""

    @cache
    def described(cells: tuple[str, ...]) -> _Described:
        """Read the cells once; raises ValueError."""
        flags, cpu, devices, traits, vcpus, memory, migratable = cells
        return _Described(
            read_flags(flags),
            read_cpu(cpu, words),
            read_devices(devices),
            read_traits(traits, words),
            read_room({"vcpus": vcpus, "memory_gib": memory}, "vcpus", "memory_gib"),
            _migratable(migratable),
        )

    return described


def _group(row: GroupedRows, pool_of: Mapping[str, str], described: Describer) -> GuestGroup:
    cells = row.values
    for column in ("host", "booted_on"):
        name = cells.get(column, "")
        if name and name not in pool_of:
            raise KeyError(f"{column} '{name}' is not in the fleet")
    count = cells.get("count") or "1"
    if not count.isdigit():
        raise ValueError(f"count '{count}' is not a number of guests")
    guest = described(tuple(cells.get(column, "") for column in DESCRIBING))
    return GuestGroup(
        pool=pool_of[cells["host"]],
        host=cells["host"],
        machine_type=cells["machine_type"],
        flags=guest.flags,
        booted_on=cells.get("booted_on", ""),
        cpu=guest.cpu,
        devices=guest.devices,
        traits=guest.traits,
        count=int(count) * row.count,
        room=guest.room,
        restart_window=cells.get("restart_window", ""),
        migratable=guest.migratable,
        names=row.names,
        line=row.line,
    )


def _migratable(text: str) -> bool:
    """Read yes or no; empty means yes."""
    answers = {"": True, "yes": True, "true": True, "no": False, "false": False}
    if text.lower() not in answers:
        raise ValueError(f"migratable '{text}' is not yes or no")
    return answers[text.lower()]
