"""A harvested build laid into data files: what is there already stays as it is.

The result is a diff for a person to review. A row that the build contradicts is changed; its old
value is in the diff.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.domain.errors import HarvestError, nearest, wrong_word
from planner.harvest.machines import Entry, HarvestedBuild, HarvestedType
from planner.harvest.rows import RowFile, covered, in_intervals, intervals_of
from planner.knowledge.files.rows import release_key
from planner.knowledge.qemu.builds import BuildLines


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the rows of a build stand: its line and its release there."""

    line: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """One row that the harvest adds or changes, in words."""

    file: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """New texts of the files that change, the changes in words, and how many rows agreed."""

    texts: Mapping[Path, str]
    changes: tuple[RowChange, ...]
    types: int
    lists: int


def place_of(
    build: HarvestedBuild, lines: BuildLines, *, line: str = "", release: str = ""
) -> Place:
    """Return where a build's rows are or should be; raises `HarvestError`.

    A build that its line does not list and whose version the line's tables list is found there.
    """
    if line and line not in lines.by_name:
        remedy = nearest(line, lines.by_name) or f"allowed: {', '.join(sorted(lines.by_name))}"
        raise HarvestError([wrong_word("--line", f"'{line}' is no build line", remedy)])
    placed = lines.place(build.text)
    name = line or (placed.line if placed else "upstream")
    wanted = release or build.version
    found = lines.by_name[name]
    for candidate in (found.name, found.tables):
        if not release and candidate and f"{candidate} {wanted}" in lines.known:
            return Place(line=candidate, release=wanted)
    return Place(line=name, release=wanted)


def merge(build: HarvestedBuild, place: Place, data: Path) -> Merge:
    """Return what must change in the folder `data` so that it tells what `build` tells."""
    builds = RowFile.read(data / "qemu_builds" / f"{place.line}.toml")
    changes = list(_merge_build(build, place, builds))
    known = [str(row["release"]) for _, row in builds.rows("build")]
    files = [builds]
    lists = types = 0
    for path in sorted((data / "machine_types").glob("*.toml")):
        boards = RowFile.read(path)
        if boards.head["arch"] != build.arch:
            continue
        own = _of_board(build, str(boards.head["board"]), boards)
        changes += _merge_types(own, place, known, boards)
        files.append(boards)
        types += len(own)
        lists_path = data / "compat_properties" / path.name
        if lists_path.exists() and build.lists_properties:
            sets = RowFile.read(lists_path)
            changes += _merge_sets(_ordered(own, boards), place, known, sets)
            files.append(sets)
            lists += len(own)
    texts = {file.path: file.text for file in files}
    return Merge(
        texts={
            path: text for path, text in texts.items() if text != path.read_text(encoding="utf-8")
        },
        changes=tuple(changes),
        types=types,
        lists=lists,
    )


def _evidence(build: HarvestedBuild) -> dict[str, str]:
    return {
        "evidence": "observed",
        "source": f"planner harvest of QEMU {build.version} ({build.text})",
    }


def _merge_build(build: HarvestedBuild, place: Place, file: RowFile) -> Iterator[RowChange]:
    """Add the build's row, or mend the aliases of its architecture."""
    aliases = {row.alias: row.name for row in build.types if row.alias}
    aliases |= {f"default:{build.arch}": row.name for row in build.types if row.default}
    rows = file.rows("build")
    name = file.path.name
    for index, row in rows:
        if row["release"] != place.release:
            continue
        told = row.get("aliases", {})
        wrong = {key: value for key, value in aliases.items() if key in told and told[key] != value}
        if wrong:
            file.replace(index, {**row, "aliases": {**told, **wrong}, **_evidence(build)})
            yield RowChange(file=name, what=f"{place.release}: aliases {wrong}, not as told")
        return
    key = release_key(place.release)
    before = [index for index, row in rows if release_key(str(row["release"])) < key]
    after = before[-1] if before else file.lines.index("build = [")
    file.insert(after, {"release": place.release, **_evidence(build), "aliases": aliases})
    yield RowChange(file=name, what=f"new build {place.release}")


def _of_board(build: HarvestedBuild, board: str, file: RowFile) -> list[HarvestedType]:
    """Return the build's types that belong to a board: its rows name them, or their name begins so."""
    names = {row["name"] for _, row in file.rows("type")}
    return [
        row
        for row in build.types
        if row.name in names or row.name.rpartition("-")[0] == board or row.name == board
    ]


def _merge_types(
    own: Sequence[HarvestedType], place: Place, known: list[str], file: RowFile
) -> Iterator[RowChange]:
    """Make `offered` and `deprecated` of every type agree with the build."""
    offered = {row.name for row in own}
    deprecated = {row.name for row in own if row.deprecated}
    rows = file.rows("type")
    for index, row in rows:
        new = row
        for key, names in (("offered", offered), ("deprecated", deprecated)):
            new = _mended(new, key, place, known, holds=row["name"] in names)
        if new != row:
            file.replace(index, new)
            yield RowChange(
                file=file.path.name, what=f"{row['name']}: offered or deprecated differs"
            )
    for name in sorted(offered - {row["name"] for _, row in rows}):
        file.insert(file.rows("type")[-1][0], _new_type(name, place, deprecated))
        yield RowChange(file=file.path.name, what=f"new type {name}; check line and rank")


