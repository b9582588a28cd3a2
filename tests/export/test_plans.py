"""A plan for Ansible and for calendars: every wave, host and flip, read by the real tools."""

from __future__ import annotations

import datetime
import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from icalendar import Calendar

from planner.export.ansible import YOURS, inventory, playbook
from planner.fleet.plan_file import read_plan
from planner.present.plans.plan_tables import plan_calendar

ROOT = Path(__file__).resolve().parents[2]
PLAN = read_plan(ROOT / "examples" / "seed" / "plan.json")


def test_the_inventory_has_each_host_in_the_group_of_its_wave() -> None:
    groups = yaml.safe_load("".join(inventory(PLAN)))["all"]["children"]
    assert [*groups] == [f"wave_{wave.number}" for wave in PLAN.waves]
    for wave in PLAN.waves:
        hosts = groups[f"wave_{wave.number}"]["hosts"]
        assert tuple(hosts) == tuple(one.host for one in wave.upgrades)
        one = wave.upgrades[0]
        assert hosts[one.host] == {"planner_kernel": one.kernel, "planner_qemu": one.qemu}


def test_the_playbook_holds_every_wave_and_flip_in_order() -> None:
    plays = yaml.safe_load("".join(playbook(PLAN)))
    waves = [one["hosts"] for one in plays if one["hosts"] != "localhost"]
    assert waves == [f"wave_{wave.number}" for wave in PLAN.waves]
    flips = [one["vars"]["planner_flip"]["arguments"] for one in plays if "vars" in one]
    assert flips == [flip.arguments for flip in PLAN.flips] and flips
    for wave in PLAN.waves:
        drained = [one for one in plays if one["hosts"] == f"wave_{wave.number}"]
        names = [task["name"] for task in drained[0]["tasks"]]
        assert names == ["Drain", "Upgrade", "Read what runs now", "Check the kernel", "Return"]
        assert drained[0]["any_errors_fatal"] is True


def test_ansible_takes_the_playbook_and_the_inventory(tmp_path: Path) -> None:
    if importlib.util.find_spec("ansible") is None:
        pytest.skip("ansible-core is not installed: pip install .[dev]")
    words = [sys.executable, "-m", "ansible.cli.playbook"]
    (tmp_path / "plan.yml").write_text("".join(playbook(PLAN)), encoding="utf-8")
    (tmp_path / "hosts.yml").write_text("".join(inventory(PLAN)), encoding="utf-8")
    for name in YOURS:
        (tmp_path / name).write_text("---\n", encoding="utf-8")
    settings = {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    checked = [*words, "--syntax-check", "-i", "hosts.yml", "plan.yml"]
    done = run(checked, tmp_path, settings)
    assert done.returncode == 0, done.stderr
    listed = run([*words, "--list-hosts", "-i", "hosts.yml", "plan.yml"], tmp_path, settings)
    assert all(one.host in listed.stdout for one in PLAN.waves[0].upgrades), listed.stderr
    text = (tmp_path / "plan.yml").read_text().replace("ansible.builtin.assert", "assertt", 1)
    (tmp_path / "plan.yml").write_text(text, encoding="utf-8")
    assert run(checked, tmp_path, settings).returncode


def run(
    words: list[str], folder: Path, settings: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=folder, env=settings, capture_output=True, text=True, check=False
    )


def test_the_calendar_is_read_with_a_day_per_wave_and_flip() -> None:
    day = datetime.date(2027, 1, 11)
    waves = tuple(
        replace(
            wave,
            day=day + datetime.timedelta(wave.number),
            flips=tuple(replace(flip, not_before=day) for flip in wave.flips),
        )
        for wave in PLAN.waves
    )
    found = Calendar.from_ical(plan_calendar(replace(PLAN, waves=waves)))
    events = list(found.walk("VEVENT"))
    assert len(events) == len(PLAN.waves) + len(PLAN.flips)
    assert not found.errors and not any(one.errors for one in events)
    first = PLAN.waves[0]
    assert str(events[0]["DESCRIPTION"]) == ", ".join(first.hosts)
    assert events[0].decoded("DTSTART") == waves[0].day
