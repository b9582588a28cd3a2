"""Run the parts of one job on as many processors as there are for it; knows nothing of the job."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

T = TypeVar("T")
_parts: list[Callable[[], object]] = []
"""The parts of the job that runs: a forked process finds them here, so that none has to travel."""


def processors() -> int:
    """Return how many processes are worth starting: one where processes cannot be forked."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(parts: Sequence[Callable[[], T]]) -> list[T]:
    """Run the first part in this process and each other one in a forked process beside it.

    A forked process shares what is in memory, so only the result of a part travels: keep it small. A
    part whose process died is done here; an error of any part is raised.

    >>> spread([lambda: 1, lambda: 2, lambda: 3])
    [1, 2, 3]
    """
    if len(parts) < 2:
        return [part() for part in parts]
    _parts[:] = parts
    gc.freeze()
    pool = ProcessPoolExecutor(len(parts) - 1, multiprocessing.get_context("fork"))
    try:
        begun: list[Future[T]] = [pool.submit(_run, place) for place in range(1, len(parts))]  # type: ignore[arg-type]
        here = parts[0]()
        return [here, *map(_result, begun, parts[1:])]
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown()
        gc.unfreeze()
        _parts.clear()


def _result(begun: Future[T], part: Callable[[], T]) -> T:
    """Return what the other process made of a part; if it has died without a word, do it here."""
    try:
        return begun.result()
    except BrokenProcessPool:
        return part()


def _run(place: int) -> object:
    """Do a part in a forked process, which dies without a word when it is interrupted."""
    try:
        return _parts[place]()
    except KeyboardInterrupt:
        os._exit(1)
