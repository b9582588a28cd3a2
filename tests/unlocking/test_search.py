"""Upgrades that `unlock` proposes: as cheap as brute force over the real solver finds, and true."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.capability import CapabilityId
from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.domain.plans.unlock import Goal, UnlockStatus
from planner.fleet.edges import Arrows
from planner.fleet.hosts import read_fleet
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.profiles import Profiler
from planner.unlocking.goals import next_types
from planner.unlocking.modified_fleet import ModifiedFleet
from planner.unlocking.search import UnlockSearch
from planner.unlocking.spend import unlocks
from planner.unlocking.type_judge import changes, fleet_refusal

ROOT = Path(__file__).resolve().parents[2]
SEED = "examples/seed/fleet.csv"
POOLS = "examples/three-pools/fleet.csv"
NAMES = ("k.a", "k.c", "tun.x")


@cache
def world() -> KnowledgeBase:
    return load_knowledge(root=Path(__file__).resolve().parents[1] / "small_world")


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@st.composite
def fleets(
    draw: st.DrawFn, facts: str = "+-?", builds: tuple[str, ...] = ("1.0.0", "2.0.0", "3.0.0")
) -> Fleet:
    """Draw two pools; what hosts state of a kernel they do not contradict."""
    signs = {
        kernel: {name: draw(st.sampled_from(facts)) for name in NAMES} for kernel in ("1", "2")
    }
    found = []
    for number in range(draw(st.integers(2, 5))):
        kernel = draw(st.sampled_from(["1", "2"]))
        names = signs[kernel].items()
        found.append(
            HostGroup(
                pool=PoolName(draw(st.sampled_from(["p", "p", "q"]))),
                kernel=kernel,
                qemu=draw(st.sampled_from(builds)),
                hosts=tuple(
                    HostName(f"h{number}-{place}") for place in range(draw(st.integers(1, 3)))
                ),
                present=frozenset(CapabilityId(name) for name, sign in names if sign == "+"),
                absent=frozenset(CapabilityId(name) for name, sign in names if sign == "-"),
                line=number + 2,
            )
        )
    return Fleet(groups=tuple(found))


def unlocker(fleet: Fleet, base: KnowledgeBase, arrows: Arrows | None = None) -> UnlockSearch:
    landscape = ModifiedFleet(
        fleet=fleet, arrows=arrows, policy=base.policy, profiler=Profiler(base)
    )
    return UnlockSearch(knowledge=base, fleet_now=landscape)


def wants_of(made: UnlockSearch) -> list[Goal]:
    flags = [
        Goal(domain=name, board=one.board, line=one.line, dropped=choice.flag.key)
        for name, results in made.answers.items()
        for one in results
        if one.chosen is not None
        for choice in one.chosen.flags
    ]
    return [*next_types(made.answers), *flags]


def brute_force(made: UnlockSearch, want: Goal) -> int | None:
    """Try every way of every class on the real hosts; return the fewest hosts that do."""
    name = "" if want.machine_type is None else want.machine_type.name
    ways = [made._upgrader.paths(member, name) for member in made.domains[want.domain].members]
    costs = []
    for choice in product(*(range(len(own)) for own in ways)):
        changed = changes(ways, choice)
        if fleet_refusal((want,), changed, made.today, made.fleet_now, made.solver) is None:
            costs.append(sum(len(group.hosts) for group in changed))
    return min(costs, default=None)


def check(made: UnlockSearch) -> None:
    for want in wants_of(made):
        target = made.open(want, 1.0).target
        assert target.cost == brute_force(made, want)
        assert target.verified is (target.status is UnlockStatus.OPENED)
        if target.cost is not None:
            assert target.bound.cost == target.cost
            assert sum(upgrade.hosts for upgrade in target.upgrades) == target.cost


@settings(max_examples=250, deadline=None)
@given(fleet=fleets())
def test_no_cheaper_upgrade_opens_a_pool(fleet: Fleet) -> None:
    check(unlocker(fleet, world()))


@settings(max_examples=60, deadline=None)
@given(fleet=fleets(), seed=st.randoms(use_true_random=False))
def test_no_cheaper_upgrade_opens_a_pool_with_directed_edges(fleet: Fleet, seed: Any) -> None:
    arrows = tuple(
        (one, other)
        for one in fleet.groups
        for other in fleet.groups
        if (one is not other or len(one.hosts) > 1) and seed.random() < 0.5
    )
    check(unlocker(fleet, world(), arrows))


@st.composite
def real_fleets(draw: st.DrawFn) -> Fleet:
    """Draw one pool of kernels and builds that differ in what they can do."""
    kernels, builds = ("5.10.200", "6.1.90", "6.12.10"), ("7.2.10", "8.2.4", "9.2.4")
    pairs = st.tuples(st.sampled_from(kernels), st.sampled_from(builds))
    found = draw(st.lists(pairs, min_size=2, max_size=3, unique=True))
    return Fleet(
        groups=tuple(
            HostGroup(
                pool=PoolName("p"),
                kernel=kernel,
                qemu=build,
                hosts=tuple(
                    HostName(f"h{number}-{place}") for place in range(draw(st.integers(1, 3)))
                ),
                line=number + 2,
            )
            for number, (kernel, build) in enumerate(found)
        )
    )


@settings(max_examples=40, deadline=None)
@given(fleet=real_fleets())
def test_no_cheaper_upgrade_drops_a_flag_of_real_builds(fleet: Fleet) -> None:
    check(unlocker(fleet, knowledge()))


@settings(max_examples=150, deadline=None)
@given(fleet=fleets(), signs=st.lists(st.sampled_from("+-"), min_size=6, max_size=6))
def test_what_is_called_closed_stays_closed_whatever_the_missing_facts_are(
    fleet: Fleet, signs: list[str]
) -> None:
    made = unlocker(fleet, world())
    closed = [
        want for want in wants_of(made) if made.open(want, 1.0).target.status is UnlockStatus.CLOSED
    ]
    groups = tuple(completed(group, signs) for group in fleet.groups)
    known = unlocker(Fleet(groups=groups), world())
    known.today = made.today
    assert [brute_force(known, want) for want in closed] == [None] * len(closed)


def completed(group: HostGroup, signs: list[str]) -> HostGroup:
    """Return a group that states every fact: what it did not is given by `signs`, per kernel."""
    own = dict(zip(NAMES, signs[:3] if group.kernel == "1" else signs[3:], strict=True))
    open_facts = {
        CapabilityId(name): sign
        for name, sign in own.items()
        if CapabilityId(name) not in group.present | group.absent
    }
    return replace(
        group,
        present=group.present | {name for name, sign in open_facts.items() if sign == "+"},
        absent=group.absent | {name for name, sign in open_facts.items() if sign == "-"},
    )


def written(tmp_path: Path, rows: str) -> Path:
    path = tmp_path / "fleet.csv"
    path.write_text(rows)
    return path


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "planner", "unlock", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def document(*words: str) -> Any:
    done = run(*words, "--format", "json")
    assert not done.stderr
    return json.loads(done.stdout)


def upgraded_rows(path: Path, targets: list[Any]) -> str:
    """Return the fleet file with the proposed upgrades made."""
    table = list(csv.DictReader(path.read_text().splitlines()))
    ways = {
        (one["pool"], one["from_kernel"], one["from_qemu"]): one
        for target in targets
        for one in target["upgrades"]
    }
    lines = ["host,pool,kernel,qemu"]
    for row in table:
        pool = row.get("pool") or "default"
        way = ways.get((pool, row["kernel"], row["qemu"]), row)
        lines.append(f"{row['host']},{pool},{way['kernel']},{way['qemu']}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("number", range(0, 24, 2))
def test_solving_the_upgraded_file_gives_what_was_promised(tmp_path: Path, number: int) -> None:
    opened = [one for one in document(POOLS)["targets"] if one["status"] == "opened"]
    assert len(opened) == 24
    target = opened[number]
    path = written(tmp_path, upgraded_rows(ROOT / POOLS, [target]))
    done = subprocess.run(
        [sys.executable, "-m", "planner", "solve", str(path), "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (domain,) = (
        one for one in json.loads(done.stdout)["domains"] if one["domain"] == target["domain"]
    )
    (found,) = (
        one
        for one in domain["baselines"]
        if (one["board"], one["line"]) == (target["board"], target["line"])
    )
    flags = [f"{one['qom_type']}.{one['property']}={one['value']}" for one in found["flags"]]
    assert [found["machine_type"], *flags] == target["after"]


@settings(max_examples=60, deadline=None)
@given(fleet=fleets(), budget=st.integers(0, 6))
def test_a_budget_is_kept_and_a_larger_one_opens_no_less(fleet: Fleet, budget: int) -> None:
    made = unlocker(fleet, world())
    goals = wants_of(made)
    less, more = (unlocks(made, goals, hosts) for hosts in (budget, budget + 1))
    assert less.bound is not None and more.bound is not None
    assert less.bound.spent <= budget
    assert less.bound.value <= more.bound.value


def test_three_pools_and_a_budget() -> None:
    found = document(POOLS, "--budget", "95")
    costs = {(one["domain"], one["want"]): one["cost"] for one in found["targets"]}
    assert costs == {
        ("debian", "pc-i440fx-10.0"): 52,
        ("debian", "pc-q35-10.0"): 52,
        ("focal", "pc-i440fx-jammy"): 6,
        ("focal", "pc-i440fx-6.2"): 6,
        ("focal", "pc-q35-jammy"): 6,
        ("focal", "pc-q35-6.2"): 6,
        ("rhel", "pc-i440fx-rhel10.0.0"): None,
        ("rhel", "pc-q35-rhel9.4.0"): 40,
        ("rhel10", "pc-q35-rhel10.2.0"): None,
        ("ubuntu", "pc-i440fx-noble"): 52,
        ("ubuntu", "pc-i440fx-8.2"): 52,
        ("ubuntu", "pc-q35-noble"): 52,
        ("ubuntu", "pc-q35-8.2"): 52,
    }
    assert [(one["domain"], one["cost"]) for one in found["chosen"]] == [
        ("rhel", 40),
        ("ubuntu", 52),
    ]
    assert found["bounds"] == {
        "budget": 95,
        "cost": 92,
        "value": 160.0,
        "method": "optimal",
        "gap": 0.0,
    }


def test_the_weight_of_a_pool_decides(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[plan]\nweights = { debian = 2.5 }\n")
    found = document(POOLS, "--budget", "55", "--policy", str(path))
    assert [(one["domain"], one["value"]) for one in found["chosen"]] == [("debian", 200.0)]
    assert found["bounds"]["value"] == 200


def test_the_old_kernels_of_the_seed_keep_a_flag() -> None:
    found = document(SEED, "--want", "default:x86_64-cpu.x-migrate-smi-count")
    assert [(one["board"], one["cost"], one["after"]) for one in found["targets"]] == [
        ("pc-i440fx", 2, ["pc-i440fx-4.0"]),
        ("pc-q35", 2, ["pc-q35-4.0"]),
    ]
    (upgrade,) = found["targets"][0]["upgrades"]
    assert (upgrade["examples"], upgrade["kernel"]) == (["old1", "old2"], "4.18.20")


def test_making_hosts_alike_can_open_a_type(tmp_path: Path) -> None:
    """Two builds that differ about a type may each offer it; moving one class to the other opens it."""
    rows = "host,kernel,qemu\n"
    rows += "".join(f"new{n},6.1.90,8.2.4\n" for n in range(2))
    rows += "".join(f"old{n},5.10.200,8.2.4\n" for n in range(3))
    fleet = read_fleet(written(tmp_path, rows), knowledge())
    made = unlocker(fleet, knowledge())
    flags = [want for want in wants_of(made) if want.dropped is not None]
    for want in flags:
        target = made.open(want, 1.0).target
        assert target.cost == 3
        assert target.upgrades[0].kernel == "6.1.90"
    assert flags


def test_a_kernel_of_which_hosts_contradict_each_other_is_no_target(tmp_path: Path) -> None:
    rows = "host,kernel,qemu,capabilities\n"
    rows += "a,4.18.20,4.0.0,+kvm.msr.smi_count\nb,4.18.20,4.0.0,-kvm.msr.smi_count\n"
    rows += "c,4.14.336,4.0.0,-kvm.msr.smi_count\n"
    made = unlocker(read_fleet(written(tmp_path, rows), knowledge()), knowledge())
    for member in made.domains["default"].members:
        assert len(made._upgrader.paths(member, "")) == 1


@pytest.mark.parametrize(
    ("capability", "kept"), [("-cpu.pku", True), ("-kvm.msr.smi_count", False)]
)
def test_what_the_machine_lacks_it_lacks_under_a_new_kernel(
    tmp_path: Path, capability: str, kept: bool
) -> None:
    rows = "host,kernel,qemu,capabilities\n"
    rows += f"a,4.18.20,4.0.0,\nb,4.14.336,4.0.0,{capability}\n"
    made = unlocker(read_fleet(written(tmp_path, rows), knowledge()), knowledge())
    old = next(one for one in made.domains["default"].members if one.groups[0].kernel == "4.14.336")
    (_, way) = made._upgrader.paths(old, "")
    assert way.groups[0].kernel == "4.18.20"
    assert (CapabilityId(capability[1:]) in way.groups[0].absent) is kept


def test_wants_that_name_nothing_are_all_refused_at_once() -> None:
    done = run(SEED, "--want", "defualt:pc-q35-4.1", "--want", "default:pc-q35-4.O")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'defualt:pc-q35-4.1' names no pool of the fleet; did you mean 'default'?" in done.stderr
    assert "'pc-q35-4.O' is no machine type" in done.stderr
    assert run(SEED, "--budget", "-1").returncode == 2
    assert run("nowhere.csv").returncode == 3


UNKNOWN_OFFER = (
    "a,5.14.0-427.42.1.el9_4.x86_64,qemu-kvm-9.1.0-12.el9\n"
    "b,5.14.0-427.42.1.el9_4.x86_64,qemu-kvm-9.1.0-12.el9\n"
)


@pytest.mark.parametrize(
    ("rows", "want", "code", "reason"),
    [
        ("a,6.1.90,8.2.4\nb,6.1.90,8.2.4\n", "default:pc-q35-8.1", 0, ""),
        (
            "a,6.1.90,8.2.4\nb,6.1.90,8.2.4\n",
            "default:pc-q35-9.0",
            0,
            "",
        ),
        (
            "a,4.18.0-553.el8_10.x86_64,qemu-kvm-6.2.0-53.module+el8.10.0+22375+ea5e8167\n"
            "b,4.18.0-553.el8_10.x86_64,qemu-kvm-6.2.0-53.module+el8.10.0+22375+ea5e8167\n",
            "default:pc-i440fx-rhel10.0.0",
            4,
            "nothing newer that this fleet runs or the vendor of these hosts mends",
        ),
        ("a,6.1.90,8.2.4\nb,6.1.90,8.2.4\n", "default:virt-8.2", 4, "a type for aarch64 hosts"),
        (UNKNOWN_OFFER, "default:pc-q35-rhel9.6.0", 5, "unknown whether QEMU"),
    ],
)
def test_the_exit_code_of_a_want(
    tmp_path: Path, rows: str, want: str, code: int, reason: str
) -> None:
    path = written(tmp_path, f"host,kernel,qemu\n{rows}")
    done = run(str(path), "--want", want, "--format", "json")
    assert done.returncode == code
    (target,) = json.loads(done.stdout)["targets"]
    assert reason in target["reason"]
    assert target["verified"] is (code == 0)


def test_tables_have_one_row_per_want(tmp_path: Path) -> None:
    rows = list(csv.DictReader(run(POOLS, "--budget", "40", "-f", "csv").stdout.splitlines()))
    assert len(rows) == 13
    assert [row["want"] for row in rows if row["chosen"]] == ["pc-q35-rhel9.4.0"]
    path = tmp_path / "out.md"
    done = run(POOLS, "-f", "markdown", "-o", str(path))
    assert (done.returncode, done.stdout) == (0, "")
    assert len(path.read_text().splitlines()) == 29
