"""What the documents of `planner simulate`, `status`, `unlock` and `whatif` hold, as types.

They check the writers beside this module and make `simulation-1.json`, `status-1.json`, `unlock-1.json`
and `whatif-1.json` of docs/schema. Type checkers and the generator import this module, no command does.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from planner.domain.compat import CompatFlag
from planner.domain.plans.scenario import (
    BrokenEdge,
    Direction,
    FrontierPoint,
    PlanOutline,
)
from planner.domain.plans.simulation import (
    HostDrift,
    HostFailure,
    NoWayBack,
    Phase,
    Spot,
    WaveProgress,
)
from planner.domain.plans.unlock import LeastCost, UnlockStatus
from planner.domain.solution import Status
from planner.present.document_types import Count, KnowledgeDigest
from planner.present.plain import Plain

ReplayWord = Literal["proven", "violation", "undecided"]


class ViolationDocument(TypedDict):
    """What a plan must not let happen, or what nobody can rule out."""

    wave: Count
    phase: Plain[Phase]
    domain: str
    guests: str
    count: Count | None
    source: Plain[Spot | None]
    destination: Plain[Spot | None]
    rule: str
    unit: str
    consequence: str
    text: str


class ReplayDocument(TypedDict):
    """What is left of the plan, replayed."""

    outcome: ReplayWord
    waves: Count
    phases: Count
    pools: Count
    judgements: Count
    violation: ViolationDocument | None
    gap: ViolationDocument | None
    failures: Plain[tuple[HostFailure, ...]]
    abort_after: Count | None
    no_way_back: Plain[tuple[NoWayBack, ...]]
    pools_without_room: Count
    conditions: list[str]


class SimulationDocument(ReplayDocument):
    """A plan replayed."""

    schema: Literal["planner.simulation/1"]


class FlipCueDocument(TypedDict):
    """A flip whose hosts are all upgraded."""

    domain: str
    board: str
    after_wave: Count
    due: bool
    not_before: str | None
    takes_effect: str
    arguments: str
    unlocks: str


class StatusDocument(TypedDict):
    """A plan against the fleet as it is."""

    schema: Literal["planner.status/1"]
    waves: Plain[tuple[WaveProgress, ...]]
    drift: Plain[tuple[HostDrift, ...]]
    flips: list[FlipCueDocument]
    rest: ReplayDocument


class UpgradeDocument(TypedDict):
    """Hosts of one pool, kernel and QEMU, and what they get."""

    pool: str
    from_kernel: str
    from_qemu: str
    kernel: str
    qemu: str
    hosts: Count
    examples: list[str]


class TargetDocument(TypedDict):
    """One want of one pool and the cheapest upgrades that open it."""

    domain: str
    board: str
    line: str
    want: str
    status: Plain[UnlockStatus]
    value: float
    cost: Count | None
    upgrades: list[UpgradeDocument]
    after: list[str]
    verified: bool
    bounds: Plain[LeastCost]
    reason: str


class BudgetDocument(TypedDict):
    """What the budget buys, and what it cannot."""

    budget: Count
    cost: Count
    value: float
    method: str
    gap: float


class UnlockDocument(TypedDict):
    """Upgrades that open newer machine types or drop flags, at the least cost."""

    schema: Literal["planner.unlock/1"]
    knowledge: KnowledgeDigest
    targets: list[TargetDocument]
    chosen: list[TargetDocument]
    bounds: BudgetDocument | None


HostsBetween = TypedDict("HostsBetween", {"from": Count, "to": Count})
StatusBetween = TypedDict(
    "StatusBetween", {"from": Plain[Status | None], "to": Plain[Status | None]}
)


class LineAnswer(TypedDict):
    """The answer of a board and line."""

    machine_type: str
    flags: Plain[tuple[CompatFlag, ...]]
    conditions: list[str]
    needs_ack: list[str]
    accepted_losses: list[str]


LineChangeDocument = TypedDict(
    "LineChangeDocument",
    {
        "board": str,
        "line": str,
        "change": Plain[Direction],
        "from": LineAnswer | None,
        "to": LineAnswer | None,
    },
)


class DomainChangeDocument(TypedDict):
    """A pool whose answer differs."""

    domain: str
    hosts: HostsBetween
    status: StatusBetween
    lines: list[LineChangeDocument]


class ScenarioDocument(TypedDict):
    """One scenario."""

    name: str
    hosts: Count
    status: Plain[Status]
    changes: list[DomainChangeDocument]
    alike: Count
    broken: Plain[tuple[BrokenEdge, ...]]
    guests: Count | None
    plan: Plain[PlanOutline | None]


class FleetSize(TypedDict):
    """The fleet as it is."""

    hosts: Count


class WhatIfDocument(TypedDict):
    """What scenarios make of the answer."""

    schema: Literal["planner.whatif/1"]
    knowledge: KnowledgeDigest
    fleet: FleetSize
    scenarios: list[ScenarioDocument]
    frontier: Plain[tuple[FrontierPoint, ...]]
