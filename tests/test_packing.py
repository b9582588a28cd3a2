"""Packings keep every rule, bounds are true, and both equal brute force on small fleets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import event, given, settings
from hypothesis import strategies as st

from planner.domain.upgrade import FailureDomain, PlanPolicy, Room
from planner.plan.bounds import lower_bound
from planner.plan.packing import Budget, Infeasible, Packing, Piece, PoolSize, Rules, pack
from planner.plan.wave_limits import demands, wave_model
from tests.packing_truth import faults_of, fewest_waves

LOADS = st.integers(0, 16).map(lambda quarters: quarters / 4)
BARRED = st.frozensets(st.integers(1, 4), max_size=2)


@st.composite
def small_pieces(draw: st.DrawFn, most: int = 6) -> tuple[Piece, ...]:
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
            Piece(
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
def small_cases(draw: st.DrawFn, most: int = 6) -> tuple[tuple[Piece, ...], Rules]:
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
    return pieces, Rules(policy=policy, pools=pools, one_way=one_way, budgets=budgets)


def draw_pool(draw: st.DrawFn, pool: str, pieces: Sequence[Piece]) -> PoolSize:
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


def analytic_bound(pieces: Sequence[Piece], rules: Rules) -> int | None:
    return lower_bound(wave_model(pieces, rules, demands(pieces, rules)))


@settings(max_examples=600, deadline=None)
@given(case=small_cases())
def test_waves_and_bound_equal_brute_force(case: tuple[tuple[Piece, ...], Rules]) -> None:
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
    case: tuple[tuple[Piece, ...], Rules],
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
    case: tuple[tuple[Piece, ...], Rules], chance: random.Random
) -> None:
    pieces, rules = case
    shuffled = list(pieces)
    chance.shuffle(shuffled)
    pools = tuple(reversed(rules.pools))
    answer = pack(pieces, rules)
    assert answer == pack(shuffled, replace(rules, pools=pools))
    if isinstance(answer, Packing):
        assert faults_of(answer.waves, pieces, rules) == []
