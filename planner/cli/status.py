"""`planner status`: a plan against the fleet as it is now, for a daily job."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.options import (
    FleetFile,
    GuestsFile,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    Verbose,
    guests_in,
)
from planner.cli.screen.console import painted, working
from planner.cli.screen.output import answer
from planner.cli.simulate import Format, PlanFile, ReplayFormat, note_other_rows, planned
from planner.domain.errors import UsageError, wrong_word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from planner.domain.plans.plan import Plan
    from planner.domain.plans.simulation import PlanStatus


def status(
    plan: PlanFile,
    fleet: FleetFile,
    guests: GuestsFile = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    today: Annotated[
        str, typer.Option(metavar="DAY", help="take this day for today, as 2026-12-01")
    ] = "",
    verbose: Verbose = False,
    format: Format = ReplayFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Compare a plan with the fleet as it is: done, drifted, due, and whether the rest is safe.

    Example: planner status plan.json fleet.csv
    """
    from planner.library.replays import check_consistent, plan_status

    day = day_of(today)
    made, given, hosts = planned(plan, fleet, policy, knowledge)
    check_consistent(made, hosts, given.knowledge)
    note_other_rows(made, given)
    alive = guests_in(guests, given)
    with working("replaying the rest of the plan"):
        found = plan_status(
            made,
            hosts,
            guests=alive,
            policy=given.policy,
            knowledge=given.knowledge,
            today=day,
        )
    code = exits.of_outcomes([found.rest.outcome])
    answer(_written(found, made, format, output, verbose=verbose), output, code)


def day_of(text: str) -> datetime.date:
    """Read the day of `--today`; without one, today in UTC."""
    if not text:
        return datetime.datetime.now(tz=datetime.UTC).date()
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        what = f"'{text}' is not a day such as 2026-12-01"
        raise UsageError([wrong_word("--today", what)]) from None


def _written(
    status: PlanStatus, made: Plan, format: ReplayFormat, output: Path | None, *, verbose: bool
) -> Iterator[str]:
    from planner.present.document import dump
    from planner.present.plans.simulation_document import status_document
    from planner.present.plans.simulation_report import Basis, status_report

    if format is ReplayFormat.JSON:
        return dump(status_document(status))
    return painted(status_report(status, Basis.of(made), verbose=verbose), output)
