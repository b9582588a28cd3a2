"""Harvested packages: the ROM files that stand beside a QEMU package, with their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from planner.domain.errors import KnowledgeError, Location, Problem
from planner.knowledge.files.harvested import Intervals, read_table
from planner.knowledge.files.rows import release_key
from planner.knowledge.qemu.roms import ReadRoms

PACKAGES = Path("harvested") / "packages" / "packages.csv"
ROMS = Path("harvested") / "packages" / "roms.csv"
PACKAGE_COLUMNS = ("line", "release", "version", "packages")
ROM_COLUMNS = ("line", "file", "size", "releases")


def read_packages(roots: Sequence[Path]) -> tuple[ReadRoms, ...]:
    """Return what was read of each package; of several roots the strongest that has the files."""
    root = next((one for one in reversed(roots) if (one / PACKAGES).is_file()), None)
    if root is None:
        return ()
    rows = [cells for cells, _ in read_table(root / PACKAGES).rows]
    order = [f"{line}/{release}" for line, release, *_ in rows]
    sizes: dict[str, dict[str, int]] = {name: {} for name in order}
    for (line, file, size), releases in read_table(root / ROMS).rows:
        own = Intervals([name for name in order if name.startswith(f"{line}/")])
        for name in _packages_of(own, line, releases, root):
            sizes[name][file] = int(size)
    return tuple(
        ReadRoms(
            line=line,
            release=release,
            version=release_key(version),
            sizes=sizes[f"{line}/{release}"],
        )
        for line, release, version in rows
    )


def read_order(roots: Sequence[Path]) -> dict[tuple[str, str], str]:
    """Return the names of the packages that each line and release was read from."""
    root = next((one for one in reversed(roots) if (one / PACKAGES).is_file()), None)
    rows = read_table(root / PACKAGES).rows if root is not None else ()
    return {(cells[0], cells[1]): packages for cells, packages in rows}


def _packages_of(own: Intervals, line: str, releases: str, root: Path) -> list[str]:
    """Return the packages of a line that an interval names."""
    full = ";".join(
        "..".join(f"{line}/{end}" if end else "" for end in part.split(".."))
        for part in releases.split(";")
    )
    try:
        bits = own.bits(full)
    except KeyError as error:
        place = Location(file=str((root / ROMS).relative_to(root)), column=releases)
        raise KnowledgeError([Problem(location=place, what=f"no package {error}")]) from error
    return [name for name in own.order if bits >> own.place[name] & 1]
