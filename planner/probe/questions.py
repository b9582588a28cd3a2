"""The catalogue's questions put to a probe: each capability true, false, or open with a reason.

The questions are words of rows (`probe` in capabilities.toml); this module knows their grammar and
no capability by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.domain.capability import Capability, CapabilityId, CpuWord
from planner.probe.kvm import EXTENSIONS_TRIED, CpuidRow, register_digest
from planner.probe.tun import FEATURES, IOCTLS, OFFLOADS
from planner.probe.vhost import VhostAnswers

if TYPE_CHECKING:
    from planner.probe.take import Probe

NUMBER = r"(0x[0-9a-fA-F]+|\d+)"


class Open(Exception):
    """The question stays open; the text is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A capability's answer; None with a reason where the host was not or could not be asked."""

    capability: CapabilityId
    holds: bool | None
    reason: str = ""


def answers(catalogue: Iterable[Capability], probe: Probe) -> Iterator[Answered]:
    """Answer every row of this host's architecture, in order of ids."""
    rows = (row for row in catalogue if not row.arch or probe.machine.arch in row.arch)
    for row in sorted(rows, key=lambda row: row.id):
        if row.kind == "digest" and probe.kvm is not None and register_digest(probe.kvm):
            name = CapabilityId(f"{row.id}.{register_digest(probe.kvm)}")
            yield Answered(capability=name, holds=True)
            continue
        try:
            yield Answered(capability=row.id, holds=_answer(row.probe, probe))
        except Open as error:
            yield Answered(capability=row.id, holds=None, reason=str(error))


def features(words: Iterable[CpuWord], probe: Probe) -> Iterator[Answered]:
    """Answer for every CPU feature that has a bit; what QEMU adds on its own is not denied."""
    for word in words:
        if word.arch != probe.machine.arch:
            continue
        for name, bit in word.bits.items():
            capability = CapabilityId(f"cpu.{name}")
            try:
                holds = _answer(f"{word.register} bit {bit}", probe)
            except Open as error:
                yield Answered(capability=capability, holds=None, reason=str(error))
                continue
            if not holds and name in word.of_qemu:
                reason = "not among what KVM gives; QEMU may give it on its own"
                yield Answered(capability=capability, holds=None, reason=reason)
            else:
                yield Answered(capability=capability, holds=holds)


def values_to_write(catalogue: Iterable[Capability]) -> tuple[tuple[int, int], ...]:
    """Return the (MSR, value) pairs that questions want tried on a vCPU."""
    found = (WRITE.fullmatch(row.probe) for row in catalogue)
    return tuple(sorted({(_n(match[1]), 1 << _n(match[2])) for match in found if match}))


def _answer(question: str, probe: Probe) -> bool:
    for pattern, answer in GRAMMAR:
        match = pattern.fullmatch(question)
        if match:
            return answer(match, probe)
    raise Open(f"no question to a host: {question.removeprefix('none: ')}")


def _n(text: str) -> int:
    return int(text, 0)


def _missing(probe: Probe, part: str) -> Open:
    return Open(f"{part}: {probe.reasons.get(part, 'not asked')}")


def _extension(match: re.Match[str], probe: Probe) -> bool:
    if probe.kvm is None:
        raise _missing(probe, "kvm")
    number = _n(match[1])
    if number > EXTENSIONS_TRIED:
        raise Open(f"only the numbers up to {EXTENSIONS_TRIED} were tried")
    if not probe.kvm.vm and number not in probe.kvm.extensions:
        raise _missing(probe, "kvm.vm")
    return number in probe.kvm.extensions


def _extension_of_module(match: re.Match[str], probe: Probe) -> bool:
    if match[2] not in {module.name for module in probe.machine.modules}:
        raise Open(f"{match[2]} is not loaded")
    return _extension(match, probe)


def _extension_bit(match: re.Match[str], probe: Probe) -> bool:
    if not _extension(match, probe) or probe.kvm is None:
        return False
    return bool(max(probe.kvm.extensions[_n(match[1])]) >> _n(match[2]) & 1)


def _listed(match: re.Match[str], probe: Probe) -> bool:
    if probe.kvm is None or probe.kvm.msrs is None:
        raise _missing(probe, "kvm")
    return _n(match[1]) in probe.kvm.msrs


def _feature_listed(match: re.Match[str], probe: Probe) -> bool:
    if probe.kvm is None or probe.kvm.feature_msrs is None:
        raise _missing(probe, "kvm")
    return _n(match[1]) in probe.kvm.feature_msrs


def _feature_bit(match: re.Match[str], probe: Probe) -> bool:
    if probe.kvm is None or probe.kvm.feature_msrs is None:
        raise _missing(probe, "kvm")
    value = probe.kvm.feature_msrs.get(_n(match[1]), 0)
    if value is None:
        raise Open(f"KVM_GET_MSRS {match[1]} is refused")
    return bool(value >> _n(match[2]) & 1)


def _takes_value(match: re.Match[str], probe: Probe) -> bool:
    if probe.kvm is None:
        raise _missing(probe, "kvm")
    pair = (_n(match[1]), 1 << _n(match[2]))
    if pair not in probe.kvm.written:
        raise _missing(probe, "kvm.vm")
    return pair[0] in (probe.kvm.msrs or ()) and probe.kvm.written[pair]


def _cpuid_bit(match: re.Match[str], probe: Probe) -> bool:
    rows = None if probe.kvm is None else probe.kvm.cpuid
    if rows is None:
        raise _missing(probe, "kvm")
    return _bit(rows, match)


