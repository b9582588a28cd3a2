"""What-ifs: a scenario answered from what is known equals the changed fleet solved anew."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import planner
from planner.answers.answer import solve as solve_domains
from planner.cli.app import app
from planner.domain.capability import CapabilityId
from planner.domain.errors import ScenarioError
from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.domain.plans.scenario import (
    Addition,
    AllowedEdge,
    Direction,
    HostChange,
    Masking,
    Removal,
    Scenario,
    Selection,
    Upgrade,
)
from planner.domain.policy import Policy
from planner.domain.solution import Solution
from planner.fleet.scenario_file import read_matrix, read_scenarios
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.graph import complete_domains, directed_domains
from planner.migration.profiles import profile_fleet
from planner.whatif.compare import compare
from planner.whatif.what_if import WhatIf, allowed, what_if

ROOT = Path(__file__).resolve().parents[2]
FLEET = ROOT / "examples" / "three-pools" / "fleet.csv"
POOLS = ("p", "q", "r")
BUILDS = ("1.0.0", "2.0.0", "3.0.0")
NAMES = ("k.a", "k.c", "tun.x")


@cache
def world() -> KnowledgeBase:
    return load_knowledge(root=Path(__file__).resolve().parents[1] / "small_world")


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    groups = []
    for pool in POOLS:
        for number in range(draw(st.integers(1, 3))):
            signs = draw(st.tuples(*(st.sampled_from("+-") for _ in NAMES)))
            groups.append(
                HostGroup(
                    pool=PoolName(pool),
                    kernel="1",
                    qemu=draw(st.sampled_from(BUILDS)),
                    hosts=tuple(
                        HostName(f"{pool}{number}{host}") for host in range(draw(st.integers(1, 2)))
                    ),
                    present=_named(signs, "+"),
                    absent=_named(signs, "-"),
                )
            )
    return Fleet(groups=tuple(groups))


def _named(signs: tuple[str, ...], wanted: str) -> frozenset[CapabilityId]:
    return frozenset(
        CapabilityId(name) for name, sign in zip(NAMES, signs, strict=True) if sign == wanted
    )


def selections() -> st.SearchStrategy[Selection]:
    return st.builds(
        Selection,
        pool=st.sampled_from(("", *POOLS)),
        from_qemu=st.sampled_from(("", "1*", "2.0.0")),
        count=st.one_of(st.none(), st.integers(1, 2)),
    )


def host_changes() -> st.SearchStrategy[HostChange]:
    return st.one_of(
        st.builds(Upgrade, selection=selections(), qemu=st.sampled_from(BUILDS)),
        st.builds(Masking, selection=selections(), capabilities=st.sampled_from([("k.a",), NAMES])),
        st.builds(Removal, selection=selections()),
        st.builds(
            Addition,
            pool=st.sampled_from(POOLS),
            count=st.integers(1, 2),
            kernel=st.just("1"),
            qemu=st.sampled_from(BUILDS),
            capabilities=st.sampled_from(["", "+k.a -k.c"]),
        ),
    )


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    units = sorted(unit.id for unit in world().units)
    edges = st.builds(
        AllowedEdge, source=st.sampled_from(POOLS), destination=st.sampled_from(POOLS)
    ).filter(lambda edge: edge.source != edge.destination)
    return Scenario(
        name="s",
        changes=tuple(draw(st.lists(host_changes(), max_size=3))),
        edges=tuple(draw(st.lists(edges, max_size=2))),
        retired=tuple(draw(st.lists(st.sampled_from(sorted(world().machines.types)), max_size=2))),
        accepted=tuple(
            (unit, "a", "b") for unit in draw(st.lists(st.sampled_from(units), max_size=1))
        ),
    )


def anew(fleet: Fleet, scenario: Scenario, policy: Policy) -> Solution:
    """Change the fleet, profile all of it, and solve it as if nothing were known."""
    changed = planner.change(fleet, *scenario.changes, knowledge=world())
    profiled = profile_fleet(changed, world())
    domains = {one.name: one for one in complete_domains(profiled.pools)}
    ends = {name for edge in scenario.edges for name in (edge.source, edge.destination)}
    tied = {pool: members for pool, members in profiled.pools.items() if pool in ends}
    ways = [(pool, pool) for pool in tied] + [
        (one.source, one.destination) for one in scenario.edges
    ]
    arrows = [
        ((one, source.profile), (other, target.profile))
        for one, other in ways
        for source in tied.get(one, ())
        for target in tied.get(other, ())
        if source is not target or source.hosts > 1
    ]
    if tied:
        domains |= {one.name: one for one in directed_domains(tied, arrows)}
    return solve_domains(domains.values(), world(), allowed(scenario, policy))


@settings(max_examples=150, deadline=None)
@given(fleet=fleets(), asked=st.lists(scenarios(), min_size=1, max_size=3), tied=st.booleans())
def test_a_scenario_equals_the_changed_fleet_solved_anew(
    fleet: Fleet, asked: list[Scenario], tied: bool
) -> None:
    groups = (("p", "q"),) if tied else ()
    policy = replace(world().policy, uniformity_groups=groups)
    what = WhatIf(fleet, policy=policy, knowledge=world())
    for scenario in asked:
        try:
            result = what.run(scenario)
        except ScenarioError:
            with pytest.raises(ScenarioError):
                planner.change(fleet, *scenario.changes, knowledge=world())
            continue
        expected = compare(what.base, anew(fleet, scenario, policy), knowledge=world())
        assert result.comparison == expected


def upgrade_of(pool: str, **words: str) -> Upgrade:
    return Upgrade(selection=Selection(pool=pool), **words)


def test_an_upgrade_of_one_pool_changes_that_pool_only() -> None:
    fleet = planner.read_fleet(FLEET)
    change = upgrade_of("debian", kernel="6.12.48+deb13-amd64", qemu="1:10.0.3+ds-0+deb13u1")
    (result,) = what_if(fleet, [Scenario(name="up", changes=(change,))], plans=True).results
    (pool,) = result.comparison.changes
    assert (pool.domain, result.hosts, result.comparison.alike) == ("debian", 52, 4)
    assert {line.direction for line in pool.lines} == {Direction.NEWER}
    assert result.plan is not None and result.plan.waves == result.plan.bound > 0


def test_the_moves_of_guests_on_the_answer_of_today_are_judged() -> None:
    fleet = planner.read_fleet(FLEET)
    edge = AllowedEdge(source="debian", destination="ubuntu")
    (result,) = what_if(fleet, [Scenario(name="edge", edges=(edge,))]).results
    assert any("6.2" in one.destination for one in result.broken)
    assert {line.direction for one in result.comparison.changes for line in one.lines} == {
        Direction.OLDER
    }


def test_the_frontier_is_what_no_combination_beats() -> None:
    fleet = planner.read_fleet(FLEET)
    matrix = [
        Scenario(name=build, changes=(upgrade_of("debian", qemu=build),))
        for build in ("1:7.2.22+dfsg-0+deb12u1", "1:10.0.3+ds-0+deb13u1")
    ]
    points = what_if(fleet, (), matrix=matrix).frontier
    best = [point for point in points if point.best and point.board == "pc-q35"]
    assert [point.hosts for point in best] == sorted({point.hosts for point in best})
    for point in points:
        better = [
            one
            for one in points
            if (one.domain, one.board, one.line) == (point.domain, point.board, point.line)
            and one.hosts <= point.hosts
            and (one.rank, -one.flags, -one.hosts) > (point.rank, -point.flags, -point.hosts)
        ]
        assert point.best is (not better)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[upgrade]]\nqmeu = "8.2.7"\n', "upgrade[1].qmeu: unknown key; did you mean 'qemu'?"),
        ("[[upgrade]]\n", "upgrade[1]: names neither kernel nor qemu"),
        (
            "[[remove]]\ncount = 0\n",
            "remove[1].count: 0 is not a number of hosts from 1 to 10 million",
        ),
        ("[[mask]]\n", "mask[1].capabilities: is required"),
        ('retire = "pc-q35-4.2"\n', 'scenario.toml:1: retire: "pc-q35-4.2" is not a list'),
        ("scenario = 3\n", "scenario: 3 is not a table"),
        ("[[upgrade]\n", "not TOML"),
        ('[[upgrade]]\npool = "debain"\nqemu = "8.2.7"\n', "did you mean 'debian'?"),
        ('[[upgrade]]\nqemu = "eight"\n', "'eight' is no QEMU version"),
        ('[[mask]]\ncapabilities = ["tun.usu"]\n', "'tun.usu' is no capability"),
        ('retire = ["pc-q35-4.22"]\n', "'pc-q35-4.22' is no machine type"),
        ('[[remove]]\npool = "debian"\nfrom_qemu = "9*"\n', "changes no host"),
        ("[[remove]]\n", "leaves no host in the fleet"),
        ("scenario = []\n", "scenario: holds no scenario"),
        ("[[remove]]\ncount = 100000000000\n", "is not a number of hosts from 1 to 10 million"),
    ],
)
def test_wrong_scenarios(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        what_if(planner.read_fleet(FLEET), read_scenarios(path))
    assert said in str(caught.value)


def test_a_matrix_is_every_combination(tmp_path: Path) -> None:
    path = tmp_path / "matrix.toml"
    path.write_text('pool = ["a", "b"]\nqemu = ["", "8.2.7"]\nkernel = ["", "6.1.90"]\n')
    found = read_matrix(path)
    assert len(found) == 2 * 3
    path.write_text('pool = ["a"]\n')
    with pytest.raises(ScenarioError, match="names neither kernel nor qemu"):
        read_matrix(path)
    path.write_text('pools = ["a"]\n')
    with pytest.raises(ScenarioError, match="did you mean 'pool'"):
        read_matrix(path)


@pytest.mark.parametrize("kind", ["table", "json", "csv", "markdown"])
def test_formats(kind: str) -> None:
    folder = ROOT / "examples" / "three-pools" / "whatif"
    words = ["whatif", str(FLEET), *map(str, sorted(folder.glob("scenario-*.toml")))]
    words += ["--matrix", str(folder / "matrix.toml"), "-f", kind]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    if kind == "json":
        document = json.loads(done.stdout)
        schema = json.loads((ROOT / "docs" / "schema" / "whatif-1.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(document)
        assert {point["best"] for point in document["frontier"]} == {True, False}
    if kind == "table":
        assert max(map(len, done.stdout.splitlines())) <= 80
