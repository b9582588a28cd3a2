"""The verdict of one edge on one screen: what decides first, what is of one kind in one line.

Comes in: every objection, condition and remark, in reading order. Goes out: as many of them as a screen
has room for, and how many it does not show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from planner.domain.verdict import Objection, PairCondition, Remark, Verdict
from planner.present.lines import WIDTH, Line, Style, folded

LABEL = 18
MOST_OBJECTIONS = 6
MOST_CONDITIONS = 5
MOST_NAMES = 3
"""Facts or names of one objection that a screen shows."""
MOST_REMARKS = 3
OBJECTION_ROWS, CONDITION_ROWS, REMARK_ROWS = 22, 6, 3
"""Rows of a screen: for objections what conditions and remarks leave of theirs."""
NAME = "\0"
"""Stands in a fact for what the objection is about."""
UNSEEN_REMARKS = frozenset({"host-condition"})
Kind = tuple[object, ...]


def screen(verdict: Verdict) -> Iterator[Line]:
    """Yield the objections, conditions and remarks of a verdict as far as a screen has room."""
    certain = [one for one in verdict.objections if not one.is_gap]
    gaps = [one for one in verdict.objections if one.is_gap]
    told = [(list(_told(group)), len(group)) for group in _kinds(certain or gaps)]
    conditions = [(condition_line(one), 1) for one in verdict.conditions]
    below = [
        *(_more(len(gaps), "more unknown fact") if certain else ()),
        *_fitting(conditions, MOST_CONDITIONS, CONDITION_ROWS, "condition"),
        *_fitting(list(_remarks(verdict.remarks)), MOST_REMARKS, REMARK_ROWS, "remark"),
    ]
    yield from _fitting(told, MOST_OBJECTIONS, OBJECTION_ROWS - _rows(below), "objection")
    yield from below


def fits(lines: Iterable[Line]) -> bool:
    """Whether a screen has room for all lines of a verdict."""
    return _rows(lines) <= OBJECTION_ROWS


def _fitting(
    parts: Sequence[tuple[list[Line], int]], most: int, room: int, noun: str
) -> Iterator[Line]:
    """Yield parts, each of so many things, while there is room; then how many things are left.

    The first part is told whatever room it takes.
    """
    used = shown = 0
    for lines, _ in parts[:most]:
        used += _rows(lines)
        if shown and used > room:
            break
        yield from lines
        shown += 1
    yield from _more(sum(count for _, count in parts[shown:]), f"more {noun}")


def _rows(lines: Iterable[Line]) -> int:
    return sum(len(line.rows(WIDTH)) for line in lines)


def _more(count: int, what: str) -> list[Line]:
    """Return the line that says how many things of a kind are not shown."""
    if not count:
        return []
    told = f"{count} {what}{'' if count == 1 else 's'} (-v)"
    return folded(told, label="and".ljust(LABEL), indent=2, style=Style.DIM)


def _kinds(objections: Iterable[Objection]) -> Iterator[list[Objection]]:
    """Yield objections of one kind together, in the order of the first of each."""
    found: dict[Kind, list[Objection]] = {}
    for one in objections:
        found.setdefault(_kind(one), []).append(one)
    yield from found.values()


def _kind(one: Objection) -> Kind:
    """Return what objections that are told in one line have in common: all but what they are about."""
    shape = tuple(_shape(one, fact) for fact in one.facts)
    named = (bool(one.unit), bool(one.property_key), bool(one.capability))
    if one.is_gap and any(NAME in fact for fact in shape):
        return True, shape
    return one.is_gap, one.rule, one.consequence, named, shape if one.is_gap else one.need


def _shape(one: Objection, fact: str) -> str:
    """Return a fact with a mark where it names what the objection is about."""
    name = _in_fact(one, fact)
    return fact.replace(name, NAME) if name else fact


def _in_fact(one: Objection, fact: str) -> str:
    names = (one.property_key, one.capability, one.unit)
    return next((name for name in names if name and name in fact.split()), "")


def _told(group: Sequence[Objection]) -> Iterator[Line]:
    """Yield a kind of objections, and the source of the first."""
    first = group[0]
    style = Style.WARN if first.is_gap else Style.BAD
    label = "unknown" if first.is_gap else first.consequence.value
    yield from folded(_text(group), label=label.ljust(LABEL), indent=2, style=style)
    yield from folded(_source(group), label="source".ljust(LABEL), indent=2, style=Style.DIM)


def _text(group: Sequence[Objection]) -> str:
    """Write what is said of all objections of a kind, with the names of the first."""
    first = group[0]
    about = listed(dict.fromkeys(filter(None, map(_about, group))))
    if len(group) == 1:
        facts = listed(_folded_facts(first.facts), "; ")
    elif first.is_gap:
        facts = listed(_folded_facts(tuple(_facts_of(group))), "; ")
        about = "" if all(_about(one) in _names_in_facts(one) for one in group) else about
    else:
        pairs = {_about(one): f" ({'; '.join(one.facts)})" if one.facts else "" for one in group}
        about, facts = listed([f"{name}{told}" for name, told in pairs.items()]), ""
    need = first.need if len({one.need for one in group}) == 1 else ""
    missing = f"missing fact: {facts}" if first.is_gap and facts else facts
    return " | ".join(filter(None, (first.rule.value, about, need, missing)))


def _names_in_facts(one: Objection) -> tuple[str, ...]:
    """Return the names of what an objection is about that its facts hold already."""
    return tuple(_in_fact(one, fact) for fact in one.facts)


def _about(one: Objection) -> str:
    return " | ".join(filter(None, (one.unit, one.property_key))) or one.capability


def _facts_of(group: Sequence[Objection]) -> Iterator[str]:
    """Yield each fact of a kind once, with all the names that it is told of."""
    for place, fact in enumerate(group[0].facts):
        shape = _shape(group[0], fact)
        if NAME not in shape:
            yield fact
            continue
        names = dict.fromkeys(_in_fact(one, one.facts[place]) for one in group)
        yield shape.replace(NAME, listed(names))


def _folded_facts(facts: Sequence[str]) -> list[str]:
    """Return facts, one for those that say the same of several names: `a, b and 7 more on it`."""
    found: dict[tuple[str, str], list[str]] = {}
    for fact in facts:
        name, _, place = fact.partition(" ")
        is_named = place and "." in name and not name.endswith(",")
        key = ("", place) if is_named else (fact, "")
        found.setdefault(key, []).append(name if is_named else fact)
    return [
        f"{listed(dict.fromkeys(names))} {place}" if place else names[0]
        for (_, place), names in found.items()
    ]


def _source(group: Sequence[Objection]) -> str:
    """Return the first source of a kind, and how many there are beside it."""
    sources = list(dict.fromkeys(one.source for one in group))
    first, *more = sources[0].split("; ")
    rest = len(more) + len(sources) - 1
    return f"{first.replace(',', ', ').replace(',  ', ', ')}{f' and {rest} more' if rest else ''}"


def condition_line(one: PairCondition) -> list[Line]:
    """Return what an edge holds under, and why."""
    reason = f" ({one.reason})" if one.reason else ""
    told = f"{one.condition.id}: {one.condition.text}{reason}"
    return folded(told, label="holds if".ljust(LABEL), indent=2, style=Style.WARN)


def _remarks(remarks: Iterable[Remark]) -> Iterator[tuple[list[Line], int]]:
    """Yield the remarks that say something of this edge, those of one text together."""
    shown = [one for one in remarks if not one.universal and one.kind not in UNSEEN_REMARKS]
    order = list(dict.fromkeys((one.kind, one.text) for one in shown))
    shown.sort(key=lambda one: order.index((one.kind, one.text)))
    for (kind, text), found in groupby(shown, key=lambda one: (one.kind, one.text)):
        same = list(found)
        units = listed(dict.fromkeys(one.unit for one in same if one.unit))
        told = f"{units}: {text}" if units else text
        yield folded(told, label=kind.ljust(LABEL), indent=2, style=Style.DIM), len(same)


def listed(names: Iterable[str], joint: str = ", ") -> str:
    """Write the first names, and how many there are beyond them."""
    known = list(names)
    more = len(known) - MOST_NAMES
    return joint.join(known[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
