"""The hosts of a fleet as rows of a page: where each stands, and in which wave it is upgraded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planner.domain.edge_map import EdgeMap
from planner.domain.host import Fleet, HostGroup
from planner.domain.plans.plan import Plan
from planner.present.page.edges import letters


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRow:
    """One host; `waves` are the numbers of the waves that upgrade it."""

    host: str
    pool: str
    letter: str
    qemu: str
    kernel: str
    waves: str


def host_rows(fleet: Fleet, maps: Sequence[EdgeMap], plan: Plan | None) -> tuple[HostRow, ...]:
    """Return one row per host, by pool and name."""
    letter_of = dict(_letters(maps))
    waves: dict[str, list[int]] = {}
    for wave in () if plan is None else plan.waves:
        for host in wave.hosts:
            waves.setdefault(host, []).append(wave.number)
    rows = [
        HostRow(
            host=name,
            pool=group.pool,
            letter=letter_of.get((group.pool, group), ""),
            qemu=group.qemu,
            kernel=group.kernel,
            waves=", ".join(map(str, waves.get(name, ()))),
        )
        for group in fleet.groups
        for name in group.hosts
    ]
    return tuple(sorted(rows, key=lambda row: (row.pool, row.host)))


def _letters(maps: Sequence[EdgeMap]) -> Iterator[tuple[tuple[str, HostGroup], str]]:
    for found in maps:
        for letter, one in zip(letters(), found.classes, strict=False):
            for group in one.groups:
                yield (found.domain, group), letter
