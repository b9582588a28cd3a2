"""A line of kernels as its rows tell it, and a `uname -r` text placed on it; knows no host."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planner.domain.capability import CapabilityId, Evidence, Presence
from planner.knowledge.files.rows import release_key
from planner.knowledge.kernel.kernel_looks import Branch, Key

TRUSTS = ("table", "vanilla", "lower-bound", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityChange:
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
class RegistersAlike:
    """That all releases of a branch list the same registers of a vCPU, by architecture.

    Registers that one gained all the same have units of their own.
    """

    arch: tuple[str, ...]
    evidence: Evidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelLine:
    """A vendor's series of kernels, recognised by a pattern over `uname -r`.

    `trust`: `table` (its builds were read), `vanilla`, `lower-bound` (what the base has, it has;
    more is possible) or `none`. `series` matches texts that name no release, only a series of them.
    `version_only`: all that is known of the build is the version in its text. `rest`: the line takes
    texts that no other line takes. `registers`: where lists are alike. `adds`: the beginnings of
    capabilities that a line with few changes takes from later releases of its base all the same. `ends`:
    the last series of each major version that has ended.
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
    ends: tuple[tuple[int, ...], ...] = ()
    arch: tuple[str, ...] = ()
    version_only: bool = False
    rest: bool = False
    registers: RegistersAlike | None = None
    adds: tuple[str, ...] = ()
    branch: Branch
    changes: Mapping[CapabilityId, tuple[CapabilityChange, ...]]

    def key_of(self, text: str) -> Key:
        """Return the numbers of a text of this line that order its releases."""
        found = self.pattern.match(text)
        return release_key(text) if found is None else key_in(found)

    def may_add(self, capability: CapabilityId) -> bool:
        """Whether the vendor may have taken a capability from a later release of the base."""
        return self.trust == "lower-bound" or capability.startswith(self.adds)


def key_in(found: re.Match[str]) -> Key:
    """Return the numbers between the first and the last group that a pattern found."""
    groups = [name for name in ("base", "release") if found.groupdict().get(name)]
    if not groups:
        return ()
    end = max(found.end(name) for name in groups)
    candidate = CANDIDATE.match(found.string, end)
    return release_key(
        found.string[min(map(found.start, groups)) : candidate.end() if candidate else end]
    )


CANDIDATE = re.compile(r"-rc\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRelease:
    """A `uname -r` text placed on its line; `base` is the release of the line it inherits from.

    `is_series`: the text names no release; two hosts with it may run different ones. `key` orders
    it among releases of its line.
    """

    text: str
    line: str
    release: tuple[int, ...]
    base: tuple[int, ...]
    is_later: bool
    is_series: bool = False
    key: Key = ()


def unplaced_kernel(text: str) -> KernelRelease:
    """Return a release that is on no line: nothing is known of it."""
    return KernelRelease(text=text, line="", release=(), base=(), is_later=False)


def status_at(
    rows: Sequence[CapabilityChange], release: tuple[int, ...]
) -> tuple[Presence, Evidence]:
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
