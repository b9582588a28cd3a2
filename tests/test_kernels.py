"""Kernels: where a `uname -r` text lands, and what a placed kernel gives to guests."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from planner.knowledge.base import KnowledgeBase
from planner.knowledge.check import kernel_patterns
from planner.knowledge.kernels import KernelLines
from planner.knowledge.load import load_knowledge


@cache
def _knowledge() -> KnowledgeBase:
    return load_knowledge()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("6.8.0-1015-azure", "ubuntu-flavour"),
        ("5.15.0-1053-azure-fde", "ubuntu-flavour"),
        ("6.4.0-150600.8.14-azure", "sles"),
        ("5.14.21-150500.33.60-azure", "sles"),
        ("6.11.8-1-azure", "tumbleweed"),
        ("6.8.0-1021-gcp", "ubuntu-flavour"),
        ("6.1.112+", "changed-tree"),
        ("6.12.0-rc1+", "changed-tree"),
        ("6.1.112", "mainline"),
        ("5.10.0-216.0.0.115.oe2203sp4.x86_64", "openeuler"),
        ("4.19.48-14.al7.x86_64", "anolis"),
        ("5.10.102.1-1.cm1", "azurelinux"),
        ("6.12.40-64.114.amzn2023.aarch64", "amazon"),
        ("5.14.0-427.44.1.vz9.80.6", "virtuozzo9"),
        ("4.19.90-24.4.v2101.ky10.x86_64", "kylin"),
        ("5.4.18-85-generic", "kylin-desktop"),
        ("5.4.0-85-generic", "ubuntu"),
        ("4.19.90-2211.5.0.0177.22.uel20.x86_64", "uos"),
        ("5.10.0-182.0.0.95.r1941_123.hce2.x86_64", "hce"),
        ("6.1.158+rpt-rpi-v8", "raspberry-pi"),
        ("6.1.119-1.el8.elrepo.x86_64", "elrepo"),
        ("6.8.12-8-pve", "proxmox"),
        ("3.10.0-19-pve", "proxmox-old"),
    ],
)
def test_line_of_text(text: str, line: str) -> None:
    placed = _knowledge().kernels.place(text)
    assert placed is not None
    assert placed.line == line


def test_patterns_exclude_each_other() -> None:
    assert list(kernel_patterns(_knowledge())) == []


def test_overlapping_pattern_is_told() -> None:
    """The line that once took every `-azure` kernel."""
    base = _knowledge()
    wide = re.compile(r"^(?P<base>\d+\.\d+\.\d+)-(?P<release>\d+)-(?:default|azure)$")
    lines = [
        replace(line, pattern=wide) if line.name == "tumbleweed" else line
        for line in base.kernels.lines
    ]
    kernels = KernelLines(lines, base.capabilities)
    told = [problem.what for problem in kernel_patterns(replace(base, kernels=kernels))]
    assert "K014: example '6.8.0-1015-azure' matches tumbleweed as well" in told
