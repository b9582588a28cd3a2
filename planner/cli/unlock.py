"""`planner unlock`: the cheapest upgrades that open a newer type or drop a flag."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    Format,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    TableFormat,
    arrows_in,
    inputs_of,
    whole_number,
)
from planner.cli.screen.console import painted, working
from planner.cli.screen.output import answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.domain.plans.unlock import Unlocks


def unlock(
    fleet: FleetFile,
    edges: EdgesFile = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    budget: Annotated[
        int | None,
        typer.Option(
            parser=whole_number, metavar="HOSTS", help="hosts to upgrade: what to spend them on"
        ),
    ] = None,
    want: Annotated[
        list[str] | None,
        typer.Option(metavar="WANT", help="POOL:TYPE or POOL:FLAG, instead of every next type"),
    ] = None,
    format: Format = TableFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Say which hosts to upgrade, to what the fleet already runs, to open more at the least cost.

    Example: planner unlock fleet.csv --budget 60
    """
    from planner.library import plans

    given = inputs_of(fleet, policy, knowledge)
    arrows = arrows_in(edges, given.fleet)
    with working("searching for the cheapest upgrades"):
        found = plans.unlock(
            given.fleet,
            wants=want or (),
            budget=budget,
            edges=arrows,
            policy=given.policy,
            knowledge=given.knowledge,
        )
    code = exits.of_unlocks((target.status for target in found.targets), asked=bool(want))
    answer(_written(found, format, output), output, code)


def _written(found: Unlocks, format: TableFormat, output: Path | None) -> Iterable[str]:
    if format is TableFormat.TABLE:
        from planner.present.plans.unlock_report import unlock_report

        return painted(unlock_report(found), output)
    if format is TableFormat.JSON:
        from planner.present.document import dump
        from planner.present.plans.unlock_document import unlock_document

        return dump(unlock_document(found))
    from planner.present.plans.unlock_report import unlock_csv, unlock_markdown

    return unlock_csv(found) if format is TableFormat.CSV else unlock_markdown(found)
