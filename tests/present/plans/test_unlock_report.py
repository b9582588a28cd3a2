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
