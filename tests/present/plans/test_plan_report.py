"""A plan on one screen: what is told, of which guests, and that nothing is told twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli.app import app
from planner.knowledge.load import load_knowledge
from planner.rollout.stages import StageSolver, pool_upgrades

ROOT = Path(__file__).resolve().parents[3]
SEED = ROOT / "examples" / "seed" / "rollout.csv"
POOLS = ROOT / "examples" / "three-pools" / "fleet.csv"
TARGET = "kernel=6.8.0-51-generic,qemu=1:8.2.2+ds-0ubuntu1.18,pool=ubuntu"


def told(*words: str) -> list[str]:
    done = CliRunner().invoke(app, [*words])
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_the_screen_of_the_thread_of_2019() -> None:
    lines = told("plan", str(SEED))
    assert len(lines) <= 33
    assert lines[0] == "SAFE WITH CHECKS: 8 waves for 8 hosts in 1 pool"
    assert "guest profile 'ordinary'" in lines[1]
    text = "\n".join(lines)
    assert "vmx" not in text
    (flip,) = [line for line in lines if line.startswith(" wave 8 + 7")]
    assert [word for word in flip.split() if word != "days"] == [
        *("wave", "8", "+", "7", "default", "drop", "next", "hop", "until", "then")
    ]
    assert "rollback       free until wave 8" in text
    assert text.count("x-migrate-smi-count=off") == 3


def test_a_fleet_of_many_pools_is_one_screen() -> None:
    lines = told("plan", str(POOLS), "--target", TARGET, "--start", "2027-01-11")
    assert len(lines) <= 50
    whole = [line for line in lines if len(line) > 30]
    assert len(whole) == len(set(whole))


@pytest.mark.parametrize("word", ["-q", "--quiet"])
def test_quiet_is_one_line(word: str) -> None:
    (line,) = told("plan", str(SEED), word)
    assert line.startswith("SAFE WITH CHECKS: 8 waves") and line.endswith("free until wave 8")


def test_verbose_adds_all_the_rest() -> None:
    lines = told("plan", str(SEED), "-v")
    assert lines[0].startswith("SAFE WITH CHECKS")
    assert [line for line in lines if line.startswith("Wave ")] == [
        f"Wave {number}: 1 host" for number in range(1, 9)
    ]
    assert any("vmx" in line for line in lines)


def test_another_profile_asks_for_more() -> None:
    plan = planner.make_plan(planner.read_upgrades(SEED))
    policy = replace(load_knowledge().policy, guest_profile="any")
    anything = planner.make_plan(planner.read_upgrades(SEED), policy=policy)
    (ordinary,), (strict,) = plan.domains, anything.domains
    assert ordinary.conditions == strict.conditions
    assert set(ordinary.checks) < set(strict.checks) <= set(strict.holds_if)
    assert (plan.guest_profile, anything.guest_profile) == ("ordinary", "any")


def test_a_pool_as_it_is_has_the_checks_that_solve_gives() -> None:
    rows = load_knowledge()
    solution = planner.solve(planner.read_fleet(POOLS))
    stages = StageSolver(rows, rows.policy)
    hosts = planner.read_upgrades(POOLS, "kernel=6.12.48+deb13-amd64")
    found = {way.name: stages.today(way) for way in pool_upgrades(hosts, rows)}
    for domain in solution.domains:
        best, own = domain.recommended, found[domain.domain].baselines[0]
        assert best is not None
        assert (best.machine_type, best.checks) == (own.machine_type, own.checks)


def test_a_replay_tells_what_the_plan_leaves_to_check(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    told("plan", str(SEED), "-f", "json", "-o", str(path))
    lines = told("simulate", str(path), str(SEED))
    assert len(lines) <= 11
    assert not any("vmx" in line for line in lines)
    assert any("not Cascadelake-Server" in line for line in lines)
    assert told("simulate", str(path), str(SEED), "-q") == lines[:1]
    assert any("vmx" in line for line in told("simulate", str(path), str(SEED), "-v"))
    status = told("status", str(path), str(SEED))
    assert status[0] == "waves 1-8: to come, 8 hosts"
    assert len(status) <= 13
