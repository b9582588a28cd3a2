"""What scenarios change: 80 columns, JSON `planner.whatif/1`, CSV, Markdown, and the frontier drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from planner.domain.plans.scenario import (
    BrokenEdge,
    DomainChange,
    FrontierPoint,
    LineChange,
    PlanOutline,
    ScenarioResult,
    WhatIfResult,
)
from planner.domain.shown import counted
from planner.domain.solution import ChosenBaseline, Status
from planner.present.lines import Line, Style, folded
from planner.present.plain import plain
from planner.present.tables import csv_text, markdown_text

if TYPE_CHECKING:
    from planner.present.plans import plan_document_types as types

WHATIF_SCHEMA: Final = "planner.whatif/1"
LABEL = 11
MOST_POOLS = 12
MOST_MOVES = 5
BAR = 30
"""Columns of the longest bar of a frontier."""
STYLES = {
    Status.SAFE: Style.GOOD,
    Status.UNDECIDED: Style.WARN,
    Status.NO_SAFE_BASELINE: Style.BAD,
}
COLUMNS = (
    *("scenario", "hosts", "domain", "board", "line", "change"),
    *("from", "from_flags", "to", "to_flags", "status", "guests"),
)


def whatif_report(found: WhatIfResult) -> Iterator[Line]:
    """Yield every scenario with its difference, then the frontier."""
    for result in found.results:
        yield from _scenario(result)
    yield from _frontier(found.frontier)


def _labelled(label: str, text: str, style: Style = Style.PLAIN) -> list[Line]:
    return folded(text, label=label.ljust(LABEL), indent=2, style=style)


def _scenario(result: ScenarioResult) -> Iterator[Line]:
    title = f"{result.name}: {counted(result.hosts, 'host')} changed, {result.status.value}"
    yield from folded(title, style=STYLES[result.status])
    for domain in result.comparison.changes[:MOST_POOLS]:
        yield from _domain(domain)
    rest = len(result.comparison.changes) - MOST_POOLS
    if rest > 0:
        yield from _labelled("", f"and {rest:,} more pools")
    if not result.comparison.changes:
        yield from _labelled("answer", "the same in every pool")
    elif result.comparison.alike:
        yield from _labelled("alike", counted(result.comparison.alike, "pool"), Style.DIM)
    yield from _broken(result)
    if result.guests is not None:
        yield from _labelled("guests", f"{result.guests:,} in pools whose answer changes")
    if result.plan is not None:
        yield from _labelled("plan", plan_text(result.plan))
    yield Line("")


def _domain(change: DomainChange) -> Iterator[Line]:
    if change.status_before is not change.status_after:
        one, other = (_status(status) for status in (change.status_before, change.status_after))
        yield from _labelled("pool", f"{change.domain}: {one} to {other}")
    for line in change.lines:
        text = f"{change.domain}: {baseline_text(line.before)} to {baseline_text(line.after)}"
        yield from _labelled(line.direction.value, text)


def _status(status: Status | None) -> str:
    return "not there" if status is None else status.value


def baseline_text(chosen: ChosenBaseline | None) -> str:
    """Write the answer of a line in a few words."""
    if chosen is None:
        return "nothing"
    flags = len(chosen.flags)
    return chosen.machine_type + (f" with {counted(flags, 'flag')}" if flags else "")


def _broken(result: ScenarioResult) -> Iterator[Line]:
    for one in result.broken[:MOST_MOVES]:
        text = (
            f"{one.domain}: {one.baseline.machine_type} of today, booted on {_boots(one)}, from "
            f"{one.source} to {one.destination} is {one.outcome.value} ({', '.join(one.reasons)})"
        )
        yield from _labelled("move", text, Style.WARN)
    rest = Counter(one.outcome.value for one in result.broken[MOST_MOVES:])
    if rest:
        parts = (f"{counted(number, 'move')} {word}" for word, number in sorted(rest.items()))
        yield from _labelled("", f"and {', '.join(parts)}")


def _boots(move: BrokenEdge) -> str:
    """Name the hosts that the guests of a move booted on."""
    first, *others = dict.fromkeys(move.booted_on)
    return f"{first} or {counted(len(others), 'other')}" if others else first


def plan_text(plan: PlanOutline) -> str:
    """Write the outline of a plan in a sentence."""
    if plan.forbidden:
        return "none: " + "; ".join(plan.forbidden)
    point = plan.point_of_no_return
    back = "rollback free throughout" if point is None else f"rollback free until wave {point}"
    one_way = (
        "" if not plan.one_way_guests else f", {counted(plan.one_way_guests, 'guest')} one-way"
    )
    return f"{counted(plan.waves, 'wave')}, {counted(plan.flips, 'flip')}; {back}{one_way}"


def _frontier(points: Sequence[FrontierPoint]) -> Iterator[Line]:
    """Draw the combinations that nobody beats: the more hosts, the longer the bar."""
    best = [point for point in points if point.best]
    if not best:
        return
    yield Line("Frontier: the newest type for the fewest changed hosts", Style.HEAD)
    longest = max(1, *(point.hosts for point in best))
    place = None
    for point in best:
        if (point.domain, point.board) != place:
            place = (point.domain, point.board)
            yield Line(f"  {point.domain}, {point.board}", Style.DIM)
        bar = "#" * max(1, round(BAR * point.hosts / longest)) if point.hosts else "."
        flags = f" with {counted(point.flags, 'flag')}" if point.flags else ""
        yield Line(f"    {bar.ljust(BAR)} {counted(point.hosts, 'host')}")
        yield from folded(f"{point.machine_type}{flags}: {point.scenario}", indent=6)
    yield Line("")


def whatif_document(found: WhatIfResult) -> types.WhatIfDocument:
    """Return the document of `planner whatif`."""
    return {
        "schema": WHATIF_SCHEMA,
        "knowledge": {"digest": found.knowledge_digest},
        "fleet": {"hosts": found.fleet_hosts},
        "scenarios": [_result(result) for result in found.results],
        "frontier": plain(found.frontier),
    }


def _result(result: ScenarioResult) -> types.ScenarioDocument:
    return {
        "name": result.name,
        "hosts": result.hosts,
        "status": plain(result.status),
        "changes": [
            {
                "domain": change.domain,
                "hosts": {"from": change.hosts_before, "to": change.hosts_after},
                "status": {"from": plain(change.status_before), "to": plain(change.status_after)},
                "lines": [_line(line) for line in change.lines],
            }
            for change in result.comparison.changes
        ],
        "alike": result.comparison.alike,
        "broken": plain(result.broken),
        "guests": result.guests,
        "plan": plain(result.plan),
    }


def _line(line: LineChange) -> types.LineChangeDocument:
    return {
        "board": line.board,
        "line": line.line,
        "change": plain(line.direction),
        "from": _answer(line.before),
        "to": _answer(line.after),
    }


def _answer(chosen: ChosenBaseline | None) -> types.LineAnswer | None:
    if chosen is None:
        return None
    return {
        "machine_type": chosen.machine_type,
        "flags": plain(chosen.baseline.flags),
        "conditions": [condition.text for condition in chosen.conditions],
        "needs_ack": list(chosen.needs_ack),
        "accepted_losses": [loss.unit for loss in chosen.accepted_losses],
    }


def whatif_csv(found: WhatIfResult) -> Iterator[str]:
    """Yield one row per scenario, pool and line that changes, as CSV."""
    return csv_text(COLUMNS, _rows(found))


def whatif_markdown(found: WhatIfResult) -> Iterator[str]:
    """Yield one row per scenario, pool and line that changes, as a Markdown table."""
    return markdown_text(COLUMNS, _rows(found))


def _rows(found: WhatIfResult) -> Iterator[tuple[object, ...]]:
    for result in found.results:
        guests = "" if result.guests is None else result.guests
        head = (result.name, result.hosts)
        rows = [
            (
                *(domain.domain, line.board, line.line, line.direction.value),
                *_cells(line.before),
                *_cells(line.after),
            )
            for domain in result.comparison.changes
            for line in domain.lines
        ]
        for row in rows or [("", "", "", "same", "", "", "", "")]:
            yield (*head, *row, result.status.value, guests)


def _cells(chosen: ChosenBaseline | None) -> tuple[str, str]:
    if chosen is None:
        return "", ""
    return chosen.machine_type, " ".join(str(choice.flag) for choice in chosen.flags)
