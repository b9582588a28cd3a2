"""Policies: all problems of a file at once, each with its line; what is over is left out."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import planner
from planner.domain.errors import PolicyError
from planner.domain.policy import Policy
from planner.fleet.policy_file import policy_keys, read_policy
from planner.fleet.policy_names import KnownNames
from planner.knowledge.load import load_knowledge

DAY = datetime.date(2026, 12, 1)


def test_a_policy_tells_every_problem_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        "managment = 1\n"
        'management = "libvrt"\n'
        'boards = "pc-q35"\n'
        'required_flags = ["x86_64-cpu.x-migrate-smi-count", "cpu.no-such=on"]\n'
        "\n"
        "[floors]\n"
        'pc-q35 = "pc-q35-9.99"\n'
        "[ceilings]\n"
        'pc-i440fx = "pc-q35-9.0"\n'
        "\n"
        "[[accepted_losses]]\n"
        'unit = "cpu/msr_smi_cuont"\n'
        'owner = ""\n'
        'reason = "x"\n'
        "expires = 12\n"
        "\n"
        "[plan]\n"
        "fill = 1.5\n"
        "soak_days = true\n"
        "domain_unavailable = { rcak = 1 }\n"
        "[[plan.holds]]\n"
        'pool = "wset"\n'
    )
    with pytest.raises(PolicyError) as caught:
        planner.read_policy(path, pools=["west"], families=["rack"])
    told = [line.removeprefix(str(path)) for line in str(caught.value).splitlines()]
    assert told == [
        ":1: managment: unknown key; did you mean 'management'?",
        ":2: management: 'libvrt' is no kind of management; did you mean 'libvirt'?",
        ':3: boards: "pc-q35" is not a list',
        ':4: required_flags[1]: "x86_64-cpu.x-migrate-smi-count" is not TYPE.PROPERTY=VALUE',
        ":4: required_flags[2]: 'cpu.no-such' is no property; did you mean 'x86_64-cpu.invtsc'?",
        ":7: floors.pc-q35: 'pc-q35-9.99' is no machine type; did you mean 'pc-q35-9.2'?",
        ":9: ceilings.pc-i440fx: 'pc-q35-9.0' is a type of pc-q35, not of pc-i440fx",
        ":12: accepted_losses[1].unit: 'cpu/msr_smi_cuont' is no migrated unit;"
        " did you mean 'cpu/msr_smi_count'?",
        ":13: accepted_losses[1].owner: is required",
        ":15: accepted_losses[1].expires: 12 is not a day such as 2026-12-01",
        ":18: plan.fill: 1.5 is not a share above 0 and at most 1",
        ":19: plan.soak_days: true is not a number of days",
        ":20: plan.domain_unavailable.rcak: 'rcak' is no family of failure domains;"
        " did you mean 'rack'?",
        ":21: plan.holds[1].owner: is required",
        ":21: plan.holds[1].reason: is required",
        ":22: plan.holds[1].pool: 'wset' is no pool; did you mean 'west'?",
    ]


def test_an_acceptance_ends_with_its_day_and_nothing_else_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    loss = '[[accepted_losses]]\nunit = "cpu/msr_smi_count"\nowner = "ops"\nreason = "unread"\n'
    path.write_text(f'management = "libvirt"\n{loss}expires = {DAY}\n')
    rows = load_knowledge()
    names = KnownNames(
        types=[row.machine_type for row in rows.machines.types.values()],
        units=rows.units,
        properties={str(key) for key in rows.property_keys},
        has_property=rows.has_property,
    )
    kept, over = (
        read_policy(path, Policy(), names, today=DAY + datetime.timedelta(days=days))
        for days in (0, 1)
    )
    assert [one.unit for one in kept.accepted_losses] == ["cpu/msr_smi_count"]
    assert not over.accepted_losses
    assert kept.management == over.management == "libvirt"
    assert {"management", "accepted_losses", "plan"} <= policy_keys(names).keys()
