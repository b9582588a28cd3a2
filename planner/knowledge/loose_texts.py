"""Texts of a host that are hardly read as they were meant: a CPU, a package, a build of another vendor.

Comes in: the cells `kernel`, `qemu` and `cpu` of a host. Goes out: what is loose in them, in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from planner.domain.errors import closest, nearest, quoted

if TYPE_CHECKING:
    from planner.knowledge.base import KnowledgeBase
    from planner.knowledge.calendar import VendorRelease

WORD = re.compile(r"[a-z]{4,}")
"""A word of a package version that may be a vendor's."""
Loose = tuple[str, str, str, bool]
"""Column, what is wrong, what would be right, and whether the text names nothing that a row reads."""


class LooseTexts:
    """Tells of each text of a host whether some row reads it as its writer meant it."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """Begin with the rows of a knowledge base."""
        self._knowledge = knowledge

    def of(self, *, arch: str, kernel: str, qemu: str, cpu: str) -> Iterator[Loose]:
        """Yield what is loose in the cells of a host."""
        if cpu and self._knowledge.host_cpus.vendors_matter(arch) and not self._is_read(cpu):
            hint = nearest(cpu, self._cpu_names)
            told = hint or "give the model name of /proc/cpuinfo or lscpu"
            yield "cpu", f"no row reads {quoted(cpu)}", told, True
        meant = self._respelt(qemu)
        if meant:
            yield "qemu", f"no vendor publishes {quoted(qemu)}", f"did you mean '{meant}'?", True
        elif vendor := self._vendor_of(kernel, qemu):
            yield "qemu", *self._of_another(vendor, kernel, qemu), False

    @cached_property
    def _cpu_names(self) -> frozenset[str]:
        return frozenset(self._knowledge.guests.cpu_names)

    def _is_read(self, cpu: str) -> bool:
        """Whether a CPU is one of a generation, a model of QEMU or libvirt, or a vendor by its name."""
        words, cpus = self._knowledge.guests, self._knowledge.host_cpus
        if words.generation_of(cpu) or cpu in self._cpu_names:
            return True
        vendor = cpus.vendor_of(cpu)
        return bool(vendor) and not cpus.model_of(cpu) and vendor in cpu.lower()

    @cached_property
    def _words(self) -> frozenset[str]:
        """The words in the package versions that rows give as examples."""
        lines = self._knowledge.builds.lines
        return frozenset(
            word for line in lines for example in line.examples for word in WORD.findall(example)
        )

    def _respelt(self, qemu: str) -> str:
        """Return a package as a vendor publishes it, if it is one of nobody but for a word misspelt."""
        builds = self._knowledge.builds
        placed = builds.place(qemu)
        if placed is None or not placed.is_own:
            return ""
        for word in WORD.findall(qemu):
            known = "" if word in self._words else closest(word, self._words)
            meant = qemu.replace(word, known) if known else ""
            found = builds.place(meant) if meant else None
            if found is not None and not found.is_own:
                return meant
        return ""

    @cached_property
    def _releases(self) -> dict[str, list[VendorRelease]]:
        """The vendors' releases by the line of their kernel."""
        found: dict[str, list[VendorRelease]] = {}
        for one in self._knowledge.releases:
            placed = self._knowledge.kernels.place(one.uname) if one.uname else None
            if placed is not None and one.ask:
                found.setdefault(placed.line, []).append(one)
        return found

    def _vendor_of(self, kernel: str, qemu: str) -> VendorRelease | None:
        """Return the vendor of a kernel beside a reference QEMU, if its own builds are not like that."""
        builds, placed = self._knowledge.builds, self._knowledge.builds.place(qemu)
        running = self._knowledge.kernels.place(kernel)
        if placed is None or running is None or not builds.is_reference(placed.line):
            return None
        own = [
            one
            for one in self._releases.get(running.line, ())
            if not builds.follows_reference(self._knowledge.build_of(one.qemu).line)
        ]
        return own[-1] if own else None

    def _of_another(self, vendor: VendorRelease, kernel: str, qemu: str) -> tuple[str, str]:
        lines = self._knowledge.kernels
        placed = lines.place(kernel)
        title = next((one.title for one in lines.lines if placed and one.name == placed.line), "")
        what = f"{quoted(qemu)} is read as upstream's own QEMU, but the kernel is one of {title}"
        return what, f"give what `{vendor.ask}` prints, such as {vendor.qemu}"
