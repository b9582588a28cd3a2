"""Which hosts of a pool can send which guests where: outcomes per ordered pair, with their reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from planner.domain.guest import Baseline
from planner.domain.host import HostGroup
from planner.domain.verdict import Objection, Outcome


class TrialKind(Enum):
    """What is tried: the answer, its types without their flags, or the types that were refused."""

    ANSWER = "answer"
    WITHOUT_FLAGS = "without-flags"
    NEWER = "next-newer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileClass:
    """Hosts of one or more profiles whose edges have equal outcomes and reasons in every trial.

    They may belong to a pool that `domain` only reaches; `hosts` is their number.
    """

    groups: tuple[HostGroup, ...]
    hosts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFinding:
    """An ordered pair of classes for guests booted on any host of the pool.

    `outcome` is that of the worst boot host, `objections` are those of all of them. `elsewhere`: the
    edge is safe for a guest that booted on its source, and not for one that booted elsewhere.
    """

    outcome: Outcome
    objections: tuple[Objection, ...] = ()
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeTrial:
    """Baselines that give equal findings; `cells[source][destination]`, None where no edge is."""

    kind: TrialKind
    baselines: tuple[Baseline, ...]
    cells: tuple[tuple[EdgeFinding | None, ...], ...]

    def count(self, outcome: Outcome) -> int:
        """Return the number of ordered pairs of classes with this outcome."""
        return sum(
            cell is not None and cell.outcome is outcome for row in self.cells for cell in row
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeMap:
    """The classes of one migration domain and what was tried between them."""

    domain: str
    classes: tuple[ProfileClass, ...]
    trials: tuple[EdgeTrial, ...]
