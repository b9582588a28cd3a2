"""The scripts for a host, each put together to one file that Python 3.6 runs without this package.

The modules of `script` are written as all others are; annotations, imports of one another and what only
type checkers read are left out of the file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "script"
HOOK = ("incoming", "judging", "hook")
STAMP = ("stamp",)
HEAD = """#!/bin/sh
''':'
# {title}
case "$2" in {operations}) ;; *) exit 0 ;; esac
{start}
':'''
"""
HOOK_START = """command -v python3 >/dev/null || {{
  echo "planner gate: {done}: no python3 to judge it with" >&2; exit {code}; }}
exec python3 -IS "$0" "$@\""""
STAMP_START = """command -v python3 >/dev/null || exit 0
setsid python3 -IS "$0" "$@" </dev/null >/dev/null 2>&1 &
exit 0"""


def hook(policy: str, *, deadline: float, refuse_on_error: bool) -> str:
    """Return the script for `hooks/qemu.d`: it ends at once for all operations but two."""
    code = int(refuse_on_error)
    start = HOOK_START.format(done="refused" if code else "let in", code=code)
    head = HEAD.format(
        title="planner gate: judges what comes in by migration or restore; all else ends here.",
        operations="migrate | restore",
        start=start,
    )
    return head + _joined(HOOK, {"POLICY": policy, "DEADLINE": deadline, "ON_ERROR": code})


def stamp(connect: str) -> str:
    """Return the companion for `hooks/qemu.d`: it writes the boot host into the guest's metadata."""
    head = HEAD.format(
        title="planner gate: notes in the metadata of a started guest where that was; nobody waits.",
        operations="started",
        start=STAMP_START,
    )
    return head + _joined(STAMP, {"CONNECT": connect})


def _joined(names: tuple[str, ...], settings: Mapping[str, object]) -> str:
    imports: dict[str, None] = {}
    bodies = []
    for name in names:
        text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        bodies.append(_plain(text, settings, imports))
    return "\n".join((*sorted(imports), "", *bodies))


def _plain(text: str, settings: Mapping[str, object], imports: dict[str, None]) -> str:
    """Return a module without its imports and annotations, with settings in place of its own."""
    tree = ast.parse(text)
    lines = text.splitlines(keepends=True)
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and not _is_own(node):
            imports[ast.unparse(node)] = None
    cuts = sorted((*_dropped(tree), *_annotations(tree, lines), *_set(tree, settings)))
    for (line, start), (last, end), put in reversed(cuts):
        rest = lines[last - 1][end:]
        lines[line - 1 : last] = [lines[line - 1][:start] + put + rest]
    bare = re.sub(r"  # noqa: [A-Z0-9, ]+$", "", "".join(lines), flags=re.MULTILINE)
    return re.sub(r"\n{4,}", "\n\n\n", bare).strip("\n") + "\n"


Cut = tuple[tuple[int, int], tuple[int, int], str]
"""Beginning and end in a text, by line and column, and what comes in place."""


def _is_own(node: ast.Import | ast.ImportFrom) -> bool:
    name = node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
    return name.partition(".")[0] in {"planner", "typing", "__future__"}


def _dropped(tree: ast.Module) -> Iterator[Cut]:
    """Yield the docstring, the imports, and what only type checkers read."""
    yield _cut(tree.body[0])
    for node in tree.body:
        is_for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if isinstance(node, ast.Import | ast.ImportFrom) or is_for_types:
            yield _cut(node)


def _annotations(tree: ast.Module, lines: list[str]) -> Iterator[Cut]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            start = (node.lineno, node.col_offset + len(node.arg))
            yield start, _end(node.annotation), ""
        elif isinstance(node, ast.AnnAssign):
            yield _end(node.target), _end(node.annotation), ""
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            line, column = node.returns.lineno, node.returns.col_offset
            arrow = lines[line - 1].rindex(" -> ", 0, column)
            yield (line, arrow), _end(node.returns), ""


def _set(tree: ast.Module, settings: Mapping[str, object]) -> Iterator[Cut]:
    for node in tree.body:
        name = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
        if isinstance(node, ast.Assign) and name in settings:
            start, end, _ = _cut(node.value)
            yield start, end, repr(settings[name])


def _cut(node: ast.stmt | ast.expr) -> Cut:
    return (node.lineno, node.col_offset), _end(node), ""


def _end(node: ast.stmt | ast.expr) -> tuple[int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset
