"""A KubeVirt cluster as kubectl prints it: nodes with their labels, instances, and which release runs.

The labels of a node tell which CPU features its kernel and QEMU give, asked by one release everywhere. A
feature that another node of the cluster has and this one has not is therefore absent here; of a feature
that no node has nothing is known. The release, or the image of an instance, tells the QEMU.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from planner.documents.complaints import Complaints
from planner.domain.capability import CapabilityId
from planner.domain.errors import quoted
from planner.domain.guest import GuestGroup
from planner.domain.host import Facts
from planner.fleet.hosts import DEFAULT_POOL
from planner.fleet.importers.kubernetes import JsonObject, parts_of
from planner.fleet.importers.kubevirt_instances import KIND as INSTANCE
from planner.fleet.importers.kubevirt_instances import Instance, instances_among
from planner.fleet.importers.kubevirt_nodes import ClusterNode, node_of
from planner.fleet.importers.planes.host_facts import HostBook, HostFacts
from planner.fleet.importers.planes.places import HostFile
from planner.fleet.importers.planes.plane_words import PlaneWords

NODE, CLUSTER = "Node", "KubeVirt"
FEATURES = ("cpu-feature.node.kubevirt.io/", "host-model-required-features.node.kubevirt.io/")
RATE, SCALABLE = (
    f"cpu-timer.node.kubevirt.io/{name}" for name in ("tsc-frequency", "tsc-scalable")
)
SCALING = frozenset({CapabilityId("kvm.cap.tsc_control")})
STATES = ("observed", "target")
SKIPPED = "node-labeller.kubevirt.io/skip-node"
"""An annotation of nodes whose labels nobody keeps up to date."""
OUTDATED = "kubevirt.io/outdatedLauncherImage"
TELL_ALL = "run: kubectl get nodes,vmi,kubevirt -A -o json > cluster.json"
TELL_RELEASE = "run: kubectl get kubevirt -A -o json > kubevirt.json"
TELL_QEMU = (
    "run: kubectl exec -n NAMESPACE POD -c compute -- rpm -q qemu-kvm-core, and write a row of"
    " kubevirt_releases.toml into a folder for --knowledge"
)
NO_KUBEVIRT, OTHER = "nodes that run no KubeVirt", "objects of other kinds"


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A node, the features that its labels name, and what they tell of its clock."""

    node: ClusterNode
    file: str
    features: frozenset[str]
    scaling: str
    clock: Facts


