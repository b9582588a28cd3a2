"""Guests to `GuestGroup`: a table with one row a guest or a count, or what hypervisors write of them."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from planner.domain.compat import CompatFlag
from planner.domain.errors import FleetError, nearest, quoted
from planner.domain.guest import GuestCpu, GuestGroup
from planner.domain.host import Fleet
from planner.domain.plans.upgrade import Room
from planner.fleet.importers.described import DescribedFile, files_in
from planner.fleet.importers.described_guests import GuestFiles
from planner.fleet.tables.columns import in_order
from planner.fleet.tables.grouping import Columns, GroupedRows, RowProblems, read_grouped
from planner.fleet.tables.sources import name_of
from planner.fleet.tables.table_file import open_table
from planner.fleet.vocabulary import GuestVocabulary
from planner.fleet.words import (
    Cells,
    read_answer,
    read_count,
    read_cpu,
    read_devices,
    read_flags,
    read_machine,
    read_room,
    read_traits,
)

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
    numbers=("vcpus", "memory_gib"),
    unique=("guest", "host"),
    most_names=3,
    others=(("kernel", "this is a fleet file: planner solve {file} --guests GUESTS"),),
)
SHOWN_HOSTS = 3
"""Hosts of the fleet that a message names."""
HEAD = 8192
"""Bytes of a file that tell whether it is a table."""
COUNTED = replace(GUESTS, name="host", unique=())
"""Columns of a file that has no names of guests: its rows are named by their host."""


def read_guests(
    path: Path, fleet: Fleet, words: GuestVocabulary, *, host: str = ""
) -> tuple[GuestGroup, ...]:
    """Read a table of guests, or a file, folder or tar archive of descriptions.

    `host`: where described guests run whose files do not say it. Raises `FleetError` for unknown names
    and unreadable cells and files.
    """
    if path.is_dir() or _is_described(path):
        return GuestFiles(fleet, words, name_of(path), host).read(files_in(path))
    return _read_table(path, fleet, words)


def _is_described(path: Path) -> bool:
    """Whether a file is a description of guests or an archive of them, not a table."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = DescribedFile(name=str(path), folders=(), data=file.read(HEAD))
        return bool(head.kind) or tarfile.is_tarfile(path)
    except (OSError, EOFError):
        return False


def _read_table(path: Path, fleet: Fleet, words: GuestVocabulary) -> tuple[GuestGroup, ...]:
    file = open_table(path)
    grouped = read_grouped(file, GUESTS if GUESTS.name in file.header else COUNTED)
    wrong = RowProblems(file.name)
    reader = GuestReader(fleet, words, wrong)
    read = [reader.read(row) for row in grouped.rows]
    problems = [*grouped.problems, *wrong.all()]
    if problems:
        raise FleetError(problems)
    return tuple(sorted((guest for guest in read if guest is not None), key=place_of))


def place_of(guest: GuestGroup) -> tuple[object, ...]:
    """Return where guests stand among others, whatever the order of rows and files: by host."""
    cpu = guest.cpu or GuestCpu(model="")
    of_cpu = (cpu.model, sorted(cpu.enabled), sorted(cpu.disabled), cpu.settings)
    start = (guest.booted_on, of_cpu, guest.devices or (), sorted(guest.traits))
    rest = (guest.restart_window, guest.migratable, guest.count, repr(guest.room), guest.names)
    return len(guest.host), guest.host, guest.machine_type, [*map(str, guest.flags)], start, rest


@dataclass(frozen=True, slots=True)
class _Described:
    """What the cells say that tell one guest from another, wherever it runs; what is wrong in them."""

    flags: tuple[CompatFlag, ...]
    cpu: GuestCpu | None
    devices: tuple[str, ...] | None
    traits: frozenset[tuple[str, bool]]
    room: Room | None
    migratable: bool
    count: int
    wrong: tuple[tuple[str, str], ...]


