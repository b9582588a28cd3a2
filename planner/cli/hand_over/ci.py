"""`planner ci`: an answer and a plan as one line per finding, for a daily job."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner import __version__
from planner.cli import exits
from planner.cli.options import (
    FleetFile,
    GuestProfileName,
    GuestsFile,
    Inputs,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    guests_in,
    inputs_of,
    with_profile,
)
from planner.cli.screen.console import working
from planner.cli.screen.output import answer
from planner.cli.simulate import note_other_rows
from planner.cli.simulate import planned as plan_and_hosts
from planner.cli.solve import solved
from planner.cli.status import day_of
from planner.domain.shown import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.domain.guest import GuestGroup
    from planner.domain.host import Fleet
    from planner.domain.plans.plan import Plan
    from planner.domain.plans.simulation import PlanStatus
    from planner.domain.plans.upgrade import UpgradeHost
    from planner.export.findings import JobFinding


class CiFormat(Enum):
    """Formats of findings."""

    LINES = "lines"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"


def ci(
    fleet: FleetFile,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="PLAN", help="hold this plan against it too")
    ] = None,
    guests: GuestsFile = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    guest_profile: GuestProfileName = "",
    today: Annotated[
        str, typer.Option(metavar="DAY", help="take this day for today, as 2026-12-01")
    ] = "",
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="end with 0 whatever is found")
    ] = False,
    format: Annotated[CiFormat, typer.Option("--format", "-f")] = CiFormat.LINES,
    output: OutputFile = None,
) -> None:
    """Solve a fleet and hold a plan against it, for a daily job: one line per finding.

    Example: planner ci fleet.csv --plan plan.json
    """
    from planner.export.findings import findings_of, findings_of_plan
    from planner.library.exports import told_of

    made, given, hosts = _read(plan, fleet, policy, knowledge)
    given = with_profile(given, guest_profile)
    alive = guests_in(guests, given)
    solution = solved(given, None, alive)
    found = list(findings_of(told_of(solution).domains))
    code = exits.of_solution(solution, strict=False)
    if made is not None:
        status = _status(made, hosts, given, alive, today)
        found += findings_of_plan(status)
        rest = exits.of_outcomes([status.rest.outcome])
        code = code if code == exits.BUG else exits.gravest([code, rest])
    quiet = exit_zero and code in exits.ANSWERS
    pieces = _written(found, format, given.fleet)
    answer(pieces, output, exits.ANSWERED if quiet else code)


def _written(findings: Sequence[JobFinding], format: CiFormat, fleet: Fleet) -> Iterator[str]:
    """Return findings as lines, or as what a job's server reads."""
    from planner.export.reviews import github, junit, sarif

    match format:
        case CiFormat.JUNIT:
            return junit(findings, fleet.pools)
        case CiFormat.SARIF:
            return sarif(findings, fleet.source, __version__)
        case CiFormat.GITHUB:
            return github(findings, fleet.source)
    return (f"{harmless(finding.line)}\n" for finding in findings)


def _read(
    plan: Path | None, fleet: Path, policy: Path | None, knowledge: list[Path] | None
) -> tuple[Plan | None, Inputs, tuple[UpgradeHost, ...]]:
    """Read a fleet, and a plan with its hosts if there is one."""
    if plan is None:
        return None, inputs_of(fleet, policy, knowledge), ()
    return plan_and_hosts(plan, fleet, policy, knowledge)


def _status(
    made: Plan,
    hosts: tuple[UpgradeHost, ...],
    given: Inputs,
    alive: tuple[GuestGroup, ...] | None,
    today: str,
) -> PlanStatus:
    """Replay the rest of a plan."""
    from planner.library.replays import check_consistent, plan_status

    day = day_of(today)
    check_consistent(made, hosts, given.knowledge)
    note_other_rows(made, given)
    with working("replaying the rest of the plan"):
        return plan_status(
            made,
            hosts,
            guests=alive,
            policy=given.policy,
            knowledge=given.knowledge,
            today=day,
        )
