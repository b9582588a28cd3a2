"""`planner export`: an answer or a plan in the words of what applies or shows it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner import __version__
from planner.cli import exits
from planner.cli.options import (
    GuestProfileName,
    GuestsFile,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    PoolName,
    guests_in,
    inputs_of,
    knowledge_of,
    with_profile,
)
from planner.cli.plan import first_day
from planner.cli.plan import planned as plan_of
from planner.cli.screen.console import note
from planner.cli.screen.output import answer
from planner.cli.solve import solved
from planner.domain.errors import UsageError, wrong_word

if TYPE_CHECKING:
    from planner.domain.plans.plan import Plan
    from planner.fleet.solution_file import ToldSolution


class Kind(Enum):
    """What is written."""

    LIBVIRT = "libvirt"
    KUBEVIRT = "kubevirt"
    PROXMOX = "proxmox"
    NOVA = "nova"
    ANSIBLE = "ansible"
    ANSIBLE_INVENTORY = "ansible-inventory"
    PROMETHEUS = "prometheus"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"
    ICS = "ics"


OF_PLANS = frozenset({Kind.ANSIBLE, Kind.ANSIBLE_INVENTORY, Kind.ICS})
SETTINGS = frozenset({Kind.LIBVIRT, Kind.KUBEVIRT, Kind.PROXMOX, Kind.NOVA})
ANSWER, PLAN = "planner.solution/", "planner.plan/"

Source = Annotated[
    Path,
    typer.Argument(metavar="ANSWER|FLEET", help="JSON of solve or plan, or the fleet itself"),
]
Guests = Annotated[
    list[str] | None,
    typer.Option(
        "--vm",
        metavar="GUEST",
        help="for this guest: its XML file (libvirt), NAMESPACE/NAME (kubevirt), ID or UUID",
    ),
]


def export(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help=", ".join(k.value for k in Kind))],
    source: Source,
    vm: Guests = None,
    pool: PoolName = "",
    board: Annotated[
        str, typer.Option(metavar="BOARD", help="on this board, such as pc-i440fx")
    ] = "",
    guests: GuestsFile = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="TARGET", help="of a plan of FLEET, as plan has it")
    ] = None,
    start: Annotated[str, typer.Option(metavar="DAY", help="first day of such a plan")] = "",
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    guest_profile: GuestProfileName = "",
    output: OutputFile = None,
) -> None:
    """Write an answer or a plan in the words of libvirt, of a plane, a job or a calendar.

    Example: planner export kubevirt answer.json
    """
    from planner.fleet.solution_file import schema_of

    schema = schema_of(source)
    if kind in OF_PLANS:
        _refuse(schema, ANSWER, kind, "plan")
        _refuse_given(kind, {"--vm": vm, "--pool": pool, "--board": board})
        made = _plan(schema, source, target, start, guests, policy, knowledge, guest_profile)
        _emit_plan(kind, made, output)
    _refuse(schema, PLAN, kind, "solve")
    _refuse_given(kind, {"--target": target, "--start": start})
    told = _solution(schema, source, guests, policy, knowledge, guest_profile)
    _emit(kind, told, source, pool, board, tuple(vm or ()), knowledge, output)


def _refuse(schema: str, wrong: str, kind: Kind, command: str) -> None:
    if schema.startswith(wrong):
        what = f"{kind.value} is not made of a {schema.partition('/')[0].partition('.')[2]}"
        remedy = f"planner {command} FLEET --format json writes what it is made of"
        raise UsageError([wrong_word("ANSWER|FLEET", what, remedy)])


def _refuse_given(kind: Kind, options: Mapping[str, object]) -> None:
    wrong = [name for name, value in options.items() if value]
    if wrong:
        raise UsageError([wrong_word(one, f"says nothing for {kind.value}") for one in wrong])


def _plan(
    schema: str,
    source: Path,
    target: list[str] | None,
    start: str,
    guests: Path | None,
    policy: Path | None,
    knowledge: list[Path] | None,
    guest_profile: str,
) -> Plan:
    """Read a plan, or make one of a fleet."""
    if schema:
        from planner.fleet.plan_file import read_plan

        made_of = {"--target": target, "--start": start, "--guests": guests, "--policy": policy}
        _refuse_of_fleet(made_of | {"--guest-profile": guest_profile})
        return read_plan(source)
    return plan_of(
        source,
        target or [],
        guests=guests,
        start=first_day(start),
        policy=policy,
        knowledge=knowledge,
        guest_profile=guest_profile,
    )


def _refuse_of_fleet(options: Mapping[str, object]) -> None:
    wrong = [name for name, value in options.items() if value]
    if wrong:
        what = "says nothing beside a JSON file, which is the answer already"
        raise UsageError([wrong_word(one, what, "give FLEET") for one in wrong])


def _solution(
    schema: str,
    source: Path,
    guests: Path | None,
    policy: Path | None,
    knowledge: list[Path] | None,
    guest_profile: str,
) -> ToldSolution:
    """Read an answer, or solve a fleet."""
    if schema:
        from planner.fleet.solution_file import read_solution

        made_of = {"--guests": guests, "--policy": policy, "--guest-profile": guest_profile}
        _refuse_of_fleet(made_of)
        return read_solution(source)
    from planner.library.exports import told_of

    given = with_profile(inputs_of(source, policy, knowledge), guest_profile)
    return told_of(solved(given, None, guests_in(guests, given)))


def _emit_plan(kind: Kind, made: Plan, output: Path | None) -> None:
    from planner.library.exports import export_plan

    answer(export_plan(kind.value, made), output, exits.of_plan(made))


def _emit(
    kind: Kind,
    told: ToldSolution,
    source: Path,
    pool: str,
    board: str,
    vms: tuple[str, ...],
    knowledge: list[Path] | None,
    output: Path | None,
) -> None:
    from planner.library.exports import ExportRequest, export_answer, unset

    if kind not in SETTINGS:
        _refuse_given(kind, {"--vm": vms, "--board": board})
    request = ExportRequest(pool=pool, board=board, vms=vms, file=str(source), version=__version__)
    pieces = export_answer(kind.value, told, request, knowledge_of(knowledge))
    if kind in SETTINGS:
        for line in unset(told, pool):
            note(line)
    code = exits.of_verdicts(one.verdict for one in told.domains if pool in ("", one.domain))
    answer(pieces, output, code)
