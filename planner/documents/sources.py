"""The bytes of what a path names: a file or a pipe of a bounded size, never a device.

Everything that a user or a fleet names is read here, so that one set of limits holds for all of it. A
refusal is an `OSError` like those of the system, with words that say what is wrong.
"""

from __future__ import annotations

import errno
import os
import select
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MOST_WRITTEN = 16 << 20
"""Bytes of what people write by hand, such as a policy, and of a probe."""
MOST_DOCUMENT = 1 << 30
"""Bytes of an answer or a plan: that of 300,000 hosts has a tenth of it."""
MOST_TABLE = 8 << 30
"""Bytes of a table: ten million guests are half a GiB."""
PIECE = 1 << 20
PATIENCE = 60.0
"""Seconds in which some program must begin to write to a named pipe."""


def read_source(path: Path, most: int, *, pipes: bool = True) -> bytes:
    """Return what a file holds, or all that comes out of a pipe unless `pipes` are not wanted.

    Raises `OSError` for a device, for more than `most` bytes, and for what cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if stat.S_ISFIFO(found.st_mode) and pipes:
            return _joined(_of_pipe(descriptor, path), most, path)
        if not stat.S_ISREG(found.st_mode):
            raise _refused(path, errno.ENODEV, _strange(found.st_mode, pipes=pipes))
        if found.st_size > most:
            raise _too_large(path, most)
        return file.read(found.st_size) if found.st_size else read_bounded(file, most, path)


def read_bounded(file: BinaryIO, most: int, path: Path) -> bytes:
    """Return all that comes out of an open file; raises `OSError` for more than `most` bytes."""
    return _joined(iter(lambda: file.read(PIECE), b""), most, path)


def _joined(pieces: Iterator[bytes], most: int, path: Path) -> bytes:
    found, size = [], 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size > most:
            raise _too_large(path, most)
    return b"".join(found)


def _of_pipe(descriptor: int, path: Path) -> Iterator[bytes]:
    """Yield what is written to a pipe; who has it open may take its time, who never opens it may not."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    begun = is_late = False
    while True:
        try:
            piece = os.read(descriptor, PIECE)
        except BlockingIOError:
            waiting.poll()
            continue
        if piece:
            begun = True
            yield piece
        elif begun or waiting.poll(0) == [(descriptor, select.POLLHUP)]:
            return
        elif is_late:
            raise _refused(path, errno.ETIMEDOUT, "is a pipe to which no program writes")
        else:
            is_late = not waiting.poll(PATIENCE * 1000)


def _strange(mode: int, *, pipes: bool) -> str:
    """Return what is wrong with what is no regular file."""
    if stat.S_ISDIR(mode):
        return os.strerror(errno.EISDIR)
    kind = "pipe" if stat.S_ISFIFO(mode) else "device"
    return f"is a {kind}; name a file" + (", a pipe or '-'" if pipes else "")


def _too_large(path: Path, most: int) -> OSError:
    return _refused(path, errno.EFBIG, f"is larger than {most >> 20:,} MiB")


def _refused(path: Path, code: int, what: str) -> OSError:
    return OSError(code, what, str(path))
