"""Results as DataFrames, one row per thing; the columns are documented with each function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch

import pandas as pd

from planner.domain.host import Fleet
from planner.domain.plans.plan import Plan
from planner.domain.plans.scenario import WhatIfResult
from planner.domain.plans.unlock import Unlocks
from planner.domain.solution import Solution
from planner.domain.verdict import Verdict

FLEET = ("host", "pool", "kernel", "qemu", "arch", "cpu")
SOLUTION = (
    *("domain", "hosts", "profiles", "status", "board", "line"),
    *("machine_type", "flags", "conditions", "not_newer", "remedy"),
)
PLAN = ("wave", "day", "host", "from_kernel", "from_qemu", "kernel", "qemu")
WHAT_IF = (
    *("scenario", "hosts", "domain", "board", "line", "change"),
    *("before", "after", "flags_before", "flags_after", "broken", "guests", "status"),
)
UNLOCKS = ("domain", "board", "line", "want", "status", "cost", "value", "bound")
VERDICT = ("outcome", "rule", "unit", "property", "capability", "consequence", "facts", "source")
Row = tuple[object, ...]


@singledispatch
def to_frame(value: object) -> pd.DataFrame:
    """Return a result as a DataFrame.

    - a fleet: a row per host, columns `host, pool, kernel, qemu, arch, cpu`;
    - a solution: a row per pool, board and line, columns `domain, hosts, profiles, status, board, line,
      machine_type, flags, conditions, not_newer, remedy`; flags and conditions are texts;
    - a plan: a row per host upgraded, columns `wave, day, host, from_kernel, from_qemu, kernel, qemu`;
    - what-ifs: a row per scenario, pool and line that changes (a scenario that changes no answer has one
      row without a pool), columns `scenario, hosts, domain, board, line, change, before, after,
      flags_before, flags_after, broken, guests, status`; `flags_*` are numbers of flags;
    - unlocks: a row per want, columns `domain, board, line, want, status, cost, value, bound` (hosts);
    - a verdict: a row per objection, columns `outcome, rule, unit, property, capability, consequence,
      facts, source`.

    Raises `TypeError` for anything else.
    """
    raise TypeError(f"no frame of {type(value).__name__}")


def _frame(rows: Iterable[Row], columns: Iterable[str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns))


@to_frame.register
def _fleet(fleet: Fleet) -> pd.DataFrame:
    rows = (
        (name, group.pool, group.kernel, group.qemu, group.arch, group.cpu)
        for group in fleet.groups
        for name in group.hosts
    )
    return _frame(rows, FLEET)


@to_frame.register
def _solution(solution: Solution) -> pd.DataFrame:
    return _frame(_answers(solution), SOLUTION)


def _answers(solution: Solution) -> Iterator[Row]:
    for domain in solution.domains:
        head = (domain.domain, domain.hosts, domain.profiles)
        for one in domain.baselines:
            newer = one.why_not_newer
            yield (
                *(*head, domain.status.value, one.board, one.line, one.machine_type),
                " ".join(str(choice.flag) for choice in one.flags),
                "; ".join(condition.text for condition in one.conditions),
                "" if newer is None else "; ".join(each.text for each in newer.objections),
                "" if newer is None else "; ".join(each.text for each in newer.remedies),
            )
        for line in domain.refused:
            yield (
                *(*head, line.status.value, line.board, line.line, "", "", ""),
                "; ".join(each.text for each in line.objections),
                "; ".join(each.text for each in line.remedies),
            )


@to_frame.register
def _plan(plan: Plan) -> pd.DataFrame:
    rows = (
        (
            *(wave.number, wave.day, one.host),
            *(one.from_kernel, one.from_qemu, one.kernel, one.qemu),
        )
        for wave in plan.waves
        for one in wave.upgrades
    )
    return _frame(rows, PLAN)


@to_frame.register
def _what_if(found: WhatIfResult) -> pd.DataFrame:
    return _frame(_changes(found), WHAT_IF)


def _changes(found: WhatIfResult) -> Iterator[Row]:
    for result in found.results:
        tail = (len(result.broken), result.guests, result.status.value)
        if not result.comparison.changes:
            yield (result.name, result.hosts, "", "", "", "same", "", "", 0, 0, *tail)
        for domain in result.comparison.changes:
            for line in domain.lines:
                yield (
                    *(result.name, result.hosts, domain.domain, line.board, line.line),
                    line.direction.value,
                    "" if line.before is None else line.before.machine_type,
                    "" if line.after is None else line.after.machine_type,
                    0 if line.before is None else len(line.before.flags),
                    0 if line.after is None else len(line.after.flags),
                    *tail,
                )


@to_frame.register
def _unlocks(unlocks: Unlocks) -> pd.DataFrame:
    rows = (
        (
            *(one.goal.domain, one.goal.board, one.goal.line, one.goal.text),
            *(one.status.value, one.cost, one.value, one.bound.cost),
        )
        for one in unlocks.targets
    )
    return _frame(rows, UNLOCKS)


@to_frame.register
def _verdict(verdict: Verdict) -> pd.DataFrame:
    rows = (
        (
            *(verdict.outcome.value, one.rule.value, one.unit, one.property_key),
            *(one.capability, one.consequence.value, "; ".join(one.facts), one.source),
        )
        for one in verdict.objections
    )
    return _frame(rows, VERDICT)
