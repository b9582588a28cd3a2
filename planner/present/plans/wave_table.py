"""The waves of a plan as a table, under what hosts get: each target once, with a letter if several.

In: waves. Out: lines for a terminal or a pipe; equal waves that follow each other are one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from planner.domain.plans.plan import HostUpgrade, Wave
from planner.domain.shown import counted
from planner.present.lines import Line, TextTable, folded

LABEL = 15
MOST_ROWS = 12
MOST_HOSTS = 2
LETTERS = 26
WAVE_HEADER = ("wave", "day", "hosts", "", "get", "flips", "way back")
Target = tuple[str, str]
"""A kernel and a QEMU that hosts get."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What a wave does, without its number and day: equal steps that follow each other are one row."""

    hosts: int
    flips: int
    targets: frozenset[Target]
    back: str


def wave_table(waves: Sequence[Wave]) -> Iterator[Line]:
    """Yield what hosts get, each target once, and the waves as a table."""
    runs: list[list[Wave]] = []
    for wave in waves:
        if runs and _step(runs[-1][-1]) == _step(wave):
            runs[-1].append(wave)
        else:
            runs.append([wave])
    targets = _targets(waves)
    if len(targets) == 1:
        yield from folded(*targets.values(), label="each host gets".ljust(LABEL))
    letters = {target: _letter(number) for number, target in enumerate(targets)}
    for target, text in targets.items() if len(targets) > 1 else ():
        hosts = sum(_target(one) == target for wave in waves for one in wave.upgrades)
        shown = f"{text} ({counted(hosts, 'host')})"
        yield from folded(shown, label=f"{letters[target]} gets".ljust(LABEL))
    dated, differ = any(wave.day is not None for wave in waves), len(targets) > 1
    places = [0, *([1] if dated else []), 2, 3, *([4] if differ else []), 5, 6]
    rows = [_wave_row(run, letters) for run in runs[:MOST_ROWS]]
    if len(runs) > MOST_ROWS:
        rest = sum(map(len, runs[MOST_ROWS:]))
        rows.append((f"and {rest:,} more (-v)", *("" for _ in WAVE_HEADER[1:])))
    yield TextTable(
        header=tuple(WAVE_HEADER[place] for place in places),
        body=tuple(tuple(row[place] for place in places) for row in rows),
        right=frozenset({places.index(2), places.index(5)}),
    )


def _target(step: HostUpgrade) -> Target:
    return step.kernel, step.qemu


def _targets(waves: Sequence[Wave]) -> dict[Target, str]:
    """Return what hosts of all waves get, in few words: what is new to some host that gets it."""
    steps: dict[Target, list[HostUpgrade]] = {}
    for wave in waves:
        for one in wave.upgrades:
            steps.setdefault(_target(one), []).append(one)
    return {
        target: ", ".join(
            f"{word} {new}"
            for word, new, is_new in (
                ("kernel", target[0], any(one.kernel != one.from_kernel for one in found)),
                ("QEMU", target[1], any(one.qemu != one.from_qemu for one in found)),
            )
            if is_new
        )
        for target, found in steps.items()
    }


def _letter(number: int) -> str:
    """Return a short name for a target: A to Z, then numbers."""
    return chr(ord("A") + number) if number < LETTERS else str(number + 1)


def _step(wave: Wave) -> _Step:
    targets = frozenset(_target(one) for one in wave.upgrades)
    return _Step(len(wave.hosts), len(wave.flips), targets, _back(wave))


def _wave_row(run: Sequence[Wave], letters: Mapping[Target, str]) -> tuple[str, ...]:
    first, last = run[0], run[-1]
    step, several = _step(first), len(run) > 1
    number = f"{first.number}-{last.number}" if several else f"{first.number}"
    day = "" if first.day is None else first.day.isoformat()
    days = f"from {day}" if several else day
    hosts = f"{step.hosts:,} each" if several else f"{step.hosts:,}"
    names = tuple(host for wave in run for host in wave.hosts)
    few = ", ".join(names[:MOST_HOSTS]) + (", ..." if len(names) > MOST_HOSTS else "")
    what = ", ".join(sorted(letters[target] for target in step.targets))
    return (number, days, hosts, few, what, f"{step.flips or '-'}", step.back)


def _back(wave: Wave) -> str:
    return "free" if wave.rollback.free else "costs"
