"""The certificate judges releases once that no table tells apart: the rules must not tell them apart."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from benchmarks.fleets import KINDS, write_fleet
from planner.answers.edge_map import edge_maps
from planner.certificate.certify import CertificationError, Certifier
from planner.domain.edge_map import TrialKind
from planner.domain.guest import Baseline, GuestStart
from planner.domain.host import HostGroup, HostName, PoolName, QemuBuild
from planner.domain.migrated import Clause
from planner.domain.policy import Policy
from planner.domain.verdict import Rule
from planner.fleet.hosts import read_fleet
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.graph import MigrationDomain, complete_domains
from planner.migration.profiles import PoolMember, Profiler, profile_fleet
from planner.migration.rules.build_rules import judge_builds
from planner.solver import build_differences
from planner.solver.solve import Solver, baseline_of

ALIKE = {
    "proxmox": ("9.0.2-2", "9.0.2-4"),
    "rhel 8": (
        "qemu-kvm-6.2.0-50.module+el8.10.0+21533+3df3c4b6",
        "qemu-kvm-6.2.0-53.module+el8.10.0+21533+3df3c4b6",
    ),
    "rhel 9": ("qemu-kvm-9.1.0-15.el9_6.3", "qemu-kvm-9.1.0-15.el9_6.9"),
    "ubuntu": ("1:6.2+dfsg-2ubuntu6.16", "1:6.2+dfsg-2ubuntu6.24"),
}
OTHERS = ("8.2.4", "1:7.2+dfsg-7+deb12u5", "1:8.2.2+ds-0ubuntu1.18")
Reason = tuple[Rule, str, str, tuple[Clause, ...]]


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def build(text: str) -> QemuBuild:
    found = knowledge().builds.place(text)
    assert found is not None
    return found


def reasons(source: QemuBuild, destination: QemuBuild, name: str) -> set[Reason]:
    start = GuestStart(baseline=Baseline(machine_type=name))
    return {
        (one.rule, one.unit, one.property_key, one.depends_on)
        for one in judge_builds(source, destination, start, knowledge())
    }


THREAD = """host,pool,kernel,qemu
old,thread,4.14.336,4.0.0
new,thread,4.18.20,4.0.0
"""


def test_an_answer_is_certified_and_none_without_its_flag(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(THREAD)
    base = knowledge()
    profiled = profile_fleet(read_fleet(tmp_path / "fleet.csv", base), base)
    (domain,) = complete_domains(profiled.pools)
    chosen = [one.chosen for one in Solver(knowledge=base, policy=base.policy).solve(domain)]
    certifier = Certifier(base, base.policy)
    for answer in (baseline_of(one) for one in chosen if one is not None):
        certifier.certify(domain, answer)
        if answer.flags:
            with pytest.raises(CertificationError, match="thread"):
                certifier.certify(domain, replace(answer, flags=()))
    assert certifier.judged > 0


def test_releases_between_read_builds_may_differ() -> None:
    one, other = build("qemu-kvm-9.1.0-21.el9"), build("qemu-kvm-9.1.0-22.el9")
    assert one.read_as == other.read_as
    assert not one.is_read_as(other)
    gaps = reasons(one, other, "pc-q35-rhel9.6.0") - reasons(one, one, "pc-q35-rhel9.6.0")
    assert gaps
    assert {rule for rule, *_ in gaps} == {Rule.KNOWLEDGE_GAP}


@pytest.mark.parametrize("name", ALIKE)
def test_releases_of_equal_tables_are_judged_alike(name: str) -> None:
    one, other = map(build, ALIKE[name])
    assert one != other
    assert one.tables == other.tables
    types = [row for row in sorted(knowledge().machines.types) if row.startswith("pc-q35-")][::3]
    for third, machine_type in product(map(build, OTHERS), types):
        assert reasons(one, third, machine_type) == reasons(other, third, machine_type)
        assert reasons(third, one, machine_type) == reasons(third, other, machine_type)
    for machine_type in types:
        assert reasons(one, other, machine_type) == reasons(one, one, machine_type)


def test_edges_are_judged_alike_without_the_units_that_concern_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fleet.csv"
    (kind,) = (one for one in KINDS if one.name == "scattered, capabilities")
    write_fleet(path, kind, hosts=60, pools=6)
    fleet = profile_fleet(read_fleet(path, knowledge()), knowledge())
    domains = complete_domains(fleet.pools)
    narrowed = edge_maps(domains, knowledge(), knowledge().policy)
    assert any(trial.kind is TrialKind.NEWER for found in narrowed for trial in found.trials)
    monkeypatch.setattr(Solver, "narrowed_knowledge", knowledge())
    assert edge_maps(domains, knowledge(), knowledge().policy) == narrowed


def _pool(*builds: str) -> tuple[MigrationDomain, Solver]:
    groups = [
        HostGroup(pool=PoolName("p"), kernel="6.12.10", qemu=qemu, hosts=(HostName(f"h{number}"),))
        for number, qemu in enumerate(builds)
    ]
    profiler = Profiler(knowledge())
    members = tuple(PoolMember(profile=profiler.profile(one), groups=(one,)) for one in groups)
    (domain,) = complete_domains({"p": members})
    return domain, Solver(knowledge(), Policy())


def _certified(domain: MigrationDomain, solver: Solver) -> int:
    certifier = Certifier(knowledge(), Policy())
    chosen = [one.chosen for one in solver.solve(domain) if one.chosen is not None]
    for attempt in chosen:
        certifier.certify(domain, baseline_of(attempt))
    return len(chosen)


def test_the_certificate_asks_for_the_devices_whose_sections_do_not_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _certified(*_pool("3.0.0", "3.1.0"))
    monkeypatch.setattr(build_differences, "section_issues", lambda *_: iter(()))
    with pytest.raises(CertificationError) as caught:
        _certified(*_pool("3.0.0", "3.1.0"))
    assert caught.value.unit.startswith("section/")
    assert _certified(*_pool("3.1.0", "3.1.0")), "between equal builds every section passes"
