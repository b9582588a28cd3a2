"""The flips of a plan as a calendar: each flag by itself, when, how it reaches guests, the way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.domain.plans.plan import Flip, Plan
from planner.domain.shown import counted
from planner.present.lines import Line, Style, TextTable, folded, listed

MOST_ROWS = 14
MOST_POOLS = 3
HEADER = ("flip after", "pools", "new guests", "running ones", "free way back")


@dataclass(frozen=True, slots=True)
class _Day:
    """When and how a change comes: what rows of the calendar have in common."""

    after_wave: int
    when: str
    takes_effect: str
    back: str


def calendar(plan: Plan) -> Iterator[Line]:
    """Yield one row per change of what new guests get, equal changes of pools and boards together."""
    rows: dict[tuple[_Day, str], dict[str, None]] = {}
    last = {one.domain: one.point_of_no_return for one in plan.domains}
    for flip in plan.flips:
        day = _day(flip, last.get(flip.domain))
        for change in _changes(flip):
            rows.setdefault((day, change), {})[flip.domain] = None
    if not rows:
        yield from folded("no flip: what new guests get now stays the newest safe answer")
        return
    merged = _types_together(rows)
    shown = [
        (day.when, listed(pools[:MOST_POOLS], len(pools)), change, day.takes_effect, day.back)
        for (day, change), pools in merged[:MOST_ROWS]
    ]
    yield TextTable(style=Style.PLAIN, header=HEADER, body=tuple(shown))
    if len(merged) > MOST_ROWS:
        yield Line(f" and {len(merged) - MOST_ROWS:,} more flips (-v)")


def _day(flip: Flip, last: int | None) -> _Day:
    when = f"wave {flip.after_wave}"
    if flip.not_before is not None:
        when += f", {flip.not_before.isoformat()}"
    elif flip.soak_days:
        when += f" + {counted(flip.soak_days, 'day')}"
    before = last is None or last >= flip.after_wave
    back = "until then" if before else f"until wave {last}"
    return _Day(flip.after_wave, when, flip.takes_effect.value, back)


def _changes(flip: Flip) -> Iterator[str]:
    """Yield what changes: a machine type with its flags, or flag by flag under the same type."""
    before, after = set(flip.before.flags), set(flip.after.flags)
    if flip.before.machine_type != flip.after.machine_type:
        flags = " ".join(str(flag) for flag in flip.after.flags)
        yield f"get {flip.after.machine_type} {flags}".strip()
        return
    yield from (f"drop {flag}" for flag in flip.before.flags if flag not in after)
    yield from (f"get {flag}" for flag in flip.after.flags if flag not in before)


def _types_together(
    rows: dict[tuple[_Day, str], dict[str, None]],
) -> list[tuple[tuple[_Day, str], tuple[str, ...]]]:
    """Return the rows in order of waves; types that the same pools get at the same time are one row."""
    found: dict[tuple[_Day, tuple[str, ...], str], list[str]] = {}
    for (day, change), pools in rows.items():
        alike = change if "=" in change else ""
        found.setdefault((day, tuple(pools), alike), []).append(change)
    merged = [((day, _together(changes)), pools) for (day, pools, _), changes in found.items()]
    return sorted(merged, key=lambda row: row[0][0].after_wave)


def _together(changes: list[str]) -> str:
    first, *others = changes
    return ", ".join((first, *(one.removeprefix("get ") for one in others)))
