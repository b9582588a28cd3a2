"""How rows are known, and what was read completely: counts for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from planner.domain.capability import Evidence
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.files.harvested import MARK
from planner.knowledge.files.rows import read_toml

HARVESTED = "harvested"
EVIDENCE = tuple(
    kind.value for kind in Evidence if kind not in {Evidence.PROBED, Evidence.DECLARED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The releases of a kernel line, or the builds of QEMU, that were read for an architecture.

    `parts` were read in each of them, in all or in `some`.
    """

    kind: str
    line: str
    arch: str
    releases: tuple[str, ...]
    parts: tuple[str, ...]
    some: tuple[str, ...]


def coverage(base: KnowledgeBase) -> Iterator[Covered]:
    """Yield what was read completely: kernel lines, then QEMU, architecture by architecture."""
    kernels: dict[tuple[str, str], list[tuple[str, frozenset[str]]]] = {}
    for row in base.kernels.tables.releases:
        read = (row["release"], frozenset(row["parts"].split()))
        kernels.setdefault((row["line"], row["arch"]), []).append(read)
    builds: dict[tuple[str, str], list[tuple[str, frozenset[str]]]] = {}
    for build in base.inventory.builds:
        builds.setdefault((build.line, build.arch), []).append((build.release, build.parts))
    for kind, found in (("kernel", kernels), ("qemu", builds)):
        for (line, arch), reads in sorted(found.items()):
            sets = [parts for _, parts in reads]
            whole = frozenset.intersection(*sets)
            yield Covered(
                kind=kind,
                line=line,
                arch=arch,
                releases=tuple(release for release, _ in reads),
                parts=tuple(sorted(whole)),
                some=tuple(sorted(frozenset().union(*sets) - whole)),
            )


def rows_by_evidence(root: Path) -> Mapping[str, Mapping[str, int]]:
    """Return how many rows each folder of a root has by evidence; a file beside folders is its own."""
    found: dict[str, Counter[str]] = {}
    for path in sorted(root.rglob("*.toml")):
        kinds = found.setdefault(_place(path, root), Counter())
        kinds.update(_evidence(read_toml(path, root).cells))
    for path in sorted(root.rglob("*.csv")):
        with path.open(encoding="utf-8") as file:
            facts = sum(1 for line in file if not line.startswith(MARK)) - 1
        found.setdefault(_place(path, root), Counter())[HARVESTED] += facts
    return {place: kinds for place, kinds in sorted(found.items()) if kinds}


def _place(path: Path, root: Path) -> str:
    """Return the folder of a file, or the file itself at the top."""
    inside = path.relative_to(root)
    return inside.as_posix() if len(inside.parts) == 1 else f"{inside.parent.as_posix()}/"


def _evidence(cells: object) -> Iterator[str]:
    """Yield the evidence of a row and of every row inside it."""
    if isinstance(cells, dict):
        kind = cells.get("evidence")
        if isinstance(kind, str):
            yield kind
        for value in cells.values():
            yield from _evidence(value)
    elif isinstance(cells, list):
        for value in cells:
            yield from _evidence(value)
