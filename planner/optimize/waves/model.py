"""Hosts to spread over waves, in whole numbers: what a search may see, and nothing of kernels."""

from __future__ import annotations

from dataclasses import dataclass

Amounts = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """In no wave may the amounts of its hosts add up to more than `most`.

    `constraint` and `subject` say what it stands for. `counts` is true where every amount is 1.
    """

    constraint: str
    subject: str
    most: int
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A host: the limits (by place) that it uses and how much, and the waves that are barred.

    In a one-way pool `load` is what its guests need on upgraded hosts and `room` what it offers once
    it is upgraded, one number per dimension and in one unit.
    """

    name: str
    pool: int
    uses: tuple[tuple[int, int], ...]
    barred: frozenset[int] = frozenset()
    load: Amounts = ()
    room: Amounts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveModel:
    """Items and limits; per pool its name, weight and room ready on upgraded hosts.

    `ready` is None for a pool whose guests may go anywhere. In a one-way pool the loads of its second
    and every later wave must fit, summed up, into `ready` and the room of the waves before.
    """

    items: tuple[Item, ...]
    limits: tuple[Limit, ...]
    pools: tuple[str, ...]
    weights: tuple[float, ...]
    ready: tuple[Amounts | None, ...]

    @property
    def last_barred(self) -> int:
        """The last wave that is barred for any host (0: none)."""
        return max((max(item.barred) for item in self.items if item.barred), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOutcome:
    """A wave (from 1) per item, or None; `proven` says that None means there is none."""

    waves: tuple[int, ...] | None
    proven: bool
