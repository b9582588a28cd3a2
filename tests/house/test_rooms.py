"""Each room of the house is tested from its own folder: what no test of a room reaches has none."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = sorted(
    path.stem
    for path in (ROOT / "planner").iterdir()
    if (path.is_dir() and path.name != "__pycache__") or path.name == "parallel.py"
)
DOOR = "cli"
"""Tests of commands and of what commands print come in by the command line."""
BY_COMMAND = frozenset({DOOR, "present"})
WITH_REAL_PARTS = {"harvest": ("test_harvest_builds.py", "test_real_packages.py")}
"""Tests beside the programs that they need (tests/qemu)."""


@cache
def imported(path: Path) -> frozenset[str]:
    """Return what a file imports, by dotted name; `from a import b` may be a module or a name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


@cache
def modules() -> dict[str, Path]:
    paths = (ROOT / "planner").rglob("*.py")
    dotted = {path.relative_to(ROOT).with_suffix("").as_posix(): path for path in paths}
    return {name.replace("/", ".").removesuffix(".__init__"): path for name, path in dotted.items()}


def room_of(module: str) -> str:
    return f"{module}.".split(".")[1]


def files_of(room: str) -> list[Path]:
    tests = ROOT / "tests"
    beside = [tests / "qemu" / name for name in WITH_REAL_PARTS.get(room, ())]
    alone = [path for path in (tests / f"test_{room}.py",) if path.exists()]
    return [*sorted((tests / room).rglob("test_*.py")), *alone, *beside]


def reached(room: str) -> set[str]:
    """Return the modules that tests of a room reach through the room itself."""
    rooms = BY_COMMAND if room in BY_COMMAND else {room}
    own = {name for name in modules() if room_of(name) in rooms}
    waiting = {name for path in files_of(room) for name in imported(path) & own}
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= (imported(modules()[module]) & own) - found
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_a_room_is_reached_by_its_tests(room: str) -> None:
    name = room.removesuffix(".py")
    own = {
        one for one, path in modules().items() if room_of(one) == name and path.stem != "__init__"
    }
    assert own
    assert not sorted(own - reached(room))


def test_a_room_that_no_test_enters_is_seen() -> None:
    assert "planner.solver.solve" not in reached("optimize")
    assert reached("nothing") == set()
