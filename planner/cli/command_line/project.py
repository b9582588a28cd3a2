"""What `planner.toml` gives to a command that names no fleet; to one that names its own, nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from planner.cli.screen.console import note
from planner.domain.errors import UsageError, wrong_word

if TYPE_CHECKING:
    from planner.fleet.project_file import Project

FLEETS = ("fleet", "source")
"""Parameters that name a fleet."""


@cache
def project() -> Project | None:
    """Return the project of the working folder, None if there is none; raises `FleetError`."""
    from planner.fleet.project_file import find_project, read_project

    found = find_project(Path.cwd())
    return None if found is None else read_project(found)


def fleet_of_project(ctx: typer.Context, value: Path) -> Path:
    """Return the fleet that was named, else the project's, and say what is taken of it.

    Raises `UsageError` if there is neither.
    """
    if ctx.resilient_parsing or not _is_of_project(ctx):
        return value
    found = project()
    if found is None:
        remedy = 'name a fleet, or write `fleet = "fleet.csv"` into a planner.toml'
        raise UsageError([wrong_word("FLEET", "is missing", remedy)])
    note(f"{shortest(found.file)}: {', '.join(_taken(found))}")
    return shortest(found.fleet)


def _taken(found: Project) -> Iterator[str]:
    yield f"fleet {shortest(found.fleet)}"
    named = (("guests", found.guests), ("policy", found.policy))
    for what, path in (*named, *(("knowledge", folder) for folder in found.knowledge)):
        if path is not None:
            yield f"{what} {shortest(path)}"
    if found.guest_profile:
        yield f"guest profile '{found.guest_profile}'"


def shortest(path: Path) -> Path:
    """Return a path as seen from the working folder, if that is shorter."""
    here = Path(os.path.relpath(path))
    return min(here, path, key=lambda way: len(str(way)))


def of_project(key: str) -> Callable[[typer.Context, Any], Any]:
    """Return the callback of an option that the project of the command's fleet may give."""

    def taken(ctx: typer.Context, value: Any) -> Any:
        """Return what was given, else what the project says."""
        if value or ctx.resilient_parsing or not _is_of_project(ctx):
            return value
        found = project()
        kept = None if found is None else getattr(found, key)
        if isinstance(kept, Path):
            return shortest(kept)
        return (
            [shortest(path) for path in kept] if isinstance(kept, tuple) and kept else kept or value
        )

    return taken


def _is_of_project(ctx: typer.Context) -> bool:
    """Whether a command was given no fleet, or has none to be given."""
    names = [name for name in FLEETS if name in {param.name for param in ctx.command.params}]
    sources = [ctx.get_parameter_source(name) for name in names]
    return all(source is not None and source.name != "COMMANDLINE" for source in sources)
