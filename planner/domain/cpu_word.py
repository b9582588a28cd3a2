"""Which bit of CPUID or of a register is which CPU feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planner.domain.capability import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuWord:
    """A register as a host is asked for it, and its features by bit.

    `of_qemu` are features that QEMU gives a guest on its own: a bit that is not set denies none of them.
    """

    name: str
    arch: str
    register: str
    bits: Mapping[str, int]
    of_qemu: frozenset[str]
    evidence: Evidence
    source: str
