"""One screen: what a person reads first, and that nothing is asked that no difference asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planner
from planner.domain.solution import PoolVerdict, Solution
from planner.present.answer_report import answer_lines, quiet_lines
from planner.present.asked import Asked
from planner.present.terminal_columns import aligned
from tests.fleet.test_readers import run as run_in
from tests.report.pages import run

UBUNTU = """host,pool,kernel,qemu
a1,az1,5.15.0-130-generic,1:6.2+dfsg-2ubuntu6.31
a2,az1,5.15.0-130-generic,1:6.2+dfsg-2ubuntu6.31
b1,az1,6.8.0-51-generic,1:8.2.2+ds-0ubuntu1.18
"""
DEBIAN = """host,pool,kernel,qemu
a,one,6.1.0-31-amd64,1:7.2+dfsg-7+deb12u13
b,one,6.12.48+deb13-amd64,1:10.0.3+ds-0+deb13u1
"""
EL = """host,pool,kernel,qemu
a,one,5.14.0-427.42.1.el9_4.x86_64,qemu-kvm-8.2.0-11.el9_4.6
b,one,5.14.0-570.22.1.el9_6.x86_64,qemu-kvm-9.1.0-15.el9_6.5
"""


def solved(tmp_path: Path, text: str, profile: str = "ordinary") -> Solution:
    (tmp_path / "fleet.csv").write_text(text)
    knowledge = planner.load_knowledge()
    policy = replace(knowledge.policy, guest_profile=profile)
    return planner.solve(planner.read_fleet(tmp_path / "fleet.csv"), policy=policy)


def shown(solution: Solution) -> list[str]:
    return [row for line in answer_lines(solution, Asked()) for row in line.rows(80)]


def test_a_pool_of_equal_hosts_asks_nothing_and_takes_twelve_lines(tmp_path: Path) -> None:
    rows = (f"h{number},one,6.1.0-50-amd64,1:7.2+dfsg-7+deb12u16" for number in range(500))
    solution = solved(tmp_path, "\n".join(("host,pool,kernel,qemu", *rows)) + "\n")
    (domain,) = solution.domains
    assert domain.verdict is PoolVerdict.SAFE
    assert not any(one.checks for one in domain.baselines)
    done = run_in("solve", "fleet.csv", cwd=tmp_path)
    assert len(done.stdout.splitlines()) <= 12


def test_three_pools_fit_on_a_screen() -> None:
    done = run("solve", "examples/three-pools/fleet.csv")
    lines = done.stdout.splitlines()
    assert len(lines) <= 45
    told = [line for line in lines if line.strip()]
    assert len(told) == len(set(told)), "a line is told twice"


@pytest.mark.parametrize("rows", [UBUNTU, DEBIAN, EL], ids=["ubuntu", "debian", "el"])
def test_two_builds_take_25_lines_and_at_most_4_checks(tmp_path: Path, rows: str) -> None:
    solution = solved(tmp_path, rows)
    (domain,) = solution.domains
    assert domain.verdict is PoolVerdict.SAFE_WITH_CHECKS
    best = domain.recommended
    assert best is not None and len(best.checks) <= 4
    rows_shown = shown(solution)
    assert len(rows_shown) <= 25
    told = [row for row in rows_shown if row.strip()]
    assert len(told) == len(set(told)), "a line is told twice"
    assert best.universal and best.met, "nothing is lost: every condition is somewhere"
    assert set(best.conditions) == set(best.checks) | best.universal | best.met


def test_a_profile_that_takes_nothing_for_granted_asks_more(tmp_path: Path) -> None:
    ordinary, strict = (solved(tmp_path, UBUNTU, name) for name in ("ordinary", "any"))
    few, many = (one.domains[0].recommended for one in (ordinary, strict))
    assert few is not None and many is not None
    assert set(few.checks) < set(many.checks)
    assert few.conditions == many.conditions


def test_what_a_profile_has_is_asked(tmp_path: Path) -> None:
    """Conditions on the CPU are left to check for guests with their host's, and for no named model."""

    def on_cpus(profile: str) -> list[str]:
        best = solved(tmp_path, UBUNTU, profile).domains[0].recommended
        assert best is not None
        return [one.text for one in best.checks if one.kind == "cpu"]

    assert not on_cpus("ordinary")
    assert on_cpus("host-cpu")


