"""What a policy forbids is said: a board that it bounds never vanishes from the answer."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from planner.answers.answer import solve
from planner.answers.try_type import try_machine_type, try_next_newer
from planner.domain.policy import Policy
from planner.domain.solution import DomainSolution, RefusedLine, Status
from planner.fleet.hosts import read_fleet
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.graph import MigrationDomain, complete_domains
from planner.migration.profiles import profile_fleet

Q35 = "pc-q35"


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def domain_of(folder: Path, *builds: str) -> MigrationDomain:
    rows = [f"h{number},6.1.90,{build}" for number, build in enumerate(builds)]
    path = folder / "fleet.csv"
    path.write_text("\n".join(["host,kernel,qemu", *rows, ""]))
    (domain,) = complete_domains(profile_fleet(read_fleet(path, knowledge()), knowledge()).pools)
    return domain


def policy(**changes: object) -> Policy:
    return replace(knowledge().policy, **changes)  # type: ignore[arg-type]


def refused(solution: DomainSolution, board: str) -> RefusedLine:
    (line,) = [line for line in solution.refused if line.board == board]
    return line


def answer(domain: MigrationDomain, rules: Policy) -> DomainSolution:
    (found,) = solve([domain], knowledge(), rules).domains
    return found


@pytest.mark.parametrize(
    ("builds", "bounds", "kinds"),
    [
        (["4.0.0", "4.0.0"], {"floors": ((Q35, "pc-q35-4.1"),)}, {"lower-floor", "upgrade-qemu"}),
        (["11.0.1", "11.0.1"], {"ceilings": ((Q35, "pc-q35-2.4"),)}, {"raise-ceiling"}),
        (
            ["4.0.0", "8.2.4"],
            {"floors": ((Q35, "pc-q35-4.1"),)},
            {"lower-floor", "upgrade-qemu", "split-pool"},
        ),
    ],
    ids=["floor", "ceiling", "floor-of-some-hosts"],
)
def test_a_bound_that_no_host_meets_refuses_its_line(
    tmp_path: Path, builds: list[str], bounds: dict[str, object], kinds: set[str]
) -> None:
    found = answer(domain_of(tmp_path, *builds), policy(**bounds))
    assert found.status is Status.NO_SAFE_BASELINE
    assert {baseline.board for baseline in found.baselines} == {"pc-i440fx"}
    line = refused(found, Q35)
    assert line.status is Status.NO_SAFE_BASELINE
    assert [reason.text for reason in line.objections if reason.text.startswith("the policy")]
    assert {remedy.kind for remedy in line.remedies} == kinds


def test_a_bound_that_hosts_meet_refuses_nothing(tmp_path: Path) -> None:
    domain = domain_of(tmp_path, "4.0.0", "8.2.4")
    found = answer(domain, policy(floors=((Q35, "pc-q35-4.0"),)))
    assert found.status is Status.SAFE
    assert not found.refused


def test_a_bound_of_a_line_that_the_hosts_do_not_have_is_silent(tmp_path: Path) -> None:
    rhel = "qemu-kvm-8.2.0-11.el9_4"
    found = answer(domain_of(tmp_path, rhel, rhel), policy(floors=((Q35, "pc-q35-4.1"),)))
    assert found.status is Status.SAFE


def test_an_open_line_inside_its_bounds_names_them(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("host,arch,kernel,qemu\na,aarch64,6.1.90,8.2.4\nb,aarch64,6.2.10,8.2.4\n")
    fleet = profile_fleet(read_fleet(path, knowledge()), knowledge())
    (domain,) = complete_domains(fleet.pools)
    found = answer(domain, policy(floors=(("virt", "virt-8.1"),)))
    assert found.status is Status.UNDECIDED
    line = refused(found, "virt")
    assert (
        line.objections[-1].text
        == "the policy floor virt-8.1 forbids every older type of this line"
    )
    assert line.remedies[0].kind == "lower-floor"


@pytest.mark.parametrize(
    "changes", [{"boards": ("virt",)}, {"lines": ("rhel",)}], ids=["board", "line"]
)
def test_a_pool_without_an_allowed_line_says_so(tmp_path: Path, changes: dict[str, object]) -> None:
    found = answer(domain_of(tmp_path, "4.0.0", "4.0.0"), policy(**changes))
    assert found.status is Status.NO_SAFE_BASELINE
    (line,) = found.refused
    assert "no board and line that policy allows" in line.objections[0].text
    (remedy,) = line.remedies
    assert remedy.text.endswith("pc-i440fx, upstream; pc-q35, upstream")


def test_a_split_of_all_hosts_is_no_way_out(tmp_path: Path) -> None:
    found = answer(domain_of(tmp_path, "4.0.0", "4.0.0"), policy())
    (q35,) = [one for one in found.baselines if one.board == Q35]
    assert q35.why_not_newer is not None
    (remedy,) = q35.why_not_newer.remedies
    assert (remedy.kind, remedy.hosts) == ("upgrade-qemu", 2)


@pytest.mark.parametrize(
    ("build", "machine_type", "text"),
    [
        ("4.0.0", "pc-q35-4.1", "QEMU 10.0.13, the oldest with it that gets fixes"),
        ("11.0.1", "pc-q35-2.4", None),
    ],
    ids=["not-the-candidate", "not-back-to-an-expired-type"],
)
def test_what_an_upgrade_is_recommended_to(
    tmp_path: Path, build: str, machine_type: str, text: str | None
) -> None:
    row = knowledge().machine_type(machine_type)
    assert row is not None
    found = try_machine_type(domain_of(tmp_path, build, build), row, knowledge(), policy())
    assert found.status is Status.NO_SAFE_BASELINE
    (trial,) = found.trials
    assert trial.refused is not None
    texts = [one.text for one in trial.refused.remedies if one.kind == "upgrade-qemu"]
    assert texts == ([text] if text else [])


def test_no_remedy_names_a_release_candidate(tmp_path: Path) -> None:
    candidates = [build for build in knowledge().builds.known.values() if build.candidate_of]
    assert candidates
    for machine_type in sorted(knowledge().machines.types):
        row = knowledge().machine_type(machine_type)
        if row is None or not row.name.endswith("4.1"):
            continue
        (trial,) = try_machine_type(
            domain_of(tmp_path, "2.4.0", "2.4.0"), row, knowledge(), policy()
        ).trials
        assert trial.refused is not None
        assert not any("-rc" in remedy.text for remedy in trial.refused.remedies)


def test_a_trial_of_a_pool_without_an_allowed_line_says_so(tmp_path: Path) -> None:
    found = try_next_newer(
        domain_of(tmp_path, "4.0.0", "4.0.0"), knowledge(), policy(boards=("virt",))
    )
    assert found.status is Status.NO_SAFE_BASELINE
    (trial,) = found.trials
    assert trial.refused is not None
    assert trial.refused.objections
