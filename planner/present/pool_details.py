"""One pool in full: its card without a cut, its CPUs and hosts, what asks for its checks, why not newer.

In: the answer of a pool. Out: lines for a terminal or a pipe: all that the screen of `solve` leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from planner.domain.refusal import WhyNotNewer
from planner.domain.shown import counted
from planner.domain.solution import ChosenBaseline, DomainSolution
from planner.present.cpu_report import host_rows, model_rows
from planner.present.guest_lines import item
from planner.present.lines import Line, Style, folded, listed
from planner.present.pool_card import card
from planner.present.report import merged_conditions, refusal_text, remedy_text
from planner.present.rungs import NO_RUNGS, Rungs, rung_text

NO_NAMES: Mapping[str, tuple[str, ...]] = {}


def explained(
    domain: DomainSolution,
    newest: Iterable[ChosenBaseline],
    rungs: Rungs = NO_RUNGS,
    names: Mapping[str, tuple[str, ...]] = NO_NAMES,
) -> Iterator[Line]:
    """Yield the card of one pool, what asks for its checks, its kinds of host, what holds it back.

    `names` are all hosts of each kind by its label; without them the first few are told.
    """
    yield from card((domain,), rungs, is_all=True)
    yield Line("")
    best = domain.recommended
    if best is not None and not best.broken:
        yield from _cpus(best)
        yield from _asked(best)
    label = "hosts"
    for one in domain.classes:
        shown = names.get(one.label, one.examples)
        text = f"{counted(one.hosts, 'host')} ({listed(shown, one.hosts)})"
        yield from item(label, f"{one.label}: {text}")
        label = ""
    for baseline in newest:
        if baseline.why_not_newer is not None:
            yield Line("")
            yield from _why_not(baseline.why_not_newer, domain, rungs)


def _cpus(best: ChosenBaseline) -> Iterator[Line]:
    """Yield which named models are safe vendor by vendor, and what CPUs that follow a host hide."""
    for label, text, style in (*model_rows(best.cpu), *host_rows(best.cpu)):
        yield from item(label, text, style)


def _asked(best: ChosenBaseline) -> Iterator[Line]:
    """Yield what asks for each check, checks of one cause together."""
    texts = {one.text: one for one in best.checks}
    asked: dict[str, list[str]] = {}
    for reason in best.reasons:
        if reason.condition in texts:
            source = f" ({reason.source})" if reason.source else ""
            asked.setdefault(f"{reason.text}{source}", []).append(reason.condition)
    label = "asked by"
    for cause, conditions in asked.items():
        for condition in merged_conditions(tuple(dict.fromkeys(conditions))):
            yield from item(label, f"{condition}: {cause}")
            label = ""


def _why_not(newer: WhyNotNewer, domain: DomainSolution, rungs: Rungs) -> Iterator[Line]:
    """Yield every reason against a newer type with its source, and what would open it."""
    yield from folded(f"{newer.machine_type}: why not", indent=2, style=Style.HEAD)
    for reason in newer.objections:
        yield from item("  because", refusal_text(reason))
        yield from item("  source", reason.source, Style.DIM)
    rung = rungs.get((domain.domain, newer.machine_type))
    if rung is not None:
        yield from item("  would open", rung_text(rung))
    for remedy in newer.remedies:
        if rung is None or not remedy.kind.startswith("upgrade"):
            yield from item("  would open", remedy_text(remedy))
