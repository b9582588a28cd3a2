"""`planner knowledge`: list, show and check the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from planner.cli import exits
from planner.cli.options import KnowledgeFolder, OutputFile, PolicyFile, knowledge_of, policy_of
from planner.cli.screen.console import painted
from planner.cli.screen.output import answer
from planner.domain.errors import UsageError, nearest, wrong_word
from planner.present.lines import Line, Style, folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from planner.domain.solution import Condition
    from planner.knowledge.base import KnowledgeBase
    from planner.knowledge.counting import Covered
    from planner.knowledge.files.folder import Folder
    from planner.knowledge.hardware import UnreadKernels
    from planner.knowledge.listing import ShownRow

knowledge = typer.Typer(
    help="""List, show and check the rows behind every verdict.

    Example: planner knowledge show cpu/msr_smi_count
    """,
    no_args_is_help=True,
)
LABEL = 16
ALWAYS = "always"
"""What `list` calls the conditions that no answer prints, for every pool is asked them."""


@knowledge.command("list")
def list_rows(
    table: Annotated[
        str,
        typer.Argument(metavar="TABLE", help="units, capabilities, traits, machine-types, ..."),
    ] = "",
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
) -> None:
    """List the tables, or the rows of one; `always`: the conditions that every pool is asked.

    Example: planner knowledge list traits
    """
    from planner.knowledge.files.catalogue import BY_NAME
    from planner.knowledge.listing import count_rows, rows_of

    base, folder = _checked(policy, knowledge)
    if table == ALWAYS:
        answer(painted(_always(base), None), None, exits.ANSWERED)
    if not table:
        _print(f"{name:{LABEL}} {number:6}" for name, number in count_rows(folder))
    if table not in BY_NAME:
        hint = nearest(table, BY_NAME) or f"allowed: {', '.join(BY_NAME)}"
        raise UsageError([wrong_word("", f"'{table}' is no table", hint)])
    found = (f"{row.name}  {row.about}".rstrip() for row in rows_of(BY_NAME[table], folder))
    answer(painted((Line(text, head="", rest="  ") for text in found), None), None, exits.ANSWERED)


@knowledge.command("show")
def show_row(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="an id: cpu/msr_smi_count, tun.uso4, pc-q35-8.2")
    ],
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
) -> None:
    """Show every row of a name as it stands in its file, with its evidence and source.

    Example: planner knowledge show cpu/msr_smi_count
    """
    from planner.knowledge.listing import find, names
    from planner.library.explanations import explained

    base, folder = _checked(policy, knowledge)
    condition = explained(name, base)
    subjects = () if condition is None else condition[0].subject
    wanted = {name, base.canonical(name) or name, *subjects, *(f"cpu.{one}" for one in subjects)}
    found = list(find(wanted, folder))
    if not (found or condition):
        raise UsageError([wrong_word("", f"'{name}' is in no table", nearest(name, names(folder)))])
    head = () if condition is None else _condition_card(*condition)
    cards = (line for row in found for line in _card(row))
    answer(painted((*head, *cards), None), None, exits.ANSWERED)


def _condition_card(condition: Condition, reason: str) -> Iterator[Line]:
    """Yield what the condition of an id says, and what asks for it."""
    yield Line("condition", Style.HEAD)
    for key, text in (
        ("id", condition.id),
        ("kind", condition.kind),
        ("polarity", condition.polarity),
        ("subject", ", ".join(condition.subject)),
        ("says", condition.text),
        ("asked by", reason),
    ):
        yield from folded(text, label=f"{key} ".ljust(LABEL), indent=2)


def _always(base: KnowledgeBase) -> Iterator[Line]:
    """Yield the conditions that two equal hosts ask already, each with what asks for it."""
    from planner.library.explanations import always

    for condition, reason in always(base):
        yield from folded(f"{condition.id}: {condition.text}", indent=0)
        if reason:
            yield from folded(reason, indent=4, style=Style.DIM)


def _card(row: ShownRow) -> Iterator[Line]:
    yield Line(row.table, Style.HEAD)
    for key, text in row.cells:
        yield from folded(text, label=f"{key} ".ljust(LABEL), indent=2)


@knowledge.command("check")
def check_rows(policy: PolicyFile = None, knowledge: KnowledgeFolder = None) -> None:
    """Check every row: references, examples, order, evidence, source.

    Example: planner knowledge check --knowledge our-rows/
    """
    from planner.knowledge.check import check_knowledge, manifest

    base, folder = _checked(policy, knowledge)
    problems = check_knowledge(base, folder.roots)
    rows = sum(number for root in folder.roots for number in manifest(root).values())
    total = f"{rows:,} rows, {len(problems)} problems, {base.digest}"
    code = exits.UNREADABLE if problems else exits.ANSWERED
    _print([*(str(problem) for problem in problems), total], code)


@knowledge.command("coverage")
def show_coverage(policy: PolicyFile = None, knowledge: KnowledgeFolder = None) -> None:
    """Show which kernels and QEMU builds were read completely, and which parts of them.

    Example: planner knowledge coverage
    """
    from planner.knowledge.counting import coverage

    base, _ = _checked(policy, knowledge)
    lines = [line for one in coverage(base) for line in _covered(one)]
    lines += [line for one in base.unread_kernels for line in _unread(one)]
    answer(painted(lines, None), None, exits.ANSWERED)


def _covered(one: Covered) -> Iterator[Line]:
    number = f"{len(one.releases)} read" if len(one.releases) > 1 else "1 read"
    yield Line(f"{one.kind} {one.line}, {one.arch}: {number}", Style.HEAD)
    yield from folded(", ".join(one.releases), label="releases ".ljust(LABEL), indent=2)
    yield from folded(", ".join(one.parts) or "none", label="parts ".ljust(LABEL), indent=2)
    if one.some:
        yield from folded(", ".join(one.some), label="of some ".ljust(LABEL), indent=2)


def _unread(one: UnreadKernels) -> Iterator[Line]:
    yield Line(f"kernel {one.line}: not read", Style.HEAD)
    yield from folded(one.releases, label="releases ".ljust(LABEL), indent=2)
    yield from folded(one.why, label="because ".ljust(LABEL), indent=2)


@knowledge.command("count")
def count_evidence(
    output: OutputFile = None, policy: PolicyFile = None, knowledge: KnowledgeFolder = None
) -> None:
    """Count the rows of each folder by how they are known, as a table of Markdown.

    Example: planner knowledge count --output docs/knowledge.md
    """
    from planner.knowledge.counting import rows_by_evidence

    _, folder = _checked(policy, knowledge)
    lines = (line for root in folder.roots for line in _counted(rows_by_evidence(root)))
    answer((f"{line}\n" for line in lines), output, exits.ANSWERED)


def _counted(folders: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    from planner.knowledge.counting import EVIDENCE, HARVESTED

    kinds = (*EVIDENCE, HARVESTED)
    yield from ("# Rows by evidence", "", "Written by `planner knowledge count`.", "")
    yield f"| Folder or file | {' | '.join(kinds)} |"
    yield f"| --- |{' ---: |' * len(kinds)}"
    for place, found in folders.items():
        yield f"| `{place}` | {' | '.join(str(found.get(kind, '')) for kind in kinds)} |"


def _checked(policy: Path | None, folders: list[Path] | None) -> tuple[KnowledgeBase, Folder]:
    """Load the rows, refuse a policy that names none of them, and return where the rows lie."""
    from planner.knowledge.files.folder import Folder, shipped_data

    base = knowledge_of(folders)
    policy_of(policy, base)
    return base, Folder(roots=(shipped_data(), *(folders or ())))


def _print(lines: Iterable[str], code: int = exits.ANSWERED) -> NoReturn:
    answer("".join(f"{line}\n" for line in lines), None, code)
