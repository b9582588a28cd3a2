"""A boot host that nobody gave: certain is what holds for every one that it may have been."""

from __future__ import annotations

from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import MigrationEdge
from planner.domain.verdict import Rule
from planner.fleet.words import read_traits
from planner.migration.boots import judge_any_boot
from tests.migration.test_parts import host, knowledge

OLD, NEW = host("8.2.7", "5.10.197"), host("8.2.7", "5.14.21")


def found(*boots: str) -> set[tuple[Rule, bool]]:
    """Return what is said of vsock's sequenced packets on a hop to the older kernel."""
    start = GuestStart(
        baseline=Baseline(machine_type="pc-q35-6.2"),
        devices=("vhost-vsock-pci",),
        cpu=GuestCpu.parse("qemu64"),
        traits=read_traits("uses-smm=no pae=no", knowledge().guests),
    )
    hosts = {"old": OLD, "new": NEW}
    edge = MigrationEdge(source=NEW, destination=OLD)
    verdict = judge_any_boot(edge, start, [hosts[one] for one in boots], knowledge())
    return {
        (one.rule, "boot host" in one.facts)
        for one in verdict.objections
        if "vhost-vsock" in one.unit
    }


def test_what_depends_on_the_boot_host_is_a_missing_fact() -> None:
    certain = {(Rule.CAPABILITY_MISSING, False)}
    assert found("new") == certain
    assert found("old") == set()
    assert found("old", "new") == {(Rule.KNOWLEDGE_GAP, True)}
