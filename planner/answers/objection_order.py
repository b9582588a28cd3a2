"""Objections of a verdict as a reader needs them: each gap told once, what decides first.

Comes in: every objection of every rule and boot host. Goes out: fewer of them, in order; none is dropped
but into another that has all its facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from planner.domain.verdict import Objection

OF_THE_CPU = "cpu."


def gravest_first(objections: Iterable[Objection]) -> tuple[Objection, ...]:
    """Return objections in the order in which a reader needs them: what is certain, then by gravity.

    What refuses before anything moves decides and comes first. Of the gaps those about the whole guest
    come first, such as a machine type without a row: others may follow from them.
    """
    told = gaps_told_once(objections)
    return tuple(sorted(told, key=_reading_order))


def _reading_order(objection: Objection) -> tuple[bool, bool, bool, int]:
    early = not objection.is_gap and objection.consequence.is_before_the_move
    about_part = objection.is_gap and bool(objection.unit or objection.property_key)
    return objection.is_gap, not early, about_part, -objection.consequence.weight


def gaps_told_once(objections: Iterable[Objection]) -> tuple[Objection, ...]:
    """Return objections with one gap per unit, property and capability: its facts are all of theirs.

    All CPU features count as one capability. Boot hosts, and rules that a fact leaves open, each
    object on their own; a reader needs the facts.
    """
    found: dict[object, Objection] = {}
    for objection in objections:
        key = _gap_subject(objection) if objection.is_gap else objection
        known = found.get(key)
        found[key] = objection if known is None else _joined(known, objection)
    return tuple(found.values())


def _gap_subject(gap: Objection) -> object:
    capability = OF_THE_CPU if gap.capability.startswith(OF_THE_CPU) else gap.capability
    named = (gap.unit, gap.property_key, capability)
    return named if any(named) else (named, gap.facts)


def _joined(one: Objection, other: Objection) -> Objection:
    graver = max(one.consequence, other.consequence, key=lambda found: found.weight)
    facts = tuple(dict.fromkeys((*one.facts, *other.facts)))
    capability = one.capability if one.capability == other.capability else ""
    return replace(one, consequence=graver, facts=facts, capability=capability)
