"""`planner solve`: fleet.csv to the certified answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.cli import exits
from planner.cli.console import answer, painted, progress
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    Format,
    GuestsFile,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    TableFormat,
    arrows_in,
    guests_in,
    inputs_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from planner.domain.solution import Solution


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
    solution = solved(fleet, edges=edges, guests=guests, policy=policy, knowledge=knowledge)
    answer(written(solution, format, output), output, exits.of_status(solution.status))


def solved(
    fleet: FleetFile,
    *,
    edges: EdgesFile,
    guests: GuestsFile,
    policy: PolicyFile,
    knowledge: KnowledgeFolder,
) -> Solution:
    """Read everything and solve it."""
    from planner.library import answers

    given = inputs_of(fleet, policy, knowledge)
    return answers.solve(
        given.fleet,
        edges=arrows_in(edges, given.fleet),
        guests=guests_in(guests, given) or (),
        policy=given.policy,
        knowledge=given.knowledge,
        progress=progress("solved pools", len(given.fleet.pools)),
    )


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
