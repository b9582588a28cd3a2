"""A machine type tried on a pool, for explanations."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.solution import ChosenBaseline, WhyNotNewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A machine type on a pool: usable with what it needs, or refused with reasons.

    `members` are the pool's host classes as (label, number of hosts, example names).
    """

    domain: str
    members: tuple[tuple[str, int, tuple[str, ...]], ...]
    machine_type: str
    chosen: ChosenBaseline | None
    refused: WhyNotNewer | None
