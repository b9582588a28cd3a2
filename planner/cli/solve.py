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
    PoolName,
    Quiet,
    Strict,
    StrictInput,
    TableFormat,
    Verbose,
    arrows_in,
    asked_of,
    guests_in,
    inputs_of,
    known_pool,
    with_profile,
)
from planner.cli.screen.console import painted, progress, working
from planner.cli.screen.output import answer
from planner.cli.screen.terminal import MOST_POOLS, edge_tables, is_terminal
from planner.domain.errors import UsageError, wrong_word
from planner.present.rungs import NO_RUNGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from planner.domain.edge_map import EdgeMap
    from planner.domain.guest import GuestGroup
    from planner.domain.solution import Solution
    from planner.fleet.edges import Arrows
    from planner.present.asked import Asked
    from planner.present.lines import Line
    from planner.present.rungs import Rungs


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
    pool: PoolName = "",
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
    solution = solved(given, arrows, guests_in(guests, given, guests_host), pool)
    code = exits.of_solution(solution, strict=strict)
    if format is not TableFormat.TABLE:
        answer(written(solution, format), output, code)
    asked = asked_of(
        fleet,
        given.policy.guest_profile,
        edges=edges,
        guests=guests,
        guests_host=guests_host,
        policy=policy,
        knowledge=knowledge,
        guest_profile=guest_profile,
    )
    detail = Detail.ALL if verbose else Detail.LINE if quiet else Detail.SCREEN
    rungs = opened_next(given, arrows, solution) if detail is Detail.SCREEN else NO_RUNGS
    pieces: Iterable[str] = painted(told(solution, asked, detail, rungs), output)
    if verbose and is_terminal(output) and len(solution.domains) <= MOST_POOLS:
        pieces = chain(pieces, _drawn(given, arrows))
    answer(pieces, output, code)


def solved(
    given: Inputs,
    arrows: Arrows | None,
    guests: tuple[GuestGroup, ...] | None,
    pool: str = "",
) -> Solution:
    """Solve for a fleet, or one `pool` of it, and its guests, if any."""
    from planner.library import answers, explanations

    if pool:
        domains = explanations.pools_of(given.fleet, arrows, given.knowledge)
        known_pool(pool, [one.name for one in domains])
        own = [one for one in domains if one.name == pool]
        return explanations.solve_domains(own, given.knowledge, given.policy, guests=guests or ())
    with progress("solved pools", len(given.fleet.pools)) as show:
        return answers.solve(
            given.fleet,
            edges=arrows,
            guests=guests or (),
            policy=given.policy,
            knowledge=given.knowledge,
            progress=show,
        )


def opened_next(given: Inputs, arrows: Arrows | None, solution: Solution) -> Rungs:
    """Return what opens the next types of the pools that are told in full, as `unlock` says it."""
    from planner.library.plans import next_rungs
    from planner.present.answer_report import carded
    from planner.present.rungs import rungs_of

    with working("searching for what opens the next types"):
        return rungs_of(
            next_rungs(
                given.fleet,
                carded(solution),
                edges=arrows,
                policy=given.policy,
                knowledge=given.knowledge,
            )
        )


def mapped(given: Inputs, arrows: Arrows | None) -> tuple[EdgeMap, ...]:
    """Judge every edge of every pool."""
    from planner.library.explanations import edge_maps, pools_of

    domains = pools_of(given.fleet, arrows, given.knowledge)
    with progress("judged pools", len(domains)) as show:
        return edge_maps(domains, given.knowledge, given.policy, progress=show)


def _drawn(given: Inputs, arrows: Arrows | None) -> Iterator[str]:
    yield from edge_tables(mapped(given, arrows))


def told(
    solution: Solution, asked: Asked, detail: Detail, rungs: Rungs = NO_RUNGS
) -> Iterable[Line]:
    """Return the answer as lines: one screen, one line per pool, or everything."""
    from planner.present.answer_report import answer_lines, quiet_lines
    from planner.present.report import solution_report

    if detail is Detail.ALL:
        return solution_report(solution)
    if detail is Detail.LINE:
        return quiet_lines(solution)
    return answer_lines(solution, asked, rungs)


def written(solution: Solution, format: TableFormat) -> Iterable[str]:
    """Return the solution as JSON, CSV or Markdown."""
    if format is TableFormat.JSON:
        from planner.present.document import dump, solution_document

        return dump(solution_document(solution))
    from planner.present.tables import solution_csv, solution_markdown

    return (solution_csv if format is TableFormat.CSV else solution_markdown)(solution)