def _mended(
    row: dict[str, Any], key: str, place: Place, known: list[str], *, holds: bool
) -> dict[str, Any]:
    """Return a row whose intervals for the line hold the release if and only if `holds`."""
    lines = dict(row.get(key, {}))
    former = lines.get(place.line, [])
    if in_intervals(former, known, place.release) == holds:
        return row
    releases = covered(former, known) - {place.release} | ({place.release} if holds else set())
    lines[place.line] = intervals_of(releases, known, former)
    if not lines[place.line]:
        del lines[place.line]
    kept = {name: value for name, value in row.items() if name not in {"evidence", "source"}}
    tail = {name: row[name] for name in ("evidence", "source")}
    return {**kept, key: lines, **tail} if lines or key == "offered" else {**kept, **tail}


def _new_type(name: str, place: Place, deprecated: set[str]) -> dict[str, Any]:
    """Return a row for a type that no build had before; its rank follows its name's numbers."""
    major, minor = (*release_key(name.rpartition("-")[2]), 0, 0)[:2]
    here = {place.line: [f"{place.release}..{place.release}"]}
    return {
        "name": name,
        "line": "upstream",
        "rank": major * 1000 + minor * 10,
        "offered": here,
        **({"deprecated": here} if name in deprecated else {}),
        "evidence": "observed",
        "source": f"planner harvest of {place.line} {place.release}",
    }


def _ordered(own: Sequence[HarvestedType], file: RowFile) -> list[tuple[str, HarvestedType]]:
    """Return (line, type), oldest first inside each line, as `extends` counts."""
    rows = {row["name"]: row for _, row in file.rows("type")}
    named = [(str(rows[one.name]["line"]), one) for one in own if one.name in rows]
    return sorted(named, key=lambda pair: (pair[0], int(rows[pair[1].name]["rank"])))


def _merge_sets(
    own: Sequence[tuple[str, HarvestedType]], place: Place, known: list[str], file: RowFile
) -> Iterator[RowChange]:
    """Make the lists of every type agree with the build, in order and value."""
    told = dict(told_lists(place, known, file))
    for position, (line, row) in enumerate(own):
        newer = own[position + 1] if position + 1 < len(own) else None
        base = newer[1] if newer is not None and newer[0] == line else None
        if row.properties is None or told.get(row.name) == row.properties:
            continue
        extends, entries = _suffix(row, base)
        _set_row(row.name, extends, entries, place, known, file)
        yield RowChange(file=file.path.name, what=f"list of {row.name} differs or is new")


def told_lists(
    place: Place, known: list[str], file: RowFile
) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """Yield what the rows of a file tell of a build: every type with its whole list, in order."""
    rows = {
        row["machine_type"]: row
        for _, row in file.rows("set")
        if row["line"] == place.line and in_intervals(row["builds"], known, place.release)
    }

    for name in rows:
        found = _whole(name, rows)
        if found is not None:
            yield name, found


def _whole(name: str, rows: Mapping[str, Mapping[str, Any]]) -> tuple[Entry, ...] | None:
    """Return a type's list with what it extends, None if a row on the way is missing."""
    row = rows.get(name)
    below = _whole(row["extends"], rows) if row and row.get("extends") else ()
    if row is None or below is None:
        return None
    return (*below, *((one[0], one[1], one[2]) for one in row["properties"]))


def _suffix(row: HarvestedType, base: HarvestedType | None) -> tuple[str, list[Entry]]:
    """Return which newer type the list extends, and by what."""
    entries = list(row.properties or ())
    if base is None or base.properties is None:
        return "", entries
    length = len(base.properties)
    if tuple(entries[:length]) != base.properties:
        return "", entries
    return base.name, entries[length:]


def _set_row(
    name: str, extends: str, entries: list[Entry], place: Place, known: list[str], file: RowFile
) -> None:
    """Take the build out of the row that speaks for it, and put it where its list stands."""
    properties = [list(entry) for entry in entries]
    home = None
    for index, row in reversed(file.rows("set")):
        if (row["machine_type"], row["line"]) != (name, place.line):
            continue
        releases = covered(row["builds"], known)
        same = (row.get("extends", ""), row["properties"]) == (extends, properties)
        wanted = releases | {place.release} if same else releases - {place.release}
        if wanted == releases:
            home = index if same else home
            continue
        if wanted:
            file.replace(index, {**row, "builds": intervals_of(wanted, known, row["builds"])})
            home = index if same else home
        else:
            file.remove(index)
            home = None if home is None else home - 1
    if home is None:
        file.insert(_below(name, file), _new_set(name, extends, properties, place))


def _below(name: str, file: RowFile) -> int:
    """Return the line below which a new row of a type belongs."""
    rows = file.rows("set")
    own = [index for index, row in rows if row["machine_type"] == name]
    return own[-1] if own else rows[-1][0]


def _new_set(name: str, extends: str, properties: list[list[str]], place: Place) -> dict[str, Any]:
    return {
        "machine_type": name,
        "line": place.line,
        **({"extends": extends} if extends else {}),
        "builds": [f"{place.release}..{place.release}"],
        "properties": properties,
        "evidence": "observed",
        "source": f"planner harvest of {place.line} {place.release}: query-machines compat-props",
    }
