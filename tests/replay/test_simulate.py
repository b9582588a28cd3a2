"""Plans over the example fleets, replayed: what is proven, and what is named if it is not."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planner.documents.complaints import Complaints
from planner.domain.host import HostGroup, HostName, PoolName
from planner.domain.plans.simulation import HostFailure, Phase, Simulation, Violation
from planner.domain.plans.upgrade import Blackout, FailureDomain, PlanPolicy, Room, UpgradeHost
from planner.domain.policy import Policy
from planner.domain.verdict import Outcome
from planner.fleet.guests import read_guests
from planner.fleet.hosts import read_fleet
from planner.fleet.plan_file import plan_of, read_plan
from planner.fleet.upgrades import read_upgrades
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.replay.plan_validation import check_plan
from planner.replay.policy_checks import broken_limits
from planner.replay.simulate import ReplayRequest, drawn_failures, simulate
from tests.rollout.examples import (
    Json,
    old_hosts,
    pairs,
    rows_of,
    seed_plan,
    uso_plan,
    write_fleet,
    write_plan,
)

PLANS = {"seed": seed_plan, "uso": uso_plan}
ROOM = {"vcpus": "64", "memory_gib": "256", "used_vcpus": "20", "used_memory_gib": "96"}


@pytest.fixture(scope="module")
def knowledge() -> KnowledgeBase:
    return load_knowledge()


class Stage:
    """A folder with a plan and a fleet, and the knowledge to replay them with."""

    def __init__(self, folder: Path, knowledge: KnowledgeBase) -> None:
        self.folder, self.knowledge = folder, knowledge

    def replay(
        self,
        plan: Json,
        rows: list[dict[str, str]],
        *,
        guests: str = "",
        policy: Policy | None = None,
        **faults: Any,
    ) -> Simulation:
        path = write_fleet(self.folder / "fleet.csv", rows)
        made = read_plan(write_plan(self.folder / "plan.json", plan))
        hosts = read_upgrades(path, self.knowledge, ())
        check_plan(made, hosts, self.knowledge)
        groups = None
        if guests:
            file = self.folder / "guests.csv"
            file.write_text(guests, encoding="utf-8")
            groups = read_guests(file, read_fleet(path, self.knowledge), self.knowledge.guests)
        scenario = ReplayRequest(
            plan=made,
            hosts=hosts,
            guests=groups,
            knowledge=self.knowledge,
            policy=policy or self.knowledge.policy,
            **faults,
        )
        return simulate(scenario)


@pytest.fixture
def stage(tmp_path: Path, knowledge: KnowledgeBase) -> Stage:
    return Stage(tmp_path, knowledge)


def first(found: Simulation) -> Violation:
    assert found.violation is not None
    return found.violation


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("hosts", [6, 12])
def test_flags_until_the_last_old_host_are_proven(stage: Stage, name: str, hosts: int) -> None:
    rows = rows_of(name, hosts)
    found = stage.replay(PLANS[name](rows), rows)
    assert found.outcome is Outcome.SAFE
    assert found.phases == 1 + 6 * found.waves
    assert found.judgements >= 8
    assert not found.contradictions


UNITS = {"seed": "cpu/msr_smi_count", "uso": "virtio-net-device/feature:40"}


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("edit", ["both", "lowered", "moved"])
def test_a_flip_one_wave_earlier_names_the_edge(stage: Stage, name: str, edit: str) -> None:
    rows = rows_of(name)
    plan = PLANS[name](rows)
    flip = plan["waves"][-1]["flips"][0]
    if edit != "moved":
        flip["after_wave"] -= 1
    if edit != "lowered":
        plan["waves"][-2]["flips"] = plan["waves"][-1].pop("flips")
        plan["waves"][-1]["flips"] = []
    found = stage.replay(plan, rows)
    told = first(found)
    assert (told.wave, told.phase) == (len(plan["waves"]) - 1, Phase.FLIP)
    assert told.rule == "P004"
    assert told.unit == UNITS[name]
    assert told.source is not None and "new" in told.source.examples[0]
    assert told.destination is not None
    assert list(told.destination.examples) == plan["waves"][-1]["hosts"]
    assert bool(found.contradictions) is (edit != "both")


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (lambda plan: plan["waves"].pop(), "waves, but the bounds speak of"),
        (lambda plan: plan["waves"].clear(), "0 waves, but the bounds speak of"),
        (lambda plan: plan["domains"][0]["baselines"].clear(), "new guests get nothing"),
    ],
    ids=["last wave", "all waves", "baselines"],
)
def test_a_plan_that_something_was_cut_out_of_is_told(
    stage: Stage, cut: Callable[[Json], object], said: str
) -> None:
    rows = rows_of("seed")
    plan = PLANS["seed"](rows)
    cut(plan)
    found = stage.replay(plan, rows)
    assert any(said in str(problem) for problem in found.contradictions)


@pytest.mark.parametrize("name", PLANS)
def test_no_flags_at_all_is_unsafe_from_the_start(stage: Stage, name: str) -> None:
    rows = rows_of(name)
    plan = PLANS[name](rows, first=("pc-q35-4.0" if name == "seed" else "pc-q35-10.0", ()))
    assert first(stage.replay(plan, rows)).phase is Phase.START


def all_old(name: str) -> list[dict[str, str]]:
    rows = rows_of(name)
    old = rows[0]
    return [{**old, "host": f"{old['host'].rstrip('1')}{place}"} for place in range(1, 7)]


def plan_of_all_old(name: str, rows: list[dict[str, str]], **other: Any) -> Json:
    new = rows_of(name)[-1]
    return PLANS[name]([*rows, new], **other)


@pytest.mark.parametrize("name", PLANS)
def test_guests_without_flags_are_safe_until_an_upgraded_host_is_up(
    stage: Stage, name: str
) -> None:
    rows = all_old(name)
    machine_type = "pc-q35-4.0" if name == "seed" else "pc-q35-10.0"
    plan = plan_of_all_old(name, rows, first=(machine_type, ()))
    told = first(stage.replay(plan, rows))
    assert (told.wave, told.phase) == (1, Phase.UNCORDON)
    assert told.source is not None and told.source.examples == tuple(plan["waves"][0]["hosts"])


@pytest.mark.parametrize("name", PLANS)
def test_one_way_routing_saves_guests_without_flags(stage: Stage, name: str) -> None:
    rows = all_old(name)
    machine_type = "pc-q35-4.0" if name == "seed" else "pc-q35-10.0"
    plan = plan_of_all_old(name, rows, first=(machine_type, ()), routing="upgraded-only")
    assert stage.replay(plan, rows).outcome is Outcome.SAFE


def test_a_mask_keeps_guests_without_flags_safe_until_it_is_lifted(stage: Stage) -> None:
    rows = all_old("seed")
    plan = plan_of_all_old("seed", rows, first=("pc-q35-4.0", ()))
    last = len(plan["waves"])
    mask = {"domain": "default", "capabilities": ["kvm.msr.smi_count"], "until_wave": last}
    masked = {**plan, "masks": [mask]}
    assert stage.replay(masked, rows).outcome is Outcome.SAFE
    early = {**plan, "masks": [{**mask, "until_wave": last - 1}]}
    told = first(stage.replay(early, rows))
    assert (told.wave, told.phase) == (last - 1, Phase.FLIP)


def test_a_machine_type_that_the_target_dropped_is_found(stage: Stage) -> None:
    rows = rows_of("seed")
    plan = seed_plan(rows, qemu="11.1.0", kernel="6.12.10", first=("pc-q35-2.4", (SEED_OFF,)))
    told = first(stage.replay(plan, rows))
    assert told.rule == "P001"
    assert (told.wave, told.phase) == (1, Phase.UNCORDON)


SEED_OFF = "x86_64-cpu.x-migrate-smi-count=off"


def test_a_type_that_no_host_has_cannot_be_launched(stage: Stage) -> None:
    rows = rows_of("seed")
    plan = seed_plan(rows, last=("pc-q35-4.1", (SEED_OFF,)), effect="next launch")
    told = first(stage.replay(plan, rows))
    assert told.rule == "P001"
    assert told.phase is Phase.FLIP
    assert told.destination is None
    assert told.source is not None and told.source.hosts == len(rows)


def test_a_negotiated_flag_cannot_change_at_a_hop(stage: Stage) -> None:
    rows = rows_of("uso")
    offload = "virtio-net-device.guest_tso4=off"
    plan = uso_plan(rows, first=("pc-q35-10.0", (*USO, offload)), last=("pc-q35-10.0", USO))
    assert stage.replay(plan, rows).violation is None
    plan["waves"][-1]["flips"][0]["takes_effect"] = "next hop"
    told = first(stage.replay(plan, rows))
    assert (told.wave, told.phase, told.rule) == (len(plan["waves"]), Phase.FLIP, "P003")
    assert told.unit == offload.partition("=")[0]


USO = tuple(
    f"virtio-net-device.{name}=off"
    for name in ("guest_uso4", "guest_uso6", "host_uso", "queue_reset")
)


def test_a_host_that_returns_after_the_flips_is_named(stage: Stage) -> None:
    rows = rows_of("seed")
    plan = seed_plan(rows)
    host = plan["waves"][1]["hosts"][0]
    found = stage.replay(plan, rows, failures=(HostFailure(host=host, wave=2),))
    told = first(found)
    assert (told.wave, told.phase) == (len(plan["waves"]), Phase.FLIP)
    assert told.destination is not None
    assert told.destination.examples == (host,)
    assert "returned" in told.destination.label


def test_a_host_that_dies_before_its_own_wave_is_upgraded_then(stage: Stage) -> None:
    rows = rows_of("seed")
    plan = seed_plan(rows)
    host = plan["waves"][2]["hosts"][0]
    found = stage.replay(plan, rows, failures=(HostFailure(host=host, wave=1),))
    assert found.outcome is Outcome.SAFE


def test_guests_of_a_dead_host_start_again_elsewhere(stage: Stage) -> None:
    """Routing keeps these guests off old hosts; a death does not, and they boot there anew."""
    rows = all_old("seed")
    plan = plan_of_all_old("seed", rows, routing="upgraded-only")
    dead = (HostFailure(host=plan["waves"][0]["hosts"][0], wave=2),)
    assert stage.replay(plan, rows).outcome is Outcome.SAFE
    found = stage.replay(plan, rows, failures=dead)
    assert found.judgements > stage.replay(plan, rows).judgements


def test_drawn_failures_are_the_same_every_time(stage: Stage, tmp_path: Path) -> None:
    plan = read_plan(write_plan(tmp_path / "plan.json", seed_plan(rows_of("seed"))))
    assert drawn_failures(plan, 7) == drawn_failures(plan, 7)
    assert len({drawn_failures(plan, seed) for seed in range(5)}) > 1
    assert [one.wave for one in drawn_failures(plan, 7)] == [1, 2, 3, 4]


def test_room_is_checked_where_the_fleet_gives_it(stage: Stage) -> None:
    rows = [{**row, **ROOM} for row in rows_of("seed")]
    plan = seed_plan(rows)
    assert stage.replay(plan, rows).outcome is Outcome.SAFE
    full = [{**row, "used_memory_gib": "200"} for row in rows]
    told = first(stage.replay(plan, full))
    assert (told.rule, told.wave, told.phase) == ("S001", 1, Phase.EVACUATE)
    assert "2400 GiB in use, 2304 on the hosts that are up (fill 0.9)" in told.text
    assert stage.replay(plan, rows_of("seed")).pools_without_room == 1


def test_a_failure_takes_room_too(stage: Stage) -> None:
    rows = [{**row, **ROOM, "used_memory_gib": "180"} for row in rows_of("seed")]
    plan = seed_plan(rows)
    assert stage.replay(plan, rows).outcome is Outcome.SAFE
    other = plan["waves"][3]["hosts"][0]
    told = first(stage.replay(plan, rows, failures=(HostFailure(host=other, wave=1),)))
    assert told.rule == "S001"


def test_a_pool_that_is_emptied_at_once_has_nowhere_to_go(stage: Stage) -> None:
    rows = rows_of("seed")
    alone = rows[:1]
    plan = copy.deepcopy(seed_plan(rows))
    plan["waves"] = [copy.deepcopy(plan["waves"][0])]
    plan["waves"][0] |= {"hosts": ["old1"], "upgrades": plan["waves"][0]["upgrades"][:1]}
    found = stage.replay(plan, alone)
    assert found.outcome is Outcome.UNKNOWN
    assert found.gap is not None and found.gap.rule == "S002"
    guests = f"guest,host,machine_type,flags,count\ng,old1,pc-q35-4.0,{SEED_OFF},3\n"
    told = first(stage.replay(plan, alone, guests=guests))
    assert (told.rule, told.count) == ("S002", 3)
    empty = [{**alone[0], **ROOM, "used_vcpus": "0", "used_memory_gib": "0"}]
    assert stage.replay(plan, empty).outcome is Outcome.SAFE


HEADER = "guest,host,machine_type,flags,booted_on,devices,cpu,traits,migratable\n"


def test_guests_of_today_are_judged_as_the_file_describes_them(stage: Stage) -> None:
    rows = all_old("uso")
    plan = plan_of_all_old("uso", rows)
    net = "virtio-net-pci+tap+vhost"
    bare = f"{HEADER}g1,lab-old1,pc-q35-10.0,,lab-old1,virtio-blk-pci,qemu64,{{}},yes\n"
    traits = "tsc-frequency-unset=no"
    assert stage.replay(plan, rows, guests=bare.format(traits)).outcome is Outcome.SAFE
    told = first(
        stage.replay(plan, rows, guests=bare.format(traits).replace("virtio-blk-pci", net))
    )
    assert (told.wave, told.count) == (1, 1)
    assert "guests file" in told.guests


def test_a_guest_that_has_what_the_conditions_exclude_is_not_taken_for_safe(stage: Stage) -> None:
    rows = rows_of("seed")
    plan = seed_plan(rows)
    line = f"g1,new1,pc-q35-4.0,{SEED_OFF},new1,-,{{}},tsc-frequency-unset=no,yes\n"
    plain = stage.replay(plan, rows, guests=HEADER + line.format("qemu64"))
    assert plain.outcome is Outcome.SAFE
    line = line.replace("{}", '"qemu64,+vmx"')
    nested = stage.replay(plan, rows, guests=HEADER + line)
    assert nested.outcome is not Outcome.SAFE


def test_guests_that_cannot_migrate_need_a_restart(stage: Stage) -> None:
    rows = rows_of("seed")
    plan = seed_plan(rows)
    guests = f"{HEADER}g1,old1,pc-q35-4.0,{SEED_OFF},old1,-,qemu64,tsc-frequency-unset=no,no\n"
    told = first(stage.replay(plan, rows, guests=guests))
    assert (told.rule, told.wave, told.phase) == ("S002", 1, Phase.EVACUATE)
    baseline = {"machine_type": "pc-q35-4.0", "flags": [SEED_OFF]}
    restart = {
        "domain": "default",
        "guests": 1,
        "from": baseline,
        "to": baseline,
        "before_wave": 1,
        "windows": [],
        "reason": "",
    }
    assert stage.replay({**plan, "restarts": [restart]}, rows, guests=guests).violation is None


def test_an_unknown_boot_host_is_a_gap_and_not_a_violation(stage: Stage) -> None:
    rows = rows_of("uso")
    plan = uso_plan(rows, routing="upgraded-only", first=("pc-q35-10.0", USO))
    words = "lab-old1,pc-q35-10.0,,{},virtio-net-pci+tap+vhost,qemu64,tsc-frequency-unset=no,yes"
    known = stage.replay(plan, rows, guests=f"{HEADER}g1,{words.format('lab-old2')}\n")
    assert known.outcome is Outcome.SAFE
    guessed = stage.replay(plan, rows, guests=f"{HEADER}g1,{words.format('')}\n")
    assert guessed.outcome is Outcome.UNKNOWN
    assert guessed.gap is not None and "boot host" in guessed.gap.text


def test_the_way_back_is_free_until_the_flip(stage: Stage) -> None:
    rows = rows_of("seed")
    plan = seed_plan(rows)
    last = len(plan["waves"])
    before = stage.replay(plan, rows, abort_after=last - 1)
    assert before.outcome is Outcome.SAFE
    assert before.no_way_back == ()
    after = stage.replay(plan, rows, abort_after=last)
    told = first(after)
    assert (told.rule, told.phase, told.wave) == ("S003", Phase.ROLLBACK, last)
    plan["waves"][-1]["rollback"]["free"] = False
    honest = stage.replay(plan, rows, abort_after=last)
    assert honest.outcome is Outcome.SAFE
    assert [one.unit for one in honest.no_way_back] == ["cpu/msr_smi_count"]


def test_several_steps_of_one_host_are_replayed_in_order(stage: Stage) -> None:
    rows = all_old("seed")
    plan = plan_of_all_old("seed", rows)
    middle = plan["waves"]
    again = copy.deepcopy(middle)
    for wave in again:
        wave["number"] += len(middle)
        for step in wave["upgrades"]:
            step |= {"from_kernel": step["kernel"], "kernel": "4.18.21"}
        for flip in wave["flips"]:
            flip["after_wave"] = wave["number"]
    for wave in middle:
        wave["flips"] = []
    found = stage.replay({**plan, "waves": [*middle, *again]}, rows)
    assert found.outcome is Outcome.SAFE
    assert found.waves == 2 * len(pairs(old_hosts(rows)))


def test_guests_that_booted_in_another_pool_are_judged_as_booted_there(stage: Stage) -> None:
    """Nothing in their own pool has what their boot host had: the first move breaks."""
    rows = all_old("uso")
    plan = plan_of_all_old("uso", rows)
    far = {**rows_of("uso")[-1], "host": "far", "pool": "other"}
    line = "g1,lab-old1,pc-q35-10.0,,{},virtio-net-pci+tap,qemu64,negotiates-uso=yes,yes\n"
    first_waves = [{**rows[0], "host": "spare"}, far]
    here = first(stage.replay(plan, rows + first_waves, guests=HEADER + line.format("lab-old1")))
    told = first(stage.replay(plan, rows + first_waves, guests=HEADER + line.format("far")))
    assert told.wave < here.wave


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (PlanPolicy(pool_share=1.0, fleet_unavailable=1), "fleet_unavailable is 1"),
        (PlanPolicy(pool_share=0.1), "hosts are down, 1 of 12 may be"),
        (PlanPolicy(pool_share=1.0, pool_unavailable=1), "hosts are down, 1 of 12 may be"),
        (PlanPolicy(pool_share=1.0, evacuation_gib=100), "evacuation_gib is 100"),
        (
            PlanPolicy(pool_share=1.0, domain_unavailable=(("rack", 1),)),
            "2 hosts of rack=r1 are down, domain_unavailable is 1",
        ),
        (PlanPolicy(pool_share=1.0), "old1 is touched on a day of its blackout"),
        (PlanPolicy(pool_share=0.2, domain_unavailable=(("rack", 2),)), ""),
    ],
)
def test_waves_that_break_a_bound_of_the_operator(rules: PlanPolicy, text: str) -> None:
    """The plan takes two hosts of one rack down at a time, in waves of a day from 4 January on."""
    blackout = datetime.date(2027, 1, 4 if "blackout" in text else 20)
    hosts = [
        UpgradeHost(
            name=HostName(f"old{number}"),
            pool=PoolName("default"),
            group=HostGroup(
                pool=PoolName("default"),
                kernel="4.14.336",
                qemu="4.0.0",
                hosts=(HostName(f"old{number}"),),
            ),
            target=None,
            failure_domains=(FailureDomain(family="rack", name="r1"),),
            used=Room(vcpus=8, memory_gib=64),
            blackouts=(Blackout(first=blackout, last=blackout),),
        )
        for number in range(1, 13)
    ]
    rows = rows_of("seed")
    plan = plan_of(seed_plan(rows), Complaints("plan"))
    assert plan is not None
    dated = replace(
        plan,
        waves=tuple(
            replace(wave, day=datetime.date(2027, 1, 3 + wave.number)) for wave in plan.waves
        ),
    )
    found = [told for _, _, told in broken_limits(dated, hosts, rules)]
    assert (text in found[0]) if text else found == []
