"""Edges to judge, from the command line or cases.csv; judges nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from planner.domain.compat import CompatFlag
from planner.domain.errors import FleetError, Location, Problem, nearest
from planner.domain.guest import GuestCpu
from planner.domain.host import Fleet, HostGroup
from planner.fleet.edges import read_rows
from planner.fleet.words import read_devices, read_flags, read_traits

COLUMNS = ("from", "to", "machine", "flags", "to_flags", "booted_on", "devices", "cpu", "traits")
REQUIRED = ("from", "to", "machine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One edge to judge; `words` are its cells as given."""

    source: HostGroup
    destination: HostGroup
    machine_type: str
    flags: tuple[CompatFlag, ...]
    hop_flags: tuple[CompatFlag, ...]
    booted_on: HostGroup | None
    devices: tuple[str, ...] | None
    cpu: GuestCpu | None
    traits: frozenset[tuple[str, bool]]
    words: Mapping[str, str]


def read_cases(path: Path, fleet: Fleet, traits: Collection[str]) -> list[Case]:
    """Read cases.csv; raises `FleetError` with every wrong cell."""
    optional = tuple(column for column in COLUMNS if column not in REQUIRED)
    places = places_of(fleet)
    found, problems = [], []
    for line, cells in read_rows(path, required=REQUIRED, optional=optional):
        case, wrong = case_of(cells, fleet, traits, places=places)
        problems += [
            Problem(location=Location(file=str(path), line=line, column=column), what=what)
            for column, what in wrong
        ]
        if case is not None:
            found.append(case)
    if problems:
        raise FleetError(problems)
    return found


def places_of(fleet: Fleet) -> dict[str, HostGroup]:
    """Return the group of every host."""
    return {name: group for group in fleet.groups for name in group.hosts}


def case_of(
    cells: Mapping[str, str],
    fleet: Fleet,
    traits: Collection[str],
    *,
    places: Mapping[str, HostGroup] | None = None,
) -> tuple[Case | None, list[tuple[str, str]]]:
    """Return the case that the cells describe, or (column, what is wrong) for each wrong cell."""
    hosts = places_of(fleet) if places is None else places
    wrong = [
        (
            column,
            f"'{cells.get(column, '')}' is not a host of the fleet; {nearest(cells[column], hosts)}",
        )
        for column in ("from", "to", "booted_on")
        if cells.get(column) and cells[column] not in hosts
    ]
    wrong += [(column, "empty, but required") for column in REQUIRED if not cells.get(column)]
    readers = {
        "flags": read_flags,
        "to_flags": read_flags,
        "devices": read_devices,
        "traits": read_traits,
        "cpu": lambda text: GuestCpu.parse(text) if text else None,
    }
    values: dict[str, object] = {}
    for column, read in readers.items():
        try:
            values[column] = read(cells.get(column, ""))  # type: ignore[operator]
        except ValueError as error:
            wrong.append((column, str(error)))
    stated: frozenset[tuple[str, bool]] = values.get("traits", frozenset())  # type: ignore[assignment]
    wrong += [
        ("traits", f"unknown trait '{name}'; {nearest(name, traits)}")
        for name, _ in sorted(stated)
        if name not in traits
    ]
    if wrong:
        return None, wrong
    booted = cells.get("booted_on", "")
    return (
        Case(
            source=hosts[cells["from"]],
            destination=hosts[cells["to"]],
            machine_type=cells["machine"],
            flags=values["flags"],  # type: ignore[arg-type]
            hop_flags=values["to_flags"],  # type: ignore[arg-type]
            booted_on=hosts[booted] if booted else None,
            devices=values["devices"],  # type: ignore[arg-type]
            cpu=values["cpu"],  # type: ignore[arg-type]
            traits=stated,
            words={column: cells[column] for column in COLUMNS if column in cells},
        ),
        [],
    )
