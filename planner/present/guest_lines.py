"""What an answer finds of today's guests: who is in its way, with a remedy, and how many are not."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.guest_profile import GuestFinding
from planner.domain.shown import counted
from planner.domain.solution import DomainSolution
from planner.present.lines import Line, Style, folded, listed

LABEL = 15
MOST_GUESTS = 4
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
    told = [one for one in domain.guests if one.finding != AS_THE_ANSWER]
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


def _whom(finding: GuestFinding) -> tuple[str, int, tuple[str, ...]]:
    """Return which guests a finding is about."""
    return finding.machine_type, finding.guests, finding.examples


def finding_text(finding: GuestFinding) -> str:
    """Write what was found of guests with their number, type and first names."""
    names = f" ({listed(finding.examples, finding.guests)})" if finding.examples else ""
    number = counted(finding.guests, "guest")
    return f"{number} on {finding.machine_type}{names}: {finding.finding}"
