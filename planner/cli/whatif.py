"""`planner whatif`: what scenarios make of the answer, and the frontier of a matrix of upgrades."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.options import (
    FleetFile,
    Format,
    GuestsFile,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    TableFormat,
    guests_in,
    inputs_of,
)
from planner.cli.screen.console import painted, progress
from planner.cli.screen.output import answer
from planner.domain.errors import Location, Problem, UsageError, wrong_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from planner.domain.plans.scenario import Scenario, WhatIfResult

ScenarioFiles = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="SCENARIO", help="scenario.toml ...: changes of hosts and of what is allowed"
    ),
]
MatrixFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="TOML of axes: pool, kernel, qemu; every combination is tried"
    ),
]
Plans = Annotated[bool, typer.Option("--plans", help="outline the upgrade plan of each scenario")]


def whatif(
    fleet: FleetFile,
    scenarios: ScenarioFiles = None,
    matrix: MatrixFile = None,
    plans: Plans = False,
    guests: GuestsFile = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    format: Format = TableFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Say what scenarios would change: machine types, flags, moves, guests, waves.

    Example: planner whatif fleet.csv newer-kernel.toml
    """
    from planner.library.scenarios import what_if

    given = inputs_of(fleet, policy, knowledge)
    asked, combined = _asked(scenarios or [], matrix)
    alive = guests_in(guests, given)
    with progress("scenarios", len(asked) + len(combined)) as show:
        found = what_if(
            given.fleet,
            asked,
            matrix=combined,
            guests=alive,
            plans=plans,
            policy=given.policy,
            knowledge=given.knowledge,
            progress=show,
        )
    code = exits.of_statuses(one.status for one in found.results)
    answer(_written(found, format, output), output, code)


def _asked(
    files: list[Path], matrix: Path | None
) -> tuple[tuple[Scenario, ...], tuple[Scenario, ...]]:
    """Read the scenarios and the combinations of a matrix; all problems of all files at once."""
    from planner.domain.errors import ScenarioError
    from planner.fleet.scenario_file import read_matrix, read_scenarios

    if not files and matrix is None:
        raise UsageError([wrong_word("SCENARIO", "name a scenario file or a --matrix")])
    problems: list[Problem] = []
    found: list[Scenario] = []
    combined: tuple[Scenario, ...] = ()
    for path in files:
        try:
            found += read_scenarios(path)
        except ScenarioError as error:
            problems += error.problems
    if matrix is not None:
        try:
            combined = read_matrix(matrix)
        except ScenarioError as error:
            problems += error.problems
    problems += _twins(found)
    if problems:
        raise ScenarioError(problems)
    return tuple(found), combined


def _twins(scenarios: Iterable[Scenario]) -> Iterator[Problem]:
    """Yield the scenarios that have the name of one before them."""
    seen = set[str]()
    for one in scenarios:
        if one.name in seen:
            what = "has the name of another scenario"
            yield Problem(location=Location(file=one.place), what=what, remedy="give it a name")
        seen.add(one.name)


def _written(found: WhatIfResult, format: TableFormat, output: Path | None) -> Iterable[str]:
    from planner.present.plans.whatif_report import (
        whatif_csv,
        whatif_document,
        whatif_markdown,
        whatif_report,
    )

    if format is TableFormat.TABLE:
        return painted(whatif_report(found), output)
    if format is TableFormat.JSON:
        from planner.present.document import dump

        return dump(whatif_document(found))
    return whatif_csv(found) if format is TableFormat.CSV else whatif_markdown(found)
