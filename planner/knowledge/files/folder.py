"""Where rows lie: folders of the same shape laid over each other, and whose rows win."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from planner.domain.errors import KnowledgeError, Location, Problem, nearest
from planner.knowledge.files.catalogue import BY_NAME, TABLES, Table
from planner.knowledge.files.rows import Row, read_toml

T = TypeVar("T")


def shipped_data() -> Path:
    """Return the folder of the shipped rows, in the wheel or in a checkout."""
    here = Path(__file__).resolve().parents[2]
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
            for path in sorted((*root.rglob("*.toml"), *root.glob("harvested/**/*.csv"))):
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
