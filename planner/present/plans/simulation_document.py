"""A replayed plan and the status of a plan as JSON documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.domain.plans.simulation import FlipCue, PlanStatus, Simulation, Violation
from planner.domain.verdict import Outcome
from planner.present.plain import plain

if TYPE_CHECKING:
    from planner.present.plans import plan_document_types as types

SIMULATION_SCHEMA: Final = "planner.simulation/1"
STATUS_SCHEMA: Final = "planner.status/1"


def simulation_document(simulation: Simulation) -> types.SimulationDocument:
    """Return the document of `planner simulate`."""
    return {"schema": SIMULATION_SCHEMA, **_simulation(simulation)}


def _simulation(simulation: Simulation) -> types.ReplayDocument:
    outcomes: dict[Outcome, types.ReplayWord] = {
        Outcome.SAFE: "proven",
        Outcome.UNSAFE: "violation",
        Outcome.UNKNOWN: "undecided",
    }
    return {
        "outcome": outcomes[simulation.outcome],
        "waves": simulation.waves,
        "phases": simulation.phases,
        "pools": simulation.pools,
        "judgements": simulation.judgements,
        "violation": _violation(simulation.violation),
        "gap": _violation(simulation.gap),
        "failures": plain(simulation.failures),
        "abort_after": simulation.abort_after,
        "no_way_back": plain(simulation.no_way_back),
        "pools_without_room": simulation.pools_without_room,
        "conditions": list(simulation.conditions),
    }


def _violation(found: Violation | None) -> types.ViolationDocument | None:
    if found is None:
        return None
    return {
        "wave": found.wave,
        "phase": plain(found.phase),
        "domain": found.domain,
        "guests": found.guests,
        "count": found.count,
        "source": plain(found.source),
        "destination": plain(found.destination),
        "rule": found.rule,
        "unit": found.unit,
        "consequence": found.consequence,
        "text": found.text,
    }


def status_document(status: PlanStatus) -> types.StatusDocument:
    """Return the document of `planner status`."""
    return {
        "schema": STATUS_SCHEMA,
        "waves": plain(status.waves),
        "drift": plain(status.drift),
        "flips": [_cue(cue) for cue in status.flips],
        "rest": _simulation(status.rest),
    }


def _cue(cue: FlipCue) -> types.FlipCueDocument:
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
