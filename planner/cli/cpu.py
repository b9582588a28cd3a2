"""`planner cpu`: the newest CPU model that every host of a pool can carry, and who holds it back."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from planner.cli import exits
from planner.cli.options import (
    EdgesFile,
    FleetFile,
    GuestProfileName,
    GuestsFile,
    GuestsHost,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    arrows_in,
    guests_in,
    inputs_of,
    with_profile,
)
from planner.cli.screen.console import painted
from planner.cli.screen.output import answer


class CpuFormat(Enum):
    """Formats of what pools allow of CPUs."""

    TABLE = "table"
    JSON = "json"
    LIBVIRT = "libvirt"
    QEMU = "qemu"


Format = Annotated[CpuFormat, typer.Option("--format", "-f", help="how to print the answer")]


def cpu(
    fleet: FleetFile,
    edges: EdgesFile = None,
    guests: GuestsFile = None,
    guests_host: GuestsHost = "",
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    guest_profile: GuestProfileName = "",
    format: Format = CpuFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Name the newest guest CPU model per vendor and pool, and the hosts that cost a newer one.

    Example: planner cpu examples/three-pools/fleet.csv
    """
    from planner.library.cpus import cpus_of
    from planner.present.cpu_report import cpu_document, cpu_report, libvirt_cpus, qemu_cpus
    from planner.present.document import dump

    given = with_profile(inputs_of(fleet, policy, knowledge), guest_profile)
    arrows = arrows_in(edges, given.fleet)
    today = guests_in(guests, given, guests_host)
    pools, status = cpus_of(given.fleet, arrows, given.policy, given.knowledge, guests=today)
    match format:
        case CpuFormat.JSON:
            pieces = dump(cpu_document(pools))
        case CpuFormat.LIBVIRT:
            pieces = libvirt_cpus(pools)
        case CpuFormat.QEMU:
            pieces = qemu_cpus(pools)
        case CpuFormat.TABLE:
            pieces = painted(cpu_report(pools), output)
    answer(pieces, output, exits.of_status(status))
