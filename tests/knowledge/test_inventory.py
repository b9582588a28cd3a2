"""Whole builds as they were read: exact where read, agreed between, unknown beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from planner.domain.errors import KnowledgeError
from planner.domain.host import QemuBuild
from planner.domain.truth import Truth
from planner.harvest.ask import laid
from planner.harvest.inventory import LISTS, STARTED, UNTOLD, HarvestedTables, WholeBuild
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.files.harvested import Intervals, read_table
from planner.knowledge.load import load_knowledge
from planner.knowledge.qemu.inventory import Inventory
from planner.knowledge.qemu.read_tables import FOLDER

DATA = shipped_data()
X86 = "x86_64"


def _upstream(text: str) -> QemuBuild:
    version = tuple(int(part) for part in text.split("."))
    return QemuBuild(line="upstream", release=text, version=version)


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return Inventory([DATA])


def test_a_read_build_is_answered_exactly(inventory: Inventory) -> None:
    build = _upstream("6.2.0")
    assert inventory.is_read(X86, build, "devices")
    assert inventory.has("device", X86, build, "virtio-net-pci") is Truth.YES
    assert inventory.has("device", X86, build, "no-such-device") is Truth.NO
    assert inventory.has("object", X86, build, "memory-backend-file") is Truth.YES
    assert inventory.has("cpu-model", X86, build, "EPYC-Milan-v1") is Truth.YES
    assert inventory.has("cpu-model", X86, build, "EPYC-Turin") is Truth.NO
    assert inventory.has("cpu-feature", X86, build, "avx2") is Truth.YES


def test_between_two_read_builds_what_differs_is_unknown(inventory: Inventory) -> None:
    between = _upstream("10.1.3")
    assert not inventory.is_read(X86, between, "devices")
    assert inventory.has("device", X86, between, "virtio-net-pci") is Truth.YES
    assert inventory.has("device", X86, between, "no-such-device") is Truth.NO
    assert inventory.has("cpu-model", X86, _upstream("8.0.4"), "EPYC-Genoa") is Truth.UNKNOWN
    assert inventory.has("cpu-model", X86, _upstream("7.1.0"), "EPYC-Genoa") is Truth.NO


def test_a_version_without_point_release_must_agree_with_all_around_it(
    inventory: Inventory,
) -> None:
    assert inventory.has("device", X86, _upstream("7.2"), "virtio-net-pci") is Truth.YES
    places = inventory.of(X86).places(_upstream("7.2"), "devices")
    assert [inventory.of(X86).builds[place].version for place in places.read] == [
        (6, 2, 0),
        (7, 2, 22),
        (8, 0, 0),
    ]


def test_beyond_the_ends_only_absence_before_the_first_is_certain(inventory: Inventory) -> None:
    early, late = _upstream("4.2.0"), _upstream("12.0.0")
    assert inventory.has("device", X86, early, "virtio-net-pci") is Truth.UNKNOWN
    assert inventory.has("cpu-model", X86, early, "EPYC-Genoa") is Truth.NO
    assert inventory.has("device", X86, late, "virtio-net-pci") is Truth.UNKNOWN
    assert inventory.has("device", X86, late, "no-such-device") is Truth.UNKNOWN


def test_a_property_is_inherited_and_an_alias_is_followed(inventory: Inventory) -> None:
    build = _upstream("8.2.0")
    for name in ("virtio-net-pci", "virtio-net", "virtio-net-device"):
        assert inventory.has_property(X86, build, name, "mrg_rxbuf") is Truth.YES
        assert inventory.default_of(X86, build, name, "mrg_rxbuf") == "on"
    assert inventory.has_property(X86, build, "virtio-net-pci", "nonsense") is Truth.NO
    assert inventory.has_property(X86, build, "no-such-device", "mrg_rxbuf") is Truth.NO


def test_a_property_of_some_descendants_only_is_unknown_for_the_base(
    inventory: Inventory,
) -> None:
    build = _upstream("8.2.0")
    assert inventory.has_property(X86, build, "virtio-pci", "mrg_rxbuf") is Truth.UNKNOWN
    assert inventory.has_property(X86, build, "virtio-pci", "modern-pio-notify") is Truth.YES
    assert inventory.has_property(X86, build, "pci-device", "romsize") is Truth.YES


def test_a_gone_property_is_gone(inventory: Inventory) -> None:
    def told(text: str) -> Truth:
        return inventory.has_property(X86, _upstream(text), "ICH9-LPC", "memory-hotplug-support")

    assert told("9.0.0") is Truth.YES
    assert told("9.0.3") is Truth.UNKNOWN
    assert told("9.1.0") is Truth.NO


def test_machine_options_follow_the_board(inventory: Inventory) -> None:
    build = _upstream("8.2.0")

    def told(machine_type: str, option: str) -> Truth:
        return inventory.has_machine_option(X86, build, machine_type, option)

    assert told("pc-q35-8.2", "smm") is Truth.YES
    assert told("pc-q35-8.2", "nonsense") is Truth.NO
    assert told("pc-q35-8.2", "x-south-bridge") is Truth.NO
    assert told("pc-i440fx-8.2", "x-south-bridge") is Truth.YES
    assert told("microvm", "smm") is Truth.YES
    assert told("microvm", "nonsense") is Truth.UNKNOWN
    assert told("pc-q35-9.9", "smm") is Truth.UNKNOWN
    assert inventory.has("machine-option", X86, build, "x-south-bridge") is Truth.YES


def test_a_model_means_what_its_machine_type_says(inventory: Inventory) -> None:
    own, build = inventory.of(X86), _upstream("8.2.0")
    assert own.model_version(build, "EPYC-Rome", "pc-q35-8.2") == "EPYC-Rome-v1"
    assert own.model_version(build, "EPYC-Rome", "microvm") == "EPYC-Rome-v4"
    assert own.model_version(build, "EPYC-Rome", "pc-q35-4.0") == "EPYC-Rome"
    assert own.model_version(build, "EPYC-IBPB", "pc-q35-8.2") == "EPYC-v2"
    assert own.model_version(build, "no-such-model", "pc-q35-8.2") is None


def test_models_have_all_their_features(inventory: Inventory) -> None:
    build = _upstream("8.2.0")

    def told(model: str, machine_type: str) -> frozenset[str]:
        return inventory.model_features(X86, build, model, machine_type) or frozenset()

    assert {"auto-ibrs", "avx512f", "perfmon-v2"} - told("EPYC-Genoa", "pc-q35-8.2") == {
        "perfmon-v2"
    }
    assert "mpx" not in told("Cascadelake-Server", "pc-q35-8.2")
    assert "mpx" in told("Cascadelake-Server", "pc-q35-2.12")
    changed = told("EPYC-Rome", "microvm") ^ told("EPYC-Rome", "pc-q35-8.2")
    assert changed == {"ibrs", "amd-ssbd", "xsaves"}
    assert inventory.model_features(X86, build, "EPYC-Turin", "pc-q35-8.2") is None


def test_what_was_not_read_is_unknown(inventory: Inventory) -> None:
    assert inventory.blocks(X86, _upstream("6.2.0"), "vfio-pci") is Truth.UNKNOWN
    assert inventory.blocks(X86, _upstream("6.2.0"), "virtio-net-pci") is Truth.NO
    assert not inventory.is_read(X86, _upstream("9.1.0"), "machines")
    assert inventory.has("device", "riscv64", _upstream("6.2.0"), "virtio-net") is Truth.UNKNOWN


def test_the_knowledge_has_the_inventory() -> None:
    knowledge = load_knowledge()
    build = knowledge.builds.place("QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)")
    assert build is not None
    assert knowledge.inventory.blocks(X86, build, "rocker") is Truth.YES
    assert knowledge.inventory.is_read(X86, build, "properties")


@pytest.mark.parametrize("text", ["", "a", "a..b", "a;c", "b..", "a..b;d.."])
def test_intervals_survive_the_way_there_and_back(text: str) -> None:
    known = Intervals(("a", "b", "c", "d"))
    assert known.text(known.bits(text)) == text


def _build(name: str, version: str, devices: dict[str, str]) -> WholeBuild:
    return WholeBuild(
        name=name,
        line="upstream",
        release=version,
        version=version,
        arch=X86,
        source="a test",
        parents={"one": "base", "two": "base", "base": "device", "device": ""},
        devices=devices,
        aliases={},
        objects={},
        properties={
            kind: frozenset({("common", "bool", "on"), ("own", "str", kind)}) for kind in devices
        },
        options={},
        models={},
        features={},
        every_model=frozenset(),
        model_versions={},
        by_type={},
        blockers=frozenset(),
    )


def test_the_same_build_again_changes_nothing(tmp_path: Path) -> None:
    tables = HarvestedTables(tmp_path)
    build = _build("u-2.0.0", "2.0.0", {"one": "user", "two": "board"})
    assert tables.lay(build)
    tables.write()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.csv")}
    again = HarvestedTables(tmp_path)
    assert again.lay(build) == []
    again.write()
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.csv")}


def test_an_older_build_laid_in_later_takes_its_place(tmp_path: Path) -> None:
    tables = HarvestedTables(tmp_path)
    tables.lay(_build("u-2.0.0", "2.0.0", {"one": "user", "two": "user"}))
    tables.lay(_build("u-1.0.0", "1.0.0", {"one": "user"}))
    tables.write()
    rows = dict(read_table(tmp_path / FOLDER / X86 / "devices.csv").rows)
    assert rows["one", "base", "user"] == "u-1.0.0.."
    assert rows["two", "base", "user"] == "u-2.0.0.."
    own = Inventory([tmp_path])
    assert own.default_of(X86, _upstream("2.0.0"), "two", "own") == "two"
    assert own.has_property(X86, _upstream("1.0.0"), "two", "own") is Truth.NO


def test_a_file_that_no_command_wrote_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "devices.csv"
    path.write_text("name,parent,created_by,builds\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match="no harvested table"):
        read_table(path)


def test_every_harvested_row_is_of_a_read_build(inventory: Inventory) -> None:
    for path in sorted((DATA / FOLDER).glob("*/*.csv")):
        arch = path.parent.name
        known = Intervals([row.name for row in inventory.of(arch).builds])
        rows = read_table(path).rows
        assert [fact for fact, _ in rows] == sorted(fact for fact, _ in rows), path
        for fact, text in rows:
            assert known.text(known.bits(text)) == text, (path, fact)


def test_a_device_that_both_neighbours_have_is_named_as_missing(tmp_path: Path) -> None:
    tables = HarvestedTables(tmp_path)
    both = {"one": "user", "two": "user"}
    for version in ("1.0.0", "3.0.0"):
        tables.lay(_build(f"u-{version}", version, both))
    found = laid(_build("u-2.0.0", "2.0.0", {"one": "user"}), tables, LISTS)
    assert found.missing == ("two",)
    assert laid(_build("u-4.0.0", "4.0.0", {"one": "user"}), tables, LISTS).missing == ()


def test_parts_that_are_not_asked_stay_as_they_are(tmp_path: Path) -> None:
    tables = HarvestedTables(tmp_path)
    build = replace(
        _build("u-1.0.0", "1.0.0", {"one": "user"}), blockers=frozenset({("one", "yes", "why")})
    )
    tables.lay(build)
    assert tables.lay(replace(build, blockers=frozenset()), LISTS) == []
    tables.write()
    own = Inventory([tmp_path])
    assert own.blocks(X86, _upstream("1.0.0"), "one") is Truth.YES
    assert own.is_read(X86, _upstream("1.0.0"), "blockers")
    assert [
        change.after for change in tables.lay(replace(build, blockers=frozenset()), STARTED)
    ] == [""]


def test_a_type_that_was_not_told_hides_nothing_of_its_kin(tmp_path: Path) -> None:
    tables = HarvestedTables(tmp_path)
    build = _build("u-1.0.0", "1.0.0", {"one": "user", "two": "user"})
    tables.lay(replace(build, properties={**build.properties, "two": frozenset({UNTOLD})}))
    tables.write()
    own, now = Inventory([tmp_path]), _upstream("1.0.0")
    assert own.has_property(X86, now, "base", "common") is Truth.YES
    assert own.has_property(X86, now, "one", "nonsense") is Truth.NO
    assert own.has_property(X86, now, "two", "nonsense") is Truth.UNKNOWN


def test_a_default_that_no_list_tells_is_that_of_a_started_device(tmp_path: Path) -> None:
    tables = HarvestedTables(tmp_path)
    build = _build("u-1.0.0", "1.0.0", {"one": "user"})
    untold = frozenset({("vectors", "uint32", "")})
    tables.lay(
        replace(build, properties={"one": untold}, started=frozenset({("one", "vectors", "2")}))
    )
    tables.write()
    own = Inventory([tmp_path])
    assert own.default_of(X86, _upstream("1.0.0"), "one", "vectors") == "2"


def test_two_packages_of_one_version_are_two_builds(tmp_path: Path) -> None:
    tables = HarvestedTables(tmp_path)
    tables.lay(_build("upstream-1.0.0", "1.0.0", {"one": "user"}))
    assert tables.name_of("upstream", "1.0.0", "1.0.0", X86) == "upstream-1.0.0"
    assert tables.name_of("upstream", "1.0.0", "1.0.0-2", X86) == "upstream-1.0.0-2"
    assert tables.name_of("upstream", "1.0.1", "1.0.1", X86) == "upstream-1.0.1"


def _read_builds(inventory: Inventory) -> Iterator[tuple[str, QemuBuild]]:
    for row in inventory.builds:
        yield row.arch, QemuBuild(line=row.line, release=row.release, version=row.version)


def test_typed_rows_of_properties_agree_with_every_build() -> None:
    knowledge = load_knowledge()
    wrong = [
        f"{arch} {build}: {key} is {read.value}, the row says {told.value}"
        for arch, build in _read_builds(knowledge.inventory)
        for key, row in knowledge.properties.items()
        if knowledge.inventory.of(arch).descendants_of(build, key.qom_type)
        and {
            read := knowledge.inventory.has_property(arch, build, key.qom_type, key.property),
            told := knowledge._offers(build, row),
        }
        == {Truth.YES, Truth.NO}
    ]
    assert not wrong


def test_every_build_that_was_read_says_which_parts_were(inventory: Inventory) -> None:
    always = {"devices", "objects", "properties"}
    assert all(always <= row.parts and row.source for row in inventory.builds)
    x86 = [row for row in inventory.builds if row.arch == X86]
    assert all(
        {"cpu_aliases", "cpu_features", "cpu_models", "cpu_types"} <= row.parts for row in x86
    )
    assert {row.version[:2] for row in x86} >= {
        (5, 2),
        (6, 2),
        (7, 2),
        (8, 2),
        (9, 2),
        (10, 2),
        (11, 1),
    }


def test_a_point_release_may_have_got_what_its_series_began_without() -> None:
    parts = load_knowledge().parts
    for release, feature, told in (
        ("8.0.0", "fred", Truth.NO),
        ("2.11.2", "spec-ctrl", Truth.UNKNOWN),
        ("8.0.1", "sse2", Truth.YES),
    ):
        version = tuple(int(number) for number in release.split("."))
        build = QemuBuild(line="upstream", release=release, version=version)
        assert parts.has("cpu-feature", "x86_64", build, feature) is told, release
