"""Guests with what only later CPUs have, on the way to an older one: certain; of the rest, open."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.verdict import Outcome, Rule
from planner.knowledge.cpu_generations import brought_after
from planner.knowledge.shipped import load_knowledge

KERNEL, QEMU = "5.14.0-427.el9.x86_64", "8.2.0-11.el9_4"
V4, V3 = "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", "Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz"


@pytest.mark.parametrize(
    ("source", "destination", "cpu", "outcome"),
    [
        (V4, V3, "Broadwell-noTSX", Outcome.UNSAFE),
        (V4, V3, "Broadwell-noTSX-IBRS", Outcome.UNSAFE),
        (V4, V3, "Haswell-noTSX", Outcome.SAFE),
        (V4, V3, "SandyBridge,+adx", Outcome.UNSAFE),
        (V4, V3, "Haswell-noTSX-IBRS", Outcome.UNKNOWN),
        (V3, V4, "Haswell-noTSX", Outcome.SAFE),
    ],
)
def test_a_guest_goes_to_an_older_cpu(
    tmp_path: Path, source: str, destination: str, cpu: str, outcome: Outcome
) -> None:
    path = tmp_path / "fleet.csv"
    rows = f"a,{KERNEL},{QEMU},{source}\nb,{KERNEL},{QEMU},{destination}\n"
    path.write_text(f"host,kernel,qemu,cpu\n{rows}")
    fleet = planner.read_fleet(path)
    case = {"from": "a", "to": "b", "booted_on": "a", "machine": "pc-q35-rhel9.4.0", "cpu": cpu}
    (verdict,) = planner.check(fleet, case, by_profile=True)
    assert verdict.outcome is outcome, verdict.objections
    certain = {one.rule for one in verdict.objections if not one.is_gap}
    assert (Rule.CAPABILITY_MISSING in certain) is (outcome is Outcome.UNSAFE)


def test_what_later_generations_brought_no_model_of_an_earlier_one_has() -> None:
    words = load_knowledge().guests
    for row in words.cpu_generations:
        lacked = brought_after(row.model, words.cpu_generations)
        assert not lacked & (words.features_of(row.model) | row.also), row.model
    assert brought_after("Nobody", words.cpu_generations) == frozenset()
