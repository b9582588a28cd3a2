"""A replayed plan and the status of a plan: for a terminal, 80 columns wide, and as JSON documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.shown import counted
from planner.domain.simulation import (
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
from planner.present.lines import Line, Style, folded, listed

SIMULATION_SCHEMA = "planner.simulation/1"
STATUS_SCHEMA = "planner.status/1"
LABEL = 12
MOST_DRIFT = 20
Json = dict[str, object]


def simulation_report(simulation: Simulation) -> Iterator[Line]:
    """Yield what a replay found, what it covered, and what it rests on."""
    yield from _verdict_lines(simulation)
    for one in simulation.failures:
        text = f"{one.host} in wave {one.wave}, back with its old build after the flips"
        yield from _labelled("may fail", text)
    if simulation.abort_after is not None:
        yield from _abort_lines(simulation)
    yield from _labelled("replayed", _size(simulation), Style.DIM)
    for text in _condition_texts(simulation.conditions):
        yield from _labelled("holds if", text, Style.DIM)
    if simulation.pools_without_room:
        text = (
            f"not checked in {counted(simulation.pools_without_room, 'pool')}: capacity or use is"
        )
        yield from _labelled("room", f"{text} not given for every host", Style.WARN)


def _size(simulation: Simulation) -> str:
    return (
        f"{counted(simulation.waves, 'wave')}, {counted(simulation.phases, 'phase')}, "
        f"{counted(simulation.pools, 'pool')}, {counted(simulation.judgements, 'judgement')}"
    )


def _verdict_lines(simulation: Simulation) -> Iterator[Line]:
    if simulation.violation is not None:
        yield from _violation_lines(simulation.violation, "violation", Style.BAD)
    elif simulation.gap is not None:
        yield from _violation_lines(simulation.gap, "undecided", Style.WARN)
    else:
        text = (
            f"proven: {counted(simulation.phases, 'phase')}, "
            f"{counted(simulation.judgements, 'judgement')}, no violation"
        )
        yield Line(text, Style.GOOD)


def _violation_lines(found: Violation, word: str, style: Style) -> Iterator[Line]:
    title = f"{word} in wave {found.wave}, phase {found.phase.value}, pool {found.domain}"
    yield from folded(title, style=style)
    guests = found.guests
    if found.count is not None:
        guests += f" ({counted(found.count, 'guest')} today)"
    yield from _labelled("guests", guests)
    if found.source is not None:
        label = "from" if found.destination is not None else "on"
        yield from _labelled(label, _spot_text(found.source))
    if found.destination is not None:
        yield from _labelled("to", _spot_text(found.destination))
    parts = [" ".join(word for word in (found.rule, found.unit) if word)]
    parts += [word for word in (found.consequence, found.text) if word]
    yield from _labelled("because", " | ".join(parts))


def _spot_text(spot: Spot) -> str:
    return f"{spot.label}: {counted(spot.hosts, 'host')} ({listed(spot.examples, spot.hosts)})"


def _abort_lines(simulation: Simulation) -> Iterator[Line]:
    after = simulation.abort_after
    later = simulation.violation is not None and simulation.violation.wave > (after or 0)
    text = f"after wave {after} the pools stay mixed, later flips never happen"
    if later:
        text += "; no violation up to there"
    yield from _labelled("abort", text)
    if not simulation.no_way_back:
        yield from _labelled("way back", "free: every guest can follow")
    for one in simulation.no_way_back:
        yield from _labelled("way back", _way_back_text(one), Style.WARN)


def _way_back_text(one: NoWayBack) -> str:
    count = "" if one.count is None else f"{counted(one.count, 'guest')} of today; "
    why = " ".join(word for word in (one.rule, one.unit) if word)
    return f"{one.domain}: {one.guests} cannot follow: {count}{why}, {one.text}"


CLAIMS = {
    "cpu": "guest CPU without {}",
    "cpu-lacks": "guest CPU with {}",
    "device": "no {} device",
    "accelerator": "accelerator without {}",
    "accelerator-lacks": "guests with {} where QEMU asks for it",
}


def _condition_texts(conditions: Iterable[str]) -> Iterator[str]:
    """Yield `kind:word` conditions in words, one line a kind."""
    merged: dict[str, list[str]] = {}
    for text in conditions:
        kind, _, word = text.partition(":")
        merged.setdefault(CLAIMS.get(kind, "no guest has {}"), []).append(word)
    for sentence, words in merged.items():
        yield sentence.format(", ".join(words))


def _labelled(label: str, text: str, style: Style = Style.PLAIN) -> list[Line]:
    return folded(text, label=label.ljust(LABEL), indent=2, style=style)


def status_report(status: PlanStatus) -> Iterator[Line]:
    """Yield how far each wave is, what drifted, which flips are due, and whether the rest is safe."""
    for wave in status.waves:
        yield from folded(_wave_text(wave))
    for one in status.drift[:MOST_DRIFT]:
        pool = f" ({one.domain})" if one.domain else ""
        yield from folded(f"{one.host}{pool}: {one.text}", label="drift ", style=Style.WARN)
    if len(status.drift) > MOST_DRIFT:
        yield Line(f"and {len(status.drift) - MOST_DRIFT} more (see --format json)")
    for cue in status.flips:
        yield from _cue_lines(cue)
    yield Line("The rest of the plan", Style.HEAD)
    yield from simulation_report(status.rest)


def _wave_text(wave: WaveProgress) -> str:
    text = (
        f"wave {wave.number}: {wave.status.value}, {wave.done:,} of {counted(wave.hosts, 'host')}"
    )
    waiting = wave.hosts - wave.done
    return f"{text} (waiting: {listed(wave.waiting, waiting)})" if wave.done and waiting else text


def _cue_lines(cue: FlipCue) -> Iterator[Line]:
    when = "due now, unless made already" if cue.due else f"not before {cue.not_before}"
    style = Style.GOOD if cue.due else Style.PLAIN
    text = f"flip {cue.domain}, {cue.board}: {when}; takes effect at the {cue.takes_effect}"
    yield from folded(text, style=style)
    yield from folded(cue.arguments, indent=2, hang=0)
    if cue.unlocks:
        yield from folded(cue.unlocks, indent=2, hang=0, style=Style.DIM)


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
