"""What an answer finds of today's guests: who is in its way, with a remedy, and how many are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planner.domain.guest_profile import GuestFinding
from planner.domain.shown import counted
from planner.domain.solution import DomainSolution
from planner.present.lines import Line, Style, folded, listed

LABEL = 15
MOST_GUESTS = 4
MOST_NAMES = 3
GUEST_LABELS = {"violated": ("violated", Style.BAD), "stuck": ("stuck", Style.WARN)}
"""Labels of findings on which somebody must act, by their kind."""
AS_THE_ANSWER = "as the answer"


def item(label: str, text: str, style: Style = Style.PLAIN) -> Iterator[Line]:
    """Yield a line of a pool's card under its label, folded."""
    yield from folded(text, label=label.ljust(LABEL), indent=2, style=style)


def guest_lines(domain: DomainSolution, *, is_all: bool = False) -> Iterator[Line]:
    """Yield what was found of guests, each that is in the way with a remedy; the others are counted.

    `is_all`: all of it, not the first few.
    Guests that violate a condition and are stuck have one remedy for both.
    """
    last = ""
    told = list(findings_of(domain))
    mended = {_whom(one) for one in told if one.kind == "violated" and one.remedy}
    most = len(told) if is_all else MOST_GUESTS
    for finding in told[:most]:
        label, style = GUEST_LABELS.get(finding.kind, ("guests", Style.PLAIN))
        yield from item(label if label != last else "", finding_text(finding), style)
        last = label
        if finding.remedy and not (finding.kind == "stuck" and _whom(finding) in mended):
            yield from item("", f"mend: {finding.remedy}")
    if len(told) > most:
        rest = counted(len(told) - most, "more finding")
        yield from item("", f"and {rest} (explain --pool)")
    fine = sum(one.guests for one in domain.guests if one.finding == AS_THE_ANSWER)
    if fine:
        label = "guests" if last != "guests" else ""
        yield from item(label, f"{counted(fine, 'guest')} as the answer")


def findings_of(domain: DomainSolution) -> tuple[GuestFinding, ...]:
    """Return what was found of guests that are not as the answer; what one fact leaves open, once."""
    found: dict[object, list[GuestFinding]] = {}
    for place, one in enumerate(domain.guests):
        if one.finding != AS_THE_ANSWER:
            key = (one.kind, one.finding, one.remedy) if one.kind == "open" else place
            found.setdefault(key, []).append(one)
    return tuple(
        replace(
            alike[0],
            machine_type=", ".join(dict.fromkeys(one.machine_type for one in alike)),
            guests=sum(one.guests for one in alike),
            examples=tuple(name for one in alike for name in one.examples)[:MOST_NAMES],
        )
        for alike in found.values()
    )


def _whom(finding: GuestFinding) -> tuple[str, int, tuple[str, ...]]:
    """Return which guests a finding is about."""
    return finding.machine_type, finding.guests, finding.examples


def finding_text(finding: GuestFinding) -> str:
    """Write what was found of guests with their number, type and first names."""
    names = f" ({listed(finding.examples, finding.guests)})" if finding.examples else ""
    number = counted(finding.guests, "guest")
    return f"{number} on {finding.machine_type}{names}: {finding.finding}"
