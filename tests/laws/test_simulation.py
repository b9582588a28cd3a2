"""The replay equals an exhaustive one; a fault only adds; the order of hosts changes nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.capability import CapabilityId
from planner.domain.compat import CompatFlag
from planner.domain.guest import Baseline
from planner.domain.host import HostGroup, HostName, PoolName
from planner.domain.plans.plan import (
    Bounds,
    DomainPlan,
    Flip,
    HostUpgrade,
    Plan,
    Rollback,
    Routing,
    TakesEffect,
    Wave,
)
from planner.domain.plans.simulation import HostFailure
from planner.domain.plans.upgrade import UpgradeHost
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.replay.simulate import ReplayRequest, simulate
from tests.laws.replay_reference import Reference

NAMES = ("k.a", "k.c", "tun.x")
BUILDS = ("1.0.0", "2.0.0", "3.0.0")
FLAGS = ("cpu.x-grave=off", "cpu.x-cosmetic=off", "net.x-offload=off")
WAVES = 3


@cache
def world() -> KnowledgeBase:
    return load_knowledge(root=Path(__file__).resolve().parents[1] / "small_world")


def stated(signs: str) -> tuple[frozenset[CapabilityId], frozenset[CapabilityId]]:
    pairs = list(zip(NAMES, signs, strict=True))
    return (
        frozenset(CapabilityId(name) for name, sign in pairs if sign == "+"),
        frozenset(CapabilityId(name) for name, sign in pairs if sign == "-"),
    )


def a_host(name: str, kernel: str, qemu: str, signs: str) -> UpgradeHost:
    present, absent = stated(signs)
    group = HostGroup(
        pool=PoolName("p"),
        kernel=kernel,
        qemu=qemu,
        hosts=(HostName(name),),
        present=present,
        absent=absent,
    )
    return UpgradeHost(name=HostName(name), pool=PoolName("p"), group=group, target=None)


def a_baseline(machine_type: str, flags: tuple[str, ...]) -> Baseline:
    return Baseline(
        machine_type=machine_type, flags=tuple(CompatFlag.parse(flag) for flag in flags)
    )


@st.composite
def upgrades(draw: st.DrawFn) -> tuple[tuple[UpgradeHost, ...], dict[int, list[HostUpgrade]]]:
    """Some hosts of few sorts, each with a step in one of the waves or none."""
    sorts = [
        (
            draw(st.sampled_from("12")),
            draw(st.sampled_from(BUILDS)),
            draw(st.sampled_from(["???", "+++", "---", "+-+", "-++", "+?-"])),
        )
        for _ in range(draw(st.sampled_from([1, 1, 1, 2])))
    ]
    goals = [(draw(st.sampled_from("12")), draw(st.sampled_from(BUILDS))) for _ in range(2)]
    hosts, steps = [], dict[int, list[HostUpgrade]]()
    for number in range(draw(st.integers(1, 5))):
        kernel, qemu, signs = draw(st.sampled_from(sorts))
        hosts.append(a_host(f"h{number}", kernel, qemu, signs))
        wave = draw(st.integers(0, WAVES))
        goal = draw(st.sampled_from(goals))
        if wave:
            steps.setdefault(wave, []).append(
                HostUpgrade(
                    host=f"h{number}",
                    from_kernel=kernel,
                    from_qemu=qemu,
                    kernel=goal[0],
                    qemu=goal[1],
                )
            )
    return tuple(hosts), steps


BASELINES = st.builds(
    a_baseline,
    st.sampled_from(["t1", "t2", "t3"]),
    st.lists(st.sampled_from(FLAGS), unique=True, max_size=3).map(tuple),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Plan, tuple[UpgradeHost, ...]]:
    hosts, steps = draw(upgrades())
    first, second = draw(BASELINES), draw(BASELINES)
    flip = Flip(
        domain="p",
        board="pc-q35",
        line="upstream",
        before=first,
        after=second,
        after_wave=draw(st.integers(1, WAVES)),
        takes_effect=TakesEffect.NEXT_LAUNCH,
        soak_days=0,
        not_before=None,
        guests_pending=None,
        arguments="",
    )
    flips = (flip,) if draw(st.booleans()) else ()
    routing = draw(st.sampled_from(Routing))
    return a_plan(steps, first, flips, routing, len(hosts)), hosts


def a_plan(
    steps: dict[int, list[HostUpgrade]],
    first: Baseline,
    flips: tuple[Flip, ...],
    routing: Routing,
    hosts: int,
) -> Plan:
    waves = tuple(
        Wave(
            number=number,
            day=None,
            hosts=tuple(step.host for step in steps.get(number, ())),
            upgrades=tuple(steps.get(number, ())),
            why=(),
            moves=None,
            spare=None,
            flips=tuple(flip for flip in flips if flip.after_wave == number),
            rollback=Rollback(free=False, guests=None, vcpus=None),
            one_way_guests=None,
        )
        for number in range(1, WAVES + 1)
    )
    domain = DomainPlan(
        domain="p",
        hosts=hosts,
        baselines=(first,),
        routing=routing,
        remedies=(),
        point_of_no_return=None,
    )
    return Plan(
        waves=waves,
        domains=(domain,),
        bounds=Bounds(waves=0, method="heuristic", gap=0),
        restarts=(),
        masks=(),
        held=(),
        states=(),
        radar=(),
        relaxations=(),
        knowledge_digest="",
        fleet_digest="",
    )


def a_scenario(plan: Plan, hosts: tuple[UpgradeHost, ...]) -> ReplayRequest:
    return ReplayRequest(
        plan=plan, hosts=hosts, guests=None, knowledge=world(), policy=world().policy
    )


@settings(max_examples=700, deadline=None)
@given(case=cases())
def test_the_replay_equals_an_exhaustive_one(case: tuple[Plan, tuple[UpgradeHost, ...]]) -> None:
    plan, hosts = case
    found = simulate(a_scenario(plan, hosts))
    violation, gap = Reference(plan, hosts, world()).run()
    told = found.violation
    assert (None if told is None else (told.wave, told.phase)) == violation
    if violation is None:
        assert (None if found.gap is None else (found.gap.wave, found.gap.phase)) == gap


FAILURES = st.lists(
    st.builds(HostFailure, host=st.sampled_from(["h0", "h1", "h2"]), wave=st.integers(1, WAVES)),
    max_size=3,
    unique=True,
)


@settings(max_examples=400, deadline=None)
@given(case=cases(), failures=FAILURES, kept=st.integers(0, 7), abort=st.booleans())
def test_a_fault_less_never_adds_a_violation(
    case: tuple[Plan, tuple[UpgradeHost, ...]],
    failures: list[HostFailure],
    kept: int,
    abort: bool,
) -> None:
    plan, hosts = case
    names = {str(host.name) for host in hosts}
    known = [one for one in failures if one.host in names]
    fewer = [one for place, one in enumerate(known) if kept >> place & 1]
    more = replace(a_scenario(plan, hosts), failures=tuple(known), abort_after=1 if abort else None)
    whole = simulate(more).violation
    part = simulate(replace(more, failures=tuple(fewer), abort_after=None)).violation
    if part is not None:
        assert whole is not None
        assert whole.moment <= part.moment


@settings(max_examples=200, deadline=None)
@given(case=cases(), seed=st.integers(0, 100))
def test_the_order_of_hosts_changes_nothing(
    case: tuple[Plan, tuple[UpgradeHost, ...]], seed: int
) -> None:
    plan, hosts = case
    shuffled = list(hosts)
    random.Random(seed).shuffle(shuffled)
    assert simulate(a_scenario(plan, hosts)) == simulate(a_scenario(plan, tuple(shuffled)))


@settings(max_examples=200, deadline=None)
@given(case=cases())
def test_a_twin_pool_changes_nothing(case: tuple[Plan, tuple[UpgradeHost, ...]]) -> None:
    plan, hosts = case
    single = simulate(a_scenario(plan, hosts))
    double = simulate(a_scenario(twice(plan), (*hosts, *(twin(host) for host in hosts))))
    assert double.judgements == 2 * single.judgements
    assert double.violation == single.violation
    assert double.gap == single.gap


def twin(host: UpgradeHost) -> UpgradeHost:
    pool, name = PoolName("q"), HostName(f"q{host.name}")
    group = replace(host.group, pool=pool, hosts=(name,))
    return replace(host, name=name, pool=pool, group=group)


def twice(plan: Plan) -> Plan:
    """Return a plan with a second pool that goes the same way, one wave later."""
    last = plan.waves[-1]
    late = replace(last, number=last.number + 1, hosts=(), upgrades=(), flips=())
    waves = []
    shifted: Wave | None = None
    for wave in (*plan.waves, late):
        steps = shifted.upgrades if shifted is not None else ()
        flips = shifted.flips if shifted is not None else ()
        moved = tuple(replace(step, host=f"q{step.host}") for step in steps)
        own = tuple(replace(flip, domain="q", after_wave=wave.number) for flip in flips)
        upgrades_here = (*wave.upgrades, *moved)
        waves.append(
            replace(
                wave,
                hosts=tuple(step.host for step in upgrades_here),
                upgrades=upgrades_here,
                flips=(*wave.flips, *own),
            )
        )
        shifted = wave
    domains = (*plan.domains, replace(plan.domains[0], domain="q"))
    return replace(plan, waves=tuple(waves), domains=domains)
