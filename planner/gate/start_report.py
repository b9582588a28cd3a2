"""What a host lacks for a guest, in lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.guest import GuestStart
from planner.domain.truth import Truth
from planner.domain.verdict import Outcome
from planner.gate.start import StartFinding
from planner.present.lines import Line, Style, folded

LABEL = 12
WORDS = {
    Outcome.UNSAFE: ("LACKS", Style.BAD),
    Outcome.UNKNOWN: ("CHECK", Style.WARN),
    Outcome.SAFE: ("NOTHING LACKS", Style.GOOD),
}


def outcome_of(found: Iterable[StartFinding]) -> Outcome:
    """Return the gravest outcome."""
    outcomes = {one.outcome for one in found}
    gravest = (Outcome.UNSAFE, Outcome.UNKNOWN)
    return next((one for one in gravest if one in outcomes), Outcome.SAFE)


def start_report(
    host: str, label: str, start: GuestStart, found: tuple[StartFinding, ...]
) -> Iterator[Line]:
    """Yield the outcome, and each thing that the host lacks with what follows and what avoids it."""
    word, style = WORDS[outcome_of(found)]
    sure = sum(one.outcome is Outcome.UNSAFE for one in found)
    open_ = len(found) - sure
    parts = [f"{sure} for certain"] * bool(sure) + [f"{open_} open"] * bool(open_)
    told = f": {', '.join(parts)}" if parts else ""
    yield Line(f"{word}{told}   {start.baseline.machine_type} on {host} ({label})", style)
    for one in found:
        yield from _entry(one)


def _entry(one: StartFinding) -> Iterator[Line]:
    name = f"{one.unit}: {one.title}" if one.unit else one.title
    yield Line(f"  {name}", Style.HEAD)
    where = "lacks" if one.lacks is Truth.YES else "not known"
    yield from _labelled(where, one.need)
    if one.has is Truth.UNKNOWN:
        yield from _labelled("guest", "may have it: nobody says so")
    yield from _labelled("follows", f"{one.symptom} ({one.severity})")
    if one.flag is not None:
        yield from _labelled("avoids it", f"-global {one.flag}")


def _labelled(label: str, text: str) -> Iterator[Line]:
    yield from folded(text, label=f"{label:{LABEL}}", indent=4)
