"""Debian's builds tell what the shipped rows tell, and rows taken away come back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from planner.harvest.ask import DEVICES, lay_whole
from planner.harvest.machines import HarvestedBuild, harvest_build
from planner.harvest.merge import Place, merge, place_of, told_lists
from planner.harvest.rows import RowFile, covered, intervals_of
from planner.harvest.started import Bench, read_started
from planner.harvest.values import Program, shown_values
from planner.harvest.whole import read_whole, usual_type
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.load import load_knowledge
from tests.qemu.conftest import build_of
from tests.qemu.fetch import Build

NAMES = {
    "bullseye": "debian-5.2.0",
    "bookworm": "debian-7.2.22",
    "trixie": "debian-10.0.13",
    "trixie-backports": "debian-11.1.3-bpo13",
}
OF_MODULES = {
    *("qxl", "qxl-vga", "pci-qxl", "dbus-display"),
    *("virtio-gpu-gl", "virtio-gpu-gl-device", "virtio-gpu-gl-pci", "virtio-gpu-gl-pci-base-type"),
    *("virtio-vga-gl", "virtio-vga-gl-base-type"),
}
"""What Debian ships in packages of modules that are not fetched here."""


def harvested(build: Build) -> tuple[HarvestedBuild, Place]:
    found = harvest_build(build.command(), build.environment())
    return found, place_of(found, load_knowledge().builds)


def test_shipped_rows_are_what_the_build_says(build: Build) -> None:
    found, place = harvested(build)
    merged = merge(found, place, shipped_data())
    assert not merged.changes and not merged.texts
    assert merged.types > 30 and (merged.lists > 30) == found.lists_properties
    assert found.version.startswith(build.version)


def test_harvested_tables_are_what_the_build_says(build: Build) -> None:
    program = Program(command=build.command(), environment=build.environment())
    found = harvest_build(program.command, program.environment)
    laid = lay_whole(program, found, "debian", shipped_data(), [DEVICES])
    assert laid.facts > 2000
    assert not [change for change in laid.changes if change.after.endswith(NAMES[build.suite])]
    gone = {change.fact[0].lstrip("=") for change in laid.changes}
    assert gone <= OF_MODULES, "what is gone and in no package of modules"


@pytest.mark.parametrize("suite", ["bookworm"])
def test_blockers_are_what_a_stopped_guest_says(suite: str) -> None:
    build = build_of(suite)
    program = Program(command=build.command(), environment=build.environment())
    found = harvest_build(program.command, program.environment)
    whole = read_whole(program, found, "debian", NAMES[suite])
    few = {
        name: whole.devices[name]
        for name in ("rocker", "usb-audio", "e1000", "nvme", "virtio-rng-pci")
    }
    bench = Bench(program=program, machine_type=usual_type(found))
    shown = read_started(bench, replace(whole, devices=few), lambda _: None)
    told = {(device, verdict) for device, verdict, _ in shown.blockers}
    assert told == {
        ("rocker", "yes"),
        ("usb-audio", "yes"),
        ("nvme", "yes"),
        ("e1000", "no"),
        ("virtio-rng-pci", "no"),
    }
    assert ("virtio-rng-pci", "failover_pair_id", '""') in shown.started


def stripped(data: Path, place: Place) -> None:
    """Take every mention of a build out of a folder of rows."""
    builds = RowFile.read(data / f"qemu_builds/{place.line}.toml")
    known = [str(row["release"]) for _, row in builds.rows("build")]
    for folder, table, key in (
        ("machine_types", "type", ""),
        ("compat_properties", "set", "builds"),
    ):
        for path in sorted((data / folder).glob("*.toml")):
            file = RowFile.read(path)
            for index, row in reversed(file.rows(table)):
                if key and row["line"] == place.line:
                    _strip_set(file, index, known, place.release)
                elif not key:
                    _strip_type(file, index, known, place)
            path.write_text(file.text, encoding="utf-8")
    (index,) = [one for one, row in builds.rows("build") if row["release"] == place.release]
    builds.remove(index)
    builds.path.write_text(builds.text, encoding="utf-8")


def _strip_set(file: RowFile, index: int, known: list[str], release: str) -> None:
    row = dict(file.rows("set"))[index]
    left = covered(row["builds"], known) - {release}
    if left:
        file.replace(index, {**row, "builds": intervals_of(left, _without(known, release))})
    else:
        file.remove(index)


def _strip_type(file: RowFile, index: int, known: list[str], place: Place) -> None:
    row = dict(file.rows("type"))[index]
    for key in ("offered", "deprecated"):
        if place.line in row.get(key, {}):
            left = covered(row[key][place.line], known) - {place.release}
            new = {**row[key], place.line: intervals_of(left, _without(known, place.release))}
            row = {**row, key: {line: value for line, value in new.items() if value}}
    file.replace(index, row)


def _without(known: list[str], release: str) -> list[str]:
    return [one for one in known if one != release]


@pytest.mark.parametrize("suite", ["trixie", "trixie-backports"])
def test_rows_taken_away_come_back(suite: str, tmp_path: Path) -> None:
    found, place = harvested(build_of(suite))
    data = tmp_path / "data"
    shutil.copytree(shipped_data(), data)
    stripped(data, place)
    merged = merge(found, place, data)
    assert len(merged.changes) > merged.types
    for path, text in merged.texts.items():
        path.write_text(text, encoding="utf-8")
    again = merge(found, place, data)
    assert not again.changes and not again.texts
    known = [
        str(row["release"])
        for _, row in RowFile.read(data / f"qemu_builds/{place.line}.toml").rows("build")
    ]
    for board in ("pc-q35", "pc-i440fx"):
        told = dict(
            told_lists(place, known, RowFile.read(data / f"compat_properties/{board}.toml"))
        )
        listed = {row.name: row.properties for row in found.types if row.name in told}
        assert told == listed and len(told) > 15


@pytest.mark.parametrize(
    ("suite", "newest", "older"),
    [("bullseye", "pc-q35-5.2", "pc-q35-2.4"), ("bookworm", "pc-q35-7.2", "pc-q35-2.4")],
)
def test_effective_values_of_builds_that_list_nothing(suite: str, newest: str, older: str) -> None:
    build = build_of(suite)
    _, place = harvested(build)
    file = RowFile.read(shipped_data() / f"qemu_builds/{place.line}.toml")
    known = [str(row["release"]) for _, row in file.rows("build")]
    sets = RowFile.read(shipped_data() / "compat_properties/pc-q35.toml")
    told = dict(told_lists(place, known, sets))
    program = Program(command=build.command(), environment=build.environment())
    few = ("virtio-net-pci", "virtio-blk-pci", "virtio-balloon-pci", "e1000", "pcie-root-port")
    shown = list(
        shown_values(program, {one: told[one] for one in (newest, older)}, newest, only=few)
    )
    assert len(shown) > 700
    assert not [one for one in shown if not one.agrees]
