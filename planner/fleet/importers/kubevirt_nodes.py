"""What kubectl prints of a KubeVirt cluster, to its hosts and guests; what it leaves out stays unknown.

A node does not say which QEMU it runs: that is in the virt-launcher image, and the caller says it.
What labels tell of CPU features: `planes.kubevirt`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from planner.documents.complaints import Complaints
from planner.domain.errors import FleetError
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.fleet.hosts import DEFAULT_POOL
from planner.fleet.importers.kubernetes import JsonObject, items_of
from planner.fleet.importers.kubevirt_instances import Instance, instances_of
from planner.fleet.vocabulary import GuestVocabulary

SCHEDULABLE = "kubevirt.io/schedulable"
"""A label of every node that runs KubeVirt, `false` while its agent does not answer."""
HOST_MODEL = "host-model-cpu.node.kubevirt.io/"
VENDOR = "cpu-vendor.node.kubevirt.io/"
ARCHITECTURE = {"amd64": "x86_64", "arm64": "aarch64", "s390x": "s390x", "ppc64le": "ppc64"}
"""Kubernetes' names of architectures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launchers:
    """The QEMU in the virt-launcher images: `qemu` of today's, and that of each older one by name."""

    qemu: str
    older: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KubevirtCluster:
    """The hosts and running guests of a cluster, and the names of nodes that run no KubeVirt."""

    fleet: Fleet
    guests: tuple[GuestGroup, ...]
    left_out: tuple[str, ...]

    def __repr__(self) -> str:
        """Show the size alone."""
        return f"KubevirtCluster({self.fleet.size:,} hosts, {len(self.guests):,} guests)"


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """A node of a cluster."""

    name: str
    pool: str
    kernel: str
    arch: str
    cpu: str
    runs_kubevirt: bool


def read_cluster(
    nodes: Path,
    instances: Path | None,
    words: GuestVocabulary,
    *,
    launchers: Launchers,
    pool_label: str = "",
) -> KubevirtCluster:
    """Read what `kubectl get nodes -o json` and `kubectl get vmi -A -o json` print.

    A node with guests of an older image is one more host `NODE@QEMU`. `pool_label` is the label whose
    value names a node's pool. Raises `FleetError` with every problem of both files.
    """
    of_nodes, of_instances = Complaints(str(nodes)), Complaints(str(instances))
    found = [node_of(part, pool_label) for part in items_of(nodes, "Node", of_nodes)]
    by_name = {node.name: node for node in found if node is not None}
    if not found and not of_nodes.problems:
        of_nodes.add((), "no Node in the file", "it is what `kubectl get nodes -o json` prints")
    guests: list[Instance] = []
    if instances is not None:
        known = None if of_nodes.problems else frozenset(by_name)
        guests = list(instances_of(instances, known, words, of_instances))
        if not of_instances.problems:
            _check_images(guests, launchers, of_instances)
    if of_nodes.problems or of_instances.problems:
        raise FleetError((*of_nodes.told(), *of_instances.told()))
    return _cluster(by_name, guests, launchers, str(nodes))


def node_of(part: JsonObject, pool_label: str) -> ClusterNode | None:
    """Return a node object, None with a complaint if it lacks something; a pool by its label."""
    name = part.text("metadata", "name")
    kernel = part.text("status", "nodeInfo", "kernelVersion")
    arch = part.text("status", "nodeInfo", "architecture")
    labels = part.mapping("metadata", "labels")
    pool = str(labels.get(pool_label, "")) if pool_label else DEFAULT_POOL
    if arch and arch not in ARCHITECTURE:
        allowed = ", ".join(ARCHITECTURE)
        part.complain(
            ("status", "nodeInfo", "architecture"),
            f"'{arch}' is not an architecture",
            f"allowed: {allowed}",
        )
    if not pool:
        part.complain(("metadata", "labels"), f"no label '{pool_label}' to name the pool")
    if not (name and kernel and pool and arch in ARCHITECTURE):
        return None
    return ClusterNode(name, pool, kernel, ARCHITECTURE[arch], _cpu(labels), SCHEDULABLE in labels)


def _cpu(labels: Mapping[str, object]) -> str:
    """Return the CPU model that libvirt sees on the node, else its vendor, else nothing."""
    for prefix in (HOST_MODEL, VENDOR):
        names = sorted(
            name.removeprefix(prefix)
            for name, value in labels.items()
            if name.startswith(prefix) and value == "true"
        )
        if len(names) == 1:
            return names[0]
    return ""


def _check_images(guests: list[Instance], launchers: Launchers, complaints: Complaints) -> None:
    """Complain of a second image that nobody gave a QEMU for, and of none among several."""
    current = ""
    for guest in guests:
        if guest.image in launchers.older:
            continue
        place = (guest.steps, "status.launcherContainerImageVersion")
        if not guest.image and launchers.older:
            complaints.add(place, "is missing, and guests run from several images")
        elif current and guest.image and guest.image != current:
            complaints.add(
                place,
                f"'{guest.image}', and others run from '{current}'",
                "say which QEMU is in the older one",
            )
        current = current or guest.image


def _cluster(
    nodes: Mapping[str, ClusterNode], instances: list[Instance], launchers: Launchers, source: str
) -> KubevirtCluster:
    hosts: dict[str, tuple[ClusterNode, str]] = {}
    busy = {guest.node for guest in instances}
    for node in nodes.values():
        if node.runs_kubevirt or node.name in busy:
            hosts[node.name] = (node, launchers.qemu)
    guests = []
    for guest in instances:
        qemu = launchers.older.get(guest.image, launchers.qemu)
        host = guest.node if qemu == launchers.qemu else f"{guest.node}@{qemu}"
        hosts[host] = (nodes[guest.node], qemu)
        guests.append(guest.group(host, nodes[guest.node].pool))
    left_out = tuple(sorted(name for name in nodes if name not in hosts))
    fleet = Fleet(groups=tuple(_groups(hosts)), source=source)
    return KubevirtCluster(fleet=fleet, guests=tuple(guests), left_out=left_out)


def _groups(hosts: Mapping[str, tuple[ClusterNode, str]]) -> Iterator[HostGroup]:
    alike: dict[tuple[str, str, str, str, str], list[HostName]] = {}
    for name, (node, qemu) in sorted(hosts.items()):
        key = (node.pool, node.kernel, qemu, node.arch, node.cpu)
        alike.setdefault(key, []).append(HostName(name))
    for (pool, kernel, qemu, arch, cpu), names in alike.items():
        yield HostGroup(
            pool=PoolName(pool), kernel=kernel, qemu=qemu, hosts=tuple(names), arch=arch, cpu=cpu
        )
