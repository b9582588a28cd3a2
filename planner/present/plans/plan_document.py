"""The JSON documents of a plan and of what opens more: byte-stable.

In: a `Plan` or `Unlocks`. Out: `planner.plan/2`, complete enough to be simulated, or `planner.unlock/1`.
"""

from __future__ import annotations

from planner.domain.plans.plan import PARTS, Plan
from planner.domain.plans.unlock import BudgetBound, ClassUpgrade, Unlocks, UnlockTarget
from planner.present.plain import plain

PLAN_SCHEMA = "planner.plan/2"
UNLOCK_SCHEMA = "planner.unlock/1"
Json = dict[str, object]


def plan_document(plan: Plan) -> Json:
    """Return the document of `planner plan`."""
    return {
        "schema": PLAN_SCHEMA,
        "knowledge": {"digest": plan.knowledge_digest},
        "fleet": {"digest": plan.fleet_digest},
        "guest_profile": plan.guest_profile,
        **{part: plain(getattr(plan, part)) for part in PARTS},
    }


def unlock_document(unlocks: Unlocks) -> Json:
    """Return the document of `planner unlock`."""
    return {
        "schema": UNLOCK_SCHEMA,
        "knowledge": {"digest": unlocks.knowledge_digest},
        "targets": [_target(target) for target in unlocks.targets],
        "chosen": [_target(target) for target in unlocks.chosen],
        "bounds": None if unlocks.bound is None else _budget(unlocks.bound),
    }


def _target(target: UnlockTarget) -> Json:
    return {
        "domain": target.goal.domain,
        "board": target.goal.board,
        "line": target.goal.line,
        "want": target.goal.text,
        "status": target.status.value,
        "value": target.value,
        "cost": target.cost,
        "upgrades": [_upgrade(upgrade) for upgrade in target.upgrades],
        "after": list(target.after),
        "verified": target.verified,
        "bounds": plain(target.bound),
        "reason": target.reason,
    }


def _upgrade(upgrade: ClassUpgrade) -> Json:
    names = ("pool", "from_kernel", "from_qemu", "kernel", "qemu", "hosts")
    return {**{name: getattr(upgrade, name) for name in names}, "examples": list(upgrade.examples)}


def _budget(bound: BudgetBound) -> Json:
    return {
        "budget": bound.budget,
        "cost": bound.spent,
        "value": bound.value,
        "method": bound.method,
        "gap": bound.gap,
    }
