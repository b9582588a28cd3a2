"""Run two parts of one job, on two processors if that pays; knows nothing of the job."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def processors() -> int:
    """Return how many processes are worth starting: one where processes cannot be forked."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    return multiprocessing.cpu_count()


def spread(here: Callable[[], T], there: Callable[[], U], *, apart: bool) -> tuple[T, U]:
    """Run `here` in this process and `there` after it or, `apart`, in a forked process beside it.

    A forked process shares what is in memory, so only the result of `there` travels: keep it small.
    An error in either part is raised here.
    """
    if not apart:
        return here(), there()
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    gc.freeze()
    child = context.Process(target=_run, args=(there, sender), daemon=True)
    child.start()
    sender.close()
    try:
        done, outcome = here(), _received(receiver, there)
    except BaseException:
        child.terminate()
        raise
    child.join()
    gc.unfreeze()
    if isinstance(outcome, Exception):
        raise outcome
    return done, outcome


def _received(end: Connection, part: Callable[[], U]) -> U | Exception:
    """Return what the other process sends; if it has died without a word, do its part here."""
    try:
        outcome: U | Exception = end.recv()
    except EOFError:
        return part()
    return outcome


def _run(part: Callable[[], U], end: Connection) -> None:
    """Send the result of a part, or the error that it raised; say nothing if nobody listens."""
    outcome: U | Exception
    try:
        outcome = part()
    except KeyboardInterrupt:
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must raise it
        outcome = error
    with suppress(BrokenPipeError):
        end.send(outcome)
