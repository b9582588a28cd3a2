"""Ways of migrating and settings that a build does not have: the choice says what the judge says."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import planner
from planner.domain.host import Fleet
from planner.domain.migrated import MigratedUnit
from planner.domain.verdict import Outcome
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.shipped import load_knowledge
from planner.migration.profiles import profile_fleet
from planner.migration.views import knows_on
from planner.solver.levels import Level, known_to_build, truth_level
from planner.solver.unit_facts import behaviour_of, findings


@cache
def base() -> KnowledgeBase:
    return load_knowledge()


def a_pool(tmp_path: Path, *builds: str) -> Fleet:
    path = tmp_path / "fleet.csv"
    rows = "\n".join(f"h{number},4.14.0,{build}" for number, build in enumerate(builds))
    path.write_text(f"host,kernel,qemu\n{rows}\n")
    return planner.read_fleet(path)


def unit(name: str) -> MigratedUnit:
    return next(one for one in base().units_of("x86_64") if one.id == name)


@pytest.mark.parametrize(
    ("builds", "found"),
    [
        (("2.4.0", "2.4.0"), {"unbuilt"}),
        (("2.4.0", "2.5.0"), {"unbuilt"}),
        (("2.5.0", "2.5.0"), set()),
    ],
)
def test_the_choice_finds_the_builds_without_a_way_of_migrating(
    tmp_path: Path, builds: tuple[str, str], found: set[str]
) -> None:
    one = unit("migration/postcopy-ram")
    fleet = a_pool(tmp_path, *builds)
    profiles = profile_fleet(fleet, base()).profile_of.values()
    rows = [behaviour_of(one, profile, Level.YES) for profile in profiles]
    failures = findings(one, rows, rows)
    assert {failure.kind for failure in failures} - {"foreign"} == found
    assert all(failure.certain for failure in failures)
    assert findings(replace(one, only_certain=True), rows, rows) == ()


@pytest.mark.parametrize(
    ("trait", "outcome"), [("postcopy=yes", "unsafe"), ("postcopy=no", "safe")]
)
def test_the_judge_says_so_of_one_guest(tmp_path: Path, trait: str, outcome: str) -> None:
    fleet = a_pool(tmp_path, "2.4.0", "2.4.0")
    case = {"from": "h0", "to": "h1", "machine": "pc-i440fx-2.4", "traits": trait, "cpu": "kvm64"}
    (verdict,) = planner.check(fleet, case, by_profile=True)
    assert verdict.outcome is Outcome(outcome), verdict.objections


@pytest.mark.parametrize(
    "build",
    [
        "6.2.0-11.module+el8.6.0+20793+2184cc28.11",
        "6.2.0-16.module+el8.7.0+1+abcdef12",
        "6.2.0-17.module+el8.7.0+1+abcdef12",
        "6.0.0-33.module+el8.5.0+1+abcdef12",
        "7.0.0-8.el9",
        "7.0.0",
        "7.1.0",
    ],
)
def test_what_a_vendor_brought_is_derived_twice_alike(tmp_path: Path, build: str) -> None:
    profiled = profile_fleet(a_pool(tmp_path, build), base())
    (profile,) = profiled.profile_of.values()
    for name in ("migration/zero-copy-send", "migration/switchover-ack", "migration/multifd"):
        one = unit(name)
        assert known_to_build(one, profile.qemu) is truth_level(knows_on(one, profile.qemu))
