"""Packings keep every rule, bounds are true, and both equal brute force on small fleets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from benchmarks.packing import many_pools, one_pool
from planner.domain.plans.upgrade import FailureDomain, PlanPolicy, Room
from planner.optimize.waves.bounds import lower_bound
from planner.optimize.waves.constraints import demands, wave_model
from planner.optimize.waves.pack import (
    Budget,
    HostToPack,
    Infeasible,
    Packing,
    PackingRules,
    PoolSize,
    pack,
)
from tests.optimize.waves.packing_truth import faults_of, fewest_waves

LOADS = st.integers(0, 16).map(lambda quarters: quarters / 4)
BARRED = st.frozensets(st.integers(1, 4), max_size=2)


@st.composite
def small_pieces(draw: st.DrawFn, most: int = 6) -> tuple[HostToPack, ...]:
    """A few hosts in two pools, in racks and power feeds that may cross."""
    pieces = []
    barring = draw(st.booleans())
    for number in range(draw(st.integers(1, most))):
        domains = [FailureDomain(family="rack", name=draw(st.sampled_from("ab")))]
        if draw(st.booleans()):
            domains.append(FailureDomain(family="feed", name=draw(st.sampled_from("xy"))))
        load = draw(LOADS)
        used = Room(vcpus=draw(LOADS), memory_gib=load)
        room = Room(vcpus=draw(st.integers(2, 6)), memory_gib=draw(st.integers(2, 6)))
        pieces.append(
            HostToPack(
                host=f"h{number}",
                pool=draw(st.sampled_from("pq")),
                failure_domains=tuple(domains),
                load_gib=load,
                room=room if draw(st.integers(0, 9)) else None,
                used=used if draw(st.integers(0, 9)) else None,
                barred=draw(BARRED) if barring else frozenset(),
            )
        )
    return tuple(pieces)


def maybe(values: st.SearchStrategy[float]) -> st.SearchStrategy[float | None]:
    return st.one_of(st.none(), values)


@st.composite
def small_cases(draw: st.DrawFn, most: int = 6) -> tuple[tuple[HostToPack, ...], PackingRules]:
    """Hosts and rules of every kind."""
    pieces = draw(small_pieces(most))
    families = draw(st.lists(st.sampled_from(["rack", "feed"]), unique=True))
    policy = PlanPolicy(
        domain_unavailable=tuple((family, draw(st.integers(1, 2))) for family in families),
        pool_unavailable=draw(st.one_of(st.none(), st.integers(1, 3))),
        pool_share=draw(st.sampled_from([0.1, 0.3, 0.5, 1.0])),
        fleet_unavailable=draw(st.one_of(st.none(), st.integers(1, 4))),
        evacuation_gib=draw(maybe(st.integers(14, 32).map(lambda quarters: quarters / 4))),
        fill=draw(st.sampled_from([0.7, 0.9, 1.0])),
        spare=draw(st.integers(0, 1)),
        weights=draw(st.sampled_from([(), (("p", 3.0),)])),
    )
    pools = tuple(draw_pool(draw, pool, pieces) for pool in "pq")
    one_way = draw(st.sampled_from([frozenset(), frozenset("p"), frozenset("pq")]))
    budgets: tuple[Budget, ...] = ()
    if draw(st.integers(0, 3)) == 0:
        amounts = tuple((piece.host, draw(LOADS)) for piece in pieces)
        budgets = (Budget(name="large guests", most=draw(LOADS) + 4, amounts=amounts),)
    return pieces, PackingRules(policy=policy, pools=pools, one_way=one_way, budgets=budgets)


def draw_pool(draw: st.DrawFn, pool: str, pieces: Sequence[HostToPack]) -> PoolSize:
    """A pool with a few hosts that stay, with or without capacities."""
    own = [piece for piece in pieces if piece.pool == pool]
    stay = draw(st.integers(0, 4))
    largest = Room(vcpus=6.0, memory_gib=6.0)
    hosts = len(own) + stay
    ready = Room(vcpus=draw(LOADS), memory_gib=draw(LOADS)) if stay else Room()
    if draw(st.booleans()):
        return PoolSize(pool=pool, hosts=hosts, largest=largest, ready=ready)
    rooms = [piece.room or largest for piece in own]
    capacity = Room(
        vcpus=sum(room.vcpus for room in rooms) + 6 * stay,
        memory_gib=sum(room.memory_gib for room in rooms) + 6 * stay,
    )
    share = draw(st.sampled_from([0.25, 0.5, 0.75]))
    used = Room(vcpus=capacity.vcpus * share, memory_gib=capacity.memory_gib * share)
    return PoolSize(
        pool=pool, hosts=hosts, capacity=capacity, used=used, largest=largest, ready=ready
    )


def analytic_bound(pieces: Sequence[HostToPack], rules: PackingRules) -> int | None:
    return lower_bound(wave_model(pieces, rules, demands(pieces, rules)))


@settings(max_examples=600, deadline=None)
@given(case=small_cases())
def test_waves_and_bound_equal_brute_force(
    case: tuple[tuple[HostToPack, ...], PackingRules],
) -> None:
    pieces, rules = case
    answer, truth = pack(pieces, rules), fewest_waves(pieces, rules)
    event("feasible" if truth is not None else "infeasible")
    if isinstance(answer, Infeasible):
        assert truth is None
        assert answer.proven
        assert answer.relaxations
        return
    assert faults_of(answer.waves, pieces, rules) == []
    event(f"{answer.method}, analytic bound {analytic_bound(pieces, rules) == truth}")
    assert len(answer.waves) == answer.bound == truth
    assert answer.method in {"closed-form", "optimal"}


@settings(max_examples=600, deadline=None)
@given(case=small_cases())
def test_the_bound_without_any_search_is_never_above_the_truth(
    case: tuple[tuple[HostToPack, ...], PackingRules],
) -> None:
    pieces, rules = case
    truth = fewest_waves(pieces, rules)
    if not isinstance(pack(pieces, rules), Infeasible):
        bound = analytic_bound(pieces, rules)
        assert bound is not None
        assert truth is not None
        assert bound <= truth


@settings(max_examples=60, deadline=None)
@given(case=small_cases(most=12), chance=st.randoms(use_true_random=False))
def test_order_of_input_does_not_matter(
    case: tuple[tuple[HostToPack, ...], PackingRules], chance: random.Random
) -> None:
    pieces, rules = case
    shuffled = list(pieces)
    chance.shuffle(shuffled)
    pools = tuple(reversed(rules.pools))
    answer = pack(pieces, rules)
    assert answer == pack(shuffled, replace(rules, pools=pools))
    if isinstance(answer, Packing):
        assert faults_of(answer.waves, pieces, rules) == []


def plain(count: int, pool: str = "p", *, load: float = 1.0) -> list[HostToPack]:
    """Equal hosts of one pool."""
    room, used = Room(vcpus=4.0, memory_gib=4.0), Room(vcpus=load, memory_gib=load)
    return [
        HostToPack(host=f"{pool}{number:03d}", pool=pool, load_gib=load, room=room, used=used)
        for number in range(count)
    ]


def size_of(pieces: Sequence[HostToPack], hosts: int = 0) -> PoolSize:
    """The pool of these hosts, its capacity and use, with hosts of 4 x 4 that stay."""
    count = max(hosts, len(pieces))
    used = sum(piece.load_gib for piece in pieces)
    return PoolSize(
        pool=pieces[0].pool,
        hosts=count,
        capacity=Room(vcpus=4.0 * count, memory_gib=4.0 * count),
        used=Room(vcpus=used, memory_gib=used),
        largest=Room(vcpus=4.0, memory_gib=4.0),
    )


def refused(pieces: Sequence[HostToPack], rules: PackingRules) -> dict[str, str]:
    """The texts of a refusal by constraint."""
    answer = pack(pieces, rules)
    assert isinstance(answer, Infeasible)
    assert answer.proven
    return {one.constraint: one.text for one in answer.relaxations}


def packed(pieces: Sequence[HostToPack], rules: PackingRules) -> Packing:
    answer = pack(pieces, rules)
    assert isinstance(answer, Packing)
    assert faults_of(answer.waves, pieces, rules) == []
    return answer


def test_nothing_to_upgrade_needs_no_wave() -> None:
    assert pack([], PackingRules(policy=PlanPolicy(), pools=())) == Packing(
        waves=(), bound=0, method="closed-form", spare=()
    )


def test_the_share_of_a_pool_counts_hosts_that_stay() -> None:
    pieces = plain(6)
    rules = PackingRules(policy=PlanPolicy(pool_share=0.1), pools=(PoolSize(pool="p", hosts=20),))
    answer = packed(pieces, rules)
    assert [len(wave) for wave in answer.waves] == [2, 2, 2]
    assert answer.method == "closed-form"
    assert answer.spare == (None, None, None)


def test_equal_hosts_that_fill_their_pool_follow_the_growth_table() -> None:
    """Waves of 1000 hosts: loads of 80 and 82 % under a fill of 90 %, 10 % at once."""
    for load, waves in ((3.2, 10), (3.28, 12)):
        pieces = plain(1000, load=load)
        sizes = (size_of(pieces),)
        rules = PackingRules(policy=PlanPolicy(), pools=sizes, one_way=frozenset("p"))
        answer = packed(pieces, rules)
        assert (len(answer.waves), answer.bound) == (waves, waves)


def test_spare_is_what_the_fill_leaves_in_the_fullest_pool() -> None:
    pieces = [*plain(2), *plain(2, "q", load=1.5)]
    sizes = (size_of(pieces[:2]), size_of(pieces[2:]))
    answer = packed(pieces, PackingRules(policy=PlanPolicy(fill=1.0), pools=sizes))
    assert answer.spare == (Room(vcpus=1.0, memory_gib=1.0),) * 2


def test_heavier_and_smaller_pools_end_early_and_cost_no_wave() -> None:
    pieces = [*plain(12, "a"), *plain(4, "b"), *plain(4, "c")]
    pools = tuple(PoolSize(pool=pool, hosts=12) for pool in "abc")
    for heavy, light in ("bc", "cb"):
        policy = PlanPolicy(pool_share=0.25, fleet_unavailable=5, weights=((heavy, 2.0),))
        answer = packed(pieces, PackingRules(policy=policy, pools=pools))
        ends = {host[0]: number for number, wave in enumerate(answer.waves, 1) for host in wave}
        assert ends == {"a": 4, heavy: 2, light: 4}
        assert answer.bound == 4


def test_a_full_pool_names_fill_spare_and_hosts_and_each_helps_alone() -> None:
    pieces = plain(4, load=2.6)
    policy = PlanPolicy(fill=0.8, spare=1)
    rules = PackingRules(policy=policy, pools=(size_of(pieces),))
    texts = refused(pieces, rules)
    assert set(texts) == {"hosts"}
    assert texts["hosts"].startswith("2 empty upgraded hosts more")
    packed(pieces, replace(rules, pools=(size_of(pieces, 6),)))
    assert isinstance(pack(pieces, replace(rules, pools=(size_of(pieces, 5),))), Infeasible)


def test_the_least_fill_is_found() -> None:
    pieces = plain(4, load=2.8)
    rules = PackingRules(policy=PlanPolicy(fill=0.9), pools=(size_of(pieces),))
    texts = refused(pieces, rules)
    assert texts["fill"].startswith("fill 0.9 -> 0.94: pool p is too full for p000")
    packed(pieces, replace(rules, policy=PlanPolicy(fill=0.94)))
    assert isinstance(pack(pieces, replace(rules, policy=PlanPolicy(fill=0.93))), Infeasible)


def test_spare_hosts_are_given_up_one_by_one() -> None:
    pieces = plain(6, load=1.0)
    rules = PackingRules(policy=PlanPolicy(spare=5), pools=(size_of(pieces),))
    assert refused(pieces, rules)["spare"].startswith("spare 5 -> 3")
    packed(pieces, replace(rules, policy=PlanPolicy(spare=3)))
    assert isinstance(pack(pieces, replace(rules, policy=PlanPolicy(spare=4))), Infeasible)


def test_limits_below_a_single_host_name_it() -> None:
    heavy = replace(plain(1)[0], host="big", load_gib=512.0)
    rack = FailureDomain(family="rack", name="r1")
    pieces = [heavy, replace(plain(1)[0], failure_domains=(rack,))]
    policy = PlanPolicy(evacuation_gib=256.0, domain_unavailable=(("rack", 0),))
    texts = refused(pieces, PackingRules(policy=policy, pools=(PoolSize(pool="p", hosts=2),)))
    assert texts == {
        "evacuation_gib": "evacuation_gib of p 256 -> 512: big alone needs it",
        "domain_unavailable rack": "domain_unavailable rack of r1 0 -> 1: no host may go down",
    }


@pytest.mark.parametrize(
    ("horizon", "barred", "constraint", "text"),
    [
        (3, frozenset(), "horizon", "horizon 3 -> 4 waves: so many are needed"),
        (3, frozenset(), "pool_unavailable", "pool_unavailable of p 1 -> 2"),
        (2, frozenset({1, 2}), "blackouts", "blackouts of p000: they bar every one of 2 waves"),
    ],
)
def test_a_short_horizon_names_what_needs_more_waves(
    horizon: int, barred: frozenset[int], constraint: str, text: str
) -> None:
    pieces = plain(4)
    pieces[0] = replace(pieces[0], barred=barred)
    rules = PackingRules(policy=PlanPolicy(), pools=(PoolSize(pool="p", hosts=4),), horizon=horizon)
    assert refused(pieces, rules)[constraint].startswith(text)
    packed(pieces, replace(rules, horizon=4))


def test_one_way_guests_without_room_name_each_way_out() -> None:
    pieces = plain(4, load=3.9)
    sizes = (PoolSize(pool="p", hosts=4, largest=Room(vcpus=4.0, memory_gib=4.0)),)
    rules = PackingRules(policy=PlanPolicy(), pools=sizes, one_way=frozenset("p"))
    texts = refused(pieces, rules)
    assert texts["fill"].startswith("fill 0.9 -> 0.98")
    assert texts["one-way"].startswith("guests of pool p may go to hosts not yet upgraded")
    assert fewest_waves(pieces, rules) is None
    packed(pieces, replace(rules, policy=PlanPolicy(fill=0.98)))
    packed(pieces, replace(rules, one_way=frozenset()))


@pytest.mark.parametrize("budget", ["loose", "tight"])
@pytest.mark.parametrize("one_way", [False, True])
def test_a_large_pool_is_at_most_one_wave_above_its_bound(budget: str, one_way: bool) -> None:
    pieces, rules = one_pool(1000, budget, one_way=one_way)
    assert packed(pieces, rules).gap <= 1


def test_many_pools_below_one_limit_meet_their_bound() -> None:
    pieces, rules = many_pools(40, 1200)
    assert packed(pieces, rules).gap == 0
