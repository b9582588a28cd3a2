"""How the CPUs of today's guests stand to what a pool allows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import planner
from planner.knowledge.shipped import load_knowledge
from tests.fleet.test_readers import run

ROW = "{},6.8.0-51-generic,1:8.2.2+ds-0ubuntu1.7,{}\n"
FLEET = "host,kernel,qemu,cpu\n" + "".join(
    ROW.format(name, cpu) for name, cpu in (("a", "Xeon Gold 6248R"), ("b", "Xeon Gold 6338"))
)
GUESTS = """guest,host,machine_type,cpu,migratable
fine,a,pc-q35-noble,Cascadelake-Server-noTSX,yes
newer,b,pc-q35-noble,Icelake-Server-noTSX,yes
follows,b,pc-q35-noble,host-model,yes
silent,a,pc-q35-noble,,yes
stays,b,pc-q35-noble,Icelake-Server,no
"""


def test_guests_are_within_beyond_following_or_unsaid(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(FLEET)
    (tmp_path / "guests.csv").write_text(GUESTS)
    words = ("cpu", "fleet.csv", "--guests", "guests.csv")
    (pool,) = json.loads(run(*words, "-f", "json", cwd=tmp_path).stdout)["domains"]
    found = pool["guests"]
    kinds = {kind: found[kind] for kind in ("within", "beyond", "following", "unsaid")}
    assert kinds == {"within": 1, "beyond": 1, "following": 1, "unsaid": 1}, "one never moves"
    assert found["beyond_names"] == ["newer"] and "avx512vbmi" in found["features"]
    said = " ".join(run(*words, cwd=tmp_path).stdout.split())
    assert "1 of 4 guests within this" in said and "1 beyond it (newer): avx512" in said
    assert "for 4 guests when 1 host of Cascadelake-Server (a) leave" in said


def test_without_guests_nothing_is_said_of_them(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(FLEET)
    (pool,) = json.loads(run("cpu", "fleet.csv", "-f", "json", cwd=tmp_path).stdout)["domains"]
    assert pool["guests"] is None
    assert "within this" not in run("cpu", "fleet.csv", cwd=tmp_path).stdout


def stated_fleet() -> str:
    """Return hosts whose CPUs nobody reads, but whose features a plane tells."""
    models = load_knowledge().guests.cpu_models
    rows = ["host,kernel,qemu,cpu,capabilities"]
    for name, model in (("a", "Skylake-Server-noTSX-IBRS"), ("b", "Icelake-Server-noTSX")):
        told = " ".join(f"+cpu.{one}" for one in sorted(models[model].features) if one != "xsaves")
        rows.append(f"{name},6.8.0-51-generic,1:8.2.2+ds-0ubuntu1.7,{model},{told}")
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("text", [FLEET, stated_fleet()], ids=["sold", "stated"])
def test_a_guest_on_the_advised_model_violates_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "fleet.csv").write_text(text)
    fleet = planner.read_fleet(tmp_path / "fleet.csv")
    (domain,) = planner.solve(fleet).domains
    assert domain.recommended is not None
    (intel,) = (one for one in domain.recommended.cpu.vendors if one.newest)
    for cpu, violated in ((intel.newest, 0), (f"{intel.newest},+avx512vbmi2", 1)):
        (tmp_path / "guests.csv").write_text(
            f'guest,host,machine_type,cpu,devices\ng,b,pc-q35-noble,"{cpu}",virtio-net-pci\n'
        )
        guests = planner.read_guests(tmp_path / "guests.csv", fleet)
        (found,) = planner.solve(fleet, guests=guests).domains
        assert found.counted.violated == violated, cpu
