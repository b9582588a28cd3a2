"""The ways to live with what only upgraded hosts have, priced; the chosen ones are marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from planner.domain.compat import CompatFlag
from planner.domain.plans.plan import Mitigation, Routing
from planner.domain.solution import FlagChoice
from planner.domain.verdict import Objection
from planner.rollout.guest_groups import total
from planner.rollout.guest_impact import UpgradeImpact
from planner.rollout.pool_analysis import PoolAnalysis
from planner.rollout.stages import Stage

Flags = dict[CompatFlag, FlagChoice]


def remedies_of(analysis: PoolAnalysis, first: Stage, last: Stage) -> Iterator[Mitigation]:
    """Yield the remedies for flags that are there for old hosts, and for guests that cannot return."""
    flags = _only_at_first(first, last)
    endangered = tuple(impact for impact in analysis.impacts if impact.is_one_way)
    if not (flags or endangered or first.is_directed):
        return
    unit = ", ".join(_units(flags, endangered))
    guests = total(impact.cohort.guests for impact in endangered) if analysis.given else None
    if flags:
        yield from _with_flags(unit, " ".join(str(flag) for flag in flags), guests, first)
    yield Mitigation(
        kind="one-way-routing",
        unit=unit,
        text=_routing_text(first, flags),
        guests=guests,
        hosts=0,
        chosen=analysis.routing is Routing.UPGRADED_ONLY,
    )
    against = tuple(_against_return(endangered))
    if not flags and not all(objection.capability for objection in against):
        return
    names = ", ".join(sorted({objection.capability for objection in against} - {""}))
    yield Mitigation(
        kind="mask-capability",
        unit=unit,
        text=f"hide {names or 'what these flags control'} on upgraded hosts until the last one "
        "is done, then unmask",
        guests=0,
        hosts=analysis.upgrade.moving,
        chosen=False,
    )


def _only_at_first(first: Stage, last: Stage) -> Flags:
    """Return the flags of the first answer that the last one no longer needs."""
    final = {
        (baseline.board, baseline.line, choice.flag)
        for baseline in last.baselines
        for choice in baseline.flags
    }
    return {
        choice.flag: choice
        for baseline in first.baselines
        for choice in baseline.flags
        if (baseline.board, baseline.line, choice.flag) not in final
    }


def _with_flags(unit: str, names: str, guests: int | None, first: Stage) -> Iterator[Mitigation]:
    """Yield the two remedies that set flags: for new guests, and for those that run."""
    where = "they can go to upgraded hosts, not back"
    if not first.is_directed:
        where = "they can go everywhere, and back"
    yield Mitigation(
        kind="launch-with-flags",
        unit=unit,
        text=f"new guests get {names} until the last old host is upgraded; {where}",
        guests=0,
        hosts=0,
        chosen=True,
    )
    if not first.is_directed:
        yield Mitigation(
            kind="restart-with-flags",
            unit=unit,
            text=f"power-cycle running guests with {names} before wave 1; they can then come back",
            guests=guests,
            hosts=0,
            chosen=False,
        )


def _routing_text(first: Stage, flags: Flags) -> str:
    which = "guests without these flags" if flags else "guests that could not come back"
    if first.is_directed:
        which = "all guests"
    return (
        f"{which} go to upgraded hosts only, and not back; room is kept there; rollback costs them"
    )


def _units(flags: Flags, endangered: Sequence[UpgradeImpact]) -> Iterable[str]:
    """Return the units that flags and endangered guests are about, in order."""
    named = [choice.unit for choice in flags.values()]
    named += [objection.unit for objection in _against_return(endangered)]
    return dict.fromkeys(name for name in named if name)


def _against_return(impacts: Iterable[UpgradeImpact]) -> Iterator[Objection]:
    for impact in impacts:
        yield from (*impact.back, *impact.after_reboot)
