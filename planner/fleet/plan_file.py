"""A plan file (`planner.plan/2`, JSON) to `Plan`; every problem at once. Judges nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from planner.documents.complaints import Complaints, Steps
from planner.documents.json_file import load_json
from planner.documents.typed import keys_of
from planner.documents.values import integer, record, shown, text
from planner.domain.compat import CompatFlag
from planner.domain.errors import PlanError
from planner.domain.plans.plan import PARTS, Plan, Signed

SCHEMA = "planner.plan/2"


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
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        complaints.add((), f"not a plan: the key 'schema' must be '{SCHEMA}'")
        return None
    return PLAN(value, (), complaints)


@cache
def _flag_of(words: str) -> CompatFlag | None:
    try:
        return CompatFlag.parse(words)
    except ValueError:
        return None


def _flag(value: object, steps: Steps, complaints: Complaints) -> CompatFlag | None:
    found = _flag_of(value) if isinstance(value, str) else None
    if found is None:
        complaints.add(steps, f"{shown(value)} is not TYPE.PROPERTY=VALUE")
    return found


def _plan(*, schema: str, knowledge: str, fleet: str, **parts: object) -> Plan:
    del schema
    return Plan(knowledge_digest=knowledge, fleet_digest=fleet, **parts)  # type: ignore[arg-type]


def _digest(*, digest: str) -> str:
    return digest


FIELDS = keys_of(Plan, {CompatFlag: _flag, Signed: integer})
DIGEST = record(_digest, {"digest": ("digest", text)})
PLAN = record(
    _plan,
    {
        "schema": ("schema", text),
        "guest_profile": FIELDS["guest_profile"],
        "knowledge": ("knowledge", DIGEST),
        "fleet": ("fleet", DIGEST),
        **{part: FIELDS[part] for part in PARTS},
    },
)
