"""What a build's own description says that a device keeps: all, nothing, or not its PCI part."""

from __future__ import annotations

from collections import Counter

import pytest

from planner.harvest.device_state import described_state, of_parts, own_sections
from planner.knowledge.qemu.inventory import KeptState

PCI = ("one", "pci-device", "device")
CONFIGURATION = {"name": "PCIDevice", "Fields": [{"field": "config"}]}
REGISTERS = {"name": "one", "Fields": [{"field": "status"}]}
WITH_PCI = {"name": "one", "Fields": [{"field": "parent_obj", "Description": CONFIGURATION}]}
IN_A_SUBSECTION = {**REGISTERS, "Subsections": [WITH_PCI]}


@pytest.mark.parametrize(
    ("described", "state"),
    [
        (None, KeptState.UNDESCRIBED),
        ({"name": "one"}, KeptState.BLOCKED),
        (REGISTERS, KeptState.WITHOUT_PCI),
        (WITH_PCI, KeptState.WHOLE),
        (IN_A_SUBSECTION, KeptState.WHOLE),
    ],
)
def test_what_a_description_says_of_a_pci_device(described: object, state: KeptState) -> None:
    rows = {} if described is None else {"one": described}
    assert described_state("one", PCI, "one", rows) is state


def test_a_proxy_is_what_sits_behind_it_and_a_plain_device_has_no_pci_part() -> None:
    assert described_state("one", PCI, "behind", {"behind": REGISTERS}) is KeptState.WHOLE
    assert described_state("one", ("one", "isa-device"), "one", {"one": REGISTERS}) is (
        KeptState.WHOLE
    )


def test_what_a_part_of_a_device_sends_is_not_its_own() -> None:
    described = {"i2c-ddc": {"name": "i2c-ddc"}, "one": {"name": "one"}}
    parts = of_parts(("ati-vga", "pci-device"), described)
    sent = Counter({"i2c-ddc": 1, "i2c_bus": 1, "ram": 1})
    assert not own_sections(sent, Counter({"ram": 1}), parts)
    assert own_sections(sent + Counter({"vga": 1}), Counter({"ram": 1}), parts) == {"vga"}
    assert own_sections(Counter({"one": 1}), Counter(), of_parts(("one",), described)) == {"one"}
