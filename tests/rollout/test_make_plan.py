"""Plans: the examples' acceptance, what forbids a plan, and laws over a small world."""

from __future__ import annotations

import datetime
import json
import random
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from planner.cli.app import app
from planner.domain.capability import CapabilityId
from planner.domain.errors import PlannerError
from planner.domain.guest import Baseline
from planner.domain.host import HostGroup, HostName, PoolName
from planner.domain.plans.plan import FlipStatus, Plan, Routing, TakesEffect
from planner.domain.plans.upgrade import Hold, PlanPolicy, UpgradeHost
from planner.domain.policy import Policy
from planner.domain.verdict import Outcome
from planner.fleet.guests import read_guests
from planner.fleet.hosts import read_fleet
from planner.fleet.upgrades import Target, read_upgrades
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.claims import claimed
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember, Profiler
from planner.replay.simulate import ReplayRequest, simulate
from planner.rollout.make_plan import PlanRequest, make_plan
from tests.laws.solver_reference import is_safe

ROOT = Path(__file__).resolve().parents[2]
SMI = "x86_64-cpu.x-migrate-smi-count=off"
USO = Target(kernel="6.12.48+deb13-amd64", qemu="1:10.0.3+ds-0+deb13u1")


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@cache
def world() -> KnowledgeBase:
    return load_knowledge(root=Path(__file__).resolve().parents[1] / "small_world")


def planned(
    path: Path,
    *targets: Target,
    guests: Path | None = None,
    rules: PlanPolicy | None = None,
) -> Plan:
    base = knowledge()
    found = None
    if guests is not None:
        found = read_guests(guests, read_fleet(path, base), base.guests)
    policy = Policy() if rules is None else Policy(plan=rules)
    return make_plan(
        PlanRequest(
            hosts=read_upgrades(path, base, targets),
            guests=found,
            knowledge=base,
            policy=policy,
            fleet_digest="sha256:0",
        )
    )


def flags(baseline: Baseline) -> list[str]:
    return [str(flag) for flag in baseline.flags]


def test_seed_flips_after_the_last_old_host_and_not_earlier() -> None:
    plan = planned(ROOT / "examples" / "seed" / "rollout.csv")
    (pool,) = plan.domains
    assert {baseline.machine_type: flags(baseline) for baseline in pool.baselines} == {
        name: [SMI] for name in ("isapc", "pc-i440fx-4.0", "pc-q35-4.0")
    }
    last = max(
        wave.number for wave in plan.waves if any(host.startswith("old") for host in wave.hosts)
    )
    assert {flip.after_wave for flip in plan.flips} == {last} == {len(plan.waves)}
    assert {flip.takes_effect for flip in plan.flips} == {TakesEffect.NEXT_HOP}
    assert [flags(flip.after) for flip in plan.flips] == [[], [], []]
    assert pool.point_of_no_return == last
    assert [wave.rollback.free for wave in plan.waves] == [True] * (last - 1) + [False]


def test_uso_names_the_flags_the_routing_and_the_power_cycle() -> None:
    plan = planned(ROOT / "examples" / "uso" / "fleet.csv", USO)
    (pool,) = plan.domains
    wanted = {"guest_uso4", "guest_uso6", "host_uso", "queue_reset"}
    for baseline in pool.baselines:
        assert {flag.key.property for flag in baseline.flags} == wanted
    kinds = {remedy.kind: remedy for remedy in pool.remedies}
    assert kinds["launch-with-flags"].chosen and not kinds["one-way-routing"].chosen
    assert kinds["mask-capability"].hosts == 4
    assert {flip.after_wave for flip in plan.flips} == {len(plan.waves)}
    assert {flip.takes_effect for flip in plan.flips} == {TakesEffect.POWER_CYCLE}
    assert any("cannot return" in reason for reason in plan.waves[0].rollback.reasons)


