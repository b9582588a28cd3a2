"""The generated fleets are what the benchmark says of them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmarks.fleets import KINDS, Kind, write_fleet

CELLS = ("kernel", "qemu", "capabilities")


def pools_of(path: Path) -> dict[str, set[tuple[str, ...]]]:
    pools: dict[str, set[tuple[str, ...]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cells = tuple(row.get(name, "") for name in CELLS)
            pools.setdefault(row["pool"], set()).add(cells)
    return pools


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_some_hundreds_of_profiles_in_pools_of_one_to_eight(tmp_path: Path, kind: Kind) -> None:
    path, again = tmp_path / "fleet.csv", tmp_path / "again.csv"
    for place in (path, again):
        write_fleet(place, kind, hosts=30_007, pools=1_000)
    assert path.read_bytes() == again.read_bytes()
    pools = pools_of(path)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 30_008
    assert len(pools) == 1_000
    assert {len(profiles) for profiles in pools.values()} <= set(range(1, 9))
    assert 300 <= len(set().union(*pools.values())) <= 600
    if kind.scattered:
        assert len({frozenset(profiles) for profiles in pools.values()}) > 980
