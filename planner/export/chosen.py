"""What an answer sets, pool by pool: the one baseline that an export is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap

from planner.domain.compat import CompatFlag
from planner.domain.errors import UsageError, nearest, quoted, wrong_word
from planner.domain.shown import counted
from planner.fleet.solution_file import ToldBaseline, ToldPool, ToldSolution

TAKEN = frozenset({"safe", "safe-with-checks"})
"""Verdicts of pools whose answer may be set."""
LEFT = frozenset({"check", "open"})
"""What is known of a condition that somebody has to check."""
WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The baseline of a pool that is exported, and what must be checked before it is set."""

    pool: str
    hosts: int
    verdict: str
    board: str
    machine_type: str
    flags: tuple[CompatFlag, ...]
    checks: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name the pool, its verdict and its size."""
        return f"pool {self.pool}: {self.verdict}, {counted(self.hosts, 'host')}"


def pools_of(told: ToldSolution, pool: str) -> tuple[ToldPool, ...]:
    """Return the pools of an answer, or the one that is named; raises `UsageError`."""
    names = [one.domain for one in told.domains]
    if pool and pool not in names:
        what = f"{quoted(pool)} is no pool of the answer"
        raise UsageError([wrong_word("--pool", what, nearest(pool, names))])
    return tuple(one for one in told.domains if pool in ("", one.domain))


def chosen(pools: Iterable[ToldPool], board: str) -> tuple[Chosen, ...]:
    """Return what each pool sets on a board (empty: on its first one); raises `UsageError`.

    A pool without a safe answer sets nothing: there is nothing to export of it.
    """
    found = []
    for pool in pools:
        if pool.verdict not in TAKEN:
            continue
        boards = list(dict.fromkeys(one.board for one in pool.baselines))
        if board and board not in boards:
            what = f"pool {pool.domain} has no answer on {quoted(board)}"
            raise UsageError([wrong_word("--board", what, f"it has {', '.join(boards)}")])
        found.append(_of(pool, next(one for one in pool.baselines if board in ("", one.board))))
    return tuple(found)


def _of(pool: ToldPool, best: ToldBaseline) -> Chosen:
    return Chosen(
        pool=pool.domain,
        hosts=pool.hosts,
        verdict=pool.verdict,
        board=best.board,
        machine_type=best.machine_type,
        flags=tuple(one.made() for one in best.flags),
        checks=tuple(one.text for one in best.conditions if one.status in LEFT),
    )


def on_board(pool: ToldPool, machine_type: str) -> Chosen | None:
    """Return what a pool sets for a guest of a machine type: on its own board, None if there is none."""
    if pool.verdict not in TAKEN:
        return None
    fit = (one for one in pool.baselines if machine_type.startswith(f"{one.board}-"))
    best = next(fit, None)
    return None if best is None else _of(pool, best)


def remarks(one: Chosen) -> Iterator[str]:
    """Yield what a reader must know before a baseline is set, in lines of a comment."""
    yield one.title
    for check in one.checks:
        yield from wrap(f"check first: {check}", WIDTH, subsequent_indent="  ")
    yield "takes effect when a guest is started anew: a power cycle, not a reboot"


def unanswered(pools: Iterable[ToldPool]) -> Iterator[str]:
    """Yield a line for each pool of which nothing is exported."""
    for pool in pools:
        if pool.verdict not in TAKEN:
            yield f"pool {pool.domain}: {pool.verdict}, so nothing is set"


def commented(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines as comments of a shell script, of YAML and of the like."""
    for line in lines:
        yield f"# {' '.join(line.split())}\n"
