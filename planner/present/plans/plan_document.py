"""The JSON document of a plan, `planner.plan/2`: byte-stable, complete enough to be simulated."""

from __future__ import annotations

from planner.domain.plans.plan import PARTS, Plan
from planner.present.plain import plain

PLAN_SCHEMA = "planner.plan/2"


def plan_document(plan: Plan) -> dict[str, object]:
    """Return the document of `planner plan`."""
    return {
        "schema": PLAN_SCHEMA,
        "knowledge": {"digest": plan.knowledge_digest},
        "fleet": {"digest": plan.fleet_digest},
        "guest_profile": plan.guest_profile,
        **{part: plain(getattr(plan, part)) for part in PARTS},
    }
