"""Flags reach what they are inherited by; policies bind properties under the names of related types."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.solution import Solution
from planner.domain.verdict import Outcome


def _verdict(folder: Path, machine: str, device: str, to_flag: str, qemu: str = "8.0.1") -> Outcome:
    path = folder / "fleet.csv"
    path.write_text(f"host,kernel,qemu\na,6.1.100,{qemu}\nb,6.1.100,8.0.1\n")
    case = {
        "from": "a",
        "to": "b",
        "booted_on": "a",
        "machine": machine,
        "devices": device,
        "cpu": "qemu64,+pku",
        "traits": "uses-smm=no pae=no",
        "to_flags": to_flag,
    }
    (verdict,) = planner.check(planner.read_fleet(path), case)
    return verdict.outcome


@pytest.mark.parametrize(
    ("device", "flag"),
    [
        ("e1000e", "e1000e.x-pcie-err-unc-mask=on"),
        ("virtio-blk-pci", "virtio-blk-pci.x-pcie-flr-init=off"),
        ("virtio-blk-pci", "virtio-blk-pci.disable-legacy=on"),
    ],
)
def test_a_property_that_a_device_inherits_is_judged(
    tmp_path: Path, device: str, flag: str
) -> None:
    assert _verdict(tmp_path, "pc-q35-7.2", device, flag) is Outcome.UNSAFE
    assert _verdict(tmp_path, "pc-q35-7.2", device, "") is Outcome.SAFE


def test_the_cure_may_be_written_on_the_device(tmp_path: Path) -> None:
    cure = "e1000e.x-pcie-err-unc-mask=on"
    assert _verdict(tmp_path, "pc-q35-7.2", "e1000e", cure, qemu="8.0.0") is Outcome.SAFE
    assert _verdict(tmp_path, "pc-q35-7.2", "e1000e", "", qemu="8.0.0") is Outcome.UNSAFE


@pytest.mark.parametrize(
    "bound",
    [
        'forbidden_flags = ["virtio-device.queue_reset"]',
        'forbidden_flags = ["virtio-net-pci.queue_reset"]',
        'required_flags = ["virtio-device.queue_reset=on"]',
    ],
)
def test_a_policy_binds_a_property_by_the_name_of_a_related_type(
    tmp_path: Path, bound: str
) -> None:
    path, policy = tmp_path / "fleet.csv", tmp_path / "policy.toml"
    path.write_text("host,kernel,qemu\na,6.1.100,8.2.5\nb,6.8.1,8.2.5\n")
    fleet = planner.read_fleet(path)
    assert "virtio-net-device.queue_reset=off" in _flags(planner.solve(fleet))
    policy.write_text(f'boards = ["pc-q35"]\n{bound}\n')
    bounded = planner.solve(fleet, policy=planner.read_policy(policy))
    assert not {one for one in _flags(bounded) if one.endswith("queue_reset=off")}


def _flags(solution: Solution) -> set[str]:
    (domain,) = solution.domains
    return {str(one.flag) for baseline in domain.baselines for one in baseline.flags}


def test_only_hosts_where_an_edge_ends_take_what_guests_booted_with(tmp_path: Path) -> None:
    path, up, down = tmp_path / "fleet.csv", tmp_path / "up.csv", tmp_path / "down.csv"
    path.write_text("host,kernel,qemu\nold,6.1.100,8.2.5\nnew,6.8.0,8.2.5\n")
    up.write_text("source,destination\nold,new\n")
    down.write_text("source,destination\nnew,old\n")
    fleet = planner.read_fleet(path)
    assert not _flags(planner.solve(fleet, edges=planner.read_edges(up, fleet)))
    flags = _flags(planner.solve(fleet, edges=planner.read_edges(down, fleet)))
    assert "virtio-net-device.host_uso=off" in flags


def test_an_observation_of_builds_gives_no_build_a_machine_type(tmp_path: Path) -> None:
    path, rows = tmp_path / "fleet.csv", tmp_path / "rows"
    rows.mkdir()
    path.write_text("host,kernel,qemu\na,6.1.100,10.0.3\nb,6.1.100,7.2.0\n")
    (rows / "observations.toml").write_text(
        "schema = 1\nobservation = [\n"
        '{ id = "lab", from = { qemu = "*", kernel = "*" }, to = { qemu = "*", kernel = "*" }, '
        "passes = true, machine_types = [], devices = [], traits = [], "
        'evidence = "observed", source = "our lab" },\n]\n'
    )
    knowledge = planner.load_knowledge(rows)
    fleet = planner.read_fleet(path, knowledge=knowledge)
    case = {"from": "a", "to": "b", "devices": "-"}
    newer, older = ({**case, "machine": name} for name in ("pc-q35-10.0", "pc-q35-7.2"))
    found = planner.check(fleet, newer, older, knowledge=knowledge)
    assert [one.outcome for one in found] == [Outcome.UNSAFE, Outcome.SAFE]


def test_a_field_that_no_kernel_filled_is_asked_for_over_directed_edges(tmp_path: Path) -> None:
    path, edges = tmp_path / "fleet.csv", tmp_path / "edges.csv"
    path.write_text("host,kernel,qemu\nold,3.16.0-4-amd64,7.2.0\nnew,6.12.48+deb13-amd64,7.2.0\n")
    edges.write_text("source,destination\nold,new\n")
    fleet = planner.read_fleet(path)
    (domain,) = planner.solve(fleet, edges=planner.read_edges(edges, fleet)).domains
    texts = {one.text for baseline in domain.baselines for one in baseline.conditions}
    assert any("rdtscp" in text for text in texts)
