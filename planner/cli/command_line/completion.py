"""What a shell completes: pools and hosts of the fleet on the line, types and profiles of the rows.

A shell asks while a line is being written: what cannot be read yet completes nothing, and is no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from planner.domain.errors import PlannerError

if TYPE_CHECKING:
    from planner.domain.host import Fleet

Names = Callable[[typer.Context], Iterable[str]]
MOST = 200
"""Names that a shell is told at once."""


def completing(names: Names) -> Callable[[typer.Context, str], list[str]]:
    """Return what completes a word by names that begin as it does."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        """Return the names that begin as a word does, sorted; none if they cannot be told."""
        try:
            found = sorted({name for name in names(ctx) if name.startswith(incomplete)})
        except (PlannerError, OSError):
            return []
        return found[:MOST]

    return complete


def pools(ctx: typer.Context) -> Iterable[str]:
    """Return the pools of the fleet on the line, or of the project's."""
    return () if (fleet := _fleet(ctx)) is None else fleet.pools


def hosts(ctx: typer.Context) -> Iterator[str]:
    """Yield the hosts of the fleet on the line, or of the project's."""
    fleet = _fleet(ctx)
    for group in () if fleet is None else fleet.groups:
        yield from group.hosts


def machine_types(ctx: typer.Context) -> Iterator[str]:
    """Yield all machine types of the rows."""
    from planner.knowledge.shipped import load_knowledge

    del ctx
    yield from load_knowledge().machines.types


def guest_profiles(ctx: typer.Context) -> Iterable[str]:
    """Return the guest profiles of the rows."""
    from planner.knowledge.shipped import load_knowledge

    del ctx
    return load_knowledge().guest_profiles


def _fleet(ctx: typer.Context) -> Fleet | None:
    """Return the fleet of the last word that no option took, else the project's.

    While a line is completed, the words of arguments are left where they are.
    """
    from planner.cli.command_line.project import project
    from planner.fleet.importers.described import is_collection
    from planner.library.imports import read_collection
    from planner.library.read import read_fleet

    kept = project()
    path = Path(ctx.args[-1]) if ctx.args else None if kept is None else kept.fleet
    if path is None:
        return None
    return read_collection(path).fleet if is_collection(path) else read_fleet(path)
