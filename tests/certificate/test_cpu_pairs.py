"""CPUs judged feature by feature are judged as pair by pair: the certificate's own bits are equal."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain, product

import pytest

from planner.certificate import cpu_pairs
from planner.certificate.cpu_pairs import START, CpuPairs, apart
from planner.certificate.pairs import ObjectionTable
from planner.domain.capability import CapabilityId, CapabilitySet, TakenFeature
from planner.domain.host import HostProfile, MigrationEdge
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.rules.cpu_rules import judge_cpu_features
from planner.migration.rules.host_rules import judge_vendors

SETS = 2000
Two = Iterable[tuple[int, str]]


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def pair_by_pair(hosts: Iterable[HostProfile], table: ObjectionTable) -> int:
    """Return what the judge objects to on any ordered pair: slow, and as plain as the rule."""
    bits = 0
    for source, destination in product(hosts, repeat=2):
        edge = MigrationEdge(source=source, destination=destination)
        features = judge_cpu_features(edge, START, knowledge(), "plain")
        bits |= table.enter(chain(judge_vendors(edge, knowledge()), features))
    return bits


def some(luck: random.Random, names: list[CapabilityId]) -> frozenset[CapabilityId]:
    return frozenset(name for name in names if luck.random() < 0.3)


def a_host(
    luck: random.Random, names: list[CapabilityId], taken: list[TakenFeature]
) -> HostProfile:
    build = knowledge().builds.place("10.0.2")
    assert build is not None
    absent = some(luck, names)
    return HostProfile(
        arch="x86_64" if luck.random() < 0.9 else "aarch64",
        qemu=build,
        capabilities=CapabilitySet(
            present=some(luck, names) - absent, absent=absent, possible=frozenset()
        ),
        kernel_doubt=str(luck.random()),  # no two of them are equal
        kernel_token=luck.choice(["", "a", "a", "a", "b"]),
        cpu_vendor=luck.choice(["", "intel", "intel", "amd"]),
        cpu_model=luck.choice(["", "", "X", "Y"]),
        cpu_generation=luck.choice(["", "", "cascadelake"]),
        cpu_identity=luck.choice([(), (), (("cpu.model", "85"),), (("cpu.model", "106"),)]),
        unsure_cpu_features=some(luck, names),
        unoffered_cpu_features=some(luck, names),
        one_vendor_cpu_features=some(luck, names),
        taken_cpu_features=frozenset(one for one in taken if luck.random() < 0.2),
    )


def a_set(seed: int) -> list[HostProfile]:
    luck = random.Random(seed)
    known = sorted(f"cpu.{name}" for name in knowledge().guests.cpu_features)
    names = [CapabilityId(name) for name in luck.sample(known, luck.randint(1, 4))]
    fault = CapabilityId("cleared.fault")
    taken = [
        TakenFeature(feature=name, fault=fault, told=told)
        for name in names
        for told in ("k1", "k2")
    ]
    hosts = [a_host(luck, names, taken) for _ in range(luck.randint(1, 5))]
    if luck.random() < 0.5:
        hosts = [host for host in hosts if host.arch == hosts[0].arch]
    return hosts


def differing(sets: int = SETS) -> int:
    """Return how many sets have other bits than pair by pair; memory is kept, as in a fleet."""
    table = ObjectionTable(knowledge().policy)
    pairs = CpuPairs(knowledge(), table, "plain")
    return sum(
        pairs.demands(hosts) != pair_by_pair(hosts, table) for hosts in map(a_set, range(sets))
    )


def test_bits_are_those_of_all_pairs() -> None:
    assert not differing()


def both(sources: Two, destinations: Two) -> int:
    """Forget that equal kernels cancel."""
    return any_of(sources) & any_of(destinations)


def any_of(hosts: Two) -> int:
    bits = 0
    for one, _ in hosts:
        bits |= one
    return bits


def first_kernels(sources: Two, destinations: Two) -> int:
    """Let go what any one kernel has on both sides, though another kernel has it too."""
    found, other = tuple(sources), tuple(destinations)
    alike = any_of((one & two, "") for (one, k), (two, j) in product(found, other) if k == j)
    return both(found, other) & ~alike


def known_kernels(sources: Two, destinations: Two) -> int:
    """Take two kernels of which nobody knows the release for one."""
    return apart(
        ((bits, kernel or "?") for bits, kernel in sources),
        ((bits, kernel or "?") for bits, kernel in destinations),
    )


@pytest.mark.parametrize("wrong", [both, first_kernels, known_kernels])
def test_quick_and_wrong_ways_are_caught(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[[Two, Two], int]
) -> None:
    monkeypatch.setattr(cpu_pairs, "apart", wrong)
    assert differing(400) > 5


@pytest.mark.parametrize("left_out", ["_taken", "_doubted", "_of_makers"])
def test_no_part_is_idle(monkeypatch: pytest.MonkeyPatch, left_out: str) -> None:
    empty: object = () if left_out == "_taken" else 0
    monkeypatch.setattr(CpuPairs, left_out, lambda *_: empty)
    assert differing(400) > 5


def test_apart_is_what_it_says() -> None:
    for seed in range(3000):
        luck = random.Random(seed)
        hosts = [
            [(luck.randrange(8), luck.choice("xyz ").strip()) for _ in range(luck.randint(0, 4))]
            for _ in range(2)
        ]
        expected = 0
        for (one, kernel), (two, other) in product(*hosts):
            expected |= one & two if kernel != other or not kernel else 0
        assert apart(*hosts) == expected
