"""The answer on one screen: the verdict and a table of pools, then per pool what to set and to check.

In: a `Solution` and how its inputs were named. Out: lines for a terminal or a pipe, at most 25 a pool.
Everything else that an answer holds is in `present/report.py` (`-v`), `explain` and JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from planner.domain.refusal import WhyNotNewer
from planner.domain.shown import counted
from planner.domain.solution import (
    DomainSolution,
    PoolVerdict,
    Solution,
)
from planner.present.asked import Asked
from planner.present.guest_lines import finding_text, findings_of
from planner.present.lines import Line, TextTable, commands, folded
from planner.present.pool_card import (
    STYLES,
    WORDS,
    card,
    check_count,
    holder,
    verdict_word,
    verdict_words,
)
from planner.present.report import group_equal
from planner.present.rungs import NO_RUNGS, Rungs

MOST_CARDS = 3
"""Pools that are told in full; more are rows of the table, and `explain` tells each of them."""
MOST_ROWS = 20
"""Rows of the table: a fleet of more kinds of pool is read from JSON or CSV."""
MOST_FINDINGS = 8
HEADER = ("pool", "hosts", "builds", "machine type", "flags", "checks", "held back by")
NUMBERS = frozenset({1, 2, 4, 5})


def answer_lines(solution: Solution, asked: Asked, rungs: Rungs = NO_RUNGS) -> Iterator[Line]:
    """Yield the verdict, the table of pools, cards of few kinds of pool, and what comes next.

    `rungs` say what opens the next types of the pools that have a card.
    """
    groups = group_equal(solution.domains)
    yield _verdict_line(solution, asked)
    if len(groups) > 1:
        yield Line("")
        yield from _table(groups)
        yield Line("")
    shown = groups if len(groups) <= MOST_CARDS else []
    for group in shown:
        yield from card(group, rungs)
        yield Line("")
    if not shown:
        yield from _findings(solution)
    yield from _next_lines(groups, asked, told=bool(shown))


def carded(solution: Solution) -> list[DomainSolution]:
    """Return the first pool of each kind that `answer_lines` tells in full."""
    groups = group_equal(solution.domains)
    return [group[0] for group in groups] if len(groups) <= MOST_CARDS else []


def _findings(solution: Solution) -> Iterator[Line]:
    """Yield what was found of guests that do not run as the answer, pools with most of them first."""
    found = [
        (domain.domain, finding) for domain in solution.domains for finding in findings_of(domain)
    ]
    if not found:
        return
    ranked = sorted(found, key=lambda pair: -pair[1].guests)
    for number, (pool, finding) in enumerate(ranked[:MOST_FINDINGS]):
        label = "guests" if not number else ""
        yield from folded(f"{pool}: {finding_text(finding)}", label=label.ljust(8), indent=1)
    if len(ranked) > MOST_FINDINGS:
        yield Line(f"         and {len(ranked) - MOST_FINDINGS:,} more: explain --pool names them")
    yield Line("")


def _table(groups: Sequence[tuple[DomainSolution, ...]]) -> Iterator[Line]:
    rows = [_row(group) for group in groups[:MOST_ROWS]]
    yield TextTable(header=HEADER, body=tuple(rows), right=NUMBERS)
    if len(groups) > MOST_ROWS:
        yield Line(
            f" and {len(groups) - MOST_ROWS:,} more kinds of pool: --format csv has them all"
        )


def quiet_lines(solution: Solution) -> Iterator[Line]:
    """Yield one line per pool: its name, its verdict and what to set."""
    for domain in solution.domains:
        best = domain.recommended
        what = best.baseline.arguments if best is not None and not best.broken else "-"
        text = f"{domain.domain}: {verdict_words(domain)}: {what}"
        yield Line(text, STYLES[domain.verdict])


def _verdict_line(solution: Solution, asked: Asked) -> Line:
    """Return how many pools have which verdict, the gravest first, and for which guests."""
    ranks = list(PoolVerdict)
    found: dict[str, int] = {}
    for domain in sorted(solution.domains, key=lambda one: -ranks.index(one.verdict)):
        word = verdict_word(domain)
        found[word] = found.get(word, 0) + 1
    if not found:
        return Line("no pools")
    gravest = max((domain.verdict for domain in solution.domains), key=ranks.index)
    total = counted(len(solution.domains), "pool")
    told = "; ".join(f"{word}: {number:,}" for word, number in found.items())
    text = f"{next(iter(found))}: {total}" if len(found) == 1 else f"{told} of {total}"
    return Line(f"{text}, for guest profile '{asked.profile}'", STYLES[gravest])


def _row(group: tuple[DomainSolution, ...]) -> tuple[str, ...]:
    first, hosts = group[0], sum(domain.hosts for domain in group)
    name = first.domain if len(group) == 1 else f"{first.domain} +{len(group) - 1:,}"
    size = (name, f"{hosts:,}", f"{len(first.builds)}")
    best = first.recommended
    if best is None or best.broken:
        return (*size, "-", "-", "-", WORDS[first.verdict].lower())
    flags, checks = len(best.flags), check_count(first)
    number = ", ".join([f"{checks}"] * bool(checks) + _in_the_way(first)) or "-"
    told = (best.machine_type, f"{flags}" if flags else "-", number)
    return (*size, *told, _held_back(best.why_not_newer, first))


def _in_the_way(domain: DomainSolution) -> list[str]:
    """Return how many guests are in the way of an answer, and how."""
    numbers = (("violated", domain.counted.violated), ("stuck", domain.counted.stuck))
    return [f"{number:,} {word}" for word, number in numbers if number]


def _held_back(newer: WhyNotNewer | None, domain: DomainSolution) -> str:
    """Return in few words who holds the next machine type back."""
    if newer is None or not newer.objections:
        return "-"
    return holder(newer.objections[0], domain)


def _next_lines(
    groups: Iterable[tuple[DomainSolution, ...]], asked: Asked, *, told: bool
) -> Iterator[Line]:
    found = [group[0] for group in groups]
    if not found:
        return
    gravest = max(found, key=lambda domain: list(PoolVerdict).index(domain.verdict))
    suggested = [] if told else [asked.command("explain", "--pool", gravest.domain)]
    held = any(best.why_not_newer for one in found if (best := one.recommended) is not None)
    suggested += [asked.command("unlock")] if held else []
    suggested += [] if asked.guests else [asked.command("solve", "--guests", "GUESTS")]
    yield from commands(suggested)
