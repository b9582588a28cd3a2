"""Options that several commands share, and the reading of what they name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.command_line.completion import completing, guest_profiles, pools
from planner.cli.command_line.project import fleet_of_project, of_project
from planner.cli.screen.console import note, working
from planner.documents.digits import whole_of
from planner.domain.errors import UsageError, nearest, quoted, wrong_word
from planner.domain.shown import counted
from planner.present.asked import Asked

if TYPE_CHECKING:
    from planner.domain.guest import GuestGroup
    from planner.domain.host import Fleet
    from planner.domain.plans.upgrade import UpgradeHost
    from planner.domain.policy import Policy
    from planner.fleet.edges import Arrows
    from planner.fleet.upgrades import Target
    from planner.knowledge.base import KnowledgeBase


class TableFormat(Enum):
    """Formats of a whole answer."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


FleetFile = Annotated[
    Path,
    typer.Argument(
        metavar="FLEET",
        help="fleet.csv or .parquet: host, kernel, qemu, ...; or a folder as planner import reads",
        default_factory=Path,
        callback=fleet_of_project,
        show_default="that of planner.toml",
    ),
]
EdgesFile = Annotated[
    Path | None,
    typer.Option(
        "--edges", metavar="FILE", help="CSV of source,destination; default: all inside a pool"
    ),
]
GuestsFile = Annotated[
    Path | None,
    typer.Option(
        "--guests",
        metavar="PATH",
        help="today's guests: CSV, or a file, folder or tar of libvirt XML, KubeVirt JSON, qm config",
        callback=of_project("guests"),
    ),
]
GuestsHost = Annotated[
    str,
    typer.Option(
        "--guests-host",
        metavar="HOST",
        help="host of the guests of --guests; default: the folder HOST/ that their file lies in",
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy", metavar="FILE", help="TOML of what you allow", callback=of_project("policy")
    ),
]
CheckedPolicy = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="read and checked; decides nothing here"),
]
KnowledgeFolder = Annotated[
    list[Path] | None,
    typer.Option(
        "--knowledge",
        metavar="DIR",
        help="folder of rows laid over the shipped ones",
        callback=of_project("knowledge"),
    ),
]
StrictInput = Annotated[
    bool,
    typer.Option(
        "--strict-input",
        help="a kernel, QEMU or CPU that no row reads is an error; default: a note, and undecided hosts",
    ),
]
OutputFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="write here, whole or not at all"),
]
GuestProfileName = Annotated[
    str,
    typer.Option(
        "--guest-profile",
        metavar="NAME",
        help="what guests are that nobody describes (planner knowledge list guest-profiles)",
        callback=of_project("guest_profile"),
        autocompletion=completing(guest_profiles),
    ),
]
PoolName = Annotated[
    str,
    typer.Option("--pool", metavar="POOL", help="only this pool", autocompletion=completing(pools)),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="exit with 5 while something is left to check")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="one line per pool")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="everything, not one screen")]
Format = Annotated[TableFormat, typer.Option("--format", "-f", help="how to print the answer")]


def whole_number(text: str) -> int:
    """Read a number from 0 on."""
    if not text.isdecimal():
        raise typer.BadParameter(f"{quoted(text)} is no whole number; allowed: 0 or more")
    return whole_of(text)


def knowledge_of(folders: list[Path] | None) -> KnowledgeBase:
    """Load the shipped knowledge with the user's rows over it."""
    from planner.knowledge.shipped import load_knowledge

    return load_knowledge(*(folders or ()))


def checked_knowledge(folders: list[Path] | None, policy: Path | None) -> KnowledgeBase:
    """Load the knowledge for a command of which no policy decides anything; a wrong one is told."""
    base = knowledge_of(folders)
    policy_of(policy, base)
    return base


@dataclass(frozen=True, slots=True)
class Inputs:
    """What commands read first; `guests` are those that a folder of planes' files told of."""

    knowledge: KnowledgeBase
    fleet: Fleet
    policy: Policy
    guests: tuple[GuestGroup, ...] | None = None


def inputs_of(
    fleet: Path,
    policy: Path | None,
    folders: list[Path] | None,
    *,
    families: Collection[str] | None = None,
    strict: bool = False,
) -> Inputs:
    """Read knowledge, fleet and policy; the policy may name pools of that fleet only.

    `families` are those of failure domains that it may name (None: any). `strict`: a kernel or a QEMU
    that fits no line is an error.
    """
    knowledge = knowledge_of(folders)
    with working(f"reading {fleet.name}"):
        hosts, guests = _hosts_and_guests(fleet, knowledge, strict=strict)
    for one in (*hosts.unread, *hosts.loose):
        note(str(one))
    for one in hosts.unplaced:
        note(f"{one}; nothing is known of these hosts")
    rules = policy_of(policy, knowledge, pools=hosts.pools, families=families)
    return Inputs(knowledge, hosts, rules, guests)


