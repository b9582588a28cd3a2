"""An answer held against the rows as they stand in their files: no code of the judge or the choice.

What one kernel gives to every guest and another gives to none, and a unit sends and needs, arrives
nowhere: a SAFE answer over both kernels must name the unit, in a flag, a condition, a loss or a risk.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from planner.cli.app import app

DATA = Path(__file__).resolve().parents[2] / "data"
KERNELS = ("4.19.13", "5.2.1", "6.0.1", "6.12.57", "7.2.8")
QEMU = "7.2.0"


def rows(name: str) -> Iterator[list[str]]:
    lines = (DATA / "harvested" / "kernels" / name).read_text(encoding="utf-8").splitlines()
    yield from csv.reader(line for line in lines if not line.startswith("#"))


def number(release: str) -> list[int]:
    return [int(part) for part in release.split("-", maxsplit=1)[0].split(".")]


def is_in(release: str, intervals: str) -> bool:
    for one in intervals.split(";"):
        first, _, last = one.partition("..")
        if number(first) <= number(release) <= number(last or first):
            return True
    return False


def given(release: str) -> dict[str, set[str]]:
    """Return how a kernel gives what x86 guests may get: `yes` is to all of them."""
    found: dict[str, set[str]] = {}
    for arch, name, how, _, releases in rows("mainline.csv"):
        if arch == "x86_64" and is_in(release, releases):
            found.setdefault(name, set()).add(how)
    return found


def units() -> list[dict[str, Any]]:
    """Return the units without a switch that ask one capability on both sides."""
    files = sorted((DATA / "migrated_state").glob("x86_64*.toml"))
    every = [row for file in files for row in tomllib.loads(file.read_text())["unit"]]
    return [
        row
        for row in every
        if not row.get("gates")
        and len(row.get("requires", ())) == 1
        and row.get("sent_if") == row["requires"]
        and number(row.get("since", "99")) <= number(QEMU)
    ]


def obligations(one: str, other: str) -> set[str]:
    """Return the units that some kernel of two sends to every guest and the other cannot load."""
    tables = given(one), given(other)
    return {
        row["id"]
        for row in units()
        for source, destination in permutations(tables)
        if source.get(row["requires"][0]) == {"yes"} and row["requires"][0] not in destination
    }


def told(pool: dict[str, Any]) -> Iterator[set[str]]:
    """Yield the units that each answer of a pool names."""
    for baseline in pool["baselines"]:
        named = {one["unit"] for one in baseline["flags"]} | {*baseline["needs_ack"]}
        named |= {unit for one in baseline["conditions"] for unit in one["units"]}
        named |= {one["unit"] for one in baseline["accepted_losses"]}
        yield named | {one["unit"] for one in baseline["residual_risks"]}


PAIRS = [
    (one, other)
    for place, one in enumerate(KERNELS)
    for other in KERNELS[place + 1 :]
    if obligations(one, other)
]


def test_there_is_something_to_name() -> None:
    assert len(PAIRS) >= 3
    assert not obligations(KERNELS[0], KERNELS[0])


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_what_a_kernel_lacks_is_named(tmp_path: Path, pair: tuple[str, str]) -> None:
    path = tmp_path / "fleet.csv"
    hosts = "".join(f"h{place},{kernel},{QEMU}\n" for place, kernel in enumerate(pair))
    path.write_text(f"host,kernel,qemu\n{hosts}")
    done = CliRunner().invoke(app, ["solve", str(path), "--format", "json"], catch_exceptions=False)
    (pool,) = json.loads(done.stdout)["domains"]
    assert pool["baselines"]
    for named in told(pool):
        assert obligations(*pair) <= named
