"""What each upstream release's devices send over a migration: sections and versions, read from source.

A build has what the release has that it is built from. One of a release that was not read has what
the read ones of its series have, else what both neighbours have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path

from planner.domain.capability import Evidence
from planner.domain.host import QemuBuild
from planner.knowledge.files.harvested import HarvestedTable, Intervals, read_table
from planner.knowledge.files.rows import release_key

FOLDER = Path("harvested") / "qemu"
SECTIONS, RELEASES = "vmstate.csv", "vmstate_releases.csv"
COLUMNS = (
    "device",
    "section",
    "version",
    "minimum",
    "sent",
    "layout",
    "subsections",
    "releases",
)
OPEN = "?"
"""A cell that the source does not tell."""


class Sent(Enum):
    """When a section is sent; UNTOLD: the class takes its description from somewhere else."""

    ALWAYS = "always"
    NEEDED = "needed"
    SOMETIMES = "sometimes"
    NEVER = "unmigratable"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a device type of a release sends; `layouts` are digests, each from a version on."""

    device: str
    name: str
    version: int | None
    minimum: int | None
    sent: Sent
    layouts: tuple[tuple[int, str], ...]

    def layout_of(self, version: int) -> str:
        """Return the digest of what is read for a version, empty if nobody knows."""
        found = [digest for since, digest in self.layouts if since <= version]
        return found[-1] if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledLayout:
    """A section whose fields are written otherwise in some releases, and pass all the same."""

    section: str
    reason: str
    evidence: Evidence
    source: str


class Sections:
    """Look-ups over every read release; the files are read when a device is first asked about."""

    def __init__(self, roots: Sequence[Path], settled: Iterable[SettledLayout] = ()) -> None:
        """Keep the folders, in order of increasing strength, and the sections that are settled."""
        self._roots = tuple(roots)
        self.settled = frozenset(row.section for row in settled)
        self._told: dict[tuple[object, ...], tuple[tuple[Section, ...], ...]] = {}

    @cached_property
    def releases(self) -> tuple[str, ...]:
        """Every read release, from the oldest on."""
        table = self._file(RELEASES)
        return tuple(cells[0] for cells, _ in table.rows) if table else ()

    @cached_property
    def _versions(self) -> tuple[tuple[int, ...], ...]:
        return tuple(release_key(name) for name in self.releases)

    @cached_property
    def _rows(self) -> Mapping[str, tuple[tuple[Section, int], ...]]:
        table, intervals = self._file(SECTIONS), Intervals(self.releases)
        found: dict[str, list[tuple[Section, int]]] = {}
        for cells, text in table.rows if table else ():
            found.setdefault(cells[0], []).append((_section(cells), intervals.bits(text)))
        return {device: tuple(rows) for device, rows in found.items()}

    def _file(self, name: str) -> HarvestedTable | None:
        paths = [root / FOLDER / name for root in self._roots]
        return next((read_table(path) for path in reversed(paths) if path.is_file()), None)

    @property
    def devices(self) -> frozenset[str]:
        """The device types that some release has a section of."""
        return frozenset(self._rows)

    def of(self, release: str, device: str) -> tuple[Section, ...]:
        """Return what a device type of a read release sends."""
        return self._at(self.releases.index(release), device)

    def _at(self, place: int, device: str) -> tuple[Section, ...]:
        return tuple(row for row, bits in self._rows.get(device, ()) if bits >> place & 1)

    def places(self, build: QemuBuild) -> tuple[int, ...]:
        """Return the read releases that answer for a build; none past the last one."""
        version, listed = build.version, list(enumerate(self._versions))
        exact = [place for place, read in listed if read == version]
        series = [place for place, read in listed if read[:2] == version[:2]]
        if exact or series:
            return tuple(exact or series)
        below = [place for place, read in listed if read < version]
        above = [place for place, read in listed if read > version]
        return (below[-1], above[0]) if below and above else ()

    def sent_by(self, build: QemuBuild, kinds: Sequence[str]) -> tuple[tuple[Section, ...], ...]:
        """Return what each release that answers for a build sends of a device.

        `kinds` are its types from its own upwards: the first that is described speaks.
        """
        key = (build.version, tuple(kinds))
        if key not in self._told:
            found = []
            for place in self.places(build):
                rows = (self._at(place, kind) for kind in kinds)
                found.append(next((some for some in rows if some), ()))
            self._told[key] = tuple(dict.fromkeys(found))
        return self._told[key]


def _section(cells: Sequence[str]) -> Section:
    device, name, version, minimum, sent, layout = cells[:6]
    parts = (part.split(":") for part in layout.split(";") if ":" in part)
    return Section(
        device=device,
        name=name,
        version=None if version == OPEN else int(version),
        minimum=None if minimum == OPEN else int(minimum),
        sent=Sent(sent),
        layouts=tuple((int(since), digest) for since, digest in parts),
    )