Describer = Callable[[tuple[str, ...]], _Described]
DESCRIBING = ("flags", "cpu", "devices", "traits", "vcpus", "memory_gib", "migratable", "count")


def _describer(words: GuestVocabulary) -> Describer:
    """Return the reader of the cells of `DESCRIBING`: millions of guests are of a few kinds."""

    @cache
    def described(texts: tuple[str, ...]) -> _Described:
        """Read the cells once."""
        cells = Cells(dict(zip(DESCRIBING, texts, strict=True)))
        return _Described(
            flags=cells.read("flags", partial(read_flags, words=words)) or (),
            cpu=cells.read("cpu", partial(read_cpu, words=words)),
            devices=cells.read("devices", partial(read_devices, words=words)),
            traits=cells.read("traits", partial(read_traits, words=words)) or frozenset(),
            room=read_room(cells, "vcpus", "memory_gib"),
            migratable=cells.read("migratable", read_answer) is not False,
            count=cells.read("count", read_count) or 1,
            wrong=tuple(cells.wrong),
        )

    return described


class GuestReader:
    """Reads the rows of guests of one fleet; `wrong` gathers the cells that are not right."""

    def __init__(self, fleet: Fleet, words: GuestVocabulary, wrong: RowProblems) -> None:
        """Index the hosts by name."""
        self._pool_of: Mapping[str, str] = {
            str(name): str(group.pool) for group in fleet.groups for name in group.hosts
        }
        self._described = _describer(words)
        self._words = words
        self._types: dict[str, tuple[bool, tuple[str, ...]]] = {}
        self._wrong = wrong

    def read(self, row: GroupedRows) -> GuestGroup | None:
        """Return the guests of a row, None if a cell is wrong or a required one is empty."""
        cells = row.values
        guest = self._described(tuple([cells.get(column, "") for column in DESCRIBING]))
        for column, what in guest.wrong:
            self._wrong.add(row.line, column, what)
        known = [self._is_host(row, column) for column in ("host", "booted_on")]
        known.append(self._is_type(row))
        if guest.wrong or not (all(known) and cells["host"] and cells["machine_type"]):
            return None
        return self._group(row, guest)

    def _is_host(self, row: GroupedRows, column: str) -> bool:
        name = row.values.get(column, "")
        if not name or name in self._pool_of:
            return True
        what = f"{quoted(name)} is not in the fleet"
        self._wrong.add(row.line, column, what, lambda: self._near(name))
        return False

    def _near(self, name: str) -> str:
        """Return the host that was likely meant, else what the hosts are called."""
        names = list(self._pool_of)
        more = f" and {len(names) - SHOWN_HOSTS:,} more" if len(names) > SHOWN_HOSTS else ""
        return nearest(name, names) or f"its hosts: {', '.join(names[:SHOWN_HOSTS])}{more}"

    def _is_type(self, row: GroupedRows) -> bool:
        """Whether the machine type is one that some row or some QEMU has."""
        name = row.values["machine_type"]
        if name not in self._types:
            cells = Cells(row.values)
            found = cells.read("machine_type", partial(read_machine, words=self._words))
            self._types[name] = found is not None, tuple(what for _, what in cells.wrong)
        fits, wrong = self._types[name]
        for what in wrong:
            self._wrong.add(row.line, "machine_type", what)
        return fits

    def _group(self, row: GroupedRows, guest: _Described) -> GuestGroup:
        cells = row.values
        return GuestGroup(
            pool=self._pool_of[cells["host"]],
            host=cells["host"],
            machine_type=cells["machine_type"],
            flags=guest.flags,
            booted_on=cells.get("booted_on", ""),
            cpu=guest.cpu,
            devices=guest.devices,
            traits=guest.traits,
            count=guest.count * row.count,
            room=guest.room,
            restart_window=cells.get("restart_window", ""),
            migratable=guest.migratable,
            names=in_order(row.names),
            line=row.line or 0,
        )
