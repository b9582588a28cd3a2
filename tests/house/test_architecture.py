"""The pages that lead a newcomer agree with the tree."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "development" / "architecture.md"
GLOSSARY = ROOT / "docs" / "glossary.md"
WORDS = (
    *("Wave", "Flip", "Stage", "Cohort", "Guest group", "Drain", "Profile", "Baseline"),
    *("Certificate", "Host class", "Replay", "Packing", "Bound", "Candidate", "Goal", "Unit"),
)


def layers() -> list[set[str]]:
    """The packages of each layer of the import contract, from the top."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (rule,) = (
        one for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers"
    )
    return [{name.strip() for name in line.split("|")} for line in rule["layers"]]


def test_the_table_of_layers_is_that_of_the_contract() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("| Layer |")[2].partition("\n\n")[0]
    named = [set(re.findall(r"`planner\.(\w+)`", line)) for line in table.splitlines()]
    listed = [names for names in named if names]
    expected = layers()
    order = {name: place for place, layer in enumerate(expected) for name in layer}
    places = [order[name] for names in listed for name in sorted(names)]
    assert places == sorted(places)
    assert set().union(*listed) == set().union(*expected)


def test_every_folder_has_a_layer() -> None:
    folder = ROOT / "planner"
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}
    assert packages | modules == set().union(*layers())


@pytest.mark.parametrize("page", [PAGE, ROOT / "CONTRIBUTING.md"], ids=lambda path: path.stem)
def test_files_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:planner|tests|docs|data)/[\w./-]+)`", text))
    assert named
    assert not {name for name in named if not (ROOT / name).exists()}
    rooms = "cli|library|fleet|migration|solver|answers|rollout|optimize|domain|present|knowledge"
    short = set(re.findall(rf"`((?:{rooms})/[\w./]+)`", text))
    assert not {name for name in short if not (ROOT / "planner" / name).exists()} - {"cli/NAME.py"}


def test_the_glossary_defines_the_words_of_the_field() -> None:
    text = GLOSSARY.read_text(encoding="utf-8")
    for word in WORDS:
        assert f"**{word}" in text, word
    entries = re.findall(r"^\*\*([^*]+)\*\*", text, re.MULTILINE)
    assert entries == sorted(entries, key=str.lower)


def test_classes_that_the_glossary_names_exist() -> None:
    classes = {
        node.name
        for path in (ROOT / "planner").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    named = set(re.findall(r"`([A-Z][a-z]+\w*)`", GLOSSARY.read_text(encoding="utf-8")))
    assert named <= classes
