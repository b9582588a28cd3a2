"""The public names: light to import, the same as the commands, shown short, documented."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli.app import app
from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.domain.plans.plan import Plan
from planner.library import answers, cpus, explanations, imports, plans, read, replays, scenarios
from planner.present.document import dump, solution_document
from tests.house.api_reference import PAGE, page

ROOT = Path(__file__).resolve().parents[2]
FLEET = ROOT / "examples" / "three-pools" / "fleet.csv"


def test_importing_the_library_loads_nothing_heavy() -> None:
    code = "import sys, planner; dir(planner); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"pandas", "networkx", "ortools", "typer", "planner.library"}


def test_every_public_name_is_there_and_described() -> None:
    assert planner.__all__[1:] == sorted(planner.__all__[1:])
    for name in planner.__all__:
        value = getattr(planner, name)
        assert name in dir(planner)
        assert name == "__version__" or value.__doc__
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        _ = planner.slove


def test_no_package_hides_a_public_name() -> None:
    folder = Path(planner.__file__).parent
    assert not {name for name in planner.__all__ if (folder / name).is_dir()}


def test_public_functions_come_from_the_library() -> None:
    modules = (answers, cpus, explanations, imports, plans, read, replays, scenarios)
    rooms = {module.__name__ for module in modules}
    functions = [getattr(planner, name) for name in planner.__all__]
    homes = {one.__module__ for one in functions if callable(one) and not isinstance(one, type)}
    assert {home for home in homes if home.startswith("planner.library")} <= rooms
    assert {"planner.library.answers", "planner.library.plans", "planner.library.read"} <= homes


def test_the_reference_is_what_the_docstrings_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_a_solution_is_what_the_command_prints() -> None:
    text = "".join(dump(solution_document(planner.solve(planner.read_fleet(FLEET)))))
    done = CliRunner().invoke(app, ["solve", str(FLEET), "-f", "json"], catch_exceptions=False)
    assert json.loads(done.stdout) == json.loads(text)


def test_a_plan_is_what_the_command_prints() -> None:
    path = ROOT / "examples" / "seed" / "rollout.csv"
    plan = planner.make_plan(planner.read_upgrades(path))
    kept = planner.read_plan(ROOT / "examples" / "seed" / "plan.json")
    assert (plan.waves, plan.domains, plan.bounds) == (kept.waves, kept.domains, kept.bounds)


def test_values_are_shown_short_wherever_their_files_lie(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    fleet = planner.read_fleet(shutil.copy(FLEET, deep))
    solution = planner.solve(fleet)
    assert repr(fleet) == "Fleet(fleet.csv: 252 hosts in 5 pools)"
    assert repr(solution) == "Solution(5 pools, 252 hosts: safe)"
    assert repr(planner.WhatIf(fleet)) == f"WhatIf({solution!r})"
    assert repr(planner.what_if(fleet, ())) == "WhatIfResult(0 scenarios on 252 hosts)"


HOSTILE = "<script>alert(1)</script>"


def test_tables_of_a_notebook_escape_names() -> None:
    group = HostGroup(
        pool=PoolName(HOSTILE), kernel="6.1.90", qemu="8.2.4", hosts=(HostName("a"), HostName("b"))
    )
    fleet = Fleet(groups=(group,))
    up = planner.Upgrade(selection=planner.Selection(), qemu="9.2.4")
    solution = planner.solve(fleet)
    found = planner.what_if(fleet, [planner.Scenario(name=HOSTILE, changes=(up,))])
    for value in (solution, found):
        assert HOSTILE not in value._repr_html_()
        assert "&lt;script&gt;" in value._repr_html_()
        assert value._repr_html_().startswith("<table>")


def test_a_plan_that_cannot_be_shows_what_has_to_give() -> None:
    hosts = planner.read_upgrades(ROOT / "examples" / "uso" / "fleet.csv", "qemu=2.5.1")
    plan = planner.make_plan(hosts)
    assert isinstance(plan, Plan) and plan.relaxations
    assert "what has to give" in plan._repr_html_()


def test_frames_have_the_documented_columns() -> None:
    fleet = planner.read_fleet(FLEET)
    plan = planner.make_plan(planner.read_upgrades(ROOT / "examples" / "seed" / "rollout.csv"))
    (verdict,) = planner.check(fleet, {"from": "deb053", "to": "deb001", "machine": "pc-q35-8.2"})
    values = (fleet, planner.solve(fleet), plan, planner.what_if(fleet, ()), verdict)
    text = " ".join((planner.to_frame.__doc__ or "").replace("`", " ").replace(",", " ").split())
    for value in values:
        frame = planner.to_frame(value)
        assert " ".join(frame.columns) in text
    assert len(planner.to_frame(fleet)) == fleet.size
    with pytest.raises(TypeError, match="no frame of int"):
        planner.to_frame(3)
