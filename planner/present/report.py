"""The answer for a terminal or a pipe, 80 columns wide; equal answers of pools are told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from planner.domain.guest import FOLLOWS_HOST
from planner.domain.refusal import Refusal, Remedy
from planner.domain.shown import counted
from planner.domain.solution import (
    ChosenBaseline,
    DomainSolution,
    FlagChoice,
    RefusedLine,
    Solution,
    Status,
)
from planner.present.lines import Line, Style, folded, listed
from planner.present.word_series import series

TAKES_EFFECT = {
    "stream": "next hop",
    "negotiated": "power cycle",
    "guest": "power cycle",
}
STATUS_STYLE = {
    Status.SAFE: Style.GOOD,
    Status.UNDECIDED: Style.WARN,
    Status.NO_SAFE_BASELINE: Style.BAD,
}
OF_CPU = "guest CPU without "
MERGED = ((OF_CPU, ""), ("accelerator without ", ""), ("no ", " device"))
"""How conditions begin and end of which many are told as one."""
LABEL = 14
MOST_UNKNOWNS = 10


def solution_report(solution: Solution) -> Iterator[Line]:
    """Yield the report: pools with equal answers together, then what to probe, then what to paste."""
    groups = group_equal(solution.domains)
    for domains in groups:
        yield from _pool_lines(domains)
    yield from _unknown_lines(solution)
    yield from _arguments(groups)
    yield Line(
        f"{counted(len(solution.domains), 'pool')}; "
        f"{counted(solution.certified, 'combination')} of source, destination, boot host and "
        "baseline"
    )
    yield Line(f"judged again; knowledge {solution.knowledge_digest}", Style.DIM)


def group_equal(domains: Iterable[DomainSolution]) -> list[tuple[DomainSolution, ...]]:
    """Return pools whose answers differ in nothing but names and numbers of hosts."""
    groups: dict[object, list[DomainSolution]] = {}
    for domain in domains:
        key = (
            domain.status,
            tuple(replace(baseline, why_not_newer=None) for baseline in domain.baselines),
            tuple((line.board, line.line) for line in domain.refused),
            () if domain.baselines else tuple(one.fact for one in domain.unknowns if one.decides),
            domain.guests,
        )
        groups.setdefault(key, []).append(domain)
    return [tuple(group) for group in groups.values()]


def _pool_lines(domains: tuple[DomainSolution, ...]) -> Iterator[Line]:
    first = domains[0]
    names = tuple(domain.domain for domain in domains)
    hosts = sum(domain.hosts for domain in domains)
    title = f"{'Pool' if len(names) == 1 else 'Pools'} {listed(names[:4], len(names))}"
    size = f"{counted(hosts, 'host')}, {counted(first.profiles, 'profile')}"
    if len(names) > 1:
        size = f"{counted(hosts, 'host')}; reasons and counts below are those of {first.domain}"
    yield from folded(f"{title}: {first.status.value}", style=STATUS_STYLE[first.status])
    yield from folded(size, indent=2, style=Style.DIM)
    for baseline in first.baselines:
        yield from baseline_lines(baseline)
    for line in first.refused:
        yield from _refused_lines(line)
    for finding in first.guests:
        text = f"{counted(finding.guests, 'guest')} on {finding.machine_type}: {finding.finding}"
        if finding.examples:
            text += f" ({', '.join(finding.examples)})"
        yield from folded(text, label="guests".ljust(LABEL), indent=2)
        if finding.remedy:
            yield from folded(f"mend: {finding.remedy}", label="".ljust(LABEL), indent=2)
    yield Line("")


def baseline_lines(baseline: ChosenBaseline) -> Iterator[Line]:
    """Yield a baseline with its flags, conditions, losses, risks and what holds it back."""
    title = f"{baseline.machine_type}  ({baseline.board}, {baseline.line})"
    yield Line(f"  {title}", Style.HEAD)
    for choice in baseline.flags:
        yield from folded(_flag_text(choice), label="flag".ljust(LABEL), indent=4)
    for text in merged_conditions(tuple([one.text for one in baseline.conditions])):
        yield from folded(text, label="holds if".ljust(LABEL), indent=4)
    for unit in baseline.needs_ack:
        text = f"{unit}: its price is security; acknowledge it in the policy"
        yield from folded(text, label="needs ack".ljust(LABEL), indent=4, style=Style.WARN)
    for loss in baseline.accepted_losses:
        text = f"{loss.unit} ({loss.severity}): {loss.text}"
        yield from folded(text, label="loss accepted".ljust(LABEL), indent=4)
    for risk in baseline.residual_risks:
        text = f"{risk.unit} ({risk.severity}): {risk.text}" if risk.unit else risk.text
        yield from folded(text, label="risk".ljust(LABEL), indent=4, style=Style.DIM)
    newer = baseline.why_not_newer
    if newer is not None:
        for refusal in newer.objections:
            yield from folded(refusal_text(refusal), label="not newer".ljust(LABEL), indent=4)
        for remedy in newer.remedies:
            yield from folded(remedy_text(remedy), label="would open".ljust(LABEL), indent=4)


def _flag_text(choice: FlagChoice) -> str:
    when = TAKES_EFFECT[choice.visible.value]
    return f"{choice.flag} [{choice.visible.value}: takes effect at the {when}] {choice.reason}"


@cache
def merged_conditions(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the texts of conditions, those that differ in a word only drawn together."""
    merged: dict[tuple[str, str], dict[str, None]] = {}
    for text in texts:
        for opening, ending in MERGED:
            if text.startswith(opening) and text.endswith(ending):
                word = text.removeprefix(opening).removesuffix(ending)
                found = word.split(", ")
                merged.setdefault((opening, ending), {}).update(dict.fromkeys(found))
                break
        else:
            merged.setdefault((text, ""), {})
    return tuple(
        _one_text(opening, tuple(words), ending) for (opening, ending), words in merged.items()
    )


