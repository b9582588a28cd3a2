"""Of a pool that builds alone tell apart, one host of each build is looked at."""

from __future__ import annotations

from itertools import product

import pytest

from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.knowledge.load import load_knowledge
from planner.migration.graph import MigrationDomain, complete_domains
from planner.migration.profiles import profile_fleet
from planner.solver.build_differences import DifferenceFinder

KERNELS = ("6.1.0-18-amd64", "5.15.0-119-generic", "4.18.0-553.el8_10.x86_64")
BUILDS = ("10.0.2", "1:7.2+dfsg-7+deb12u5", "1:6.2+dfsg-2ubuntu6.22", "7.2.0")
KNOWLEDGE = load_knowledge()


def a_pool(cpus: tuple[str, ...]) -> MigrationDomain:
    groups = tuple(
        HostGroup(
            pool=PoolName("p"),
            kernel=kernel,
            qemu=qemu,
            hosts=(HostName(f"{kernel}-{qemu}-{cpu}"),),
            cpu=cpu,
        )
        for kernel, qemu, cpu in product(KERNELS, BUILDS, cpus)
    )
    (domain,) = complete_domains(profile_fleet(Fleet(groups=groups), KNOWLEDGE).pools)
    return domain


@pytest.mark.parametrize(
    ("cpus", "is_plain"), [(("",), True), (("Cascadelake-Server",), True), (("EPYC", ""), True)]
)
@pytest.mark.parametrize("machine_type", ["pc-q35-6.2", "pc-i440fx-7.2"])
def test_one_host_of_each_build_tells_what_all_tell(
    monkeypatch: pytest.MonkeyPatch, cpus: tuple[str, ...], is_plain: bool, machine_type: str
) -> None:
    pool = a_pool(cpus)
    quick = DifferenceFinder(knowledge=KNOWLEDGE, policy=KNOWLEDGE.policy)
    assert quick._is_plain(pool) is is_plain
    few = tuple(quick._issues(pool, machine_type))
    monkeypatch.setattr(DifferenceFinder, "_is_plain", lambda *_: False)
    slow = DifferenceFinder(knowledge=KNOWLEDGE, policy=KNOWLEDGE.policy)
    assert few == tuple(slow._issues(pool, machine_type))
    assert few


def test_pools_of_different_cpus_are_looked_at_host_by_host() -> None:
    pool = a_pool(("EPYC", "Cascadelake-Server"))
    finder = DifferenceFinder(knowledge=KNOWLEDGE, policy=KNOWLEDGE.policy)
    assert not finder._is_plain(pool)
    assert any(issue.sides for issue in finder._issues(pool, "pc-q35-6.2"))
