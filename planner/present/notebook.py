"""Solutions, plans and what-ifs as HTML tables for notebooks; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from planner.domain.plans.plan import Plan
from planner.domain.plans.scenario import WhatIfResult
from planner.domain.shown import html_of
from planner.domain.solution import Solution
from planner.present.plans.plan_details import baseline_text
from planner.present.plans.whatif_report import baseline_text as answer_text

MOST_ROWS = 50


def table(caption: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return an HTML table; after many rows only their number is told."""
    found = [tuple(row) for row in rows]
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in found[:MOST_ROWS]
    )
    rest = len(found) - MOST_ROWS
    more = f"<p>and {rest:,} more rows</p>" if rest > 0 else ""
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
    )


@html_of.register
def _solution(solution: Solution) -> str:
    rows = [
        (
            domain.domain,
            domain.hosts,
            domain.status.value,
            baseline.machine_type,
            " ".join(str(choice.flag) for choice in baseline.flags),
            "" if baseline.why_not_newer is None else _first(baseline.why_not_newer.objections),
        )
        for domain in solution.domains
        for baseline in domain.baselines
    ]
    rows += [
        (domain.domain, domain.hosts, line.status.value, "", "", _first(line.objections))
        for domain in solution.domains
        for line in domain.refused
    ]
    header = ("domain", "hosts", "status", "machine type", "flags", "not newer, because")
    return table(repr(solution), header, sorted(rows))


def _first(objections: Iterable[object]) -> str:
    return next((str(getattr(one, "text", "")) for one in objections), "")


@html_of.register
def _plan(plan: Plan) -> str:
    if plan.relaxations and not plan.waves:
        rows = [(one.domain, one.constraint, one.text, one.hosts) for one in plan.relaxations]
        return table(repr(plan), ("domain", "constraint", "what has to give", "hosts"), rows)
    waves = [
        (
            wave.number,
            len(wave.hosts),
            "" if wave.moves is None else wave.moves,
            "; ".join(
                f"{flip.domain}: {baseline_text(flip.before)} to {baseline_text(flip.after)}, "
                f"at the {flip.takes_effect.value}"
                for flip in wave.flips
            ),
            "free" if wave.rollback.free else "costs guests",
        )
        for wave in plan.waves
    ]
    return table(repr(plan), ("wave", "hosts", "moves", "flips", "rollback"), waves)


@html_of.register
def _what_if(found: WhatIfResult) -> str:
    rows = [
        (
            *(result.name, result.hosts, change.domain, line.direction.value),
            *(answer_text(line.before), answer_text(line.after), len(result.broken)),
        )
        for result in found.results
        for change in result.comparison.changes
        for line in change.lines
    ]
    header = ("scenario", "hosts", "domain", "change", "from", "to", "moves broken")
    return table(repr(found), header, rows)
