"""Where answers go: standard output, a pipe or device, or a file that appears only when complete."""

from __future__ import annotations

import errno
import os
import re
import signal
import stat
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

import typer

from planner.domain.errors import Location, PlannerError, Problem, UsageError, wrong_word
from planner.domain.shown import harmless

STANDARD = "-"
"""The name of standard output as a value of --output."""
LINES = re.compile(r"([\n\t])")
"""What of a text for programs may reach a terminal as it is."""
ENDS = (signal.SIGTERM, signal.SIGHUP)
"""Signals that end a process, which then removes what is not complete."""


class Painted(str):
    """Text for a terminal, in which every name is harmless and only our own colours are obeyed."""

    __slots__ = ()


def answer(pieces: Iterable[str], output: Path | None, code: int) -> NoReturn:
    """Write an answer and end with its exit code, even if the reader of a pipe did not wait for it."""
    emit(pieces, output)
    raise typer.Exit(code)


def emit(pieces: Iterable[str], output: Path | None) -> None:
    """Write text to standard output, through a pipe or device, or to a file.

    A file appears only when it is complete. It keeps its owner and mode, a link its target. Pieces are
    made as they are written, so that a long text is never whole in memory. A reader of a pipe that
    did not wait for it changes nothing. Raises `PlannerError` if nothing can be written there.
    """
    if is_standard(output):
        _write_standard(pieces)
        return
    assert output is not None
    try:
        _write_to(pieces, output)
    except OSError as error:
        raise _unwritten(str(output), error) from error


def is_standard(output: Path | None) -> bool:
    """Whether an answer goes to standard output: nothing is named, `-`, or the same open file."""
    if output is None or str(output) == STANDARD:
        return True
    try:
        return os.path.samestat(output.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError, AttributeError):
        return False


def open_streams() -> None:
    """Make standard streams take any text, and what is closed take none without a word."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if sys.stderr is None:
        sys.stderr = _text_file(os.open(os.devnull, os.O_WRONLY))
    if sys.stdout is None:
        raise _unwritten("standard output", OSError(errno.EBADF, "is closed"))


def forget_output() -> None:
    """Send what is left in standard output nowhere, so that the end of the process does not try it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leave(code: int) -> NoReturn:
    """End the process now, with what was printed but without the farewells of libraries.

    The threads of a library that reads tables abort a process that ends while they start.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def refuse_wrong_outputs(words: Sequence[str]) -> None:
    """Refuse a command line whose --output names no file, one that is read too, or in no folder."""
    outputs, others = _outputs_and_others(words)
    for output in outputs:
        if not output:
            raise UsageError(
                [wrong_word("--output", "names no file", "name one, or - for standard output")]
            )
        if any(_is_same_file(output, other) for other in others):
            what = f"'{output}' is also what is read: it would be lost"
            raise UsageError([wrong_word("--output", what, "name another file")])
        if not Path(output).parent.is_dir():
            raise _unwritten(output, OSError(errno.ENOENT, "its folder is not there"))


def _write_standard(pieces: Iterable[str]) -> None:
    try:
        sys.stdout.writelines(map(_seen, pieces) if sys.stdout.isatty() else pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        forget_output()
    except OSError as error:
        forget_output()
        raise _unwritten("standard output", error) from error


def _seen(piece: str) -> str:
    """Return a piece as a terminal may get it: what others wrote steers nothing."""
    if isinstance(piece, Painted):
        return piece
    return "".join(part if LINES.match(part) else harmless(part) for part in LINES.split(piece))


def _unwritten(place: str, error: OSError) -> PlannerError:
    reason = error.strerror or "cannot be written"
    return PlannerError([Problem(location=Location(file=place), what=reason)])


def _write_to(pieces: Iterable[str], output: Path) -> None:
    """Replace a file, or the one that a link names; write through what is no regular file."""
    try:
        before = output.stat()
    except FileNotFoundError:
        before = None
    if before is None or stat.S_ISREG(before.st_mode):
        _write_whole(pieces, Path(os.path.realpath(output)), before)
    else:
        _write_through(pieces, output)


def _write_through(pieces: Iterable[str], output: Path) -> None:
    """Write to a pipe or a device, which stays what it is; its reader need not wait for the end."""
    descriptor = os.open(output, os.O_WRONLY | os.O_NOCTTY)
    with suppress(BrokenPipeError), _text_file(descriptor) as file:
        file.writelines(pieces)


def _write_whole(pieces: Iterable[str], output: Path, before: os.stat_result | None) -> None:
    """Write a file beside its place and move it there; what is not complete is removed."""
    with _ended_by_exception():
        descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name[:32]}.")
        beside = Path(name)
        try:
            with _text_file(descriptor) as file:
                file.writelines(pieces)
                file.flush()
                _settle(descriptor)
            _take_after(beside, before)
            beside.replace(output)
            _settle_folder(output.parent)
        finally:
            beside.unlink(missing_ok=True)


def _settle(descriptor: int) -> None:
    """Wait until a file is on its disk, so that no crash leaves the new name without the text."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise


def _settle_folder(folder: Path) -> None:
    """Wait until a folder is on its disk, where it can be."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _ended_by_exception() -> Iterator[None]:
    """Let signals that end the process raise `KeyboardInterrupt` with its exit code; those only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in ENDS}
    for one, handler in before.items():
        if handler is signal.SIG_DFL:
            signal.signal(one, _end)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End as who is ended by a signal does."""
    del frame
    raise KeyboardInterrupt(128 + number)


def _text_file(descriptor: int) -> TextIO:
    """Return an open file as UTF-8 text; what has no UTF-8 is escaped."""
    return os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")


def _take_after(path: Path, before: os.stat_result | None) -> None:
    """Give a file the owner and the mode of the one that it replaces, or those of a new file."""
    if before is None:
        path.chmod(0o666 & ~_umask())
        return
    made = path.stat()
    if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
        with suppress(PermissionError):
            os.chown(path, before.st_uid, before.st_gid)
    path.chmod(stat.S_IMODE(before.st_mode))


def _umask() -> int:
    """Return the bits that new files do not get; they can only be read by setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def without_outputs(words: Sequence[str]) -> list[str]:
    """Return a command line without where its answer goes."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in {"--output", "-o"}:
            next(rest, None)
        elif not word.startswith(("-o", "--output=")):
            kept.append(word)
    return kept


def _outputs_and_others(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split a command line into the values of --output and all that may be a path beside them."""
    outputs: list[str] = []
    others: list[str] = []
    rest: Iterator[str] = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if word in {"--output", "-o"}:
            outputs += islice(rest, 1)
        elif option == "--output":
            outputs.append(value)
        elif word.startswith("-o"):
            outputs.append(word[2:])
        else:
            others += [word, value] if equals else [word]
    return outputs, others


def _is_same_file(output: str, other: str) -> bool:
    """Whether two paths lead to one regular file; ends of a terminal or a pipe may be the same."""
    try:
        return Path(output).is_file() and Path(output).samefile(other)
    except (OSError, ValueError):
        return False
