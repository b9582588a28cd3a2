"""Tables that are damaged, or larger than sense: one clear problem each, in little time."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from planner.domain.errors import FleetError, PolicyError
from planner.domain.host import Fleet
from planner.fleet.guests import read_guests
from planner.fleet.hosts import read_fleet
from planner.fleet.tables import sources
from planner.fleet.tables.table_file import MOST_COLUMNS
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.library.read import read_policy

KERNEL, QEMU = "6.12.48+deb13-amd64", "1:10.0.13+ds-0+deb13u1"
HEAD = "host,kernel,qemu"
DIGITS = "9" * 100_000


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def fleet_of(path: Path, text: str | bytes) -> Fleet:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_fleet(path, knowledge())


def complaint(read: Callable[[], object]) -> str:
    """Return what is told, which is short and takes no time."""
    begun = time.process_time()
    with pytest.raises(FleetError) as caught:
        read()
    told = str(caught.value)
    assert len(told) < 8000
    assert time.process_time() - begun < 5
    return told


@pytest.mark.parametrize("text", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\n\r\n", b"\n", b""])
def test_a_mark_of_utf8_alone_is_an_empty_file(tmp_path: Path, text: bytes) -> None:
    assert "the file is empty" in complaint(lambda: fleet_of(tmp_path / "f.csv", text))


def test_the_mark_before_a_table_is_none_of_it(tmp_path: Path) -> None:
    text = f"{HEAD}\nh1,{KERNEL},{QEMU}\n".encode("utf-8-sig")
    assert fleet_of(tmp_path / "f.csv", text).pools == ("default",)


@pytest.mark.parametrize(
    ("kernel", "qemu", "words"),
    [
        (DIGITS, QEMU, "matches no kernel line"),
        (f"6.{DIGITS}.0-amd64", QEMU, "matches no kernel line"),
        (KERNEL, f"10.0.{DIGITS}", "is no QEMU version"),
        (KERNEL, "1." * 50_000, "is no QEMU version"),
        (KERNEL, f"1:10.{'9' * 5000}+ds-0", "is no QEMU version"),
    ],
)
def test_a_version_of_any_length_is_told_short(
    tmp_path: Path, kernel: str, qemu: str, words: str
) -> None:
    text = f"{HEAD}\nh1,{kernel},{qemu}\n"
    assert words in complaint(lambda: fleet_of(tmp_path / "f.csv", text))


@pytest.mark.parametrize(
    "cells",
    [
        f"pc-q35-{DIGITS},",
        "pc-q35-10.0,x-" + "1" * 100_000,
        "pc-q35-10.0," + "x-strange " * 3000,
        "q35," + "é" * 100_000,
    ],
)
def test_the_words_of_a_guest_are_told_short(tmp_path: Path, cells: str) -> None:
    fleet = fleet_of(tmp_path / "f.csv", f"{HEAD}\nh1,{KERNEL},{QEMU}\n")
    file = tmp_path / "g.csv"
    file.write_text(f"host,machine_type,flags\nh1,{cells}\n")
    complaint(lambda: read_guests(file, fleet, knowledge().guests))


@pytest.mark.parametrize("column", ["capabilities", "arch", "cpu", "pool", "host"])
def test_thousands_of_unknown_words_are_counted(tmp_path: Path, column: str) -> None:
    """Near miss: a pool and a host may be called whatever prints."""
    words = " ".join(f"+msr-unknown-{number}" for number in range(3000))
    text = f"kernel,qemu,{'host,' * (column != 'host')}{column}\n{KERNEL},{QEMU},"
    text += f"{'h1,' * (column != 'host')}{words}\n"
    if column in {"capabilities", "arch"}:
        complaint(lambda: fleet_of(tmp_path / "f.csv", text))
    else:
        fleet_of(tmp_path / "f.csv", text)


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("cell", ["1", '"1"'])
def test_a_table_of_a_hundred_thousand_columns_is_refused(
    tmp_path: Path, cell: str, twice: bool
) -> None:
    names = [f"c{number // (1 + twice)}" for number in range(100_000)]
    text = f"{HEAD},{','.join(names)}\nh1,{KERNEL},{QEMU}{f',{cell}' * 100_000}\n"
    told = complaint(lambda: fleet_of(tmp_path / "f.csv", text))
    assert "has 100,003 columns; at most 10,000 are read" in told


def test_the_widest_table_is_read_in_no_time(tmp_path: Path) -> None:
    columns = MOST_COLUMNS - 3
    names = ",".join(f"kernal{number}" for number in range(columns))
    text = f"{HEAD},{names}\nh1,{KERNEL},{QEMU}{',1' * columns}\n"
    begun = time.process_time()
    fleet = fleet_of(tmp_path / "f.csv", text)
    assert time.process_time() - begun < 10
    assert len(str(*fleet.unread)) < 2000


def test_a_damaged_parquet_file_is_no_answer_and_no_bug(tmp_path: Path) -> None:
    """Either the damage is told, or a word was changed that the rows do not need."""
    path = tmp_path / "f.parquet"
    names = [f"h{number}" for number in range(3000)]
    pd.DataFrame({"host": names, "kernel": KERNEL, "qemu": QEMU}).to_parquet(path)
    whole, told = path.read_bytes(), 0
    for seed in range(40):
        luck, data = random.Random(seed), bytearray(whole)
        for _ in range(luck.randint(1, 6)):
            data[luck.randrange(4, len(data))] = luck.randrange(256)
        try:
            fleet_of(path, bytes(data))
        except FleetError as error:
            told += 1
            assert len(str(error)) < 8000
    assert told > 25


def test_a_table_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_TABLE", 1 << 20)
    text = f"{HEAD}\n" + f"h,{KERNEL},{QEMU}\n" * 30_000
    told = complaint(lambda: fleet_of(tmp_path / "f.csv", text))
    assert told.endswith("f.csv: is larger than 1 MiB")


def test_a_probe_column_names_no_device(tmp_path: Path) -> None:
    text = f"{HEAD},probe\nh1,{KERNEL},{QEMU},/dev/zero\n"
    told = complaint(lambda: fleet_of(tmp_path / "f.csv", text))
    assert told.endswith("f.csv:2: probe: /dev/zero: is a device; name a file")


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("retired_types", "pc-q35-99.{0}"),
        ("required_flags", "virtio-net-pci.x-no-{0}=on"),
        ("forbidden_flags", "virtio-net-pci.x-no-{0}"),
    ],
)
def test_thousands_of_wrong_words_of_a_policy_are_counted(
    tmp_path: Path, key: str, word: str
) -> None:
    words = [word.format(number) for number in range(5_000)]
    file = tmp_path / "policy.toml"
    file.write_text(f"schema = 1\n{key} = {json.dumps(words)}\n")
    begun = time.process_time()
    with pytest.raises(PolicyError) as caught:
        read_policy(file, knowledge=knowledge())
    assert time.process_time() - begun < 10
    assert str(caught.value).endswith("and 4980 more problems")


def test_thousands_of_unknown_capabilities_of_a_probe_are_counted(tmp_path: Path) -> None:
    names = {f"kvm.unknown-{number}": True for number in range(20_000)}
    probe = {"schema": "planner.probe/1", "capabilities": names}
    (tmp_path / "p.json").write_text(json.dumps(probe))
    text = f"{HEAD},probe\nh1,{KERNEL},{QEMU},p.json\n"
    assert "and 1 more in this column" in complaint(lambda: fleet_of(tmp_path / "f.csv", text))
