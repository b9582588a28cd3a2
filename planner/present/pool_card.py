"""One pool in full: what to set, what holds it back and comes next, what to check, who is stuck."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planner.domain.cpu_advice import CpuAdvice, VendorAdvice, cpu_notes, cpu_words
from planner.domain.plans.unlock import UnlockTarget
from planner.domain.refusal import Refusal, WhyNotNewer
from planner.domain.shown import counted
from planner.domain.solution import (
    PROBED,
    TO_PROBE,
    ChosenBaseline,
    Condition,
    DomainSolution,
    FlagChoice,
    PoolVerdict,
    RefusedLine,
)
from planner.present.guest_lines import guest_lines, item
from planner.present.lines import WIDTH, Line, Style, listed
from planner.present.report import (
    TAKES_EFFECT,
    merged_conditions,
    remedy_text,
)
from planner.present.rungs import NO_RUNGS, Rungs, rung_text

MOST_CHECKS = 6
MOST_REASONS = 4
MOST_NAMES = 3
PROBE = "run planner probe on each of {}; its file into column `probe`"
NO_NAMES: Mapping[str, tuple[str, ...]] = {}
STYLES = {
    PoolVerdict.SAFE: Style.GOOD,
    PoolVerdict.SAFE_WITH_CHECKS: Style.GOOD,
    PoolVerdict.UNDECIDED: Style.WARN,
    PoolVerdict.NO_SAFE_BASELINE: Style.BAD,
}


WORDS = {
    PoolVerdict.SAFE: "SAFE",
    PoolVerdict.SAFE_WITH_CHECKS: "SAFE WITH CHECKS",
    PoolVerdict.UNDECIDED: "UNDECIDED",
    PoolVerdict.NO_SAFE_BASELINE: "NO SAFE BASELINE",
}


NOT_FOR_GUESTS = "NOT SAFE FOR SOME GUESTS"
"""The verdict of a pool whose answer is safe, but not for all guests that were given as they run."""


def verdict_word(domain: DomainSolution) -> str:
    """Return the verdict of a pool without numbers."""
    return NOT_FOR_GUESTS if _spoils(domain) else WORDS[domain.verdict]


def _spoils(domain: DomainSolution) -> bool:
    """Whether guests are all that speaks against an answer."""
    best = domain.recommended
    return bool(domain.counted.violated) and best is not None and not best.broken


def verdict_words(domain: DomainSolution) -> str:
    """Return the verdict of a pool with the numbers of its checks and of guests that are in the way."""
    number, checks = domain.counted, check_count(domain)
    stuck = f", {counted(number.stuck, 'guest')} stuck" if number.stuck else ""
    if _spoils(domain):
        return f"NOT SAFE for {counted(number.violated, 'guest')}{stuck}"
    if domain.verdict is not PoolVerdict.SAFE_WITH_CHECKS:
        return WORDS[domain.verdict]
    return f"SAFE with {counted(checks, 'check')}{stuck}" if checks else f"SAFE{stuck}"


def check_count(domain: DomainSolution) -> int:
    """Return how many things of a pool are left to check or to acknowledge."""
    best = domain.recommended
    return 0 if best is None else len(_checks(best)) + len(best.acks)


def _checks(baseline: ChosenBaseline) -> tuple[tuple[str, str], ...]:
    """Return what is left to check as (whom it concerns, text), texts that differ in a word as one."""
    found = []
    for who, of_hosts in (("hosts", True), ("guests", False)):
        texts = tuple(one.text for one in baseline.checks if _is_of_hosts(one) is of_hosts)
        found += [(who, text) for text in merged_conditions(texts)]
    return tuple(found)


def _is_of_hosts(condition: Condition) -> bool:
    return condition.kind == "host"


def holder(reason: Refusal, domain: DomainSolution) -> str:
    """Return in few words which hosts a reason speaks of, and of what."""
    if not reason.hosts:
        return reason.text
    who = "every host" if reason.hosts == domain.hosts else counted(reason.hosts, "host")
    return f"{who} on {reason.subject}" if reason.subject else f"{who}: {reason.text}"


def card(
    group: tuple[DomainSolution, ...], rungs: Rungs = NO_RUNGS, *, is_all: bool = False
) -> Iterator[Line]:
    """Yield what a person acts on in pools of one kind; `rungs` say what opens their next types.

    `is_all`: every check, finding and inference, not the first few.
    """
    first, hosts = group[0], sum(domain.hosts for domain in group)
    names = listed(tuple(domain.domain for domain in group[:MOST_NAMES]), len(group))
    size = f"{counted(hosts, 'host')}, {counted(len(first.builds), 'build')}"
    head, words = f"{names}   {size}", verdict_words(first)
    gap = max(3, WIDTH - len(head) - len(words))
    yield Line(f"{head}{' ' * gap}{words}", STYLES[first.verdict])
    best = first.recommended
    if best is not None and best.broken:
        yield from _broken_lines(best)
        best = None
    elif best is not None:
        yield from _answer_lines(first, best, rungs, is_all=is_all)
    else:
        for line in first.refused[:1]:
            yield from _refused(line)
        yield from _missing(first)
    yield from guest_lines(first, is_all=is_all)
    if best is not None:
        yield from _confidence(best, is_all=is_all)
        yield from item("apply", best.baseline.arguments)


def _broken_lines(best: ChosenBaseline) -> Iterator[Line]:
    """Yield why the newest type that is left is none for guests of the profile."""
    for one in best.broken:
        text = f"{best.machine_type} is safe for guests with {one.condition.text} only"
        yield from item("because", text, Style.BAD)
        if one.reason:
            yield from item("", one.reason)


def _answer_lines(
    domain: DomainSolution, best: ChosenBaseline, rungs: Rungs, *, is_all: bool
) -> Iterator[Line]:
    others = [
        f"{one.board}: {one.machine_type}"
        for one in domain.baselines
        if one.line == best.line and one.board != best.board
    ]
    beside = f"  ({'; '.join(others)})" if others else ""
    yield from item("machine type", f"{best.machine_type}{beside}{_removal(best)}", Style.HEAD)
    for choice in best.flags:
        yield from item("flag", _flag_text(choice))
    yield from () if is_all else _cpu_lines(best.cpu)
    newer = best.why_not_newer
    if newer is not None:
        rung = rungs.get((domain.domain, newer.machine_type))
        for reason in _holders(newer, domain, rung):
            some = 0 < reason.hosts < domain.hosts
            names = f" ({listed(reason.examples, reason.hosts)})" if some else ""
            yield from item("held back by", f"{holder(reason, domain)}{names}")
        yield from item("next", _next_type(newer, rung))
    yield from _check_lines(domain, best, is_all=is_all)


def _holders(
    newer: WhyNotNewer, domain: DomainSolution, rung: UnlockTarget | None
) -> tuple[Refusal, ...]:
    """Return what holds a pool back, but for what the next type says: that all hosts run one build."""
    reasons = newer.objections[:MOST_REASONS]
    if rung is None or len(domain.builds) > 1:
        return reasons
    return tuple(reason for reason in reasons if reason.hosts != domain.hosts)


def _removal(best: ChosenBaseline) -> str:
    """Return when the type goes, if it is known to have gone."""
    found = [one.text for one in best.residual_risks if one.severity == "removal"]
    return f"; {found[0].removeprefix(best.machine_type).strip()}" if found else ""


def _next_type(newer: WhyNotNewer, rung: UnlockTarget | None) -> str:
    """Return the next newer type and what opens it."""
    if rung is not None:
        return f"{newer.machine_type}: {rung_text(rung)}"
    first = newer.remedies[0].text.partition("; ")[0] if newer.remedies else ""
    return f"{newer.machine_type}: {first}" if first else newer.machine_type


def _flag_text(choice: FlagChoice) -> str:
    reason = choice.reason.partition("; ")[0]
    return f"{choice.flag}, takes effect at the {TAKES_EFFECT[choice.visible.value]}: {reason}"


def _cpu_lines(advice: CpuAdvice) -> Iterator[Line]:
    vendors = [one for one in advice.vendors if one.newest or one.refused]
    if not vendors and not advice.hidden:
        return
    models = () if advice.is_open else tuple(_of(one) for one in vendors if one.newest)
    text = cpu_words(models, tuple(cpu_notes(advice))) or "any named model"
    if advice.hidden:
        text += f"; host-model: hide {counted(len(advice.hidden), 'feature')} (planner cpu)"
    yield from item("CPU", text)


def _of(vendor: VendorAdvice) -> str:
    return f"{vendor.newest} ({vendor.title})"


def _check_lines(domain: DomainSolution, best: ChosenBaseline, *, is_all: bool) -> Iterator[Line]:
    checks = _checks(best)
    most = len(checks) if is_all else MOST_CHECKS
    settled = {one.text for one in best.checks if one.price == TO_PROBE}
    for one in best.conditions:
        if one.price == PROBED:
            yield from item("hosts", one.text)
    for number, (who, text) in enumerate(checks[:most], start=1):
        label = "check first" if number == 1 else ""
        verify = f": {PROBE.format(_one_of_each(domain))}" if text in settled else ""
        yield from item(label, f"{number}. {who}: {text}{verify}", Style.WARN)
    if len(checks) > most:
        yield from item("", f"and {len(checks) - most} more (explain --pool)", Style.WARN)
    for unit in best.acks:
        text = (
            f'{unit} costs security; acknowledged = ["{unit}"] in the policy when you have read it'
        )
        yield from item("acknowledge", text, Style.WARN)


def _one_of_each(domain: DomainSolution) -> str:
    """Return the name of a host of each class, so that probing them settles the pool."""
    names = [one.examples[0] for one in domain.classes if one.examples]
    return listed(tuple(names[: MOST_NAMES + 1]), len(names))


def _confidence(best: ChosenBaseline, *, is_all: bool) -> Iterator[Line]:
    """Yield what the answer infers, in one line, and what was observed."""
    inferred = [one.text for one in best.residual_risks if one.severity == "inferred"]
    if is_all or len(inferred) < 2:
        for number, text in enumerate(inferred):
            yield from item("" if number else "confidence", text, Style.DIM)
    else:
        more = f"{len(inferred)} facts are inferred, not read (explain --pool)"
        yield from item("confidence", more, Style.DIM)
    for one in best.residual_risks:
        if one.severity == "observed":
            yield from item("observed", one.text, Style.DIM)
    if best.accepted_losses:
        names = ", ".join(one.unit for one in best.accepted_losses)
        yield from item("loses", f"{names}: accepted by the policy", Style.DIM)


def _refused(line: RefusedLine) -> Iterator[Line]:
    for reason in line.objections[:MOST_REASONS]:
        names = f": {listed(reason.examples, reason.hosts)}" if reason.hosts else ""
        yield from item("because", f"{reason.text}{names}")
    if len(line.objections) > MOST_REASONS:
        yield from item("", f"and {len(line.objections) - MOST_REASONS} more (-v)")
    for remedy in line.remedies[:MOST_REASONS]:
        yield from item("would open", remedy_text(remedy))


def _missing(domain: DomainSolution) -> Iterator[Line]:
    for fact in [one for one in domain.unknowns if one.decides][:MOST_REASONS]:
        text = f"{fact.fact}: {counted(fact.hosts, 'host')} ({listed(fact.examples, fact.hosts)})"
        yield from item("find out", text, Style.WARN)
