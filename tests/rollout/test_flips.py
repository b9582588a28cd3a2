"""Each flag of a baseline flips at its own time: the question of the thread of 2019."""

from __future__ import annotations

from pathlib import Path

import planner
from planner.domain.plans.plan import Flip, Plan, TakesEffect
from planner.domain.verdict import Outcome

THREAD = "\n".join(
    (
        "host,pool,kernel,qemu,target_kernel",
        *(f"old{number},thread,4.14.336,4.0.0,4.18.20" for number in range(4)),
        *(f"new{number},thread,4.18.20,4.0.0,4.18.20" for number in range(8)),
        "",
    )
)
SMI = "x86_64-cpu.x-migrate-smi-count"


def planned(tmp_path: Path, text: str) -> Plan:
    (tmp_path / "fleet.csv").write_text(text)
    return planner.make_plan(planner.read_upgrades(tmp_path / "fleet.csv"))


def dropped(flip: Flip) -> set[str]:
    return {str(flag.key) for flag in set(flip.before.flags) - set(flip.after.flags)}


def test_the_flag_of_the_thread_flips_at_the_next_hop(tmp_path: Path) -> None:
    plan = planned(tmp_path, THREAD)
    flips = [flip for flip in plan.flips if flip.board == "pc-q35"]
    at_a_hop = [flip for flip in flips if SMI in dropped(flip)]
    assert [flip.takes_effect for flip in at_a_hop] == [TakesEffect.NEXT_HOP]
    assert dropped(at_a_hop[0]) == {SMI}
    later = [flip for flip in flips if flip not in at_a_hop]
    assert all(SMI not in {str(flag.key) for flag in flip.before.flags} for flip in later)
    assert {flip.after_wave for flip in flips} == {len(plan.waves)}


def test_flags_of_two_kinds_flip_each_at_its_own_time(tmp_path: Path) -> None:
    text = THREAD.replace("qemu,target", "qemu,capabilities,target")
    text = text.replace(",4.14.336,4.0.0,", ",4.14.336,4.0.0,-tun.ufo,")
    plan = planned(tmp_path, text.replace(",4.18.20,4.0.0,4", ",4.18.20,4.0.0,,4"))
    flips = [flip for flip in plan.flips if flip.board == "pc-q35"]
    assert [flip.takes_effect for flip in flips] == [TakesEffect.NEXT_HOP, TakesEffect.POWER_CYCLE]
    first, second = flips
    assert dropped(first) == {SMI} and SMI not in dropped(second)
    assert first.after == second.before


def test_flips_one_by_one_are_proven_by_the_replay(tmp_path: Path) -> None:
    plan = planned(tmp_path, THREAD)
    hosts = planner.read_upgrades(tmp_path / "fleet.csv")
    assert planner.simulate(plan, hosts).outcome is Outcome.SAFE


def test_flags_that_the_guest_sees_wait_for_a_power_cycle_together(tmp_path: Path) -> None:
    text = "\n".join(
        (
            "host,pool,kernel,qemu,capabilities,target_kernel",
            "a,x,6.1.90,10.0.3,-tun.uso4 -tun.uso6,6.12.48",
            "b,x,6.12.48,10.0.3,,",
            "",
        )
    )
    plan = planned(tmp_path, text)
    flips = [flip for flip in plan.flips if flip.board == "pc-q35"]
    (flip,) = [one for one in flips if one.before.machine_type == one.after.machine_type]
    assert flip.takes_effect is TakesEffect.POWER_CYCLE
    assert {
        "virtio-net-device.guest_uso4",
        "virtio-net-device.guest_uso6",
        "virtio-net-device.host_uso",
    } <= dropped(flip)
