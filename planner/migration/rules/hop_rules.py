"""Flags of one hop's destination alone: what they change for a guest that runs already.

Comes in: a guest's start with the flags that only the destination's process sets. Goes out: objections
to those that would give the guest another CPU than it booted with.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.compat import Visible
from planner.domain.guest import GuestStart
from planner.domain.migrated import Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule
from planner.knowledge.base import KnowledgeBase
from planner.migration.guest_cpu import has_feature

CPU_TYPE = "-cpu"
ON = frozenset({"on", "true", "yes"})


def judge_other_cpu(start: GuestStart, knowledge: KnowledgeBase) -> Iterator[Objection]:
    """Object to flags of the destination alone that give a running guest another CPU.

    A flag that says what the guest has, or lacks, anyway is none, nor is one of the stream alone.
    """
    words = knowledge.guests
    for flag in start.hop_flags:
        name = flag.key.property
        if not flag.key.qom_type.endswith(CPU_TYPE) or name not in words.cpu_features:
            continue
        row = knowledge.property_row(flag.key)
        if row is not None and row.visible is Visible.STREAM:
            continue
        model = flag.key.qom_type.removesuffix(CPU_TYPE).rpartition("-")[0]
        if model and start.cpu is not None and model != start.cpu.model:
            continue
        has = has_feature(name, start.cpu, start, words)
        if has is Truth.of(flag.value in ON):
            continue
        fact = (
            f"whether the guest has {name}" if has is Truth.UNKNOWN else f"{flag.value} here alone"
        )
        yield Objection(
            rule=Rule.KNOWLEDGE_GAP if has is Truth.UNKNOWN else Rule.COMPAT_VALUE_DIFFERS,
            consequence=Consequence.LOSES_STATE,
            property_key=str(flag.key),
            facts=(fact,),
            source="qemu: target/i386/cpu.c, a CPU is made anew by the destination's process",
            severity="functional",
        )
