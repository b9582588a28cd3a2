"""`planner gate`: policies that hosts hold incoming guests to, and the scripts that do so."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.hand_over.gate_start import start
from planner.cli.options import (
    EdgesFile,
    GuestProfileName,
    KnowledgeFolder,
    OutputFile,
    PolicyFile,
    PoolName,
    arrows_in,
    inputs_of,
    knowledge_of,
    known_pool,
    policy_of,
    with_profile,
)
from planner.cli.screen.console import working
from planner.cli.screen.output import answer, emit
from planner.domain.errors import UsageError, quoted, wrong_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planner.gate.policy import GatePolicy
    from planner.library.gates import GateSettings

gate = typer.Typer(
    help="""Hold incoming guests to an answer, on every host.

    Example: planner gate build examples/seed/fleet.csv --output gate.json
    """,
    no_args_is_help=True,
)
gate.command()(start)
PLAN = "planner.plan/"
NAME = "gate.json"
"""The name of a policy's file on a host."""

Source = Annotated[
    Path, typer.Argument(metavar="ANSWER|PLAN|FLEET", help="the fleet, or JSON of solve or plan")
]
Enforce = Annotated[
    bool, typer.Option("--enforce", help="refuse what is not safe; default: only say so")
]
AllowUnknown = Annotated[
    bool, typer.Option("--allow-unknown", help="with --enforce: let in what could not be judged")
]
AfterWave = Annotated[
    int, typer.Option(metavar="N", min=0, help="of a PLAN: the flips up to this wave are made")
]


class GatedPlane(Enum):
    """What holds guests to a policy where it is not libvirt's hook."""

    KUBEVIRT = "kubevirt"
    NOVA = "nova"
    PROXMOX = "proxmox"


ENDS = {None: "json", GatedPlane.KUBEVIRT: "yaml", GatedPlane.NOVA: "sh", GatedPlane.PROXMOX: "sh"}
OnPlane = Annotated[
    GatedPlane | None, typer.Option("--plane", help="write what this plane can hold of the policy")
]
Past = Annotated[
    list[Path] | None,
    typer.Option("--past", metavar="FLEET", help="the fleet as it was: guests booted there too"),
]
Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="write each pool's policy to DIR/POOL.json"),
]


@gate.command()
def build(
    source: Source,
    pool: PoolName = "",
    enforce: Enforce = False,
    allow_unknown: AllowUnknown = False,
    after_wave: AfterWave = 0,
    edges: EdgesFile = None,
    past: Past = None,
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
    guest_profile: GuestProfileName = "",
    plane: OnPlane = None,
    folder: Folder = None,
    output: OutputFile = None,
) -> None:
    """Write the policy of each pool: what guests may come to which host, and what they need for it.

    Of a FLEET every machine type is judged, by the host that a guest booted on; an ANSWER or a PLAN
    knows its own machine types alone.

    Example: planner gate build examples/seed/fleet.csv --output gate.json
    """
    from planner.fleet.solution_file import schema_of
    from planner.library.gates import GateSettings

    settings = GateSettings(
        mode="enforce" if enforce else "warn", unknown="allow" if allow_unknown else "refuse"
    )
    schema = schema_of(source)
    if schema:
        of_fleet = {"--edges": edges, "--past": past, "--guest-profile": guest_profile}
        _refuse(of_fleet, "beside a JSON file")
    if not schema.startswith(PLAN):
        _refuse({"--after-wave": after_wave}, "without a plan")
    if schema:
        made = _of_document(schema, source, after_wave, settings, policy, knowledge)
    else:
        made = _of_fleet(source, settings, (edges, past), policy, knowledge, guest_profile, pool)
    with working("judging every machine type between all hosts"):
        found = list(made)
    known_pool(pool, [one["pool"] for one in found])
    _write([one for one in found if pool in {"", one["pool"]}], plane, folder, output)


def _refuse(options: Mapping[str, object], where: str) -> None:
    wrong = [name for name, value in options.items() if value]
    if wrong:
        raise UsageError([wrong_word(one, f"says nothing {where}") for one in wrong])


