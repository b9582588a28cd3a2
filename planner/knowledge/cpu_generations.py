"""Generations of servers' CPUs: what their hardware has, and what only later ones have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from planner.domain.capability import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuGeneration:
    """A family of named CPU models of one vendor; `order` is its place among the vendor's in time.

    `family` and `number` are what CPUID tells of the newest version. `match` fits the names that its
    hardware is sold under (None: not read): such a CPU has what all versions of the models have, and
    `also`. `brings` are features that no server of an earlier generation has.
    """

    model: str
    vendor: str
    order: int
    family: int
    number: int
    match: re.Pattern[str] | None
    evidence: Evidence
    source: str
    also: frozenset[str] = frozenset()
    brings: frozenset[str] = frozenset()


def brought_after(model: str, rows: Iterable[CpuGeneration]) -> frozenset[str]:
    """Return the features that came with later generations than that of a model, none for no row."""
    known = {row.model: row for row in rows}
    own = known.get(model)
    if own is None:
        return frozenset()
    later = (
        row.brings for row in known.values() if row.vendor == own.vendor and row.order > own.order
    )
    return frozenset[str]().union(*later)
