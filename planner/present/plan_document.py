"""The JSON document of a plan, `planner.plan/1`: byte-stable, complete enough to be simulated."""

from __future__ import annotations

import datetime

from planner.domain.guest import Baseline
from planner.domain.plan import (
    DomainPlan,
    Flip,
    FlipState,
    HostUpgrade,
    Mask,
    Plan,
    RadarEntry,
    Relaxation,
    Remedy,
    Restart,
    Rollback,
    Wave,
)
from planner.domain.upgrade import Room

PLAN_SCHEMA = "planner.plan/1"
Json = dict[str, object]


def plan_document(plan: Plan) -> Json:
    """Return the document of `planner plan`."""
    return {
        "schema": PLAN_SCHEMA,
        "knowledge": {"digest": plan.knowledge_digest},
        "fleet": {"digest": plan.fleet_digest},
        "bounds": {
            "waves": plan.bounds.waves,
            "method": plan.bounds.method,
            "gap": plan.bounds.gap,
        },
        "domains": [_domain(domain) for domain in plan.domains],
        "waves": [_wave(wave) for wave in plan.waves],
        "restarts": [_restart(restart) for restart in plan.restarts],
        "masks": [_mask(mask) for mask in plan.masks],
        "held": [_state(state) for state in plan.held],
        "states": [_state(state) for state in plan.states],
        "radar": [_radar(entry) for entry in plan.radar],
        "relaxations": [_relaxation(one) for one in plan.relaxations],
    }


def _baseline(baseline: Baseline) -> Json:
    return {
        "machine_type": baseline.machine_type,
        "flags": [str(flag) for flag in baseline.flags],
    }


def _day(day: datetime.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _room(room: Room | None) -> Json | None:
    if room is None:
        return None
    return {"vcpus": round(room.vcpus, 3), "memory_gib": round(room.memory_gib, 3)}


def _domain(domain: DomainPlan) -> Json:
    return {
        "domain": domain.domain,
        "hosts": domain.hosts,
        "baselines": [_baseline(baseline) for baseline in domain.baselines],
        "routing": domain.routing.value,
        "remedies": [_remedy(remedy) for remedy in domain.remedies],
        "point_of_no_return": domain.point_of_no_return,
        "conditions": list(domain.conditions),
    }


def _remedy(remedy: Remedy) -> Json:
    return {
        "kind": remedy.kind,
        "unit": remedy.unit,
        "text": remedy.text,
        "guests": remedy.guests,
        "hosts": remedy.hosts,
        "chosen": remedy.chosen,
    }


def _wave(wave: Wave) -> Json:
    return {
        "number": wave.number,
        "day": _day(wave.day),
        "hosts": list(wave.hosts),
        "upgrades": [_upgrade(upgrade) for upgrade in wave.upgrades],
        "why": list(wave.why),
        "moves": wave.moves,
        "spare": _room(wave.spare),
        "flips": [_flip(flip) for flip in wave.flips],
        "rollback": _rollback(wave.rollback),
        "one_way_guests": wave.one_way_guests,
    }


def _upgrade(upgrade: HostUpgrade) -> Json:
    return {
        "host": upgrade.host,
        "from_kernel": upgrade.from_kernel,
        "from_qemu": upgrade.from_qemu,
        "kernel": upgrade.kernel,
        "qemu": upgrade.qemu,
    }


def _flip(flip: Flip) -> Json:
    return {
        "domain": flip.domain,
        "board": flip.board,
        "line": flip.line,
        "from": _baseline(flip.before),
        "to": _baseline(flip.after),
        "after_wave": flip.after_wave,
        "takes_effect": flip.takes_effect.value,
        "soak_days": flip.soak_days,
        "not_before": _day(flip.not_before),
        "guests_pending": flip.guests_pending,
        "arguments": flip.arguments,
        "unlocks": flip.unlocks,
    }


def _rollback(rollback: Rollback) -> Json:
    return {
        "free": rollback.free,
        "guests": rollback.guests,
        "vcpus": rollback.vcpus,
        "reasons": list(rollback.reasons),
    }


def _restart(restart: Restart) -> Json:
    return {
        "domain": restart.domain,
        "guests": restart.guests,
        "from": _baseline(restart.before),
        "to": _baseline(restart.after),
        "before_wave": restart.before_wave,
        "windows": list(restart.windows),
        "reason": restart.reason,
    }


def _mask(mask: Mask) -> Json:
    return {
        "domain": mask.domain,
        "capabilities": list(mask.capabilities),
        "until_wave": mask.until_wave,
    }


def _state(state: FlipState) -> Json:
    return {
        "domain": state.domain,
        "board": state.board,
        "from": _baseline(state.before),
        "to": _baseline(state.after),
        "status": state.status.value,
        "reasons": list(state.reasons),
        "hosts": state.hosts,
        "examples": list(state.examples),
    }


def _radar(entry: RadarEntry) -> Json:
    return {
        "domain": entry.domain,
        "machine_type": entry.machine_type,
        "guests": entry.guests,
        "removed_in": entry.removed_in,
        "day": _day(entry.day),
        "days_left": entry.days_left,
        "forecast": entry.forecast,
        "source": entry.source,
    }


def _relaxation(one: Relaxation) -> Json:
    return {
        "domain": one.domain,
        "constraint": one.constraint,
        "text": one.text,
        "hosts": one.hosts,
        "examples": list(one.examples),
    }
