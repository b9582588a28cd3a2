"""A plan on one screen: the verdict, pools and waves as tables, flips as a calendar, the way back.

In: a `Plan` and how its inputs were named. Out: lines for a terminal or a pipe. Names of hosts, reasons
and what flips wait for are in `present/plans/plan_details.py` (`-v`), in CSV and in JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from planner.domain.compat import CompatFlag
from planner.domain.cpu_advice import cpu_words
from planner.domain.plans.plan import DomainPlan, Plan, Rollback, Routing
from planner.domain.shown import counted
from planner.present.asked import Asked
from planner.present.lines import Line, Style, TextTable, commands, folded, listed
from planner.present.plans.flip_calendar import calendar
from planner.present.plans.plan_details import radar_lines
from planner.present.plans.wave_table import wave_table
from planner.present.report import merged_conditions

LABEL = 13
MOST_CARDS = 3
"""Kinds of pool that are told in full; more are rows of a table."""
MOST_ROWS = 12
MOST_CHECKS = 6
MOST_CAUTIONS = 2
MOST_NAMES = 3
AND_MORE = "and {:,} more (-v)"


def plan_report(plan: Plan, asked: Asked, *, is_all: bool = False) -> Iterator[Line]:
    """Yield the screen, or what forbids a plan; `is_all`: all the rest of it is told as well."""
    yield Line(*headline(plan))
    if plan.relaxations and not plan.waves:
        yield from _forbidden(plan)
        yield from radar_lines(plan)
        yield from commands((asked.command("solve"),))
        return
    yield Line(_basis(plan), Style.DIM)
    groups = _alike(plan.domains)
    yield Line("")
    if len(groups) > MOST_CARDS:
        yield _pool_table(groups)
    else:
        for group in groups:
            yield from _card(group)
    if plan.relaxations:
        yield Line("")
        yield from _forbidden(plan)
    yield Line("")
    yield from wave_table(plan.waves)
    yield Line("")
    yield from calendar(plan)
    yield from _way_back(plan)
    yield from _waiting(plan)
    yield from _assumed(plan)
    if not is_all:
        yield from radar_lines(plan)
    yield from _next(asked)
    if not is_all:
        yield Line("      -v tells all the rest", Style.DIM)


def headline(plan: Plan) -> tuple[str, Style]:
    """Return the verdict in one line: whether there is a plan, how long, and what is left to check."""
    undecided = all(one.constraint == "missing-fact" for one in plan.relaxations)
    if plan.relaxations and not plan.waves:
        if undecided:
            return "UNDECIDED: facts are missing, so there is no plan yet", Style.WARN
        return "NO PLAN: something has to give", Style.BAD
    checks = any(one.checks or one.needs_ack for one in plan.domains)
    hosts = sum(len(wave.hosts) for wave in plan.waves)
    size = f"{counted(len(plan.waves), 'wave')} for {counted(hosts, 'host')}"
    words = "SAFE WITH CHECKS" if checks else "SAFE"
    text = f"{words}: {size} in {counted(len(plan.domains), 'pool')}"
    if not plan.relaxations:
        return text, Style.GOOD
    left = counted(len({one.domain for one in plan.relaxations}), "pool")
    return f"{text}; {'UNDECIDED' if undecided else 'NO PLAN'}: {left}", Style.WARN


def _basis(plan: Plan) -> str:
    """Say how few waves there could be, and for which guests."""
    bound = plan.bounds
    least = f"no plan has fewer than {bound.waves:,}" if bound.gap else "no plan has fewer"
    return f"{least} waves; for guest profile '{plan.guest_profile}'"


def _forbidden(plan: Plan) -> Iterator[Line]:
    for one in plan.relaxations:
        where = f" ({listed(one.examples, one.hosts)})" if one.examples else ""
        pool = f"pool {one.domain}: " if one.domain else ""
        text = f"{pool}{one.text}{where}"
        label = f"{one.constraint} ".ljust(LABEL)
        yield from folded(text, label=label, indent=2, style=Style.WARN)


def _alike(domains: Iterable[DomainPlan]) -> list[tuple[DomainPlan, ...]]:
    """Return pools that do the same together."""
    groups: dict[object, list[DomainPlan]] = {}
    for domain in domains:
        groups.setdefault(replace(domain, domain="", hosts=0), []).append(domain)
    return [tuple(group) for group in groups.values()]


def _names(group: Sequence[DomainPlan]) -> str:
    return listed(tuple(one.domain for one in group[:MOST_NAMES]), len(group))


def _checks(domain: DomainPlan) -> tuple[str, ...]:
    asked = tuple(f"acknowledge {unit}: it costs security" for unit in domain.needs_ack)
    return (*merged_conditions(domain.checks), *asked)


def _pool_table(groups: Sequence[tuple[DomainPlan, ...]]) -> Line:
    rows = [_pool_row(group) for group in groups[:MOST_ROWS]]
    if len(groups) > MOST_ROWS:
        rows.append((AND_MORE.format(len(groups) - MOST_ROWS), "", "", "", "", ""))
    header = ("pool", "hosts", "new guests now", "flags", "checks", "roll back freely")
    return TextTable(header=header, body=tuple(rows), right=frozenset({1, 3, 4}))


def _pool_row(group: tuple[DomainPlan, ...]) -> tuple[str, ...]:
    first, checks = group[0], len(_checks(group[0]))
    best = first.baselines[0] if first.baselines else None
    flags = 0 if best is None else len(best.flags)
    return (
        _names(group),
        f"{sum(one.hosts for one in group):,}",
        "nothing" if best is None else best.machine_type,
        f"{flags}" if flags else "-",
        f"{checks}" if checks else "-",
        _free_until(first),
    )


def _free_until(domain: DomainPlan) -> str:
    last = domain.point_of_no_return
    return "throughout" if last is None else f"until wave {last}"


def _item(label: str, text: str, style: Style = Style.PLAIN) -> Iterator[Line]:
    yield from folded(text, label=label.ljust(LABEL), indent=2, style=style)


def _card(group: tuple[DomainPlan, ...]) -> Iterator[Line]:
    first = group[0]
    hosts = counted(sum(one.hosts for one in group), "host")
    yield from folded(f"{_names(group)}   {hosts} to upgrade", style=Style.HEAD)
    for number, text in enumerate(_new_guests(first)):
        yield from _item("" if number else "new guests", text, Style.HEAD)
    if text := cpu_words(first.cpu_models, first.cpu_refused):
        yield from _item("CPU", text)
    checks = _checks(first)
    for number, text in enumerate(checks[:MOST_CHECKS]):
        yield from _item("" if number else "check first", text, Style.WARN)
    if len(checks) > MOST_CHECKS:
        yield from _item("", AND_MORE.format(len(checks) - MOST_CHECKS), Style.WARN)
    if first.routing is Routing.UPGRADED_ONLY:
        yield from _item("routing", "evacuate to upgraded hosts only, never back", Style.WARN)
    for remedy in first.remedies:
        if remedy.chosen:
            yield from _item("on the way", remedy.text)
    for number, text in enumerate(first.cautions[:MOST_CAUTIONS]):
        yield from _item("" if number else "beware", text, Style.WARN)
    if len(first.cautions) > MOST_CAUTIONS:
        yield from _item("", AND_MORE.format(len(first.cautions) - MOST_CAUTIONS), Style.WARN)


def _new_guests(domain: DomainPlan) -> Iterator[str]:
    """Yield what new guests get: types with equal flags together, the pool's own first."""
    found: dict[tuple[CompatFlag, ...], list[str]] = {}
    for one in domain.baselines:
        found.setdefault(one.flags, []).append(one.machine_type)
    for flags, (first, *others) in found.items():
        beside = f"  (or {', '.join(others)})" if others else ""
        yield f"{' '.join((first, *map(str, flags)))}{beside}"


