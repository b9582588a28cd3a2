"""Every row of every file can be listed and shown in plain text, with its file."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

import pytest

from planner.knowledge.check import manifest
from planner.knowledge.files.catalogue import BY_NAME, TABLES
from planner.knowledge.files.folder import Folder, shipped_data
from planner.knowledge.listing import count_rows, find, rows_of

REPR = re.compile(r"\w\(|<\w+\.|\{'|\['|frozenset|datetime|None\b|Truth\.")
PROSE = {"source", "match", "notes", "reason", "text", "symptom", "meaning", "title", "probe"} | {
    *(
        "examples",
        "pattern",
        "says",
        "causes",
        "ask",
        "updates",
        "suffix",
        "packages",
        "series",
        "published",
    ),
}
OF_NO_SOURCE = {"default-policy"}


def folder() -> Folder:
    return Folder(roots=(shipped_data(),))


def test_every_row_is_counted() -> None:
    rows = Counter[str]()
    for name, number in manifest(shipped_data()).items():
        rows[name.rpartition(":")[2]] += number
    counted = dict(count_rows(folder()))
    keys = {table.key: table.name for table in TABLES if table.key}
    assert set(rows) <= set(keys)
    assert {key: counted[name] for key, name in keys.items()} == {key: rows[key] for key in keys}


@pytest.mark.parametrize("name", BY_NAME)
def test_every_row_is_shown(name: str) -> None:
    root = shipped_data()
    for row in rows_of(BY_NAME[name], folder()):
        cells = dict(row.cells)
        assert row.name
        assert (root / cells["file"]).is_file()
        assert name in OF_NO_SOURCE or (cells["evidence"] and cells["source"])
        texts = [text for key, text in row.cells if key not in PROSE]
        assert not [text for text in texts if REPR.search(text)]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_row_is_found_by_its_name(name: str) -> None:
    for row in islice(rows_of(BY_NAME[name], folder()), 1):
        assert row in list(find({row.name}, folder()))


def test_a_row_says_what_its_file_says() -> None:
    (unit,) = find({"cpu/msr_smi_count"}, folder())
    cells = dict(unit.cells)
    assert cells["when"] == "kind: use; any_of: uses-smm"
    assert cells["gates"] == "property: x86_64-cpu.x-migrate-smi-count; emits_when: on"
    assert cells["since"] == "2.12.0"
    assert cells["file"] == "migrated_state/x86_64-cpu.toml"
    (found,) = [row for row in find({"upstream 8.2.0"}, folder()) if row.table == "builds"]
    assert "q35: pc-q35-8.2" in dict(found.cells)["aliases"]


def test_a_word_of_a_vendor_is_shown_with_its_line() -> None:
    tables = {row.table for row in find({"debian 7.2.4", "proxmox own"}, folder())}
    assert {"build-versions", "build-keeps"} <= tables
