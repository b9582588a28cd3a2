"""What a gate lets in, the judge calls safe from every host; what it refuses is not safe from all.

Of a guest with the CPU of its host the judge leaves open what it asks every fleet; the gate, as `solve`,
does not ask that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest

import planner
from planner.documents.complaints import Complaints
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostProfile, MigrationEdge
from planner.domain.truth import Truth
from planner.domain.verdict import Outcome
from planner.fleet.importers.libvirt_domain import read_domain
from planner.library.gates import GateSettings
from planner.migration.accept import apply
from planner.migration.judge import judge
from planner.migration.profiles import PoolMember, profile_fleet
from tests.gate.hosts import ROOT, SEED, compiled, domain, stamp, verdict

THREE = ROOT / "examples" / "three-pools" / "fleet.csv"
NET = "<interface type='{}'><model type='{}'/>{}</interface>"
CPU = "<cpu mode='custom'><model>{}</model>{}</cpu>"
REQUIRE = "<feature policy='require' name='{}'/>"
OFF = (
    "<qemu:commandline><qemu:arg value='-global'/>"
    "<qemu:arg value='x86_64-cpu.x-migrate-smi-count=off'/></qemu:commandline>"
)
DEVICES = {
    "none": "",
    "net": NET.format("network", "virtio", ""),
    "e1000": NET.format("user", "e1000", ""),
    "vsock": "<vsock model='virtio'/>",
    "gpu": "<video><model type='virtio' heads='3'/></video>",
    "assigned": "<hostdev mode='subsystem' type='pci'/>",
    "scsi": "<controller type='scsi' index='0' model='virtio-scsi'/>",
    "lun": "<disk type='block' device='lun'><target bus='scsi'/></disk>",
    "vdpa": NET.format("vdpa", "virtio", ""),
    "expander": "<controller type='pci' model='pci-expander-bus'/>",
    "crypto": "<crypto model='virtio' type='qemu'/>",
}
CPUS = {
    "nehalem": CPU.format("Nehalem", ""),
    "umip": CPU.format("Nehalem", REQUIRE.format("umip")),
    "icelake": CPU.format("Icelake-Server", ""),
    "passthrough": "<cpu mode='host-passthrough'/>",
    "granite": CPU.format("GraniteRapids-v5", ""),
    "genoa": CPU.format("EPYC-Genoa", ""),
    "forest": CPU.format("SierraForest-v1", ""),
}
TYPES = {
    SEED: ("pc-q35-2.11", "pc-q35-4.0", "pc-i440fx-3.1"),
    THREE: ("pc-q35-7.2", "pc-q35-6.2", "pc-q35-10.0", "pc-i440fx-5.2"),
}

OF_RHEL = ("pc-q35-rhel8.6.0",)


@cache
def members(fleet: Path) -> tuple[PoolMember, ...]:
    profiled = profile_fleet(planner.read_fleet(str(fleet)), planner.load_knowledge())
    return next(iter(profiled.pools.values()))


def start_of(xml: str) -> GuestStart:
    """Return a guest as the importer reads it, with what the usual guest does beside."""
    knowledge = planner.load_knowledge()
    root = ElementTree.fromstring(xml)
    words = planner.load_knowledge().guests
    found = read_domain(root, words, Complaints("g"))
    assert found is not None
    said = {name for name, _ in found.traits}
    usual = knowledge.guest_profiles["ordinary"].traits
    return GuestStart(
        baseline=Baseline(machine_type=found.machine_type, flags=found.flags),
        devices=found.devices,
        cpu=found.cpu,
        traits=found.traits | {one for one in usual if one[0] not in said},
    )


def outcomes(
    start: GuestStart, boot: HostProfile, here: HostProfile, fleet: Path
) -> tuple[set[Outcome], set[Outcome]]:
    """Return what the judge says of a guest from any host that may have its type, and of its arrival.

    A guest that its source does not let go, or that does not start here, does not arrive.
    """
    knowledge = planner.load_knowledge()
    offers = knowledge.machines.offers
    found, arrivals = set[Outcome](), set[Outcome]()
    for member in members(fleet):
        name = start.baseline.machine_type
        if offers(member.profile.qemu, name) is not Truth.NO:
            edge = MigrationEdge(source=member.profile, destination=here)
            judged = judge(edge, replace(start, booted_on=boot), knowledge)
            kept = apply(knowledge.policy, judged)
            arriving = tuple(
                one for one in kept.objections if not one.consequence.is_before_the_move
            )
            found.add(kept.outcome)
            arrivals.add(replace(kept, objections=arriving).outcome)
    return found, arrivals


def guests(fleet: Path) -> Iterator[tuple[str, str]]:
    for name, devices, cpu in product(TYPES.get(fleet, OF_RHEL), DEVICES, CPUS):
        if "none" in devices or cpu == "nehalem":
            yield (
                f"{name} {devices} {cpu}",
                domain(
                    name,
                    devices=DEVICES[devices],
                    cpu=CPUS[cpu],
                    extra=OFF if "smi" in name else "",
                ),
            )
    yield "flag", domain("pc-q35-4.0", extra=OFF)


def test_a_gate_of_a_vendors_builds_says_what_the_judge_says(tmp_path: Path) -> None:
    lines = THREE.read_text(encoding="utf-8").splitlines()
    rhel = tmp_path / "rhel.csv"
    own = [lines[0], *(line for line in lines if ",rhel," in line), ""]
    rhel.write_text("\n".join(own), encoding="utf-8")
    test_a_gate_says_what_the_judge_says(rhel)


@pytest.mark.parametrize("fleet", [SEED, THREE], ids=["seed", "three-pools"])
def test_a_gate_says_what_the_judge_says(fleet: Path) -> None:
    policy, offers = compiled(fleet), planner.load_knowledge().machines.offers
    wrong, told = [], set()
    for (name, xml), boot, here in product(guests(fleet), members(fleet), members(fleet)):
        start = start_of(xml)
        machine = start.baseline.machine_type
        if any(offers(one.profile.qemu, machine) is Truth.NO for one in (boot, here)):
            continue
        note = stamp(boot.groups[0].hosts[0], boot.groups[0].kernel, boot.groups[0].qemu_version)
        noted = xml.replace("<metadata>", f"<metadata>{note}")
        group = here.groups[0]
        outcome, reason = verdict(policy, noted, group.hosts[0], group.kernel)
        judged, arrivals = outcomes(start, boot.profile, here.profile, fleet)
        told.add(outcome)
        named = start.cpu is not None and not start.cpu.follows_host
        let_in = {Outcome.SAFE} if named else {Outcome.SAFE, Outcome.UNKNOWN}
        if (outcome == "safe" and arrivals - let_in) or (
            outcome == "unsafe" and judged == {Outcome.SAFE}
        ):
            wrong.append((name, boot.label, here.label, outcome, reason, judged))
    assert not wrong
    assert told >= {"safe", "unsafe"}


def test_a_gate_only_warns_unless_it_is_asked_to_refuse() -> None:
    assert (GateSettings().mode, GateSettings().unknown) == ("warn", "refuse")
