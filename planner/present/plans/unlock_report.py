"""Unlocking upgrades for a terminal, as CSV and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from planner.domain.plans.unlock import (
    BudgetBound,
    ClassUpgrade,
    LeastCost,
    Unlocks,
    UnlockStatus,
    UnlockTarget,
)
from planner.domain.shown import counted
from planner.present.lines import Line, Style, commands, folded, listed
from planner.present.tables import csv_text, markdown_text

LABEL = 11
SHOWN = 4
"""Names of hosts that a line lists."""
STYLE = {
    UnlockStatus.OPENED: Style.GOOD,
    UnlockStatus.CLOSED: Style.BAD,
    UnlockStatus.UNDECIDED: Style.WARN,
}
Raised = Mapping[tuple[str, str], tuple[int, int]]
NOBODY: Raised = {}
COLUMNS = (
    "domain",
    "board",
    "line",
    "want",
    "status",
    "value",
    "cost",
    "least_cost",
    "method",
    "chosen",
    "upgrades",
    "after",
    "reason",
)


def unlock_report(
    unlocks: Unlocks, suggested: Sequence[str] = (), raised: Raised = NOBODY
) -> Iterator[Line]:
    """Yield what opens what, equal upgrades of a pool together; the budget; what comes next.

    `raised` says how many guests would take a type, of how many of its board and line.
    """
    for targets in _groups(unlocks.targets):
        yield from _target_lines(targets, raised)
    if not unlocks.targets:
        yield Line("Every pool has the newest type that is known: nothing to open")
    if unlocks.bound is not None:
        yield from _budget_lines(unlocks, unlocks.bound)
    yield from commands(suggested)


def _groups(targets: Sequence[UnlockTarget]) -> list[tuple[UnlockTarget, ...]]:
    """Return wants of one pool that the same upgrades open, or that the same reason shuts.

    Of a pool what fewest hosts open comes first, and what nothing opens last.
    """
    found: dict[object, list[UnlockTarget]] = {}
    for one in targets:
        reason = one.reason.replace(one.goal.text, "")
        key = (one.goal.domain, one.status, one.upgrades, one.bound, reason)
        found.setdefault(key, []).append(one)
    places = {one.goal.domain: place for place, one in reversed(list(enumerate(targets)))}
    return sorted(map(tuple, found.values()), key=lambda group: _order(group[0], places))


def _order(
    target: UnlockTarget, places: Mapping[str, int]
) -> tuple[int, bool, int, list[tuple[int, ...]]]:
    """Order wants: pools as they come, then by hosts, what the fleet runs first, then older releases."""
    releases = sorted({_numbers(one.release) for one in target.upgrades})
    return places[target.goal.domain], target.cost is None, target.cost or 0, releases


def _numbers(release: str) -> tuple[int, ...]:
    """Return the numbers in a release's name, none if the fleet runs it."""
    return tuple(int(number) for number in re.findall(r"\d+", release))


def _target_lines(targets: tuple[UnlockTarget, ...], raised: Raised) -> Iterator[Line]:
    first = targets[0]
    goals = tuple(dict.fromkeys(one.goal.text for one in targets))
    yield from folded(f"Pool {first.goal.domain}: {', '.join(goals)}", style=Style.HEAD)
    verdict = _verdict(first).replace(first.goal.text, " or ".join(goals))
    yield from folded(verdict, indent=2, style=STYLE[first.status])
    for pool, upgrades in _alike(first.upgrades):
        yield from folded(_hosts(pool, upgrades), label="upgrade".ljust(LABEL), indent=4)
        yield from folded(
            _to(upgrades[0], is_single=len(upgrades) == 1), label="to".ljust(LABEL), indent=4
        )
    for text in dict.fromkeys(_after(one) for one in targets if one.after):
        if text not in goals:
            yield from folded(text, label="gives".ljust(LABEL), indent=4)
    for one in targets:
        older, every = raised.get((one.goal.domain, one.goal.text), (0, 0))
        if every:
            text = f"{older:,} of {counted(every, 'guest')} take it at their next power cycle"
            yield from folded(text, label="guests".ljust(LABEL), indent=4)
    yield Line("")


