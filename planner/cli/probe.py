"""`planner probe`: this host's row of a fleet file, and a probe file beside it."""

from __future__ import annotations

import datetime
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner import __version__
from planner.cli.options import CheckedPolicy, KnowledgeFolder, checked_knowledge
from planner.cli.screen.output import emit
from planner.domain.shown import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


ProbeFile = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="probe file to write; default: probe-HOST.json here"
    ),
]


def probe(
    output: ProbeFile = None,
    policy: CheckedPolicy = None,
    knowledge: KnowledgeFolder = None,
) -> None:
    """Ask this host what it can do: prints its fleet row, writes its probe file.

    Run it on a KVM host, as root or in the group kvm. It changes nothing and loads no module. What
    it may not ask stays open, with the reason in the file. Programs that it runs: each QEMU found, with
    --version and -machine help; dpkg-query, rpm or pacman, whichever is there, for QEMU's package.
    Example: planner probe > fleet.csv
    """
    from planner.present.document import dump
    from planner.present.tables import csv_text
    from planner.probe.questions import answers, features
    from planner.probe.record import COLUMNS, fleet_row, probe_document
    from planner.probe.take import take

    base = checked_knowledge(knowledge, policy)
    catalogue = tuple(base.capabilities.values())
    found = take(catalogue)
    answered = tuple(answers(catalogue, found))
    rows = {row.capability for row in answered}
    answered += tuple(
        one
        for one in features(base.cpu_words, found)
        if one.capability not in rows and base.canonical(one.capability) == one.capability
    )
    document = probe_document(
        found,
        answered,
        version=__version__,
        time=datetime.datetime.now(tz=datetime.UTC),
        user="root" if os.geteuid() == 0 else "user",
    )
    file = output or Path(f"probe-{found.machine.host}.json")
    emit(dump(document), file)
    emit(csv_text(COLUMNS, [fleet_row(found, str(file))]), None)
    still_open = [row.capability for row in answered if row.holds is None]
    builds = found.builds or ()
    doubts = [build.doubt for build in builds if build.doubt]
    named = any(not build.doubt for build in builds[:1])
    for line in (*doubts, *_notes(found.reasons, still_open, has_build=named)):
        print(harmless(line), file=sys.stderr)  # noqa: T201


def _notes(
    reasons: Mapping[str, str], still_open: Iterable[str], *, has_build: bool
) -> Iterator[str]:
    """Yield what the user must know of the things that were not asked."""
    for part, reason in reasons.items():
        yield f"not asked: {part}: {reason}"
    count = sum(1 for _ in still_open)
    if count:
        yield f"{count} capabilities stay open; the file gives the reason of each under 'why'"
    if not has_build:
        yield "fill in the column qemu by hand"
