"""Sections of devices as sources describe them: read from a tree or a tag, merged into intervals."""

from __future__ import annotations

import subprocess
from pathlib import Path

from typer.testing import CliRunner

from planner.cli.app import app
from planner.harvest.vmstate.table import SectionTable, read_sections
from planner.knowledge.qemu.sections import Sections

HEADER = """
#define VMSTATE_SINGLE_TEST(_field, _state, _test, _version, _info, _type) { \\
    .name = (stringify(_field)), .version_id = (_version), .field_exists = (_test), \\
    .size = sizeof(_type), .info = &(_info), .flags = VMS_SINGLE, }
#define VMSTATE_UINT32_V(_f, _s, _v) VMSTATE_SINGLE_TEST(_f, _s, NULL, _v, vmstate_info_uint32, uint32_t)
#define VMSTATE_UINT32(_f, _s) VMSTATE_UINT32_V(_f, _s, 0)
#define VMSTATE_END_OF_LIST() { .flags = VMS_END, }
#define TYPE_TOY "toy" /* a device */
"""
DEVICE = """
static const VMStateDescription vmstate_toy_more = {{ .name = "toy/more", .needed = toy_needed }};
static const VMStateDescription vmstate_toy = {{
    .name = "{section}", .version_id = {version}, .minimum_version_id = {minimum},
    .fields = (const VMStateField[]) {{
        VMSTATE_UINT32(a, Toy), {fields}
        VMSTATE_END_OF_LIST()
    }},
    .subsections = (const VMStateDescription * const []) {{ &vmstate_toy_more, NULL }}
}};
static void toy_class_init(ObjectClass *klass, void *data)
{{
    DeviceClass *dc = DEVICE_CLASS(klass);
    dc->vmsd = &vmstate_toy;
}}
static const TypeInfo toy_info = {{ .name = TYPE_TOY, .class_init = toy_class_init }};
"""


def tree(folder: Path, version: str, *, section: str, number: int, fields: str = "") -> Path:
    (folder / "hw").mkdir(parents=True)
    (folder / "VERSION").write_text(f"{version}\n")
    (folder / "hw" / "vmstate.h").write_text(HEADER)
    text = DEVICE.format(section=section, version=number, minimum=1, fields=fields)
    (folder / "hw" / "toy.c").write_text(text)
    return folder


def test_a_source_tree_is_read_and_merged_into_intervals(tmp_path: Path) -> None:
    more = "VMSTATE_UINT32_V(b, Toy, 2),"
    places = [
        tree(tmp_path / "a", "8.0.0", section="toy", number=1),
        tree(tmp_path / "b", "8.1.0", section="toy", number=2, fields=more),
        tree(tmp_path / "c", "8.2.0", section="toy", number=2, fields=more),
    ]
    data = tmp_path / "data"
    words = ["harvest", "vmstate", *map(str, places), "--data", str(data), "--write"]
    assert CliRunner().invoke(app, words).exit_code == 4
    assert CliRunner().invoke(app, words).exit_code == 0
    lines = (data / "harvested/qemu/vmstate.csv").read_text().splitlines()[2:]
    assert [line.rpartition(",")[2] for line in lines] == ["8.0.0", "8.1.0.."]
    old, new = Sections([data]).of("8.0.0", "toy"), Sections([data]).of("8.2.0", "toy")
    assert (old[0].name, old[0].version, new[0].version) == ("toy", 1, 2)
    assert old[0].layout_of(1) == new[0].layout_of(1) != new[0].layout_of(2)
    assert SectionTable(data).order == ("8.0.0", "8.1.0", "8.2.0")


def test_a_git_directory_is_read_at_a_tag(tmp_path: Path) -> None:
    folder = tree(tmp_path / "git", "9.0.0", section="toy", number=3)
    for top in ("include", "audio", "backends", "net", "migration", "ui"):
        (folder / top).mkdir()
        (folder / top / "empty.h").write_text("")
    run = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "v9.0.0"]):
        subprocess.run([*run, *words], check=True)
    version, facts = read_sections(f"{folder}@v9.0.0")
    assert version == "9.0.0"
    assert {fact[:5] + fact[6:] for fact in facts} == {
        ("toy", "toy", "3", "1", "always", "toy/more")
    }
