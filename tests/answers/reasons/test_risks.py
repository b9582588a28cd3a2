"""A type that its vendor will drop is told with where it is deprecated and where it is gone."""

from __future__ import annotations

import pytest

from planner.answers.reasons.risks import expiring
from planner.knowledge.shipped import load_knowledge


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pc-i440fx-rhel7.6.0", "pc-i440fx-rhel7.6.0 is deprecated in RHEL 9, gone in RHEL 10"),
        ("pc-q35-4.0", "pc-q35-4.0 is gone from QEMU 10.1.0 on"),
        ("pc-q35-rhel9.6.0", ""),
        ("pc-q35-jammy", ""),
    ],
)
def test_the_fate_of_a_type_is_told(name: str, text: str) -> None:
    base = load_knowledge()
    row = base.machine_type(name)
    assert row is not None
    found = [one.text for one in expiring(row, base) if one.severity == "removal"]
    assert found == ([text] if text else [])


def test_a_type_that_qemu_deprecates_is_told_and_a_young_one_is_a_forecast() -> None:
    knowledge = load_knowledge()
    fates = {}
    for name in ("pc-q35-6.2", "pc-q35-9.0"):
        row = knowledge.machine_type(name)
        assert row is not None
        (fates[name],) = expiring(row, knowledge)
    old, young = fates["pc-q35-6.2"], fates["pc-q35-9.0"]
    assert old.severity == "removal"
    assert "deprecated since QEMU 9.2.0, goes with QEMU 12.2 (forecast)" in old.text
    assert (young.severity, "deprecated" in young.text) == ("forecast", False)
