"""`planner solve`: fleet.csv to the certified answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from planner.cli import exits
from planner.cli.console import emit, painted, progress
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    Format,
    GuestsFile,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    TableFormat,
    domains_of,
    knowledge_of,
    policy_of,
)

if TYPE_CHECKING:
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
    solution = answer(fleet, edges=edges, guests=guests, policy=policy, knowledge=knowledge)
    if format is TableFormat.TABLE:
        from planner.present.report import solution_report

        emit(painted(solution_report(solution), output), output)
    else:
        emit(written(solution, format), output)
    raise typer.Exit(exits.of_status(solution.status))


def answer(
    fleet: FleetFile,
    *,
    edges: EdgesFile,
    guests: GuestsFile,
    policy: PolicyFile,
    knowledge: KnowledgeFolder,
) -> Solution:
    """Read everything and solve it."""
    from planner.explain.answer import solve as solve_domains
    from planner.fleet.guests import read_guests
    from planner.fleet.hosts import read_fleet
    from planner.migration.profiles import profile_fleet

    base = knowledge_of(knowledge)
    rules = policy_of(policy, base)
    hosts = read_fleet(fleet, base)
    profiled = profile_fleet(hosts, base)
    domains = domains_of(hosts, profiled, edges)
    return solve_domains(
        domains,
        base,
        rules,
        guests=read_guests(guests, hosts) if guests is not None else (),
        progress=progress("solved pools", len(domains)),
    )


def written(solution: Solution, format: TableFormat) -> Iterable[str]:
    """Return the solution as JSON, CSV or Markdown, in pieces."""
    if format is TableFormat.JSON:
        from planner.present.document import dump, solution_document

        return dump(solution_document(solution))
    from planner.present.tables import solution_csv, solution_markdown

    return (solution_csv if format is TableFormat.CSV else solution_markdown)(solution)
