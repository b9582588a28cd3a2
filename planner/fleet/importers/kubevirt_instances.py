"""Virtual machine instances of KubeVirt to guests; what they leave to the cluster stays unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from planner.documents.complaints import Complaints, Steps
from planner.domain.errors import nearest
from planner.domain.guest import GuestCpu, GuestGroup
from planner.fleet.importers.guest_rules import Element, FormatReader
from planner.fleet.importers.kubernetes import JsonObject, items_of, parts_of_kind
from planner.fleet.vocabulary import GuestVocabulary
from planner.fleet.words import read_cpu

FORMAT = "kubevirt"
KIND = "VirtualMachineInstance"
ON_A_NODE = frozenset({"Running", "Scheduled"})
"""Phases in which a guest is on its node, or about to start there."""
SIGNS = {"": "+", "force": "+", "require": "+", "disable": "-", "forbid": "-"}
"""What the policy of a CPU feature comes to; an empty one means `require`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A guest on a node; `image` is its virt-launcher, empty if it does not say.

    `devices` are what it has of its node's hardware; None: nothing of it, and no other device is known.
    """

    name: str
    node: str
    machine_type: str
    cpu: GuestCpu | None
    devices: tuple[str, ...] | None
    traits: frozenset[tuple[str, bool]]
    migratable: bool
    image: str
    steps: Steps

    def group(self, host: str, pool: str) -> GuestGroup:
        """Return the guest on a host of the fleet; flags and boot host are not known."""
        return GuestGroup(
            pool=pool,
            host=host,
            machine_type=self.machine_type,
            cpu=self.cpu,
            devices=self.devices,
            traits=self.traits,
            migratable=self.migratable,
            names=(self.name,),
        )


def instances_of(
    path: Path, nodes: Collection[str] | None, words: GuestVocabulary, complaints: Complaints
) -> Iterator[Instance]:
    """Yield the guests that are on a node; `nodes` None: their names are not known."""
    yield from instances_among(items_of(path, KIND, complaints), nodes, words)


def instances_in(
    document: object, nodes: Collection[str], words: GuestVocabulary, complaints: Complaints
) -> Iterator[Instance]:
    """Yield the guests of a document that was read."""
    yield from instances_among(parts_of_kind(document, KIND, complaints), nodes, words)


def instances_among(
    parts: Iterable[JsonObject], nodes: Collection[str] | None, words: GuestVocabulary
) -> Iterator[Instance]:
    """Yield the guests of objects that are on a node."""
    for part in parts:
        if part.word("status", "phase") not in ON_A_NODE:
            continue
        found = _instance(part, words)
        if nodes is not None and found.node and found.node not in nodes:
            hint = nearest(found.node, nodes)
            part.complain(("status", "nodeName"), f"'{found.node}' is not a node", hint)
        yield found


def _instance(part: JsonObject, words: GuestVocabulary) -> Instance:
    chosen = part.word("status", "machine", "type")
    reader = FormatReader(FORMAT, words.formats)
    return Instance(
        name=f"{part.text('metadata', 'namespace')}/{part.text('metadata', 'name')}",
        node=part.text("status", "nodeName"),
        machine_type=chosen or part.text("spec", "domain", "machine", "type"),
        cpu=_cpu(part, words),
        devices=reader.devices(_assigned(part)) or None,
        traits=reader.traits(partial(_at, part.get("spec", "domain"))),
        migratable=not any(
            one.word("type") == "LiveMigratable" and one.word("status") == "False"
            for one in part.parts("status", "conditions")
        ),
        image=part.word("status", "launcherContainerImageVersion"),
        steps=part.steps,
    )


def _assigned(part: JsonObject) -> Iterator[Element]:
    """Yield what is given to a guest of its node's hardware: by it a guest is judged, come what may."""
    for kind in ("gpus", "hostDevices"):
        for _ in part.parts("spec", "domain", "devices", kind):
            yield Element(name=kind, at=_nothing)
    for port in part.parts("spec", "domain", "devices", "interfaces"):
        if port.get("sriov") is not None:
            yield Element(name="sriov", at=_nothing)


def _nothing(place: str) -> None:
    del place


def _at(value: object, place: str) -> str | None:
    """Return what stands at a path of keys, in any element of a list; None if nothing does."""
    key, _, rest = place.partition(".")
    if isinstance(value, list):
        found = (_at(one, place) for one in value)
        return next((one for one in found if one is not None), None)
    if not place or value is None:
        return None if value is None else str(value)
    return _at(value.get(key), rest) if isinstance(value, dict) else None


def _cpu(part: JsonObject, words: GuestVocabulary) -> GuestCpu | None:
    """Return the CPU, None where the cluster or the host adds to it what is not in the file."""
    model = part.word("spec", "domain", "cpu", "model")
    signed = []
    for feature in part.parts("spec", "domain", "cpu", "features"):
        sign = SIGNS.get(feature.word("policy"))
        if sign is None:
            return None
        signed.append(f"{sign}{feature.text('name')}")
    hyperv = part.get("spec", "domain", "features", "hyperv")
    passed = part.get("spec", "domain", "features", "hypervPassthrough")
    clock = part.get("spec", "domain", "clock", "timer", "hyperv")
    if not model or not (hyperv is passed is clock is None):
        return None
    try:
        return read_cpu(",".join((model, *signed)), words)
    except ValueError as error:
        part.complain(("spec", "domain", "cpu"), str(error))
        return None
