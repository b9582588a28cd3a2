"""What keeps the guests of a pool to an answer on KubeVirt, Nova and Proxmox VE: data, explained."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from shlex import quote

import yaml

from planner.domain.compat import CompatFlag
from planner.export.chosen import commented

KINDS = {"virtualmachines": "spec.template.spec", "virtualmachineinstances": "spec"}
"""Resources of KubeVirt, and where their domain stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedPool:
    """A pool, and the machine types that are safe between all of its hosts.

    `plain` need no flag, `flagged` are safe with their flags alone. Conditions on guests are not in it.
    """

    pool: str
    hosts: tuple[str, ...]
    plain: tuple[str, ...]
    flagged: tuple[tuple[str, tuple[CompatFlag, ...]], ...]
    enforced: bool

    @property
    def word(self) -> str:
        """The pool's name as a plane takes it for a part of a name."""
        return re.sub(r"[^a-z0-9]+", "-", self.pool.lower()).strip("-") or "pool"


def _told(one: GatedPool) -> Iterator[str]:
    yield f"pool {one.pool}: guests of {len(one.plain)} machine types may go to every host of it"
    if one.flagged:
        names = ", ".join(name for name, _ in one.flagged)
        yield f"safe with flags only, and left out where the plane cannot set them: {names}"
    yield "conditions on guests (devices, CPU) stand in the answer: this holds machine types alone"


def kubevirt(one: GatedPool) -> Iterator[str]:
    """Yield a validating policy per resource with its binding, and the labels of nodes."""
    yield from commented(
        (
            "kubectl apply -f THIS_FILE",
            *_told(one),
            "a VM that names no machine type gets the cluster's default: planner export kubevirt",
            "validationActions: Warn and Audit say what Deny would refuse; what is there keeps its type",
            "libvirt runs inside of the launcher's pod, so no hook of a host sees these guests",
        )
    )
    for resource, place in KINDS.items():
        name = f"planner-gate-{one.word}-{resource}"
        yield "---\n" + yaml.safe_dump(_policy(name, resource, place, one), sort_keys=False)
        yield "---\n" + yaml.safe_dump(_binding(name, one), sort_keys=False)
    if one.hosts:
        text = "nodes of the pool, for a nodeSelector where a cluster has several"
        yield from commented((text,))
    for host in one.hosts:
        yield from commented((f"kubectl label node {host} planner-gate/pool={one.word}",))


def _policy(name: str, resource: str, place: str, one: GatedPool) -> dict[str, object]:
    domain = f"object.{place}.domain"
    there = f"has({domain}.machine) && has({domain}.machine.type)"
    allowed = ", ".join(f"'{each}'" for each in one.plain)
    unsafe = f"' is not safe between all hosts of pool {one.word}'"
    kept = "oldObject != null && " + " && ".join(
        (
            there.replace("object.", "oldObject."),
            f"oldObject.{place}.domain.machine.type == {domain}.machine.type",
        )
    )
    validation = {
        "expression": f"!variables.named || ({kept}) || {domain}.machine.type in [{allowed}]",
        "messageExpression": f"'machine type ' + {domain}.machine.type + {unsafe}",
    }
    rule = {
        "apiGroups": ["kubevirt.io"],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": [resource],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Ignore",
            "matchConstraints": {"resourceRules": [rule]},
            "variables": [{"name": "named", "expression": there}],
            "validations": [validation],
        },
    }


def _binding(name: str, one: GatedPool) -> dict[str, object]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": ["Deny"] if one.enforced else ["Warn", "Audit"],
        },
    }


