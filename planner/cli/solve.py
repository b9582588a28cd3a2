"""`planner solve`: fleet.csv to the certified answer."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from planner.cli import exits
from planner.cli.console import painted, progress
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    Format,
    GuestsFile,
    Inputs,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    TableFormat,
    arrows_in,
    guests_in,
    inputs_of,
)
from planner.cli.output import answer
from planner.cli.terminal import MOST_POOLS, edge_tables, is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from planner.domain.edge_map import EdgeMap
    from planner.domain.solution import Solution
    from planner.fleet.edges import Arrows


def solve(
    fleet: FleetFile,
    edges: EdgesFile = None,
    guests: GuestsFile = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    format: Format = TableFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Find the newest machine type and flags that are safe on every migration edge.

    Example: planner solve examples/three-pools/fleet.csv
    """
    given = inputs_of(fleet, policy, knowledge)
    arrows = arrows_in(edges, given.fleet)
    solution = solved(given, arrows, guests)
    pieces = written(solution, format, output)
    if format is TableFormat.TABLE and is_terminal(output) and len(solution.domains) <= MOST_POOLS:
        pieces = chain(pieces, _drawn(given, arrows))
    answer(pieces, output, exits.of_status(solution.status))


def solved(given: Inputs, arrows: Arrows | None, guests: Path | None) -> Solution:
    """Read the guests, if any, and solve."""
    from planner.library import answers

    return answers.solve(
        given.fleet,
        edges=arrows,
        guests=guests_in(guests, given) or (),
        policy=given.policy,
        knowledge=given.knowledge,
        progress=progress("solved pools", len(given.fleet.pools)),
    )


def mapped(given: Inputs, arrows: Arrows | None) -> tuple[EdgeMap, ...]:
    """Judge every edge of every pool."""
    from planner.explain.edge_map import edge_maps
    from planner.library.answers import domains_of
    from planner.migration.profiles import profile_fleet

    domains = domains_of(profile_fleet(given.fleet, given.knowledge), arrows)
    shown = progress("judged pools", len(domains))
    return edge_maps(domains, given.knowledge, given.policy, progress=shown)


def _drawn(given: Inputs, arrows: Arrows | None) -> Iterator[str]:
    yield from edge_tables(mapped(given, arrows))


def written(solution: Solution, format: TableFormat, output: Path | None) -> Iterable[str]:
    """Return the solution as JSON, CSV or Markdown, or as a report that fits where it goes."""
    if format is TableFormat.TABLE:
        from planner.present.report import solution_report

        return painted(solution_report(solution), output)
    if format is TableFormat.JSON:
        from planner.present.document import dump, solution_document

        return dump(solution_document(solution))
    from planner.present.tables import solution_csv, solution_markdown

    return (solution_csv if format is TableFormat.CSV else solution_markdown)(solution)
