"""What a probe file (`planner.probe/1`) holds, as types: they check its writer and make its schema.

Numbers that are keys of the kernel are hexadecimal text. A part that is None was not asked.
"""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypeAliasType, TypedDict

Hex = TypeAliasType("Hex", str)
CpuidRow = TypeAliasType("CpuidRow", list[Hex])
Cpuid = list[CpuidRow] | None
User = Literal["root", "user"]
Taken = TypedDict("Taken", {"tool": str, "time": str, "as": User})


class KernelModule(TypedDict):
    """A loaded module."""

    source_version: str
    parameters: dict[str, str]


class ProbedHost(TypedDict):
    """The machine that answered."""

    name: str
    arch: str
    kernel: str
    system: str
    system_version: str
    boot_id: str
    nested: bool
    cpu: dict[str, str]
    modules: dict[str, KernelModule]
    livepatches: list[str]


class Extension(TypedDict):
    """The answers of KVM_CHECK_EXTENSION."""

    device: int
    vm: int | None


class TriedMsr(TypedDict):
    """A value that was tried on a vCPU."""

    msr: Hex
    value: Hex
    taken: bool


class Kvm(TypedDict):
    """What /dev/kvm answered."""

    api: int
    extensions_tried: list[int]
    extensions: dict[str, Extension]
    msrs: list[Hex] | None
    msrs_refused: list[Hex] | None
    msr_bits_taken: list[TriedMsr]
    feature_msrs: dict[str, Hex | None] | None
    cpuid: Cpuid
    emulated_cpuid: Cpuid
    hyperv_cpuid: Cpuid
    guest_xcr0: Hex | None
    registers: NotRequired[list[Hex] | None]


class Tun(TypedDict):
    """What /dev/net/tun answered."""

    features: Hex
    offload_bits: list[int]
    ioctls: dict[str, bool]


class Vhost(TypedDict):
    """What a vhost device answered."""

    features: Hex
    backend_features: Hex | None


class Userfault(TypedDict):
    """What userfaultfd answered."""

    features: Hex
    write_protect: bool
    user_mode_only: bool


class FoundBuild(TypedDict):
    """A QEMU of the host."""

    path: str
    version: str
    package: str
    machine_types: list[str]


class ProbeDocument(TypedDict):
    """All of it, in this order; a file written by hand needs `schema` and `capabilities` only."""

    schema: str
    taken: NotRequired[Taken]
    host: NotRequired[ProbedHost]
    kvm: NotRequired[Kvm | None]
    tun: NotRequired[Tun | None]
    vhost_net: NotRequired[Vhost | None]
    vhost_vsock: NotRequired[Vhost | None]
    userfaultfd: NotRequired[Userfault | None]
    vfio: NotRequired[None]
    qemu: NotRequired[list[FoundBuild] | None]
    capabilities: dict[str, bool | None]
    why: NotRequired[dict[str, str]]
