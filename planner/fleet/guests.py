"""guests.csv to `GuestGroup`: one row a guest, or grouped with a count."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from planner.domain.errors import FleetError, Location, Problem
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet
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
)


def read_guests(path: Path, fleet: Fleet, words: GuestVocabulary) -> tuple[GuestGroup, ...]:
    """Read a guests file; raises `FleetError` for unknown names and unreadable cells."""
    pool_of = {str(name): str(group.pool) for group in fleet.groups for name in group.hosts}
    rows = read_grouped(path, _columns(path))
    found, problems = [], []
    for row in rows:
        try:
            found.append(_group(row, pool_of, words))
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
    )


def _group(row: GroupedRows, pool_of: Mapping[str, str], words: GuestVocabulary) -> GuestGroup:
    cells = row.values
    for column in ("host", "booted_on"):
        name = cells.get(column, "")
        if name and name not in pool_of:
            raise KeyError(f"{column} '{name}' is not in the fleet")
    count = cells.get("count") or "1"
    if not count.isdigit():
        raise ValueError(f"count '{count}' is not a number of guests")
    return GuestGroup(
        pool=pool_of[cells["host"]],
        host=cells["host"],
        machine_type=cells["machine_type"],
        flags=read_flags(cells.get("flags", "")),
        booted_on=cells.get("booted_on", ""),
        cpu=read_cpu(cells.get("cpu", ""), words),
        devices=read_devices(cells.get("devices", "")),
        traits=read_traits(cells.get("traits", ""), words),
        count=int(count) * len(row.names),
        room=read_room(cells, "vcpus", "memory_gib"),
        restart_window=cells.get("restart_window", ""),
        migratable=_migratable(cells.get("migratable", "")),
        names=row.names[:3],
        line=row.line,
    )


def _migratable(text: str) -> bool:
    """Read yes or no; empty means yes."""
    answers = {"": True, "yes": True, "true": True, "no": False, "false": False}
    if text.lower() not in answers:
        raise ValueError(f"migratable '{text}' is not yes or no")
    return answers[text.lower()]
