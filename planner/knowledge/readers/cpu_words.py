"""Rows of CPU feature bits as values."""

from __future__ import annotations

from planner.domain.capability import CpuWord, Evidence
from planner.knowledge.files.rows import Row


def read_cpu_word(row: Row) -> CpuWord:
    """Read a register and its features, each as `NAME=BIT`."""
    bits = {}
    for text in row.texts("bits"):
        name, equals, number = text.rpartition("=")
        if not equals or not number.isdecimal() or int(number) > 63:
            raise row.fail(f"'{text}' is not NAME=BIT")
        bits[name.replace("_", "-")] = int(number)
    return CpuWord(
        name=row.text("name"),
        arch=row.text("arch"),
        register=row.text("register"),
        bits=bits,
        of_qemu=frozenset(row.texts("of_qemu")),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )
