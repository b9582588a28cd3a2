"""The limits of the house: files to be read at one sitting, folders to be seen at a glance."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2] / "planner"
MOST_FILES, MOST_LINES, LEAST_LINES, LONGEST_FUNCTION = 20, 320, 25, 45


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def modules() -> dict[str, int]:
    return {
        path.relative_to(HOUSE).as_posix(): lines_of(path)
        for path in sorted(HOUSE.rglob("*.py"))
        if path.name != "__init__.py"
    }


def test_no_folder_holds_more_files_than_a_glance() -> None:
    folders = Counter(path.parent for path in HOUSE.rglob("*.py"))
    assert not {str(folder) for folder, files in folders.items() if files > MOST_FILES}


def test_no_module_is_longer_than_a_sitting() -> None:
    assert not {name for name, lines in modules().items() if lines > MOST_LINES}


def test_no_module_is_a_crumb() -> None:
    assert not {name for name, lines in modules().items() if lines < LEAST_LINES}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{path.relative_to(HOUSE)}:{node.name}"
        for path in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    }
    assert not long