def nova(one: GatedPool) -> Iterator[str]:
    """Yield a script that makes an isolated aggregate of the pool, with a trait that images ask for."""
    trait = f"CUSTOM_PLANNER_{one.word.upper().replace('-', '_')}"
    placement = "openstack --os-placement-api-version 1.6"
    yield "#!/bin/sh\nset -eu\n"
    yield from commented(
        (
            *_told(one),
            "nova.conf of the scheduler: [scheduler] enable_isolated_aggregate_filtering = true",
            "servers whose image or flavor asks for the trait stay in the aggregate, all others outside",
            "libvirt's hook (planner gate libvirt-hook) works on computes too and judges whole guests",
        )
    )
    yield f"aggregate={quote(f'planner-{one.word}')}\n"
    yield f"{placement} trait create {trait}\n"
    yield 'openstack aggregate create "$aggregate"\n'
    yield f"for host in {_words(one.hosts)}; do\n"
    yield '  openstack aggregate add host "$aggregate" "$host"\n'
    yield f'  id=$({placement} resource provider list --name "$host" -f value -c uuid)\n'
    yield f'  traits=$({placement} resource provider trait list -f value "$id" | sed "s/^/--trait /")\n'
    yield f'  {placement} resource provider trait set $traits --trait {trait} "$id"\n'
    yield "done\n"
    isolated = f"openstack aggregate set --property trait:{trait}=required"
    yield f'{"" if one.enforced else "# "}{isolated} "$aggregate"\n'
    asks = f"openstack image set --property trait:{trait}=required"
    yield from commented((f"{asks} --property hw_machine_type=TYPE IMAGE", "with TYPE of:"))
    yield from commented(one.plain)


def proxmox(one: GatedPool) -> Iterator[str]:
    """Yield a hook script that refuses an incoming guest of another machine type, with its commands."""
    nodes = ",".join(one.hosts)
    rule = f"ha-manager rules add node-affinity planner-{one.word} --resources vm:ID"
    yield "#!/bin/sh\n"
    yield from commented(
        (
            "on every node as /var/lib/vz/snippets/planner-gate, executable",
            "qm set ID --hookscript local:snippets/planner-gate",
            *_told(one),
            "Proxmox VE starts a migrated guest on the target with PVE_MIGRATED_FROM set",
            "without `machine:` a guest gets the newest type at each cold start: it is not known here",
            "for guests under HA also (before Proxmox VE 9: ha-manager groupadd, --restricted 1):",
            f"{rule} --nodes {nodes} --strict 1",
        )
    )
    yield from _hook_script(one)


def _hook_script(one: GatedPool) -> Iterator[str]:
    """Yield what the hook script does."""
    done = "refused" if one.enforced else "let in (mode warn)"
    yield '[ "$2" = pre-start ] && [ -n "${PVE_MIGRATED_FROM:-}" ] || exit 0\n'
    yield 'conf="${PLANNER_PVE:-/etc/pve}/nodes/$PVE_MIGRATED_FROM/qemu-server/$1.conf"\n'
    yield "type=$(sed -n '/^\\[/q; s/^machine: *\\([^,]*\\).*/\\1/p' \"$conf\" 2>/dev/null)\n"
    yield 'args=" $(sed -n \'/^\\[/q; s/^args: *//p\' "$conf" 2>/dev/null) "\n'
    yield "lacks=\n"
    yield 'case "$type" in\n'
    if one.plain:
        yield f"  {'|'.join(one.plain)}) exit 0 ;;\n"
    for name, flags in one.flagged:
        checks = "; ".join(
            f'case "$args" in *" {flag} "*) ;; *) lacks={flag} ;; esac' for flag in flags
        )
        yield f'  {name}) {checks}; [ -n "$lacks" ] || exit 0 ;;\n'
    yield "esac\n"
    reason = "${lacks:+without $lacks }${type:-no machine type named}"
    yield (
        f'echo "planner gate: {done}: VM $1 from $PVE_MIGRATED_FROM: {reason}:'
        f' not known to be safe between all nodes of pool {one.word}" >&2\n'
    )
    yield f"exit {int(one.enforced)}\n"


def _words(names: Iterable[str]) -> str:
    return " ".join(map(quote, names))
