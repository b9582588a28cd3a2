"""The migrations that a rehearsal names show every risk of the answer, and no fewer would."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import planner
from planner.domain.plans.rehearsal import PoolRehearsal, Risk
from planner.library.rehearsals import rehearsals_of
from planner.rehearsal import guests, rehearse, risks

ROOT = Path(__file__).resolve().parents[2] / "examples"
EXAMPLES = ("seed", "three-pools", "uso")


@cache
def rehearsed(name: str) -> tuple[PoolRehearsal, ...]:
    knowledge = planner.load_knowledge()
    fleet = planner.read_fleet(ROOT / name / "fleet.csv")
    return tuple(rehearsals_of(fleet, knowledge.policy, knowledge))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_risk_and_condition_of_the_answer_is_shown(name: str) -> None:
    answers = {
        one.domain: one
        for one in planner.solve(planner.read_fleet(ROOT / name / "fleet.csv")).domains
    }
    for pool in rehearsed(name):
        best = answers[pool.domain].recommended
        assert best is not None
        shown = {(risk.kind, risk.id) for pair in pool.pairs for risk in pair.risks}
        if pool.reason:
            assert "alike" in pool.reason
            continue
        asked = {("flag", str(one.flag)) for one in best.flags}
        asked |= {
            ("condition", one.id)
            for one in best.conditions
            if one not in best.universal and one.kind != risks.OF_HOSTS
        }
        assert asked and asked <= shown
        assert not pool.apart
        assert pool.bound == len(pool.pairs) and pool.gap == 0


def test_the_loss_of_2019_is_shown_by_one_migration_from_new_to_old() -> None:
    (pool,) = rehearsed("seed")
    (pair,) = pool.pairs
    assert "4.18.20" in pair.source and "4.14.336" in pair.destination
    assert pair.source_hosts == ("new1", "new2")
    first = pair.risks[0]
    assert (first.kind, first.unit, first.met) == ("flag", "cpu/msr_smi_count", False)
    assert pair.guest.uses == ("uses-smm",) and "system management" in pair.guest.deeds[0]
    assert "x-migrate-smi-count=off" in pair.guest.baseline.arguments


def test_the_gravest_and_most_comes_first_and_nothing_is_settled_twice() -> None:
    (debian, *_) = rehearsed("three-pools")
    told = [risk for pair in debian.pairs for risk in pair.risks]
    keys = [(risk.kind, risk.id) for risk in told]
    assert len(keys) == len(set(keys)) == debian.risks
    first = debian.pairs[0]
    assert {risk.kind for risk in first.risks[:2]} == {"flag"}
    assert "virtio-net+tap+vhost" in first.guest.devices


def test_each_release_sends_and_takes_once() -> None:
    (debian, *_) = rehearsed("three-pools")
    ids = {risk.id for pair in debian.pairs for risk in pair.risks if risk.kind == "source"}
    assert len(ids) == 3


def test_a_pool_of_hosts_that_are_alike_has_nothing_to_prove() -> None:
    focal = next(one for one in rehearsed("three-pools") if one.domain == "focal")
    assert not focal.pairs and "all alike" in focal.reason


def test_the_guest_has_what_a_condition_speaks_of_but_no_parts_in_general() -> None:
    rhel = next(one for one in rehearsed("three-pools") if one.domain == "rhel")
    assert all("common-parts" not in pair.guest.uses for pair in rhel.pairs)
    knowledge = planner.load_knowledge()
    risk = Risk(kind="condition", id="x", text="t", words=("cpu:umip", "device:virtio-gpu"))
    base = rhel.pairs[0].guest.baseline
    found = guests.guest_for([risk], base, "x86_64", knowledge)
    assert (found.features, found.devices) == (("umip",), ("virtio-gpu",))
    beyond = Risk(kind="condition", id="x", text="t", words=("cpu:beyond-common",))
    assert not guests.guest_for([beyond], base, "x86_64", knowledge).features


def test_a_pool_without_an_answer_says_so(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(
        "host,kernel,qemu\na,5.14.0-427.42.1.el9_4.x86_64,qemu-kvm-8.2.0-11.el9_4.6\n"
        "b,6.1.0-28-amd64,1:7.2+dfsg-7+deb12u18\n"
    )
    knowledge = planner.load_knowledge()
    (pool,) = rehearsals_of(planner.read_fleet(fleet), knowledge.policy, knowledge)
    assert not pool.pairs and pool.reason.startswith("no answer to rehearse")
    assert rehearse.Rehearser(knowledge, knowledge.policy).pairs is not None