def _of_document(
    schema: str,
    source: Path,
    wave: int,
    settings: GateSettings,
    policy: Path | None,
    folders: list[Path] | None,
) -> Iterable[GatePolicy]:
    """Compile an answer or a plan."""
    from planner.fleet.plan_file import read_plan
    from planner.fleet.solution_file import read_solution
    from planner.library.gates import gate_of_answer, gate_of_plan

    rows = knowledge_of(folders)
    rules = policy_of(policy, rows)
    if schema.startswith(PLAN):
        return gate_of_plan(read_plan(source), wave, settings, rules, rows)
    return gate_of_answer(read_solution(source), settings, rules, rows)


def _of_fleet(
    source: Path,
    settings: GateSettings,
    beside: tuple[Path | None, list[Path] | None],
    policy: Path | None,
    folders: list[Path] | None,
    guest_profile: str,
    pool: str,
) -> Iterable[GatePolicy]:
    """Compile a fleet, with the edges and the past that were given beside it."""
    from planner.library.gates import gate_of_fleet
    from planner.library.read import read_fleet

    given = with_profile(inputs_of(source, policy, folders), guest_profile)
    known_pool(pool, given.fleet.pools)
    return gate_of_fleet(
        given.fleet,
        settings,
        given.policy,
        given.knowledge,
        edges=arrows_in(beside[0], given.fleet),
        pool=pool,
        past=[read_fleet(one, knowledge=given.knowledge) for one in beside[1] or ()],
    )


def _pieces(one: GatePolicy, plane: GatedPlane | None) -> Iterable[str]:
    from planner.library.gates import dumped, on_plane

    return (dumped(one),) if plane is None else on_plane(plane.value, one)


def _write(
    found: list[GatePolicy], plane: GatedPlane | None, folder: Path | None, output: Path | None
) -> None:
    """Write policies to a folder, or the only one to a file."""
    if folder is None:
        if len(found) != 1:
            names = ", ".join(one["pool"] for one in found[:5])
            what = "a policy is of one pool"
            raise UsageError([wrong_word("--pool", what, f"name one of {names}, or give --folder")])
        answer(_pieces(found[0], plane), output, exits.ANSWERED)
    if output is not None:
        raise UsageError([wrong_word("--output", "is the opposite of --folder")])
    wrong = [one["pool"] for one in found if Path(one["pool"]).name != one["pool"]]
    if wrong or not folder.is_dir():
        what = f"{quoted(wrong[0])} is no name of a file" if wrong else "is no folder"
        raise UsageError([wrong_word("--folder", what, "make it, or give --pool and --output")])
    for one in found:
        emit(_pieces(one, plane), folder / f"{one['pool']}.{ENDS[plane]}")
    raise typer.Exit(exits.ANSWERED)


@gate.command("libvirt-hook")
def libvirt_hook(
    policy: Annotated[
        str, typer.Option(metavar="FILE", help="where the policy lies on the host")
    ] = f"/etc/planner/{NAME}",
    deadline: Annotated[
        float, typer.Option(metavar="SECONDS", help="the hook ends after this, whatever happens")
    ] = 0.1,
    fail_closed: Annotated[
        bool,
        typer.Option(
            "--fail-closed", help="refuse what could not be judged at all; default: let in"
        ),
    ] = False,
    companion: Annotated[
        bool,
        typer.Option("--companion", help="write the script that notes where guests were started"),
    ] = False,
    connect: Annotated[
        str, typer.Option(metavar="URI", help="of --companion: what it reaches libvirt by")
    ] = "qemu:///system",
    output: OutputFile = None,
) -> None:
    """Write the script for /etc/libvirt/hooks/qemu.d that holds incoming guests to a policy.

    It needs Python 3.6 and nothing of this program. Every operation but migrate and restore it ends
    before it reads anything.

    Example: planner gate libvirt-hook --output 50-planner-gate
    """
    from planner.library.gates import hook, stamp

    if deadline <= 0:
        raise UsageError([wrong_word("--deadline", "is no time", "more than 0")])
    text = (
        stamp(connect)
        if companion
        else hook(policy, deadline=deadline, refuse_on_error=fail_closed)
    )
    answer((text,), output, exits.ANSWERED)
