"""One call for a whole build: what is asked of it, and laid into the tables."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from planner.harvest.device_state import read_device_state
from planner.harvest.inventory import (
    LISTS,
    MODEL_NAMES,
    MODELS,
    STARTED,
    STATE,
    HarvestedTables,
    TableChange,
    WholeBuild,
)
from planner.harvest.machines import HarvestedBuild
from planner.harvest.started import Bench, read_started
from planner.harvest.values import Program
from planner.harvest.whole import (
    Tell,
    has_kvm,
    read_models,
    read_whole,
    release_of,
    usual_type,
)

TYPES, DEVICES, CPU, GUESTS, KEPT = "types", "devices", "cpu", "guests", "state"
ASKED = (TYPES, DEVICES, CPU, GUESTS, KEPT)
"""What can be asked of a build; machine types have typed rows, the rest has harvested tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A whole build in the tables: what changes there, and what its neighbours have and it has not."""

    tables: HarvestedTables
    changes: tuple[TableChange, ...]
    missing: tuple[str, ...]
    parts: tuple[str, ...]
    facts: int


def lay_whole(
    program: Program,
    build: HarvestedBuild,
    line: str,
    data: Path,
    asked: Collection[str],
    tell: Tell = lambda _: None,
) -> Laid:
    """Ask a build and lay the answers over the tables of `data`; nothing is written yet."""
    tables = HarvestedTables(data)
    name = tables.name_of(line, build.version, release_of(build), build.arch)
    tell("types, devices and properties")
    whole = read_whole(program, build, line, name)
    parts = list(LISTS) if DEVICES in asked else []
    if CPU in asked:
        kvm = has_kvm(program, build)
        whole = read_models(program, whole, build, "kvm" if kvm else "tcg", tell)
        parts += MODELS if kvm else MODEL_NAMES
    bench = Bench(program=program, machine_type=usual_type(build))
    if KEPT in asked:
        whole = read_device_state(bench, whole, tell)
        parts += STATE
    if GUESTS in asked:
        whole = read_started(bench, whole, tell)
        parts += STARTED
    return laid(whole, tables, parts)


def laid(whole: WholeBuild, tables: HarvestedTables, parts: Collection[str]) -> Laid:
    """Lay a build over tables."""
    changes = tuple(tables.lay(whole, parts))
    facts = sum(len(rows) for stem, rows in whole.facts().items() if stem in parts)
    return Laid(
        tables=tables,
        changes=changes,
        missing=tables.missing(whole),
        parts=tuple(parts),
        facts=facts,
    )