def test_uso_reaches_guests_at_a_reboot_where_processes_may_offer_other_features() -> None:
    path = ROOT / "examples" / "uso" / "fleet.csv"
    rules = PlanPolicy(device_flags_may_differ=True)
    plan = planned(path, USO, rules=rules)
    effects = {flip.board: flip.takes_effect for flip in plan.flips}
    assert set(effects.values()) == {TakesEffect.GUEST_REBOOT}
    found = simulate(
        ReplayRequest(
            plan=plan,
            hosts=read_upgrades(path, knowledge(), [USO]),
            guests=None,
            knowledge=knowledge(),
            policy=Policy(plan=rules),
        )
    )
    assert found.outcome is Outcome.SAFE
    (wave,) = {flip.after_wave for flip in plan.flips}
    assert not plan.waves[wave - 1].rollback.free


def test_uso_guests_without_the_flags_are_routed_one_way(tmp_path: Path) -> None:
    path = tmp_path / "guests.csv"
    path.write_text(
        "host,machine_type,count,booted_on,devices,cpu,traits,vcpus,memory_gib\n"
        "lab-old1,pc-q35-10.0,10,lab-old1,virtio-net-pci+tap,qemu64,uses-smm=no,2,4\n"
    )
    plan = planned(ROOT / "examples" / "uso" / "fleet.csv", USO, guests=path)
    (pool,) = plan.domains
    kinds = {remedy.kind: remedy for remedy in pool.remedies}
    assert pool.routing is Routing.UPGRADED_ONLY
    assert kinds["one-way-routing"].chosen and kinds["one-way-routing"].guests == 10
    assert kinds["restart-with-flags"].guests == 10
    assert "tun.uso4" in kinds["mask-capability"].text
    assert sum(wave.moves or 0 for wave in plan.waves) == 10


def test_a_machine_type_that_the_target_drops_forbids_the_plan(tmp_path: Path) -> None:
    fleet, guests = tmp_path / "fleet.csv", tmp_path / "guests.csv"
    fleet.write_text("host,kernel,qemu\na,6.12.48+deb13-amd64,8.2.7\nb,6.12.48+deb13-amd64,8.2.7\n")
    guests.write_text(
        "host,machine_type,count,booted_on,devices,cpu,traits\n"
        "a,pc-q35-4.0,5,a,-,qemu64,uses-smm=no pae=no\n"
    )
    target = Target(qemu="10.2.2")
    refused = planned(fleet, target, guests=guests)
    (found,) = refused.relaxations
    assert refused.waves == ()
    assert found.constraint == "machine-type"
    assert "pc-q35-4.0" in found.text and "QEMU 10.0.13 first" in found.text
    (entry,) = refused.radar
    assert entry.guests == 5 and not entry.forecast
    routed = planned(fleet, target, guests=guests, rules=PlanPolicy(restarts=True))
    (restart,) = routed.restarts
    assert (restart.guests, restart.before_wave) == (5, 1)
    assert restart.after.machine_type == "pc-q35-8.2"
    assert len(routed.waves) == 2


def test_guests_that_cannot_migrate_need_a_restart(tmp_path: Path) -> None:
    guests = tmp_path / "guests.csv"
    guests.write_text(
        "guest,host,machine_type,flags,booted_on,devices,cpu,traits,migratable,restart_window\n"
        f"gpu,old1,pc-q35-4.0,{SMI},old1,-,qemu64,uses-smm=no pae=no,no,sunday\n"
    )
    path = ROOT / "examples" / "seed" / "rollout.csv"
    (found,) = planned(path, guests=guests).relaxations
    assert found.constraint == "restarts" and found.examples == ("old1",)
    (restart,) = planned(path, guests=guests, rules=PlanPolicy(restarts=True)).restarts
    assert restart.guests == 1 and restart.windows == ("sunday",)


def test_a_hold_preserves_rollback() -> None:
    until = datetime.date(2027, 6, 1)
    path = ROOT / "examples" / "seed" / "rollout.csv"
    held = Hold(pool="default", until=None, owner="ops", reason="audit")
    plan = planned(path, rules=PlanPolicy(holds=(held,)))
    assert plan.flips == ()
    assert {state.status for state in plan.held} == {FlipStatus.HELD}
    assert plan.domains[0].point_of_no_return is None
    dated = Hold(pool="", until=until, owner="ops", reason="audit")
    rules = PlanPolicy(holds=(dated,), start=datetime.date(2027, 1, 4))
    assert {flip.not_before for flip in planned(path, rules=rules).flips} == {until}


