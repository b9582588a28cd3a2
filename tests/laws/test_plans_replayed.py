"""What the planner of waves makes, the replay proves: they share nothing but the domain types."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from hypothesis import event, given, settings
from hypothesis import strategies as st

from planner.domain.capability import CapabilityId
from planner.domain.compat import CompatFlag
from planner.domain.guest import GuestCpu, GuestGroup
from planner.domain.host import HostGroup, HostName, PoolName
from planner.domain.plans.plan import Plan, TakesEffect
from planner.domain.plans.simulation import Simulation
from planner.domain.plans.upgrade import PlanPolicy, UpgradeHost
from planner.domain.policy import Policy
from planner.domain.verdict import Outcome
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.replay.simulate import ReplayRequest, simulate
from planner.rollout.make_plan import PlanRequest, make_plan

BUILDS = ("1.0.0", "2.0.0", "3.0.0")
NAMES = ("k.a", "k.c", "tun.x")
SIGNS = ("+++", "+++", "---", "+-+", "-++", "++-", "???")
FLAGS = ("cpu.x-grave=off", "net.x-offload=off")
CPUS = (None, GuestCpu.parse("plain"), GuestCpu.parse("plain,+f"))


@cache
def world() -> KnowledgeBase:
    return load_knowledge(root=Path(__file__).resolve().parents[1] / "small_world")


def stated(signs: str, wanted: str) -> frozenset[CapabilityId]:
    pairs = zip(NAMES, signs, strict=True)
    return frozenset(CapabilityId(name) for name, sign in pairs if sign == wanted)


@st.composite
def fleets(draw: st.DrawFn) -> tuple[UpgradeHost, ...]:
    """Hosts of few sorts in one or two pools, most of them on their way."""
    kernels, builds = draw(
        st.sampled_from(
            [
                *(("1", ("2.0.0", "3.0.0")), ("1", ("1.0.0", "2.0.0")), ("1", BUILDS)),
                *(("12", ("3.0.0",)), ("12", ("2.0.0", "3.0.0")), ("2", ("3.0.0",))),
            ]
        )
    )
    sorts = [
        (
            draw(st.sampled_from(kernels)),
            draw(st.sampled_from(builds)),
            draw(st.sampled_from(SIGNS)),
        )
        for _ in range(draw(st.integers(1, 2)))
    ]
    goals = [
        (draw(st.sampled_from(kernels)), draw(st.sampled_from(builds)))
        for _ in range(draw(st.integers(1, 2)))
    ]
    hosts = []
    for number in range(draw(st.integers(2, 5))):
        kernel, qemu, signs = draw(st.sampled_from(sorts))
        group = HostGroup(
            pool=PoolName(draw(st.sampled_from("pq")) if number > 1 else "p"),
            kernel=kernel,
            qemu=qemu,
            hosts=(HostName(f"h{number}"),),
            present=stated(signs, "+"),
            absent=stated(signs, "-"),
        )
        goal = draw(st.sampled_from([None, *goals, *goals, *goals]))
        target = None if goal is None else group.with_build(kernel=goal[0], qemu=goal[1])
        same = target is None or (target.kernel, target.qemu) == (kernel, qemu)
        hosts.append(
            UpgradeHost(
                name=group.hosts[0], pool=group.pool, group=group, target=None if same else target
            )
        )
    return tuple(hosts)


@st.composite
def guests_of(draw: st.DrawFn, hosts: tuple[UpgradeHost, ...]) -> tuple[GuestGroup, ...] | None:
    if draw(st.booleans()):
        return None
    found = []
    for _ in range(draw(st.integers(0, 3))):
        host = draw(st.sampled_from(hosts))
        flags = draw(st.lists(st.sampled_from(FLAGS), unique=True, max_size=2))
        found.append(
            GuestGroup(
                pool=str(host.pool),
                host=str(host.name),
                machine_type=draw(st.sampled_from(["t1", "t2", "t2", "t2"])),
                flags=tuple(CompatFlag.parse(flag) for flag in flags),
                booted_on=draw(st.sampled_from(["", *(str(one.name) for one in hosts)])),
                devices=(),
                cpu=draw(st.sampled_from(CPUS[:2] * 3 + CPUS)),
                count=draw(st.integers(1, 3)),
                migratable=draw(st.sampled_from([True, True, True, True, True, False])),
            )
        )
    return tuple(found)


@st.composite
def tasks(draw: st.DrawFn) -> PlanRequest:
    hosts = draw(fleets())
    rules = PlanPolicy(
        pool_share=draw(st.sampled_from([0.1, 0.5])),
        restarts=draw(st.booleans()),
        device_flags_may_differ=draw(st.booleans()),
    )
    return PlanRequest(
        hosts=hosts,
        guests=draw(guests_of(hosts)),
        knowledge=world(),
        policy=replace(world().policy, plan=rules),
        fleet_digest="sha256:0",
    )


def replayed(task: PlanRequest, plan: Plan) -> Simulation:
    return simulate(
        ReplayRequest(
            plan=plan,
            hosts=task.hosts,
            guests=task.guests,
            knowledge=task.knowledge,
            policy=task.policy,
            bounded=True,
        )
    )


def lone(hosts: tuple[UpgradeHost, ...]) -> bool:
    """Whether the only host of a pool is upgraded: its guests have nowhere to go."""
    pools = [host.pool for host in hosts]
    return any(pools.count(host.pool) == 1 and host.target is not None for host in hosts)


@settings(max_examples=400, deadline=None)
@given(task=tasks())
def test_every_plan_that_is_made_is_proven(task: PlanRequest) -> None:
    plan = make_plan(task)
    event("plan" if plan.waves else "no plan")
    if not plan.waves or (lone(task.hosts) and task.guests is None):
        return
    found = replayed(task, plan)
    assert not found.contradictions
    assert found.violation is None, found.violation
    assert found.outcome is Outcome.SAFE, found.gap


def test_a_restarted_guest_may_come_up_on_a_host_that_is_not_upgraded_yet() -> None:
    """It ran on an upgraded host; started anew on an old one it may have what no new one takes."""
    old, new = (
        HostGroup(pool=PoolName("p"), kernel=kernel, qemu="3.0.0", hosts=(HostName("h"),))
        for kernel in "12"
    )
    old = replace(old, present=stated("+++", "+"))
    hosts = tuple(
        UpgradeHost(
            name=HostName(name),
            pool=PoolName("p"),
            group=replace(group, hosts=(HostName(name),)),
            target=None if target is None else replace(target, hosts=(HostName(name),)),
        )
        for name, group, target in (("a", new, None), ("b", new, None), ("c", old, new))
    )
    guest = GuestGroup(
        pool="p", host="a", machine_type="t1", flags=(), cpu=GuestCpu.parse("plain,+f"), devices=()
    )
    rules = replace(world().policy, plan=PlanPolicy(restarts=True))
    task = PlanRequest(
        hosts=hosts, guests=(guest,), knowledge=world(), policy=rules, fleet_digest="sha256:0"
    )
    plan = make_plan(task)
    assert not plan.waves
    assert plan.relaxations


def test_guests_go_with_those_of_their_baseline_that_are_restarted() -> None:
    """A restart names guests by what they run: it cannot mean some of them."""

    def host(name: str, qemu: str, target: str) -> UpgradeHost:
        group = HostGroup(
            pool=PoolName("p"),
            kernel="1",
            qemu=qemu,
            hosts=(HostName(name),),
            present=stated("+++", "+"),
        )
        wanted = None if target == qemu else group.with_build(kernel="1", qemu=target)
        return UpgradeHost(name=group.hosts[0], pool=group.pool, group=group, target=wanted)

    flags = (CompatFlag.parse("cpu.x-grave=off"),)
    old = GuestGroup(pool="p", host="a", machine_type="t2", flags=flags, cpu=None, devices=())
    guests = (old, replace(old, host="b", traits=frozenset({("idle", True)})))
    task = PlanRequest(
        hosts=(
            host("a", "2.0.0", "2.0.0"),
            host("b", "3.0.0", "3.0.0"),
            host("c", "2.0.0", "3.0.0"),
        ),
        guests=guests,
        knowledge=world(),
        policy=replace(world().policy, plan=PlanPolicy(restarts=True)),
        fleet_digest="sha256:0",
    )
    plan = make_plan(task)
    assert [step.guests for step in plan.restarts] == [2]
    assert replayed(task, plan).outcome is Outcome.SAFE


@settings(max_examples=200, deadline=None)
@given(task=tasks())
def test_a_way_back_that_is_free_is_a_way_back(task: PlanRequest) -> None:
    """After each wave after which the plan says that rollback is free, guests can follow the hosts."""
    plan = make_plan(task)
    if lone(task.hosts):
        return
    for wave in plan.waves:
        if wave.rollback.free:
            found = simulate(
                ReplayRequest(
                    plan=plan,
                    hosts=task.hosts,
                    guests=task.guests,
                    knowledge=task.knowledge,
                    policy=Policy(plan=task.policy.plan),
                    abort_after=wave.number,
                )
            )
            assert found.violation is None, (wave.number, found.violation)


def test_features_that_nobody_knows_wait_for_a_power_cycle() -> None:
    """A guest that booted with an offload known may hop to where it is not, before it is rebooted."""
    known = frozenset(CapabilityId(name) for name in NAMES)
    hosts = []
    for name in ("h1", "h2"):
        group = HostGroup(
            pool=PoolName("p"), kernel="1", qemu="3.0.0", hosts=(HostName(name),), present=known
        )
        target = replace(group, kernel="2", present=frozenset())
        hosts.append(
            UpgradeHost(name=HostName(name), pool=PoolName("p"), group=group, target=target)
        )
    rules = PlanPolicy(pool_share=0.1, device_flags_may_differ=True)
    task = PlanRequest(
        hosts=tuple(hosts),
        guests=(),
        knowledge=world(),
        policy=replace(world().policy, plan=rules),
        fleet_digest="sha256:0",
    )
    plan = make_plan(task)
    *streams, flip = [flip for wave in plan.waves for flip in wave.flips]
    assert all(one.takes_effect is TakesEffect.NEXT_HOP for one in streams)
    assert flip.takes_effect is TakesEffect.POWER_CYCLE
    assert replayed(task, plan).outcome is Outcome.SAFE


def test_a_guest_on_a_host_without_its_type_is_not_taken_to_be_at_home() -> None:
    """A guests file that says so speaks of another process than the host's QEMU: no plan is proven."""
    without, having = (
        HostGroup(pool=PoolName("p"), kernel="1", qemu=qemu, hosts=(HostName(name),))
        for name, qemu in (("a", "3.0.0"), ("b", "2.0.0"))
    )
    hosts = (
        UpgradeHost(
            name=HostName("a"),
            pool=PoolName("p"),
            group=without,
            target=replace(without, qemu="2.0.0"),
        ),
        UpgradeHost(name=HostName("b"), pool=PoolName("p"), group=having, target=None),
    )
    guests = (GuestGroup(pool="p", host="a", machine_type="t1", devices=()),)
    plan = make_plan(
        PlanRequest(
            hosts=hosts,
            guests=guests,
            knowledge=world(),
            policy=world().policy,
            fleet_digest="sha256:0",
        )
    )
    assert not plan.waves
    assert plan.relaxations