def test_without_a_named_model_to_name_conditions_on_cpus_are_left_to_check(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(UBUNTU)
    fleet = planner.read_fleet(tmp_path / "fleet.csv")
    shipped = planner.load_knowledge()
    nameless = replace(shipped, guests=replace(shipped.guests, cpu_generations=()))
    kinds = []
    for rows in (shipped, nameless):
        best = planner.solve(fleet, knowledge=rows).domains[0].recommended
        assert best is not None
        kinds.append({one.kind for one in best.checks})
    assert "cpu" not in kinds[0]
    assert "cpu" in kinds[1]


def test_a_profile_without_a_row_is_told_with_the_nearest(tmp_path: Path) -> None:
    done = run("solve", "examples/seed/fleet.csv", "--guest-profile", "ordinry")
    assert done.returncode == 2
    assert "did you mean 'ordinary'?" in done.stderr
    policy = tmp_path / "policy.toml"
    policy.write_text('[guests]\nprofile = "ordinry"\n')
    done = run("solve", "examples/seed/fleet.csv", "--policy", str(policy))
    assert done.returncode == 3
    assert "ordinary" in done.stderr


def test_strict_is_undecided_while_something_is_left_to_check() -> None:
    seed = "examples/seed/fleet.csv"
    assert run("solve", seed, "-q").returncode == 0
    assert run("solve", seed, "-q", "--strict").returncode == 5


def test_one_line_per_pool(tmp_path: Path) -> None:
    solution = solved(tmp_path, UBUNTU)
    (line,) = quiet_lines(solution)
    assert line.text.startswith("az1: SAFE with ")
    assert line.text.endswith("-machine pc-q35-jammy")


def test_the_vendors_own_type_comes_first(tmp_path: Path) -> None:
    (domain,) = solved(tmp_path, UBUNTU).domains
    assert [one.machine_type for one in domain.baselines][:2] == ["pc-q35-jammy", "pc-i440fx-jammy"]


def test_explain_tells_one_pool_in_full() -> None:
    done = run("explain", "examples/three-pools/fleet.csv", "--pool", "ubuntu")
    assert "pc-q35-jammy" in done.stdout
    assert "because" in done.stdout and "would open" in done.stdout
    assert "confidential-guest-support" not in done.stdout


WORDS = st.text(alphabet="abcxyz-0.", min_size=1, max_size=12)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.tuples(WORDS, WORDS, st.lists(WORDS, max_size=9).map(" ".join)), max_size=6),
    width=st.integers(60, 200),
)
def test_columns_lose_no_word(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = list(aligned(("a", "b", "c"), rows, right=frozenset({1}), width=width))
    told = " ".join(lines).split()
    assert told == ["a", "b", "c", *(word for row in rows for cell in row for word in cell.split())]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_every_width_folds_without_a_broken_word(tmp_path: Path, width: int) -> None:
    solution = solved(tmp_path, UBUNTU)
    rows = [row for line in answer_lines(solution, Asked()) for row in line.rows(width)]
    words = {word for line in answer_lines(solution, Asked()) for word in line.text.split()}
    assert words <= set(" ".join(rows).split())


def test_an_answer_that_excludes_what_every_guest_has_is_none_for_the_profile(
    tmp_path: Path,
) -> None:
    text = (
        "host,kernel,qemu\n"
        "a,6.12.48+deb13-amd64,1:10.0.13+ds-0+deb13u1\n"
        "b,6.12.48+deb13-amd64,1:11.1.3+ds-1~bpo13+1\n"
    )
    (domain,) = solved(tmp_path, text).domains
    assert domain.verdict is PoolVerdict.NO_SAFE_BASELINE
    best = domain.recommended
    assert best is not None and [one.condition.text for one in best.broken] == ["no virtio device"]
    assert "1024" in best.broken[0].reason
    (anything,) = solved(tmp_path, text, "any").domains
    assert anything.verdict is PoolVerdict.SAFE_WITH_CHECKS
    done = run("solve", str(tmp_path / "fleet.csv"))
    assert done.returncode == 4
    assert "apply" not in done.stdout
