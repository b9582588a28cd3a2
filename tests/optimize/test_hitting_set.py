"""The cheapest unlock set equals brute force, whichever method finds it."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.capability import CapabilityId, CapabilitySet
from planner.domain.host import HostProfile, QemuBuild
from planner.optimize.hitting_set import Requirement, cheapest, cheapest_by_search

BUILD = QemuBuild(line="upstream", release="8.2.4", version=(8, 2, 4))
PROFILES = tuple(
    HostProfile(
        arch="x86_64",
        qemu=BUILD,
        capabilities=CapabilitySet(present=frozenset({CapabilityId(f"k.{number}")})),
    )
    for number in range(6)
)

ways = st.frozensets(st.sampled_from(PROFILES), min_size=1, max_size=4)
requirements = st.lists(
    st.lists(ways, min_size=1, max_size=3).map(lambda found: Requirement("r", tuple(found))),
    min_size=1,
    max_size=4,
)
costs = st.lists(st.integers(1, 9), min_size=6, max_size=6)


def brute_force(required: list[Requirement], hosts: dict[HostProfile, int]) -> int:
    return min(
        sum(hosts[profile] for profile in chosen)
        for size in range(len(PROFILES) + 1)
        for chosen in combinations(PROFILES, size)
        if all(any(way <= set(chosen) for way in one.ways) for one in required)
    )


@settings(max_examples=200, deadline=None)
@given(required=requirements, counts=costs)
def test_cheapest_equals_brute_force(required: list[Requirement], counts: list[int]) -> None:
    hosts = dict(zip(PROFILES, counts, strict=True))
    found = cheapest(required, hosts)
    assert found.hosts == found.bound == brute_force(required, hosts)


@settings(max_examples=25, deadline=None)
@given(required=requirements, counts=costs)
def test_search_equals_brute_force_and_its_bound_is_true(
    required: list[Requirement], counts: list[int]
) -> None:
    hosts = dict(zip(PROFILES, counts, strict=True))
    found = cheapest_by_search(required, hosts)
    assert found.method == "optimal"
    assert found.hosts == found.bound == brute_force(required, hosts)
