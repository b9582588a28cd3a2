"""Fleets that stand in many rooms: two releases of one vendor side by side, updates half done.

The machine types are what the vendors' documents say is common to both releases:

* Ubuntu Server documentation, QEMU machine types: an LTS keeps the types of the LTS before it.
* Debian ships upstream's types: QEMU 7.2 of Debian 12 is the older one.
* RHEL: a release has the types of the releases before it, those of RHEL 8 deprecated on RHEL 9;
  8.6.0 is the last of RHEL 8.
  RHEL 9.4 brought rhel9.4.0 (CentOS Stream rpms/qemu-kvm merge request 134), RHEL 9.6 rhel9.6.0.
* Proxmox: a node reads `TYPE+pveN` for every type of its QEMU; QEMU 9.0 is the oldest here.
* KubeVirt 1.6 and 1.8 launchers: qemu-kvm 9.1.0-19.el9 and 10.1.0-10.el9; rhel9.6.0 is the newest
  type of the older one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import planner
from planner.domain.solution import DomainSolution, Status

FLEET = Path(__file__).resolve().parents[1] / "cases" / "fleets" / "usual.csv"
TYPES = {
    "ubuntu-22.04-24.04": {"pc-q35-jammy", "pc-q35-6.2"},
    "debian-12-13": {"pc-q35-7.2"},
    "el-8.10-9.4": {"pc-q35-rhel8.6.0"},
    "el-9.4-9.6": {"pc-q35-rhel9.4.0"},
    "proxmox-8-9": {"pc-q35-9.0+pve0", "pc-q35-9.0"},
    "kubevirt-1.6-1.8": {"pc-q35-rhel9.6.0"},
}


@cache
def solved() -> dict[str, DomainSolution]:
    found = planner.solve(planner.read_fleet(FLEET))
    return {pool.domain: pool for pool in found.domains}


@pytest.mark.parametrize("pool", TYPES)
def test_machine_type(pool: str) -> None:
    answer = solved()[pool]
    assert answer.status is Status.SAFE
    chosen = {one.machine_type for one in answer.baselines if one.board == "pc-q35"}
    assert chosen == TYPES[pool]


def test_updates_of_one_package_are_named_with_their_vendors_word() -> None:
    (risk,) = {
        one.text
        for baseline in solved()["el-9.4-9.6"].baselines
        for one in baseline.residual_risks
        if "9.1.0-15.el9_6.9" in one.text and "updates of one RHEL package" in one.text
    }
    assert "9.1.0-15.el9_6.3" in risk


def test_two_kernels_of_one_arm_series_have_an_answer() -> None:
    """The series was read, and vendors' series that were read list one set of registers each."""
    answer = solved()["ampere-ubuntu-24.04"]
    assert answer.status is Status.SAFE
    assert {one.machine_type for one in answer.baselines} >= {"virt-8.2"}
