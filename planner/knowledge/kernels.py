"""Kernel lines: which capabilities a `uname -r` text implies; knows no host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from planner.domain.capability import (
    Capability,
    CapabilityId,
    CapabilitySet,
    Evidence,
    FixedBy,
    Presence,
)
from planner.domain.errors import advised, closest, quoted
from planner.knowledge.rows import release_key

TRUSTS = ("table", "vanilla", "lower-bound", "none")
WEAK = frozenset({Evidence.INFERRED, Evidence.MEMORY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A capability gained or lost at a release of a line, `never` had, or `unknown` from there on.

    Between `last_seen` (where the opposite was last seen) and `release` the data cannot tell. A row
    with a `series` holds in that series only. `older_unknown` says that nobody looked at releases
    before this one.
    """

    capability: CapabilityId
    effect: str
    evidence: Evidence
    source: str
    release: tuple[int, ...] = ()
    last_seen: tuple[int, ...] = ()
    series: tuple[int, ...] = ()
    older_unknown: bool = False
    arch: tuple[str, ...] = ()

    @property
    def after(self) -> Presence:
        """What holds from `release` on."""
        return _AFTER[self.effect]

    @property
    def before(self) -> Presence:
        """What held before this change, if it is the first of its line."""
        if self.older_unknown or self.effect == "unknown":
            return Presence.UNKNOWN
        return Presence.PRESENT if self.effect == "loss" else Presence.ABSENT

    def is_inside(self, series: tuple[int, ...]) -> bool:
        """Whether later releases of a series than its first have the change, or may have it."""
        ends = (self.release, self.last_seen)
        return any(one[: len(series)] == series and any(one[len(series) :]) for one in ends)

    def brackets(self, release: tuple[int, ...]) -> bool:
        """Whether `release` lies between the last look at the old state and this change.

        A release that begins with the numbers of `last_seen` belongs to it: `5.4` covers 5.4.17.
        """
        return bool(self.last_seen) and (
            release > self.last_seen and release[: len(self.last_seen)] != self.last_seen
        )


