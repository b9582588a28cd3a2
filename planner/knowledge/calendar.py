"""Days of QEMU releases: known ones from their tags, later ones by the project's rhythm."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

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
