"""Run parts of one job on several processors; knows nothing of the job."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")


def processors() -> int:
    """Return how many processes are worth starting: one where processes cannot be forked."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    return multiprocessing.cpu_count()


def spread(parts: Sequence[Callable[[], T]]) -> list[T]:
    """Run the first part here and each other part in a forked process; return results in order.

    A forked process shares what is in memory, so only results travel. An error in any part is
    raised here.
    """
    if len(parts) == 1:
        return [parts[0]()]
    context = multiprocessing.get_context("fork")
    ends, children = [], []
    for part in parts[1:]:
        here, there = context.Pipe(duplex=False)
        child = context.Process(target=_run, args=(part, there), daemon=True)
        child.start()
        there.close()
        ends.append(here)
        children.append(child)
    results = [parts[0]()]
    for end in ends:
        outcome = end.recv()
        if isinstance(outcome, BaseException):
            raise outcome
        results.append(outcome)
    for child in children:
        child.join()
    return results


def _run(part: Callable[[], T], end: Connection) -> None:
    """Send the result of a part, or the error that it raised."""
    try:
        end.send(part())
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must raise it
        end.send(error)
    finally:
        end.close()
