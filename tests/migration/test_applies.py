"""What is stated of a guest decides, under whatever name; what nobody states is named."""

from __future__ import annotations

import csv
import subprocess
import sys
from functools import cache
from io import StringIO
from pathlib import Path

import pytest

from planner.fleet.words import read_traits
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.claims import respelt

HOST_COLUMNS = "host,pool,arch,kernel,qemu,cpu,capabilities"
CASE_COLUMNS = "from,to,machine,flags,to_flags,booted_on,devices,cpu,traits"
PLAIN = "pae=no nested=no"


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def checked(
    folder: Path, hosts: tuple[str, str], machine: str, cpu: str, traits: str, devices: str = "-"
) -> dict[str, str]:
    """Return the row that `planner check --cases` writes for a move between two hosts."""
    fleet, cases = folder / "fleet.csv", folder / "cases.csv"
    rows = "".join(f"{name},pool,{host}\n" for name, host in zip("ab", hosts, strict=True))
    fleet.write_text(f"{HOST_COLUMNS}\n{rows}")
    cases.write_text(f'{CASE_COLUMNS}\na,b,{machine},,,a,{devices},"{cpu}",{traits}\n')
    command = (sys.executable, "-m", "planner", "check", str(fleet), "--cases", str(cases))
    strict = ("--guest-profile", "any")
    done = subprocess.run(
        (*command, *strict, "--format", "csv"), capture_output=True, text=True, check=False
    )
    (row,) = csv.DictReader(StringIO(done.stdout))
    return row


def alike(kernel: str, qemu: str, arch: str = "x86_64") -> tuple[str, str]:
    host = f"{arch},{kernel},{qemu},,"
    return host, host


def test_a_fact_has_one_name() -> None:
    words = knowledge().guests
    assert read_traits("tsc-frequency-unset=no", words) == {("tsc-frequency", True)}
    assert read_traits("tsc-frequency-unset", words) == {("tsc-frequency", False)}
    with pytest.raises(ValueError, match="both yes and no for trait tsc-frequency"):
        read_traits("tsc-frequency-unset=no tsc-frequency=no", words)
    old = frozenset({("guest", "tsc-frequency-unset"), ("guest", "pae")})
    assert respelt(old, words) == {("accelerator-lacks", "tsc-frequency"), ("guest", "pae")}


@pytest.mark.parametrize(
    ("traits", "outcome", "consequence"),
    [
        ("tsc-frequency=yes", "safe", ""),
        ("tsc-frequency-unset=no", "safe", ""),
        ("tsc-frequency=no", "unsafe", "blocked-at-source"),
        ("tsc-frequency-unset=yes", "unsafe", "blocked-at-source"),
        ("", "unsafe", "blocked-at-source"),
    ],
)
def test_invtsc_moves_with_a_frequency(
    tmp_path: Path, traits: str, outcome: str, consequence: str
) -> None:
    row = checked(
        tmp_path,
        alike("6.8.0", "8.2.0"),
        "pc-q35-8.2",
        "Skylake-Server,+invtsc",
        f"{PLAIN} {traits}",
    )
    assert (row["outcome"], row["consequence"]) == (outcome, consequence)


@pytest.mark.parametrize(
    ("traits", "qemu", "outcome"),
    [
        ("tsc-frequency=no", "6.1.0", "unsafe"),
        ("tsc-frequency=yes", "6.1.0", "safe"),
        ("tsc-frequency=no", "5.2.0", "safe"),
    ],
)
def test_reenlightenment_asks_for_a_frequency_from_the_build_on_that_asks(
    tmp_path: Path, traits: str, qemu: str, outcome: str
) -> None:
    row = checked(
        tmp_path,
        alike("5.14.0", qemu),
        f"pc-q35-{qemu[:3]}",
        "Skylake-Server,+hv-reenlightenment",
        f"{PLAIN} {traits}",
    )
    assert row["outcome"] == outcome
    assert row["consequence"] == ("fails-cleanly" if outcome == "unsafe" else "")


EL8 = alike(
    "4.18.0-372.26.1.el8_6.x86_64", "qemu-kvm-6.2.0-40.module+el8.9.0+20056+b1a3b3f8.x86_64"
)


@pytest.mark.parametrize(
    ("traits", "outcome"), [("", "unknown"), ("pae=no", "safe"), ("pae=yes", "unsafe")]
)
def test_a_use_that_nobody_states_is_a_missing_fact(
    tmp_path: Path, traits: str, outcome: str
) -> None:
    row = checked(tmp_path, EL8, "pc-i440fx-rhel7.6.0", "Haswell-noTSX", traits)
    assert row["outcome"] == outcome


def test_a_certain_block_decides_and_leaves_nothing_open(tmp_path: Path) -> None:
    """Nothing of a guest that is not let go can be lost, whatever its nested state would be."""
    blocked = checked(tmp_path, alike("5.0.0", "4.0.0"), "pc-i440fx-4.0", "host,+vmx", "pae=no")
    assert (blocked["outcome"], blocked["consequence"]) == ("unsafe", "blocked-at-source")
    assert blocked["objections"].startswith("P009:")
    assert "P012" not in blocked["objections"]


def test_a_failed_start_decides_before_any_loss(tmp_path: Path) -> None:
    hosts = ("x86_64,6.8.0,8.2.7,,", "x86_64,4.4.0,8.1.5,,")
    row = checked(tmp_path, hosts, "pc-q35-8.2", "Haswell", "uses-smm=yes pae=yes")
    assert (row["outcome"], row["consequence"]) == ("unsafe", "cannot-start")
    assert row["objections"].split()[0] == "P001:pc-q35-8.2"


def test_blockers_hold_on_every_architecture(tmp_path: Path) -> None:
    same = alike("6.8.0-49-generic", "1:8.2.2+ds-0ubuntu1.10", "aarch64")
    nvme = checked(tmp_path, same, "virt-8.2", "", "", "nvme")
    assert (nvme["outcome"], nvme["consequence"]) == ("unsafe", "blocked-at-source")
    assert checked(tmp_path, same, "virt-8.2", "", "", "virtio-rng-pci")["outcome"] == "safe"


def test_rows_reach_every_architecture_unless_they_say_one() -> None:
    found = {unit.id: unit.arch for unit in knowledge().units}
    assert {found["blocker/nvme"], found["vfio-pci"], found["migration/postcopy-ram"]} == {"any"}
    assert {found["cpu/msr_hwcr"], found["apic"]} == {"x86_64"}
