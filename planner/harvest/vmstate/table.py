"""The table of what each release's devices send: read, extended by releases, written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from planner.harvest.vmstate.code import Code
from planner.harvest.vmstate.devices import DeviceSection, read_devices
from planner.harvest.vmstate.source import read_source
from planner.harvest.vmstate.wire import Wire
from planner.knowledge.files.harvested import Fact, Intervals, read_table, write_table
from planner.knowledge.files.rows import release_key
from planner.knowledge.qemu.sections import COLUMNS, FOLDER, OPEN, RELEASES, SECTIONS

COMMAND = "planner harvest vmstate TREE --write"


@dataclass(frozen=True, slots=True)
class SectionNews:
    """What a reading changes: facts that a release gains (`+`) and loses (`-`), and how many it has."""

    release: str
    facts: int
    gained: tuple[Fact, ...]
    lost: tuple[Fact, ...]


class SectionTable:
    """Facts of every read release; `sources` says where each was read from."""

    def __init__(self, data: Path) -> None:
        """Read what is below a folder of rows; nothing there is an empty table."""
        self._folder = data / FOLDER
        self.sources: dict[str, str] = {}
        self.facts: dict[str, frozenset[Fact]] = {}
        if not (self._folder / RELEASES).is_file():
            return
        self.sources = {
            cells[0]: source for cells, source in read_table(self._folder / RELEASES).rows
        }
        intervals = Intervals(self.order)
        rows = [
            (fact, intervals.bits(text)) for fact, text in read_table(self._folder / SECTIONS).rows
        ]
        self.facts = {
            name: frozenset(fact for fact, bits in rows if bits >> place & 1)
            for name, place in intervals.place.items()
        }

    @property
    def order(self) -> tuple[str, ...]:
        """The releases from the oldest on."""
        return tuple(sorted(self.sources, key=release_key))

    def extend(self, release: str, source: str, facts: frozenset[Fact]) -> SectionNews:
        """Put a release in; returns what is new against what stood there, or against the one before."""
        older = [name for name in self.order if release_key(name) <= release_key(release)]
        before = self.facts[older[-1]] if older else frozenset()
        self.sources[release] = source
        self.facts[release] = facts
        gained, lost = sorted(facts - before), sorted(before - facts)
        return SectionNews(release, len(facts), tuple(gained), tuple(lost))

    def write(self) -> None:
        """Write both files; equal facts give equal bytes."""
        intervals = Intervals(self.order)
        bits: dict[Fact, int] = {}
        for name, facts in self.facts.items():
            for fact in facts:
                bits[fact] = bits.get(fact, 0) | 1 << intervals.place[name]
        rows = ((*fact, intervals.text(some)) for fact, some in sorted(bits.items()))
        write_table(self._folder / SECTIONS, COMMAND, COLUMNS, rows)
        listed = ((name, self.sources[name]) for name in self.order)
        write_table(self._folder / RELEASES, COMMAND, ("release", "source"), listed)


def read_sections(place: str) -> tuple[str, frozenset[Fact]]:
    """Return the version of a source tree and what its devices send; raises `HarvestError`."""
    tree = read_source(place)
    code = Code(tree.texts)
    wire = Wire(code)
    return tree.version, frozenset(_fact(row, wire) for row in read_devices(code, wire))


def _fact(sent: DeviceSection, wire: Wire) -> Fact:
    row = sent.description
    if row is None:
        return (sent.device, OPEN, OPEN, OPEN, sent.how.value, OPEN, "")
    version, minimum = wire.version(row), wire.minimum(row)
    return (
        sent.device,
        wire.section(row) or OPEN,
        OPEN if version is None else str(version),
        OPEN if minimum is None else str(minimum),
        sent.how.value,
        wire.layouts(row, sent.inner),
        " ".join(wire.subsections(row)),
    )
