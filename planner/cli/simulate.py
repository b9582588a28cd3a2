"""`planner simulate`: a plan replayed phase by phase, with faults."""

from __future__ import annotations

from enum import Enum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.options import (
    FleetFile,
    GuestsFile,
    Inputs,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    Quiet,
    Verbose,
    guests_in,
    inputs_with_ways,
    whole_number,
)
from planner.cli.screen.console import note, painted, working
from planner.cli.screen.output import answer
from planner.documents.digits import whole_of
from planner.domain.errors import UsageError, wrong_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.domain.plans.plan import Plan
    from planner.domain.plans.simulation import HostFailure, Simulation
    from planner.domain.plans.upgrade import UpgradeHost


class ReplayFormat(Enum):
    """Formats of a replay."""

    TABLE = "table"
    JSON = "json"


PlanFile = Annotated[
    Path, typer.Argument(metavar="PLAN", help="plan.json, as plan --format json writes it")
]
Failures = Annotated[
    list[str] | None,
    typer.Option(
        "--fail",
        metavar="HOST@WAVE",
        help="HOST@WAVE may die in the middle of that wave, again and again",
    ),
]
Abort = Annotated[
    int | None,
    typer.Option(
        "--abort-after",
        parser=whole_number,
        metavar="WAVE",
        help="stop after this wave, and go back from there",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        parser=whole_number, metavar="NUMBER", help="in every wave one host may die, drawn by it"
    ),
]
Format = Annotated[ReplayFormat, typer.Option("--format", "-f", help="how to print the answer")]


def simulate(
    plan: PlanFile,
    fleet: FleetFile,
    guests: GuestsFile = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    fail: Failures = None,
    abort_after: Abort = None,
    seed: Seed = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format: Format = ReplayFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Replay a plan: every move of every phase judged; the first violation, or none.

    Example: planner simulate plan.json fleet.csv --fail host7@2
    """
    from planner.library import plans
    from planner.library.replays import check_plan

    made, given, hosts = planned(plan, fleet, policy, knowledge)
    check_plan(made, hosts, given.knowledge)
    note_other_fleet(made, fleet)
    note_other_rows(made, given)
    failures = failures_of(fail or [], made, hosts, seed)
    _refuse_unknown_wave(abort_after, made)
    alive = guests_in(guests, given)
    with working("replaying the plan"):
        simulation = plans.simulate(
            made,
            hosts,
            guests=alive,
            failures=failures,
            abort_after=abort_after,
            policy=None if policy is None else given.policy,
            knowledge=given.knowledge,
        )
    code = exits.of_outcomes([simulation.outcome])
    if format is ReplayFormat.JSON:
        from planner.present.document import dump
        from planner.present.plans.simulation_document import simulation_document

        answer(dump(simulation_document(simulation)), output, code)
    answer(_report_lines(simulation, made, output, quiet=quiet, verbose=verbose), output, code)


def planned(
    plan: Path, fleet: Path, policy: Path | None, knowledge: list[Path] | None
) -> tuple[Plan, Inputs, tuple[UpgradeHost, ...]]:
    """Read a plan, its fleet with capacities, and what judges them."""
    from planner.fleet.plan_file import read_plan

    made = read_plan(plan)
    return made, *inputs_with_ways(fleet, policy, knowledge)


def _refuse_unknown_wave(wave: int | None, plan: Plan) -> None:
    if wave is not None and not 0 <= wave <= len(plan.waves):
        raise UsageError([wrong_word("--abort-after", f"the plan has {len(plan.waves)} waves")])


def note_other_fleet(plan: Plan, fleet: Path) -> None:
    """Say if a plan was made for another fleet file than it is replayed with."""
    from planner.fleet.upgrades import digest_of

    if plan.fleet_digest not in {"", digest_of(fleet)}:
        note(f"the plan was made for another fleet file than {fleet} is now")


def note_other_rows(plan: Plan, given: Inputs) -> None:
    """Say if a plan was made with other rows than it is judged by."""
    if plan.knowledge_digest not in {"", given.knowledge.digest}:
        note("the plan was made with other rows of knowledge; it is judged by those of now")


def failures_of(
    words: Sequence[str], plan: Plan, hosts: Sequence[UpgradeHost], seed: int | None = None
) -> tuple[HostFailure, ...]:
    """Read HOST@WAVE words, and draw failures by a seed; raises `UsageError` with each wrong word."""
    from planner.domain.plans.simulation import HostFailure
    from planner.library.replays import check_failures, drawn_failures

    problems, found = [], []
    for word in words:
        host, at, wave = word.rpartition("@")
        if at and host and wave.isascii() and wave.isdigit():
            found.append(HostFailure(host=host, wave=whole_of(wave)))
        else:
            problems.append(wrong_word("--fail", f"'{word}' is not HOST@WAVE"))
    problems += [wrong_word("--fail", what) for what in check_failures(plan, hosts, found)]
    if problems:
        raise UsageError(problems)
    return (*found, *(() if seed is None else drawn_failures(plan, seed)))


def _report_lines(
    simulation: Simulation, made: Plan, output: Path | None, *, quiet: bool, verbose: bool
) -> Iterator[str]:
    from planner.present.plans.simulation_report import Basis, simulation_report

    lines = simulation_report(simulation, Basis.of(made), verbose=verbose)
    return painted(islice(lines, 1) if quiet else lines, output)
