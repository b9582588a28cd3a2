"""`planner gate start`: what a host lacks of what a machine type and its guests use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.check import Cpu, Devices, Flags, Machine, NoDevices, Traits
from planner.cli.options import (
    GuestProfileName,
    Inputs,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    guests_in,
    inputs_of,
    with_profile,
)
from planner.cli.screen.console import note, painted
from planner.cli.screen.output import answer
from planner.domain.errors import UsageError, nearest, quoted, wrong_word

if TYPE_CHECKING:
    from planner.domain.guest import GuestStart

Host = Annotated[str, typer.Argument(metavar="HOST", help="where the guest is to be started")]
Fleet = Annotated[
    Path, typer.Option("--fleet", metavar="FLEET", help="the host's row: planner probe writes one")
]
Guests = Annotated[
    Path | None,
    typer.Option(
        "--guests", metavar="PATH", help="the guests: CSV, or libvirt XML, qm config, KubeVirt JSON"
    ),
]


def start(
    host: Host,
    fleet: Fleet,
    machine: Machine = "",
    flag: Flags = None,
    device: Devices = None,
    no_devices: NoDevices = False,
    cpu: Cpu = "",
    trait: Traits = None,
    guests: Guests = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    guest_profile: GuestProfileName = "",
    output: OutputFile = None,
) -> None:
    """Say what a host lacks of what a machine type and a guest use, before the guest starts there.

    Example: planner gate start old1 --fleet examples/seed/fleet.csv --machine pc-q35-4.0
    """
    from planner.library.gates import start_lines

    given = with_profile(inputs_of(fleet, policy, knowledge), guest_profile)
    names = sorted(str(name) for group in given.fleet.groups for name in group.hosts)
    if host not in names:
        what = f"{quoted(host)} is no host of {fleet}"
        raise UsageError([wrong_word("HOST", what, nearest(host, names))])
    words = {
        "machine": machine,
        "flags": " ".join(flag or ()),
        "devices": " ".join(["-"] * no_devices + (device or [])),
        "cpu": cpu,
        "traits": " ".join(trait or ()),
    }
    starts = _described(given, guests, host, words) if guests else (_single(given, host, words),)
    outcome, lines = start_lines(given.fleet, host, starts, given.policy, given.knowledge)
    note(f"for guest profile '{given.policy.guest_profile}', where nobody says more of a guest")
    answer(painted(lines, output), output, exits.of_outcomes([outcome]))


def _single(given: Inputs, host: str, words: Mapping[str, str]) -> GuestStart:
    """Return the guest that the options describe."""
    from planner.domain.guest import Baseline, GuestStart
    from planner.fleet.cases import case_of

    if not words["machine"]:
        raise UsageError([wrong_word("--machine", "is missing", "name it, or give --guests")])
    cells = {"from": host, "to": host, "to_flags": "", "booted_on": "", **words}
    case, wrong = case_of(cells, given.fleet, given.knowledge.guests)
    if case is None:
        raise UsageError([wrong_word(f"--{name.rstrip('s')}", what) for name, what in wrong])
    return GuestStart(
        baseline=Baseline(machine_type=case.machine_type, flags=case.flags),
        devices=case.devices,
        cpu=case.cpu,
        traits=case.traits,
        machine_options=case.machine_options,
    )


def _described(
    given: Inputs, guests: Path, host: str, words: Mapping[str, str]
) -> tuple[GuestStart, ...]:
    """Return the guests of a file that run on the host, or whose file does not say where."""
    from planner.library.gates import starts_of

    wrong = [f"--{name.rstrip('s')}" for name, text in words.items() if text]
    if wrong:
        raise UsageError([wrong_word(one, "says nothing beside --guests") for one in wrong])
    groups = [one for one in guests_in(guests, given, host) or () if one.host == host]
    if not groups:
        raise UsageError([wrong_word("--guests", f"no guest of {host} is in it")])
    return starts_of(groups)
