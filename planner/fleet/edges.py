"""edges.csv: directed edges between hosts and pools; never spelt out as pairs of hosts."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from planner.domain.errors import FleetError, Location, Problem, nearest
from planner.domain.host import Fleet, HostGroup

POOL = "pool:"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRow:
    """Groups that may send to groups."""

    sources: tuple[HostGroup, ...]
    destinations: tuple[HostGroup, ...]


Arrows = tuple[tuple[HostGroup, HostGroup], ...]


def arrows_of(rows: Iterable[EdgeRow]) -> Arrows:
    """Return every ordered pair of groups with an edge; a lone host has none to itself."""
    pairs = (
        (one, other)
        for row in rows
        for one in row.sources
        for other in row.destinations
        if one is not other or len(one.hosts) > 1
    )
    return tuple(dict.fromkeys(pairs))


def read_edges(path: Path, fleet: Fleet) -> tuple[EdgeRow, ...]:
    """Read `source,destination` rows, each a host or `pool:NAME`; raises `FleetError`."""
    by_host = {str(name): (group,) for group in fleet.groups for name in group.hosts}
    by_pool: dict[str, tuple[HostGroup, ...]] = {}
    for group in fleet.groups:
        by_pool[group.pool] = (*by_pool.get(group.pool, ()), group)
    places: dict[str, tuple[HostGroup, ...]] = {
        **by_host,
        **{POOL + name: groups for name, groups in by_pool.items()},
    }
    rows, problems = [], []
    for line, cells in read_rows(path, required=("source", "destination")):
        ends = [cells["source"].strip(), cells["destination"].strip()]
        for column, end in zip(("source", "destination"), ends, strict=True):
            if end not in places:
                where = Location(file=str(path), line=line, column=column)
                problems.append(
                    Problem(
                        location=where,
                        what=f"'{end}' is neither a host nor pool:NAME of the fleet",
                        remedy=nearest(end, places),
                    )
                )
        if all(end in places for end in ends):
            rows.append(EdgeRow(sources=places[ends[0]], destinations=places[ends[1]]))
    if problems:
        raise FleetError(problems)
    return tuple(rows)


def read_rows(
    path: Path, *, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> list[tuple[int, dict[str, str]]]:
    """Read a small CSV file as (line, cells); raises `FleetError` for wrong columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "not UTF-8"
        raise FleetError([Problem(location=Location(file=str(path)), what=what)]) from error
    allowed = (*required, *optional)
    problems = [
        Problem(
            location=Location(file=str(path), line=1),
            what=f"unknown column '{name}'",
            remedy=nearest(name, allowed) or f"allowed: {', '.join(allowed)}",
        )
        for name in header
        if name not in allowed
    ]
    problems += [
        Problem(location=Location(file=str(path), line=1), what=f"column '{name}' is missing")
        for name in required
        if name not in header
    ]
    problems += [
        Problem(
            location=Location(file=str(path), line=line),
            what=f"{len(row)} fields where the header has {len(header)}",
        )
        for line, row in rows
        if len(row) != len(header)
    ]
    if problems:
        raise FleetError(problems)
    return [(line, dict(zip(header, row, strict=True))) for line, row in rows]
