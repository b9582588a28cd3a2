"""`planner report`: one HTML page of the answer, its edges, a plan and the hosts."""

from __future__ import annotations

import datetime
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.command_line.project import fleet_of_project
from planner.cli.options import (
    EdgesFile,
    GuestProfileName,
    GuestsFile,
    Inputs,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    StrictInput,
    arrows_in,
    guests_in,
    inputs_of,
    ways_of,
    with_profile,
)
from planner.cli.plan import first_day
from planner.cli.plan import planned as plan_anew
from planner.cli.screen.output import answer, without_outputs
from planner.cli.solve import mapped, solved
from planner.domain.errors import UsageError, wrong_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.domain.plans.plan import Plan
    from planner.present.page import Heading

Source = Annotated[
    Path,
    typer.Argument(
        metavar="FLEET|PLAN",
        help="fleet.csv or .parquet; or a plan.json alone",
        default_factory=Path,
        callback=fleet_of_project,
        show_default="the fleet of planner.toml",
    ),
]
PlanFile = Annotated[
    Path | None,
    typer.Option("--plan", metavar="FILE", help="plan.json of this fleet: waves, flips, radar"),
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target", metavar="TARGET", help="plan anew, as planner plan does; not with --plan"
    ),
]
Start = Annotated[
    str, typer.Option(metavar="DAY", help="first day of wave 1 of --target, as 2026-12-01")
]
Title = Annotated[str, typer.Option(metavar="TEXT", help="heading; default: the fleet's file")]
Date = Annotated[
    str, typer.Option(metavar="DAY", help="as of this day; default: that of the fleet's file")
]


def report(
    source: Source,
    plan: PlanFile = None,
    target: Targets = None,
    start: Start = "",
    edges: EdgesFile = None,
    guests: GuestsFile = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    guest_profile: GuestProfileName = "",
    title: Title = "",
    date: Date = "",
    strict_input: StrictInput = False,
    output: OutputFile = None,
) -> None:
    """Write one HTML page that needs no network: answers, edges, waves, retirement, hosts.

    Example: planner report examples/three-pools/fleet.csv --output report.html
    """
    from planner.present.page import report_page

    heading = _heading(source, title, date)
    if source.suffix == ".json":
        _refuse_beside_a_plan(plan, target, edges, guests, policy)
        alone = _read(source)
        heading = replace(heading, profile=alone.guest_profile)
        told = report_page(solution=None, plan=alone, heading=heading)
        answer(told, output, exits.of_plan(alone))
    if plan is not None and target:
        remedy = "give one of the two"
        raise UsageError([wrong_word("--target", "--plan names a plan already", remedy)])
    given = with_profile(inputs_of(source, policy, knowledge, strict=strict_input), guest_profile)
    made = None if plan is None else _of_fleet(plan, source, given)
    if target:
        made = plan_anew(
            source,
            target,
            guest_profile=guest_profile,
            guests=guests,
            start=first_day(start),
            policy=policy,
            knowledge=knowledge,
        )
    page, code = _page(given, edges, guests, made, heading)
    answer(page, output, code)


def _page(
    given: Inputs, edges: Path | None, guests: Path | None, made: Plan | None, heading: Heading
) -> tuple[Iterable[str], int]:
    """Return the page of a fleet and a plan of it, and the exit code of what it says."""
    from planner.library.plans import unlock
    from planner.present.page import report_page

    arrows = arrows_in(edges, given.fleet)
    solution = solved(given, arrows, guests_in(guests, given))
    page = report_page(
        solution=solution,
        maps=mapped(given, arrows),
        fleet=given.fleet,
        plan=made,
        unlocks=unlock(given.fleet, edges=arrows, policy=given.policy, knowledge=given.knowledge),
        heading=replace(heading, profile=given.policy.guest_profile),
    )
    code = exits.of_solution(solution, strict=False)
    return page, code if made is None else exits.gravest((code, exits.of_plan(made)))


def _heading(source: Path, title: str, date: str) -> Heading:
    """Return what stands above a page: nothing in it changes while the inputs stay as they are."""
    from planner.present.page import Heading

    day = first_day(date, "--date")
    if day is None and source.is_file():
        day = datetime.datetime.fromtimestamp(source.stat().st_mtime, tz=datetime.UTC).date()
    return Heading(
        title=title or f"Migration safety of {source.name}",
        day="" if day is None else day.isoformat(),
        command=shlex.join(["planner", *without_outputs(sys.argv[1:])]),
    )


def _of_fleet(path: Path, fleet: Path, given: Inputs) -> Plan:
    """Read a plan, and refuse it if it is not about this fleet."""
    from planner.library.replays import check_plan

    made = _read(path)
    check_plan(made, ways_of(fleet, given), given.knowledge)
    return made


def _read(path: Path) -> Plan:
    from planner.fleet.plan_file import read_plan

    return read_plan(path)


def _refuse_beside_a_plan(*others: object) -> None:
    if any(others):
        what = "a plan alone takes no other input: give the fleet, and the plan with --plan"
        raise UsageError([wrong_word("SOURCE", what)])
