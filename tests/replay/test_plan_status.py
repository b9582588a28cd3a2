"""A plan against the fleet after some days: done, drifted, due, and whether the rest is safe."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from planner.domain.plans.simulation import PlanStatus, WaveStatus
from planner.domain.verdict import Outcome
from planner.fleet.plan_file import read_plan
from planner.fleet.upgrades import read_upgrades
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.replay.plan_status import status_of
from planner.replay.simulate import ReplayRequest
from tests.rollout.examples import (
    Json,
    of_the_cpu,
    rows_of,
    seed_plan,
    uso_plan,
    write_fleet,
    write_plan,
)

BEFORE, AFTER = datetime.date(2027, 1, 19), datetime.date(2027, 1, 20)
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def knowledge() -> KnowledgeBase:
    return load_knowledge()


class Site:
    """A folder with a plan, and the fleet as it is on some day."""

    def __init__(self, folder: Path, knowledge: KnowledgeBase) -> None:
        self.folder, self.knowledge = folder, knowledge

    def status(self, plan: Json, rows: Rows, today: datetime.date = BEFORE) -> PlanStatus:
        path = write_fleet(self.folder / "fleet.csv", rows)
        scenario = ReplayRequest(
            plan=read_plan(write_plan(self.folder / "plan.json", plan)),
            hosts=read_upgrades(path, self.knowledge, ()),
            guests=None,
            knowledge=self.knowledge,
            policy=self.knowledge.policy,
        )
        return status_of(scenario, today)


@pytest.fixture
def site(tmp_path: Path, knowledge: KnowledgeBase) -> Site:
    return Site(tmp_path, knowledge)


def upgraded(rows: Rows, plan: Json, hosts: int) -> Rows:
    """Return the fleet after the first hosts of the plan are upgraded."""
    steps = [step for wave in plan["waves"] for step in wave["upgrades"]][:hosts]
    goal = {step["host"]: step for step in steps}
    return [
        {
            **row,
            "kernel": goal[row["host"]]["kernel"],
            "qemu": goal[row["host"]]["qemu"],
            "capabilities": of_the_cpu(row),
        }
        if row["host"] in goal
        else row
        for row in rows
    ]


def words(status: PlanStatus) -> list[str]:
    return [wave.status.value for wave in status.waves]


@pytest.mark.parametrize("name", ["seed", "uso"])
@pytest.mark.parametrize("done", [0, 1, 2, 5, 7])
def test_a_plan_under_way_is_on_track(site: Site, name: str, done: int) -> None:
    rows = rows_of(name)
    plan = {"seed": seed_plan, "uso": uso_plan}[name](rows)
    status = site.status(plan, upgraded(rows, plan, done))
    whole, part = divmod(done, 2)
    expected = [WaveStatus.DONE] * whole + [WaveStatus.IN_PROGRESS] * part
    expected += [WaveStatus.TO_COME] * (4 - len(expected))
    assert words(status) == [one.value for one in expected]
    assert status.drift == ()
    assert status.flips == ()
    assert status.rest.outcome is Outcome.SAFE


@pytest.mark.parametrize("name", ["seed", "uso"])
def test_a_flip_is_due_when_its_hosts_are_done_and_its_day_has_come(site: Site, name: str) -> None:
    rows = rows_of(name)
    plan = {"seed": seed_plan, "uso": uso_plan}[name](rows)
    now = upgraded(rows, plan, 8)
    early = site.status(plan, now, BEFORE)
    assert words(early) == ["done"] * 4
    assert [cue.due for cue in early.flips] == [False]
    late = site.status(plan, now, AFTER)
    assert [cue.due for cue in late.flips] == [True]
    assert late.flips[0].arguments == plan["waves"][-1]["flips"][0]["arguments"]
    assert late.rest.outcome is Outcome.SAFE


def test_a_host_that_came_back_old_makes_the_due_flip_unsafe(site: Site) -> None:
    rows = rows_of("seed")
    plan = seed_plan(rows)
    now = [*upgraded(rows, plan, 8), {**rows[0], "host": "spare1"}]
    status = site.status(plan, now, AFTER)
    assert [(one.kind, one.host) for one in status.drift] == [("not-in-plan", "spare1")]
    assert status.rest.violation is not None
    assert status.rest.violation.destination is not None
    assert status.rest.violation.destination.examples == ("spare1",)


def test_a_host_of_the_plan_that_is_old_again_keeps_the_flip_shut(site: Site) -> None:
    rows = rows_of("seed")
    plan = seed_plan(rows)
    now = [rows[0], *upgraded(rows, plan, 8)[1:]]
    status = site.status(plan, now, AFTER)
    assert words(status) == ["in progress", "done", "done", "done"]
    assert status.flips == ()
    assert status.rest.outcome is Outcome.SAFE


def test_hosts_that_are_gone_or_elsewhere_are_named(site: Site) -> None:
    rows = rows_of("seed")
    plan = seed_plan(rows)
    now = [{**row, "kernel": "4.16.1"} if row["host"] == "old3" else row for row in rows[1:]]
    status = site.status(plan, now)
    assert [(one.kind, one.host) for one in status.drift] == [
        ("gone", "old1"),
        ("other-build", "old3"),
    ]


def test_guests_that_booted_on_builds_of_the_past_still_count(site: Site) -> None:
    """All hosts are upgraded; a guest that got an offload from its old host must still find it."""
    rows = rows_of("seed")
    plan = seed_plan(rows)
    now = upgraded(rows, plan, 8)
    status = site.status(plan, now)
    fresh = site.status({**plan, "waves": []}, now)
    assert status.rest.judgements > fresh.rest.judgements
