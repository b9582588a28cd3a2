"""A fleet file with targets: what stands there stays, hosts that go get theirs, no other does."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from planner.domain.errors import FleetError
from planner.fleet.upgraded_file import with_targets

FLEET = (
    'rack,host,kernel,qemu,target_qemu\nr1,"a,1",6.1.0,8.2.7,9.0.1\n\nr2, b ,6.1.0,8.2.7,9.0.1\n'
)


def written(path: Path, text: str, targets: dict[str, tuple[str, str]]) -> list[list[str]]:
    path.write_text(text)
    return list(csv.reader(with_targets(path, targets)))


def test_columns_stay_and_hosts_get_their_targets_alone(tmp_path: Path) -> None:
    rows = written(tmp_path / "fleet.csv", FLEET, {"a,1": ("6.12.0", "10.0.2")})
    assert rows == [
        ["rack", "host", "kernel", "qemu", "target_kernel", "target_qemu"],
        ["r1", "a,1", "6.1.0", "8.2.7", "6.12.0", "10.0.2"],
        ["r2", " b ", "6.1.0", "8.2.7", "", ""],
    ]


def test_a_name_with_spaces_around_it_is_that_host(tmp_path: Path) -> None:
    rows = written(tmp_path / "fleet.csv", FLEET, {"b": ("", "10.0.2")})
    assert rows[2][-2:] == ["", "10.0.2"]


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fleet.parquet"
    path.write_bytes(b"PAR1\xff\xfe")
    with pytest.raises(FleetError, match="is no CSV to write targets into"):
        list(with_targets(path, {}))
