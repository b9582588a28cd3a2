"""Which of two kernels or QEMU builds is older, in one vendor's line and between lines."""

from __future__ import annotations

import pytest

from planner.knowledge.shipped import load_knowledge
from planner.migration.build_age import compared_builds, compared_kernels


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("6.8.0-40-generic", "6.8.0-51-generic", -1),
        ("5.14.0-570.22.1.el9_6.x86_64", "5.14.0-570.12.1.el9_6.x86_64", 1),
        ("6.8.0-51-generic", "6.8.0-51-generic", 0),
        ("6.12.48+deb13-amd64", "6.8.0-51-generic", 1),
    ],
)
def test_kernels(one: str, other: str, expected: int) -> None:
    rows = load_knowledge()
    assert compared_kernels(rows.kernel_of(one), rows.kernel_of(other)) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1:8.2.2+ds-0ubuntu1.4", "1:8.2.2+ds-0ubuntu1.7", -1),
        ("qemu-kvm-9.1.0-15.el9_6.5", "qemu-kvm-9.1.0-15.el9_6.5", 0),
        ("10.0.13", "1:8.2.2+ds-0ubuntu1.7", 1),
    ],
)
def test_builds(one: str, other: str, expected: int) -> None:
    rows = load_knowledge()
    assert compared_builds(rows.build_of(one), rows.build_of(other)) == expected
