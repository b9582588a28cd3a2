"""What libvirt keeps of its host: the cache of QEMU's capabilities, and the logs of guests.

`virsh capabilities` and `domcapabilities` have neither the kernel nor the package of QEMU; the cache in
/var/cache/libvirt/qemu/capabilities and the logs in /var/log/libvirt/qemu have both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.documents.digits import whole_of
from planner.domain.capability import CapabilityId
from planner.fleet.importers.planes.host_facts import HostFacts
from planner.fleet.importers.planes.plane_words import FeatureNames

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

CACHE = "qemuCaps"
START = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+\d{4}): starting up libvirt version: [^,]+,"
    r"(?: package: [^,]+,)? qemu version: (?P<qemu>[^,]+), kernel: (?P<kernel>[^,]+),"
    r" hostname: (?P<host>\S+)"
)
SIGNATURE = re.compile(
    r"(?P<vendor>[^,]+), (?P<name>.*), family: (?P<family>\d+), model: (?P<model>\d+), "
    r"stepping: (?P<stepping>\d+)"
)
END = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+\d{4}): shutting down, reason=(?P<reason>\w+)"
)
INCOMING, MIGRATED = "-incoming", "migrated"
FROM_CACHE, FROM_LOG = 1, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestProcess:
    """A process of a guest that a log tells of; times sort as text.

    `incoming`: it did not boot but took over a running guest. `ended` is when it ended, empty while it
    runs; `left`: it ended because the guest had migrated away.
    """

    guest: str
    host: str
    qemu: str
    kernel: str
    time: str
    incoming: bool = False
    ended: str = ""
    left: bool = False


def read_cache(root: Element, host: str, source: str, names: FeatureNames) -> HostFacts | None:
    """Return what a cache tells of its host; None of a QEMU that does not run guests by KVM."""
    cpu = next((one for one in root.iterfind("hostCPU") if one.get("type") == "kvm"), None)
    if cpu is None:
        return None
    arch = _text(root, "arch")
    signature = SIGNATURE.fullmatch(_text(root, "hostCPUSignature"))
    hardware = {} if signature is None else signature.groupdict()
    microcode = _text(root, "microcodeVersion")
    if microcode.isdecimal() and whole_of(microcode):
        hardware["microcode"] = hex(whole_of(microcode))
    present, absent = _features(cpu, names.known.get(arch, frozenset()), names.of_qemu)
    return HostFacts(
        host=host,
        source=source,
        kernel=_text(root, "kernelVersion").partition(" ")[0],
        qemu=_text(root, "package") or _version(_text(root, "version")),
        arch=arch,
        cpu=hardware.get("name", ""),
        rank=FROM_CACHE,
        present=present,
        absent=absent,
        hardware=tuple(sorted((f"cpu.{key}", value) for key, value in hardware.items())),
    )


def _text(root: Element, name: str) -> str:
    return (root.findtext(name) or "").strip()


def _version(number: str) -> str:
    """Return the release behind libvirt's number: 7002022 is 7.2.22."""
    if not number.isdecimal():
        return ""
    value = whole_of(number)
    return f"{value // 1_000_000}.{value // 1000 % 1000}.{value % 1000}"


def _features(
    cpu: Element, known: frozenset[str], of_qemu: frozenset[str]
) -> tuple[frozenset[CapabilityId], frozenset[CapabilityId]]:
    """Return the CPU features that this host's QEMU and kernel give, and those that they do not."""
    present, absent = set(), set()
    for one in cpu.iterfind("property"):
        name = (one.get("name") or "").replace("_", "-")
        if one.get("type") != "boolean" or name not in known:
            continue
        if one.get("value") == "true" and name not in of_qemu:
            present.add(CapabilityId(f"cpu.{name}"))
        elif one.get("value") == "false" and name not in of_qemu:
            absent.add(CapabilityId(f"cpu.{name}"))
    return frozenset(present), frozenset(absent)


def read_log(text: str, guest: str) -> Iterator[GuestProcess]:
    """Yield every process of a guest that its log tells of, oldest first."""
    process: GuestProcess | None = None
    for line in text.splitlines():
        start, end = START.match(line), END.match(line)
        if start is not None:
            if process is not None:
                yield process
            process = GuestProcess(
                guest=guest,
                host=start["host"],
                qemu=start["qemu"],
                kernel=start["kernel"],
                time=start["time"],
            )
        elif process is not None and line.startswith(INCOMING):
            process = replace(process, incoming=True)
        elif process is not None and end is not None:
            process = replace(process, ended=end["time"], left=end["reason"] == MIGRATED)
    if process is not None:
        yield process


def boot_of(running: GuestProcess, processes: Iterable[GuestProcess]) -> GuestProcess | None:
    """Return the process in which a running guest booted, None if the logs do not tell.

    Idea: an incoming process took over from the one process of the guest that had begun before and
    left, migrated, after; step back until a process that is not incoming. Invariant: every process on
    the way held this guest without a reboot between. Two that may have been it, or none, end the search:
    a boot host that is guessed would be worse than one that is unknown. Cost: hops times processes.
    """
    known = tuple(processes)
    process: GuestProcess | None = running
    while process is not None and process.incoming:
        here = process
        before = [
            one
            for one in known
            if one.host != here.host and one.left and one.time < here.time <= one.ended
        ]
        process = before[0] if len(before) == 1 else None
    return process
