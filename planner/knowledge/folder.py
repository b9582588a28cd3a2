"""Where rows lie: the files and tables there are, what names a row, and whose rows win."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from planner.domain.errors import KnowledgeError, Location, Problem, nearest
from planner.knowledge.rows import Row, read_toml

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A kind of row: the files it is in, its key there (empty: the file itself) and what names it.

    `identity` are the keys that name a row, joined by `joint`; `^key` is a key of the file. `about`
    are keys of which the first one present says what the row is about. `by_file`: a later root
    replaces the whole file of the same name; else the row of the same name, unless `adds_up`.
    """

    name: str
    files: str
    key: str
    identity: tuple[str, ...]
    joint: str = " "
    about: tuple[str, ...] = ()
    by_file: bool = False
    adds_up: bool = False

    def name_of(self, row: Row) -> str:
        """Return the name of a row, empty if a part is missing."""
        parts = [_part(row, key) for key in self.identity]
        return self.joint.join(parts) if all(parts) else ""


def _part(row: Row, key: str) -> str:
    place = row.head if key.startswith("^") else row
    return "" if place is None else str(place.cells.get(key.removeprefix("^"), ""))


TABLES = (
    Table(
        name="architectures",
        files="coverage.toml",
        key="architecture",
        identity=("arch",),
        about=("registers",),
    ),
    Table(
        name="build-lines",
        files="qemu_builds/*.toml",
        key="",
        identity=("line",),
        about=("title",),
        by_file=True,
    ),
    Table(
        name="builds",
        files="qemu_builds/*.toml",
        key="build",
        identity=("^line", "release"),
        about=("date",),
        by_file=True,
    ),
    Table(
        name="capabilities",
        files="capabilities.toml",
        key="capability",
        identity=("id",),
        about=("meaning",),
    ),
    Table(
        name="compat-sets",
        files="compat_properties/*.toml",
        key="set",
        identity=("line", "machine_type"),
        about=("builds",),
        adds_up=True,
    ),
    Table(
        name="cpu-features",
        files="cpu_features.toml",
        key="features",
        identity=("arch",),
        about=("names",),
        adds_up=True,
    ),
    Table(name="cpu-models", files="cpu_models.toml", key="model", identity=("name",)),
    Table(
        name="cpu-vendors",
        files="cpu_vendors.toml",
        key="vendor",
        identity=("name",),
        about=("match",),
    ),
    Table(
        name="default-policy",
        files="default_policy.toml",
        key="",
        identity=("management",),
        by_file=True,
    ),
    Table(name="devices", files="devices.toml", key="device", identity=("name",)),
    Table(
        name="drifts",
        files="compat_drift.toml",
        key="drift",
        identity=("qom_type", "property"),
        joint=".",
        about=("reason",),
        adds_up=True,
    ),
    Table(name="faults", files="faults.toml", key="fault", identity=("id",), about=("reason",)),
    Table(
        name="feature-bits",
        files="feature_bits.toml",
        key="bit",
        identity=("device", "bit"),
        joint=":",
        about=("name",),
    ),
    Table(
        name="guest-impacts",
        files="guest_impacts.toml",
        key="impact",
        identity=("id",),
        about=("text",),
    ),
    Table(
        name="kernel-changes",
        files="kernel_caps/*.toml",
        key="change",
        identity=("^line", "capability"),
        about=("effect",),
        by_file=True,
    ),
    Table(
        name="kernel-lines",
        files="kernel_caps/*.toml",
        key="",
        identity=("line",),
        about=("title",),
        by_file=True,
    ),
    Table(name="machine-types", files="machine_types/*.toml", key="type", identity=("name",)),
    Table(
        name="observations",
        files="observations.toml",
        key="observation",
        identity=("id",),
        about=("source",),
    ),
    Table(
        name="properties",
        files="properties.toml",
        key="property",
        identity=("qom_type", "property"),
        joint=".",
        about=("gates",),
    ),
    Table(
        name="property-kinds",
        files="kinds.toml",
        key="property_kind",
        identity=("name",),
        about=("meaning",),
    ),
    Table(
        name="removals",
        files="machine_types/*.toml",
        key="removal_forecast",
        identity=("name",),
        about=("removed",),
    ),
    Table(name="traits", files="traits.toml", key="trait", identity=("name",), about=("meaning",)),
    Table(
        name="unit-kinds",
        files="kinds.toml",
        key="unit_kind",
        identity=("name",),
        about=("meaning",),
    ),
    Table(
        name="vendor-crossings",
        files="cpu_vendors.toml",
        key="crossing",
        identity=("id",),
        about=("reason",),
    ),
    Table(
        name="units", files="migrated_state/*.toml", key="unit", identity=("id",), about=("title",)
    ),
    Table(
        name="variants", files="devices.toml", key="variant", identity=("name",), about=("base",)
    ),
)
BY_NAME = {table.name: table for table in TABLES}


