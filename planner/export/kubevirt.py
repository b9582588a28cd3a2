"""An answer for KubeVirt: the default of the cluster, and the machine type of single VMs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote

import yaml

from planner.domain.errors import UsageError, quoted, wrong_word
from planner.export.chosen import Chosen, commented, remarks
from planner.knowledge.plane_rows import PlaneBoard

PLANE = "kubevirt"
Boards = Mapping[tuple[str, str], PlaneBoard]


def words_of(plane: str, one: Chosen, boards: Boards) -> PlaneBoard:
    """Return a plane's words for the board of an answer; raises `UsageError` if it has none."""
    row = boards.get((plane, one.board))
    if row is None:
        what = f"{plane} takes no machine type of the board {one.board}, which is pool {one.pool}'s"
        fit = ", ".join(name for known, name in boards if known == plane)
        raise UsageError([wrong_word("--board", what, f"it takes {fit}")])
    return row


def agreed(plane: str, pools: Sequence[Chosen], boards: Boards) -> dict[str, Chosen]:
    """Return the one answer per architecture; raises `UsageError` where pools contradict."""
    found: dict[str, Chosen] = {}
    for one in pools:
        arch = words_of(plane, one, boards).arch
        before = found.setdefault(arch, one)
        if before.machine_type != one.machine_type:
            what = f"pools {before.pool} and {one.pool} have other answers on {arch}"
            raise UsageError([wrong_word("--pool", what, "name one: they cannot share a setting")])
    return found


def unset_flags(plane: str, one: Chosen) -> Iterator[str]:
    """Yield what a plane cannot set of an answer: without it the answer is not kept."""
    if one.flags:
        yield f"NOT COMPLETE: {plane} has no setting for these flags of the answer:"
        yield from (f"  {flag}" for flag in one.flags)


def cluster(pools: Sequence[Chosen], boards: Boards) -> Iterator[str]:
    """Yield the merge patch of the KubeVirt object: the default of VMs that name no type."""
    found = agreed(PLANE, pools, boards)
    yield from commented(
        (
            "kubectl patch kubevirt kubevirt -n kubevirt --type merge --patch-file THIS_FILE",
            "it is the default of VMs that name no machine type; those that name one keep it",
            "emulatedMachines takes the place of what is there: keep the patterns that your VMs need",
        )
    )
    for one in pools:
        yield from commented(remarks(one))
        yield from commented(unset_flags("KubeVirt's API", one))
    settings = {
        arch: {
            "machineType": one.machine_type,
            "emulatedMachines": list(words_of(PLANE, one, boards).patterns),
        }
        for arch, one in sorted(found.items())
    }
    patch = {"spec": {"configuration": {"architectureConfiguration": settings}}}
    yield yaml.safe_dump(patch, sort_keys=False)


def machines(one: Chosen, names: Sequence[str], boards: Boards) -> Iterator[str]:
    """Yield a command per VM, named NAMESPACE/NAME, that gives it the machine type of its pool."""
    words_of(PLANE, one, boards)
    wrong = [name for name in names if name.count("/") != 1 or "" in name.split("/")]
    if wrong:
        raise UsageError(
            [wrong_word("--vm", f"{quoted(name)} is not NAMESPACE/NAME") for name in wrong]
        )
    patch = vm_patch(one)
    yield "#!/bin/sh\n"
    yield from commented(remarks(one))
    yield from commented(unset_flags("KubeVirt's API", one))
    for name in names:
        space, _, own = name.partition("/")
        words = f"kubectl patch vm {quote(own)} -n {quote(space)} --type merge -p"
        yield f"{words} {quote(json.dumps(patch))}\n"


def vm_patch(one: Chosen) -> dict[str, object]:
    """Return the merge patch of a VirtualMachine."""
    domain = {"machine": {"type": one.machine_type}}
    return {"spec": {"template": {"spec": {"domain": domain}}}}
