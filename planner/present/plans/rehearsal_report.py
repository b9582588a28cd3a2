"""The migrations that would prove an answer, for a terminal and as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.plans.rehearsal import PoolRehearsal, RehearsedGuest, RehearsedPair, Risk
from planner.domain.shown import counted
from planner.present.lines import Line, Style, folded
from planner.present.plain import plain

REHEARSAL_SCHEMA = "planner.rehearsal/1"
LABEL = 12
MOST_SHOWN = 6
"""Risks of a migration that are told one by one."""


def rehearsal_report(pools: Iterable[PoolRehearsal]) -> Iterator[Line]:
    """Yield per pool the migrations, those that settle most first, with the guest of each."""
    for number, pool in enumerate(pools):
        if number:
            yield Line("")
        yield from _pool(pool)


def _pool(pool: PoolRehearsal) -> Iterator[Line]:
    title = f"{pool.domain}   {counted(pool.hosts, 'host')}"
    if pool.reason:
        yield Line(f"{title}: {pool.reason}", Style.HEAD)
        return
    yield Line(f"{title}, {pool.machine_type}", Style.HEAD)
    enough = f"{counted(len(pool.pairs), 'migration')} of {counted(pool.risks, 'risk')}"
    bound = "no fewer show them all" if not pool.gap else f"at least {pool.bound} are needed"
    yield from _item("rehearse", f"{enough}: {bound}")
    for place, pair in enumerate(pool.pairs, start=1):
        yield from _pair(place, pair)
    for risk in pool.apart:
        yield from _item("not shown", f"by two hosts: {risk.text}", Style.WARN)


def _pair(place: int, pair: RehearsedPair) -> Iterator[Line]:
    alike = pair.source_hosts == pair.destination_hosts
    there = "a host like it" if alike else pair.destination
    yield Line(f"  {place}. {pair.source} -> {there}", Style.HEAD)
    ends = (
        pair.source_hosts[:2] if alike else map(_names, (pair.source_hosts, pair.destination_hosts))
    )
    yield from _item("hosts", " -> ".join(ends))
    yield from _item("guest", guest_text(pair.guest))
    if pair.guest.deeds:
        yield from _item("it must", "; ".join(pair.guest.deeds))
    open_ones = [risk for risk in pair.risks if not risk.met]
    for risk in open_ones[:MOST_SHOWN]:
        yield from _item("settles", _told(risk))
    more = len(open_ones[MOST_SHOWN:])
    if more:
        yield from _item("", f"and {more} more")
    met = [risk for risk in pair.risks if risk.met]
    named = met[: MOST_SHOWN if not open_ones else 0]
    for risk in named:
        yield from _item("unusual", _told(risk))
    if met[len(named) :]:
        rest = counted(len(met) - len(named), "risk")
        yield from _item("beside", f"{rest} that usual guests are within")


def _names(hosts: tuple[str, ...]) -> str:
    return " or ".join(hosts)


def _told(risk: Risk) -> str:
    return f"{risk.text} ({risk.price})" if risk.price else risk.text


def guest_text(guest: RehearsedGuest) -> str:
    """Write the parts of a guest in a line."""
    parts = [str(guest.baseline.arguments)]
    if guest.devices:
        parts.append(f"devices {', '.join(guest.devices)}")
    if guest.features:
        parts.append(f"CPU with {', '.join(guest.features)}")
    if guest.uses:
        parts.append(f"use {', '.join(guest.uses)}")
    return "; ".join(parts)


def _item(label: str, text: str, style: Style = Style.PLAIN) -> Iterator[Line]:
    yield from folded(text, label=label.ljust(LABEL), indent=4, style=style)


def rehearsal_document(pools: Iterable[PoolRehearsal]) -> dict[str, object]:
    """Return the document of `planner rehearse`."""
    domains = [plain(pool) for pool in pools]
    return {"schema": REHEARSAL_SCHEMA, "domains": domains}
