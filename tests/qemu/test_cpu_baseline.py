"""`planner cpu` of equal hosts beside libvirt's own baseline of this machine's CPU."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import planner
from tests.qemu import libvirt

ROOT = Path(__file__).resolve().parent.parent.parent
SPELT = {"pclmuldq": "pclmulqdq", "sse4_1": "sse4.1", "sse4_2": "sse4.2"}
"""Features that libvirt writes otherwise than QEMU does."""


def ran(*words: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "planner", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.stdout


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, frozenset[str]]:
    """Return libvirt's model for two hosts like this one, and the features that it disables."""
    reason = libvirt.why_not()
    if reason:
        pytest.skip(f"{reason}: THE CPU BASELINE WAS NOT HELD AGAINST LIBVIRT")
    folder = tmp_path_factory.mktemp("libvirt")
    with libvirt.daemon(folder / "host") as address:
        own = libvirt.virsh(address, "domcapabilities", "--virttype", "kvm", "--machine", "q35")
        (folder / "two.xml").write_text(own * 2, encoding="utf-8")
        told = libvirt.virsh(address, "hypervisor-cpu-baseline", str(folder / "two.xml"))
    cpu = ElementTree.fromstring(told)
    disabled = {
        SPELT.get(name, name)
        for one in cpu.iter("feature")
        if one.get("policy") == "disable" and (name := one.get("name", ""))
    }
    return cpu.findtext("model", ""), frozenset(disabled)


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Return the folder of this machine's probe and its fleet row."""
    folder = tmp_path_factory.mktemp("probe")
    (found,) = csv.DictReader(io.StringIO(ran("probe", folder=folder)))
    return folder, found


def asked(folder: Path, rows: list[dict[str, str]]) -> dict[str, object]:
    with (folder / "fleet.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    done = json.loads(ran("cpu", "fleet.csv", "-f", "json", folder=folder))
    (domain,) = done["domains"]
    return dict(domain)


def test_equal_hosts_get_what_libvirt_says(
    baseline: tuple[str, frozenset[str]], row: tuple[Path, dict[str, str]]
) -> None:
    """The model that libvirt names is ours, or we name what it has to disable as the reason."""
    model, disabled = baseline
    folder, own = row
    domain = asked(folder, [own, {**own, "host": "other"}])
    assert domain["laggards"] == []
    generation = re.sub(r"-(noTSX|IBRS|v\d+).*$", "", model)
    vendors: list[dict[str, object]] = list(domain["vendors"])  # type: ignore[call-overload]
    newest = {re.sub(r"-v\d+$", "", str(one["newest"])) for one in vendors}
    refused = {
        str(one["model"]): frozenset(map(str, one["features"]))
        for vendor in vendors
        for one in vendor["refused"]  # type: ignore[attr-defined]
    }
    features = planner.load_knowledge().guests.cpu_models[generation].features
    if disabled & features:
        assert generation not in newest
        assert disabled & features <= refused[generation] | {"mpx", "intel-pt"}
        assert refused[generation] <= disabled
    else:
        assert generation in newest


def test_a_host_that_lacks_more_is_the_laggard(row: tuple[Path, dict[str, str]]) -> None:
    folder, own = row
    probe = json.loads((folder / own["probe"]).read_text(encoding="utf-8"))
    worse = {**probe, "capabilities": {**probe["capabilities"]}}
    given = {**probe, "capabilities": {**probe["capabilities"]}}
    for name in planner.load_knowledge().guests.cpu_models["Nehalem"].features:
        if f"cpu.{name}" in probe["capabilities"]:
            given["capabilities"][f"cpu.{name}"] = True
    worse["capabilities"]["cpu.sse4.2"] = False
    for name, content in (("good.json", given), ("worse.json", {**given, **worse})):
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    hosts = [{**own, "host": name, "probe": "good.json"} for name in ("a", "b")]
    domain = asked(folder, [*hosts, {**own, "host": "slow", "probe": "worse.json"}])
    assert [one["examples"] for one in domain["laggards"]] == [["slow"]]  # type: ignore[attr-defined]
