"""Which host upgrades open a newer machine type or drop a flag; values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from planner.domain.compat import PropertyKey
from planner.domain.machine_type import MachineType


class UnlockStatus(Enum):
    """What could be said of a want."""

    OPENED = "opened"
    CLOSED = "closed"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a pool's answer shall have in one board and line.

    With `machine_type`: this type or a newer one; with `dropped`: the answer without this flag; with
    neither: any safe type.
    """

    domain: str
    board: str
    line: str
    machine_type: MachineType | None = None
    dropped: PropertyKey | None = None

    @property
    def text(self) -> str:
        """Write it as `--want` takes it, behind the pool's name."""
        if self.machine_type is not None:
            return self.machine_type.name
        return str(self.dropped) if self.dropped is not None else f"any type of {self.board}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassUpgrade:
    """Hosts of one pool, one kernel and one QEMU that get another kernel or QEMU.

    `release` is the vendor's release that brings it, empty if hosts of the fleet run it today. `names`
    are all hosts.
    """

    pool: str
    from_kernel: str
    from_qemu: str
    kernel: str
    qemu: str
    hosts: int
    examples: tuple[str, ...]
    release: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastCost:
    """The fewest hosts that do for sure, how that is known, and by how much an answer may exceed it.

    Of a want that only missing facts shut, the fewest hosts that may do.
    """

    cost: int
    method: str
    gap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockTarget:
    """One want and the cheapest upgrades that open it.

    `value`: the pool's hosts times its weight. `cost` counts hosts, None if nothing opens the want;
    then `reason` says why. `after`: machine type and flags of the answer once all is upgraded.
    `verified`: that answer was solved and certified for the changed pool.
    """

    goal: Goal
    status: UnlockStatus
    value: float
    cost: int | None
    upgrades: tuple[ClassUpgrade, ...]
    after: tuple[str, ...]
    bound: LeastCost
    verified: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetBound:
    """No verified upgrades inside the budget are worth more than `value`; `gap` is missing to it."""

    budget: int
    spent: int
    value: float
    method: str
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocks:
    """All wants in order of pool, and what a budget is best spent on (`bound` None without one).

    `next_types` is, by pool, the type above the answer that is recommended, as `solve` names it.
    """

    targets: tuple[UnlockTarget, ...]
    knowledge_digest: str
    chosen: tuple[UnlockTarget, ...] = ()
    bound: BudgetBound | None = None
    next_types: Mapping[str, str] = field(default_factory=dict)
