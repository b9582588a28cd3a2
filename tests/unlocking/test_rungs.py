"""What opens the next type is one computation: `solve` and `unlock` say the same, and it closes."""

from __future__ import annotations

import json
import os
import random
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

import planner
from planner.domain.host import Fleet
from planner.domain.plans.unlock import UnlockStatus, UnlockTarget
from planner.domain.solution import Solution
from planner.knowledge.shipped import load_knowledge
from planner.library.plans import next_rungs, unlock
from planner.present.rungs import hosts_to
from tests.fleet.test_readers import run

ROOT = Path(__file__).resolve().parents[2]
JAMMY = ("5.15.0-91-generic", "1:6.2+dfsg-2ubuntu6.21")
NOBLE = ("6.8.0-45-generic", "1:8.2.2+ds-0ubuntu1.2")
VENDORS = (
    (("5.4.0-150-generic", "1:4.2-3ubuntu6.28"), JAMMY, NOBLE),
    (("5.10.0-30-amd64", "1:5.2+dfsg-11+deb11u3"), ("6.1.0-25-amd64", "1:7.2+dfsg-7+deb12u7")),
    (
        ("4.18.0-553.el8_10.x86_64", "qemu-kvm-6.2.0-53.module+el8.10.0+22375+ea5e8167"),
        ("5.14.0-427.13.1.el9_4.x86_64", "qemu-kvm-8.2.0-11.el9_4.x86_64"),
    ),
    (("6.8.12-4-pve", "pve-qemu-kvm 9.0.2-4"), ("6.14.8-2-pve", "pve-qemu-kvm 10.0.2-4")),
    (("4.14.336", "4.0.0"), ("4.18.20", "4.0.0"), ("6.1.90", "8.2.4")),
)
FLEETS = int(os.environ.get("PLANNER_FLEETS", "12"))
"""Random fleets; 50 take two minutes."""
CPUS = ("", "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", "AMD EPYC 7713 64-Core Processor")


def written(path: Path, number: int) -> Path:
    """Write a fleet of one or two pools, each of one vendor with up to three of its builds."""
    dice = random.Random(number)
    rows = ["host,pool,kernel,qemu,cpu"]
    for pool in ("one", "two")[: dice.randint(1, 2)]:
        builds, cpu = dice.choice(VENDORS), dice.choice(CPUS)
        for place in range(dice.randint(2, 6)):
            rows.append(",".join((f"{pool}{place}", pool, *dice.choice(builds), cpu)))
    path.write_text("\n".join(rows) + "\n")
    return path


def changed(fleet: Fleet, target: UnlockTarget) -> Fleet:
    """Return a fleet whose hosts have become what a target says."""
    ways = hosts_to(target.upgrades)
    groups = []
    for group in fleet.groups:
        for name in group.hosts:
            kernel, qemu = ways.get(str(name), (group.kernel, group.qemu))
            groups.append(replace(group, hosts=(name,)).with_build(kernel=kernel, qemu=qemu))
    return replace(fleet, groups=tuple(groups))


def types_of(solution: Solution, target: UnlockTarget) -> set[str]:
    (domain,) = [one for one in solution.domains if one.domain == target.goal.domain]
    return {
        one.machine_type
        for one in domain.baselines
        if (one.board, one.line) == (target.goal.board, target.goal.line)
    }


def agrees_and_closes(fleet: Fleet) -> int:
    """Check a fleet; return how many of its pools have a next type that opens."""
    knowledge = load_knowledge()
    solution = planner.solve(fleet)
    told = next_rungs(fleet, solution.domains, knowledge=knowledge)
    every = unlock(fleet, knowledge=knowledge).targets
    opened = 0
    for target in told:
        assert target in every, target.goal.text
    for target in every:
        if target.status is UnlockStatus.OPENED and target.goal.machine_type is not None:
            opened += 1
            assert types_of(planner.solve(changed(fleet, target)), target) == {target.after[0]}
    return opened


