"""A small part of `make truth`: real migrations on this machine, each predicted before."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from tests.qemu.accelerator import KVM, TCG, accelerator
from tests.qemu.compare import Row, Score, compared, library_for, world_of
from tests.qemu.fetch import FetchError
from tests.qemu.incident import replay
from tests.qemu.journeys import Fate, Journey
from tests.qemu.plan import GROUPS, World, left_out

SUITES = ("bookworm", "trixie", "trixie-backports")
# every so many journeys of a group, for KVM and for TCG
STEPS = {
    KVM: {
        "builds": 23,
        "kernel gap": 6,
        "flags": 16,
        "register chains": 16,
        "chains": 4,
        "taps": 16,
    },
    TCG: {"builds": 23, "chains": 4, "taps": 16},
}


def world_on(name: str) -> tuple[World, Path | None]:
    """Return three builds with the library that hides abilities, or skip loudly."""
    try:
        world = world_of(SUITES, name)
        return world, library_for(world)
    except FetchError as error:
        pytest.skip(f"NOT SHOWN HERE: {error}")


def part_of(world: World, library: Path | None, folder: Path) -> list[Row]:
    """Run some journeys of every group that can be run."""
    out = left_out(world, hides=library is not None)
    chosen: list[Journey] = []
    for group, step in STEPS[world.accelerator].items():
        if group not in out:
            chosen += islice(GROUPS[group](world), 0, None, step)
    return compared(chosen, library, folder)


def assert_predicted(rows: list[Row]) -> None:
    """No hop is wrongly safe, and a tenth of those that passed at most is not safe."""
    assert not [row for row in rows if row.score is Score.WRONGLY_SAFE]
    passing = [row for row in rows if row.outcome.fate is Fate.PRESERVED]
    careful = [row for row in passing if row.score is Score.CAREFUL]
    assert len(careful) <= 0.1 * len(passing), careful


def with_kvm() -> tuple[World, Path]:
    """Return the world under KVM and the library, or skip loudly."""
    found = accelerator()
    if found.name != KVM:
        pytest.skip(f"NOT SHOWN HERE: {found.why}")
    world, library = world_on(KVM)
    assert library is not None
    return world, library


def test_real_migrations_are_predicted(tmp_path: Path) -> None:
    world, library = with_kvm()
    rows = part_of(world, library, tmp_path)
    assert len(rows) > 40
    assert {Fate.PRESERVED, Fate.LOST, Fate.REFUSED} <= {row.outcome.fate for row in rows}
    assert_predicted(rows)


def test_emulated_guests_are_predicted_too(tmp_path: Path) -> None:
    world, library = world_on(TCG)
    rows = part_of(world, library, tmp_path)
    assert len(rows) > 20
    assert Fate.PRESERVED in {row.outcome.fate for row in rows}
    assert_predicted(rows)


def test_what_needs_kvm_is_left_out_by_name() -> None:
    world = World(builds=(), types={}, accelerator=TCG)
    assert {"kernel gap", "flags", "register chains"} <= left_out(world, hides=True).keys()
    assert "taps" in left_out(world, hides=False)


def test_the_loss_of_2019() -> None:
    world, library = with_kvm()
    found = replay(world, world.builds[0], library)
    assert (found.said, found.has) == ("completed", "MSR 0x34: 0x7 became 0x0")
    assert found.predicted.startswith("unsafe, loses-state: P004 cpu/msr_smi_count")
    sent = (found.sent, found.sent_with_flag, found.sent_after_flip)
    assert sent == ("sent", "not sent", "not sent")