def _one_text(opening: str, words: tuple[str, ...], ending: str) -> str:
    """Return conditions as one text; CPUs that follow their host are no features, and come first."""
    models = [one for one in words if one in FOLLOWS_HOST]
    features = [one for one in words if one not in FOLLOWS_HOST]
    if not (models and features and opening == OF_CPU):
        noun = "features" if opening == OF_CPU else ""
        return opening + ", ".join(series(words, noun=noun)) + ending
    named = ", ".join(series(features, noun="features"))
    return f"guest CPU not {', '.join(models)}, and without {named}"


def refusal_text(refusal: Refusal) -> str:
    """Write a reason with the number of its hosts, examples and rule."""
    if not refusal.hosts:
        return f"{refusal.text} [{refusal.rule}]"
    examples = listed(refusal.examples, refusal.hosts)
    return f"{refusal.text}: {counted(refusal.hosts, 'host')} ({examples}) [{refusal.rule}]"


def remedy_text(remedy: Remedy) -> str:
    """Write a way out with its price in hosts and the first of them."""
    if not remedy.hosts:
        return f"{remedy.kind}: {remedy.text}"
    names = ", ".join(remedy.examples)
    more = ", ..." if remedy.hosts > len(remedy.examples) else ""
    return f"{remedy.kind}: {remedy.text} ({counted(remedy.hosts, 'host')}: {names}{more})"


def _refused_lines(line: RefusedLine) -> Iterator[Line]:
    yield Line(f"  {line.board}, {line.line}: {line.status.value}", STATUS_STYLE[line.status])
    for refusal in line.objections:
        yield from folded(refusal_text(refusal), label="because".ljust(LABEL), indent=4)
    for remedy in line.remedies:
        yield from folded(remedy_text(remedy), label="would open".ljust(LABEL), indent=4)


def _unknown_lines(solution: Solution) -> Iterator[Line]:
    if not solution.unknowns:
        return
    yield Line("Facts worth probing", Style.HEAD)
    for fact in solution.unknowns[:MOST_UNKNOWNS]:
        effect = "decides" if fact.decides else "may drop a flag or condition"
        text = f"{fact.fact}: {effect}, {counted(fact.hosts, 'host')}"
        yield from folded(f"{text} ({listed(fact.examples, fact.hosts)})", indent=2)
    if len(solution.unknowns) > MOST_UNKNOWNS:
        yield Line(f"  and {len(solution.unknowns) - MOST_UNKNOWNS} more (see --format json)")
    yield Line("")


def _arguments(groups: Iterable[tuple[DomainSolution, ...]]) -> Iterator[Line]:
    """Yield what to paste per pool: long on purpose, an argument is never broken."""
    shown = False
    for domains in groups:
        for baseline in domains[0].baselines:
            if not shown:
                yield Line("Arguments", Style.HEAD)
                shown = True
            names = listed(tuple(domain.domain for domain in domains[:4]), len(domains))
            yield from folded(f"{names}:", indent=2)
            yield from folded(baseline.baseline.arguments, indent=4, hang=0)
    if shown:
        yield Line("")
