"""Whether a destination's build loads what a source's build sends of the guest's devices."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import product

from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge, QemuBuild
from planner.domain.migrated import Clause, ClauseKind, Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Rule
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.qemu.sections import Section, Sent
from planner.migration.applies import clause_truth
from planner.migration.claims import Assumed
from planner.migration.guest_devices import device_name

SOURCE = "qemu: descriptions of devices by release (harvested/qemu/vmstate.csv)"
MOST_PAIRS = 4096
"""Pairs of builds that are remembered: more than differing ones in any fleet seen."""
UNTOLD = frozenset({Sent.UNTOLD, Sent.NEVER})
Words = tuple[str, bool]
"""What QEMU says, and whether it certainly does."""


def judge_sections(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> Iterator[Objection]:
    """Object to sections of the guest's devices that the destination does not load."""
    source, destination = edge.source.qemu, edge.destination.qemu
    if source.is_same_as(destination) or not _are_read(source, destination, knowledge):
        return
    if start.devices is None:
        builds = source, destination
        yield from unstated_sections(builds, edge.source.arch, start, knowledge, assumed)
    for device in dict.fromkeys(device_name(text) for text in start.devices or ()):
        kinds = knowledge.kinds_of_device(edge.source.arch, destination, device)
        for section, said, is_certain in _not_taken(source, destination, kinds, knowledge):
            yield _objection(section, said, is_certain, (source, destination))


def unstated_sections(
    builds: tuple[QemuBuild, QemuBuild],
    arch: str,
    start: GuestStart,
    knowledge: KnowledgeBase,
    assumed: Assumed = frozenset(),
) -> Iterator[Objection]:
    """Yield the gap of a guest whose devices nobody states: it may have one that does not pass."""
    source, destination = builds
    if source.is_same_as(destination) or not _are_read(source, destination, knowledge):
        return
    names = _not_passing(source, destination, arch, knowledge)
    clause = Clause(kind=ClauseKind.DEVICE, any_of=names)
    applies = clause_truth(clause, start, knowledge.guests, assumed)
    if names and applies.truth is not Truth.NO:
        yield Objection(
            rule=Rule.KNOWLEDGE_GAP,
            suspected=Rule.UNIT_NOT_UNDERSTOOD,
            consequence=Consequence.FAILS_CLEANLY,
            unit=f"section/{names[0]}",
            severity="functional",
            facts=applies.open_facts,
            depends_on=(clause,),
            source=SOURCE,
        )


@lru_cache(maxsize=MOST_PAIRS)
def _not_passing(
    source: QemuBuild, destination: QemuBuild, arch: str, knowledge: KnowledgeBase
) -> tuple[str, ...]:
    """Return the devices of rows of which some section does not pass, or may not."""

    def fails(device: str) -> bool:
        kinds = knowledge.kinds_of_device(arch, destination, device)
        return any(True for _ in _not_taken(source, destination, kinds, knowledge))

    return tuple(filter(fails, sorted(knowledge.guests.devices)))


def _are_read(source: QemuBuild, destination: QemuBuild, knowledge: KnowledgeBase) -> bool:
    """Whether both builds have what upstream's releases have."""
    follows = knowledge.builds.follows_reference
    return follows(source.line) and follows(destination.line)


def _objection(
    section: str, said: str, is_certain: bool, builds: tuple[QemuBuild, QemuBuild]
) -> Objection:
    source, destination = builds
    if is_certain:
        return Objection(
            rule=Rule.UNIT_NOT_UNDERSTOOD,
            consequence=Consequence.FAILS_CLEANLY,
            unit=f"section/{section}",
            severity="functional",
            facts=(said,),
            source=SOURCE,
        )
    return Objection(
        rule=Rule.KNOWLEDGE_GAP,
        suspected=Rule.UNIT_NOT_UNDERSTOOD,
        consequence=Consequence.FAILS_CLEANLY,
        unit=f"section/{section}",
        severity="functional",
        facts=(f"whether QEMU {destination} loads the section {section} of QEMU {source}: {said}",),
        source=SOURCE,
    )


def _not_taken(
    source: QemuBuild, destination: QemuBuild, kinds: Sequence[str], knowledge: KnowledgeBase
) -> Iterator[tuple[str, str, bool]]:
    """Yield section, QEMU's words and whether that is certain, over all releases that answer."""
    sections = knowledge.sections
    ways = list(product(sections.sent_by(source, kinds), sections.sent_by(destination, kinds)))
    refusals = [dict(_refused(ours, theirs, sections.settled)) for ours, theirs in ways]
    for name in dict.fromkeys(name for some in refusals for name in some):
        words = [some.get(name) for some in refusals]
        said, is_certain = next(refusal for refusal in words if refusal is not None)
        yield (
            name,
            said,
            is_certain and all(refusal is not None and refusal[1] for refusal in words),
        )


def _refused(
    ours: Sequence[Section], theirs: Sequence[Section], settled: Collection[str]
) -> Iterator[tuple[str, Words]]:
    """Yield sections that are always sent and not loaded; of a class that is not told, none."""
    if not theirs or any(row.sent in UNTOLD for row in (*ours, *theirs)):
        return
    known = {row.name: row for row in theirs}
    for row in ours:
        if row.sent is Sent.ALWAYS:
            message = _qemu_message(row, known.get(row.name))
            if message is not None and (message[1] or row.name not in settled):
                yield row.name, message


def _qemu_message(ours: Section, theirs: Section | None) -> Words | None:
    """Return what QEMU says to a section, None if it loads it; other fields may be read or not."""
    if theirs is None:
        return f"Unknown savevm section or instance '{ours.name}'", True
    sent, known, oldest = ours.version, theirs.version, theirs.minimum
    if sent is None or known is None or oldest is None:
        return None
    if sent > known:
        return f"unsupported version {sent} for '{ours.name}' v{known}", True
    if sent < oldest:
        text = f"incoming version_id {sent} is too old for local minimum version_id {oldest}"
        return f"{ours.name}: {text}", True
    written, read = ours.layout_of(sent), theirs.layout_of(sent)
    if written and read and written != read:
        return f"its fields differ under version {sent}", False
    return None
