"""What /dev/kvm answers: extensions, MSR lists, CPUID; makes one empty VM and drops it.

Numbers are those of linux: include/uapi/linux/kvm.h.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from planner.probe.asking import NotAsked, accepted, device, reason_of

API_VERSION, CREATE_VM, CHECK_EXTENSION, CREATE_VCPU = 0xAE00, 0xAE01, 0xAE03, 0xAE41
MSR_INDEX_LIST, FEATURE_INDEX_LIST = 0xC004AE02, 0xC004AE0A
SUPPORTED_CPUID, EMULATED_CPUID, HYPERV_CPUID = 0xC008AE05, 0xC008AE09, 0xC008AEC1
GET_MSRS, SET_MSRS, SET_CPUID2 = 0xC008AE88, 0x4008AE89, 0x4008AE90
GET_DEVICE_ATTR = 0x4018AEE2
GET_TSC_KHZ = 0xAEA3
ARM_PREFERRED_TARGET, ARM_VCPU_INIT, GET_REG_LIST = 0x8020AEAF, 0x4020AEAE, 0xC008AEB0
GET_ONE_REG = 0x4010AEAB
IDENTITY = 0x603000000013C000  # system registers of op0 3 and CRn 0, whatever op1, CRm and op2
PLACE_BITS, VCPU_NUMBER = 0b111_0000_1111_111, 0b101
TARGET_BYTES = 32  # struct kvm_vcpu_init
EXTENSIONS_TRIED = 400
MOST_REGISTERS = 4096
MOST_ENTRIES = 512
ENTRY = struct.Struct("=7I12x")  # struct kvm_cpuid_entry2
HEAD = struct.Struct("=2I")


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuidRow:
    """One leaf of CPUID as KVM lists it."""

    function: int
    index: int
    flags: int
    eax: int
    ebx: int
    ecx: int
    edx: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KvmAnswers:
    """Answers of a host's KVM; an answer that is None was not to be had.

    `extensions` maps a number to what /dev/kvm and what a VM answer, zero on both left out.
    `written` says of (MSR, value) pairs whether a vCPU takes them. `refused` holds listed MSRs
    that a fresh vCPU does not take back as it gave them. `register_values` are those of the arm64
    registers that tell what a vCPU is: a destination that gives other ones may refuse them.
    """

    extensions: Mapping[int, tuple[int, int]]
    vm: bool
    api: int = 0
    msrs: tuple[int, ...] | None = None
    feature_msrs: Mapping[int, int | None] | None = None
    cpuid: tuple[CpuidRow, ...] | None = None
    emulated_cpuid: tuple[CpuidRow, ...] | None = None
    hyperv_cpuid: tuple[CpuidRow, ...] | None = None
    guest_xcr0: int | None = None
    tsc_khz: int | None = None
    registers: tuple[int, ...] | None = None
    register_values: Mapping[int, int] = field(default_factory=dict)
    written: Mapping[tuple[int, int], bool] = field(default_factory=dict)
    refused: tuple[int, ...] | None = None
    reasons: tuple[str, ...] = ()


def ask_kvm(values: tuple[tuple[int, int], ...] = (), root: Path = Path("/")) -> KvmAnswers:
    """Ask KVM everything; `values` are (MSR, value) pairs to try on a vCPU. Raises `NotAsked`."""
    path = root / "dev/kvm"
    with device(path, root) as kvm:
        try:
            api = fcntl.ioctl(kvm, API_VERSION, 0)
        except OSError as error:
            raise NotAsked(f"{path}: KVM_GET_API_VERSION: {reason_of(error)}") from error
        reasons: list[str] = []
        machine = _made(kvm, CREATE_VM, "VM", reasons)
        processor = None if machine is None else _made(machine, CREATE_VCPU, "vCPU", reasons)
        try:
            answers = _answers(kvm, machine, processor, values)
            return replace(answers, api=api, reasons=tuple(reasons))
        finally:
            for descriptor in (processor, machine):
                if descriptor is not None:
                    os.close(descriptor)


def _made(parent: int, request: int, noun: str, reasons: list[str]) -> int | None:
    try:
        return fcntl.ioctl(parent, request, 0)
    except OSError as error:
        reasons.append(f"{noun}: {reason_of(error)}")
        return None


def _answers(
    kvm: int,
    machine: int | None,
    processor: int | None,
    values: tuple[tuple[int, int], ...],
) -> KvmAnswers:
    x86 = os.uname().machine == "x86_64"
    arm = os.uname().machine == "aarch64"
    msrs = _numbers(kvm, MSR_INDEX_LIST) if x86 else None
    features = _numbers(kvm, FEATURE_INDEX_LIST) if x86 else None
    cpuid = _cpuid(kvm, SUPPORTED_CPUID) if x86 else None
    written: dict[tuple[int, int], bool] = {}
    refused = None
    if processor is not None and cpuid is not None:
        accepted(processor, SET_CPUID2, _packed(cpuid))
        written = {pair: _takes(processor, *pair) for pair in values}
        refused = tuple(index for index in msrs or () if not _gives_back(processor, index))
    registers = _registers(machine, processor) if arm else None
    return KvmAnswers(
        extensions=_extensions(kvm, machine),
        vm=machine is not None,
        msrs=msrs,
        feature_msrs=None if features is None else {one: _value(kvm, one) for one in features},
        cpuid=cpuid,
        emulated_cpuid=_cpuid(kvm, EMULATED_CPUID) if x86 else None,
        hyperv_cpuid=_hyperv(kvm, processor) if x86 else None,
        guest_xcr0=_attribute(kvm) if x86 else None,
        tsc_khz=_rate(processor) if x86 and processor is not None else None,
        registers=registers,
        register_values=_identity(processor, registers or ()),
        written=written,
        refused=refused,
    )


def _extensions(kvm: int, machine: int | None) -> dict[int, tuple[int, int]]:
    found = {}
    for number in range(EXTENSIONS_TRIED + 1):
        pair = (_extension(kvm, number), 0 if machine is None else _extension(machine, number))
        if any(pair):
            found[number] = pair
    return found


def _extension(descriptor: int, number: int) -> int:
    """Return the answer, zero if even the question is refused."""
    try:
        return fcntl.ioctl(descriptor, CHECK_EXTENSION, number)
    except OSError:
        return 0


def _numbers(kvm: int, request: int) -> tuple[int, ...] | None:
    """Return a list of MSR numbers in KVM's own order, None if there is no such list."""
    room = bytearray(4 + 4 * MOST_ENTRIES)
    struct.pack_into("=I", room, 0, MOST_ENTRIES)
    try:
        fcntl.ioctl(kvm, request, room)
    except OSError:
        return None
    (count,) = struct.unpack_from("=I", room)
    return struct.unpack_from(f"={count}I", room, 4)


