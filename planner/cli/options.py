"""Options that several commands share, and the reading of what they name."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from planner.domain.host import Fleet
    from planner.domain.policy import Policy
    from planner.fleet.edges import Arrows
    from planner.knowledge.base import KnowledgeBase
    from planner.migration.graph import MigrationDomain
    from planner.migration.profiles import ProfiledFleet


class TableFormat(Enum):
    """Formats of a whole answer."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


FleetFile = Annotated[Path, typer.Argument(help="fleet.csv or .parquet: host, kernel, qemu, ...")]
EdgesFile = Annotated[
    Path | None,
    typer.Option("--edges", help="CSV of source,destination; default: all inside a pool"),
]
GuestsFile = Annotated[Path | None, typer.Option("--guests", help="CSV of today's guests")]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="TOML of what you allow")]
KnowledgeFolder = Annotated[
    list[Path] | None, typer.Option("--knowledge", help="folder of rows laid over the shipped ones")
]
OutputFile = Annotated[
    Path | None, typer.Option("--output", "-o", help="write here, whole or not at all")
]
Format = Annotated[TableFormat, typer.Option("--format", "-f", help="how to print the answer")]


def knowledge_of(folders: list[Path] | None) -> KnowledgeBase:
    """Load the shipped knowledge with the user's rows over it."""
    from planner.knowledge.load import load_knowledge

    return load_knowledge(*(folders or ()))


@dataclass(frozen=True, slots=True)
class Inputs:
    """What `solve`, `check` and `explain` read first."""

    knowledge: KnowledgeBase
    fleet: Fleet
    policy: Policy


def inputs_of(fleet: Path, policy: Path | None, folders: list[Path] | None) -> Inputs:
    """Read knowledge, fleet and policy; the policy may name pools of that fleet only."""
    from planner.fleet.hosts import read_fleet

    knowledge = knowledge_of(folders)
    hosts = read_fleet(fleet, knowledge)
    return Inputs(knowledge, hosts, policy_of(policy, knowledge, pools=hosts.pools))


def policy_of(
    path: Path | None, knowledge: KnowledgeBase, *, pools: Collection[str] | None = None
) -> Policy:
    """Read the policy, or take the shipped default; without `pools` no name of a pool is checked."""
    if path is None:
        return knowledge.policy
    from planner.fleet.policy_file import read_policy
    from planner.fleet.policy_names import KnownNames, check_names

    today = datetime.datetime.now(tz=datetime.UTC).date()
    policy = read_policy(path, knowledge.policy, today=today)
    names = KnownNames(
        types=[row.machine_type for row in knowledge.machines.types.values()],
        units=knowledge.units,
        properties={str(key) for key in knowledge.property_keys},
        has_property=knowledge.has_property,
        pools=pools,
    )
    check_names(path, policy, names)
    return policy


def domains_of(
    fleet: Fleet, profiled: ProfiledFleet, edges: Path | None
) -> tuple[MigrationDomain, ...]:
    """Return the migration domains of a fleet, over all pairs of a pool or over given edges."""
    from planner.migration.graph import complete_domains, directed_domains

    if edges is None:
        return complete_domains(profiled.pools)
    arrows = {
        ((str(one.pool), profiled.profile_of[one]), (str(other.pool), profiled.profile_of[other]))
        for one, other in arrows_in(edges, fleet) or ()
    }
    return directed_domains(profiled.pools, sorted(arrows, key=repr))


def arrows_in(edges: Path | None, fleet: Fleet) -> Arrows | None:
    """Read which groups send to which; None without an edges file."""
    if edges is None:
        return None
    from planner.fleet.edges import arrows_of, read_edges

    return arrows_of(read_edges(edges, fleet))
