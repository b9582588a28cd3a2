"""What opens what, the smallest step first."""

from __future__ import annotations

from pathlib import Path

import planner
from planner.present.plans.unlock_report import unlock_report

ROWS = """host,kernel,qemu
a,5.14.0-427.42.1.el9_4.x86_64,qemu-kvm-8.2.0-11.el9_4.6
b,5.14.0-570.22.1.el9_6.x86_64,qemu-kvm-core-9.1.0-15.el9_6.5.x86_64
"""


def test_fewest_hosts_and_older_releases_come_first(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(ROWS)
    found = planner.unlock(planner.read_fleet(tmp_path / "fleet.csv"))
    heads = [str(line.text) for line in unlock_report(found) if str(line.text).startswith("Pool")]
    places = [
        next(place for place, head in enumerate(heads) if name in head)
        for name in ("pc-q35-rhel9.6.0", "pc-q35-rhel9.8.0", "pc-q35-rhel10.2.0")
    ]
    assert places == sorted(places)


def test_hosts_with_one_target_are_one_block(tmp_path: Path) -> None:
    more = "c,5.14.0-427.13.1.el9_4.x86_64,qemu-kvm-8.2.0-11.el9_4\n"
    (tmp_path / "fleet.csv").write_text(ROWS + more)
    found = planner.unlock(planner.read_fleet(tmp_path / "fleet.csv"))
    lines = [row for line in unlock_report(found) for row in line.rows(200)]
    heads = [place for place, row in enumerate(lines) if row.startswith("Pool")]
    first = lines[heads[0] : heads[1]]
    assert [row.split()[0] for row in first if row] == ["Pool", "opened", "upgrade", "to"]
    assert "2 hosts of default (a, c)" in first[2]
    assert "from" not in first[3], "two classes have no one build that they come from"