def _cpuid(descriptor: int, request: int) -> tuple[CpuidRow, ...] | None:
    room = bytearray(HEAD.size + ENTRY.size * MOST_ENTRIES)
    HEAD.pack_into(room, 0, MOST_ENTRIES, 0)
    try:
        fcntl.ioctl(descriptor, request, room)
    except OSError:
        return None
    count, _ = HEAD.unpack_from(room)
    return tuple(
        CpuidRow(**dict(zip(CpuidRow.__slots__, ENTRY.unpack_from(room, offset), strict=True)))
        for offset in range(HEAD.size, HEAD.size + ENTRY.size * count, ENTRY.size)
    )


def _packed(rows: tuple[CpuidRow, ...]) -> bytearray:
    """Return rows as the structure that sets them."""
    cells = (tuple(getattr(row, name) for name in CpuidRow.__slots__) for row in rows)
    return bytearray(HEAD.pack(len(rows), 0)) + b"".join(ENTRY.pack(*row) for row in cells)


def _hyperv(kvm: int, processor: int | None) -> tuple[CpuidRow, ...] | None:
    """Ask /dev/kvm, as newer kernels allow, or else a vCPU."""
    found = _cpuid(kvm, HYPERV_CPUID)
    return found if found is not None or processor is None else _cpuid(processor, HYPERV_CPUID)


def _rate(processor: int) -> int | None:
    """Return the rate of the TSC that a fresh vCPU has, in kHz."""
    try:
        return fcntl.ioctl(processor, GET_TSC_KHZ, 0) or None
    except OSError:
        return None


def _registers(machine: int | None, processor: int | None) -> tuple[int, ...] | None:
    """Return the registers of a vCPU of the preferred kind, as KVM lists them; sorted."""
    if machine is None or processor is None:
        return None
    kind = bytearray(TARGET_BYTES)
    room = bytearray(8 + 8 * MOST_REGISTERS)
    struct.pack_into("=Q", room, 0, MOST_REGISTERS)
    try:
        fcntl.ioctl(machine, ARM_PREFERRED_TARGET, kind)
        fcntl.ioctl(processor, ARM_VCPU_INIT, kind)
        fcntl.ioctl(processor, GET_REG_LIST, room)
    except OSError:
        return None
    (count,) = struct.unpack_from("=Q", room)
    return tuple(sorted(struct.unpack_from(f"={count}Q", room, 8)))


def _identity(processor: int | None, registers: Iterable[int]) -> dict[int, int]:
    """Return the values of the registers that tell what a vCPU is and can do, by number."""
    if processor is None:
        return {}
    found: dict[int, int] = {}
    for number in registers:
        if not _tells_identity(number):
            continue
        room = bytearray(8)
        address = ctypes.addressof(ctypes.c_char.from_buffer(room))
        if accepted(processor, GET_ONE_REG, struct.pack("=QQ", number, address)):
            found[number] = int(struct.unpack("=Q", room)[0])
    return found


def _tells_identity(number: int) -> bool:
    """Whether a register tells what the CPU is; which of the vCPUs it is, is no such thing."""
    return number & ~PLACE_BITS == IDENTITY and number & PLACE_BITS != VCPU_NUMBER


def register_digest(answers: KvmAnswers) -> str:
    """Return one word for the registers of an arm64 vCPU and for what it is; empty if not asked."""
    if answers.registers is None:
        return ""
    values = (
        f"{number:#x}={value:#x}" for number, value in sorted(answers.register_values.items())
    )
    text = ",".join((*map(hex, answers.registers), *values))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _value(descriptor: int, index: int) -> int | None:
    room = bytearray(struct.pack("=2I2IQ", 1, 0, index, 0, 0))
    try:
        done = fcntl.ioctl(descriptor, GET_MSRS, room)
    except OSError:
        return None
    return int(struct.unpack("=2I2IQ", room)[4]) if done == 1 else None


def _takes(processor: int, index: int, value: int) -> bool:
    room = bytearray(struct.pack("=2I2IQ", 1, 0, index, 0, value))
    try:
        return int(fcntl.ioctl(processor, SET_MSRS, room)) == 1
    except OSError:
        return False


def _gives_back(processor: int, index: int) -> bool:
    value = _value(processor, index)
    return value is not None and _takes(processor, index, value)


def _attribute(kvm: int) -> int | None:
    """Return system attribute 0 of group 0: the extended state that guests may be given."""
    room = bytearray(8)
    address = ctypes.addressof(ctypes.c_char.from_buffer(room))
    accepts = accepted(kvm, GET_DEVICE_ATTR, struct.pack("=IIQQ", 0, 0, 0, address))
    return int(struct.unpack("=Q", room)[0]) if accepts else None
