"""Everything that a plan holds, for a terminal or a pipe: `planner plan -v`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from planner.domain.guest import Baseline
from planner.domain.plans.plan import (
    DomainPlan,
    Flip,
    FlipState,
    FlipStatus,
    Plan,
    Rollback,
    Routing,
    Wave,
)
from planner.domain.shown import counted
from planner.present.lines import Line, Style, folded, listed
from planner.present.report import merged_conditions

LABEL = 14
MOST_HOSTS = 8
MOST_LINES = 10


def plan_details(plan: Plan) -> Iterator[Line]:
    """Yield all of a plan that has waves: pools, waves, flips, what waits, and what retires."""
    yield Line(f"The plan in full: {proof_of(plan)}", Style.HEAD)
    yield from _domains(plan)
    told: tuple[str, ...] = ()
    for run in _runs(plan.waves):
        yield from _wave(run)
        yield from _rollback(run[0].rollback, told)
        told = run[0].rollback.reasons
    yield from _restarts(plan)
    yield from _states("Held back", plan.held)
    waiting = (state for state in plan.states if state.status is not FlipStatus.DONE)
    yield from _states("Before wave 1", waiting)
    yield from radar_lines(plan)
    yield Line(f"knowledge {plan.knowledge_digest}", Style.DIM)


def _label(word: str) -> str:
    return word.ljust(LABEL)


def proof_of(plan: Plan) -> str:
    """Say how few waves a plan could have."""
    bound = plan.bounds
    if bound.gap:
        return f"{bound.method}; no plan has fewer than {counted(bound.waves, 'wave')}"
    return f"{bound.method}: no plan has fewer"


def baseline_text(baseline: Baseline) -> str:
    """Write a baseline in one line."""
    if not baseline.machine_type:
        return "nothing"
    flags = " ".join(str(flag) for flag in baseline.flags)
    return f"{baseline.machine_type} {flags}".strip()


def _domains(plan: Plan) -> Iterator[Line]:
    """Yield what pools do from before wave 1 on, equal ones together."""
    groups: dict[object, list[DomainPlan]] = {}
    for domain in plan.domains:
        key = replace(domain, domain="", hosts=0)
        groups.setdefault(key, []).append(domain)
    for domains in groups.values():
        names = tuple(domain.domain for domain in domains[:3])
        yield from folded(f"Pool {listed(names, len(domains))}", style=Style.HEAD)
        yield from _domain(domains[0])


def _domain(domain: DomainPlan) -> Iterator[Line]:
    """Yield what the screen does not tell of a pool: the rest of what must hold, and of its ways out."""
    for text in merged_conditions(rest_of(domain)):
        yield from folded(text, label=_label("holds if"), indent=2)
    for text in domain.cautions:
        yield from folded(text, label=_label("beware"), indent=2)
    if domain.routing is Routing.ANY:
        text = "any host of the pool, up or down in version"
        yield from folded(text, label=_label("routing"), indent=2)
    for remedy in domain.remedies:
        mark = "chosen" if remedy.chosen else "or"
        price = _price(remedy.guests, remedy.hosts)
        yield from folded(f"{remedy.kind}: {remedy.text}{price}", label=_label(mark), indent=2)


def rest_of(domain: DomainPlan) -> tuple[str, ...]:
    """Return what must hold that guests of the profile meet, or that any migration asks for."""
    return tuple(text for text in domain.holds_if if text not in domain.checks)


def _price(guests: int | None, hosts: int) -> str:
    if hosts:
        return f" (price: {counted(hosts, 'host')})"
    if guests is None:
        return " (price: every such guest)"
    return f" (price: {counted(guests, 'guest')})" if guests else " (price: no guest of today)"


def _runs(waves: Iterable[Wave]) -> list[list[Wave]]:
    """Return waves that follow each other together if only number, day and hosts differ."""
    runs: list[list[Wave]] = []
    for wave in waves:
        if runs and _content(runs[-1][-1]) == _content(wave):
            runs[-1].append(wave)
        else:
            runs.append([wave])
    return runs


def _content(wave: Wave) -> object:
    upgrades = frozenset(replace(one, host="") for one in wave.upgrades)
    size = len(wave.hosts)
    figures = (wave.moves, wave.spare, wave.one_way_guests)
    return size, upgrades, wave.why, figures, wave.flips, wave.rollback


def _wave(run: Sequence[Wave]) -> Iterator[Line]:
    """Yield what a wave does, or several that are alike but for their hosts."""
    wave, last = run[0], run[-1]
    day = "" if wave.day is None else f", {wave.day.isoformat()}"
    title, hosts = f"Wave {wave.number}{day}", counted(len(wave.hosts), "host")
    if wave is not last:
        until = "" if last.day is None else f" to {last.day.isoformat()}"
        title, hosts = f"Waves {wave.number}-{last.number}{day}{until}", f"{hosts} each"
    yield Line(f"{title}: {hosts}", Style.HEAD)
    if wave is last:
        names = listed(wave.hosts[:MOST_HOSTS], len(wave.hosts))
    else:
        few = (listed(one.hosts[:MOST_HOSTS], len(one.hosts)) for one in run)
        names = "; ".join(f"{one.number}: {text}" for one, text in zip(run, few, strict=True))
    yield from folded(names, label=_label("hosts"), indent=2)
    upgrades = dict.fromkeys(
        (one.from_kernel, one.from_qemu, one.kernel, one.qemu) for one in wave.upgrades
    )
    for old_kernel, old_qemu, kernel, qemu in list(upgrades)[:MOST_LINES]:
        parts = [
            f"{name} {old} to {new}"
            for name, old, new in (("kernel", old_kernel, kernel), ("QEMU", old_qemu, qemu))
            if old != new
        ]
        yield from folded(", ".join(parts), label=_label("upgrade"), indent=2)
    for why in wave.why[:MOST_LINES]:
        yield from folded(why, label=_label("why"), indent=2)
    yield from _figures(wave)
    for flip in wave.flips[:MOST_LINES]:
        yield from _flip(flip)
    if len(wave.flips) > MOST_LINES:
        yield Line(f"  {'':{LABEL}}and {len(wave.flips) - MOST_LINES:,} flips more")


def _figures(wave: Wave) -> Iterator[Line]:
    parts = []
    if wave.moves is not None:
        parts.append(f"{counted(wave.moves, 'guest')} move")
    if wave.spare is not None:
        parts.append(
            f"least room left {wave.spare.vcpus:,.0f} vCPU, {wave.spare.memory_gib:,.0f} GiB"
        )
    if wave.one_way_guests:
        parts.append(f"{counted(wave.one_way_guests, 'guest')} one-way from here")
    if parts:
        yield from folded("; ".join(parts), label=_label("load"), indent=2)


def _flip(flip: Flip) -> Iterator[Line]:
    when = f"{flip.soak_days} days after this wave" if flip.soak_days else "after this wave"
    if flip.not_before is not None:
        when = f"from {flip.not_before.isoformat()} on"
    pending = (
        "" if flip.guests_pending is None else f", {counted(flip.guests_pending, 'guest')} due"
    )
    yield from folded(
        f"{flip.domain}: {baseline_text(flip.before)} to {baseline_text(flip.after)}",
        label=_label("flip"),
        indent=2,
        style=Style.GOOD,
    )
    yield from folded(
        f"{when}; takes effect at the {flip.takes_effect.value}{pending}; {flip.unlocks}",
        label=_label(""),
        indent=2,
    )


def _rollback(rollback: Rollback, told: tuple[str, ...]) -> Iterator[Line]:
    """Yield the way back; reasons that the last wave told are not told again."""
    reasons = () if rollback.reasons == told else rollback.reasons[:3]
    cost, style = "costs the guests started since", Style.WARN
    if rollback.free:
        cost, style = "free", Style.PLAIN
    elif rollback.guests:
        size = "" if rollback.vcpus is None else f" ({rollback.vcpus:,.0f} vCPU)"
        cost = f"costs {counted(rollback.guests, 'guest')}{size}, and those started since"
    if rollback.reasons:
        cost += ", except" if rollback.free else ""
        cost += "" if reasons else " as after the wave before"
    yield from folded(cost, label=_label("rollback"), indent=2, style=style)
    for reason in reasons:
        yield from folded(reason, label=_label(""), indent=2, style=Style.DIM)


def _restarts(plan: Plan) -> Iterator[Line]:
    if plan.restarts:
        yield Line("Restarts", Style.HEAD)
    for one in plan.restarts[:MOST_LINES]:
        windows = f" in {', '.join(one.windows)}" if one.windows else ""
        yield from folded(
            f"{counted(one.guests, 'guest')} of {one.domain} before wave {one.before_wave}{windows}: "
            f"{baseline_text(one.before)} to {baseline_text(one.after)}, for {one.reason}",
            indent=2,
        )


def _states(title: str, states: Iterable[FlipState]) -> Iterator[Line]:
    found = list(states)
    if found:
        yield Line(title, Style.HEAD)
    for state in found[:MOST_LINES]:
        where = f" ({listed(state.examples, state.hosts)})" if state.examples else ""
        yield from folded(
            f"{state.domain}: {baseline_text(state.after)}: {'; '.join(state.reasons[:3])}{where}",
            label=_label(state.status.value + " ") if len(state.status.value) < LABEL else "",
            indent=2,
        )
    if len(found) > MOST_LINES:
        yield Line(f"  and {len(found) - MOST_LINES:,} more")


def radar_lines(plan: Plan) -> Iterator[Line]:
    """Yield which machine types in use go, and with what, those that go together in one line."""
    found: dict[str, dict[str, None]] = {}
    for one in plan.radar:
        day = "" if one.day is None else f", {one.day.isoformat()}"
        left = f", {one.days_left:,} days left" if one.days_left else ""
        kind = " (forecast)" if one.forecast else ""
        found.setdefault(f"{one.removed_in}{day}{left}{kind}", {})[one.machine_type] = None
    for number, (when, names) in enumerate(list(found.items())[:MOST_LINES]):
        verb = "go" if len(names) > 1 else "goes"
        label = "" if number else "retires"
        yield from folded(f"{', '.join(names)} {verb} with {when}", label=label.ljust(LABEL + 1))