@dataclass(slots=True)
class KubevirtReader:
    """Reads objects of a cluster into a book; hosts are known when nodes and release are."""

    words: PlaneWords
    book: HostBook
    _nodes: dict[str, _Labelled] = field(default_factory=dict)
    _instances: list[tuple[Instance, bool, Complaints]] = field(default_factory=list)
    _releases: dict[str, JsonObject] = field(default_factory=dict)
    _qemu: str = ""

    def json(self, found: HostFile, document: object, complaints: Complaints) -> bool:
        """Read a list of objects, or one."""
        del found
        if not (isinstance(document, dict) and "apiVersion" in document and "kind" in document):
            return False
        if isinstance(document.get("items"), list):
            parts = list(parts_of(document["items"], ((), "items"), complaints))
        else:
            parts = [JsonObject(document, (), complaints)]
        for part in parts:
            self._object(part)
        return True

    def text(self, found: HostFile, text: str, complaints: Complaints) -> bool:
        """Only what kubectl prints as JSON is read."""
        del found, text, complaints
        return False

    def settle(self) -> None:
        """Note the nodes that run KubeVirt, with the QEMU of the release that runs."""
        if not self._nodes:
            return
        self.book.complete = True
        busy = {instance.node for instance, _, _ in self._instances}
        for instance, _, complaints in self._instances:
            if instance.node and instance.node not in self._nodes:
                what = f"{quoted(instance.name)} is on {quoted(instance.node)}, which is no node"
                self.book.complain(complaints.file, what, TELL_ALL)
        known = frozenset[str]().union(*(one.features for one in self._nodes.values()))
        self._qemu = self._release()
        for name, one in self._nodes.items():
            if one.node.runs_kubevirt or name in busy:
                self.book.note(_facts(one, known, self._qemu, self.words))
            else:
                self.book.leave_out(NO_KUBEVIRT)

    def guests(self) -> Iterator[GuestGroup]:
        """Yield the instances; one of an older image stands on a host of its own, `NODE@QEMU`."""
        for instance, outdated, complaints in self._instances:
            qemu = self._qemu_of(instance, complaints, outdated=outdated)
            host = instance.node
            if qemu and qemu != self._qemu:
                host = f"{host}@{qemu}"
                self.book.note_older(instance.node, host, qemu=qemu)
            yield instance.group(host, DEFAULT_POOL)

    def _object(self, part: JsonObject) -> None:
        kind = part.word("kind")
        if kind == NODE:
            node = node_of(part, "")
            if node is not None:
                self._nodes[node.name] = _labelled(part, node)
        elif kind == INSTANCE:
            outdated = OUTDATED in part.mapping("metadata", "labels")
            for instance in instances_among([part], None, self.words.guests):
                self._instances.append((instance, outdated, part.complaints))
        elif kind == CLUSTER:
            runs, comes = (part.text("status", f"{word}KubeVirtVersion") for word in STATES)
            self._releases.setdefault(runs, part)
            if runs and comes and runs != comes:
                what = f"is on its way from {quoted(runs)} to {quoted(comes)}"
                part.complain(("status",), what, "import again when it has arrived")
        else:
            self.book.leave_out(OTHER)

    def _release(self) -> str:
        """Return the QEMU of the release that runs, empty with a complaint if nothing tells it."""
        releases = sorted(filter(None, self._releases))
        if len(releases) == 1:
            qemu = self.words.launchers(releases[0])
            what = f"KubeVirt {quoted(releases[0])} is no release whose QEMU is known"
            remedy = TELL_QEMU
        else:
            qemu, what, remedy = "", "no file tells which release of KubeVirt runs", TELL_RELEASE
            if releases:
                what = f"several releases of KubeVirt run: {', '.join(releases)}"
                remedy = "import one cluster at a time"
        if not qemu:
            files = [part.complaints.file for part in self._releases.values()]
            file = files[0] if files else next(iter(self._nodes.values())).file
            self.book.complain(file, what, remedy)
        return qemu

    def _qemu_of(self, instance: Instance, complaints: Complaints, *, outdated: bool) -> str:
        """Return the QEMU of an instance: of its image, else of the release if it is not outdated."""
        tag = instance.image.rpartition("/")[2].rpartition(":")[2]
        qemu = self.words.launchers(instance.image) or self.words.launchers(tag)
        if qemu or not outdated:
            return qemu or self._qemu
        what = f"{quoted(instance.name)} runs from an older image, {quoted(instance.image)}"
        self.book.complain(complaints.file, what, TELL_QEMU)
        return ""


def _labelled(part: JsonObject, node: ClusterNode) -> _Labelled:
    """Return a node with what its labels tell; of one that is not kept up to date, nothing."""
    labels = part.mapping("metadata", "labels")
    kept = SKIPPED not in part.mapping("metadata", "annotations")
    names = {
        label.removeprefix(prefix).replace("_", "-")
        for prefix in FEATURES
        for label, value in labels.items()
        if label.startswith(prefix) and value == "true"
    }
    rate = str(labels.get(RATE, ""))
    clock = (("cpu.tsc_khz", str(int(rate) // 1000)),) if re.fullmatch(r"\d{6,12}", rate) else ()
    return _Labelled(
        node=node,
        file=part.complaints.file,
        features=frozenset(names) if kept else frozenset(),
        scaling=str(labels.get(SCALABLE, "")) if kept else "",
        clock=clock if kept else (),
    )


def _facts(one: _Labelled, known: frozenset[str], qemu: str, words: PlaneWords) -> HostFacts:
    """Return a node as a host; `known` are the features that some node of the cluster has."""
    asked = words.features.known.get(one.node.arch, frozenset()) - words.features.of_qemu
    absent = _capability_ids((known - one.features) & asked) if one.features else frozenset()
    scaling: Mapping[str, tuple[frozenset[CapabilityId], frozenset[CapabilityId]]] = {
        "true": (SCALING, frozenset()),
        "false": (frozenset(), SCALING),
    }
    has, lacks = scaling.get(one.scaling, (frozenset(), frozenset()))
    return HostFacts(
        host=one.node.name,
        source=one.file,
        kernel=one.node.kernel,
        qemu=qemu,
        arch=one.node.arch,
        cpu=one.node.cpu,
        present=_capability_ids(one.features & asked) | has,
        absent=absent | lacks,
        hardware=one.clock,
    )


def _capability_ids(features: frozenset[str]) -> frozenset[CapabilityId]:
    return frozenset(CapabilityId(f"cpu.{name}") for name in features)
