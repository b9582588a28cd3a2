"""Network back ends are parts of a build: the release that brought each, and what may be left out."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.host import QemuBuild
from planner.domain.truth import Truth
from planner.domain.verdict import Outcome, Rule
from planner.knowledge.shipped import load_knowledge


def a_build(text: str) -> QemuBuild:
    return QemuBuild(line="upstream", release=text, version=tuple(map(int, text.split("."))))


@pytest.mark.parametrize(
    ("name", "build", "has"),
    [
        ("tap", "1.0", Truth.YES),
        ("stream", "7.1.0", Truth.NO),
        ("stream", "7.2", Truth.YES),
        ("stream", "7", Truth.UNKNOWN),
        ("af-xdp", "8.1.5", Truth.NO),
        ("af-xdp", "8.2.0", Truth.UNKNOWN),
        ("passt", "7.1.0", Truth.NO),
        ("passt", "10.0.3", Truth.UNKNOWN),
        ("passt", "10.1.0", Truth.YES),
    ],
)
def test_a_back_end_is_of_the_builds_since_its_release(name: str, build: str, has: Truth) -> None:
    assert load_knowledge().guests.backends[name].is_of(a_build(build)) is has


@pytest.mark.parametrize(
    ("device", "destination", "outcome"),
    [
        ("virtio-net-pci+dgram", "7.0.0", Outcome.UNSAFE),
        ("virtio-net-pci+dgram", "7.2.0", Outcome.SAFE),
        ("virtio-net-pci+socket", "7.0.0", Outcome.SAFE),
        ("virtio-net-pci+af-xdp", "7.2.0", Outcome.UNSAFE),
    ],
)
def test_a_move_to_a_build_without_the_back_end(
    tmp_path: Path, device: str, destination: str, outcome: Outcome
) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text(f"host,kernel,qemu\na,6.1.0,7.2.0\nb,6.1.0,{destination}\n")
    fleet = planner.read_fleet(path)
    case = {"from": "a", "to": "b", "machine": "pc-q35-7.0", "devices": device, "cpu": "kvm64"}
    (verdict,) = planner.check(fleet, case, by_profile=True)
    assert verdict.outcome is outcome, verdict.objections
    raised = {one.rule for one in verdict.objections}
    assert (Rule.PART_NOT_OFFERED in raised) is (outcome is Outcome.UNSAFE)
