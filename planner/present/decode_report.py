"""Decoded messages for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from planner.domain.compat import PropertyKey
from planner.domain.diagnosis import Diagnosis
from planner.domain.migrated import RefusedBit
from planner.present.lines import Line, Style, folded

LABEL = 14
SHOWN = 200
"""Characters of a message that its heading shows."""
MOST_UNITS = 4

Forbids = Callable[[PropertyKey], bool]


def decode_report(found: Iterable[Diagnosis], is_forbidden: Forbids) -> Iterator[Line]:
    """Yield one entry per message; flags that policy forbids are not proposed."""
    for place, one in enumerate(found):
        if place:
            yield Line("")
        yield from _entry(one, is_forbidden)


def _entry(one: Diagnosis, is_forbidden: Forbids) -> Iterator[Line]:
    times = f" ({one.times} times)" if one.times > 1 else ""
    yield Line(one.text[:SHOWN] + times, Style.HEAD)
    yield from _labelled("unit", _unit_of(one))
    yield from _labelled("says", one.told(one.message.says))
    for fact in one.facts:
        yield from _labelled("known", fact)
    if one.bits or "allowed" in one.words:
        yield from _bits(one.bits, is_forbidden)
    for place, cause in enumerate(one.message.causes):
        yield from _labelled("likely cause" if not place else "", one.told(cause))
    for place, question in enumerate(one.message.ask):
        yield from _labelled("ask next" if not place else "", one.told(question))


def _unit_of(one: Diagnosis) -> str:
    """Name the units of the knowledge, the section and, if both are missing, what is not known."""
    units = "; ".join(f"{unit.id}: {unit.title}" for unit in one.units[:MOST_UNITS])
    if one.units[MOST_UNITS:]:
        units += f"; {len(one.units) - MOST_UNITS} more"
    own = one.message.unit if not one.units else ""
    names = [name for name in (one.section, units or own) if name]
    block = one.words.get("block") or one.words.get("other")
    return ", ".join(names) or block or "not named in this line"


def _bits(bits: tuple[RefusedBit, ...], is_forbidden: Forbids) -> Iterator[Line]:
    """Yield the refused feature bits, each with its unit, and then the flags that avoid them."""
    if not bits:
        yield Line("  no bit of the guest is refused", Style.GOOD)
    flags = []
    for bit in bits:
        yield Line(f"  bit {bit.bit}: {bit.name}", Style.HEAD)
        if bit.unit is None:
            yield from folded("no row of the knowledge speaks of this bit", indent=4)
            continue
        needs = ", ".join(sorted(bit.unit.requires)) or "nothing of the kernel"
        yield from _labelled("unit", bit.unit.title, 4)
        cause = f"the destination lacks {needs}, or its machine type switches this off"
        yield from _labelled("likely cause", cause, 4)
        key = bit.unit.flag or (bit.unit.gates[0].key if bit.unit.gates else None)
        if key is not None and not is_forbidden(key):
            flags.append(f"{key}=off")
            yield from _labelled("avoided by", f"{key}=off, from the next power cycle on", 4)
    if flags:
        told = " ".join(f"-global {flag}" for flag in dict.fromkeys(flags))
        yield from _labelled("flags", told)


def _labelled(label: str, text: str, indent: int = 2) -> list[Line]:
    return folded(text, label=label.ljust(LABEL), indent=indent)
