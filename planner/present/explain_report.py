"""What `explain` prints: one pool in full, or trials of machine types.

A pool in full is its card without a cut, its CPUs and hosts, what asks for its checks, why not newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from planner.domain.refusal import WhyNotNewer
from planner.domain.shown import counted
from planner.domain.solution import ChosenBaseline, ConditionReason, DomainSolution
from planner.domain.trial import PoolTrial
from planner.present import report
from planner.present.cpu_report import host_rows, model_rows
from planner.present.guest_lines import item
from planner.present.lines import Line, Style, folded, listed
from planner.present.pool_card import card
from planner.present.report import baseline_lines, merged_conditions, refusal_text, remedy_text
from planner.present.rungs import NO_RUNGS, Rungs, rung_text

LABEL = 12
NO_NAMES: Mapping[str, tuple[str, ...]] = {}


def explained(
    domain: DomainSolution,
    newest: Iterable[ChosenBaseline],
    rungs: Rungs = NO_RUNGS,
    names: Mapping[str, tuple[str, ...]] = NO_NAMES,
) -> Iterator[Line]:
    """Yield the card of one pool, what asks for its checks, its kinds of host, what holds it back.

    `names` are all hosts of each kind by its label; without them the first few are told.
    """
    yield from card((domain,), rungs, is_all=True)
    yield Line("")
    best = domain.recommended
    if best is not None and not best.broken:
        yield from _cpus(best)
        yield from _asked(best)
    label = "hosts"
    for one in domain.classes:
        shown = names.get(one.label, one.examples)
        text = f"{counted(one.hosts, 'host')} ({listed(shown, one.hosts)})"
        yield from item(label, f"{one.label}: {text}")
        label = ""
    for baseline in newest:
        if baseline.why_not_newer is not None:
            yield Line("")
            yield from _why_not(baseline.why_not_newer, domain, rungs)


def _cpus(best: ChosenBaseline) -> Iterator[Line]:
    """Yield which named models are safe vendor by vendor, and what CPUs that follow a host hide."""
    for label, text, style in (*model_rows(best.cpu), *host_rows(best.cpu)):
        yield from item(label, text, style)


def _asked(best: ChosenBaseline) -> Iterator[Line]:
    """Yield what asks for each check, checks of one cause together."""
    texts = {one.text: one for one in best.checks}
    asked: dict[str, list[str]] = {}
    for reason in best.reasons:
        if reason.condition in texts:
            source = f" ({reason.source})" if reason.source else ""
            asked.setdefault(f"{reason.text}{source}", []).append(reason.condition)
    label = "asked by"
    for cause, conditions in asked.items():
        for condition in merged_conditions(tuple(dict.fromkeys(conditions))):
            yield from item(label, f"{condition}: {cause}")
            label = ""


def _why_not(newer: WhyNotNewer, domain: DomainSolution, rungs: Rungs) -> Iterator[Line]:
    """Yield every reason against a newer type with its source, and what would open it."""
    yield from folded(f"{newer.machine_type}: why not", indent=2, style=Style.HEAD)
    for reason in newer.objections:
        yield from item("  because", refusal_text(reason))
        yield from item("  source", reason.source, Style.DIM)
    rung = rungs.get((domain.domain, newer.machine_type))
    if rung is not None:
        yield from item("  would open", rung_text(rung))
    for remedy in newer.remedies:
        if rung is None or not remedy.kind.startswith("upgrade"):
            yield from item("  would open", remedy_text(remedy))


def trial_report(pools: Iterable[PoolTrial]) -> Iterator[Line]:
    """Yield the host classes of every pool and what was tried on it."""
    for pool in pools:
        yield Line(f"Pool {pool.domain}", Style.HEAD)
        for label, hosts, examples in pool.members:
            text = f"{label}: {counted(hosts, 'host')} ({listed(examples, hosts)})"
            yield from folded(text, indent=2)
        for trial in pool.trials:
            if trial.chosen is not None:
                yield from baseline_lines(trial.chosen)
                yield from _asked_lines(trial.asked_by)
            elif trial.refused is not None:
                yield from _refused_lines(trial.refused)


def _asked_lines(reasons: Iterable[ConditionReason]) -> Iterator[Line]:
    """Yield each cause with all conditions that it asks for."""
    conditions: dict[str, list[str]] = {}
    for reason in reasons:
        conditions.setdefault(reason.text, []).append(reason.condition)
    for text, asked in conditions.items():
        for condition in merged_conditions(tuple(asked)):
            yield from folded(
                f"{condition}: {text}", label="asked by".ljust(report.LABEL), indent=4
            )


def _refused_lines(refused: WhyNotNewer) -> Iterator[Line]:
    yield Line(f"  {refused.machine_type}: refused", Style.BAD)
    for refusal in refused.objections:
        yield from folded(refusal_text(refusal), label="because".ljust(LABEL), indent=4)
        yield from folded(refusal.source, label="source".ljust(LABEL), indent=4, style=Style.DIM)
    for remedy in refused.remedies:
        yield from folded(remedy_text(remedy), label="would open".ljust(LABEL), indent=4)