def shipped_data() -> Path:
    """Return the folder of the shipped rows, in the wheel or in a checkout."""
    here = Path(__file__).resolve().parent.parent
    inside = here / "_data"
    return inside if inside.is_dir() else here.parent / "data"


@dataclass(frozen=True, slots=True)
class Folder:
    """Data roots in order of increasing strength; a file is read once, when it is first needed."""

    roots: tuple[Path, ...]
    _read: dict[Path, Row] = field(default_factory=dict)

    def files(self, pattern: str, *, latest: bool = False) -> Iterator[Row]:
        """Return matching files, weakest root first, by name; `latest`: of one name the strongest."""
        found = [path for root in self.roots for path in sorted(root.glob(pattern))]
        if latest:
            found = list({path.name: path for path in found}.values())
        for path in found:
            if path not in self._read:
                self._read[path] = read_toml(path, self.roots[0])
            yield self._read[path]

    def rows(self, table: Table) -> Iterator[Row]:
        """Return the rows of a table that hold: a later root replaces a row of the same name."""
        if not table.key:
            yield from self.files(table.files, latest=True)
            return
        rows = (
            row
            for file in self.files(table.files, latest=table.by_file)
            for row in file.rows(table.key)
        )
        if table.adds_up or table.by_file:
            yield from rows
            return
        found: dict[object, Row] = {}
        for row in rows:
            found[table.name_of(row) or row.file + row.name] = row
        yield from found.values()

    def read(self, name: str, reader: Callable[[Row], T]) -> list[T]:
        """Return the rows of a table as values; raises `KnowledgeError` with every unreadable row."""
        found, problems = [], list[Problem]()
        for row in self.rows(BY_NAME[name]):
            try:
                found.append(reader(row))
            except KnowledgeError as error:
                problems += error.problems
        if problems:
            raise KnowledgeError(problems)
        return found

    def check(self) -> None:
        """Raise `KnowledgeError` for folders and files that nothing reads."""
        problems = [
            Problem(location=Location(file=str(root)), what="no such knowledge folder")
            for root in self.roots
            if not root.is_dir()
        ]
        problems += [problem for root in self.roots for problem in _foreign_files(root)]
        if problems:
            raise KnowledgeError(problems)

    def check_stems(self, pattern: str, stems: Iterable[str]) -> None:
        """Raise `KnowledgeError` for files whose names begin with none of `stems`."""
        known = tuple(stems)
        problems = [
            Problem(
                location=Location(file=path.relative_to(root).as_posix()),
                what="the file's name begins with no board",
                remedy=nearest(path.stem, known) or f"allowed: {', '.join(sorted(known))}",
            )
            for root in self.roots
            for path in sorted(root.glob(pattern))
            if not path.stem.startswith(known)
        ]
        if problems:
            raise KnowledgeError(problems)

    def done(self) -> None:
        """Raise `KnowledgeError` with every key of the files read so far that nothing asked for."""
        problems = tuple(problem for file in self._read.values() for problem in file.surplus())
        if problems:
            raise KnowledgeError(problems)

    def digest(self) -> str:
        """Return the SHA-256 over every data file, names included, as hex."""
        sums = hashlib.sha256()
        for root in self.roots:
            for path in sorted(root.rglob("*.toml")):
                sums.update(path.relative_to(root).as_posix().encode() + b"\0")
                sums.update(path.read_bytes() + b"\0")
        return f"sha256:{sums.hexdigest()[:32]}"


def _foreign_files(root: Path) -> Iterator[Problem]:
    """Yield the files of a root that no table is in."""
    patterns = {table.files for table in TABLES}
    for path in sorted(root.rglob("*.toml")):
        name = path.relative_to(root).as_posix()
        if not any(
            path.parent == (root / pattern).parent and path.match(pattern) for pattern in patterns
        ):
            place = Location(file=name)
            hint = nearest(name, patterns) or f"allowed: {', '.join(sorted(patterns))}"
            yield Problem(location=place, what="no table is in a file of this name", remedy=hint)
