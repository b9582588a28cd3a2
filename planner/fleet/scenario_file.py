"""Scenario and matrix files, TOML; every problem at once with the way to its key. Judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

from planner.documents.complaints import Complaints, Steps
from planner.documents.toml_file import load_toml
from planner.documents.values import (
    Reader,
    list_of,
    made,
    one_or_more,
    some_of,
    text,
    whole,
)
from planner.domain.errors import ScenarioError
from planner.domain.plans.scenario import (
    Addition,
    AllowedEdge,
    HostChange,
    Masking,
    Removal,
    Scenario,
    Selection,
    Upgrade,
)

T = TypeVar("T")
TEXTS = list_of(text)
COUNT = whole("a number of hosts from 1 to 10 million", least=1, most=10_000_000)
SELECTION: Mapping[str, Reader[Any]] = {
    "hosts": TEXTS,
    "pool": text,
    "from_kernel": text,
    "from_qemu": text,
    "count": COUNT,
}
AXES = ("pool", "kernel", "qemu")


def read_scenarios(path: Path) -> tuple[Scenario, ...]:
    """Read one scenario, or those of the tables `[[scenario]]`; raises `ScenarioError`.

    A scenario without a name gets that of its file, and a number if there are several.
    """
    complaints = Complaints(str(path))
    cells = load_toml(path, complaints) or {}
    if "scenario" in cells:
        found = SEVERAL(cells, (), complaints).get("scenario", ())
        names = [f"{path.stem} {number}" for number in range(1, len(found) + 1)]
        if not cells["scenario"]:
            complaints.add(((), "scenario"), "holds no scenario")
    else:
        found, names = [SCENARIO(cells, (), complaints)], [path.stem]
    if complaints.problems:
        raise ScenarioError(complaints.told())
    return tuple(
        replace(one, name=one.name or name, file=str(path))
        for one, name in zip(found, names, strict=True)
    )


def read_matrix(path: Path) -> tuple[Scenario, ...]:
    """Read a matrix and return one scenario per combination: an upgrade of a pool to a build.

    The axes are `pool`, `kernel` and `qemu`, lists of texts; an empty text leaves what hosts have.
    Combinations that change nothing are left out. Raises `ScenarioError`.
    """
    complaints = Complaints(str(path))
    cells = load_toml(path, complaints)
    found = {}
    if cells is not None:
        found = some_of(dict.fromkeys(AXES, TEXTS), required=("pool",))(cells, (), complaints)
    if cells is not None and not (found.get("kernel") or found.get("qemu")):
        complaints.add((), "names neither kernel nor qemu to upgrade to")
    if complaints.problems:
        raise ScenarioError(complaints.told())
    axes = [found.get(key) or ("",) for key in AXES]
    return tuple(
        Scenario(
            name=", ".join(
                filter(None, (pool, kernel and f"kernel {kernel}", qemu and f"QEMU {qemu}"))
            ),
            changes=(Upgrade(selection=Selection(pool=pool), kernel=kernel, qemu=qemu),),
            file=str(path),
        )
        for pool, kernel, qemu in product(*axes)
        if kernel or qemu
    )


def _of_hosts(
    make: Callable[..., T], own: Mapping[str, Reader[Any]], required: Collection[str] = ()
) -> Reader[T | None]:
    """Return the reader of a change of selected hosts; `own` are its keys beside the selection."""

    def build(**found: object) -> T:
        """Sort the keys of the selection from those of the change."""
        chosen: dict[str, Any] = {key: found.pop(key) for key in SELECTION if key in found}
        return make(selection=Selection(**chosen), **found)

    return made(build, some_of({**SELECTION, **own}, required))


def _upgrade(value: object, steps: Steps, complaints: Complaints) -> Upgrade | None:
    """Read an upgrade, which leads somewhere."""
    found = UPGRADE(value, steps, complaints)
    if found is not None and not (found.kernel or found.qemu):
        complaints.add(steps, "names neither kernel nor qemu to upgrade to")
    return found


def _scenario(
    *,
    name: str = "",
    retire: tuple[str, ...] = (),
    upgrade: tuple[HostChange, ...] = (),
    mask: tuple[HostChange, ...] = (),
    remove: tuple[HostChange, ...] = (),
    add: tuple[HostChange, ...] = (),
    allow_edge: tuple[AllowedEdge, ...] = (),
    accept_loss: tuple[tuple[str, str, str], ...] = (),
) -> Scenario:
    """Return a scenario; hosts are upgraded, then masked, then removed, then added."""
    return Scenario(
        name=name,
        changes=(*upgrade, *mask, *remove, *add),
        edges=allow_edge,
        retired=retire,
        accepted=accept_loss,
    )


def _loss(unit: str, owner: str, reason: str) -> tuple[str, str, str]:
    return unit, owner, reason


UPGRADE = _of_hosts(Upgrade, {"kernel": text, "qemu": text})
ADDITION = {
    "pool": text,
    "count": COUNT,
    "kernel": text,
    "qemu": text,
    "capabilities": text,
}
EDGE = {"source": text, "destination": text}
LOSS = {"unit": text, "owner": text, "reason": text}
SCENARIO = made(
    _scenario,
    some_of(
        {
            "name": text,
            "retire": TEXTS,
            "upgrade": one_or_more(_upgrade),
            "mask": one_or_more(_of_hosts(Masking, {"capabilities": TEXTS}, ("capabilities",))),
            "remove": one_or_more(_of_hosts(Removal, {})),
            "add": one_or_more(
                made(Addition, some_of(ADDITION, ("pool", "count", "kernel", "qemu")))
            ),
            "allow_edge": one_or_more(made(AllowedEdge, some_of(EDGE, EDGE))),
            "accept_loss": one_or_more(made(_loss, some_of(LOSS, LOSS))),
        }
    ),
)
SEVERAL = some_of({"scenario": one_or_more(SCENARIO)})
