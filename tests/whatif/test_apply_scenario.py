"""Changes of a fleet, made host by host by the tests themselves; the status of a scenario; its repr."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planner
from planner.domain.errors import ScenarioError
from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.domain.plans.scenario import HostChange as ScenarioChange
from planner.domain.plans.scenario import Masking, Removal, Scenario, Selection, Upgrade
from planner.domain.solution import Status
from planner.whatif.what_if import WhatIf, what_if
from tests.whatif.test_what_if import anew, fleets, host_changes, selections, upgrade_of, world

FLEET = Path(__file__).resolve().parents[2] / "examples" / "three-pools" / "fleet.csv"
HostChange = Upgrade | Masking | Removal


@dataclass(frozen=True)
class Row:
    """One host, on its own."""

    host: str
    pool: str
    kernel: str
    qemu: str
    present: frozenset[str]
    absent: frozenset[str]


def rows_of(fleet: Fleet) -> set[Row]:
    return {
        Row(name, group.pool, group.kernel, group.qemu, group.present, group.absent)
        for group in fleet.groups
        for name in group.hosts
    }


def by_hand(rows: set[Row], change: HostChange) -> set[Row]:
    """Look at every host alone, in order of names, and stop when enough of them are changed."""
    after, left = set(), change.selection.count
    for row in sorted(rows, key=lambda row: row.host):
        became = became_of(row, change) if meant(row, change.selection) else row
        if became == row or left == 0:
            after.add(row)
            continue
        left = None if left is None else left - 1
        if became is not None:
            after.add(became)
    return after


def meant(row: Row, selection: Selection) -> bool:
    return selection.pool in ("", row.pool) and fnmatchcase(row.qemu, selection.from_qemu or "*")


def became_of(row: Row, change: HostChange) -> Row | None:
    match change:
        case Removal():
            return None
        case Masking(capabilities=names):
            hidden = frozenset(names)
            return replace(row, present=row.present - hidden, absent=row.absent | hidden)
        case Upgrade(qemu=qemu):
            return replace(row, qemu=qemu)


def changes() -> st.SearchStrategy[HostChange]:
    return st.one_of(
        st.builds(Removal, selection=selections()),
        st.builds(Masking, selection=selections(), capabilities=st.just(("k.a",))),
        st.builds(Upgrade, selection=selections(), qemu=st.sampled_from(("1.0.0", "3.0.0"))),
    )


def turned(fleet: Fleet) -> Fleet:
    """Return a fleet whose groups are not in the order of their names."""
    return replace(fleet, groups=fleet.groups[::-1])


@settings(max_examples=200, deadline=None)
@given(fleet=fleets().map(turned), change=changes())
def test_a_change_is_what_it_does_to_each_host(fleet: Fleet, change: HostChange) -> None:
    expected = by_hand(rows_of(fleet), change)
    if not expected or expected == rows_of(fleet):
        said = "changes no host" if expected else "leaves no host in the fleet"
        with pytest.raises(ScenarioError, match=said):
            planner.change(fleet, change, knowledge=world())
        return
    assert rows_of(planner.change(fleet, change, knowledge=world())) == expected


def of_build(qemu: str, *names: str) -> HostGroup:
    hosts = tuple(HostName(name) for name in names)
    return HostGroup(pool=PoolName("p"), kernel="6.1.90", qemu=qemu, hosts=hosts)


def test_a_count_takes_the_first_names_whatever_their_build() -> None:
    fleet = Fleet(groups=(of_build("8.2.7", "z1", "z2"), of_build("7.2.0", "a1", "a2")))
    left = planner.change(fleet, Removal(selection=Selection(pool="p", count=2)))
    assert {row.host for row in rows_of(left)} == {"z1", "z2"}


def gravest(statuses: set[Status]) -> Status:
    order = (Status.NO_SAFE_BASELINE, Status.UNDECIDED)
    return next((status for status in order if status in statuses), Status.SAFE)


@settings(max_examples=100, deadline=None)
@given(fleet=fleets(), change=host_changes())
def test_the_status_is_that_of_the_whole_fleet_solved_anew(
    fleet: Fleet, change: ScenarioChange
) -> None:
    scenario = Scenario(name="s", changes=(change,))
    what = WhatIf(fleet, policy=world().policy, knowledge=world())
    try:
        result = what.run(scenario)
    except ScenarioError:
        return
    fresh = anew(fleet, scenario, world().policy)
    assert result.status is gravest({domain.status for domain in fresh.domains})


def test_a_hopeless_pool_is_told_though_no_scenario_touches_it() -> None:
    fleet = planner.read_fleet(FLEET)
    hopeless = replace(of_build("1.0.0", "x1", "x2"), pool=PoolName("zz"))
    fleet = replace(fleet, groups=(*fleet.groups, hopeless))
    up = Scenario(name="up", changes=(upgrade_of("debian", qemu="1:10.0.3+ds-0+deb13u1"),))
    (result,) = what_if(fleet, [up]).results
    assert result.status is Status.NO_SAFE_BASELINE


def test_the_wrong_names_of_all_scenarios_are_told_at_once() -> None:
    asked = [
        Scenario(name="one", changes=(upgrade_of("debain", qemu="8.2.7"),)),
        Scenario(name="two", retired=("pc-q35-4.22",)),
    ]
    with pytest.raises(ScenarioError) as caught:
        what_if(planner.read_fleet(FLEET), asked)
    assert [problem.location.file for problem in caught.value.problems] == [
        "scenario 'one'",
        "scenario 'two'",
    ]


def shown() -> Iterator[object]:
    fleet = planner.read_fleet(FLEET)
    yield from (fleet, planner.solve(fleet), WhatIf(fleet))
    yield what_if(fleet, [Scenario(name="up", changes=(upgrade_of("debian", qemu="8.2.7"),))])


def test_values_show_themselves_in_a_line() -> None:
    for value in shown():
        assert len(repr(value)) < 200, type(value)
