"""Sizes of ROM files as rows: what packages say beside what the rows say, and the new files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from planner.domain.errors import HarvestError, nearest, wrong_word
from planner.domain.host import QemuBuild
from planner.harvest.packages import Package
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.files.harvested import write_table
from planner.knowledge.qemu.roms import ReadRoms, power_of_two
from planner.knowledge.readers.read_packages import (
    PACKAGE_COLUMNS,
    PACKAGES,
    ROM_COLUMNS,
    ROMS,
    read_order,
    read_packages,
)

COMMAND = "planner harvest package FILE ... --write"


@dataclass(frozen=True, slots=True, kw_only=True)
class RomChanges:
    """What must change for one build: its place, the packages, and sizes that the rows lack or deny."""

    line: str
    release: str
    version: tuple[int, ...]
    packages: str
    sizes: Mapping[str, int]
    told: tuple[str, ...]


def rom_changes(
    packages: Sequence[Package],
    knowledge: KnowledgeBase,
    folder: Path,
    *,
    line: str = "",
    release: str = "",
) -> RomChanges:
    """Compare packages of one host with the rows; raises `HarvestError` if no build is named."""
    build = _build(packages, knowledge, line, release)
    text = release or next((one.text for one in packages if one.is_qemu), build.release)
    sizes = {name: size for one in packages for name, size in one.roms.items()}
    known = {(one.line, one.release): one.sizes for one in read_packages((folder,))}
    return RomChanges(
        line=build.line,
        release=text,
        version=build.version,
        packages=" ".join(f"{one.name}={one.text}" for one in packages if one.roms or one.is_qemu),
        sizes=sizes,
        told=tuple(_size_news(build, sizes, known.get((build.line, text), {}), knowledge)),
    )


def _build(
    packages: Sequence[Package], knowledge: KnowledgeBase, line: str, release: str
) -> QemuBuild:
    lines = knowledge.builds.by_name
    if line and line not in lines:
        remedy = nearest(line, lines) or f"allowed: {', '.join(sorted(lines))}"
        raise HarvestError([wrong_word("--line", f"'{line}' is no build line", remedy)])
    texts = [release] if release else [one.text for one in packages if one.is_qemu]
    placed = next((found for text in texts if (found := knowledge.builds.place(text))), None)
    if placed is None:
        what = "no file holds a QEMU program whose package text is placed"
        remedy = "give the QEMU package beside the others, or --line and --release"
        raise HarvestError([wrong_word("FILE", what, remedy)])
    if line and line != placed.line:
        return QemuBuild(line=line, release=placed.release, version=placed.version)
    return placed


def _size_news(
    build: QemuBuild, sizes: Mapping[str, int], known: Mapping[str, int], knowledge: KnowledgeBase
) -> Iterator[str]:
    """Yield one line per size that is new, or that a row denies."""
    for name, size in sizes.items():
        row = next((row for row in knowledge.roms.sizes if row.holds_for(build, name)), None)
        if row is not None and isinstance(row.block, int) and row.block != power_of_two(size):
            yield f"{name}: {size} bytes, and row '{row.name}' says a block of {row.block}"
        elif known.get(name) != size:
            before = f", was {known[name]}" if name in known else ""
            yield f"{name}: {size} bytes{before}"
    yield from (f"{name}: no longer there" for name in known if name not in sizes)


def write_roms(changes: RomChanges, folder: Path) -> None:
    """Write both tables with this build's packages in them."""
    read = [
        one
        for one in read_packages((folder,))
        if (one.line, one.release) != (changes.line, changes.release)
    ]
    read.append(
        ReadRoms(
            line=changes.line,
            release=changes.release,
            version=changes.version,
            sizes=changes.sizes,
        )
    )
    read.sort(key=lambda one: (one.line, one.version, one.release))
    named = {**read_order((folder,)), (changes.line, changes.release): changes.packages}
    write_table(
        folder / PACKAGES,
        COMMAND,
        PACKAGE_COLUMNS,
        [
            (one.line, one.release, ".".join(map(str, one.version)), named[one.line, one.release])
            for one in read
        ],
    )
    write_table(folder / ROMS, COMMAND, ROM_COLUMNS, sorted(_rows(read)))


def _rows(read: Sequence[ReadRoms]) -> Iterator[tuple[str, ...]]:
    """Yield line, file, size and the intervals of releases with that size."""
    for line in dict.fromkeys(one.line for one in read):
        own = [one for one in read if one.line == line]
        for name in sorted({name for one in own for name in one.sizes}):
            for size in sorted({one.sizes[name] for one in own if name in one.sizes}):
                has = [one.sizes.get(name) == size for one in own]
                yield line, name, str(size), _intervals([one.release for one in own], has)


def _intervals(releases: Sequence[str], has: Sequence[bool]) -> str:
    """Write the releases that have something as `a..b;c`."""
    runs: list[list[str]] = []
    for place, (release, held) in enumerate(zip(releases, has, strict=True)):
        if held and (place == 0 or not has[place - 1]):
            runs.append([release])
        elif held:
            runs[-1] = [runs[-1][0], release]
    return ";".join("..".join(run) for run in runs)