@pytest.mark.parametrize("name", ["three-pools", "seed"])
def test_example_fleets_agree_and_close(name: str) -> None:
    assert agrees_and_closes(planner.read_fleet(ROOT / "examples" / name / "fleet.csv"))


def test_random_fleets_agree_and_close(tmp_path: Path) -> None:
    numbers = range(FLEETS)
    opened = [
        agrees_and_closes(planner.read_fleet(written(tmp_path / f"{one}.csv", one)))
        for one in numbers
    ]
    assert sum(1 for one in opened if one) > FLEETS * 3 // 4


def test_a_fleet_of_one_build_goes_to_its_vendors_release(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text(f"host,kernel,qemu\na,{','.join(JAMMY)}\nb,{','.join(JAMMY)}\n")
    targets = unlock(planner.read_fleet(path)).targets
    releases = {one.goal.text: {each.release for each in one.upgrades} for one in targets}
    assert releases["pc-q35-noble"] == {"Ubuntu 24.04 (noble)"}
    path.write_text(path.read_text() + f"c,{','.join(NOBLE)}\n")
    targets = unlock(planner.read_fleet(path)).targets
    releases = {one.goal.text: {each.release for each in one.upgrades} for one in targets}
    assert releases["pc-q35-noble"] == {""}, "what the fleet runs comes before a release"


def test_unlock_says_how_to_plan_it_and_the_plan_runs(tmp_path: Path) -> None:
    rows = [f"a,x y,{','.join(JAMMY)}", f"b,x y,{','.join(JAMMY)}", f"c,x y,{','.join(NOBLE)}"]
    (tmp_path / "fleet.csv").write_text("host,pool,kernel,qemu\n" + "\n".join(rows) + "\n")
    nowhere = run("plan", "fleet.csv", cwd=tmp_path)
    assert nowhere.returncode == 2 and "planner unlock fleet.csv --upgraded" in nowhere.stderr
    done = run("unlock", "fleet.csv", cwd=tmp_path)
    command = " ".join(done.stdout.partition("next: ")[2].replace("\\\n", " ").split())
    target = f"kernel={NOBLE[0]},qemu={NOBLE[1]},pool=x y"
    assert command == f"planner plan fleet.csv --target '{target}'"
    planned = run("plan", "fleet.csv", "--target", target, "-q", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr
    want = ("--want", "x y:pc-q35-resolute", "--upgraded", "new.csv")
    done = run("unlock", "fleet.csv", *want, cwd=tmp_path)
    assert "planner plan new.csv" in done.stdout
    told = (tmp_path / "new.csv").read_text().splitlines()
    assert told[0] == "host,pool,kernel,qemu,target_kernel,target_qemu"
    assert all(line.rpartition(",")[2].startswith("1:10.2") for line in told[1:])
    planned = run("plan", "new.csv", "-q", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr


def test_hints_repeat_the_options_that_were_given(tmp_path: Path) -> None:
    rows = [f"a,{','.join(JAMMY)}", f"b,{','.join(NOBLE)}"]
    (tmp_path / "my fleet.csv").write_text("host,kernel,qemu\n" + "\n".join(rows) + "\n")
    (tmp_path / "policy.toml").write_text("")
    done = run("solve", "my fleet.csv", "--policy", "policy.toml", cwd=tmp_path)
    assert "planner unlock 'my fleet.csv' --policy policy.toml\n" in done.stdout
    assert "planner solve 'my fleet.csv' --guests GUESTS --policy policy.toml\n" in done.stdout


def el9(minor: int, kernel: str, qemu: str) -> str:
    return f"5.14.0-{kernel}.el9_{minor}.x86_64,qemu-kvm-{qemu}"


RHEL = (
    "host,pool,kernel,qemu,cpu\n"
    + "".join(f"db{one},db,{el9(4, '427.42.1', '8.2.0-11.el9_4.6.x86_64')},CPU\n" for one in "ab")
    + f"dbc,db,{el9(6, '570.12.1', '9.1.0-15.el9_6.4.x86_64')},CPU\n"
    + "".join(f"web{one},web,{el9(6, '570.12.1', '9.1.0-15.el9_6.4.x86_64')},CPU\n" for one in "ab")
).replace("CPU", "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz")


def test_the_command_that_unlock_prints_is_of_the_next_types_and_plans_them(tmp_path: Path) -> None:
    """A newer release costs as many hosts, and a part of it is not known: no dead end is offered."""
    (tmp_path / "fleet.csv").write_text(RHEL)
    found = unlock(planner.read_fleet(tmp_path / "fleet.csv"))
    assert found.next_types == {"db": "pc-q35-rhel9.6.0", "web": "pc-q35-rhel9.8.0"}
    done = run("unlock", "fleet.csv", cwd=tmp_path)
    words = shlex.split(done.stdout.partition("next: ")[2].replace("\\\n", " "))
    assert words[:3] == ["planner", "plan", "fleet.csv"]
    planned = run(*words[1:], "-q", cwd=tmp_path)
    assert planned.returncode == 0, planned.stdout
    assert run("unlock", "fleet.csv", "--upgraded", "new.csv", cwd=tmp_path).returncode == 0
    assert "17:10.1.0" in (tmp_path / "new.csv").read_text()


def test_a_pool_without_a_plan_does_not_take_the_plan_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(RHEL)
    ways = (
        "kernel=5.14.0-570.12.1.el9_6.x86_64,qemu=qemu-kvm-9.1.0-15.el9_6.4.x86_64,pool=db",
        "kernel=6.12.0-55.24.1.el10_0.x86_64,qemu=18:10.1.0-16.el10_2,pool=web",
    )
    targets = [word for way in ways for word in ("--target", way)]
    done = run("plan", "fleet.csv", *targets, "-f", "json", "-o", "plan.json", cwd=tmp_path)
    plan = json.loads((tmp_path / "plan.json").read_text())
    if not plan["relaxations"]:
        pytest.skip("every fact of the newest release is known by now")
    assert done.returncode == 5
    assert {one["domain"] for one in plan["domains"]} == {"db"}
    assert {one["domain"] for one in plan["relaxations"]} == {"web"}
    assert {one for wave in plan["waves"] for one in wave["hosts"]} == {"dba", "dbb"}
    shown = run("plan", "fleet.csv", *targets, cwd=tmp_path).stdout
    assert "2 hosts in 1 pool; UNDECIDED: 1 pool" in shown
    replayed = run("simulate", "plan.json", "fleet.csv", cwd=tmp_path)
    assert replayed.returncode == 0 and "proven" in replayed.stdout, replayed.stderr


def test_the_guest_that_forbids_a_plan_is_named_with_what_mends_it(tmp_path: Path) -> None:
    rows = [f"a,{','.join(JAMMY)}", f"b,{','.join(NOBLE)}"]
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\n" + "\n".join(rows) + "\n")
    (tmp_path / "guests.csv").write_text(
        "guest,host,machine_type,cpu,devices\nci-1,b,pc-q35-noble,host-passthrough,virtio-blk-pci\n"
    )
    target = f"kernel={NOBLE[0]},qemu={NOBLE[1]}"
    done = run("plan", "fleet.csv", "--target", target, "--guests", "guests.csv", cwd=tmp_path)
    said = " ".join(done.stdout.split())
    assert "1 guest (ci-1) on pc-q35-noble" in said
    assert "host-passthrough takes what its host has" in said
    assert "mend: start it with a CPU model up to" in said
    assert "next: planner solve fleet.csv --guests guests.csv" in said
    (tmp_path / "guests.csv").write_text(
        "guest,host,machine_type,cpu,devices\nci-1,b,pc-q35-jammy,EPYC,virtio-blk-pci\n"
    )
    done = run(
        "plan", "fleet.csv", "--target", target, "--guests", "guests.csv", "-q", cwd=tmp_path
    )
    assert "host-passthrough" not in done.stdout
