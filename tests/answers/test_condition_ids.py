"""Every condition has an id that is the same everywhere and that `knowledge show` explains."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.answers.always import always, explained
from planner.knowledge.shipped import load_knowledge
from tests.fleet.test_readers import run

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["three-pools", "seed"])
def test_every_condition_of_an_answer_is_explained(name: str) -> None:
    base = load_knowledge()
    fleet = planner.read_fleet(ROOT / "examples" / name / "fleet.csv")
    for domain in planner.solve(fleet).domains:
        for baseline in domain.baselines:
            ids = [one.id for one in baseline.conditions]
            assert len(ids) == len(set(ids)), ids
            for condition in baseline.conditions:
                found = explained(condition.id, base)
                assert found is not None, condition.id
                assert (found[0].id, found[0].kind) == (condition.id, condition.kind)
                assert found[0].polarity == condition.polarity


def test_what_is_universal_is_listed_and_explained() -> None:
    base = load_knowledge()
    listed = {one.id for one, _ in always(base)}
    assert {"use:mounts-9p", "device:vfio-pci"} <= listed
    assert "cpu:avx512f" not in listed
    fleet = planner.read_fleet(ROOT / "examples" / "three-pools" / "fleet.csv")
    found = {
        one.id
        for domain in planner.solve(fleet).domains
        for baseline in domain.baselines
        for one in baseline.universal
        if baseline.line != "upstream" and one.kind != "cpu"
    }
    assert found <= listed, found - listed
    assert all(explained(name, base) is not None for name in listed)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("cpu:tsx-ctrl", "guest CPU without tsx-ctrl"),
        ("host:hardware", "same CPU generation"),
        ("host:cpu.microcode", "equal in cpu.microcode"),
        ("guest:common-parts", "only devices, CPU models"),
    ],
)
def test_show_explains_an_id(tmp_path: Path, name: str, says: str) -> None:
    done = run("knowledge", "show", name, cwd=tmp_path)
    assert done.returncode == 0 and says in done.stdout


@pytest.mark.parametrize("name", ["cpu:tsx-ctrll", "use:nonsense", "host:nothing", "x:y"])
def test_an_id_of_nothing_is_none(tmp_path: Path, name: str) -> None:
    assert explained(name, load_knowledge()) is None
    assert run("knowledge", "show", name, cwd=tmp_path).returncode == 2
