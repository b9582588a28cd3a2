"""`planner import`: a fleet file and a guests file out of what management planes print."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner import __version__
from planner.cli.options import KnowledgeFolder, knowledge_of
from planner.cli.screen.console import note, working
from planner.cli.screen.output import emit
from planner.domain.errors import UsageError, wrong_word
from planner.domain.shown import counted

if TYPE_CHECKING:
    from planner.domain.host import Fleet


class Plane(Enum):
    """What is read."""

    LIBVIRT = "libvirt"
    ANSIBLE = "ansible"
    KUBEVIRT = "kubevirt"
    PROXMOX = "proxmox"
    NOVA = "nova"


Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PATH", help="folders, tar archives or files, of several planes too"),
]
Collect = Annotated[
    bool, typer.Option("--collect", help="print the script that collects on one host")
]
FleetOutput = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="the fleet file; probes beside it"),
]
GuestsOutput = Annotated[
    Path | None, typer.Option("--guests", metavar="FILE", help="write the guests that run here")
]


def import_(
    plane: Annotated[
        Plane, typer.Argument(metavar="KIND", help="libvirt, ansible, kubevirt, proxmox or nova")
    ],
    paths: Paths = None,
    collect: Collect = False,
    output: FleetOutput = None,
    guests: GuestsOutput = None,
    knowledge: KnowledgeFolder = None,
) -> None:
    """Read hosts and running guests from files of your hypervisors, and write a fleet to solve.

    Example: planner import libvirt collected/ -o fleet.csv --guests guests.csv
    """
    from planner.fleet.importers.planes.written import (
        GUEST_COLUMNS,
        HOST_COLUMNS,
        guest_rows,
        host_rows,
    )
    from planner.library.imports import collector, read_planes
    from planner.present.tables import csv_text

    if collect:
        emit([collector()], output)
        return
    if not paths:
        remedy = "planner import libvirt --collect | ssh HOST sudo sh -s > HOST.tar"
        raise UsageError([wrong_word("PATH", "names nothing to read", remedy)])
    with working("reading"):
        found = read_planes(plane.value, *paths, knowledge=knowledge_of(knowledge))
    probes = list(_probes(found.fleet, output))
    if guests is not None:
        emit(csv_text(GUEST_COLUMNS, guest_rows(found.guests)), guests)
    emit(csv_text(HOST_COLUMNS, host_rows(found.fleet, probes)), output)
    note(f"{counted(found.fleet.size, 'host')}, {counted(len(found.guests), 'running guest')}")
    for why, number in found.left_out:
        note(f"left out: {number:,} {why}")


def _probes(fleet: Fleet, output: Path | None) -> Iterator[str]:
    """Write what hosts state beside a fleet file, a file for hosts that state the same; yield names."""
    from planner.fleet.importers.planes.written import has_facts, probe_of
    from planner.present.document import dump

    for group in fleet.groups:
        if output is None or not has_facts(group):
            yield ""
            continue
        folder = output.with_suffix(".probes")
        folder.mkdir(exist_ok=True)
        file = folder / f"{group.hosts[0].replace('/', '_')}.json"
        emit(dump(probe_of(group, f"planner {__version__} import")), file)
        yield f"{folder.name}/{file.name}"
