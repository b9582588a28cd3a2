"""Trials of machine types for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.trial import Trial
from planner.present.lines import Line, Style, counted, folded, listed
from planner.present.report import baseline_lines, refusal_text, remedy_text


def trial_report(trials: Iterable[Trial]) -> Iterator[Line]:
    """Yield every trial; the host classes of a pool are told before its first one."""
    told = ""
    for trial in trials:
        if trial.domain != told:
            told = trial.domain
            yield Line(f"Pool {trial.domain}", Style.HEAD)
            for label, hosts, examples in trial.members:
                text = f"{label}: {counted(hosts, 'host')} ({listed(examples, hosts)})"
                yield from folded(text, indent=2)
        if trial.chosen is not None:
            yield from baseline_lines(trial.chosen)
        elif trial.refused is not None:
            yield Line(f"  {trial.machine_type}: refused", Style.BAD)
            for refusal in trial.refused.objections:
                yield from folded(refusal_text(refusal), label="because     ", indent=4)
                yield from folded(refusal.source, label="source      ", indent=4, style=Style.DIM)
            for remedy in trial.refused.remedies:
                yield from folded(remedy_text(remedy), label="would open  ", indent=4)
