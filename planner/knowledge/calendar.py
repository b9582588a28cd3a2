"""Days of releases: of QEMU by the project's rhythm, of vendors with the end of their support."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache

from planner.domain.capability import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCalendar:
    """The rhythm of a line: minor release n of a major comes in month `months[n]` of its year."""

    line: str
    year_of_major_0: int
    months: tuple[int, ...]
    evidence: Evidence
    source: str

    def forecast(self, release: tuple[int, ...]) -> datetime.date | None:
        """Return the first day of the month in which `release` is due, None past the rhythm."""
        major, minor = (*release, 0)[:2]
        if minor >= len(self.months):
            return None
        return datetime.date(self.year_of_major_0 + major, self.months[minor], 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorRelease:
    """A release of a vendor: what hosts of some lines of builds can become, with one of its packages.

    `ask` is the command that prints the version of its QEMU package.
    `kernel` is the series of its kernel, empty if it has none; `uname` is the text of one of them. It is
    mended from `since` until `until` (None: nobody has named an end). `as_of` is the day that the rows
    speak for, so that an answer never depends on the day on which it is asked for.
    """

    name: str
    hosts: tuple[str, ...]
    qemu: str
    kernel: str = ""
    uname: str = ""
    ask: str = ""
    since: datetime.date
    until: datetime.date | None
    as_of: datetime.date
    evidence: Evidence
    source: str

    @property
    def is_supported(self) -> bool:
        """Whether the vendor mends it on the day of the rows."""
        return self.since <= self.as_of and (self.until is None or self.as_of < self.until)


@cache
def supported_releases(
    releases: tuple[VendorRelease, ...], lines: frozenset[str]
) -> tuple[VendorRelease, ...] | None:
    """Return what hosts of these lines of builds can become and their vendors mend.

    None if there is a line whose vendor's releases nobody has written down.
    """
    if not all(any(line in one.hosts for one in releases) for line in lines):
        return None
    return tuple(one for one in releases if one.is_supported and not lines.isdisjoint(one.hosts))
