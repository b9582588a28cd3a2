"""Machine types tried on a pool, for explanations."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.refusal import WhyNotNewer
from planner.domain.solution import ChosenBaseline, ConditionReason, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A machine type: usable with what it needs, or refused with reasons."""

    machine_type: str
    chosen: ChosenBaseline | None
    refused: WhyNotNewer | None
    asked_by: tuple[ConditionReason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTrial:
    """What was tried on one pool, and what that says of the pool or of the type that was asked for.

    `members` are the pool's host classes as (label, number of hosts, example names).
    """

    domain: str
    members: tuple[tuple[str, int, tuple[str, ...]], ...]
    status: Status
    trials: tuple[Trial, ...]
