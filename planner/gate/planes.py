"""A policy in what planes can hold: the machine types that are safe between all hosts of a pool."""

from __future__ import annotations

from planner.domain.compat import CompatFlag, PropertyKey
from planner.export.gates import GatedPool
from planner.gate.policy import GateCell, GatePolicy


def gated_pool(policy: GatePolicy) -> GatedPool:
    """Return the machine types of a policy that go everywhere, whatever the boot host."""
    everywhere = set(range(len(policy["classes"])))
    plain, flagged = list[str](), list[tuple[str, tuple[CompatFlag, ...]]]()
    for name, cells in policy["machine_types"].items():
        reached = {place for cell in cells for place in cell["here"]}
        if everywhere - reached or any(_is_refused(policy, cell) for cell in cells):
            continue
        numbers = {number for cell in cells for number in _entry_flags(policy, cell)}
        if numbers:
            flagged.append((name, tuple(_flag(policy, number) for number in sorted(numbers))))
        else:
            plain.append(name)
    return GatedPool(
        pool=policy["pool"],
        hosts=tuple(sorted(name for one in policy["classes"] for name in one["hosts"])),
        plain=tuple(plain),
        flagged=tuple(flagged),
        enforced=policy["mode"] == "enforce",
    )


def _is_refused(policy: GatePolicy, cell: GateCell) -> bool:
    return bool(policy["entries"][cell["entry"]]["refusals"])


def _entry_flags(policy: GatePolicy, cell: GateCell) -> list[int]:
    return policy["entries"][cell["entry"]]["flags"]


def _flag(policy: GatePolicy, number: int) -> CompatFlag:
    flag = policy["flags"][number]
    key = PropertyKey(qom_type=flag["drivers"][0], property=flag["property"])
    return CompatFlag(key=key, value=flag["value"])
