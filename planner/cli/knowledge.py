"""`planner knowledge`: list, show and check the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import exits
from planner.cli.console import emit, painted
from planner.cli.options import KnowledgeFolder, knowledge_of
from planner.domain.errors import Location, Problem, UsageError, nearest
from planner.present.lines import Line, Style, folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

knowledge = typer.Typer(
    help="List, show and check the rows behind every verdict.", no_args_is_help=True
)


@knowledge.command("list")
def list_rows(
    table: Annotated[
        str, typer.Argument(help="units, capabilities, traits, machine-types, ...")
    ] = "",
    knowledge: KnowledgeFolder = None,
) -> None:
    """List the tables, or the rows of one.

    Example: planner knowledge list traits
    """
    from planner.knowledge.listing import TABLES, rows_of

    base = knowledge_of(knowledge)
    if not table:
        counts = {name: sum(1 for _ in read(base)) for name, read in TABLES.items()}
        emit("".join(f"{name:16} {rows:6}\n" for name, rows in counts.items()), None)
        return
    if table not in TABLES:
        _refuse(f"'{table}' is no table", nearest(table, TABLES) or f"allowed: {', '.join(TABLES)}")
    lines = (f"{name}  {_meaning(cells)}".rstrip() for name, cells in rows_of(table, base))
    emit("".join(f"{line}\n" for line in lines), None)


def _meaning(cells: Mapping[str, str]) -> str:
    return next((cells[key] for key in ("title", "meaning", "gates", "text") if cells.get(key)), "")


@knowledge.command("show")
def show_row(
    name: Annotated[str, typer.Argument(help="an id: cpu/msr_smi_count, tun.uso4, pc-q35-8.2")],
    knowledge: KnowledgeFolder = None,
) -> None:
    """Show every row of a name with its evidence and source.

    Example: planner knowledge show cpu/msr_smi_count
    """
    from planner.knowledge.listing import find, names

    base = knowledge_of(knowledge)
    found = list(find(name, base))
    if not found:
        _refuse(f"'{name}' is in no table", nearest(name, names(base)))
    for table, cells in found:
        emit(painted(_card(table, cells), None), None)


def _card(table: str, cells: Mapping[str, str]) -> Iterator[Line]:
    yield Line(table, Style.HEAD)
    for key, text in cells.items():
        yield from folded(text, label=f"{key} ".ljust(16), indent=2)


@knowledge.command("check")
def check_rows(knowledge: KnowledgeFolder = None) -> None:
    """Check every row: references, examples, order, evidence, source.

    Example: planner knowledge check --knowledge our-rows/
    """
    from planner.knowledge.check import check_knowledge, manifest
    from planner.knowledge.load import shipped_data

    base = knowledge_of(knowledge)
    roots = (shipped_data(), *(knowledge or ()))
    problems = check_knowledge(base, roots)
    rows = sum(number for root in roots for number in manifest(root).values())
    last = f"{rows:,} rows, {len(problems)} problems, {base.digest}"
    emit("".join(f"{line}\n" for line in (*problems, last)), None)
    if problems:
        raise typer.Exit(exits.UNREADABLE)


def _refuse(what: str, remedy: str) -> None:
    place = Location(file="command line")
    raise UsageError([Problem(location=place, what=what, remedy=remedy)])