def _hyperv_bit(match: re.Match[str], probe: Probe) -> bool:
    rows = None if probe.kvm is None else probe.kvm.hyperv_cpuid
    if rows is None:
        raise Open("kvm: KVM_GET_SUPPORTED_HV_CPUID is refused")
    return _bit(rows, match)


def _register_listed(match: re.Match[str], probe: Probe) -> bool:
    if probe.kvm is None:
        raise _missing(probe, "kvm")
    if probe.kvm.registers is None:
        raise Open("no vCPU listed its registers")
    return _n(match[1]) in probe.kvm.registers


def _bit(rows: Iterable[CpuidRow], match: re.Match[str]) -> bool:
    leaf, index, register, bit = match[1], match[2] or "0", match[3], match[4]
    for row in rows:
        if row.function == _n(leaf) and row.index == _n(index):
            return bool(int(getattr(row, register.lower())) >> _n(bit) & 1)
    return False


def _offload(match: re.Match[str], probe: Probe) -> bool:
    if probe.tun is None:
        raise _missing(probe, "tun")
    bits = [_n(word) for word in re.findall(r"\d+", match[0])]
    if not set(bits) <= set(OFFLOADS):
        raise Open("the probe does not know how to ask for this offload")
    return probe.tun.offloads.issuperset(bits)


def _tun_feature(match: re.Match[str], probe: Probe) -> bool:
    if probe.tun is None:
        raise _missing(probe, "tun")
    if match[1] not in FEATURES:
        raise Open(f"the probe does not know {match[1]}")
    return bool(probe.tun.features & FEATURES[match[1]])


def _tun_ioctl(match: re.Match[str], probe: Probe) -> bool:
    if probe.tun is None:
        raise _missing(probe, "tun")
    if match[1] not in probe.tun.ioctls:
        raise Open(f"the probe knows {', '.join(IOCTLS)} only")
    return probe.tun.ioctls[match[1]]


def _vhost(probe: Probe, part: str) -> VhostAnswers:
    answer: VhostAnswers | None = getattr(probe, part)
    if answer is None:
        raise _missing(probe, part)
    return answer


def _vhost_net_bit(match: re.Match[str], probe: Probe) -> bool:
    return bool(_vhost(probe, "vhost_net").features >> _n(match[1]) & 1)


def _vhost_vsock_bit(match: re.Match[str], probe: Probe) -> bool:
    return bool(_vhost(probe, "vhost_vsock").features >> _n(match[1]) & 1)


def _vhost_backend_bit(match: re.Match[str], probe: Probe) -> bool:
    return bool((_vhost(probe, "vhost_net").backend_features or 0) >> _n(match[1]) & 1)


def _userfault_bit(match: re.Match[str], probe: Probe) -> bool:
    if probe.userfault is None:
        raise _missing(probe, "userfaultfd")
    return bool(probe.userfault.features >> _n(match[1]) & 1)


def _userfault_call(match: re.Match[str], probe: Probe) -> bool:
    if probe.userfault is None:
        raise _missing(probe, "userfaultfd")
    return not probe.userfault.user_mode_only


def _userfault_protects(match: re.Match[str], probe: Probe) -> bool:
    if probe.userfault is None:
        raise _missing(probe, "userfaultfd")
    return probe.userfault.write_protect


Answer = Callable[[re.Match[str], "Probe"], bool]
CPUID = rf"{NUMBER}(?: index {NUMBER})? (EAX|EBX|ECX|EDX) bit {NUMBER}"
WRITE = re.compile(rf"KVM_SET_MSRS {NUMBER} with bit {NUMBER}")
WORDS: tuple[tuple[str, Answer], ...] = (
    (rf"KVM_CHECK_EXTENSION {NUMBER}", _extension),
    (rf"KVM_CHECK_EXTENSION {NUMBER} bit {NUMBER}", _extension_bit),
    (rf"KVM_CHECK_EXTENSION {NUMBER} on (\w+)", _extension_of_module),
    (rf"KVM_GET_MSR_INDEX_LIST {NUMBER}", _listed),
    (rf"KVM_GET_MSR_FEATURE_INDEX_LIST {NUMBER}", _feature_listed),
    (rf"KVM_GET_REG_LIST {NUMBER}", _register_listed),
    (rf"KVM_GET_MSRS {NUMBER} bit {NUMBER}", _feature_bit),
    (WRITE.pattern, _takes_value),
    (rf"KVM_GET_SUPPORTED_CPUID {CPUID}", _cpuid_bit),
    (rf"KVM_GET_SUPPORTED_HV_CPUID {CPUID}", _hyperv_bit),
    (r"TUNSETOFFLOAD bits? \d+(?: and \d+)*", _offload),
    (r"TUNGETFEATURES (\w+)", _tun_feature),
    (r"ioctl (TUN\w+)", _tun_ioctl),
    (rf"VHOST_GET_FEATURES(?:_ARRAY)? bit {NUMBER}", _vhost_net_bit),
    (rf"VHOST_GET_FEATURES bit {NUMBER} of vhost-vsock", _vhost_vsock_bit),
    (rf"VHOST_GET_BACKEND_FEATURES bit {NUMBER}", _vhost_backend_bit),
    (rf"UFFDIO_API feature bit {NUMBER}", _userfault_bit),
    (r"syscall userfaultfd", _userfault_call),
    (r"UFFDIO_REGISTER ioctls, UFFDIO_WRITEPROTECT", _userfault_protects),
)
GRAMMAR = tuple((re.compile(pattern), answer) for pattern, answer in WORDS)
