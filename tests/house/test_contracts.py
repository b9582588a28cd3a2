"""The import contracts break when somebody imports what a room may not know."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = [
    ("present/report.py", "import jinja2", "jinja2 lives in present.page"),
    (
        "solver/unit_facts.py",
        "from ortools.sat.python import cp_model",
        "ortools lives in optimize",
    ),
    ("harvest/rows.py", "import pandas", "pandas and pyarrow live in fleet"),
    (
        "certificate/pairs.py",
        "from planner.solver.observed_edges import relied_on",
        "Imports point down",
    ),
    (
        "solver/unit_facts.py",
        "from planner.migration.judge import judge",
        "The choice of a baseline derives the rules of judgement on its own",
    ),
    (
        "replay/simulate.py",
        "from planner.rollout import stages",
        "The replay shares nothing with the planner of waves but the domain types",
    ),
    (
        "cli/solve.py",
        "from planner.answers.answer import solve",
        "Commands judge, solve and plan through the library only",
    ),
]


def broken_contracts(root: Path) -> list[str]:
    """Return the names of the contracts that a tree breaks."""
    program = Path(sys.executable).parent / "lint-imports"
    ran = subprocess.run(
        [program, "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": str(root), "COLUMNS": "200", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts:" in ran.stdout, ran.stdout + ran.stderr
    return [
        line.removesuffix(" BROKEN").partition(" BROKEN")[0]
        for line in ran.stdout.splitlines()
        if " BROKEN" in line
    ]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program, to be spoilt."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copytree(
        ROOT / "planner", root / "planner", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def test_the_tree_keeps_its_contracts(tree: Path) -> None:
    assert broken_contracts(tree) == []


@pytest.mark.parametrize(("file", "line", "contract"), FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(
    tree: Path, file: str, line: str, contract: str
) -> None:
    path = tree / "planner" / file
    text = path.read_text(encoding="utf-8")
    head, future, rest = text.partition("from __future__ import annotations\n")
    path.write_text(f"{head}{future}{line}\n{rest}", encoding="utf-8")
    try:
        assert contract in broken_contracts(tree)
    finally:
        path.write_text(text, encoding="utf-8")
