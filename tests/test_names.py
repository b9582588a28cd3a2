"""A class name means one thing in the whole house, and local names say what they hold."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent / "planner"
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
