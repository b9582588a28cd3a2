"""edges.csv: directed edges between hosts and pools; never spelt out as pairs of hosts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from planner.domain.errors import FleetError, nearest, quoted
from planner.domain.host import Fleet, HostGroup
from planner.fleet.tables.grouping import RowProblems, read_rows
from planner.fleet.tables.sources import name_of

POOL = "pool:"
ENDS = ("source", "destination")


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
    rows = []
    wrong = RowProblems(name_of(path))
    table = read_rows(path, required=ENDS)
    for line, cells in table.rows:
        for column in ENDS:
            end = cells[column]
            if end not in places:
                what = f"{quoted(end)} is neither a host nor pool:NAME of the fleet"
                wrong.add(line, column, what, partial(nearest, end, places))
        if all(cells[column] in places for column in ENDS):
            source, destination = (places[cells[column]] for column in ENDS)
            rows.append(EdgeRow(sources=source, destinations=destination))
    problems = [*table.problems, *wrong.all()]
    if problems:
        raise FleetError(problems)
    return tuple(rows)
