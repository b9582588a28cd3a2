"""CPU features under an accelerator that emulates them: builds differ in what they emulate.

The host's kernel and CPU have no say in them, so this looks at builds and guest only.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge, QemuBuild
from planner.domain.migrated import Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.guests import Emulation, Trait


def judge_emulation(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase
) -> Iterator[Objection]:
    """Yield a gap for each trait under which the destination's build may emulate another CPU.

    The guest's CPU is that of the build it booted on; a trait that is not stated is not there.
    Source: qemu: target/i386/cpu.c, TCG_*_FEATURES.
    """
    booted = (start.booted_on or edge.source).qemu
    if booted == edge.destination.qemu:
        return
    for trait in knowledge.guests.traits.values():
        if trait.emulation is None or start.trait(trait.name) is not Truth.YES:
            continue
        builds = (booted, edge.destination.qemu)
        yield from _refused(edge, start, trait)
        fact = _open_fact(builds, start, trait.emulation)
        if fact:
            yield Objection(
                rule=Rule.KNOWLEDGE_GAP,
                consequence=Consequence.LOSES_STATE,
                facts=(fact,),
                source=trait.source,
            )


def _refused(edge: MigrationEdge, start: GuestStart, trait: Trait) -> Iterator[Objection]:
    """Object to an emulated CPU whose registers one series sends and another does not load."""
    model = "" if start.cpu is None else start.cpu.model
    versions = edge.source.qemu.version, edge.destination.qemu.version
    assert trait.emulation is not None
    parts = trait.emulation.parts_between(model, *versions)
    if parts:
        sent, known = (".".join(map(str, series)) for series in parts)
        yield Objection(
            rule=Rule.UNIT_NOT_UNDERSTOOD,
            consequence=Consequence.FAILS_CLEANLY,
            severity="functional",
            facts=(f"QEMU {known} does not load the registers of {model} that {sent} sends",),
            source=trait.source,
        )


def _open_fact(
    builds: tuple[QemuBuild, QemuBuild],
    start: GuestStart,
    emulation: Emulation,
) -> str:
    """Return the fact that is missing to say that both builds emulate one CPU, or nothing."""
    unread = [build for build in builds if not emulation.covers(build.version)]
    if unread:
        return f"which CPU features QEMU {unread[0]} emulates"
    if start.cpu is None:
        return "guest CPU"
    if start.cpu.model not in emulation.models:
        return f"whether QEMU {builds[0]} and {builds[1]} emulate the CPU {start.cpu.model} alike"
    names = ", ".join(sorted(start.cpu.enabled & emulation.differing))
    return f"whether QEMU {builds[0]} and {builds[1]} both emulate {names}" if names else ""
