"""`planner solve`: fleet.csv to the certified answer."""

from __future__ import annotations

from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING

from planner.cli import exits
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    Format,
    GuestProfileName,
    GuestsFile,
    GuestsHost,
    Inputs,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    Quiet,
    Strict,
    StrictInput,
    TableFormat,
    Verbose,
    arrows_in,
    guests_in,
    inputs_of,
    with_profile,
)
from planner.cli.screen.console import painted, progress
from planner.cli.screen.output import answer
from planner.cli.screen.terminal import MOST_POOLS, edge_tables, is_terminal
from planner.domain.errors import UsageError, wrong_word
from planner.present.asked import Asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from planner.domain.edge_map import EdgeMap
    from planner.domain.guest import GuestGroup
    from planner.domain.solution import Solution
    from planner.fleet.edges import Arrows
    from planner.present.lines import Line


class Detail(Enum):
    """How much of an answer is told."""

    LINE = "line"
    SCREEN = "screen"
    ALL = "all"


def solve(
    fleet: FleetFile,
    edges: EdgesFile = None,
    guests: GuestsFile = None,
    guests_host: GuestsHost = "",
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    guest_profile: GuestProfileName = "",
    strict: Strict = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    strict_input: StrictInput = False,
    format: Format = TableFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Find the newest machine type and flags that are safe on every migration edge.

    Example: planner solve examples/three-pools/fleet.csv
    """
    if quiet and verbose:
        raise UsageError([wrong_word("--quiet", "is the opposite of --verbose")])
    given = with_profile(inputs_of(fleet, policy, knowledge, strict=strict_input), guest_profile)
    arrows = arrows_in(edges, given.fleet)
    solution = solved(given, arrows, guests_in(guests, given, guests_host))
    code = exits.of_solution(solution, strict=strict)
    if format is not TableFormat.TABLE:
        answer(written(solution, format), output, code)
    asked = Asked(fleet=str(fleet), profile=given.policy.guest_profile, guests=guests is not None)
    detail = Detail.ALL if verbose else Detail.LINE if quiet else Detail.SCREEN
    pieces: Iterable[str] = painted(told(solution, asked, detail), output)
    if verbose and is_terminal(output) and len(solution.domains) <= MOST_POOLS:
        pieces = chain(pieces, _drawn(given, arrows))
    answer(pieces, output, code)


def solved(given: Inputs, arrows: Arrows | None, guests: tuple[GuestGroup, ...] | None) -> Solution:
    """Solve for a fleet and its guests, if any."""
    from planner.library import answers

    return answers.solve(
        given.fleet,
        edges=arrows,
        guests=guests or (),
        policy=given.policy,
        knowledge=given.knowledge,
        progress=progress("solved pools", len(given.fleet.pools)),
    )


def mapped(given: Inputs, arrows: Arrows | None) -> tuple[EdgeMap, ...]:
    """Judge every edge of every pool."""
    from planner.library.explanations import edge_maps, pools_of

    domains = pools_of(given.fleet, arrows, given.knowledge)
    shown = progress("judged pools", len(domains))
    return edge_maps(domains, given.knowledge, given.policy, progress=shown)


def _drawn(given: Inputs, arrows: Arrows | None) -> Iterator[str]:
    yield from edge_tables(mapped(given, arrows))


def told(solution: Solution, asked: Asked, detail: Detail) -> Iterable[Line]:
    """Return the answer as lines: one screen, one line per pool, or everything."""
    from planner.present.answer_report import answer_lines, quiet_lines
    from planner.present.report import solution_report

    if detail is Detail.ALL:
        return solution_report(solution)
    return quiet_lines(solution) if detail is Detail.LINE else answer_lines(solution, asked)


def written(solution: Solution, format: TableFormat) -> Iterable[str]:
    """Return the solution as JSON, CSV or Markdown."""
    if format is TableFormat.JSON:
        from planner.present.document import dump, solution_document

        return dump(solution_document(solution))
    from planner.present.tables import solution_csv, solution_markdown

    return (solution_csv if format is TableFormat.CSV else solution_markdown)(solution)
