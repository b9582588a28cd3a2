"""How a device node is asked: opening, ioctl, and the reason why something was not asked."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)


class NotAsked(Exception):
    """A thing that the probe may not or cannot ask; the text is the reason."""


def reason_of(error: OSError) -> str:
    """Return an error as short text: `EACCES, Permission denied`."""
    name = errno.errorcode.get(error.errno or 0, "error")
    return f"{name}, {error.strerror or 'no reason given'}"


@contextmanager
def device(path: Path, root: Path = Path("/")) -> Iterator[int]:
    """Open a misc device that the running kernel has already registered.

    A node without its driver is not opened, for that would load the module. Raises `NotAsked`.
    """
    registered = root / "sys/class/misc" / path.name
    if not registered.exists():
        raise NotAsked(f"{path}: no driver loaded ({registered} is missing)")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise NotAsked(f"{path}: {reason_of(error)}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def accepted(descriptor: int, request: int, argument: bytes | bytearray | int = 0) -> bool:
    """Say whether an ioctl is accepted."""
    try:
        fcntl.ioctl(descriptor, request, argument)
    except OSError:
        return False
    return True


def word(descriptor: int, request: int, size: str = "Q") -> int:
    """Return the number that an ioctl writes; raises `OSError`."""
    blank = struct.pack(size, 0)
    return int(struct.unpack(size, fcntl.ioctl(descriptor, request, blank))[0])


def words(descriptor: int, request: int, given: tuple[int, ...]) -> tuple[int, ...]:
    """Return the 64-bit words that an ioctl leaves in those that it is given; raises `OSError`."""
    form = f"{len(given)}Q"
    return struct.unpack(form, fcntl.ioctl(descriptor, request, struct.pack(form, *given)))
