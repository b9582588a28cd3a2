"""A replayed plan and the status of a plan as JSON documents."""

from __future__ import annotations

from planner.domain.plans.simulation import (
    FlipCue,
    HostDrift,
    NoWayBack,
    PlanStatus,
    Simulation,
    Spot,
    Violation,
    WaveProgress,
)
from planner.domain.verdict import Outcome

SIMULATION_SCHEMA = "planner.simulation/1"
STATUS_SCHEMA = "planner.status/1"
Json = dict[str, object]


def simulation_document(simulation: Simulation) -> Json:
    """Return the document of `planner simulate`."""
    return {"schema": SIMULATION_SCHEMA, **_simulation(simulation)}


def _simulation(simulation: Simulation) -> Json:
    outcomes = {Outcome.SAFE: "proven", Outcome.UNSAFE: "violation", Outcome.UNKNOWN: "undecided"}
    return {
        "outcome": outcomes[simulation.outcome],
        "waves": simulation.waves,
        "phases": simulation.phases,
        "pools": simulation.pools,
        "judgements": simulation.judgements,
        "violation": _violation(simulation.violation),
        "gap": _violation(simulation.gap),
        "failures": [{"host": one.host, "wave": one.wave} for one in simulation.failures],
        "abort_after": simulation.abort_after,
        "no_way_back": [_no_way_back(one) for one in simulation.no_way_back],
        "pools_without_room": simulation.pools_without_room,
        "conditions": list(simulation.conditions),
    }


def _violation(found: Violation | None) -> Json | None:
    if found is None:
        return None
    return {
        "wave": found.wave,
        "phase": found.phase.value,
        "domain": found.domain,
        "guests": found.guests,
        "count": found.count,
        "source": _spot(found.source),
        "destination": _spot(found.destination),
        "rule": found.rule,
        "unit": found.unit,
        "consequence": found.consequence,
        "text": found.text,
    }


def _spot(spot: Spot | None) -> Json | None:
    if spot is None:
        return None
    return {"label": spot.label, "hosts": spot.hosts, "examples": list(spot.examples)}


def _no_way_back(one: NoWayBack) -> Json:
    return {
        "domain": one.domain,
        "guests": one.guests,
        "count": one.count,
        "rule": one.rule,
        "unit": one.unit,
        "text": one.text,
    }


def status_document(status: PlanStatus) -> Json:
    """Return the document of `planner status`."""
    return {
        "schema": STATUS_SCHEMA,
        "waves": [_wave(wave) for wave in status.waves],
        "drift": [_drift(one) for one in status.drift],
        "flips": [_cue(cue) for cue in status.flips],
        "rest": _simulation(status.rest),
    }


def _wave(wave: WaveProgress) -> Json:
    return {
        "number": wave.number,
        "status": wave.status.value,
        "done": wave.done,
        "hosts": wave.hosts,
        "waiting": list(wave.waiting),
    }


def _drift(one: HostDrift) -> Json:
    return {"kind": one.kind, "host": one.host, "domain": one.domain, "text": one.text}


def _cue(cue: FlipCue) -> Json:
    return {
        "domain": cue.domain,
        "board": cue.board,
        "after_wave": cue.after_wave,
        "due": cue.due,
        "not_before": cue.not_before or None,
        "takes_effect": cue.takes_effect,
        "arguments": cue.arguments,
        "unlocks": cue.unlocks,
    }
