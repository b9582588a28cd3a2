"""Faults by build: who is on neither side whatever was read."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.knowledge.shipped import load_knowledge

PAIR = "host,kernel,qemu\na,6.8.12-9-pve,{}\nb,6.17.2-1-pve,{}\n"


@pytest.mark.parametrize("name", ["libvirt-ht-10.0", "multifd-9.2.0"])
def test_lines_outside_a_fault_are_on_neither_side(name: str) -> None:
    rows = load_knowledge()
    (fault,) = [one for one in rows.faults if one.id == name]
    for text in ("10.1.2-3", "10.0.2-4", "9.2.0-5", "8.1.5-6"):
        build = rows.build_of(text)
        assert build.line == "proxmox"
        assert not fault.known_as(build) and not fault.touches([build])
    assert fault.known_as(rows.build_of("10.1.2"))


def test_no_guest_of_proxmox_is_asked_for_its_libvirt(tmp_path: Path) -> None:
    asked = {}
    for who, builds in (("proxmox", ("9.2.0-5", "10.1.2-3")), ("upstream", ("9.2.0", "10.1.2"))):
        (tmp_path / "fleet.csv").write_text(PAIR.format(*builds))
        (answer,) = planner.solve(planner.read_fleet(tmp_path / "fleet.csv")).domains
        assert answer.recommended is not None
        asked[who] = {one.text for one in answer.recommended.checks}
    assert not any("libvirt" in text or "multifd" in text for text in asked["proxmox"])
    assert any("libvirt" in text for text in asked["upstream"])
