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
    assert len(lines) <= 34, "a line of them tells the mitigation that the CPU model lacks"
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
    assert [line for line in lines if line.startswith("Wave")] == [
        *("Waves 1-7: 1 host each", "Wave 8: 1 host")
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


TWO_POOLS = """host,pool,kernel,qemu,target_kernel,target_qemu
a1,jam,5.15.0-130-generic,1:6.2+dfsg-2ubuntu6.24,6.8.0-51-generic,1:8.2.2+ds-0ubuntu1.7
a2,jam,6.8.0-51-generic,1:8.2.2+ds-0ubuntu1.7,,
b1,bull,5.10.0-32-amd64,1:7.2+dfsg-7~bpo11+1,6.1.0-28-amd64,1:7.2.22+dfsg-0+deb12u1
b2,bull,6.1.0-28-amd64,1:7.2.22+dfsg-0+deb12u1,,
"""
NOBLE = "host,kernel,qemu\n" + "".join(
    f"n{one},6.8.0-51-generic,1:8.2.2+ds-0ubuntu1.7\n" for one in (1, 2)
)


def test_two_targets_of_one_wave_are_both_told(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(TWO_POOLS)
    lines = told("plan", str(tmp_path / "fleet.csv"))
    targets = [line for line in lines if line[:7] in {"A gets ", "B gets "}]
    assert "6.8.0-51-generic, QEMU 1:8.2.2" in targets[0] and "(1 host)" in targets[0]
    assert "6.1.0-28-amd64, QEMU 1:7.2.22" in targets[1]
    assert any("A, B" in line for line in lines)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("kernel=6.8.0-40-generic", "2 hosts (n1, n2) would get an older kernel than today"),
        ("qemu=1:8.2.2+ds-0ubuntu1.4", "2 hosts (n1, n2) would get an older QEMU than today"),
        ("kernel=9.9.0", "kernels newer than mainline"),
        ("kernel=6.8.0-60-generic", ""),
    ],
)
def test_a_target_that_nobody_expects_is_told(tmp_path: Path, target: str, words: str) -> None:
    (tmp_path / "fleet.csv").write_text(NOBLE)
    shown = " ".join(
        " ".join(told("plan", str(tmp_path / "fleet.csv"), "--target", target)).split()
    )
    assert words in shown
    assert ("beware" in shown) is bool(words)


def test_what_verbose_adds_is_not_on_the_screen() -> None:
    lines = told("plan", str(SEED), "-v")
    assert sum("upgrade       kernel 4.14.336" in line for line in lines) == 2, (
        "waves 1-7 are alike"
    )
    rest = lines[next(place for place, line in enumerate(lines) if "The plan in full" in line) :]
    assert not [line for line in rest if line.startswith(("  new guests", "  check first"))]


def test_a_loose_target_is_told_and_refused_if_strict(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(NOBLE)
    words = ["plan", str(tmp_path / "fleet.csv"), "--target", "qemu=1:8.2.2+ds-0ubunt1.9"]
    done = CliRunner().invoke(app, words)
    assert "target_qemu: no vendor publishes '1:8.2.2+ds-0ubunt1.9' (2 hosts)" in done.stderr
    strict = CliRunner().invoke(app, [*words, "--strict-input"])
    assert "did you mean '1:8.2.2+ds-0ubuntu1.9'?" in str(strict.exception)
    fine = CliRunner().invoke(app, [*words[:-1], "qemu=1:8.2.2+ds-0ubuntu1.9", "--strict-input"])
    assert "target_qemu" not in fine.stderr and fine.exit_code == 0


def test_an_older_target_of_a_pool_without_a_plan_is_told_beside(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(NOBLE)
    words = ["plan", str(tmp_path / "fleet.csv"), "--target", "qemu=1:4.2-3ubuntu6.30"]
    done = CliRunner().invoke(app, words)
    assert done.stdout.startswith("NO PLAN")
    assert "2 hosts (n1, n2) would get an older QEMU than today" in done.stderr
