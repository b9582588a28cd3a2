"""What userfaultfd can do, asked of one page of this process.

Numbers are those of linux: include/uapi/linux/userfaultfd.h.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import struct
from dataclasses import dataclass

from planner.probe.asking import LIBC, NotAsked, reason_of

NUMBERS = {"x86_64": 323, "aarch64": 282, "s390x": 355, "ppc64le": 364, "ppc64": 364}
USER_MODE_ONLY = 1
UFFDIO_API, UFFDIO_REGISTER = 0xC018AA3F, 0xC020AA00
API = 0xAA
MISSING_AND_WRITE_PROTECT = 3
WRITE_PROTECT_BIT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class UserfaultAnswers:
    """The feature word, whether write protection works, and whether faults of KVM can be taken.

    `user_mode_only` means that this process may handle faults of user space only.
    """

    features: int
    write_protect: bool
    user_mode_only: bool


def ask_userfault() -> UserfaultAnswers:
    """Ask the system call; raises `NotAsked`."""
    number = NUMBERS.get(os.uname().machine)
    if number is None:
        raise NotAsked("userfaultfd: no system call number for this architecture")
    for flags in (0, USER_MODE_ONLY):
        descriptor = LIBC.syscall(number, os.O_CLOEXEC | os.O_NONBLOCK | flags)
        if descriptor >= 0:
            break
    else:
        error = OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        raise NotAsked(f"userfaultfd: {reason_of(error)}")
    try:
        features = _features(descriptor)
        return UserfaultAnswers(
            features=features,
            write_protect=_write_protects(descriptor),
            user_mode_only=bool(flags),
        )
    finally:
        os.close(descriptor)


def _features(descriptor: int) -> int:
    try:
        room = fcntl.ioctl(descriptor, UFFDIO_API, struct.pack("=3Q", API, 0, 0))
    except OSError as error:
        raise NotAsked(f"userfaultfd: UFFDIO_API: {reason_of(error)}") from error
    return int(struct.unpack("=3Q", room)[1])


def _write_protects(descriptor: int) -> bool:
    with mmap.mmap(-1, mmap.PAGESIZE) as page:
        window = ctypes.c_char.from_buffer(page)
        words = (ctypes.addressof(window), mmap.PAGESIZE, MISSING_AND_WRITE_PROTECT, 0)
        del window
        try:
            room = fcntl.ioctl(descriptor, UFFDIO_REGISTER, struct.pack("=4Q", *words))
        except OSError:
            return False
    return bool(struct.unpack("=4Q", room)[3] >> WRITE_PROTECT_BIT & 1)
