"""Read what answers rest on: knowledge, fleet, guests, policy, edges, targets."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from os import PathLike
from pathlib import Path

from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet
from planner.domain.plans.plan import Plan
from planner.domain.plans.upgrade import UpgradeHost
from planner.domain.policy import Policy
from planner.fleet import edges as edge_file
from planner.fleet import guests as guest_file
from planner.fleet import hosts as host_file
from planner.fleet import plan_file, policy_file, upgrades
from planner.fleet.edges import Arrows
from planner.fleet.importers import kubevirt_nodes
from planner.fleet.policy_names import KnownNames
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.shipped import load_knowledge

Name = str | PathLike[str]


def read_fleet(
    path: Name, *, knowledge: KnowledgeBase | None = None, strict: bool = False
) -> Fleet:
    """Return the hosts of a CSV or Parquet file, equal rows together.

    Raises `FleetError` with every wrong column, cell and name. A kernel or QEMU that no row of the
    knowledge fits is wrong if `strict` or if every host has one; else `unplaced` of the fleet tells of
    it, and nothing is known of these hosts.
    """
    return host_file.read_fleet(Path(path), knowledge or load_knowledge(), strict=strict)


def read_guests(
    path: Name, fleet: Fleet, *, knowledge: KnowledgeBase | None = None, host: str = ""
) -> tuple[GuestGroup, ...]:
    """Return the guests of a CSV or Parquet file; their hosts must be of `fleet`.

    Or those that libvirt domain XML, KubeVirt instances or `qm config` describe: a file, or a folder or
    tar archive of files. `host`: where guests run whose files do not say it. Raises `FleetError` with
    every wrong column, cell and name.
    """
    words = (knowledge or load_knowledge()).guests
    return guest_file.read_guests(Path(path), fleet, words, host=host)


def read_kubevirt(
    nodes: Name,
    instances: Name | None = None,
    *,
    qemu: str,
    older_images: Mapping[str, str] | None = None,
    pool_label: str = "",
    knowledge: KnowledgeBase | None = None,
) -> kubevirt_nodes.KubevirtCluster:
    """Return the hosts and guests of a KubeVirt cluster, of what kubectl prints.

    `nodes` is the file of `kubectl get nodes -o json`, `instances` that of `kubectl get vmi -A -o json`.
    Neither says which QEMU runs: `qemu` is the package version in the virt-launcher image of today,
    `older_images` that of images which guests still run from, by the image's name in
    `status.launcherContainerImageVersion`. `pool_label` is the node label that names the pool (empty:
    one pool). Devices, flags, boot hosts and capabilities are left unknown. Raises `FleetError`.
    """
    return kubevirt_nodes.read_cluster(
        Path(nodes),
        None if instances is None else Path(instances),
        (knowledge or load_knowledge()).guests,
        launchers=kubevirt_nodes.Launchers(qemu=qemu, older=older_images or {}),
        pool_label=pool_label,
    )


def read_policy(
    path: Name | None,
    *,
    pools: Collection[str] | None = None,
    families: Collection[str] | None = None,
    knowledge: KnowledgeBase | None = None,
) -> Policy:
    """Return the policy of a TOML file, or the shipped one; acceptances that have expired are left out.

    `pools` and `families` of failure domains are those that it may name (None: any). Raises
    `PolicyError` with every wrong key, value and name.
    """
    rows = knowledge or load_knowledge()
    if path is None:
        return rows.policy
    names = KnownNames(
        types=[row.machine_type for row in rows.machines.types.values()],
        units=rows.units,
        properties={str(key) for key in rows.property_keys},
        has_property=rows.has_property,
        is_no_value=rows.is_no_value,
        is_usual=rows.guests.is_usual,
        base_type=rows.guests.base_type,
        guest_profiles=rows.guest_profiles,
        pools=pools,
        families=families,
    )
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return policy_file.read_policy(Path(path), rows.policy, names, today=today)


def read_edges(path: Name, fleet: Fleet) -> Arrows:
    """Return which groups of hosts may send to which, of a CSV file; raises `FleetError`."""
    return edge_file.arrows_of(edge_file.read_edges(Path(path), fleet))


def read_upgrades(
    path: Name, *targets: str, knowledge: KnowledgeBase | None = None
) -> tuple[UpgradeHost, ...]:
    """Return the hosts of a fleet file with where they go.

    `targets` are words such as `kernel=6.12.48+deb13-amd64,qemu=...,pool=...`; the columns
    `target_kernel` and `target_qemu` of the file beat them. Raises `FleetError`, `UsageError`.
    """
    parsed = [upgrades.parse_target(text) for text in targets]
    return upgrades.read_upgrades(Path(path), knowledge or load_knowledge(), parsed)


def read_plan(path: Name) -> Plan:
    """Return the plan of a JSON file as `planner plan --format json` writes it; raises `PlanError`."""
    return plan_file.read_plan(Path(path))
