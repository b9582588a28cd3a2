"""A plan file (`planner.plan/2`, JSON) to `Plan`; every problem at once. Judges nothing."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import get_type_hints

from planner.documents.complaints import Complaints
from planner.documents.json_file import load_json
from planner.domain.errors import PlanError
from planner.domain.plans.plan import PARTS, Plan

SCHEMA = "planner.plan/2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a plan was made of, by its digest."""

    digest: str


FIELDS = get_type_hints(Plan, include_extras=True)
PlanDocument = make_dataclass(
    "PlanDocument",
    [
        *(("knowledge", Digest), ("fleet", Digest)),
        *((name, FIELDS[name]) for name in ("guest_profile", *PARTS)),
    ],
)


def read_plan(path: Path) -> Plan:
    """Read a plan as `planner plan --format json` writes it; raises `PlanError`."""
    complaints = Complaints(str(path))
    value = load_json(path, complaints)
    plan = None if complaints.problems else plan_of(value, complaints)
    if plan is None:
        raise PlanError(complaints.told())
    return plan


def plan_of(value: object, complaints: Complaints) -> Plan | None:
    """Return the plan of a document, None with complaints if it is none."""
    from planner.documents.typed import model_of, read

    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        complaints.add((), f"not a plan: the key 'schema' must be '{SCHEMA}'")
        return None
    parts = {key: part for key, part in value.items() if key != "schema"}
    found = read(model_of(PlanDocument), parts, complaints)
    if found is None:
        return None
    return Plan(
        knowledge_digest=found.knowledge.digest,
        fleet_digest=found.fleet.digest,
        **{name: getattr(found, name) for name in ("guest_profile", *PARTS)},
    )
