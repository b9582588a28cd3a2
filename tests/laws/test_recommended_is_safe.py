"""What `solve` recommends, `check` finds safe between any two hosts, with no condition more."""

from __future__ import annotations

import json
import tomllib
from itertools import permutations
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli.app import app
from planner.domain.solution import ChosenBaseline
from planner.domain.verdict import Outcome
from planner.knowledge.shipped import load_knowledge

DATA = Path(__file__).resolve().parents[2] / "data"
JAMMY, JAMMY_HWE = "5.15.0-91-generic", "6.8.0-45-generic"
QEMU_6, QEMU_8 = "1:6.2+dfsg-2ubuntu6.21", "1:8.2.2+ds-0ubuntu1.2"
EL8 = "4.18.0-553.el8_10.x86_64", "qemu-kvm-6.2.0-49.module+el8.10.0+21533+3df3c4b6.x86_64"
EL9 = "5.14.0-427.13.1.el9_4.x86_64", "qemu-kvm-8.2.0-11.el9_4.x86_64"
PVE_8 = "6.8.12-4-pve", "pve-qemu-kvm 9.0.2-4"
PVE_9 = "6.14.8-2-pve", "pve-qemu-kvm 10.0.2-4"
BOOKWORM = "6.1.0-18-amd64", "1:7.2+dfsg-7+deb12u18"
CASCADE = "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz"
ICE = "Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz"
ROME, GENOA = "AMD EPYC 7302 16-Core Processor", "AMD EPYC 9354 32-Core Processor"
MILAN = "AMD EPYC 7713 64-Core Processor"
Host = tuple[str, str, str]
FLEETS: dict[str, tuple[tuple[Host, ...], tuple[str, ...]]] = {
    "two Xeons": (
        tuple(
            (kernel, qemu, cpu)
            for kernel, qemu in ((JAMMY, QEMU_6), (JAMMY_HWE, QEMU_8))
            for cpu in (CASCADE, ICE)
        ),
        ("Cascadelake-Server-v5",),
    ),
    "two names of one generation": (
        ((*BOOKWORM, CASCADE), (*BOOKWORM, "Intel(R) Xeon(R) Gold 6248R CPU @ 3.00GHz")),
        ("Cascadelake-Server-v5",),
    ),
    "one CPU under two releases": (((*EL8, MILAN), (*EL9, MILAN)), ("EPYC-Milan-v1",)),
    "Zen 2 and Zen 4": (((*PVE_8, ROME), (*PVE_8, GENOA), (*PVE_9, ROME)), ("EPYC-Rome-v4",)),
    "a CPU that nobody reads": (((*PVE_8, ROME), (*PVE_8, "AMD Quasar 9")), ()),
    "no CPU is stated": (((*EL8, ""), (*EL9, "")), ("EPYC-Milan-v1", "Icelake-Server-v5")),
}


def answered(folder: Path, hosts: tuple[tuple[str, str, str], ...]) -> tuple[Path, ChosenBaseline]:
    """Return the file of a fleet and what is recommended for its only pool."""
    rows = (f"h{number},{','.join(host)}" for number, host in enumerate(hosts))
    path = folder / "fleet.csv"
    path.write_text("\n".join(("host,kernel,qemu,cpu", *rows)) + "\n")
    (domain,) = planner.solve(planner.read_fleet(path), policy=load_knowledge().policy).domains
    assert domain.recommended is not None
    return path, domain.recommended


@pytest.mark.parametrize("name", FLEETS)
def test_what_is_recommended_is_safe_between_any_two_hosts(tmp_path: Path, name: str) -> None:
    hosts, newest = FLEETS[name]
    path, best = answered(tmp_path, hosts)
    fleet, policy = planner.read_fleet(path), load_knowledge().policy
    asked = {one.id for one in best.checks}
    models = [one.newest for one in best.cpu.vendors if one.newest]
    assert set(newest) <= set(models)
    for source, destination in permutations(range(len(hosts)), 2):
        for model in models or ["kvm64"]:
            case = {
                "from": f"h{source}",
                "to": f"h{destination}",
                "machine": best.machine_type,
                "flags": " ".join(str(choice.flag) for choice in best.flags),
                "cpu": model,
            }
            (verdict,) = planner.check(fleet, case, policy=policy, by_profile=True)
            assert verdict.outcome is Outcome.SAFE, (case, verdict.objections)
            assert {one.condition.id for one in verdict.conditions} <= asked, case


def test_a_model_that_only_newer_hosts_carry_is_not_safe(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(
        f"host,kernel,qemu,cpu\na,{JAMMY},{QEMU_6},{ICE}\nb,{JAMMY},{QEMU_6},{CASCADE}\n"
    )
    fleet = planner.read_fleet(tmp_path / "fleet.csv")
    case = {"from": "a", "to": "b", "machine": "pc-q35-jammy", "cpu": "Icelake-Server-v5"}
    (verdict,) = planner.check(fleet, case, by_profile=True)
    assert verdict.outcome is not Outcome.SAFE


@pytest.mark.parametrize("name", FLEETS)
def test_a_guest_of_the_recommended_model_violates_nothing(tmp_path: Path, name: str) -> None:
    hosts, _ = FLEETS[name]
    path, best = answered(tmp_path, hosts)
    flags = " ".join(str(choice.flag) for choice in best.flags)
    guests = tmp_path / "guests.csv"
    lines = (
        f"g-{model},h0,{best.machine_type},{model},virtio-blk-pci,{flags},h0"
        for model in (one.newest for one in best.cpu.vendors if one.newest)
    )
    head = "guest,host,machine_type,cpu,devices,flags,booted_on"
    guests.write_text("\n".join((head, *lines)) + "\n")
    printed = CliRunner().invoke(app, ["solve", str(path), "--guests", str(guests), "-f", "json"])
    (told,) = json.loads(printed.stdout)["domains"]
    assert not [one for one in told["guests"] if one["kind"] == "violated"]


def test_hardware_with_a_bit_of_a_register_has_the_register() -> None:
    guests = load_knowledge().guests
    words = tomllib.loads((DATA / "cpu_bits.toml").read_text())["word"]
    (bits,) = (row["bits"] for row in words if row["name"] == "arch-capabilities")
    names = {bit.partition("=")[0] for bit in bits}
    for row in guests.cpu_generations:
        features = guests.features_of(row.model)
        assert "arch-capabilities" in features or not features & names, row.model
