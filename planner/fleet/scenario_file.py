"""Scenario and matrix files, TOML; every problem at once with the way to its key. Judges nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import cast

from planner.domain.errors import Location, Problem, ScenarioError, nearest
from planner.domain.scenario import (
    Addition,
    AllowedEdge,
    HostChange,
    Masking,
    Removal,
    Scenario,
    Selection,
    Upgrade,
)

TEXT, TEXTS, COUNT = "a text", "a list of texts", "a number of hosts from 1 on"
SELECTION = {"hosts": TEXTS, "pool": TEXT, "from_kernel": TEXT, "from_qemu": TEXT, "count": COUNT}
TABLES: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "upgrade": ({**SELECTION, "kernel": TEXT, "qemu": TEXT}, ()),
    "mask": ({**SELECTION, "capabilities": TEXTS}, ("capabilities",)),
    "remove": (SELECTION, ()),
    "add": (
        {"pool": TEXT, "count": COUNT, "kernel": TEXT, "qemu": TEXT, "capabilities": TEXT},
        ("pool", "count", "kernel", "qemu"),
    ),
    "allow_edge": ({"source": TEXT, "destination": TEXT}, ("source", "destination")),
    "accept_loss": ({"unit": TEXT, "owner": TEXT, "reason": TEXT}, ("unit", "owner", "reason")),
}
"""Per kind of change its keys with what they hold, and those that it must have."""
PLAIN = {"name": TEXT, "retire": TEXTS}
AXES = {"pool": TEXTS, "kernel": TEXTS, "qemu": TEXTS}
Cells = Mapping[str, object]


def read_scenarios(path: Path) -> tuple[Scenario, ...]:
    """Read one scenario, or those of the tables `[[scenario]]`; raises `ScenarioError`.

    A scenario without a name gets that of its file, and a number if there are several.
    """
    cells = _loaded(path)
    several = cells.get("scenario")
    problems: list[Problem] = []
    if several is None:
        found = [_scenario(cells, path, "", path.stem, problems)]
    else:
        problems += _unknown(path, "", [key for key in cells if key != "scenario"], ["scenario"])
        tables = _tables(several, path, "scenario", problems)
        found = [
            _scenario(table, path, f"scenario[{place}].", f"{path.stem} {place}", problems)
            for place, table in enumerate(tables, start=1)
        ]
    if problems:
        raise ScenarioError(problems)
    return tuple(found)


def read_matrix(path: Path) -> tuple[Scenario, ...]:
    """Read a matrix and return one scenario per combination: an upgrade of a pool to a build.

    The axes are `pool`, `kernel` and `qemu`, lists of texts; an empty text leaves what hosts have.
    Combinations that change nothing are left out. Raises `ScenarioError`.
    """
    cells = _loaded(path)
    problems = list(_unknown(path, "", cells, AXES))
    problems += [
        problem for key in AXES if key in cells for problem in _wrong(path, key, cells[key], TEXTS)
    ]
    if not problems and not cells.get("pool"):
        place = Location(file=str(path), column="pool")
        problems.append(Problem(location=place, what="a matrix names at least one pool"))
    if problems:
        raise ScenarioError(problems)
    axes = [_texts(cells, key) or ("",) for key in AXES]
    return tuple(
        Scenario(
            name=", ".join(
                filter(None, (pool, kernel and f"kernel {kernel}", qemu and f"QEMU {qemu}"))
            ),
            changes=(Upgrade(selection=Selection(pool=pool), kernel=kernel, qemu=qemu),),
        )
        for pool, kernel, qemu in product(*axes)
        if kernel or qemu
    )


def _loaded(path: Path) -> dict[str, object]:
    place = Location(file=str(path))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise ScenarioError([Problem(location=place, what=reason)]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError([Problem(location=place, what=f"not TOML: {error}")]) from error


def _scenario(cells: Cells, path: Path, way: str, name: str, problems: list[Problem]) -> Scenario:
    """Return a scenario; `way` leads to it, and problems are added to those of the file."""
    before = len(problems)
    problems += _unknown(path, way, cells, [*PLAIN, *TABLES])
    for key, wish in PLAIN.items():
        if key in cells:
            problems += _wrong(path, f"{way}{key}", cells[key], wish)
    rows = {
        key: _tables(cells[key], path, f"{way}{key}", problems) for key in TABLES if key in cells
    }
    for key, tables in rows.items():
        for place, table in enumerate(tables, start=1):
            problems += _of_table(path, f"{way}{key}[{place}].", table, key)
    if len(problems) > before:
        return Scenario(name=name)
    return Scenario(
        name=str(cells.get("name", name)),
        changes=tuple(_changes(rows)),
        edges=tuple(
            AllowedEdge(source=str(row["source"]), destination=str(row["destination"]))
            for row in rows.get("allow_edge", ())
        ),
        retired=_texts(cells, "retire"),
        accepted=tuple(
            (str(row["unit"]), str(row["owner"]), str(row["reason"]))
            for row in rows.get("accept_loss", ())
        ),
    )


def _changes(rows: Mapping[str, Sequence[Cells]]) -> Iterator[HostChange]:
    """Yield the changes of hosts: upgrades, masks, removals, additions."""
    for row in rows.get("upgrade", ()):
        yield Upgrade(
            selection=_selection(row), kernel=_text(row, "kernel"), qemu=_text(row, "qemu")
        )
    for row in rows.get("mask", ()):
        yield Masking(selection=_selection(row), capabilities=_texts(row, "capabilities"))
    for row in rows.get("remove", ()):
        yield Removal(selection=_selection(row))
    for row in rows.get("add", ()):
        yield Addition(
            pool=_text(row, "pool"),
            count=cast("int", row["count"]),
            kernel=_text(row, "kernel"),
            qemu=_text(row, "qemu"),
            capabilities=_text(row, "capabilities"),
        )


def _selection(row: Cells) -> Selection:
    return Selection(
        hosts=_texts(row, "hosts"),
        pool=_text(row, "pool"),
        from_kernel=_text(row, "from_kernel"),
        from_qemu=_text(row, "from_qemu"),
        count=cast("int | None", row.get("count")),
    )


def _text(row: Cells, key: str) -> str:
    return str(row.get(key, ""))


def _texts(row: Cells, key: str) -> tuple[str, ...]:
    return tuple(cast("list[str]", row.get(key, [])))


def _tables(value: object, path: Path, way: str, problems: list[Problem]) -> list[Cells]:
    """Return the tables of a list; one table alone stands for a list of one."""
    found = [value] if isinstance(value, dict) else value
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        place = Location(file=str(path), column=way)
        problems.append(Problem(location=place, what=f"is not a table; write [[{way}]]"))
        return []
    return found


def _of_table(path: Path, way: str, table: Cells, kind: str) -> Iterator[Problem]:
    keys, required = TABLES[kind]
    yield from _unknown(path, way, table, keys)
    for key, wish in keys.items():
        if key in table:
            yield from _wrong(path, f"{way}{key}", table[key], wish)
    for key in required:
        if not table.get(key):
            yield Problem(
                location=Location(file=str(path), column=f"{way}{key}"), what="is required"
            )
    if kind == "upgrade" and not (table.get("kernel") or table.get("qemu")):
        place = Location(file=str(path), column=way.rstrip("."))
        yield Problem(location=place, what="names neither kernel nor qemu to upgrade to")


def _unknown(
    path: Path, way: str, keys: Sequence[str] | Cells, known: Sequence[str] | Mapping[str, object]
) -> Iterator[Problem]:
    for key in keys:
        if key not in known:
            yield Problem(
                location=Location(file=str(path), column=f"{way}{key}"),
                what="unknown key",
                remedy=nearest(key, known) or f"allowed: {', '.join(known)}",
            )


def _wrong(path: Path, way: str, value: object, wish: str) -> Iterator[Problem]:
    fits = {
        TEXT: isinstance(value, str),
        TEXTS: isinstance(value, list) and all(isinstance(one, str) for one in value),
        COUNT: type(value) is int and value >= 1,
    }[wish]
    if not fits:
        place = Location(file=str(path), column=way)
        yield Problem(location=place, what=f"{value!r} is not {wish}")
