"""P015: the option ROMs of a guest's devices, blocks of memory, have one size on both hosts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from planner.domain.compat import DEFAULT, CompatFlag, PropertyKey
from planner.domain.guest import GuestStart
from planner.domain.host import MigrationEdge, QemuBuild
from planner.domain.migrated import Clause, ClauseKind, Consequence
from planner.domain.truth import Truth
from planner.domain.verdict import Objection, Remark, Rule
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.qemu.roms import is_kin
from planner.migration.applies import Applicability, clause_truth
from planner.migration.claims import Assumed
from planner.migration.guest_devices import device_name, device_options
from planner.migration.unit_case import UnitJudgement

SAID = frozenset({"romfile", "romsize", "rombar"})
"""Options of a device after which its ROM is no longer the package's choice."""
SAME_ROMS = "option ROM files of equal size on both hosts"


@dataclass(frozen=True, slots=True)
class _RomDifference:
    """Devices of which the ROM's blocks are alike (UNKNOWN), or differ (NO), between two builds."""

    alike: Truth
    files: tuple[str, ...]
    devices: tuple[str, ...]
    fact: str
    source: str


def judge_memory_blocks(
    edge: MigrationEdge, start: GuestStart, knowledge: KnowledgeBase, assumed: Assumed
) -> UnitJudgement:
    """Object to option ROMs of different size; name the check where only a major release differs."""
    source, destination = edge.source.qemu, edge.destination.qemu
    flags = (*start.baseline.flags, *start.hop_flags)
    machine_type = start.baseline.machine_type
    objections, remarks = list[Objection](), list[Remark]()
    for difference in _differing(source, destination, machine_type, flags, knowledge):
        clause = Clause(kind=ClauseKind.DEVICE, any_of=difference.devices)
        applies = clause_truth(clause, start, knowledge.guests, assumed)
        if applies.truth is Truth.NO or not _left(difference.devices, start):
            continue
        if difference.alike is Truth.UNKNOWN and source.line == destination.line:
            more = f" and {len(difference.files) - 1} more" if difference.files[1:] else ""
            text = f"{SAME_ROMS}: {difference.files[0]}{more}"
            remarks.append(Remark(kind="host-condition", text=text, source=difference.source))
        else:
            objections.append(_objection(difference, clause, applies))
    return UnitJudgement(tuple(objections), tuple(remarks))


def _objection(difference: _RomDifference, clause: Clause, applies: Applicability) -> Objection:
    facts = applies.open_facts
    if difference.alike is Truth.UNKNOWN:
        facts = (difference.fact, *facts)
    return Objection(
        rule=Rule.KNOWLEDGE_GAP if facts else Rule.MEMORY_BLOCK_DIFFERS,
        consequence=Consequence.FAILS_CLEANLY,
        unit=f"rom/{difference.files[0]}",
        severity="functional",
        facts=facts or (difference.fact,),
        depends_on=(clause,),
        source=difference.source,
        suspected=Rule.MEMORY_BLOCK_DIFFERS if facts else None,
    )


def _left(devices: tuple[str, ...], start: GuestStart) -> bool:
    """Whether some device of the guest, if its devices are given, takes the ROM of its package."""
    if start.devices is None:
        return True
    devices_here = (device for device in start.devices if device_name(device) in devices)
    return any(SAID.isdisjoint(key for key, _ in device_options(device)) for device in devices_here)


@lru_cache(maxsize=1 << 12)
def _differing(
    source: QemuBuild,
    destination: QemuBuild,
    machine_type: str,
    flags: tuple[CompatFlag, ...],
    knowledge: KnowledgeBase,
) -> tuple[_RomDifference, ...]:
    """Return the ROMs that differ or may differ, those that are told alike in one."""
    if source.is_same_as(destination):
        return ()
    kin = is_kin(source, destination)
    by_reason: dict[tuple[Truth, str], list[tuple[str, tuple[str, ...]]]] = {}
    for rom in knowledge.roms.roms:
        devices = tuple(
            each
            for each in rom.devices
            if not _is_said(each, (source, destination), machine_type, flags, knowledge)
        )
        alike = knowledge.roms.alike(source, destination, rom.file)
        if not devices or alike is Truth.YES or (alike is Truth.UNKNOWN and kin):
            continue
        how = ""
        if alike is Truth.NO:
            sizes = (knowledge.roms.block(each, rom.file) for each in (source, destination))
            how = " and ".join(f"{int(size or 0) >> 10} KiB" for size in sizes)
        by_reason.setdefault((alike, how), []).append((rom.file, devices))
    return tuple(
        _rom_difference(alike, how, roms, knowledge, source)
        for (alike, how), roms in by_reason.items()
    )


def _rom_difference(
    alike: Truth,
    how: str,
    roms: list[tuple[str, tuple[str, ...]]],
    knowledge: KnowledgeBase,
    source: QemuBuild,
) -> _RomDifference:
    files = tuple(file for file, _ in roms)
    names = ", ".join(files)
    return _RomDifference(
        alike=alike,
        files=files,
        devices=tuple(device for _, devices in roms for device in devices),
        fact=f"option ROM {names}: {how}" if how else f"size of option ROM {names} on both hosts",
        source=knowledge.roms.source_of(source, files[0]) or knowledge.roms.roms[0].source,
    )


def _is_said(
    device: str,
    builds: tuple[QemuBuild, ...],
    machine_type: str,
    flags: tuple[CompatFlag, ...],
    knowledge: KnowledgeBase,
) -> bool:
    """Whether a flag or the machine type names the ROM of a device, so that no package does."""
    keys = tuple(PropertyKey(qom_type=device, property=name) for name in SAID)
    if any(knowledge.may_set(flag.key, key) for flag in flags for key in keys):
        return True
    values = {
        knowledge.machines.effective(build, machine_type, key) for key in keys for build in builds
    }
    return bool(values - {DEFAULT, None})
