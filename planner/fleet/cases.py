"""Edges to judge, from the command line or cases.csv; judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from planner.domain.compat import CompatFlag
from planner.domain.errors import FleetError, advised, nearest, quoted
from planner.domain.guest import GuestCpu
from planner.domain.host import Fleet, HostGroup
from planner.fleet.tables.grouping import RowProblems, read_rows
from planner.fleet.tables.sources import name_of
from planner.fleet.vocabulary import GuestVocabulary
from planner.fleet.words import (
    Cells,
    read_cpu,
    read_devices,
    read_flags,
    read_machine,
    read_traits,
)

COLUMNS = ("from", "to", "machine", "flags", "to_flags", "booted_on", "devices", "cpu", "traits")
REQUIRED = ("from", "to", "machine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One edge to judge; `words` are its cells as given."""

    source: HostGroup
    destination: HostGroup
    machine_type: str
    machine_options: tuple[str, ...]
    flags: tuple[CompatFlag, ...]
    hop_flags: tuple[CompatFlag, ...]
    booted_on: HostGroup | None
    devices: tuple[str, ...] | None
    cpu: GuestCpu | None
    traits: frozenset[tuple[str, bool]]
    words: Mapping[str, str]


def read_cases(path: Path, fleet: Fleet, words: GuestVocabulary) -> list[Case]:
    """Read cases.csv; raises `FleetError` with every wrong cell."""
    optional = tuple(column for column in COLUMNS if column not in REQUIRED)
    places = places_of(fleet)
    found = []
    problems = RowProblems(name_of(path))
    table = read_rows(path, required=REQUIRED, optional=optional)
    for line, cells in table.rows:
        case, wrong = case_of(cells, fleet, words, places=places)
        for column, what in wrong:
            problems.add(line, column, what)
        if case is not None:
            found.append(case)
    wrong_rows = [*table.problems, *problems.all()]
    if wrong_rows:
        raise FleetError(wrong_rows)
    return found


def places_of(fleet: Fleet) -> dict[str, HostGroup]:
    """Return the group of every host."""
    return {name: group for group in fleet.groups for name in group.hosts}


def case_of(
    cells: Mapping[str, str],
    fleet: Fleet,
    words: GuestVocabulary,
    *,
    places: Mapping[str, HostGroup] | None = None,
) -> tuple[Case | None, list[tuple[str, str]]]:
    """Return the case that the cells describe, or (column, what is wrong) for each wrong cell."""
    hosts = places_of(fleet) if places is None else places
    row = Cells(cells, list(_wrong_hosts(cells, hosts)))
    flags = row.read("flags", partial(read_flags, words=words))
    hop_flags = row.read("to_flags", partial(read_flags, words=words))
    devices = row.read("devices", partial(read_devices, words=words))
    stated = row.read("traits", partial(read_traits, words=words))
    cpu = row.read("cpu", partial(read_cpu, words=words))
    machine = row.read("machine", partial(read_machine, words=words))
    if row.wrong or machine is None:
        return None, row.wrong
    machine_type, machine_options = machine
    booted = cells.get("booted_on", "")
    case = Case(
        source=hosts[cells["from"]],
        destination=hosts[cells["to"]],
        machine_type=machine_type,
        machine_options=machine_options,
        flags=flags or (),
        hop_flags=hop_flags or (),
        booted_on=hosts[booted] if booted else None,
        devices=devices,
        cpu=cpu,
        traits=stated or frozenset(),
        words={column: cells[column] for column in COLUMNS if column in cells},
    )
    return case, []


def _wrong_hosts(
    cells: Mapping[str, str], hosts: Mapping[str, HostGroup]
) -> Iterator[tuple[str, str]]:
    for column in ("from", "to", "booted_on"):
        name = cells.get(column, "")
        if name and name not in hosts:
            yield (
                column,
                advised(f"{quoted(name)} is not a host of the fleet", nearest(name, hosts)),
            )
    for column in REQUIRED:
        if not cells.get(column):
            yield column, "empty, but required"
