"""A plan file (`planner.plan/2`, JSON) to `Plan`; every problem at once. Judges nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from planner.documents.complaints import Complaints, Steps
from planner.documents.json_file import load_json
from planner.documents.values import (
    Reader,
    count,
    day,
    flag,
    integer,
    list_of,
    member,
    number,
    optional,
    record,
    shown,
    text,
)
from planner.domain.compat import CompatFlag
from planner.domain.errors import PlanError
from planner.domain.guest import Baseline
from planner.domain.plans.plan import (
    Bounds,
    DomainPlan,
    Flip,
    FlipState,
    FlipStatus,
    HostUpgrade,
    Mask,
    Mitigation,
    Plan,
    RadarEntry,
    Relaxation,
    Restart,
    Rollback,
    Routing,
    TakesEffect,
    Wave,
)
from planner.domain.plans.upgrade import Room

SCHEMA = "planner.plan/2"
METHODS = ("closed-form", "optimal", "heuristic")


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
def _flag_of(word: str) -> CompatFlag | None:
    try:
        return CompatFlag.parse(word)
    except ValueError:
        return None


def _flag(value: object, steps: Steps, complaints: Complaints) -> CompatFlag | None:
    found = _flag_of(value) if isinstance(value, str) else None
    if found is None:
        complaints.add(steps, f"{shown(value)} is not TYPE.PROPERTY=VALUE")
    return found


def _method(value: object, steps: Steps, complaints: Complaints) -> str:
    if value not in METHODS:
        complaints.add(steps, f"{shown(value)} is none of {', '.join(METHODS)}")
    return str(value)


def _plan(*, schema: str, knowledge: str, fleet: str, **parts: object) -> Plan:
    del schema
    return Plan(knowledge_digest=knowledge, fleet_digest=fleet, **parts)  # type: ignore[arg-type]


def _digest(*, digest: str) -> str:
    return digest


def _same(*names: str) -> dict[str, tuple[str, Reader[str]]]:
    """Return text keys that are called like the fields they fill."""
    return {name: (name, text) for name in names}


TEXTS = list_of(text)
COUNT_OR_NULL = optional(count)
DAY = optional(day)
BASELINE = record(
    Baseline, {"machine_type": ("machine_type", text), "flags": ("flags", list_of(_flag))}
)
CHANGE: dict[str, tuple[str, Reader[Baseline | None]]] = {
    "from": ("before", BASELINE),
    "to": ("after", BASELINE),
}
ROOM = record(Room, {"vcpus": ("vcpus", number), "memory_gib": ("memory_gib", number)})
REMEDY = record(
    Mitigation,
    {
        **_same("kind", "unit", "text"),
        "guests": ("guests", COUNT_OR_NULL),
        "hosts": ("hosts", count),
        "chosen": ("chosen", flag),
    },
)
DOMAIN = record(
    DomainPlan,
    {
        **_same("domain"),
        "hosts": ("hosts", count),
        "baselines": ("baselines", list_of(BASELINE)),
        "routing": ("routing", member(Routing)),
        "remedies": ("remedies", list_of(REMEDY)),
        "point_of_no_return": ("point_of_no_return", COUNT_OR_NULL),
        "conditions": ("conditions", TEXTS),
        "holds_if": ("holds_if", TEXTS),
        "checks": ("checks", TEXTS),
        "cpu_models": ("cpu_models", TEXTS),
        "cpu_refused": ("cpu_refused", TEXTS),
        "needs_ack": ("needs_ack", TEXTS),
        "assumptions": ("assumptions", TEXTS),
    },
)
UPGRADE = record(HostUpgrade, _same("host", "from_kernel", "from_qemu", "kernel", "qemu"))
FLIP = record(
    Flip,
    {
        **_same("domain", "board", "line", "arguments", "unlocks"),
        **CHANGE,
        "after_wave": ("after_wave", count),
        "takes_effect": ("takes_effect", member(TakesEffect)),
        "soak_days": ("soak_days", count),
        "not_before": ("not_before", DAY),
        "guests_pending": ("guests_pending", COUNT_OR_NULL),
    },
)
ROLLBACK = record(
    Rollback,
    {
        "free": ("free", flag),
        "guests": ("guests", COUNT_OR_NULL),
        "vcpus": ("vcpus", optional(number)),
        "reasons": ("reasons", TEXTS),
    },
)
WAVE = record(
    Wave,
    {
        "number": ("number", count),
        "day": ("day", DAY),
        "hosts": ("hosts", TEXTS),
        "upgrades": ("upgrades", list_of(UPGRADE)),
        "why": ("why", TEXTS),
        "moves": ("moves", COUNT_OR_NULL),
        "spare": ("spare", optional(ROOM)),
        "flips": ("flips", list_of(FLIP)),
        "rollback": ("rollback", ROLLBACK),
        "one_way_guests": ("one_way_guests", COUNT_OR_NULL),
    },
)
RESTART = record(
    Restart,
    {
        **_same("domain", "reason"),
        **CHANGE,
        "guests": ("guests", count),
        "before_wave": ("before_wave", count),
        "windows": ("windows", TEXTS),
    },
)
MASK = record(
    Mask,
    {
        **_same("domain"),
        "capabilities": ("capabilities", TEXTS),
        "until_wave": ("until_wave", count),
    },
)
STATE = record(
    FlipState,
    {
        **_same("domain", "board"),
        **CHANGE,
        "status": ("status", member(FlipStatus)),
        "reasons": ("reasons", TEXTS),
        "hosts": ("hosts", count),
        "examples": ("examples", TEXTS),
    },
)
RADAR = record(
    RadarEntry,
    {
        **_same("domain", "machine_type", "removed_in", "source"),
        "guests": ("guests", COUNT_OR_NULL),
        "day": ("day", DAY),
        "days_left": ("days_left", optional(integer)),
        "forecast": ("forecast", flag),
    },
)
RELAXATION = record(
    Relaxation,
    {
        **_same("domain", "constraint", "text"),
        "hosts": ("hosts", count),
        "examples": ("examples", TEXTS),
    },
)
BOUNDS = record(
    Bounds, {"waves": ("waves", count), "method": ("method", _method), "gap": ("gap", integer)}
)
PLAN = record(
    _plan,
    {
        "schema": ("schema", text),
        "guest_profile": ("guest_profile", text),
        "knowledge": ("knowledge", record(_digest, _same("digest"))),
        "fleet": ("fleet", record(_digest, _same("digest"))),
        "bounds": ("bounds", BOUNDS),
        "domains": ("domains", list_of(DOMAIN)),
        "waves": ("waves", list_of(WAVE)),
        "restarts": ("restarts", list_of(RESTART)),
        "masks": ("masks", list_of(MASK)),
        "held": ("held", list_of(STATE)),
        "states": ("states", list_of(STATE)),
        "radar": ("radar", list_of(RADAR)),
        "relaxations": ("relaxations", list_of(RELAXATION)),
    },
)
