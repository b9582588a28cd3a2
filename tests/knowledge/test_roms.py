"""ROM sizes: what packages hold, what rows say of builds, and what differs between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.domain.truth import Truth
from planner.knowledge.load import load_knowledge
from planner.knowledge.qemu.roms import power_of_two
from tests.fleet.test_readers import run


def test_the_rows_agree_with_every_package_that_was_read() -> None:
    """What a row says of builds, a package that was read does not deny."""
    base = load_knowledge()
    assert base.roms.packages
    for read in base.roms.packages:
        build = base.builds.place(read.release)
        assert build is not None and build.line == read.line
        for rom in base.roms.roms:
            assert base.roms.block(build, rom.file) == power_of_two(read.sizes[rom.file])


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("1:8.2.2+ds-0ubuntu1.10", "1:6.2+dfsg-2ubuntu6.31", Truth.YES),
        ("1:8.2.2+ds-0ubuntu1.10", "1:10.0.13+ds-0+deb13u1", Truth.NO),
        ("1:7.2+dfsg-7+deb12u18+b3", "1:10.0.13+ds-0+deb13u1", Truth.YES),
        ("1:9.2.1+ds-1", "1:10.0.13+ds-0+deb13u1", Truth.YES),
        ("1:12.0.0+ds-1", "1:10.0.13+ds-0+deb13u1", Truth.UNKNOWN),
        ("qemu-kvm-6.2.0-40.module+el8.9.0+1+a.x86_64", "qemu-kvm-9.1.0-15.el9_6.3", Truth.YES),
        ("qemu-kvm-9.1.0-15.el9_6.3", "1:10.0.13+ds-0+deb13u1", Truth.UNKNOWN),
        ("8.2.0", "10.0.3", Truth.YES),
        ("8.2.0", "11.1.3", Truth.UNKNOWN),
    ],
)
def test_blocks_are_compared_by_power_of_two(one: str, other: str, alike: Truth) -> None:
    base = load_knowledge()
    placed = [base.builds.place(text) for text in (one, other)]
    assert placed[0] is not None and placed[1] is not None
    assert base.roms.alike(placed[0], placed[1], "efi-virtio.rom") is alike


GUEST = ("--device", "virtio-net-pci+tap", "--cpu", "qemu64", "--trait", "pae=no")


@pytest.mark.parametrize(
    ("qemu", "options", "outcome"),
    [
        ("1:8.2.2+ds-0ubuntu1.10", GUEST, "P015"),
        ("1:8.2.2+ds-0ubuntu1.10", ("--device", "virtio-scsi-pci", *GUEST[2:]), ""),
        ("1:8.2.2+ds-0ubuntu1.10", ("--device", "virtio-net-pci+tap,rombar=0", *GUEST[2:]), ""),
        ("1:8.2.2+ds-0ubuntu1.10", (*GUEST, "--flag", "virtio-net-pci.romfile=x"), ""),
        ("7.2.22", GUEST, ""),
    ],
)
def test_option_roms_of_other_size_are_refused(
    qemu: str, options: tuple[str, ...], outcome: str, tmp_path: Path
) -> None:
    rows = f"a,6.1.0-40-amd64,{qemu}\nb,6.1.0-40-amd64,1:10.0.13+ds-0+deb13u1\n"
    (tmp_path / "f.csv").write_text(f"host,kernel,qemu\n{rows}")
    words = ("check", "f.csv", "--from", "a", "--to", "b", "--machine", "pc-q35-7.2", *options)
    told = run(*words, "--guest-profile", "any", cwd=tmp_path).stdout
    assert ("P015" in told) is bool(outcome)
    assert ("option ROM" in told) is bool(outcome)


def test_solve_excludes_devices_whose_roms_differ(tmp_path: Path) -> None:
    rows = "a,6.1.0-40-amd64,1:8.2.2+ds-0ubuntu1.10\nb,6.1.0-40-amd64,1:10.0.13+ds-0+deb13u1\n"
    (tmp_path / "f.csv").write_text(f"host,kernel,qemu\n{rows}")
    told = " ".join(run("solve", "f.csv", cwd=tmp_path).stdout.split())
    assert "efi-virtio.rom and 7 more differ in size" in told
    (tmp_path / "f.csv").write_text(f"host,kernel,qemu\n{rows.replace('-0ubuntu1.10', '-1')}")
    assert "efi-virtio.rom" not in run("solve", "f.csv", cwd=tmp_path).stdout
