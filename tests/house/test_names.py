"""A class name means one thing in the whole house, and local names say what they hold."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2] / "planner"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in HOUSE.rglob("*.py")}
RETIRED = {
    *("Court", "Standing", "Crowd", "Field", "GuestKind", "PoolGround", "Groundwork", "Course"),
    *(
        "Fate",
        "FateJudge",
        "Outlook",
        "PoolWay",
        "Draft",
        "Drafter",
        "WayBack",
        "Effects",
        "Stager",
    ),
    *("Seat", "Pick", "Parcel", "Least", "Piece", "Forward", "Repair", "Growth", "Users"),
    *("Look", "Ledger", "RowTable", "SomeUnits", "Attempt", "Layout", "Layouts", "LayoutIssue"),
    *("Offers", "Decider", "Donor", "Upgrader", "Landscape", "Thing", "Want", "Opening"),
}
"""Names that a newcomer could not guess; docs/decisions/0015-names.md has what they became."""


def test_a_class_name_means_one_thing() -> None:
    names = Counter(
        node.name
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    )
    assert not {name for name, classes in names.items() if classes > 1}


def test_no_class_has_a_retired_name() -> None:
    names = {
        node.name
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    assert not names & RETIRED


ALGORITHMS = ("migration", "optimize", "solver", "certificate", "rollout", "replay", "unlocking")
EMPTY_WORDS = {"one", "found", "told", "place", "other", "own", "what"}
"""Local names that do not say what they hold."""


def test_local_names_of_algorithms_say_what_they_hold() -> None:
    empty = {
        (str(path.relative_to(HOUSE)), name)
        for path, tree in TREES.items()
        if path.relative_to(HOUSE).parts[0] in ALGORITHMS
        for node in ast.walk(tree)
        for name in bound_by(node)
        if name in EMPTY_WORDS
    }
    assert not empty


def bound_by(node: ast.AST) -> tuple[str, ...]:
    """Return the local name that a node binds, if it binds one."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return (node.id,)
    return (node.arg,) if isinstance(node, ast.arg) else ()
