"""A KubeVirt cluster, as kubectl prints it, becomes hosts and guests; wrong files are told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import planner
from planner.domain.errors import FleetError
from planner.domain.guest import GuestGroup
from planner.domain.verdict import Outcome
from planner.fleet.importers.kubevirt_nodes import KubevirtCluster

SAMPLES = Path(__file__).resolve().parents[3] / "examples" / "kubevirt"
OLD_IMAGE = "quay.io/kubevirt/virt-launcher:v1.6.3"
OLD, NEW = "qemu-kvm-9.1.0-19.el9", "qemu-kvm-10.1.0-10.el9"
Change = Callable[[Any], object]


def read(nodes: Path, instances: Path | None, **given: Any) -> KubevirtCluster:
    words: dict[str, Any] = {"qemu": NEW, "older_images": {OLD_IMAGE: OLD}}
    return planner.read_kubevirt(nodes, instances, **(words | given))


@pytest.fixture(scope="module")
def cluster() -> KubevirtCluster:
    return read(SAMPLES / "nodes.json", SAMPLES / "vmis.json")


def guest(cluster: KubevirtCluster, name: str) -> GuestGroup:
    return next(one for one in cluster.guests if name in one.names)


def test_hosts_are_the_nodes_that_run_kubevirt(cluster: KubevirtCluster) -> None:
    frame = planner.to_frame(cluster.fleet).set_index("host")
    assert cluster.left_out == ("control1",)
    assert frame.loc["worker5", "kernel"] == "5.14.0-570.32.1.el9_6.x86_64"
    assert set(frame["cpu"]) == {"Skylake-Server-noTSX-IBRS"}
    assert set(frame["arch"]) == {"x86_64"}
    assert "worker4" in frame.index, "a node whose agent does not answer comes back"


def test_guests_of_an_older_image_are_on_a_host_of_their_own(cluster: KubevirtCluster) -> None:
    frame = planner.to_frame(cluster.fleet).set_index("host")
    old = frame[frame["qemu"] == OLD]
    assert sorted(old.index) == [f"worker2@{OLD}", f"worker3@{OLD}"]
    assert guest(cluster, "shop/web-1").host == f"worker2@{OLD}"
    assert frame.loc["worker2", "qemu"] == NEW, "new guests of the node get today's image"


def test_guests_are_read_and_what_is_not_said_stays_open(cluster: KubevirtCluster) -> None:
    database = guest(cluster, "shop/db-1")
    assert database.machine_type == "pc-q35-rhel9.6.0"
    assert database.cpu is not None
    assert sorted(database.cpu.enabled) == ["pcid"]
    assert sorted(database.cpu.disabled) == ["vmx"]
    assert database.devices is None
    assert database.traits == {("confidential-guest-support", False)}
    assert not database.booted_on
    assert not guest(cluster, "lab/gpu-1").migratable
    assert not any("lab/new-1" in one.names for one in cluster.guests), "not on a node yet"


def test_solved_with_the_flags_that_issue_16386_asks_for(cluster: KubevirtCluster) -> None:
    solution = planner.solve(cluster.fleet, guests=cluster.guests)
    chosen = next(one for one in solution.domains[0].baselines if one.board == "pc-q35")
    flags = {str(choice.flag) for choice in chosen.flags}
    assert "virtio-net-device.guest_uso4=off" in flags
    alike = planner.solve(read(SAMPLES / "nodes.json", None).fleet)
    newer = next(one for one in alike.domains[0].baselines if one.board == "pc-q35")
    assert newer.machine_type > chosen.machine_type


def test_a_guest_of_the_old_image_cannot_reach_the_new_one(cluster: KubevirtCluster) -> None:
    case = {
        "from": f"worker2@{OLD}",
        "to": "worker3",
        "booted_on": f"worker2@{OLD}",
        "machine": "pc-q35-rhel9.6.0",
        "devices": "virtio-net-pci+tap+vhost",
        "cpu": "Skylake-Server-noTSX-IBRS",
    }
    sure = {**case, "traits": "negotiates-uso=yes"}
    (verdict,) = planner.check(cluster.fleet, sure, assume_conditions=True)
    assert verdict.outcome is Outcome.UNSAFE


def _drop(*keys: Any) -> Change:
    def change(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        del document[keys[-1]]

    return change


def _set(value: Any, *keys: Any) -> Change:
    def change(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return change


NODE = ("items", 1)
GUEST = ("items", 0)
WRONG = {
    "no kernel": (
        "nodes.json",
        _drop(*NODE, "status", "nodeInfo", "kernelVersion"),
        ["nodes.json:1: items[2].status.nodeInfo.kernelVersion: is missing"],
    ),
    "architecture": (
        "nodes.json",
        _set("riscv64", *NODE, "status", "nodeInfo", "architecture"),
        ["items[2].status.nodeInfo.architecture: 'riscv64' is not", "allowed: amd64, arm64"],
    ),
    "pods": (
        "nodes.json",
        _set("Pod", *NODE, "kind"),
        ['nodes.json:1: items[2].kind: "Pod" is not Node'],
    ),
    "labels": (
        "nodes.json",
        _set([], *NODE, "metadata", "labels"),
        ["items[2].metadata.labels: [] is not an object"],
    ),
    "no list": ("nodes.json", _set(3, "items"), ["nodes.json:1: items: 3 is not a list"]),
    "no nodes": ("nodes.json", _set([], "items"), ["nodes.json: no Node in the file"]),
    "no items": ("nodes.json", _drop("items"), ['nodes.json: kind "List", neither Node nor a']),
    "both": (
        "vmis.json",
        _set("worker9", *GUEST, "status", "nodeName"),
        ["vmis.json:1: items[1].status.nodeName: 'worker9' is not a node; did you mean 'worker"],
    ),
    "machine type": (
        "vmis.json",
        lambda document: (
            _drop(*GUEST, "status", "machine")(document),
            _drop(*GUEST, "spec", "domain", "machine")(document),
        ),
        ["vmis.json:1: items[1].spec.domain.machine.type: is missing"],
    ),
    "phase": (
        "vmis.json",
        _set(7, *GUEST, "status", "phase"),
        ["vmis.json:1: items[1].status.phase: 7 is not a text"],
    ),
    "feature": (
        "vmis.json",
        _set([{"name": "pcidd"}], *GUEST, "spec", "domain", "cpu", "features"),
        ["vmis.json:1: items[1].spec.domain.cpu: unknown CPU feature 'pcidd'"],
    ),
    "image": (
        "vmis.json",
        _set("other:v1", *GUEST, "status", "launcherContainerImageVersion"),
        ["status.launcherContainerImageVersion: ", "say which QEMU is in the older one"],
    ),
    "no image": (
        "vmis.json",
        _drop(*GUEST, "status", "launcherContainerImageVersion"),
        ["vmis.json:1: items[1].status.launcherContainerImageVersion: is missing"],
    ),
}


@pytest.mark.parametrize(("name", "change", "expected"), WRONG.values(), ids=WRONG)
def test_wrong_file(name: str, change: Change, expected: list[str], tmp_path: Path) -> None:
    for sample in ("nodes.json", "vmis.json"):
        document = json.loads((SAMPLES / sample).read_text(encoding="utf-8"))
        if sample == name:
            change(document)
        (tmp_path / sample).write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(FleetError) as raised:
        read(tmp_path / "nodes.json", tmp_path / "vmis.json")
    for text in expected:
        assert text in str(raised.value)


def test_no_json_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "nodes.json").write_text("NAME   STATUS\n", encoding="utf-8")
    with pytest.raises(FleetError) as raised:
        read(tmp_path / "nodes.json", tmp_path / "vmis.json")
    assert "nodes.json:1: 1: not JSON" in str(raised.value)
    assert "vmis.json: No such file" in str(raised.value)


def test_a_qemu_that_nobody_knows_is_told_without_a_line() -> None:
    fleet = read(SAMPLES / "nodes.json", None, qemu="v1.6.3-image").fleet
    with pytest.raises(FleetError, match=r"nodes\.json: qemu: 'v1\.6\.3-image' is no QEMU"):
        planner.solve(fleet)


def test_pools_by_label() -> None:
    zones = read(SAMPLES / "nodes.json", None, pool_label="topology.kubernetes.io/zone").fleet
    assert zones.pools == ("a", "b")
    with pytest.raises(FleetError, match="no label 'rack' to name the pool"):
        read(SAMPLES / "nodes.json", None, pool_label="rack")


@pytest.mark.parametrize(
    "change",
    [
        _set([{"name": "pcid", "policy": "optional"}], *GUEST, "spec", "domain", "cpu", "features"),
        _set({"relaxed": {}}, *GUEST, "spec", "domain", "features", "hyperv"),
        _drop(*GUEST, "spec", "domain", "cpu", "model"),
    ],
    ids=["optional feature", "Hyper-V enlightenments", "default model of the cluster"],
)
def test_a_cpu_that_the_file_does_not_settle_is_unknown(change: Change, tmp_path: Path) -> None:
    document = json.loads((SAMPLES / "vmis.json").read_text(encoding="utf-8"))
    change(document)
    path = tmp_path / "vmis.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert guest(read(SAMPLES / "nodes.json", path), "shop/web-1").cpu is None
