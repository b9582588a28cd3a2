"""Which of two kernels or two QEMU builds is older; inside a line by its releases, else by versions.

In: what texts of a fleet were placed as. Out: -1, 0 or 1 as comparisons give it.
"""

from __future__ import annotations

from functools import cache

from planner.domain.host import QemuBuild
from planner.knowledge.files.rows import release_key
from planner.knowledge.kernel.kernel_line import KernelRelease


def compared_kernels(newer: KernelRelease, older: KernelRelease) -> int:
    """Compare two kernels: inside a line by its releases, else by the version they are built from."""
    mine, theirs = (newer.base, newer.release), (older.base, older.release)
    if newer.line != older.line:
        mine, theirs = (built_from(newer), ()), (built_from(older), ())
    return (mine > theirs) - (mine < theirs)


def compared_builds(newer: QemuBuild, older: QemuBuild) -> int:
    """Compare two builds: inside a line by all their numbers, else by QEMU's version."""
    mine, theirs = newer.version, older.version
    if newer.line == older.line:
        mine, theirs = build_numbers(newer), build_numbers(older)
    return (mine > theirs) - (mine < theirs)


@cache
def built_from(kernel: KernelRelease) -> tuple[int, ...]:
    """Return the numbers that every `uname -r` begins with."""
    return release_key(kernel.text.partition("-")[0])


@cache
def build_numbers(build: QemuBuild) -> tuple[int, ...]:
    """Return the numbers of a build's release."""
    return release_key(build.release)
