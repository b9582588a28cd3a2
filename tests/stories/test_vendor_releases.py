"""The next type is one that a release brings which the hosts' own vendor mends, and is told with it."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from pathlib import Path

import pytest

import planner
from planner.domain.refusal import WhyNotNewer
from planner.knowledge.calendar import supported_releases
from planner.knowledge.shipped import load_knowledge

BOOKWORM = "6.1.0-28-amd64,1:7.2+dfsg-7+deb12u12"
TRIXIE = "6.12.48+deb13-amd64,1:10.0.13+ds-0+deb13u1"
JAMMY = "5.15.0-130-generic,1:6.2+dfsg-2ubuntu6.31"
NOBLE = "6.8.0-45-generic,1:8.2.2+ds-0ubuntu1.18"


def next_of(folder: Path, *hosts: str) -> WhyNotNewer | None:
    path = folder / "fleet.csv"
    rows = (f"h{number},{host}" for number, host in enumerate(hosts))
    path.write_text("\n".join(("host,kernel,qemu", *rows, "")))
    (domain,) = planner.solve(planner.read_fleet(path)).domains
    assert domain.recommended is not None
    return domain.recommended.why_not_newer


@pytest.mark.parametrize(
    ("hosts", "machine_type", "release"),
    [
        ([BOOKWORM] * 2, "pc-q35-10.0", "Debian 13 (trixie), QEMU 10.0"),
        ([JAMMY] * 2, "pc-q35-noble", "Ubuntu 24.04 (noble), QEMU 8.2"),
        ([NOBLE] * 2, "pc-q35-resolute", "Ubuntu 26.04 (resolute), QEMU 10.2"),
    ],
    ids=["no-8.0-in-debian", "no-kinetic", "no-questing"],
)
def test_the_next_type_comes_with_a_release_upgrade(
    tmp_path: Path, hosts: list[str], machine_type: str, release: str
) -> None:
    newer = next_of(tmp_path, *hosts)
    assert newer is not None
    assert newer.machine_type == machine_type
    assert newer.remedies[0].kind == "upgrade-release"
    assert newer.remedies[0].text.startswith(f"release upgrade to {release}; package ")


def test_what_the_pool_runs_comes_before_a_release(tmp_path: Path) -> None:
    newer = next_of(tmp_path, BOOKWORM, TRIXIE)
    assert newer is not None
    assert newer.machine_type == "pc-q35-10.0"
    kernel, _, qemu = TRIXIE.partition(",")
    assert newer.remedies[0].kind == "upgrade-qemu"
    assert newer.remedies[0].text == f"QEMU {qemu}, kernel {kernel}, as 1 host of the pool"


def test_upstream_hosts_go_for_a_series_that_gets_fixes(tmp_path: Path) -> None:
    newer = next_of(tmp_path, "6.8.0,4.0.0", "6.8.0,4.0.0")
    assert newer is not None
    assert newer.machine_type == "pc-q35-10.0"
    assert newer.remedies[0].kind == "upgrade-qemu"


def test_what_the_pool_runs_counts_although_nobody_mends_it(tmp_path: Path) -> None:
    newer = next_of(tmp_path, "6.8.0,7.2.0", "6.8.0,8.2.4")
    assert newer is not None
    assert newer.machine_type == "pc-q35-8.2"


def test_the_newest_release_has_no_next_type(tmp_path: Path) -> None:
    assert next_of(tmp_path, TRIXIE, TRIXIE) is None


def test_of_a_vendor_without_rows_the_next_known_type_is_told(tmp_path: Path) -> None:
    rows = load_knowledge()
    assert supported_releases(rows.releases, frozenset({"azurelinux"})) is None
    assert supported_releases(rows.releases, frozenset({"debian", "azurelinux"})) is None
    newer = next_of(tmp_path, *["6.6.30,qemu-6.2.0-22.cm2"] * 2)
    assert newer is not None
    assert newer.machine_type == "pc-q35-7.0"


def test_support_has_a_first_and_a_last_day() -> None:
    rows = {one.name: one for one in load_knowledge().releases}
    interim = rows["Ubuntu 25.10 (questing)"]
    assert not interim.is_supported
    for day, expected in (("2025-10-08", False), ("2026-07-08", True), ("2026-07-09", False)):
        on = replace(interim, as_of=datetime.date.fromisoformat(day))
        assert on.is_supported is expected


def test_the_package_of_every_release_is_a_build_of_its_hosts() -> None:
    rows = load_knowledge()
    for one in rows.releases:
        assert rows.build_of(one.qemu).line in one.hosts, one.name


def test_the_kernel_of_every_release_is_its_own() -> None:
    """No target is a kernel of one minor release of EL with the QEMU of another."""
    rows = load_knowledge()
    tag = re.compile(r"\.el(\d+)_(\d+)")
    for one in rows.releases:
        if not one.uname:
            continue
        series = one.uname.partition("-")[0]
        assert series == one.kernel or series.startswith(f"{one.kernel}."), one.name
        for found in tag.findall(one.uname):
            assert one.name.endswith(" " + ".".join(found)), one.name
            assert tag.findall(one.qemu) in ([found], []), one.name
