"""`planner check`: one edge, or a file of edges, judged."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.console import emit, painted
from planner.cli.options import (
    FleetFile,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    knowledge_of,
    policy_of,
)
from planner.domain.errors import Location, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from planner.domain.host import Fleet
    from planner.domain.verdict import Verdict
    from planner.fleet.cases import Case


class CheckFormat(Enum):
    """Formats of verdicts."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def check(
    fleet: FleetFile,
    from_host: Annotated[str, typer.Option("--from", help="host that the guest leaves")] = "",
    to_host: Annotated[str, typer.Option("--to", help="host that the guest goes to")] = "",
    machine: Annotated[str, typer.Option(help="versioned machine type")] = "",
    flag: Annotated[list[str] | None, typer.Option(help="TYPE.PROPERTY=VALUE of the guest")] = None,
    to_flag: Annotated[
        list[str] | None, typer.Option(help="flag that only the destination process gets")
    ] = None,
    booted_on: Annotated[str, typer.Option(help="host of the last cold boot or guest reboot")] = "",
    device: Annotated[
        list[str] | None, typer.Option(help="-device name with backend: virtio-net-pci+tap+vhost")
    ] = None,
    no_devices: Annotated[bool, typer.Option("--no-devices", help="the guest has none")] = False,
    cpu: Annotated[str, typer.Option(help="MODEL,+feature,-feature")] = "",
    trait: Annotated[
        list[str] | None, typer.Option(help="NAME=yes|no, see knowledge list traits")
    ] = None,
    cases: Annotated[Path | None, typer.Option(help="CSV of edges to judge in bulk")] = None,
    assume_conditions: Annotated[
        bool, typer.Option("--assume-conditions", help="take the answer's conditions as kept")
    ] = False,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    format: Annotated[CheckFormat, typer.Option("--format", "-f")] = CheckFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Judge whether a guest survives a migration from one host to another.

    Example: planner check fleet.csv --from new1 --to old1 --machine pc-q35-4.0
    """
    from planner.explain.cases import CaseJudge
    from planner.fleet.cases import read_cases
    from planner.fleet.hosts import read_fleet

    base = knowledge_of(knowledge)
    rules = policy_of(policy, base)
    hosts = read_fleet(fleet, base)
    if cases is not None:
        rows = read_cases(cases, hosts, base.guests.traits)
    else:
        words = {
            "from": from_host,
            "to": to_host,
            "machine": machine,
            "flags": " ".join(flag or ()),
            "to_flags": " ".join(to_flag or ()),
            "booted_on": booted_on,
            "devices": "-" if no_devices else " ".join(device or ()),
            "cpu": cpu,
            "traits": " ".join(trait or ()),
        }
        rows = [_single(words, hosts, base.guests.traits)]
    judge = CaseJudge(
        fleet=hosts, knowledge=base, policy=rules, assume_conditions=assume_conditions
    )
    verdicts = [judge.verdict(case) for case in rows]
    emit(_written(rows, verdicts, format, single=cases is None, output=output), output)
    raise typer.Exit(exits.of_outcomes(verdict.outcome for verdict in verdicts))


def _single(words: Mapping[str, str], hosts: Fleet, traits: Collection[str]) -> Case:
    """Return the case that the options describe, or a usage error naming each wrong option."""
    from planner.fleet.cases import case_of

    options = {"from": "--from", "to": "--to", "machine": "--machine"}
    problems = [
        Problem(location=Location(file="command line", column=option), what="is required")
        for key, option in options.items()
        if not words[key]
    ]
    if problems:
        raise UsageError(problems)
    case, wrong = case_of(words, hosts, traits)
    if wrong or case is None:
        raise UsageError(
            Problem(location=Location(file="command line", column=f"--{column}"), what=what)
            for column, what in wrong
        )
    return case


def _written(
    rows: Sequence[Case],
    verdicts: Sequence[Verdict],
    format: CheckFormat,
    *,
    single: bool,
    output: Path | None,
) -> Iterable[str]:
    """Return verdicts in the wished format, in pieces."""
    from planner.present.check_report import csv_cells, verdict_report
    from planner.present.document import dump, verdict_document, verdicts_document
    from planner.present.tables import csv_text

    if format is CheckFormat.JSON:
        return dump(verdict_document(verdicts[0]) if single else verdicts_document(verdicts))
    if format is CheckFormat.CSV or not single:
        header = (*rows[0].words, "outcome", "consequence", "objections") if rows else ()
        cells = (
            (*case.words.values(), *csv_cells(verdict))
            for case, verdict in zip(rows, verdicts, strict=True)
        )
        return csv_text(header, cells)
    return painted(verdict_report(verdicts[0]), output)
