"""Edge maps for a page: classes under letters, one grid per trial, reasons as numbered notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, product

from planner.domain.edge_map import EdgeFinding, EdgeMap, EdgeTrial, ProfileClass, TrialKind
from planner.domain.shown import counted
from planner.domain.verdict import Objection, Outcome
from planner.present.check_report import objection_text
from planner.present.lines import listed

TITLES = {
    TrialKind.ANSWER: "The answer",
    TrialKind.WITHOUT_FLAGS: "The same without its flags",
    TrialKind.NEWER: "The next newer type",
}
MOST_REASONS = 4
MOST_TEXTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How an outcome looks: never by colour alone. `word` is its class in the style sheet."""

    word: str
    sign: str
    text: str


MARKS = {
    Outcome.SAFE: Mark(word="safe", sign="✓", text="safe"),
    Outcome.UNSAFE: Mark(word="unsafe", sign="✕", text="unsafe"),
    Outcome.UNKNOWN: Mark(word="unknown", sign="?", text="unknown"),
}
ELSEWHERE = Mark(
    word="depends",
    sign="◐",
    text="safe only for guests booted here, not for those booted elsewhere",
)
LEGEND = (*MARKS.values(), ELSEWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClass:
    """Hosts that no trial tells apart, under a letter."""

    letter: str
    builds: str
    kernels: str
    hosts: int
    examples: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An ordered pair of classes; `note` is the number of its reasons, 0 if it has none."""

    mark: Mark
    note: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTrial:
    """One grid: rows of (letter of the source, cells), and the reasons by number."""

    title: str
    baselines: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]
    notes: tuple[tuple[str, ...], ...]
    counts: tuple[tuple[Mark, int], ...]

    @property
    def all_safe(self) -> bool:
        """Whether no edge needs a reason."""
        return not self.notes


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMap:
    """The classes of a pool and its grids."""

    classes: tuple[ShownClass, ...]
    trials: tuple[ShownTrial, ...]


def shown_map(found: EdgeMap) -> ShownMap:
    """Return a map as it is shown."""
    return ShownMap(
        classes=tuple(
            _class(letter, one) for letter, one in zip(letters(), found.classes, strict=False)
        ),
        trials=tuple(_trial(trial) for trial in found.trials),
    )


def letters() -> Iterator[str]:
    """Yield A to Z, then AA to ZZ and so on."""
    for size in count(1):
        yield from ("".join(word) for word in product("ABCDEFGHIJKLMNOPQRSTUVWXYZ", repeat=size))


def _class(letter: str, one: ProfileClass) -> ShownClass:
    names = sorted(name for group in one.groups for name in group.hosts[:3])[:3]
    return ShownClass(
        letter=letter,
        builds=_first_texts({group.qemu for group in one.groups}),
        kernels=_first_texts({group.kernel for group in one.groups}),
        hosts=one.hosts,
        examples=listed(tuple(names), one.hosts),
    )


def _first_texts(texts: set[str]) -> str:
    found = sorted(texts)
    more = f" and {len(found) - MOST_TEXTS} more" if len(found) > MOST_TEXTS else ""
    return ", ".join(found[:MOST_TEXTS]) + more


def _trial(trial: EdgeTrial) -> ShownTrial:
    numbers: dict[tuple[str, ...], int] = {}
    rows = []
    for letter, row in zip(letters(), trial.cells, strict=False):
        cells = []
        for cell in row:
            cells.append(None if cell is None else _cell(cell, numbers))
        rows.append((letter, tuple(cells)))
    marks = [cell.mark for _, row in rows for cell in row if cell is not None]
    return ShownTrial(
        title=TITLES[trial.kind],
        baselines=tuple(
            " ".join((one.machine_type, *map(str, one.flags))) for one in trial.baselines
        ),
        rows=tuple(rows),
        notes=tuple(numbers),
        counts=tuple((mark, marks.count(mark)) for mark in LEGEND if mark in marks),
    )


def _cell(found: EdgeFinding, numbers: dict[tuple[str, ...], int]) -> Cell:
    mark = ELSEWHERE if found.elsewhere else MARKS[found.outcome]
    if not found.objections:
        return Cell(mark=mark, note=0)
    texts = tuple(dict.fromkeys(_reasons(found)))
    return Cell(mark=mark, note=numbers.setdefault(texts, len(numbers) + 1))


def _reasons(found: EdgeFinding) -> Iterator[str]:
    """Yield the certain reasons, or the missing facts where nothing is certain; four at most."""
    certain = [one for one in found.objections if not one.is_gap]
    told = dict.fromkeys(map(_reason, certain or found.objections))
    yield from list(told)[:MOST_REASONS]
    if len(told) > MOST_REASONS:
        yield f"and {counted(len(told) - MOST_REASONS, 'reason')} more (planner check tells all)"


def _reason(one: Objection) -> str:
    what = "unknown" if one.is_gap else one.consequence.value
    return f"{what}: {one.rule.name.lower().replace('_', ' ')} ({objection_text(one)})"
