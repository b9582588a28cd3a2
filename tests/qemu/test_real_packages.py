"""Debian's packages as the mirror serves them: what they hold is what the rows say."""

from __future__ import annotations

import pytest

from planner.harvest.packages import read_package
from planner.harvest.rom_rows import rom_changes
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.load import load_knowledge
from tests.qemu.fetch import SUITES, FetchError, cache_folder, fetch

NAMES = ("qemu-system-x86_", "qemu-system-data_", "ipxe-qemu_", "seabios_")


@pytest.mark.parametrize("suite", SUITES)
def test_rom_sizes_of_real_packages_are_those_of_the_rows(suite: str) -> None:
    try:
        build = fetch(suite)
    except FetchError as error:
        pytest.skip(f"NOT SHOWN HERE: {error}")
    archives = sorted((cache_folder() / suite / "cache" / "archives").glob("*.deb"))
    files = [path for path in archives if path.name.startswith(NAMES)]
    assert len(files) == len(NAMES)
    packages = [read_package(path) for path in files]
    (qemu,) = [one for one in packages if one.is_qemu]
    assert qemu.text == build.package and any(one.changelog for one in packages)
    changes = rom_changes(packages, load_knowledge(), shipped_data())
    known = {one.release for one in load_knowledge().roms.packages}
    denied = [line for line in changes.told if "row '" in line]
    assert not denied
    if changes.release in known:
        assert not changes.told
    else:  # a new point release of the suite: its ROMs still make blocks of the same size
        assert changes.sizes["efi-virtio.rom"] <= 1 << 18
