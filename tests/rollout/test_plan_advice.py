"""What a plan advises: restarts that help, ways out for guests, builds on the way, the radar, why."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

import planner
from planner.domain.plans.plan import Plan, Routing
from planner.domain.plans.upgrade import PlanPolicy, UpgradeHost
from planner.domain.policy import AcceptedLoss, Policy
from planner.domain.verdict import Outcome
from planner.fleet.upgrades import Target, read_upgrades
from planner.knowledge.load import load_knowledge

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "three-pools"
NOBLE = Target(kernel="6.8.0-51-generic", qemu="1:8.2.2+ds-0ubuntu1.18", pool="ubuntu")


def policy(*, restarts: bool, accepted: bool) -> Policy:
    loss = AcceptedLoss(unit="cpu/pdptrs", owner="capacity team", reason="no 32-bit guests")
    losses = (loss,) if accepted else ()
    rules = PlanPolicy(restarts=restarts)
    return replace(load_knowledge().policy, plan=rules, accepted_losses=losses)


def ways(path: Path, target: Target) -> tuple[UpgradeHost, ...]:
    return read_upgrades(path, load_knowledge(), [target])


def example_plan(rules: Policy) -> tuple[Plan, Outcome]:
    fleet = EXAMPLE / "fleet.csv"
    guests = planner.read_guests(EXAMPLE / "guests.csv", planner.read_fleet(fleet))
    hosts = ways(fleet, NOBLE)
    made = planner.make_plan(hosts, guests=guests, policy=rules)
    if not made.waves:
        return made, Outcome.UNKNOWN
    return made, planner.simulate(made, hosts, guests=guests, policy=rules).outcome


@pytest.mark.parametrize("restarts", [False, True])
def test_a_restart_that_does_not_help_is_not_advised(restarts: bool) -> None:
    made, _ = example_plan(policy(restarts=restarts, accepted=False))
    texts = [one.text for one in made.relaxations if "pc-i440fx-focal" in one.text]
    assert texts
    assert all("no restart helps: accept the loss of cpu/pdptrs" in text for text in texts)
    assert not any("plan.restarts" in text for text in texts)


def test_guests_on_upgraded_hosts_stay_there() -> None:
    made, outcome = example_plan(policy(restarts=False, accepted=True))
    (domain,) = made.domains
    assert domain.routing is Routing.UPGRADED_ONLY
    assert [one.kind for one in domain.remedies if one.chosen] == ["one-way-routing"]
    assert not made.restarts
    assert outcome is Outcome.SAFE


def test_every_wave_says_what_limits_it() -> None:
    made, _ = example_plan(policy(restarts=False, accepted=True))
    assert [wave.why[0] for wave in made.waves] == [
        f"tightest limit pool_unavailable of ubuntu: {len(wave.hosts)} of 8 hosts"
        for wave in made.waves
    ]


@pytest.mark.parametrize("given", [False, True])
def test_builds_without_a_common_type_are_bridged(tmp_path: Path, given: bool) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("host,kernel,qemu\na,5.4.1,4.2.0\nb,5.4.1,4.2.0\n", encoding="utf-8")
    file = tmp_path / "guests.csv"
    file.write_text("guest,host,machine_type\ng,a,pc-q35-4.2\n", encoding="utf-8")
    guests = planner.read_guests(file, planner.read_fleet(path)) if given else None
    made = planner.make_plan(ways(path, Target(qemu="11.1.0")), guests=guests)
    assert {one.constraint for one in made.relaxations} == {"machine-type"}
    texts = [one.text for one in made.relaxations if "pc-q35" in one.text]
    assert texts
    assert "QEMU 4.2.0 and QEMU 11.1.0 have no machine type in common" in texts[0]
    step = texts[0].partition("go to QEMU ")[2].partition(" ")[0]
    for first, second in (("4.2.0", step), (step, "11.1.0")):
        path.write_text(f"host,kernel,qemu\na,5.4.1,{first}\nb,5.4.1,{first}\n", encoding="utf-8")
        assert planner.make_plan(ways(path, Target(qemu=second))).waves


def test_the_radar_shows_types_that_a_release_has_removed(tmp_path: Path) -> None:
    path, file = tmp_path / "fleet.csv", tmp_path / "guests.csv"
    path.write_text("host,kernel,qemu\na,5.4.1,4.2.0\nb,5.4.1,4.2.0\n", encoding="utf-8")
    file.write_text("guest,host,machine_type,cpu,devices\ng,a,pc-q35-2.4,qemu64,-\n")
    guests = planner.read_guests(file, planner.read_fleet(path))
    hosts = ways(path, Target(kernel="5.15.100"))
    (entry,) = planner.make_plan(hosts, guests=guests, start=datetime.date(2027, 1, 4)).radar
    assert (entry.machine_type, entry.guests, entry.forecast) == ("pc-q35-2.4", 1, False)
    assert (entry.removed_in, entry.days_left) == ("QEMU 10.1.0 (released)", 0)
    assert entry.day == datetime.date(2025, 8, 26)
