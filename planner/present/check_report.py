"""Verdicts for a terminal and as CSV rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planner.domain.verdict import Objection, Outcome, Rule, Verdict
from planner.present.check_screen import LABEL, condition_line, fits, screen
from planner.present.lines import Line, Style, folded

STYLES = {Outcome.SAFE: Style.GOOD, Outcome.UNSAFE: Style.BAD, Outcome.UNKNOWN: Style.WARN}
VERDICT_COLUMNS = ("outcome", "consequence", "objections", "conditions")
LISTED = re.compile(r",(?=\S)")
"""A comma without a blank, as in lists of functions: a line can be broken there."""


def verdict_report(verdict: Verdict, profile: str, *, verbose: bool = False) -> Iterator[Line]:
    """Yield the verdict of one edge with all that is said of it, or what a screen has room for.

    `profile` is the guest profile that says what the case leaves open.
    """
    consequence = f", {verdict.consequence.value}" if verdict.consequence is not None else ""
    yield Line(f"{verdict.outcome.value}{consequence}", STYLES[verdict.outcome])
    yield Line(f"  for guest profile '{profile}', where the case does not say it", Style.DIM)
    whole = list(_whole(verdict))
    yield from whole if verbose or fits(whole) else screen(verdict)


def _whole(verdict: Verdict) -> Iterator[Line]:
    for objection in verdict.objections:
        style = Style.WARN if objection.is_gap else Style.BAD
        label = "unknown" if objection.is_gap else objection.consequence.value
        text = objection_text(objection)
        yield from folded(text, label=label.ljust(LABEL), indent=2, style=style)
        source = LISTED.sub(", ", objection.source)
        yield from folded(source, label="source".ljust(LABEL), indent=2, style=Style.DIM)
    for one in verdict.conditions:
        yield from condition_line(one)
    for remark in verdict.remarks:
        if remark.universal or remark.kind == "host-condition":
            continue
        text = f"{remark.unit}: {remark.text}" if remark.unit else remark.text
        yield from folded(text, label=remark.kind.ljust(LABEL), indent=2, style=Style.DIM)


def objection_text(objection: Objection) -> str:
    """Write an objection with its rule, unit, property, capability and facts."""
    parts = [objection.rule.value]
    parts += [word for word in (objection.unit, objection.property_key) if word]
    if objection.need:
        parts.append(objection.need)
    if objection.facts:
        joined = "; ".join(objection.facts)
        parts.append(f"missing fact: {joined}" if objection.is_gap else joined)
    return " | ".join(parts)


def csv_cells(verdict: Verdict) -> tuple[str, str, str, str]:
    """Return outcome, consequence, objections and conditions as cells of a CSV row."""
    consequence = verdict.consequence.value if verdict.consequence is not None else ""
    name = verdict.start.baseline.machine_type
    objections = " ".join(f"{one.rule.value}:{_subject(one, name)}" for one in verdict.objections)
    asked = " ".join(one.condition.id for one in verdict.conditions)
    return verdict.outcome.value, consequence, objections, asked


def _subject(objection: Objection, machine_type: str) -> str:
    """Return what an objection is about: without a unit or property it is the machine type."""
    of_type = machine_type if objection.rule is Rule.MACHINE_TYPE_NOT_OFFERED else ""
    return objection.unit or objection.property_key or objection.capability or of_type
