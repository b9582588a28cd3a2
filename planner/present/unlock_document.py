"""The JSON document of `planner unlock`, `planner.unlock/1`: byte-stable."""

from __future__ import annotations

from planner.domain.unlock import BudgetBound, ClassUpgrade, Unlocks, UnlockTarget

UNLOCK_SCHEMA = "planner.unlock/1"
Json = dict[str, object]


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
        "domain": target.want.domain,
        "board": target.want.board,
        "line": target.want.line,
        "want": target.want.text,
        "status": target.status.value,
        "value": target.value,
        "cost": target.cost,
        "upgrades": [_upgrade(upgrade) for upgrade in target.upgrades],
        "after": list(target.after),
        "verified": target.verified,
        "bounds": {
            "cost": target.bound.cost,
            "method": target.bound.method,
            "gap": target.bound.gap,
        },
        "reason": target.reason,
    }


def _upgrade(upgrade: ClassUpgrade) -> Json:
    return {
        "pool": upgrade.pool,
        "from_kernel": upgrade.from_kernel,
        "from_qemu": upgrade.from_qemu,
        "kernel": upgrade.kernel,
        "qemu": upgrade.qemu,
        "hosts": upgrade.hosts,
        "examples": list(upgrade.examples),
    }


def _budget(bound: BudgetBound) -> Json:
    return {
        "budget": bound.budget,
        "cost": bound.spent,
        "value": bound.value,
        "method": bound.method,
        "gap": bound.gap,
    }
