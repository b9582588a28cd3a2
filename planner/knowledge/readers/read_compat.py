"""Rows of machine types, compat sets, properties and drifts as values."""

from __future__ import annotations

from collections.abc import Collection

from planner.domain.capability import Evidence
from planner.domain.compat import BuildDrift, PropertyKey, PropertyRow
from planner.domain.errors import nearest
from planner.domain.machine_type import MachineType, TypeRemoval
from planner.knowledge.files.rows import Row, release_key
from planner.knowledge.qemu.builds import BuildLines
from planner.knowledge.qemu.compat_lists import CompatSet
from planner.knowledge.qemu.machine_types import OfferedType
from planner.knowledge.readers.read_lines import read_interval, read_refs

UP_TO = "<="
NOTES_OF_A_DRIFT = (
    *("line", "arch", "boards", "odd_builds", "odd_value", "usual_value", "devices"),
    "unknown_builds",
)


def read_property(row: Row, kinds: Collection[str]) -> PropertyRow:
    """Read a row of properties.toml; `kinds` has every kind of property."""
    kind = row.text("kind")
    if kind not in kinds:
        hint = nearest(kind, kinds) or "no such row of property_kind in kinds.toml"
        raise row.fail(f"key 'kind' is '{kind}'", hint)
    row.for_people("backported", "notes", "seen_in")
    return row.make(
        PropertyRow,
        key=row.make(PropertyKey),
        kind=kind,
        offered_since=_release_text(row, "offered_since"),
        offered_until=_release_text(row, "offered_until"),
        gone_by=_release_text(row, "gone_by"),
        older_unknown=row.word("before", ("unknown",), "") == "unknown",
    )


def _release_text(row: Row, key: str) -> str:
    row.release(key, "")
    return row.text(key, "")


def read_drift(row: Row) -> BuildDrift:
    """Read a row of compat_drift.toml; some keys are notes for people."""
    row.for_people(*NOTES_OF_A_DRIFT)
    types = row.text("machine_types")
    return row.make(
        BuildDrift,
        key=row.make(PropertyKey),
        machine_types=types,
        up_to=release_key(types.removeprefix(UP_TO)) if types.startswith(UP_TO) else (),
        hazard=row.word("class", ("benign", "hazard")) == "hazard",
    )


def read_machine_type(row: Row, builds: BuildLines) -> OfferedType:
    """Read a machine type; its file says the board and the architecture."""
    assert row.head is not None
    row.for_people("notes")
    return OfferedType(
        machine_type=row.make(
            MachineType,
            board=row.head.text("board"),
            arch=row.head.text("arch"),
            alike=read_refs(row, "alike", builds),
        ),
        offered=read_refs(row, "offered", builds),
        deprecated=read_refs(row, "deprecated", builds),
    )


def read_removal(row: Row) -> TypeRemoval:
    """Read a removal forecast."""
    return row.make(TypeRemoval, machine_type=row.text("name"))


def read_compat_set(row: Row, builds: BuildLines) -> CompatSet:
    """Read what a machine type adds to the list of the next newer one."""
    row.choice("evidence", Evidence)
    return row.make(
        CompatSet,
        builds=read_interval(row, "builds", row.text("line"), builds),
        entries=tuple(
            (PropertyKey(qom_type=qom_type, property=name), value)
            for qom_type, name, value in row.lists("properties", 3)
        ),
    )
