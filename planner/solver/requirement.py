"""What must be mended before a type opens, and a set of hosts that mends it."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.host import HostProfile

Way = frozenset[HostProfile]


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something to be mended, and the sets of profiles any of which mends it if all are touched."""

    subject: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Unlock:
    """The profiles to touch, their hosts, a proven lower bound and how it was found."""

    profiles: Way
    hosts: int
    bound: int
    method: str

    @property
    def gap(self) -> int:
        """Hosts by which the answer may exceed the optimum."""
        return self.hosts - self.bound
