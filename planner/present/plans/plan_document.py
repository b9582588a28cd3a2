"""The JSON documents of a plan and of what opens more: byte-stable.

In: a `Plan` or `Unlocks`. Out: `planner.plan/2`, complete enough to be simulated, or `planner.unlock/1`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.domain.plans.plan import PARTS, Plan
from planner.domain.plans.unlock import BudgetBound, ClassUpgrade, Unlocks, UnlockTarget
from planner.present.plain import plain

if TYPE_CHECKING:
    from planner.present.plans import plan_document_types as types

PLAN_SCHEMA = "planner.plan/2"
UNLOCK_SCHEMA: Final = "planner.unlock/1"


def plan_document(plan: Plan) -> dict[str, object]:
    """Return the document of `planner plan`."""
    return {
        "schema": PLAN_SCHEMA,
        "knowledge": {"digest": plan.knowledge_digest},
        "fleet": {"digest": plan.fleet_digest},
        "guest_profile": plan.guest_profile,
        **{part: plain(getattr(plan, part)) for part in PARTS},
    }


def unlock_document(unlocks: Unlocks) -> types.UnlockDocument:
    """Return the document of `planner unlock`."""
    return {
        "schema": UNLOCK_SCHEMA,
        "knowledge": {"digest": unlocks.knowledge_digest},
        "targets": [_target(target) for target in unlocks.targets],
        "chosen": [_target(target) for target in unlocks.chosen],
        "bounds": None if unlocks.bound is None else _budget(unlocks.bound),
    }


def _target(target: UnlockTarget) -> types.TargetDocument:
    return {
        "domain": target.goal.domain,
        "board": target.goal.board,
        "line": target.goal.line,
        "want": target.goal.text,
        "status": plain(target.status),
        "value": target.value,
        "cost": target.cost,
        "upgrades": [_upgrade(upgrade) for upgrade in target.upgrades],
        "after": list(target.after),
        "verified": target.verified,
        "bounds": plain(target.bound),
        "reason": target.reason,
    }


def _upgrade(upgrade: ClassUpgrade) -> types.UpgradeDocument:
    return {
        "pool": upgrade.pool,
        "from_kernel": upgrade.from_kernel,
        "from_qemu": upgrade.from_qemu,
        "kernel": upgrade.kernel,
        "qemu": upgrade.qemu,
        "hosts": upgrade.hosts,
        "examples": list(upgrade.examples),
    }


def _budget(bound: BudgetBound) -> types.BudgetDocument:
    return {
        "budget": bound.budget,
        "cost": bound.spent,
        "value": bound.value,
        "method": bound.method,
        "gap": bound.gap,
    }
