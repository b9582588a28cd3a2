"""The answer as CSV and Markdown tables: one row per pool, board and line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from planner.domain.shown import harmless
from planner.domain.solution import ChosenBaseline, DomainSolution, Solution
from planner.present.report import merged_conditions

FORMULAS = {"=", "+", "-", "@"}
"""What a cell begins with that a spreadsheet computes."""
SIGNED = re.compile(r"[\w.+ -]*", re.ASCII)
"""Numbers and stated capabilities, which begin so and call nothing."""
COLUMNS = (
    "domain",
    "hosts",
    "profiles",
    "status",
    "board",
    "line",
    "machine_type",
    "flags",
    "conditions",
    "needs_ack",
    "next_newer",
    "held_back_by",
    "arguments",
)


def solution_csv(solution: Solution) -> Iterator[str]:
    """Yield the answer as CSV with a header."""
    return csv_text(COLUMNS, _rows(solution))


def csv_text(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield rows as CSV with Unix newlines; no cell of it is a formula to a spreadsheet."""
    for row in chain([header], rows):
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(map(_cell, row))
        yield buffer.getvalue()


def _cell(value: object) -> object:
    """Return a cell that neither steers a terminal nor is computed: that one gets a quote."""
    if not isinstance(value, str) or value.isalnum():
        return value
    text = harmless(value)
    return f"'{text}" if text[:1] in FORMULAS and not SIGNED.fullmatch(text) else text


def solution_markdown(solution: Solution) -> Iterator[str]:
    """Yield the answer as one Markdown table."""
    return markdown_text(COLUMNS, _rows(solution))


def markdown_text(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield rows as one Markdown table."""
    columns = tuple(header)
    for row in chain([columns, ["---"] * len(columns)], rows):
        yield _markdown_row(harmless(str(cell)) for cell in row)


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _rows(solution: Solution) -> Iterator[tuple[object, ...]]:
    for domain in solution.domains:
        for baseline in domain.baselines:
            yield _row(domain, baseline)
        for line in domain.refused:
            reasons = "; ".join(refusal.text for refusal in line.objections)
            head = (domain.domain, domain.hosts, domain.profiles, line.status.value)
            yield (*head, line.board, line.line, "", "", "", "", "", reasons, "")
        if not domain.baselines and not domain.refused:
            head = (domain.domain, domain.hosts, domain.profiles, domain.status.value)
            yield (*head, *([""] * (len(COLUMNS) - len(head))))


def _row(domain: DomainSolution, baseline: ChosenBaseline) -> tuple[object, ...]:
    newer = baseline.why_not_newer
    return (
        domain.domain,
        domain.hosts,
        domain.profiles,
        domain.status.value,
        baseline.board,
        baseline.line,
        baseline.machine_type,
        " ".join(str(choice.flag) for choice in baseline.flags),
        "; ".join(merged_conditions(tuple(one.text for one in baseline.conditions))),
        " ".join(baseline.needs_ack),
        newer.machine_type if newer else "",
        "; ".join(refusal.text for refusal in newer.objections) if newer else "",
        baseline.baseline.arguments,
    )
