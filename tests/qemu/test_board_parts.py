"""Machines of real builds have the parts that the rows of their board say, and no others of boards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

from planner.harvest.monitor import Monitor, running
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.knowledge.qemu.read_tables import BOARD
from tests.qemu.accelerator import TCG, accelerator
from tests.qemu.fetch import Build

BOARDS = ("pc-q35", "pc-i440fx", "isapc", "microvm")


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def kinds_below(monitor: Monitor, path: str = "/machine") -> Iterator[str]:
    """Yield the types of all objects of a machine."""
    for row in monitor.answer("qom-list", path=path) or ():
        if row["type"].startswith("child<"):
            yield row["type"].removeprefix("child<").removesuffix(">")
            yield from kinds_below(monitor, f"{path}/{row['name']}")


def newest(monitor: Monitor, board: str) -> str:
    """Return the newest type of a board, or the board's one type."""
    names = [row["name"] for row in monitor.answer("query-machines")]
    versions = [found for name in names if (found := re.fullmatch(rf"{board}-(\d+)\.(\d+)", name))]
    return max(versions, key=lambda found: (int(found[1]), int(found[2])))[0] if versions else board


@pytest.mark.parametrize("board", BOARDS)
def test_a_started_machine_has_the_parts_of_its_row(build: Build, board: str) -> None:
    command, environment = build.command(), build.environment()
    (row,) = (one for one in knowledge().boards.boards if one.name == board)
    with running(command, "-machine", "none", environment=environment) as monitor:
        name = newest(monitor, board)
    words = ("-machine", name, "-nodefaults", "-cpu", "qemu64", "-accel", accelerator().name)
    with running(command, *words, environment=environment) as monitor:
        there = set(kinds_below(monitor))
    of_kvm = (
        {one for one in row.parts if one.startswith("kvm")} if accelerator().name == TCG else set()
    )
    assert row.parts - of_kvm - there <= {"kvmvapic"}
    table = knowledge().inventory.of("x86_64")
    of_boards = {
        kind
        for kind in there
        if any(cells[1] == BOARD for cells, _ in table.rows_of("devices", kind))
    }
    assert of_boards <= row.parts | row.some
