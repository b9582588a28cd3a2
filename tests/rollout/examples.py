"""Plans written by hand over the example fleets extended to twelve hosts."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import planner

ROOT = Path(__file__).resolve().parents[2]
SEED_FLAG = "x86_64-cpu.x-migrate-smi-count=off"
USO_FLAGS = tuple(
    f"virtio-net-device.{name}=off"
    for name in ("guest_uso4", "guest_uso6", "host_uso", "queue_reset")
)
Json = dict[str, Any]


def rows_of(name: str, hosts: int = 12) -> list[dict[str, str]]:
    """Return the rows of an example fleet, two thirds of them of the old build."""
    with (ROOT / "examples" / name / "fleet.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    old = next(row for row in rows if "old" in row["host"])
    new = next(row for row in rows if "new" in row["host"])
    stems = {"old": old["host"].rstrip("1"), "new": new["host"].rstrip("1")}
    share = hosts * 2 // 3
    return [
        {**old, "host": f"{stems['old']}{place + 1}"}
        if place < share
        else {**new, "host": f"{stems['new']}{place - share + 1}"}
        for place in range(hosts)
    ]


@cache
def conditions_of(name: str) -> tuple[str, ...]:
    """Return the words of the conditions under which the q35 answer of an example pool holds."""
    fleet = planner.read_fleet(ROOT / "examples" / name / "fleet.csv")
    (domain,) = planner.solve(fleet).domains
    found = [one for one in domain.baselines if one.board == "pc-q35"]
    return tuple(sorted({word for one in found for each in one.conditions for word in each.words}))


def write_fleet(path: Path, rows: list[dict[str, str]]) -> Path:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def a_plan(
    rows: list[dict[str, str]],
    waves: list[list[str]],
    *,
    first: tuple[str, tuple[str, ...]],
    last: tuple[str, tuple[str, ...]],
    conditions: tuple[str, ...] = (),
    effect: str = "power cycle",
    routing: str = "any",
    kernel: str = "",
    qemu: str = "",
) -> Json:
    """Return a plan that flips from `first` to `last` after its last wave."""
    by_name = {row["host"]: row for row in rows}
    new = next(row for row in rows if "new" in row["host"])
    goal = {"kernel": kernel or new["kernel"], "qemu": qemu or new["qemu"]}
    pool = rows[0].get("pool") or "default"
    flip = {
        "domain": pool,
        "board": "pc-q35",
        "line": "upstream",
        "from": _baseline(first),
        "to": _baseline(last),
        "after_wave": len(waves),
        "takes_effect": effect,
        "soak_days": 0,
        "not_before": "2027-01-20",
        "guests_pending": None,
        "arguments": " ".join(["-machine", last[0], *(f"-global {flag}" for flag in last[1])]),
        "unlocks": "",
    }
    return {
        "schema": "planner.plan/2",
        "knowledge": {"digest": "sha256:" + "0" * 32},
        "fleet": {"digest": "sha256:" + "0" * 32},
        "guest_profile": "ordinary",
        "bounds": {"waves": len(waves), "method": "heuristic", "gap": 0},
        "domains": [
            {
                "domain": pool,
                "hosts": sum(len(hosts) for hosts in waves),
                "baselines": [_baseline(first)],
                "routing": routing,
                "remedies": [],
                "point_of_no_return": None,
                "conditions": list(conditions),
                "holds_if": [],
                "checks": [],
                "cpu_models": [],
                "cpu_refused": [],
                "needs_ack": [],
                "assumptions": [],
                "cautions": [],
            }
        ],
        "waves": [
            {
                "number": number,
                "day": None,
                "hosts": hosts,
                "upgrades": [
                    {
                        "host": host,
                        "from_kernel": by_name[host]["kernel"],
                        "from_qemu": by_name[host]["qemu"],
                        **goal,
                    }
                    for host in hosts
                ],
                "why": [],
                "moves": None,
                "spare": None,
                "flips": [flip] if number == len(waves) and first != last else [],
                "rollback": {"free": True, "guests": None, "vcpus": None, "reasons": []},
                "one_way_guests": None,
            }
            for number, hosts in enumerate(waves, start=1)
        ],
        **{key: [] for key in ("restarts", "masks", "held", "states", "radar", "relaxations")},
    }


def _baseline(words: tuple[str, tuple[str, ...]]) -> Json:
    return {"machine_type": words[0], "flags": list(words[1])}


def of_the_cpu(row: dict[str, str]) -> str:
    """Return what a row states of its CPU: an upgrade does not change that."""
    return " ".join(word for word in row.get("capabilities", "").split() if "cpu." in word)


def pairs(names: list[str]) -> list[list[str]]:
    """Return hosts two by two."""
    return [names[place : place + 2] for place in range(0, len(names), 2)]


def old_hosts(rows: list[dict[str, str]]) -> list[str]:
    return [row["host"] for row in rows if "old" in row["host"]]


def seed_plan(rows: list[dict[str, str]], **other: Any) -> Json:
    """Return the plan of the 2019 pool: the flag is off until the last old host is upgraded."""
    words: Json = {
        "first": ("pc-q35-4.0", (SEED_FLAG,)),
        "last": ("pc-q35-4.0", ()),
        "conditions": conditions_of("seed"),
        "effect": "next hop",
    }
    return a_plan(rows, pairs(old_hosts(rows)), **{**words, **other})


def uso_plan(rows: list[dict[str, str]], **other: Any) -> Json:
    """Return the plan of the lab: four flags until the last old host is upgraded."""
    words: Json = {
        "first": ("pc-q35-10.0", USO_FLAGS),
        "last": ("pc-q35-10.0", ()),
        "conditions": conditions_of("uso"),
    }
    return a_plan(rows, pairs(old_hosts(rows)), **{**words, **other})


def write_plan(path: Path, plan: Json) -> Path:
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path
