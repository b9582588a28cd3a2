"""A probe as the document `planner.probe/1` and as a row of a fleet file; asks nothing."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from planner.probe.builds import InstalledBuild
from planner.probe.kvm import EXTENSIONS_TRIED, CpuidRow, KvmAnswers, register_digest
from planner.probe.machine import Machine
from planner.probe.questions import Answered
from planner.probe.take import Probe
from planner.probe.vhost import VhostAnswers

if TYPE_CHECKING:
    from planner.probe.document import (
        Cpuid,
        FoundBuild,
        Kvm,
        ProbedHost,
        ProbeDocument,
        User,
        Vhost,
    )

SCHEMA = "planner.probe/1"
COLUMNS = ("host", "arch", "kernel", "qemu", "cpu", "probe")
TSC_CONTROL = 60
"""The extension by which KVM says that the TSC of a guest may have a rate of its own."""


def fleet_row(probe: Probe, file: str) -> tuple[str, ...]:
    """Return the cells of this host's row; `qemu` is empty if no QEMU was found."""
    machine = probe.machine
    build = probe.builds[0].words if probe.builds else ""
    return (machine.host, machine.arch, machine.kernel, build, machine.cpu_text, file)


def probe_document(
    probe: Probe, answered: Sequence[Answered], *, version: str, time: datetime.datetime, user: User
) -> ProbeDocument:
    """Return the document; numbers that are keys of the kernel are hexadecimal text."""
    return {
        "schema": SCHEMA,
        "taken": {
            "tool": f"planner {version}",
            "time": time.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "as": user,
        },
        "host": _machine(probe.machine, probe.kvm),
        "kvm": None if probe.kvm is None else _kvm(probe.kvm),
        "tun": None
        if probe.tun is None
        else {
            "features": hex(probe.tun.features),
            "offload_bits": sorted(probe.tun.offloads),
            "ioctls": dict(probe.tun.ioctls),
        },
        "vhost_net": _vhost(probe.vhost_net),
        "vhost_vsock": _vhost(probe.vhost_vsock),
        "userfaultfd": None
        if probe.userfault is None
        else {
            "features": hex(probe.userfault.features),
            "write_protect": probe.userfault.write_protect,
            "user_mode_only": probe.userfault.user_mode_only,
        },
        "vfio": None,
        "qemu": None if probe.builds is None else [_build(build) for build in probe.builds],
        "capabilities": {str(found.capability): found.holds for found in answered},
        "why": {
            **probe.reasons,
            **{f"qemu {build.path}": build.doubt for build in probe.builds or () if build.doubt},
            **{str(found.capability): found.reason for found in answered if found.reason},
        },
    }


def _machine(machine: Machine, kvm: KvmAnswers | None) -> ProbedHost:
    return {
        "name": machine.host,
        "arch": machine.arch,
        "kernel": machine.kernel,
        "system": machine.system,
        "system_version": machine.system_version,
        "boot_id": machine.boot,
        "nested": machine.nested,
        "cpu": {**machine.cpu, **dict(_rates(kvm))},
        "modules": {
            module.name: {
                "source_version": module.source_version,
                "parameters": dict(module.parameters),
            }
            for module in machine.modules
        },
        "livepatches": list(machine.livepatches),
    }


def _rates(kvm: KvmAnswers | None) -> Iterator[tuple[str, str]]:
    """Yield what KVM says of the CPU that no file says: TSC rate and scaling, a digest of registers."""
    if kvm is None:
        return
    if kvm.tsc_khz is not None:
        yield "tsc_khz", str(kvm.tsc_khz)
        yield "tsc_scaling", "yes" if any(kvm.extensions.get(TSC_CONTROL, (0, 0))) else "no"
    if kvm.registers is not None:
        yield "registers", f"sha256:{register_digest(kvm)} of {len(kvm.registers)}"


def _kvm(answers: KvmAnswers) -> Kvm:
    found: Kvm = {
        "api": answers.api,
        "extensions_tried": [0, EXTENSIONS_TRIED],
        "extensions": {
            str(number): {"device": pair[0], "vm": pair[1] if answers.vm else None}
            for number, pair in answers.extensions.items()
        },
        "msrs": _hexes(answers.msrs),
        "msrs_refused": _hexes(answers.refused),
        "msr_bits_taken": [
            {"msr": hex(msr), "value": hex(value), "taken": taken}
            for (msr, value), taken in answers.written.items()
        ],
        "feature_msrs": _values(answers.feature_msrs),
        "cpuid": _cpuid(answers.cpuid),
        "emulated_cpuid": _cpuid(answers.emulated_cpuid),
        "hyperv_cpuid": _cpuid(answers.hyperv_cpuid),
        "guest_xcr0": None if answers.guest_xcr0 is None else hex(answers.guest_xcr0),
    }
    if answers.registers is not None:
        found["registers"] = _hexes(answers.registers)
    return found


def _hexes(numbers: Iterable[int] | None) -> list[str] | None:
    return None if numbers is None else [hex(number) for number in numbers]


def _values(values: Mapping[int, int | None] | None) -> dict[str, str | None] | None:
    if values is None:
        return None
    return {hex(key): None if value is None else hex(value) for key, value in values.items()}


def _cpuid(rows: Sequence[CpuidRow] | None) -> Cpuid:
    if rows is None:
        return None
    return [[hex(getattr(row, name)) for name in CpuidRow.__slots__] for row in rows]


def _vhost(answers: VhostAnswers | None) -> Vhost | None:
    if answers is None:
        return None
    backend = answers.backend_features
    return {
        "features": hex(answers.features),
        "backend_features": None if backend is None else hex(backend),
    }


def _build(build: InstalledBuild) -> FoundBuild:
    return {
        "path": build.path,
        "version": build.version,
        "package": build.package,
        "machine_types": list(build.machine_types),
    }
