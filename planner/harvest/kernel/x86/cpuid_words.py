"""The registers of KVM's CPUID words, by KVM's own table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from planner.harvest.kernel.c.c_text import split_at_commas
from planner.harvest.kernel.constants import Constants
from planner.harvest.kernel.machine import Interpreter
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.vendors import X86


@dataclass(slots=True)
class Word:
    """One CPUID word: its register."""

    leaf: int
    index: int
    register: str


def word_table(tree: KernelTree, constants: Constants, machine: Interpreter) -> dict[int, Word]:
    """Return the register of each word, by KVM's own table; `machine` keeps what is not understood."""
    for name in ("kvm/reverse_cpuid.h", "kvm/cpuid.h"):
        file = tree.file(X86 + name)
        rows = file.initializer("reverse_cpuid") if file else None
        if rows:
            found = {}
            for part in split_at_commas(rows):
                text = "".join(token.text for token in part)
                row = re.fullmatch(r"\[(\w+)\]=\{(\w+),(\w+),CPUID_(\w+)\}", text)
                number = constants.value(row[1]) if row else None
                if row is None or number is None:
                    machine.file = file.path if file else ""
                    machine.problem(
                        part[0].line, f"row `{text}` of reverse_cpuid is not understood"
                    )
                    continue
                found[number] = Word(int(row[2], 0), int(row[3], 0), row[4].lower())
            return found
    machine.problem(0, "no table reverse_cpuid")
    return {}
