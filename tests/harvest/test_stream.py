"""Rows as text, intervals, and the parts of a migration stream."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from planner.domain.errors import HarvestError
from planner.harvest.machines import HarvestedBuild, HarvestedType
from planner.harvest.merge import place_of
from planner.harvest.rows import RowFile, covered, intervals_of, written
from planner.harvest.stream import read_stream
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.load import load_knowledge

ROOT = Path(__file__).resolve().parents[2]
TABLES = {"qemu_builds": "build", "machine_types": "type", "compat_properties": "set"}
FILES = [
    (path, table)
    for folder, table in TABLES.items()
    for path in sorted((shipped_data() / folder).glob("*.toml"))
]


@pytest.mark.parametrize(
    ("path", "table"), FILES, ids=[f"{p.parent.name}/{p.stem}" for p, _ in FILES]
)
def test_rows_are_written_as_they_stand(path: Path, table: str) -> None:
    file = RowFile.read(path)
    rows = file.rows(table)
    assert len(rows) == len(file.head.get(table, ()))
    for index, row in rows:
        assert file.lines[index] == f"  {written(row)},"


KNOWN = ["1.0", "1.1", "1.2", "1.3"]


@pytest.mark.parametrize(
    ("releases", "former", "intervals"),
    [
        ({"1.0", "1.1", "1.3"}, (), ["1.0..1.1", "1.3..1.3"]),
        ({"1.2", "1.3"}, ("1.0..",), ["1.2.."]),
        ({"1.2"}, ("1.0..",), ["1.2..1.2"]),
        (set(), (), []),
    ],
)
def test_intervals(releases: set[str], former: tuple[str, ...], intervals: list[str]) -> None:
    assert intervals_of(releases, KNOWN, former) == intervals
    assert covered(intervals, KNOWN) == releases


def a_build(text: str, version: str) -> HarvestedBuild:
    rows = (
        HarvestedType(
            name="pc-q35-9.9", alias="q35", default=False, deprecated=False, properties=()
        ),
    )
    return HarvestedBuild(arch="x86_64", version=version, package=text, types=rows)


@pytest.mark.parametrize(
    ("package", "version", "line", "release"),
    [
        ("Debian 1:7.2+dfsg-7+deb12u18+b3", "7.2.22", "debian", "7.2.22"),
        ("Debian 1:10.0.13+ds-0+deb13u1", "10.0.13", "upstream", "10.0.13"),
        ("Debian 1:99.0.1+ds-1", "99.0.1", "debian", "99.0.1"),
        ("", "8.2.4", "upstream", "8.2.4"),
    ],
)
def test_place(package: str, version: str, line: str, release: str) -> None:
    found = place_of(a_build(package, version), load_knowledge().builds)
    assert (found.line, found.release) == (line, release)


def test_wrong_line_is_named() -> None:
    with pytest.raises(HarvestError, match="did you mean 'debian'"):
        place_of(a_build("", "1.0.0"), load_knowledge().builds, line="debain")


def stream(path: Path, *, ending: bool = True) -> Path:
    """Write a stream as QEMU does: a section of memory, then one of a CPU, each with its footer."""
    name, inner_name = b"cpu/msr_smi_count", b"x/y"
    sub = {
        "vmsd_name": name.decode(),
        "version": 1,
        "fields": [{"name": "env.msr_smi_count", "type": "uint64", "size": 8}],
    }
    inner = {
        "vmsd_name": "x",
        "fields": [],
        "subsections": [{"vmsd_name": inner_name.decode(), "version": 1}],
    }
    nested = bytes([5, len(inner_name)]) + inner_name + struct.pack(">I", 1)
    devices = [
        {"name": "ram", "instance_id": 0},
        {
            "name": "cpu",
            "instance_id": 1,
            "vmsd_name": "cpu",
            "version": 12,
            "fields": [{"name": "s", "struct": inner, "size": len(nested)}],
            "subsections": [sub],
        },
    ]
    body = b"QEVM" + struct.pack(">I", 3)
    body += section(1, b"ram", 0, 4, b"")
    own = bytes([5, len(name)]) + name + struct.pack(">IQ", 1, 7)
    body += section(2, b"cpu", 1, 12, nested + own) + b"\0"
    text = json.dumps({"page_size": 4096, "devices": devices}).encode()
    path.write_bytes(body + (struct.pack(">BI", 6, len(text)) + text if ending else b""))
    return path


def section(number: int, name: bytes, instance: int, version: int, state: bytes) -> bytes:
    head = struct.pack(">BIB", 4, number, len(name)) + name + struct.pack(">II", instance, version)
    return head + state + struct.pack(">BI", 0x7E, number)


def test_stream(tmp_path: Path) -> None:
    found = read_stream(stream(tmp_path / "s"))
    assert [(part.device, part.subsection) for part in found.parts] == [
        ("ram", ""),
        ("cpu", ""),
        ("cpu", "cpu/msr_smi_count"),
        ("cpu", "x/y"),
    ]
    assert found.value("cpu/msr_smi_count", "env.msr_smi_count") == 7
    assert found.value("cpu/msr_smi_count", "other") is None


def test_wrong_streams(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    for path, words in (
        (tmp_path / "none", "No such file"),
        (tmp_path / "text", "begin with QEVM"),
        (stream(tmp_path / "cut", ending=False), "no description"),
    ):
        with pytest.raises(HarvestError, match=words):
            read_stream(path)


def planner(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "planner", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )


def test_commands(tmp_path: Path) -> None:
    done = planner("harvest", "stream", str(stream(tmp_path / "s")))
    assert done.returncode == 0 and "cpu/1  cpu/msr_smi_count  env.msr_smi_count=0x7" in done.stdout
    done = planner("harvest", "stream", str(tmp_path / "none"))
    assert done.returncode == 3 and "No such file" in done.stderr
    done = planner("harvest", "qemu", str(tmp_path / "none"))
    assert done.returncode == 3 and "No such file" in done.stderr
    done = planner("harvest", "qemu", "/bin/false")
    assert done.returncode == 3 and "QEMU says" in done.stderr
