"""A whole KubeVirt cluster: features of nodes by their labels, the build by release and image."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import planner
from planner.cli.app import app
from planner.domain.errors import FleetError
from planner.domain.host import HostGroup
from planner.domain.verdict import Outcome
from planner.fleet.importers.planes.plane_words import Imported
from planner.knowledge.plane_rows import PlaneRows
from planner.library.imports import read_planes

SAMPLES = Path(__file__).resolve().parents[4] / "examples" / "kubevirt"
OLD, NEW = "qemu-kvm-9.1.0-19.el9", "qemu-kvm-10.1.0-10.el9"
FEATURE = "cpu-feature.node.kubevirt.io/"
FOUR = ("aes", "avx2", "erms", "pcid")
Items = list[dict[str, Any]]


def release(observed: str = "v1.8.1", target: str = "") -> dict[str, Any]:
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": {"name": "kubevirt", "namespace": "kubevirt"},
        "status": {
            "phase": "Deployed",
            "observedKubeVirtVersion": observed,
            "targetKubeVirtVersion": target or observed,
        },
    }


def listed(items: Iterable[dict[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)})


@pytest.fixture
def items() -> Items:
    """Return what `kubectl get nodes,vmi,kubevirt -A -o json` lists."""
    files = (SAMPLES / name for name in ("nodes.json", "vmis.json"))
    return [*(one for file in files for one in json.loads(file.read_text())["items"]), release()]


def read(tmp_path: Path, items: Items) -> Imported:
    path = tmp_path / "cluster.json"
    path.write_text(listed(items))
    return read_planes("kubevirt", path)


def named(items: Items, name: str) -> dict[str, Any]:
    return next(one for one in items if one["metadata"]["name"] == name)


def group_of(found: Imported, host: str) -> HostGroup:
    return next(group for group in found.fleet.groups if host in group.hosts)


def test_one_list_or_a_file_of_each_kind_is_the_same(tmp_path: Path, items: Items) -> None:
    whole = read(tmp_path, items)
    for kind in ("Node", "VirtualMachineInstance", "KubeVirt"):
        part = listed(one for one in items if one["kind"] == kind)
        (tmp_path / "parts").mkdir(exist_ok=True)
        (tmp_path / "parts" / f"{kind}.json").write_text(part)
    parts = read_planes("kubevirt", tmp_path / "parts")
    assert parts.fleet.groups == whole.fleet.groups
    assert sorted(parts.guests, key=str) == sorted(whole.guests, key=str)


def test_hosts_have_the_build_of_the_release_and_guests_that_of_their_image(
    tmp_path: Path, items: Items
) -> None:
    found = read(tmp_path, items)
    assert group_of(found, "worker5").qemu == NEW
    assert group_of(found, "worker5").kernel == "5.14.0-570.32.1.el9_6.x86_64"
    assert group_of(found, f"worker2@{OLD}").qemu == OLD
    web = next(guest for guest in found.guests if guest.names == ("shop/web-1",))
    assert web.host == f"worker2@{OLD}"
    assert ("nodes that run no KubeVirt", 1) in found.left_out


def test_labels_tell_features_and_clock(tmp_path: Path, items: Items) -> None:
    group = group_of(read(tmp_path, items), "worker2")
    assert {"cpu.aes", "cpu.vmx", "kvm.cap.tsc_control"} <= set(group.present)
    assert dict(group.hardware)["cpu.tsc_khz"] == "2100000"
    assert not group.absent, "all nodes have the same labels, and of others nothing is known"


def test_nodes_that_differ_in_four_features_are_two_profiles_and_the_guest_is_refused(
    tmp_path: Path, items: Items
) -> None:
    for feature in FOUR:
        del named(items, "worker3")["metadata"]["labels"][FEATURE + feature]
    found = read(tmp_path, items)
    assert group_of(found, "worker2") != group_of(found, "worker3")
    lacks = {name.removeprefix("cpu.") for name in group_of(found, "worker3").absent}
    assert lacks == set(FOUR)
    cpu = "Broadwell-noTSX-IBRS," + ",".join(f"+{name}" for name in FOUR)
    case = {"from": "worker2", "booted_on": "worker2", "cpu": cpu, "devices": "-"}
    case["machine"] = "pc-q35-rhel9.8.0"
    refused, near = (
        planner.check(found.fleet, case | {"to": host}, assume_conditions=True)[0]
        for host in ("worker3", "worker4")
    )
    assert refused.outcome is Outcome.UNSAFE
    assert near.outcome is Outcome.SAFE


def test_labels_that_nobody_keeps_tell_no_features(tmp_path: Path, items: Items) -> None:
    node = named(items, "worker3")
    node["metadata"]["annotations"]["node-labeller.kubevirt.io/skip-node"] = "true"
    group = group_of(read(tmp_path, items), "worker3")
    assert not (group.present | group.absent or group.hardware)


def set_image(items: Items, image: str, *, outdated: bool) -> None:
    for one in items:
        if one["kind"] == "VirtualMachineInstance":
            one["status"]["launcherContainerImageVersion"] = image
            if outdated:
                one["metadata"].setdefault("labels", {})["kubevirt.io/outdatedLauncherImage"] = ""


DIGEST = "registry.example.com/virt-launcher@sha256:0123"


def test_an_image_without_a_release_is_todays_unless_it_is_labelled_as_older(
    tmp_path: Path, items: Items
) -> None:
    set_image(items, DIGEST, outdated=False)
    assert {group.qemu for group in read(tmp_path, items).fleet.groups} == {NEW}
    set_image(items, DIGEST, outdated=True)
    with pytest.raises(FleetError, match=r"older image, 'registry.*rpm -q qemu-kvm-core"):
        read(tmp_path, items)


def test_a_row_of_ones_own_tells_what_is_in_an_image(tmp_path: Path, items: Items) -> None:
    set_image(items, DIGEST, outdated=True)
    row = f'name = "{DIGEST}", qemu = "{OLD}", evidence = "observed", source = "rpm -q"'
    own = tmp_path / "own"
    own.mkdir()
    (own / "kubevirt_releases.toml").write_text(f"schema = 1\nlauncher_image = [{{ {row} }}]\n")
    path = tmp_path / "cluster.json"
    path.write_text(listed(items))
    found = read_planes("kubevirt", path, knowledge=planner.load_knowledge(own))
    assert {guest.host.partition("@")[2] for guest in found.guests} == {OLD}


def rows() -> PlaneRows:
    return planner.load_knowledge().planes


@pytest.mark.parametrize(
    ("text", "build"),
    [("v1.6.3", OLD), ("1.8.4", NEW), ("v1.8.5", ""), ("v1.6.3-rc.1", ""), ("", ""), ("main", "")],
)
def test_a_release_is_known_by_its_own_numbers_alone(text: str, build: str) -> None:
    assert rows().launcher(text) == build


def test_every_release_row_names_a_build_that_is_placed() -> None:
    base = planner.load_knowledge()
    for row in base.planes.launchers[0]:
        assert row.first <= row.last
        assert base.misfit("qemu", row.qemu) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ([], "no file tells which release of KubeVirt runs; run: kubectl get kubevirt"),
        ([release("v9.0.0")], "KubeVirt 'v9.0.0' is no release whose QEMU is known"),
        ([release("v1.7.0", "v1.8.1")], "is on its way from 'v1.7.0' to 'v1.8.1'"),
        ([release(), release("v1.7.0")], "several releases of KubeVirt run: v1.7.0, v1.8.1"),
    ],
)
def test_a_release_that_tells_no_build_is_one_error(
    tmp_path: Path, items: Items, change: Items, said: str
) -> None:
    with pytest.raises(FleetError) as caught:
        read(tmp_path, [*items[:-1], *change])
    (told,) = str(caught.value).splitlines()
    assert said in told


def test_a_guest_on_no_node_and_wrong_objects_are_errors(tmp_path: Path, items: Items) -> None:
    named(items, "web-1")["status"]["nodeName"] = "worker9"
    with pytest.raises(FleetError, match="'shop/web-1' is on 'worker9', which is no node"):
        read(tmp_path, items)
    named(items, "worker2")["status"]["nodeInfo"]["kernelVersion"] = 6
    with pytest.raises(FleetError, match=r"items\[2\]\.status\.nodeInfo\.kernelVersion: 6 is not"):
        read(tmp_path, items)


def test_from_a_cluster_to_an_answer(tmp_path: Path, items: Items) -> None:
    path, fleet, guests = (tmp_path / name for name in ("all.json", "fleet.csv", "guests.csv"))
    path.write_text(listed([*items, {"kind": "Pod", "metadata": {"name": "a"}}]))
    run = CliRunner()
    words = ["import", "kubevirt", str(path), "-o", str(fleet), "--guests", str(guests)]
    done = run.invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "1 objects of other kinds" in done.output
    solved = run.invoke(app, ["solve", str(fleet), "--guests", str(guests)], catch_exceptions=False)
    assert "pc-q35-rhel9.6.0" in solved.output