def _verdict(target: UnlockTarget) -> str:
    if target.cost is None:
        return f"{target.status.value}: {target.reason}"
    if target.cost == 0:
        return "open without any upgrade"
    return f"opened by {counted(target.cost, 'host')} ({_proof(target.bound)})"


def _proof(bound: LeastCost) -> str:
    if bound.gap:
        return f"{bound.method}, at most {counted(bound.gap, 'host')} too many"
    return f"{bound.method}: no fewer are sure to"


def _alike(upgrades: Sequence[ClassUpgrade]) -> list[tuple[str, list[ClassUpgrade]]]:
    """Return the upgrades of one pool to the same target together, by the pool's name."""
    found: dict[tuple[str, ...], list[ClassUpgrade]] = {}
    for one in upgrades:
        changed = (
            one.qemu if one.qemu != one.from_qemu else "",
            one.kernel if one.kernel != one.from_kernel else "",
        )
        found.setdefault((one.pool, one.release, *changed), []).append(one)
    return [(ones[0].pool, ones) for ones in found.values()]


def _hosts(pool: str, upgrades: Sequence[ClassUpgrade]) -> str:
    """Name the hosts of a pool that get one target."""
    if len(upgrades) == 1:
        return _from(upgrades[0])
    hosts = sum(one.hosts for one in upgrades)
    names = sorted(name for one in upgrades for name in one.names or one.examples)
    text = listed(tuple(names[:SHOWN]), hosts)
    return f"{counted(hosts, 'host')} of {pool} ({text})"


def _from(upgrade: ClassUpgrade) -> str:
    names = listed(upgrade.examples, upgrade.hosts)
    return f"{counted(upgrade.hosts, 'host')} of {upgrade.pool} ({names})"


def _to(upgrade: ClassUpgrade, *, is_single: bool = True) -> str:
    """Write what hosts get; from what, if they are of a `single` class."""
    changes = (
        ("QEMU", upgrade.from_qemu, upgrade.qemu),
        ("kernel", upgrade.from_kernel, upgrade.kernel),
    )
    text = ", ".join(
        f"{word} {new} (from {old})" if is_single else f"{word} {new}"
        for word, old, new in changes
        if old != new
    )
    return f"{upgrade.release}: {text}" if upgrade.release else text


def _after(target: UnlockTarget) -> str:
    name, *flags = target.after
    return f"{name} with {', '.join(flags)}" if flags else name


def _budget_lines(unlocks: Unlocks, bound: BudgetBound) -> Iterator[Line]:
    yield Line(f"Budget of {counted(bound.budget, 'host')}", Style.HEAD)
    for one in unlocks.chosen:
        price = f"{counted(one.cost or 0, 'host')}, value {_number(one.value)}"
        text = f"{one.goal.domain}: {one.goal.text}, {price}"
        yield from folded(text, label="choose".ljust(LABEL), indent=4)
    if not unlocks.chosen:
        yield Line("    opens nothing")
    reached = bound.value - bound.gap
    proof = f"no choice is worth more than {_number(bound.value)}"
    text = f"{counted(bound.spent, 'host')}, value {_number(reached)} ({bound.method}: {proof})"
    yield from folded(text, label="in all".ljust(LABEL), indent=4)
    yield Line("")


def _number(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def unlock_csv(unlocks: Unlocks) -> Iterator[str]:
    """Yield one row per want as CSV."""
    return csv_text(COLUMNS, _rows(unlocks))


def unlock_markdown(unlocks: Unlocks) -> Iterator[str]:
    """Yield one row per want as a Markdown table."""
    return markdown_text(COLUMNS, _rows(unlocks))


def _rows(unlocks: Unlocks) -> Iterator[tuple[object, ...]]:
    chosen = {one.goal for one in unlocks.chosen}
    for one in unlocks.targets:
        upgrades = "; ".join(f"{_from(upgrade)}: {_to(upgrade)}" for upgrade in one.upgrades)
        yield (
            one.goal.domain,
            one.goal.board,
            one.goal.line,
            one.goal.text,
            one.status.value,
            _number(one.value),
            "" if one.cost is None else one.cost,
            one.bound.cost,
            one.bound.method,
            "yes" if one.goal in chosen else "",
            upgrades,
            " ".join(one.after),
            one.reason,
        )
