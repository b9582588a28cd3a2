"""Trials of machine types for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.refusal import WhyNotNewer
from planner.domain.shown import counted
from planner.domain.solution import ConditionReason
from planner.domain.trial import PoolTrial
from planner.present import report
from planner.present.lines import Line, Style, folded, listed
from planner.present.report import baseline_lines, merged_conditions, refusal_text, remedy_text

LABEL = 12


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
