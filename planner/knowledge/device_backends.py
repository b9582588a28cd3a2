"""Where the data of a device goes: network and TPM back ends, and which release of QEMU brought each."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.capability import Evidence
from planner.domain.host import QemuBuild
from planner.domain.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A word after `+` of a device; it also means all that it `implies`.

    `since`: the release that brought it (empty: every build has it); `surely`: the first one from which
    the word means nothing else. `optional`: a build may be made without it.
    """

    name: str
    evidence: Evidence
    source: str
    implies: tuple[str, ...] = ()
    since: tuple[int, ...] = ()
    surely: tuple[int, ...] = ()
    optional: bool = False

    @property
    def meanings(self) -> frozenset[str]:
        """The word itself and all that it implies."""
        return frozenset({self.name, *self.implies})

    def is_of(self, build: QemuBuild) -> Truth:
        """Return whether a build has it. Releases bring back ends, stable updates do not."""
        series = build.version[:2]
        if self.since and series < self.since[:2]:
            return Truth.NO if len(series) == len(self.since[:2]) else Truth.UNKNOWN
        if self.optional or (self.surely and series < self.surely[:2]):
            return Truth.UNKNOWN
        return Truth.YES