_AFTER = {
    "gain": Presence.PRESENT,
    "loss": Presence.ABSENT,
    "never": Presence.ABSENT,
    "unknown": Presence.UNKNOWN,
}
EFFECTS = tuple(_AFTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelLine:
    """A vendor's series of kernels, recognised by a pattern over `uname -r`.

    `trust`: `table` (its builds were read), `vanilla`, `lower-bound` (what the base has, it has;
    more is possible) or `none`. `series` matches texts that name no release, only a series of them.
    `version_only`: all that is known of the build is the version in its text. `rest`: the line takes
    texts that no other line takes.
    """

    name: str
    order: int
    title: str
    pattern: re.Pattern[str]
    examples: tuple[str, ...]
    trust: str
    evidence: Evidence
    source: str
    series: re.Pattern[str] | None = None
    inherits: str = ""
    base: str = ""
    known: tuple[tuple[int, ...], ...] = ()
    arch: tuple[str, ...] = ()
    version_only: bool = False
    rest: bool = False
    changes: Mapping[CapabilityId, tuple[Change, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRelease:
    """A `uname -r` text placed on its line; `base` is the release of the line it inherits from.

    `is_series`: the text names no release; two hosts with it may run different ones.
    """

    text: str
    line: str
    release: tuple[int, ...]
    base: tuple[int, ...]
    is_later: bool
    is_series: bool = False


def unplaced_kernel(text: str) -> KernelRelease:
    """Return a release that is on no line: nothing is known of it."""
    return KernelRelease(text=text, line="", release=(), base=(), is_later=False)


class KernelLines:
    """All lines in matching order, and the catalogue that says what hardware decides."""

    def __init__(
        self, lines: Iterable[KernelLine], catalogue: Mapping[CapabilityId, Capability]
    ) -> None:
        """Keep `lines` by ascending order."""
        self.lines = tuple(sorted(lines, key=lambda line: (line.rest, line.order, line.name)))
        self._by_name = {line.name: line for line in self.lines}
        self._catalogue = catalogue

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def cpu_features(self, arch: str) -> frozenset[CapabilityId]:
        """Return the CPU features that not every kernel gives to guests of an architecture."""
        return frozenset(
            name
            for line in self.lines
            for name in line.changes
            if name.startswith("cpu.") and name in self._catalogue
            if arch in self._catalogue[name].arch
        )

    def place(self, text: str) -> KernelRelease | None:
        """Return where a `uname -r` text belongs, None if no line matches it."""
        for line in self.lines:
            found = line.pattern.match(text)
            if found is None:
                continue
            groups = found.groupdict()
            release = release_key(groups.get("release") or "")
            base = release_key(groups.get("base") or line.base or groups.get("release") or "")
            return KernelRelease(
                text=text,
                line=line.name,
                release=release,
                base=base,
                is_later=self._outruns(line, release, base) is not None,
                is_series=line.series is not None and line.series.match(text) is not None,
            )
        return None

    def _outruns(
        self, line: KernelLine, release: tuple[int, ...], base: tuple[int, ...]
    ) -> KernelLine | None:
        """Return the line whose last known build a release is newer than: its own or its base's."""
        if line.known:
            last = line.known[-1]
            return line if release[: len(last)] > last else None
        parent = self._by_name.get(line.inherits)
        return None if parent is None else self._outruns(parent, base, base)

    def doubt(self, kernel: KernelRelease) -> str:
        """Return why everything about `kernel` is inferred, empty if its line or base was read."""
        if not kernel.line:
            return ""
        if kernel.is_series:
            return f"kernel {kernel.text} names a series: two such hosts may run different releases"
        line = self._by_name[kernel.line]
        outrun = self._outruns(line, kernel.release, kernel.base)
        if outrun is not None:
            last = ".".join(str(number) for number in outrun.known[-1])
            return f"kernels newer than {outrun.name} {last} are taken to have what that build has"
        if line.version_only:
            return f"kernel {kernel.text} is read by its version alone: it may have been patched"
        if line.evidence is Evidence.MEMORY:
            return f"the kernel line {line.name} was written down from memory, no source was read"
        return ""

    def misfit(self, text: str) -> tuple[str, str] | None:
        """Return what is wrong with a text that no line matches, and what is expected."""
        if self.place(text) is not None:
            return None
        remedy = advised("expected `uname -r`", self._nearest_example(text))
        return f"{quoted(text)} matches no kernel line", remedy

    def _nearest_example(self, text: str) -> str:
        """Return the example closest to an unknown release, with its line."""
        titles = {example: line.title for line in self.lines for example in line.examples}
        best = closest(text, titles)
        return f"the nearest known is '{best}' ({titles[best]})" if best else ""

    def capabilities(
        self, kernel: KernelRelease, *, arch: str, wanted: Iterable[CapabilityId]
    ) -> CapabilitySet:
        """Return what `kernel` implies about the `wanted` capabilities."""
        if not kernel.line:
            return CapabilitySet()
        sets: dict[Presence, set[CapabilityId]] = {presence: set() for presence in Presence}
        inferred = set[CapabilityId]()
        for capability in wanted:
            presence, evidence = self.presence(kernel, capability, arch=arch)
            sets[presence].add(capability)
            if evidence in WEAK:
                inferred.add(capability)
        return CapabilitySet(
            present=frozenset(sets[Presence.PRESENT]),
            absent=frozenset(sets[Presence.ABSENT]),
            possible=frozenset(sets[Presence.POSSIBLE]),
            inferred=frozenset(inferred - sets[Presence.UNKNOWN]),
        )

    def presence(
        self, kernel: KernelRelease, capability: CapabilityId, *, arch: str
    ) -> tuple[Presence, Evidence]:
        """Return whether a host with `kernel` offers `capability`, and how that is known."""
        line = self._by_name[kernel.line]
        presence, evidence = self._on_line(line, kernel, capability, arch)
        row = self._catalogue.get(capability)
        if presence is Presence.PRESENT and row is not None and row.fixed_by is not FixedBy.KERNEL:
            return Presence.POSSIBLE, evidence
        return presence, evidence

    def _on_line(
        self, line: KernelLine, kernel: KernelRelease, capability: CapabilityId, arch: str
    ) -> tuple[Presence, Evidence]:
        rows = [row for row in line.changes.get(capability, ()) if not row.arch or arch in row.arch]
        place = kernel.base if line.inherits else kernel.release
        in_series = [row for row in rows if row.series == place[: len(row.series)]]
        if not in_series or line.trust == "none":
            return self._inherited(line, kernel, capability, arch)
        if not kernel.release:
            return Presence.UNKNOWN, Evidence.INFERRED
        if not line.inherits and any(row.series and row.series == place for row in in_series):
            return Presence.UNKNOWN, Evidence.INFERRED
        if kernel.is_series and any(row.is_inside(place) for row in in_series):
            return Presence.UNKNOWN, Evidence.INFERRED
        presence, evidence = _status(in_series, kernel.release)
        return presence, Evidence.INFERRED if kernel.is_later else evidence

    def _inherited(
        self, line: KernelLine, kernel: KernelRelease, capability: CapabilityId, arch: str
    ) -> tuple[Presence, Evidence]:
        if not line.inherits:
            return Presence.UNKNOWN, Evidence.INFERRED
        parent = self._by_name[line.inherits]
        base = KernelRelease(
            text=kernel.text,
            line=parent.name,
            release=kernel.base,
            base=kernel.base,
            is_later=self._outruns(parent, kernel.base, kernel.base) is not None,
        )
        presence, evidence = self._on_line(parent, base, capability, arch)
        if line.trust == "lower-bound" and (
            presence is not Presence.PRESENT or _is_lost_later(parent, capability, kernel.base)
        ):
            return Presence.UNKNOWN, Evidence.INFERRED
        weak = line.evidence if line.evidence in WEAK else evidence
        return presence, Evidence.INFERRED if presence is Presence.ABSENT else weak


def _is_lost_later(line: KernelLine, capability: CapabilityId, base: tuple[int, ...]) -> bool:
    """Whether later releases lose a capability: a vendor may have taken that over."""
    rows = line.changes.get(capability, ())
    return any(row.effect == "loss" and row.release > base for row in rows)


def _status(rows: Sequence[Change], release: tuple[int, ...]) -> tuple[Presence, Evidence]:
    """Return what the last row that has happened at `release` says.

    A later row whose bracket holds `release` makes it unknown.
    """
    ordered = sorted(rows, key=lambda row: row.release)
    happened = [row for row in ordered if row.release <= release]
    pending = [row for row in ordered if row.release > release]
    if any(row.brackets(release) for row in pending):
        return Presence.UNKNOWN, Evidence.INFERRED
    if happened:
        return happened[-1].after, happened[-1].evidence
    return ordered[0].before, ordered[0].evidence