def _hosts_and_guests(
    path: Path, knowledge: KnowledgeBase, *, strict: bool
) -> tuple[Fleet, tuple[GuestGroup, ...] | None]:
    """Read a table of hosts, or a folder or archive that may tell of their guests too."""
    from planner.fleet.hosts import read_fleet
    from planner.fleet.importers.described import is_collection

    if not is_collection(path):
        return read_fleet(path, knowledge, strict=strict), None
    from planner.library.imports import read_collection

    found = read_collection(path, knowledge=knowledge, strict=strict)
    note(f"{counted(found.fleet.size, 'host')}, {counted(len(found.guests), 'running guest')}")
    for why, number in found.left_out:
        note(f"left out: {number:,} {why}")
    return found.fleet, found.guests or None


def ways_of(path: Path, given: Inputs, targets: Sequence[Target] = ()) -> tuple[UpgradeHost, ...]:
    """Return the hosts of a fleet that was read with where each goes."""
    from planner.fleet.importers.described import is_collection
    from planner.fleet.upgrades import read_upgrades, upgrades_of

    if is_collection(path):
        return upgrades_of(given.fleet.groups, given.knowledge, targets)
    return read_upgrades(path, given.knowledge, targets)


def inputs_with_ways(
    fleet: Path,
    policy: Path | None,
    folders: list[Path] | None,
    targets: Sequence[Target] = (),
    *,
    strict: bool = False,
) -> tuple[Inputs, tuple[UpgradeHost, ...]]:
    """Read what `inputs_of` reads, and where each host goes."""
    from planner.fleet.importers.described import is_collection
    from planner.fleet.upgrades import read_upgrades

    if is_collection(fleet):
        given = inputs_of(fleet, policy, folders, families=(), strict=strict)
        return given, ways_of(fleet, given, targets)
    with working(f"reading {fleet.name}"):
        hosts = read_upgrades(fleet, knowledge_of(folders), targets)
    families = {one.family for host in hosts for one in host.failure_domains}
    return inputs_of(fleet, policy, folders, families=families, strict=strict), hosts


def with_profile(given: Inputs, name: str) -> Inputs:
    """Return inputs whose policy names a guest profile; an empty name leaves that of the policy."""
    if not name:
        return given
    known = given.knowledge.guest_profiles
    if name not in known:
        hint = nearest(name, known) or f"allowed: {', '.join(known)}"
        what = f"{quoted(name)} is no guest profile"
        raise UsageError([wrong_word("--guest-profile", what, hint)])
    return replace(given, policy=replace(given.policy, guest_profile=name))


def policy_of(
    path: Path | None,
    knowledge: KnowledgeBase,
    *,
    pools: Collection[str] | None = None,
    families: Collection[str] | None = None,
) -> Policy:
    """Read the policy, or take the shipped default; without `pools` no name of a pool is checked."""
    from planner.library.read import read_policy

    rules = read_policy(path, pools=pools, families=families, knowledge=knowledge)
    for one in rules.expired:
        note(f"{one.owner} accepted the loss of {one.unit} until {one.expires}: that is over")
    return rules


def guests_in(path: Path | None, given: Inputs, host: str = "") -> tuple[GuestGroup, ...] | None:
    """Read the guests of today, None if nothing tells of them; `host`: of those whose file names none.

    A file of guests beats those that the fleet's own folder told of.
    """
    from planner.library.read import read_guests

    if path is None and host:
        raise UsageError([wrong_word("--guests-host", "says nothing without --guests")])
    if path is None:
        return given.guests
    with working(f"reading {path.name}"):
        return read_guests(path, given.fleet, knowledge=given.knowledge, host=host)


def known_pool(name: str, pools: Collection[str]) -> None:
    """Raise `UsageError` if a pool is named that is none."""
    if name and name not in pools:
        what = f"{quoted(name)} is no pool of the fleet"
        raise UsageError([wrong_word("--pool", what, nearest(name, pools))])


def arrows_in(edges: Path | None, fleet: Fleet) -> Arrows | None:
    """Read which groups send to which; None without an edges file."""
    from planner.library.read import read_edges

    return None if edges is None else read_edges(edges, fleet)


def asked_of(fleet: Path, profile: str, **given: object) -> Asked:
    """Return how inputs were named: the options about them that were given, by their parameters."""
    options = [
        (f"--{name.replace('_', '-')}", str(value))
        for name, values in given.items()
        for value in (values if isinstance(values, list) else [values])
        if value
    ]
    from planner.fleet.importers.described import is_collection

    return Asked(
        fleet=str(fleet),
        profile=profile,
        guests=bool(given.get("guests")) or is_collection(fleet),
        options=tuple(options),
    )
