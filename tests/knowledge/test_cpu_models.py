"""Named CPU models: all features of every build, under the machine type that creates them."""

from __future__ import annotations

import csv
import re
from functools import cache

import pytest

from planner.domain.capability import Evidence
from planner.domain.truth import Truth
from planner.knowledge.cpu_models import CpuModel, CpuModels
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.load import load_knowledge
from planner.knowledge.qemu.inventory import Inventory

Q35 = "pc-q35-8.2"


@cache
def inventory() -> Inventory:
    return Inventory([shipped_data()])


@cache
def models() -> CpuModels:
    """Return the models of builds as if kernels had an answer for every feature."""
    every = inventory().of("x86_64").feature_names
    own = CpuModel(
        name="site-model",
        features=frozenset({"avx"}),
        evidence=Evidence.DECLARED,
        source="a test",
    )
    return CpuModels(inventory(), {"site-model": own}, frozenset({"avx", "avx2"}), every)


def test_there_are_the_models_of_every_build() -> None:
    assert {"EPYC-Turin", "EPYC-Turin-v2", "ClearwaterForest", "Icelake-Client"} <= set(models())
    assert "no-such-model" not in models()
    assert len(models()) > 190
    assert models().get("EPYC-Turin-v2") is not None


def test_a_model_has_what_it_has_and_lacks_the_rest() -> None:
    assert models().has("EPYC-Genoa", "auto-ibrs", Q35) is Truth.YES
    assert models().has("EPYC-Genoa", "perfmon-v2", Q35) is Truth.NO
    assert models().has("EPYC-Genoa-v2", "perfmon-v2", Q35) is Truth.YES
    assert models().has("Haswell", "avx512f", Q35) is Truth.NO
    assert models().has("Haswell", "kvmclock", Q35) is Truth.YES
    assert models().has("Haswell", "of-no-build", Q35) is Truth.UNKNOWN
    assert models().has("no-such-model", "avx", Q35) is Truth.UNKNOWN


def test_the_machine_type_decides_what_a_name_means() -> None:
    assert models().has("Cascadelake-Server", "mpx", "pc-q35-2.12") is Truth.YES
    assert models().has("Cascadelake-Server", "mpx", Q35) is Truth.NO
    assert models().has("EPYC", "xsaves", "pc-i440fx-6.2") is Truth.NO
    assert models().has("EPYC-Rome", "xsaves", "microvm") is Truth.UNKNOWN
    assert models().has("Haswell", "hle", "of-another-vendor-1.0") is Truth.YES


def test_a_row_of_a_site_says_what_was_asked_and_no_more() -> None:
    assert models().has("site-model", "avx", Q35) is Truth.YES
    assert models().has("site-model", "avx2", Q35) is Truth.NO
    assert models().has("site-model", "avx512f", Q35) is Truth.UNKNOWN


def test_a_model_with_a_feature_of_which_kernels_say_nothing_is_not_told() -> None:
    answered = inventory().of("x86_64").feature_names - {"auto-ibrs"}
    some = CpuModels(inventory(), {}, frozenset(), answered)
    assert "EPYC-Genoa" not in some and some.get("EPYC-Genoa") is None
    assert some.has("EPYC-Genoa", "avx512f", Q35) is Truth.UNKNOWN
    assert "EPYC-Milan" in some and some.has("EPYC-Milan", "avx2", Q35) is Truth.YES


@pytest.mark.parametrize(
    "name", ["486", "EPYC-Milan", "Cascadelake-Server-v5", "EPYC-v4", "qemu64"]
)
def test_shipped_rows_answer_for_the_models_that_were_always_there(name: str) -> None:
    assert name in load_knowledge().guests.cpu_models


def test_generations_are_what_the_read_builds_say() -> None:
    """Each has the family and number of its newest version; of one vendor, families never go back."""
    knowledge = load_knowledge()
    values: dict[str, dict[str, str]] = {}
    for model, feature, value, _ in harvested_rows():
        values.setdefault(model, {})[feature] = value
    rows = knowledge.guests.cpu_generations
    assert len(rows) > 20
    for row in rows:
        versions = [name for name in values if re.fullmatch(rf"{row.model}-v\d+", name)]
        newest = values[max(versions, key=lambda name: int(name.rpartition("v")[2]))]
        assert (newest["family"], newest["model"]) == (str(row.family), str(row.number)), row.model
    for vendor in {row.vendor for row in rows}:
        own = sorted((row for row in rows if row.vendor == vendor), key=lambda row: row.order)
        assert [row.order for row in own] == list(range(1, len(own) + 1)), vendor
        assert [row.family for row in own] == sorted(row.family for row in own), vendor
        if vendor == "amd":
            places = [(row.family, row.number) for row in own]
            assert places == sorted(places)
    steppings = [
        int(values[f"{name}-v1"]["stepping"])
        for name in ("Skylake-Server", "Cascadelake-Server", "Cooperlake")
    ]
    assert steppings == sorted(steppings)  # they share one number


def harvested_rows() -> list[list[str]]:
    path = shipped_data() / "harvested" / "qemu" / "x86_64" / "cpu_models.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    return rows[1:]
