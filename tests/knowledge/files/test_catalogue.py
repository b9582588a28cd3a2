"""A misspelt key anywhere in a row is refused with file, row and nearest key; so is a misspelt word."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.domain.errors import KnowledgeError
from planner.knowledge.files.catalogue import TABLES
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.load import load_knowledge

Cells = dict[str, object]
FREE = {"aliases"}
"""Tables whose keys are names."""
BY_LINE = {"offered", "deprecated", "builds", "against", "unread"}
"""Tables whose keys are build lines."""
READ_LATE = (
    *("compat_properties", "messages", "cpu_bits"),
    *("kubevirt_releases", "qemu_packages", "plane_words"),
)
"""Files that are read when they are first asked for; the tests of what is in them look at their keys."""


def written(value: object) -> str:
    """Write a value as TOML: texts and numbers are as in JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {written(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def document(cells: Cells) -> str:
    return "".join(f"{json.dumps(key)} = {written(value)}\n" for key, value in cells.items())


def levels(cells: Cells, place: str = "") -> Iterator[tuple[str, Cells]]:
    """Yield every kind of table in a file once: the file, its rows, and what is nested in them."""
    seen = set[str]()

    def walk(table: Cells, name: str) -> Iterator[tuple[str, Cells]]:
        if name not in seen:
            seen.add(name)
            yield name or "(file)", table
        for key, value in table.items():
            below = f"{name}.{key}" if name else key
            if key in FREE or (key in BY_LINE and isinstance(value, dict)):
                continue
            if isinstance(value, dict):
                yield from walk(value, below)
            for item in value if isinstance(value, list) else ():
                if isinstance(item, dict):
                    yield from walk(item, below)

    yield from walk(cells, place)


OF_USERS = {"model"}
"""Rows that no shipped file has: they are for the folders that users lay over the shipped ones."""


def one_file_of_each_kind() -> list[Path]:
    """Return the largest shipped file that has rows of a kind, for each kind of row."""
    root, found = shipped_data(), set[Path]()
    for table in TABLES:
        if table.key in OF_USERS or table.files.startswith(READ_LATE):
            continue
        having = [
            path
            for path in root.glob(table.files)
            if not table.key or table.key in tomllib.loads(path.read_text())
        ]
        found.add(max(having, key=lambda path: path.stat().st_size))
    return sorted(found)


def misspelt(cells: Cells) -> str:
    """Add a key that is nearly the last one; return both."""
    last = [key for key in cells if not isinstance(cells[key], dict | list)] or list(cells)
    cells[f"{last[-1]}x"] = cells[last[-1]]
    return f"unknown key '{last[-1]}x'; did you mean '{last[-1]}'?"


CASES = [
    (path.relative_to(shipped_data()).as_posix(), level)
    for path in one_file_of_each_kind()
    for level, _ in levels(tomllib.loads(path.read_text()))
]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[tuple[str, str], str]]:
    """Load rows with a misspelt key on every level at once; return all messages, and those wanted."""
    overlay = tmp_path_factory.mktemp("rows")
    wanted = {}
    for path in one_file_of_each_kind():
        name = path.relative_to(shipped_data()).as_posix()
        cells = tomllib.loads(path.read_text())
        for level, table in list(levels(cells)):
            wanted[name, level] = misspelt(table)
        (overlay / name).parent.mkdir(exist_ok=True)
        (overlay / name).write_text(document(cells))
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(overlay)
    return str(caught.value), wanted


@pytest.mark.parametrize(("file", "level"), CASES, ids=[f"{file}-{level}" for file, level in CASES])
def test_a_misspelt_key(
    file: str, level: str, refused: tuple[str, dict[tuple[str, str], str]]
) -> None:
    messages, wanted = refused
    lines = [line for line in messages.splitlines() if f"{file}:" in line]
    deepest = level.rpartition(".")[2]
    place = "file" if level == "(file)" else f"{deepest}"
    found = [line for line in lines if place in line and line.endswith(wanted[file, level])]
    assert found, lines
    path, number, _ = found[0].split(":", 2)
    assert wanted[file, level].split("'")[1] in Path(path).read_text().splitlines()[int(number) - 1]


def test_the_levels_are_those_of_the_format() -> None:
    found = {level for _, level in CASES}
    assert {"unit.when", "unit.gates", "unit.lack", "observation.from", "change", "build"} <= found
    assert {table.key for table in TABLES if table.key} - {
        "set",
        "message",
        "word",
        *("package", "launcher", "launcher_image", "plane_board", "device_alias"),
        *OF_USERS,
    } <= found


UNIT = {
    "id": "x",
    "covers": "x",
    "title": "x",
    "kind": "field",
    "state": "run",
    "sent": "value",
    "since": "2.0.0",
    "severity": "hang",
    "exposure": "persistent",
    "symptom": "x",
    "evidence": "memory",
    "source": "x",
}
SET = {
    "machine_type": "pc-q35-8.2",
    "line": "upstream",
    "builds": ["8.2.0.."],
    "evidence": "memory",
    "source": "x",
}
TYPE = {"name": "x", "line": "upstream", "rank": 1, "evidence": "memory", "source": "x"}
BOARD = {"board": "pc-q35", "arch": "x86_64"}
SEEN = {"id": "x", "passes": True, "evidence": "observed", "source": "x"}
UNITS = "migrated_state/site.toml"
SETS = "compat_properties/pc-q35.toml"
WRONG = [
    (UNITS, {"unit": [UNIT | {"state": "rnu"}]}, "unit[1] 'x': key 'state' is 'rnu'; allowed: run"),
    (UNITS, {"unit": [UNIT | {"kind": "fiel"}]}, "key 'kind' is 'fiel'; did you mean 'field'?"),
    (UNITS, {"unit": [UNIT | {"since": "old"}]}, "key 'since' is 'old', not a release"),
    (UNITS, {"unit": [UNIT | {"flag": "x"}]}, "key 'flag': 'x' is not TYPE.PROPERTY"),
    (UNITS, {"unit": [UNIT | {"lack": {"plain": "x"}}]}, "unit[1] 'x' lack: key 'plain' is 'x'"),
    (UNITS, {"units": [UNIT]}, "file: unknown key 'units'; did you mean 'unit'?"),
    ("migrated_stat/site.toml", {"unit": [UNIT]}, "did you mean 'migrated_state/*.toml'?"),
    ("observation.toml", {"observation": [SEEN]}, "did you mean 'observations.toml'?"),
    ("observations.toml", {"observation": [{"id": "x"}]}, "key 'passes' is missing"),
    ("observations.toml", {"observation": [SEEN | {"devices": "x"}]}, "is 'x', not a list"),
    (
        "machine_types/pc-q35.toml",
        BOARD | {"type": [TYPE | {"offered": {"upstrem": ["8.2.0.."]}}]},
        "type[1] 'x' offered: 'upstrem' is no build line; did you mean 'upstream'?",
    ),
    (
        "machine_types/pc-q35.toml",
        BOARD | {"type": [TYPE | {"offered": {"upstream": ["8.2.99.."]}}]},
        "upstream has no known build for '8.2.99..'",
    ),
    (SETS, BOARD | {"set": [SET | {"bilds": []}]}, "set[1]: unknown key 'bilds'"),
    (SETS, BOARD | {"set": [SET | {"builds": ["8.2.99.."]}]}, "no known build for '8.2.99..'"),
    (SETS, BOARD | {"set": [SET | {"properties": [["a", "b"]]}]}, "is ['a', 'b'], not 3 texts"),
    ("compat_properties/q35.toml", BOARD | {"set": [SET]}, "the file's name begins with no board"),
]


@pytest.mark.parametrize(("file", "cells", "message"), WRONG, ids=[one[2] for one in WRONG])
def test_a_wrong_row(file: str, cells: Cells, message: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    head: Cells = {"file": path.stem} if "migrated" in file else {}
    path.write_text(document({"schema": 1, **head, **cells}))
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(tmp_path).machines.entries("upstream 8.2.0", "pc-q35-8.2")
    assert message in str(caught.value)
    assert file in str(caught.value)
