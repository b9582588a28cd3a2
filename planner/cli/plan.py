"""`planner plan`: a fleet on its way to other kernels and QEMU builds, wave by wave."""

from __future__ import annotations

import datetime
from enum import Enum
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.options import (
    FleetFile,
    GuestProfileName,
    GuestsFile,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    Quiet,
    StrictInput,
    Verbose,
    asked_of,
    guests_in,
    inputs_with_ways,
    with_profile,
)
from planner.cli.screen.console import note, painted, progress
from planner.cli.screen.output import answer
from planner.domain.errors import FleetError, UsageError, wrong_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from planner.cli.options import Inputs
    from planner.domain.plans.plan import Plan
    from planner.domain.plans.upgrade import UpgradeHost
    from planner.present.asked import Asked
    from planner.present.lines import Line


class PlanFormat(Enum):
    """Formats of a plan."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    ICS = "ics"


def plan(
    fleet: FleetFile,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="TARGET", help="kernel=...,qemu=...[,pool=...]; columns beat it"),
    ] = None,
    guests: GuestsFile = None,
    start: Annotated[
        str, typer.Option(metavar="DAY", help="first day of wave 1, as 2026-12-01")
    ] = "",
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    guest_profile: GuestProfileName = "",
    quiet: Quiet = False,
    verbose: Verbose = False,
    strict_input: StrictInput = False,
    format: Annotated[PlanFormat, typer.Option("--format", "-f")] = PlanFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Plan upgrade waves, and say after which wave each machine type and flag may be raised.

    Example: planner plan fleet.csv --target kernel=6.12.48+deb13-amd64
    """
    if quiet and verbose:
        raise UsageError([wrong_word("--quiet", "is the opposite of --verbose")])
    made = planned(
        fleet,
        target or [],
        guest_profile=guest_profile,
        guests=guests,
        start=first_day(start),
        policy=policy,
        knowledge=knowledge,
        strict=strict_input,
    )
    if format is PlanFormat.ICS and any(wave.day is None for wave in made.waves):
        raise UsageError([wrong_word("--start", "a calendar needs the day of wave 1")])
    if format is not PlanFormat.TABLE:
        answer(written(made, format), output, exits.of_plan(made))
    files = {"start": start, "guests": guests, "policy": policy, "knowledge": knowledge}
    asked = asked_of(fleet, made.guest_profile, target=target, **files, guest_profile=guest_profile)
    lines = told(made, asked, quiet=quiet, verbose=verbose)
    answer(painted(lines, output), output, exits.of_plan(made))


def planned(
    fleet: Path,
    targets: list[str],
    *,
    guests: Path | None,
    start: datetime.date | None,
    policy: Path | None,
    knowledge: list[Path] | None,
    strict: bool = False,
    guest_profile: str = "",
) -> Plan:
    """Read everything and plan it."""
    from planner.fleet.upgrades import digest_of, parse_target
    from planner.library.plans import make_plan, older_targets

    ways = [parse_target(text) for text in targets]
    given, hosts = inputs_with_ways(fleet, policy, knowledge, ways, strict=strict)
    given = with_profile(given, guest_profile)
    if all(host.target is None for host in hosts):
        raise UsageError([wrong_word("--target", "no host has anywhere to go", nowhere(fleet))])
    rules = given.policy.plan
    if start is None and rules.start is None and any(host.blackouts for host in hosts):
        raise UsageError([wrong_word("--start", "the column blackout needs the day of wave 1")])
    _tell_loose(hosts, given, strict=strict)
    alive = guests_in(guests, given)
    with progress("drafted pools", len(given.fleet.pools)) as show:
        made = make_plan(
            hosts,
            guests=alive,
            start=start,
            policy=given.policy,
            knowledge=given.knowledge,
            fleet_digest=digest_of(fleet),
            progress=show,
        )
    done = {one.domain for one in made.domains}
    for text in older_targets((one for one in hosts if one.pool not in done), given.knowledge):
        note(text)
    return made


def _tell_loose(hosts: Sequence[UpgradeHost], given: Inputs, *, strict: bool) -> None:
    """Tell which texts of targets are hardly read as they were meant; `strict`: refuse those unread."""
    from planner.fleet.upgrades import loose_targets

    loose = loose_targets(hosts, given.knowledge)
    if strict and loose.wrong:
        raise FleetError(loose.wrong)
    for one in loose.told:
        note(str(one))


def nowhere(fleet: Path) -> str:
    """Return what to do where no host of a fleet has a target."""
    name = quote(str(fleet))
    return (
        f"`planner unlock {name}` says what opens the next types, "
        f"`planner unlock {name} --upgraded upgraded.csv` writes it as target columns"
    )


def told(made: Plan, asked: Asked, *, quiet: bool, verbose: bool) -> Iterable[Line]:
    """Return the plan as lines: one screen, one line, or the screen and all that stands behind it."""
    from planner.present.plans.plan_details import plan_details
    from planner.present.plans.plan_report import plan_report, quiet_line

    if quiet:
        return quiet_line(made)
    if verbose and made.waves:
        return (*plan_report(made, asked, is_all=True), *plan_details(made))
    return plan_report(made, asked)


def written(made: Plan, format: PlanFormat) -> Iterable[str]:
    """Return the plan as JSON, CSV, Markdown or a calendar, in pieces."""
    if format is PlanFormat.JSON:
        from planner.present.document import dump
        from planner.present.plans.plan_document import plan_document

        return dump(plan_document(made))
    from planner.present.plans.plan_tables import plan_calendar, plan_csv, plan_markdown

    if format is PlanFormat.CSV:
        return plan_csv(made)
    return (plan_markdown(made) if format is PlanFormat.MARKDOWN else plan_calendar(made),)


def first_day(text: str, option: str = "--start") -> datetime.date | None:
    """Read the day of an option; None if it is not given, `UsageError` if it is no day."""
    if not text:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            [wrong_word(option, f"'{text}' is not a day such as 2026-12-01")]
        ) from None
