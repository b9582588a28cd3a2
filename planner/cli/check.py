"""`planner check`: one edge, or a file of edges, judged."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.command_line.completion import completing, hosts, machine_types
from planner.cli.options import (
    FleetFile,
    GuestProfileName,
    Inputs,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    StrictInput,
    Verbose,
    inputs_of,
    with_profile,
)
from planner.cli.screen.console import note, painted
from planner.cli.screen.output import answer
from planner.domain.errors import UsageError, wrong_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from planner.domain.host import Fleet
    from planner.domain.verdict import Verdict
    from planner.fleet.cases import Case
    from planner.fleet.vocabulary import GuestVocabulary


OPTIONS = {
    "from": "--from",
    "to": "--to",
    "machine": "--machine",
    "flags": "--flag",
    "to_flags": "--to-flag",
    "booted_on": "--booted-on",
    "devices": "--device",
    "cpu": "--cpu",
    "traits": "--trait",
}
"""Columns of a case, and the options that say the same of a single one."""


class CheckFormat(Enum):
    """Formats of verdicts."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FromHost = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="HOST",
        help="host that the guest leaves",
        autocompletion=completing(hosts),
    ),
]
ToHost = Annotated[
    str,
    typer.Option(
        "--to", metavar="HOST", help="host that the guest goes to", autocompletion=completing(hosts)
    ),
]
Machine = Annotated[
    str,
    typer.Option(
        metavar="TYPE", help="versioned machine type", autocompletion=completing(machine_types)
    ),
]
Flags = Annotated[
    list[str] | None, typer.Option(metavar="FLAG", help="TYPE.PROPERTY=VALUE of the guest")
]
ToFlags = Annotated[
    list[str] | None,
    typer.Option(metavar="FLAG", help="flag that only the destination process gets"),
]
BootedOn = Annotated[
    str,
    typer.Option(
        metavar="HOST",
        help="host of the last cold boot or guest reboot",
        autocompletion=completing(hosts),
    ),
]
Devices = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="-device name with backend: virtio-net-pci+tap+vhost"),
]
NoDevices = Annotated[bool, typer.Option("--no-devices", help="the guest has none")]
Cpu = Annotated[str, typer.Option(metavar="CPU", help="MODEL,+feature,-feature")]
Traits = Annotated[
    list[str] | None, typer.Option(metavar="TRAIT", help="NAME=yes|no, see knowledge list traits")
]
CasesFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="CSV of edges to judge in bulk")
]
Assume = Annotated[
    bool, typer.Option("--assume-conditions", help="take the answer's conditions as kept")
]
Format = Annotated[CheckFormat, typer.Option("--format", "-f")]


def check(
    fleet: FleetFile,
    from_host: FromHost = "",
    to_host: ToHost = "",
    machine: Machine = "",
    flag: Flags = None,
    to_flag: ToFlags = None,
    booted_on: BootedOn = "",
    device: Devices = None,
    no_devices: NoDevices = False,
    cpu: Cpu = "",
    trait: Traits = None,
    cases: CasesFile = None,
    assume_conditions: Assume = False,
    guest_profile: GuestProfileName = "",
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    strict_input: StrictInput = False,
    format: Format = CheckFormat.TABLE,
    verbose: Verbose = False,
    output: OutputFile = None,
) -> None:
    """Judge whether a guest survives a migration from one host to another.

    Example: planner check fleet.csv --from new1 --to old1 --machine pc-q35-4.0
    """
    words = {
        "from": from_host,
        "to": to_host,
        "machine": machine,
        "flags": " ".join(flag or ()),
        "to_flags": " ".join(to_flag or ()),
        "booted_on": booted_on,
        "devices": " ".join(["-"] * no_devices + (device or [])),
        "cpu": cpu,
        "traits": " ".join(trait or ()),
    }
    given = with_profile(inputs_of(fleet, policy, knowledge, strict=strict_input), guest_profile)
    rows = _cases(given, cases, words)
    verdicts = _verdicts(given, rows, assume_conditions=assume_conditions)
    code = exits.of_outcomes(verdict.outcome for verdict in verdicts)
    if cases is None and format is CheckFormat.TABLE:
        answer(_verdict_lines(verdicts[0], given, output, verbose=verbose), output, code)
    note(f"for guest profile '{given.policy.guest_profile}', where a case does not say it")
    answer(_as_data(rows, verdicts, format, single=cases is None), output, code)


def _cases(given: Inputs, path: Path | None, words: Mapping[str, str]) -> Sequence[Case]:
    """Return the cases of a file, or the one that the options describe."""
    vocabulary = given.knowledge.guests
    if path is None:
        return [_single(words, given.fleet, vocabulary)]
    alone = [option for column, option in OPTIONS.items() if words[column]]
    if alone:
        raise UsageError(
            [wrong_word(option, "is of a single edge, not of --cases") for option in alone]
        )
    from planner.fleet.cases import read_cases

    return read_cases(path, given.fleet, vocabulary)


def _verdicts(
    given: Inputs, cases: Iterable[Case], *, assume_conditions: bool
) -> Sequence[Verdict]:
    from planner.library.explanations import CaseJudge

    judge = CaseJudge(
        fleet=given.fleet,
        knowledge=given.knowledge,
        policy=given.policy,
        assume_conditions=assume_conditions,
        by_profile=True,
    )
    return judge.verdicts(tuple(cases))


def _single(words: Mapping[str, str], hosts: Fleet, vocabulary: GuestVocabulary) -> Case:
    """Return the case that the options describe, or a usage error naming each wrong option."""
    from planner.fleet.cases import case_of

    case, wrong = case_of(words, hosts, vocabulary)
    if wrong or case is None:
        raise UsageError(wrong_word(OPTIONS[column], what) for column, what in wrong)
    return case


def _verdict_lines(
    verdict: Verdict, given: Inputs, output: Path | None, *, verbose: bool
) -> Iterable[str]:
    from planner.present.check_report import verdict_report

    profile = given.policy.guest_profile
    return painted(verdict_report(verdict, profile, verbose=verbose), output)


def _as_data(
    rows: Sequence[Case], verdicts: Sequence[Verdict], format: CheckFormat, *, single: bool
) -> Iterable[str]:
    """Return verdicts as JSON or CSV, in pieces."""
    from planner.present.check_report import VERDICT_COLUMNS, csv_cells
    from planner.present.document import dump, verdict_document, verdicts_document
    from planner.present.tables import csv_text

    if format is CheckFormat.JSON:
        return dump(verdict_document(verdicts[0]) if single else verdicts_document(verdicts))
    header = (*rows[0].words, *VERDICT_COLUMNS) if rows else ()
    cells = (
        (*case.words.values(), *csv_cells(verdict))
        for case, verdict in zip(rows, verdicts, strict=True)
    )
    return csv_text(header, cells)