def _label(word: str) -> str:
    return word.ljust(LABEL + 2)


def _way_back(plan: Plan) -> Iterator[Line]:
    """Yield in one line until when every host can go back, and what it costs from then on."""
    costly = [wave for wave in plan.waves if not wave.rollback.free]
    if not costly:
        yield from folded("free throughout", label=_label("rollback"))
        return
    first = costly[0]
    until = f"free until wave {first.number}; from then" if first.number > 1 else "from wave 1"
    ends = {
        domain.domain: domain.point_of_no_return
        for domain in plan.domains
        if domain.point_of_no_return != first.number
    }
    later = [
        f"{name} free {'throughout' if end is None else f'until wave {end}'}"
        for name, end in list(ends.items())[:MOST_NAMES]
    ]
    later += [f"{len(ends) - MOST_NAMES} pools more later"] if len(ends) > MOST_NAMES else []
    others = f" ({', '.join(later)})" if later else ""
    text = f"{until} on it costs {_cost(first.rollback)}{others}"
    yield from folded(text, label=_label("rollback"))


def _cost(back: Rollback) -> str:
    if not back.guests:
        return "the guests started since"
    size = "" if back.vcpus is None else f" ({back.vcpus:,.0f} vCPU)"
    return f"{counted(back.guests, 'guest')}{size}, and those started since"


def _waiting(plan: Plan) -> Iterator[Line]:
    """Yield in one line each how many guests restart, and what the operator holds."""
    if plan.restarts:
        guests = counted(sum(one.guests for one in plan.restarts), "guest")
        waves = sorted({one.before_wave for one in plan.restarts})
        text = f"{guests} must be power-cycled before wave {', '.join(map(str, waves))} (-v)"
        yield from folded(text, label=_label("restarts"), style=Style.WARN)
    if plan.held:
        text = f"{counted(len(plan.held), 'flip')}: {plan.held[0].reasons[0]}"
        yield from folded(text, label=_label("held"))


def _assumed(plan: Plan) -> Iterator[Line]:
    """Yield what all pools take for granted, each once, and how many pools where not all do."""
    found: dict[str, int] = {}
    for domain in plan.domains:
        for text in domain.assumptions:
            found[text] = found.get(text, 0) + 1
    for number, (text, pools) in enumerate(found.items()):
        where = "" if pools == len(plan.domains) else f" ({counted(pools, 'pool')})"
        label = "" if number else "assumed"
        yield from folded(f"{text}{where}", label=_label(label), style=Style.DIM)


def _next(asked: Asked) -> Iterator[Line]:
    yield from commands(
        (
            asked.command("plan", "-f", "json", "-o", "plan.json"),
            asked.command("simulate", before="plan.json"),
        )
    )


def quiet_line(plan: Plan) -> Iterator[Line]:
    """Yield the verdict and until when the way back is free, in one line."""
    text, style = headline(plan)
    if plan.relaxations and not plan.waves:
        yield Line(text, style)
        return
    costly = next((wave.number for wave in plan.waves if not wave.rollback.free), None)
    back = "free throughout" if costly is None else f"free until wave {costly}"
    yield Line(f"{text}; rollback {back}", style)
