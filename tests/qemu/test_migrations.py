"""A small part of `make truth`: real migrations on this machine, each predicted before."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from tests.qemu.compare import Score, compared, world_of
from tests.qemu.fetch import FetchError, cache_folder
from tests.qemu.gap import built
from tests.qemu.incident import replay
from tests.qemu.journeys import Fate, Journey
from tests.qemu.plan import World, of_builds, of_chains, of_flags, of_kernels, of_taps

SUITES = ("bookworm", "trixie", "trixie-backports")


@pytest.fixture(scope="module")
def world() -> World:
    """Three builds and this machine's KVM, or a loud skip."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("NOT SHOWN HERE: /dev/kvm is missing or forbidden")
    try:
        built(cache_folder())
        return world_of(SUITES)
    except FetchError as error:
        pytest.skip(f"NOT SHOWN HERE: {error}")


def test_real_migrations_are_predicted(world: World, tmp_path: Path) -> None:
    taps = list(of_taps(world))
    chosen: list[Journey] = [
        *islice(of_builds(world), 0, None, 23),
        *islice(of_kernels(world), 0, None, 6),
        *islice(of_flags(world), 3),
        *islice(of_chains(world), 3),
        *taps[-8:],
    ]
    rows = compared(chosen, cache_folder(), tmp_path)
    assert len(rows) > 40
    assert {Fate.PRESERVED, Fate.LOST, Fate.REFUSED} <= {row.outcome.fate for row in rows}
    assert not [row for row in rows if row.score is Score.WRONGLY_SAFE]
    passing = [row for row in rows if row.outcome.fate is Fate.PRESERVED]
    careful = [row for row in passing if row.score is Score.CAREFUL]
    assert len(careful) <= 0.1 * len(passing), careful


def test_the_loss_of_2019(world: World) -> None:
    found = replay(world, world.builds[0], built(cache_folder()))
    assert (found.said, found.has) == ("completed", "MSR 0x34: 0x7 became 0x0")
    sent = (found.sent, found.sent_with_flag, found.sent_after_flip)
    assert sent == ("sent", "not sent", "not sent")
