"""What planes hold of a gate: KubeVirt's policies, an aggregate of Nova, a hook script of Proxmox VE."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from planner.domain.compat import CompatFlag
from planner.export.gates import GatedPool, kubevirt, nova, proxmox

FLAG = CompatFlag.parse("x86_64-cpu.x-migrate-smi-count=off")
POOL = GatedPool(
    pool="Az 1",
    hosts=("a", "b"),
    plain=("pc-q35-2.11", "pc-q35-7.2"),
    flagged=(("pc-q35-4.0", (FLAG,)),),
    enforced=True,
)


@pytest.mark.parametrize("enforced", [True, False])
def test_kubevirt_gets_a_policy_with_its_binding_per_resource(enforced: bool) -> None:
    text = "".join(kubevirt(replace(POOL, enforced=enforced)))
    found = list(yaml.safe_load_all(text))
    kinds = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]
    assert [one["kind"] for one in found] == kinds * 2
    for policy, binding in (found[:2], found[2:]):
        (rule,) = policy["spec"]["matchConstraints"]["resourceRules"]
        assert rule["apiGroups"] == ["kubevirt.io"] and "CREATE" in rule["operations"]
        assert binding["spec"]["policyName"] == policy["metadata"]["name"]
        assert binding["spec"]["validationActions"] == (["Deny"] if enforced else ["Warn", "Audit"])
        (validation,) = policy["spec"]["validations"]
        assert "['pc-q35-2.11', 'pc-q35-7.2']" in validation["expression"]
        assert "oldObject != null" in validation["expression"]  # what runs is updated all the time
        assert "pc-q35-4.0" not in validation["expression"]  # no setting for its flag
    assert "planner-gate/pool=az-1" in text and "pc-q35-4.0" in text


def ran_with_openstack(script: str, folder: Path) -> list[str]:
    """Return what a script asks of `openstack`, of which one here writes down its words."""
    fake = folder / "openstack"
    fake.write_text('#!/bin/sh\necho "$@" >> "$LOG"\ncase "$*" in *"-c uuid") echo u1;; esac\n')
    fake.chmod(0o755)
    log = folder / "log"
    env = {"PATH": f"{folder}:{os.environ['PATH']}", "LOG": str(log)}
    subprocess.run(["sh", "-s"], input=script, text=True, check=True, env=env)
    return log.read_text().splitlines()


@pytest.mark.parametrize("enforced", [True, False])
def test_nova_isolates_an_aggregate_of_the_pool_when_asked(enforced: bool, tmp_path: Path) -> None:
    asked = ran_with_openstack("".join(nova(replace(POOL, enforced=enforced))), tmp_path)
    assert "aggregate create planner-az-1" in asked
    assert {"aggregate add host planner-az-1 a", "aggregate add host planner-az-1 b"} <= set(asked)
    isolated = "aggregate set --property trait:CUSTOM_PLANNER_AZ_1=required planner-az-1"
    assert (isolated in asked) is enforced
    assert any(one.endswith("trait set --trait CUSTOM_PLANNER_AZ_1 u1") for one in asked)


CONF = {
    "plain": ("machine: pc-q35-7.2\n", True),
    "with an option": ("machine: pc-q35-7.2,viommu=intel\n", True),
    "other": ("machine: pc-q35-9.0\n", False),
    "none": ("name: x\n", False),
    "of a snapshot": ("name: x\n[before]\nmachine: pc-q35-7.2\n", False),
    "flag": (f"machine: pc-q35-4.0\nargs: -global {FLAG}\n", True),
    "no flag": ("machine: pc-q35-4.0\nargs: -global x86_64-cpu.x=off\n", False),
    "half of a flag": (f"machine: pc-q35-4.0\nargs: -global {FLAG}x\n", False),
}


@pytest.mark.parametrize("enforced", [True, False])
@pytest.mark.parametrize("kind", CONF)
def test_proxmox_refuses_what_is_not_known_to_be_safe(
    kind: str, enforced: bool, tmp_path: Path
) -> None:
    text, is_let_in = CONF[kind]
    script = tmp_path / "planner-gate"
    script.write_text("".join(proxmox(replace(POOL, enforced=enforced))))
    conf = tmp_path / "nodes" / "a" / "qemu-server" / "100.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text(text)

    def run(phase: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(script), "100", phase],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"], "PLANNER_PVE": str(tmp_path), **environment},
        )

    done = run("pre-start", PVE_MIGRATED_FROM="a")
    assert done.returncode == int(enforced and not is_let_in), done.stderr
    assert bool(done.stderr) is not is_let_in
    if kind == "no flag":
        assert f"without {FLAG} pc-q35-4.0" in done.stderr
    assert run("pre-start").returncode == run("post-stop", PVE_MIGRATED_FROM="a").returncode == 0


def test_a_pool_without_types_refuses_every_guest(tmp_path: Path) -> None:
    text = "".join(proxmox(replace(POOL, plain=(), flagged=())))
    done = subprocess.run(["sh", "-n"], input=text, text=True, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
