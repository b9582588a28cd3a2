"""What a harvest found, on the terminal: rows that differ as a diff, facts that come and go."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from planner.domain.shown import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.harvest.ask import Laid
    from planner.harvest.kernel.harvest import Harvest
    from planner.harvest.machines import HarvestedBuild
    from planner.harvest.merge import Merge, Place


def tell_types(merged: Merge, build: HarvestedBuild, place: Place, folder: Path) -> int:
    """Print what differs in the rows of machine types; return how many rows do."""
    for text in _report(merged, folder):
        typer.echo(harmless(text.rstrip("\n")))
    lists = f"{merged.lists} compat lists" if build.lists_properties else "no compat lists"
    typer.echo(
        f"# QEMU {build.version} ({build.text}) as {place.line} {place.release}: "
        f"{merged.types} machine types and {lists} read, {len(merged.changes)} rows differ"
    )
    return len(merged.changes)


def tell_kernel(found: Harvest) -> None:
    """Print the capabilities that a kernel gains, loses and changes, and how many it gives."""
    news, row = found.news, found.release
    for sign, names in (("+", news.gained), ("-", news.lost), ("~", news.changed)):
        for name in names:
            typer.echo(harmless(f"{sign} {name}"))
    against = f" against {news.against}" if news.against else ""
    typer.echo(
        f"# {row.line} {row.release} {row.arch}: {found.facts} capabilities given, "
        f"{len(news.gained)} gained and {len(news.lost)} lost{against}"
    )


def progress(text: str) -> None:
    """Say on a terminal what is asked now."""
    if sys.stderr.isatty():
        typer.echo(f"\r\033[K{harmless(text)}", err=True, nl=False)


def news_of(found: Laid) -> Iterator[str]:
    """Yield the rows that come, go or change their builds, file by file."""
    if sys.stderr.isatty():
        typer.echo("\r\033[K", err=True, nl=False)
    file = ""
    for change in found.changes:
        if change.file != file:
            file = change.file
            yield f"--- harvested/qemu/{file}"
        row = ",".join(change.fact)
        yield from (f"{mark}{row},{builds}" for mark, builds in change.sides if builds)
    if found.missing:
        yield (
            f"# both neighbours have {', '.join(found.missing)}: "
            "a package of modules that is not installed?"
        )
    parts = ", ".join(found.parts)
    yield f"# {found.facts} facts in {parts} read, {len(found.changes)} rows differ"


def _report(merged: Merge, folder: Path) -> Iterator[str]:
    """Yield the changes in words, then as a diff."""
    for change in merged.changes:
        yield f"# {change.file}: {change.what}\n"
    for path, text in merged.texts.items():
        name = path.relative_to(folder).as_posix()
        before = path.read_text(encoding="utf-8").splitlines(keepends=True)
        after = text.splitlines(keepends=True)
        yield from difflib.unified_diff(before, after, f"a/{name}", f"b/{name}", n=0)
