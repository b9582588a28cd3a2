"""A plan for Ansible: an inventory with a group per wave, and the skeleton of a playbook."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from planner.domain.plans.plan import Flip, Plan, Wave
from planner.domain.shown import counted
from planner.export.chosen import commented

Play = dict[str, object]
DRAIN, UPGRADE, RETURN, FLIP = "drain.yml", "upgrade.yml", "return.yml", "flip.yml"
YOURS = {
    DRAIN: "move every guest of the host away, and let none come back",
    UPGRADE: "install planner_kernel and planner_qemu, and start the host anew",
    RETURN: "let guests come to the host again",
    FLIP: "set planner_flip.arguments for new guests of planner_flip.pool",
}
"""The files of tasks that a site has its own way for."""


def inventory(plan: Plan) -> Iterator[str]:
    """Yield an inventory: each host in the group of its wave, with what it gets there."""
    groups = {_group(wave): {"hosts": _hosts(wave)} for wave in plan.waves}
    yield yaml.safe_dump({"all": {"children": groups}}, sort_keys=False, allow_unicode=True)


def _group(wave: Wave) -> str:
    return f"wave_{wave.number}"


def _hosts(wave: Wave) -> dict[str, dict[str, str]]:
    return {
        one.host: {"planner_kernel": one.kernel, "planner_qemu": one.qemu} for one in wave.upgrades
    }


def playbook(plan: Plan) -> Iterator[str]:
    """Yield a playbook: wave by wave drain, upgrade, check and return; then the flips that are free."""
    yield from commented(
        (
            "ansible-playbook -i INVENTORY THIS_FILE -e planner_plan=PLAN.json -e planner_fleet=FLEET",
            *(f"{name}, yours: {what}" for name, what in YOURS.items()),
        )
    )
    plays: list[Play] = []
    for wave in plan.waves:
        plays.append(_wave(wave))
        plays.append(_standing(wave))
        plays.extend(_flip(flip) for flip in wave.flips)
    yield yaml.safe_dump(plays, sort_keys=False, width=100, allow_unicode=True)


def _wave(wave: Wave) -> Play:
    """Return the play of a wave; one host that fails ends it for all."""
    day = "" if wave.day is None else f", from {wave.day.isoformat()} on"
    kernel = "planner_kernel in ('', ansible_facts.kernel)"
    return {
        "name": f"Wave {wave.number}: {counted(len(wave.hosts), 'host')}{day}",
        "hosts": _group(wave),
        "gather_facts": False,
        "any_errors_fatal": True,
        "tags": [_group(wave)],
        "tasks": [
            _yours("Drain", DRAIN),
            _yours("Upgrade", UPGRADE),
            {"name": "Read what runs now", "ansible.builtin.setup": {"gather_subset": ["min"]}},
            {
                "name": "Check the kernel",
                "ansible.builtin.assert": {
                    "that": [kernel],
                    "fail_msg": "{{ ansible_facts.kernel }} runs, not {{ planner_kernel }}",
                },
            },
            _yours("Return", RETURN),
        ],
    }


def _yours(name: str, file: str) -> Play:
    return {"name": name, "ansible.builtin.include_tasks": file}


def _standing(wave: Wave) -> Play:
    """Return the play that holds the plan against the fleet before anything else is done."""
    command = {"argv": ["planner", "status", "{{ planner_plan }}", "{{ planner_fleet }}"]}
    return {
        "name": f"Check the rest of the plan after wave {wave.number}",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tags": [_group(wave)],
        "tasks": [
            {
                "name": "The fleet file must be of now",
                "ansible.builtin.command": command,
                "changed_when": False,
            }
        ],
    }


def _flip(flip: Flip) -> Play:
    soak = f"{counted(flip.soak_days, 'day')} after wave {flip.after_wave}"
    when = soak if flip.not_before is None else f"not before {flip.not_before.isoformat()}"
    given = {
        "pool": flip.domain,
        "board": flip.board,
        "arguments": flip.arguments,
        "takes_effect": flip.takes_effect.value,
    }
    day = "" if flip.not_before is None else flip.not_before.isoformat()
    tasks: list[Play] = []
    if day:
        now = "lookup('ansible.builtin.pipe', 'date +%F')"
        tasks.append(
            {
                "name": "The day has come",
                "ansible.builtin.assert": {"that": [f"{now} >= '{day}'"]},
            }
        )
    tasks.append(_yours("Flip", FLIP))
    return {
        "name": f"Flip {flip.board} of {flip.domain}, {when}",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tags": [f"flip_{flip.after_wave}"],
        "vars": {"planner_flip": given},
        "tasks": tasks,
    }