def test_a_mixture_without_a_safe_baseline_says_what_has_to_give(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("host,kernel,qemu\na,6.12.48+deb13-amd64,2.5.1\nb,6.12.48+deb13-amd64,2.5.1\n")
    plan = planned(fleet, Target(qemu="11.1.1"))
    assert plan.waves == ()
    assert {one.constraint for one in plan.relaxations} == {"safe-baseline"}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--target", "qmeu=8.2.7"], 2, "did you mean 'qemu'"),
        (["--target", "kernel=5.4.0-bad!"], 2, "--target: '5.4.0-bad!' matches no kernel line"),
        (["--target", "qemu=8.2.7,pool=defualt"], 2, "no pool 'defualt'"),
        ([], 2, "no host has anywhere to go; `planner unlock"),
        (["--target", "qemu=8.2.7", "--start", "tomorrow"], 2, "not a day"),
        (["--target", "kernel=6.12.48+deb13-amd64", "--format", "ics"], 2, "--start"),
    ],
)
def test_wrong_words(words: list[str], code: int, message: str) -> None:
    fleet = str(ROOT / "examples" / "uso" / "fleet.csv")
    done = subprocess.run(
        [sys.executable, "-m", "planner", "plan", fleet, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr


def test_formats() -> None:
    fleet = str(ROOT / "examples" / "seed" / "rollout.csv")
    runner = CliRunner()
    document = json.loads(runner.invoke(app, ["plan", fleet, "-f", "json"]).stdout)
    assert document["schema"] == "planner.plan/2"
    rows = runner.invoke(app, ["plan", fleet, "-f", "csv"]).stdout.splitlines()
    assert len(rows) == 1 + sum(len(wave["hosts"]) for wave in document["waves"])
    days = ["--start", "2027-01-04"]
    calendar = runner.invoke(app, ["plan", fleet, "-f", "ics", *days]).stdout_bytes.decode()
    assert calendar.count("BEGIN:VEVENT") == len(document["waves"]) + 2
    assert max(map(len, calendar.split("\r\n"))) <= 75
    table = runner.invoke(app, ["plan", fleet]).stdout
    assert max(map(len, table.splitlines())) <= 80


NAMES = ("k.a", "k.c", "tun.x")


@st.composite
def upgrades(draw: st.DrawFn) -> tuple[UpgradeHost, ...]:
    """Draw a pool of a few hosts whose kernels and builds change."""
    found = []
    for number in range(draw(st.integers(2, 4))):
        before, after = draw(states()), draw(states())
        group = a_group(number, before)
        target = a_group(number, after) if draw(st.booleans()) else None
        found.append(UpgradeHost(name=group.hosts[0], pool=group.pool, group=group, target=target))
    return tuple(found)


@st.composite
def states(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    known = {name: draw(st.sampled_from(["+", "-"])) for name in NAMES}
    return draw(st.sampled_from(["1.0.0", "2.0.0", "3.0.0"])), known


def a_group(number: int, state: tuple[str, dict[str, str]]) -> HostGroup:
    qemu, known = state
    return HostGroup(
        pool=PoolName("p"),
        kernel="1",
        qemu=qemu,
        hosts=(HostName(f"h{number}"),),
        present=frozenset(CapabilityId(name) for name, sign in known.items() if sign == "+"),
        absent=frozenset(CapabilityId(name) for name, sign in known.items() if sign == "-"),
    )


def small_plan(hosts: tuple[UpgradeHost, ...]) -> Plan:
    rules = PlanPolicy(pool_share=0.5)
    policy = Policy(management=world().policy.management, plan=rules)
    return make_plan(
        PlanRequest(
            hosts=hosts, guests=None, knowledge=world(), policy=policy, fleet_digest="sha256:0"
        )
    )


@settings(max_examples=200, deadline=None)
@given(hosts=upgrades(), seed=st.integers(0, 9))
def test_plan_is_the_same_for_shuffled_hosts(hosts: tuple[UpgradeHost, ...], seed: int) -> None:
    shuffled = list(hosts)
    random.Random(seed).shuffle(shuffled)
    assert small_plan(hosts) == small_plan(tuple(shuffled))


@settings(max_examples=200, deadline=None)
@given(hosts=upgrades())
def test_every_baseline_is_safe_in_every_mixture_that_follows_its_flip(
    hosts: tuple[UpgradeHost, ...],
) -> None:
    """Judged by exhaustive walks that know nothing of stages."""
    plan = small_plan(hosts)
    if not plan.waves or plan.domains[0].routing is not Routing.ANY:
        return
    (pool,) = plan.domains
    wave_of = {host: wave.number for wave in plan.waves for host in wave.hosts}
    assumed = claimed(pool.conditions)
    given_out = [(0, baseline) for baseline in pool.baselines]
    given_out += [(flip.after_wave, flip.after) for flip in plan.flips]
    profiler = Profiler(world())
    for after, baseline in given_out:
        for wave in range(after, len(plan.waves) + 1):
            groups = {
                host.target
                if host.target is not None and wave_of[str(host.name)] <= wave
                else host.group
                for host in hosts
            }
            members = tuple(
                PoolMember(profile=profiler.profile(group), groups=(group,)) for group in groups
            )
            domain = MigrationDomain(name="p", starts=members, members=members)
            assert is_safe(domain, baseline, world(), Policy(), assumed)


def test_a_size_that_some_hosts_do_not_state_is_a_missing_fact(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(
        "host,kernel,qemu,vcpus,memory_gib,used_vcpus,used_memory_gib\n"
        "a,6.1.0-28-amd64,1:10.0.3+ds-0+deb13u1~bpo12+1,64,256,8,32\nb,6.1.0-28-amd64,1:10.0.3+ds-0+deb13u1~bpo12+1,,,8,32\n"
        "c,6.1.0-28-amd64,1:10.0.3+ds-0+deb13u1~bpo12+1,64,256,,\n"
    )
    plan = planned(fleet, USO)
    assert plan.waves == ()
    assert [(one.constraint, one.examples) for one in plan.relaxations] == [
        ("missing-fact", ("b",)),
        ("missing-fact", ("c",)),
    ]


def test_evacuations_need_the_memory_in_use() -> None:
    path = ROOT / "examples" / "uso" / "fleet.csv"
    (found,) = planned(path, USO, rules=PlanPolicy(evacuation_gib=64)).relaxations
    assert found.constraint == "missing-fact" and found.hosts == 8


def test_no_condition_excuses_what_a_guest_says_of_itself(tmp_path: Path) -> None:
    """The answer holds for guest CPUs without waitpkg; the second guest says that it has it."""
    fleet, guests = tmp_path / "fleet.csv", tmp_path / "guests.csv"
    fleet.write_text(
        "host,kernel,qemu,capabilities\n"
        "a,6.1.0-28-amd64,1:10.0.3+ds-0+deb13u1~bpo12+1,+kvm.msr.umwait_control\n"
        "b,6.1.0-28-amd64,1:10.0.3+ds-0+deb13u1~bpo12+1,-kvm.msr.umwait_control\n"
    )
    rows = "host,machine_type,count,booted_on,devices,cpu,traits\n"
    row = "a,pc-q35-10.0,4,a,-,{},uses-smm=no pae=no\n"
    target = Target(kernel="6.1.0-40-amd64")
    guests.write_text(rows + row.format("qemu64"))
    assert not planned(fleet, target, guests=guests).relaxations
    guests.write_text(rows + row.format('"qemu64,+waitpkg"'))
    found = planned(fleet, target, guests=guests).relaxations
    assert {one.constraint for one in found} == {"guests-of-today"}


def test_a_target_keeps_what_is_stated_of_its_cpu(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("host,kernel,qemu,capabilities\na,6.1.0,8.2.7,-cpu.waitpkg -tun.uso\n")
    stated = {
        target: read_upgrades(fleet, knowledge(), [target])[0].target
        for target in (Target(kernel="6.12.0"), Target(qemu="9.2.4"))
    }
    kept = [set() if one is None else set(one.absent) for one in stated.values()]
    assert kept == [{"cpu.waitpkg"}, {"cpu.waitpkg", "tun.uso4", "tun.uso6"}]


EIGHT_TO = "host,kernel,qemu\na,6.12.48+deb13-amd64,8.2.7\nb,6.12.48+deb13-amd64,8.2.7\n"
ROWS = "guest,host,machine_type,count,booted_on,devices,cpu,traits,migratable\n"


@pytest.mark.parametrize("restarts", [False, True])
def test_guests_that_nobody_listed_are_not_stranded_in_silence(
    tmp_path: Path, restarts: bool
) -> None:
    """Today's answer is pc-q35-8.2; QEMU 8.1.5 does not offer it."""
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(EIGHT_TO)
    plan = planned(fleet, Target(qemu="8.1.5"), rules=PlanPolicy(restarts=restarts))
    assert plan.waves == ()
    lost = [one.text for one in plan.relaxations if one.constraint == "machine-type"]
    assert len(lost) == 2 and all("8.1.5 does not offer" in text for text in lost)


def test_a_restart_onto_another_board_is_no_restart(tmp_path: Path) -> None:
    fleet, guests = tmp_path / "fleet.csv", tmp_path / "guests.csv"
    fleet.write_text(EIGHT_TO)
    guests.write_text(ROWS + "g,a,pc-i440fx-8.2,5,a,-,qemu64,uses-smm=no pae=no,yes\n")
    base = knowledge()
    task = PlanRequest(
        hosts=read_upgrades(fleet, base, [Target(qemu="8.1.5")]),
        guests=read_guests(guests, read_fleet(fleet, base), base.guests),
        knowledge=base,
        policy=Policy(boards=("pc-q35",), plan=PlanPolicy(restarts=True)),
        fleet_digest="sha256:0",
    )
    plan = make_plan(task)
    assert plan.restarts == () and plan.waves == ()
    assert [one.constraint for one in plan.relaxations] == ["machine-type"]


def test_guests_that_are_restarted_are_judged_on_their_new_baseline(tmp_path: Path) -> None:
    """The guest states waitpkg, which only some hosts have: no restart helps it."""
    fleet, guests = tmp_path / "fleet.csv", tmp_path / "guests.csv"
    fleet.write_text(
        "host,kernel,qemu,capabilities\n"
        "a,6.1.0-28-amd64,1:10.0.3+ds-0+deb13u1~bpo12+1,+kvm.msr.umwait_control\n"
        "b,6.1.0-28-amd64,1:10.0.3+ds-0+deb13u1~bpo12+1,-kvm.msr.umwait_control\n"
    )
    row = 'g,a,pc-q35-10.0,4,a,-,"qemu64,+waitpkg",uses-smm=no pae=no,yes\n'
    guests.write_text(ROWS + row)
    rules = PlanPolicy(restarts=True)
    found = planned(fleet, Target(kernel="6.1.0-40-amd64"), guests=guests, rules=rules)
    assert found.waves == ()
    assert {one.constraint for one in found.relaxations} == {"guests-of-today"}


def test_without_guests_and_without_an_answer_for_today_nothing_is_known(tmp_path: Path) -> None:
    """Safe forward only: today's mixture has no answer that anybody could be taken to follow."""
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(
        "host,kernel,qemu,capabilities,target_kernel\n"
        "a,4.18.20,4.0.0,-kvm.cap.adjust_clock,6.12.48+deb13-amd64\n"
        "b,6.12.48+deb13-amd64,4.0.0,,\n"
    )
    plan = planned(fleet)
    assert plan.waves == ()
    assert any("what guests of today run" in one.text for one in plan.relaxations)


def test_a_policy_that_shuts_every_answer_is_told(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(EIGHT_TO)
    base = knowledge()
    task = PlanRequest(
        hosts=read_upgrades(fleet, base, [Target(qemu="8.2.4")]),
        guests=None,
        knowledge=base,
        policy=Policy(floors=(("pc-q35", "pc-q35-9.0"),)),
        fleet_digest="sha256:0",
    )
    plan = make_plan(task)
    assert plan.waves == () and plan.relaxations


def test_an_answer_for_moves_forward_only_promises_no_way_back(tmp_path: Path) -> None:
    """Old hosts lack a capability that has no flag: nothing may go back from wave 1 on."""
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(
        "host,kernel,qemu,capabilities\n"
        "a,4.18.20,4.0.0,-kvm.cap.adjust_clock\nb,4.18.20,4.0.0,-kvm.cap.adjust_clock\n"
    )
    plan = planned(fleet, Target(kernel="6.12.48+deb13-amd64"))
    (pool,) = plan.domains
    assert pool.routing is Routing.UPGRADED_ONLY
    assert pool.point_of_no_return == 1
    assert not any(wave.rollback.free for wave in plan.waves)
    assert any("new guests" in reason for reason in plan.waves[0].rollback.reasons)
    assert not any("and back" in remedy.text for remedy in pool.remedies)


def test_guests_that_booted_in_another_pool_are_judged_as_booted_there(tmp_path: Path) -> None:
    """The boot host has a tap with USO; no host of the guest's own pool does."""
    fleet, guests = tmp_path / "fleet.csv", tmp_path / "guests.csv"
    qemu = "1:10.0.3+ds-0+deb13u1~bpo12+1"
    fleet.write_text(
        "host,pool,kernel,qemu,target_kernel\n"
        f"a,one,6.1.0-28-amd64,{qemu},6.1.0-40-amd64\nb,one,6.1.0-28-amd64,{qemu},6.1.0-40-amd64\n"
        f"far,two,6.12.48+deb13-amd64,{qemu},\n"
    )
    rows = "host,machine_type,count,booted_on,devices,cpu,traits\n"
    row = "a,pc-q35-10.0,10,{},virtio-net-pci+tap,qemu64,uses-smm=no pae=no negotiates-uso=yes\n"
    guests.write_text(rows + row.format("a"))
    assert planned(fleet, guests=guests).waves
    guests.write_text(rows + row.format("far"))
    found = planned(fleet, guests=guests)
    assert found.waves == ()
    assert {one.constraint for one in found.relaxations} == {"guests-of-today"}


def test_guests_that_cannot_migrate_are_off_in_the_wave_of_their_host(tmp_path: Path) -> None:
    guests = tmp_path / "guests.csv"
    row = "{},{},pc-q35-4.0,1,{},-,qemu64,uses-smm=no pae=no,no\n"
    hosts = ("old1", "old5", "old8")
    guests.write_text(ROWS + "".join(row.format(f"g-{host}", host, host) for host in hosts))
    path = ROOT / "examples" / "seed" / "rollout.csv"
    plan = planned(path, guests=guests, rules=PlanPolicy(restarts=True))
    wave_of = {host: wave.number for wave in plan.waves for host in wave.hosts}
    assert len({wave_of[host] for host in hosts}) == 3
    assert sorted(one.before_wave for one in plan.restarts) == sorted(wave_of[h] for h in hosts)


def test_what_a_rule_needs_of_hosts_and_nobody_says_is_a_missing_fact(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    build = "6.1.0-28-amd64,1:10.0.3+ds-0+deb13u1~bpo12+1"
    fleet.write_text(
        "host,kernel,qemu,failure_domain,blackout\n"
        f"a,{build},rack=r1,\nb,{build},,\nc,{build},rack=r2,2027-01-04..2027-01-05\n"
    )
    rules = PlanPolicy(domain_unavailable=(("rack", 1),), start=datetime.date(2027, 1, 4))
    found = planned(fleet, USO, rules=rules).relaxations
    assert [(one.constraint, one.examples) for one in found] == [("missing-fact", ("b",))]
    assert "rack" in found[0].text
    (found_day,) = planned(fleet, USO).relaxations
    assert found_day.examples == ("c",) and "--start" in found_day.text


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            "[plan]\nweights = { lba = 2.0 }\n",
            "policy.toml:2: plan.weights.lba: 'lba' is no pool; did you mean 'lab'?",
        ),
        (
            '[[plan.holds]]\npool = "lba"\nowner = "a"\nreason = "b"\n',
            "policy.toml:2: plan.holds[1].pool: 'lba' is no pool",
        ),
        (
            "[plan]\ndomain_unavailable = { rcak = 1 }\n",
            "plan.domain_unavailable.rcak: 'rcak' is no",
        ),
        ("[plan]\nwave_days = 0\n", "plan.wave_days: 0 is not a number of days from 1 on"),
    ],
)
def test_rules_of_a_plan_that_bound_nothing_are_refused(
    tmp_path: Path, rules: str, message: str
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(rules)
    fleet = str(ROOT / "examples" / "uso" / "fleet.csv")
    words = [fleet, "--target", "kernel=6.12.48+deb13-amd64", "--policy", str(policy)]
    with pytest.raises(PlannerError, match=re.escape(message)):
        CliRunner().invoke(app, ["plan", *words], catch_exceptions=False)


def test_flips_that_policy_blocks_and_those_that_are_done_are_told(tmp_path: Path) -> None:
    path = ROOT / "examples" / "seed" / "rollout.csv"
    base = knowledge()
    task = PlanRequest(
        hosts=read_upgrades(path, base, []),
        guests=None,
        knowledge=base,
        policy=replace(base.policy, ceilings=(("pc-q35", "pc-q35-3.1"),)),
        fleet_digest="sha256:0",
    )
    states = {
        (state.board, state.status): state
        for state in make_plan(task).states
        if state.board == "pc-q35"
    }
    blocked = states["pc-q35", FlipStatus.POLICY]
    assert blocked.after.machine_type == "pc-q35-4.0"
    assert blocked.reasons == ("the policy's ceiling is pc-q35-3.1",)
    assert blocked.before.machine_type == "pc-q35-3.1"
    same = Target(kernel="6.12.48+deb13-amd64")
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("host,kernel,qemu\na,6.12.43+deb13-amd64,8.2.7\nb,6.12.43+deb13-amd64,8.2.7\n")
    task = replace(task, hosts=read_upgrades(fleet, base, [same]), policy=base.policy)
    assert {state.status for state in make_plan(task).states} == {FlipStatus.DONE}


@pytest.mark.parametrize(
    "rules",
    [
        PlanPolicy(start=datetime.date(9999, 12, 31)),
        PlanPolicy(start=datetime.date(2027, 1, 4), soak_days=99_999_999_999),
        PlanPolicy(start=datetime.date(2027, 1, 4), wave_days=10_000_000),
    ],
)
def test_a_plan_past_the_calendar_is_refused(rules: PlanPolicy) -> None:
    with pytest.raises(PlannerError, match="before the year 10000"):
        planned(ROOT / "examples" / "seed" / "rollout.csv", rules=rules)


JAMMY = ("5.15.0-130-generic", "1:6.2+dfsg-2ubuntu6.24")
NOBLE = ("6.8.0-51-generic", "1:8.2.2+ds-0ubuntu1.4")
NEXT = ("6.8.0-60-generic", "1:8.2.2+ds-0ubuntu1.7")


def beside_newer_hosts(folder: Path, lasting: tuple[str, ...], on: str) -> tuple[Plan, Path, Path]:
    """Return the plan of two old and two newer hosts, of which `lasting` stay, and a newer guest."""
    hosts = {"old1": JAMMY, "old2": JAMMY, "new1": NOBLE, "new2": NOBLE}
    rows = [
        ",".join((name, *build, *(("", "") if name in lasting else NEXT)))
        for name, build in hosts.items()
    ]
    fleet, guests = folder / "fleet.csv", folder / "guests.csv"
    header = "host,kernel,qemu,target_kernel,target_qemu"
    fleet.write_text("\n".join((header, *rows)) + "\n")
    guests.write_text(
        "guest,host,machine_type,cpu,devices,booted_on\n"
        f"web,{on},pc-q35-noble,Haswell-noTSX,virtio-net-pci,{on}\n"
    )
    return planned(fleet, guests=guests), fleet, guests


@pytest.mark.parametrize("on", ["new1", "new2"])
def test_guests_of_a_newer_type_stay_among_the_hosts_that_offer_it(tmp_path: Path, on: str) -> None:
    made, fleet, guests = beside_newer_hosts(tmp_path, ("new1",), on)
    assert made.waves and not made.relaxations
    (pool,) = made.domains
    assert "1 guest on pc-q35-noble: moved only to hosts that offer it" in pool.assumptions
    base = knowledge()
    replayed = simulate(
        ReplayRequest(
            plan=made,
            hosts=read_upgrades(fleet, base, ()),
            guests=read_guests(guests, read_fleet(fleet, base), base.guests),
            knowledge=base,
            policy=Policy(),
        )
    )
    assert replayed.outcome is Outcome.SAFE


def test_guests_of_a_newer_type_need_a_host_that_stays(tmp_path: Path) -> None:
    made, _, _ = beside_newer_hosts(tmp_path, (), "new1")
    assert not made.waves
    (told, *_) = [one.text for one in made.relaxations if one.constraint == "guests-of-today"]
    assert told.count("is not offered") == 1
