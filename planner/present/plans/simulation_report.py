"""A replayed plan and the status of a plan, for a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from planner.domain.cpu_advice import LESS_PROTECTED
from planner.domain.plans.plan import Plan
from planner.domain.plans.simulation import (
    FlipCue,
    NoWayBack,
    PlanStatus,
    Simulation,
    Spot,
    Violation,
    WaveProgress,
    WaveStatus,
)
from planner.domain.shown import counted
from planner.present.lines import Line, Style, folded, listed
from planner.present.report import merged_conditions

LABEL = 13
MOST_CHECKS = 6
MOST_DRIFT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """On what a replay rests: the guest profile, what is left to check, CPUs that are not safe."""

    profile: str
    checks: tuple[str, ...]
    cpu_refused: tuple[str, ...]
    pools: int

    @classmethod
    def of(cls, plan: Plan) -> Basis:
        """Return what a plan names, each check once."""
        checks = dict.fromkeys(text for domain in plan.domains for text in domain.checks)
        notes = (note for domain in plan.domains for note in domain.cpu_refused)
        refused = dict.fromkeys(note for note in notes if not note.startswith(LESS_PROTECTED))
        return cls(
            profile=plan.guest_profile,
            checks=merged_conditions(tuple(checks)),
            cpu_refused=tuple(refused),
            pools=len(plan.domains),
        )


def simulation_report(
    simulation: Simulation, basis: Basis, *, verbose: bool = False
) -> Iterator[Line]:
    """Yield what a replay found, what it covered, and what it rests on; `verbose`: every claim."""
    yield from _verdict_lines(simulation)
    for one in simulation.failures:
        text = f"{one.host} in wave {one.wave}, back with its old build after the flips"
        yield from _labelled("may fail", text)
    if simulation.abort_after is not None:
        yield from _abort_lines(simulation)
    if simulation.violation is not None or simulation.gap is not None:
        yield from _labelled("replayed", _size(simulation), Style.DIM)
    for text in basis.checks[:MOST_CHECKS]:
        yield from _labelled("check first", text, Style.WARN)
    if len(basis.checks) > MOST_CHECKS:
        yield from _labelled("", f"and {len(basis.checks) - MOST_CHECKS} more (-v)", Style.WARN)
    for text in basis.checks[MOST_CHECKS:] if verbose else ():
        yield from _labelled("", text, Style.WARN)
    for text in _condition_texts(simulation.conditions) if verbose else ():
        yield from _labelled("holds if", text, Style.DIM)
    if basis.cpu_refused:
        some = "; in all pools of the plan or in some" if basis.pools > 1 else ""
        text = f"{'; '.join(basis.cpu_refused)}{some}"
        yield from _labelled("CPU", text, Style.WARN)
    yield from _labelled("guests", f"those of the profile '{basis.profile}'", Style.DIM)
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


def status_report(status: PlanStatus, basis: Basis, *, verbose: bool = False) -> Iterator[Line]:
    """Yield how far each wave is, what drifted, which flips are due, and whether the rest is safe."""
    yield from _wave_lines(status.waves)
    for one in status.drift[:MOST_DRIFT]:
        pool = f" ({one.domain})" if one.domain else ""
        yield from folded(f"{one.host}{pool}: {one.text}", label="drift ", style=Style.WARN)
    if len(status.drift) > MOST_DRIFT:
        yield Line(f"and {len(status.drift) - MOST_DRIFT} more (see --format json)")
    for cue in status.flips:
        yield from _cue_lines(cue)
    yield Line("The rest of the plan", Style.HEAD)
    yield from simulation_report(status.rest, basis, verbose=verbose)


def _wave_lines(waves: Iterable[WaveProgress]) -> Iterator[Line]:
    """Yield each wave that has begun and is not done, and how many are done or to come in one line."""
    for status, found in groupby(waves, key=lambda wave: wave.status):
        run = tuple(found)
        if len(run) == 1 or status is WaveStatus.IN_PROGRESS:
            yield from (line for wave in run for line in folded(_wave_text(wave)))
            continue
        hosts = counted(sum(wave.hosts for wave in run), "host")
        yield Line(f"waves {run[0].number}-{run[-1].number}: {status.value}, {hosts}")


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
