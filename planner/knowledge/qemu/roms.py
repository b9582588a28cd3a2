"""Sizes of option ROMs, which are blocks of guest memory: of packages that were read, else of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property

from planner.domain.capability import Evidence
from planner.domain.host import QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.files.rows import Row

Version = tuple[int, ...]
Block = int | str
"""The size of a block in bytes, or the name of a group of builds that have one size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rom:
    """A ROM file and the devices that take it unless they are told otherwise."""

    file: str
    devices: tuple[str, ...]
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RomSize:
    """The block of the files of some builds; `block` is a size, or a group if only equality is known."""

    name: str
    lines: frozenset[str]
    files: str
    since: Version
    until: Version = ()
    block: Block
    evidence: Evidence
    source: str

    def holds_for(self, build: QemuBuild, file: str) -> bool:
        """Whether the row speaks of a build's file; a series counts if all of it is inside."""
        version = build.version
        return (
            build.line in self.lines
            and version >= self.since[: len(version)]
            and (not self.until or version < self.until[: len(version)])
            and fnmatchcase(file, self.files)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRoms:
    """The ROM files that stood beside a QEMU package that was read, by their size in bytes."""

    line: str
    release: str
    version: Version
    sizes: Mapping[str, int]


class Roms:
    """Look-ups of ROM sizes; packages are read when a size is first asked for."""

    def __init__(
        self,
        roms: Iterable[Rom],
        sizes: Iterable[RomSize],
        read: Callable[[], tuple[ReadRoms, ...]],
    ) -> None:
        """Keep rows; `read` returns the harvested packages."""
        self.roms = tuple(roms)
        self.sizes = tuple(sizes)
        self._read = read
        self.block = cache(self._block)

    @cached_property
    def packages(self) -> tuple[ReadRoms, ...]:
        """The packages that were read, oldest version first."""
        return tuple(sorted(self._read(), key=lambda one: one.version))

    def _block(self, build: QemuBuild, file: str) -> Block | None:
        """Return the block of a file beside a build, None if nobody knows it.

        A build between two that were read has what both have.
        """
        own = [one for one in self.packages if one.line == build.line and file in one.sizes]
        exact = {power_of_two(one.sizes[file]) for one in own if one.version == build.version}
        below = [one for one in own if one.version < build.version]
        above = [one for one in own if one.version > build.version]
        around = {power_of_two(one.sizes[file]) for one in (*below[-1:], *above[:1])}
        if len(exact) == 1:
            return exact.pop()
        if not exact and below and above and len(around) == 1:
            return around.pop()
        rows = (row.block for row in self.sizes if row.holds_for(build, file))
        return next(rows, None) if not exact else None

    def alike(self, one: QemuBuild, other: QemuBuild, file: str) -> Truth:
        """Return whether a file makes blocks of one size beside two builds.

        A group says that its own builds agree, and nothing of others.
        """
        here, there = self.block(one, file), self.block(other, file)
        if here is None or there is None:
            return Truth.UNKNOWN
        if here == there:
            return Truth.YES
        return Truth.NO if isinstance(here, int) and isinstance(there, int) else Truth.UNKNOWN

    def source_of(self, build: QemuBuild, file: str) -> str:
        """Return where the size of a build's file is from, empty if nobody knows it."""
        return next((row.source for row in self.sizes if row.holds_for(build, file)), "")


def power_of_two(size: int) -> int:
    """Return the block that QEMU makes for a ROM file of `size` bytes."""
    return 1 << (size - 1).bit_length()


def is_kin(one: QemuBuild, other: QemuBuild) -> bool:
    """Whether two builds are of one vendor's line and one major version: taken to have equal ROMs."""
    return one.line == other.line and one.version[:1] == other.version[:1]


def read_rom_size(row: Row) -> RomSize:
    """Read the size of some builds' ROM files: a `block` in bytes, or a `group`."""
    block: Block = row.number("block", 0) or row.text("group", "")
    if not block or (isinstance(block, int) and power_of_two(block) != block):
        raise row.fail("neither 'group' nor a 'block' that is a power of two")
    return row.make(RomSize, block=block)
