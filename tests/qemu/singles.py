"""One thing at a time: a device, an option, a CPU flag, a machine option, a type, two displays.

The names are the binaries' own (`inventory.py`). Every subject is tried between some builds, chosen
by a hash of its name, so that a new build or subject leaves the other choices as they are.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations

from tests.qemu.accelerator import KVM, TCG
from tests.qemu.guest import Host
from tests.qemu.inventory import BOARDS, Named, Property
from tests.qemu.journeys import Hop, Journey

CPUS = {"x86_64": "qemu64,-pni", "aarch64": "cortex-a57"}
DISK = "null-co,node-name=disk,read-zeroes=on,size=1048576"
# a property that needs something behind the device: how it is written, its words, the planner's word
BEHIND: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "drive": ("drive=disk", ("-blockdev", DISK), ""),
    "netdev": ("netdev=net", ("-netdev", "user,id=net"), "+user"),
    "chardev": ("chardev=chr", ("-chardev", "null,id=chr"), ""),
    "audiodev": ("audiodev=snd", ("-audiodev", "none,id=snd"), ""),
    "cryptodev": ("cryptodev=cry", ("-object", "cryptodev-backend-builtin,id=cry"), ""),
    "fsdev": ("fsdev=fsd,mount_tag=tag", ("-fsdev", "local,id=fsd,path=/,security_model=none"), ""),
    "canbus": ("canbus=can", ("-object", "can-bus,id=can"), ""),
    "memdev": ("memdev=mem", ("-object", "memory-backend-ram,id=mem,size=32M,share=on"), ""),
}
# a bus that no board has: the device that brings it
CARRIERS = {
    "usb-bus": "qemu-xhci",
    "SCSI": "virtio-scsi-pci",
    "HDA": "intel-hda",
    "virtio-serial-bus": "virtio-serial-pci",
    "ccid-bus": "usb-ccid",
    "sd-bus": "sdhci-pci",
    "IndustryPack": "tpci200",
    "nvme-bus": "nvme,serial=s",
}
UNDER = {"usb-ccid": "qemu-xhci"}
# an option without which a device does not start
NEEDED = {
    "pci-bridge": "chassis_nr=1",
    "pci-bridge-seat": "chassis_nr=1",
    "nvme": "serial=s",
    "nvme-subsys": "nqn=s",
    "loader": "addr=0x1000,data=1,data-len=4",
}
SHARE = {"x86_64": 1, "aarch64": 8}  # of emulated guests every so many is run
SLOTS = {"pc-dimm", "virtio-mem-pci", "virtio-pmem-pci", "nvdimm"}
SKIPPED_OPTIONS = {
    *("drive", "netdev", "chardev", "audiodev", "cryptodev", "fsdev", "memdev", "bus", "addr"),
    *(
        "id",
        "mac",
        "romfile",
        "iothread",
        "type",
        "canbus",
        "canbus0",
        "canbus1",
        "failover_pair_id",
        "parent_bus",
        "hotplugged",
    ),
    *("realized", "hotpluggable", "bootindex", "iothread-vq-mapping"),
}
SKIPPED_MACHINE = {
    *("type", "kernel", "initrd", "append", "dtb", "dumpdtb", "firmware", "memory", "shim"),
    *("memory-backend", "memory-encryption", "pcspk-audiodev", "pflash0", "pflash1", "sgx-epc"),
    *(
        "confidential-guest-support",
        "smp",
        "boot",
        "smp-cache",
        "accel",
        "cxl-fmw",
        "phandle-start",
    ),
    *("dt-compatible", "kvm-type", "spcr", "igvm-cfg"),
}
SKIPPED_CPU = {
    *("feature-words", "filtered-features", "crash-information", "unavailable-features", "memory"),
    *("realized", "hotplugged", "hotpluggable", "parent_bus", "start-powered-off", "type"),
    *("apic-id", "thread-id", "core-id", "die-id", "module-id", "socket-id", "node-id"),
    *("model-id", "vendor", "family", "model", "stepping", "tsc-frequency"),
}
DISPLAYS = (
    *("VGA", "cirrus-vga", "bochs-display", "qxl-vga", "qxl", "secondary-vga", "virtio-gpu-pci"),
    *("virtio-vga", "vmware-svga", "ati-vga", "ramfb"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """One migration of one subject; `machine` may carry options, as `-machine` takes them."""

    kind: str
    subject: str
    journey: Journey
    key: tuple[str, ...] = field(default=())


def singles(named: Sequence[Named]) -> list[Single]:
    """Return every single migration between builds of one architecture, in an order by hash."""
    found = {
        one.key: one
        for of_kind in (devices, options, flags, cpu_flags, cpu_models, machine_options, boards)
        for one in of_kind(named)
    }
    if named[0].build.arch == "x86_64":
        found |= {one.key: one for one in displays(named)}
    share = SHARE[named[0].build.arch]
    kept = (one for one in found.values() if _number("share", *one.key) % share == 0)
    return sorted(kept, key=lambda one: _number(*one.key))


def devices(named: Sequence[Named]) -> Iterator[Single]:
    """Every device that a build names, between three pairs."""
    for name in _all(one.devices for one in named):
        for pair in _pairs(named, "device", name, count=3):
            words = device_words(pair[0], name) if name in pair[0].devices else None
            if words:
                yield from _single("device", name, pair, devices=words)


def options(named: Sequence[Named]) -> Iterator[Single]:
    """Four options of every device, each with a value that is not the default."""
    for name in _all(one.devices for one in named):
        holders = [one for one in named if name in one.devices]
        chosen = sorted(
            _all(one.options[name] for one in holders) - SKIPPED_OPTIONS,
            key=lambda option: _number("option", name, option),
        )
        for option in chosen[:4]:
            for pair in _pairs(named, "option", name, option, count=1):
                yield from _optioned(pair, name, option)


def _optioned(pair: tuple[Named, Named], name: str, option: str) -> Iterator[Single]:
    known = pair[0].options.get(name, {}).get(option)
    value = other_value(known) if known else ""
    words = device_words(pair[0], name) if value else None
    if words:
        *before, (said, given, behind) = words
        last = (f"{said},{option}={value}", f"{given},{option}={value}", behind)
        yield from _single("option", f"{name}.{option}={value}", pair, devices=(*before, last))


def flags(named: Sequence[Named]) -> Iterator[Single]:
    """`-global` flags that one build has and the other lacks, with the device there."""
    for pair in permutations(named, 2):
        for name in sorted(pair[0].devices.keys() & pair[1].devices.keys()):
            lacking = pair[0].options[name].keys() - pair[1].options[name].keys()
            for option in sorted(lacking - SKIPPED_OPTIONS):
                if _number("flag", name, option, pair[0].build.suite, pair[1].build.suite) % 10:
                    continue
                value = other_value(pair[0].options[name][option])
                words = device_words(pair[0], name) if value else None
                if words:
                    flag = f"{name}.{option}={value}"
                    yield from _single("gone flag", flag, pair, devices=words, flags=(flag,))


def cpu_flags(named: Sequence[Named]) -> Iterator[Single]:
    """Every CPU property on its own."""
    for name in _all(one.cpu for one in named):
        if name in SKIPPED_CPU or "_" in name:
            continue
        holders = [one for one in named if name in one.cpu]
        for pair in _pairs(named, "cpu", name, count=1, holders=holders):
            value = other_value(pair[0].cpu[name])
            if value:
                word = {"on": f"+{name}", "off": f"-{name}"}.get(value, f"{name}={value}")
                if pair[0].build.arch != "x86_64":
                    word = f"{name}={value}"
                base = "qemu64" if name == "pni" else CPUS[pair[0].build.arch]
                yield from _single("cpu flag", word, pair, cpu=f"{base},{word}")


def cpu_models(named: Sequence[Named]) -> Iterator[Single]:
    """Every named CPU model."""
    for name in _all(one.models for one in named):
        holders = [one for one in named if name in one.models]
        for pair in _pairs(named, "model", name, count=1, holders=holders):
            yield from _single("cpu model", name, pair, cpu=name)


def machine_options(named: Sequence[Named]) -> Iterator[Single]:
    """Every machine option on its own, between two pairs, on each board."""
    for board in BOARDS[named[0].build.arch]:
        names = {one.build.suite: _board_options(one, board) for one in named}
        for name in _all(names.values()) - SKIPPED_MACHINE:
            holders = [one for one in named if name in names[one.build.suite]]
            for pair in _pairs(named, "machine", board, name, count=2, holders=holders):
                known = names[pair[0].build.suite][name]
                for value in values_of(known):
                    option = f"{name}={value}"
                    yield from _single(
                        "machine option", f"{board}.{option}", pair, board=board, option=option
                    )


def _board_options(one: Named, board: str) -> Mapping[str, Property]:
    return one.machine.get(board, {})


def boards(named: Sequence[Named]) -> Iterator[Single]:
    """Every machine type of every board without a device, between two pairs that have it."""
    for board in BOARDS[named[0].build.arch]:
        for name in _all(one.of_board(board) for one in named):
            holders = [one for one in named if name in one.types]
            for pair in _pairs(named, "board", name, count=2, holders=holders):
                yield from _single("board", name, pair, machine=name)


def displays(named: Sequence[Named]) -> Iterator[Single]:
    """Two displays, and one with two heads."""
    for one, other in combinations(DISPLAYS, 2):
        for pair in _pairs(named, "displays", one, other, count=1):
            if {one, other} <= pair[0].devices.keys():
                words = tuple((name, name, ()) for name in (one, other))
                yield from _single("displays", f"{one} {other}", pair, devices=words)
    for name in ("virtio-gpu-pci", "virtio-vga", "qxl", "qxl-vga"):
        for pair in permutations(named, 2):
            for heads in (1, 2):
                word = f"{name},max_outputs={heads}"
                yield from _single("displays", word, pair, devices=((word, word, ()),))


def several(named: Sequence[Named], count: int, seed: int = 7) -> Iterator[Single]:
    """Guests of several things at once: devices with options, a CPU model, CPU flags; drawn by seed."""
    for number in range(count):
        draw = random.Random(f"{seed}-{number}")
        pair = tuple(draw.sample(named, 2))
        board = draw.choice(("pc-q35", "pc-i440fx"))
        devices = list(_drawn_devices(draw, pair[0], pair[1]))
        models = sorted({*CPUS.values(), *pair[0].models} - {CPUS["aarch64"]})
        cpu = draw.choice(("host", "max", CPUS["x86_64"], draw.choice(models), draw.choice(models)))
        booleans = sorted(
            name
            for name, one in pair[0].cpu.items()
            if one.kind == "bool" and "_" not in name and name not in SKIPPED_CPU
        )
        flags = draw.sample(booleans, draw.choice((0, 0, 1, 2)))
        cpu = ",".join((cpu, *(f"+{name}" for name in flags)))
        subject = f"{seed}-{number}"
        here, there = pair
        yield from _single(
            "several things", subject, (here, there), board=board, cpu=cpu, devices=tuple(devices)
        )


def _drawn_devices(
    draw: random.Random, here: Named, there: Named
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield up to three devices, no two with one back end, some with options."""
    names = sorted(
        name
        for name in here.devices.keys() & there.devices.keys()
        if here.devices[name] in {"PCI", "ISA", *CARRIERS}
    )
    taken: set[str] = set()
    for name in draw.sample(names, draw.randint(1, 3)):
        words = device_words(here, name) or ()
        behind = " ".join(word for one in words for word in one[2])
        if not words or behind in taken or words[0][0] in taken:
            continue
        taken |= {behind, words[0][0]} - {""}
        *before, (said, given, last) = words
        yield from before
        choice = sorted(here.options[name].keys() - SKIPPED_OPTIONS)
        for option in draw.sample(choice, min(len(choice), draw.choice((0, 0, 1, 2)))):
            value = other_value(here.options[name][option])
            if value:
                said, given = f"{said},{option}={value}", f"{given},{option}={value}"
        yield said, given, last


def device_words(one: Named, name: str) -> tuple[tuple[str, str, tuple[str, ...]], ...] | None:
    """Return a device with what it needs before and behind it; None if it needs a host's device."""
    bus = one.devices[name]
    if bus in {"virtio-bus", "vmbus", "xen-bridge"} or name.startswith(("vfio", "vhost", "xen")):
        return None
    before: list[tuple[str, str, tuple[str, ...]]] = []
    carrier = CARRIERS.get(bus, "")
    if carrier in UNDER:
        before.append((UNDER[carrier],) * 2 + ((),))
    if carrier:
        before.append((carrier,) * 2 + ((),))
    said, given = name, name
    words: list[str] = []
    for prop, (written, behind, word) in BEHIND.items():
        if prop in one.options[name] and not (prop == "memdev" and "chardev" in one.options[name]):
            said, given = f"{said}{word}", f"{given},{written}"
            words += behind
    if name in NEEDED:
        said, given = f"{said},{NEEDED[name]}", f"{given},{NEEDED[name]}"
    if name in SLOTS:
        words += ("-m", "32M,slots=4,maxmem=1G")
    return (*before, (said, given, tuple(words)))


def values_of(known: Property) -> Iterator[str]:
    """Yield the values to try of a machine option whose default is not told."""
    if known.kind in {"bool", "OnOffAuto"}:
        yield from ("on", "off")
    elif value := other_value(known):
        yield value


def other_value(known: Property) -> str:
    """Return a value that is not the default; nothing if none is known."""
    kind, default = known.kind, known.default
    if kind in {"bool", "OnOffAuto"} or set(known.values) >= {"on", "off"}:
        return "off" if default in {True, "on"} else "on"
    if known.values:
        return next((word for word in known.values if word != default), "")
    if kind.startswith(("uint", "int", "size")) and isinstance(default, int):
        small = 1 if default in {0, -1, 0xFFFFFFFF, 1 << 32, (1 << 64) - 1} else default // 2 or 2
        return str(small)
    return ""


def _single(
    kind: str,
    subject: str,
    pair: tuple[Named, Named],
    *,
    board: str = "",
    machine: str = "",
    option: str = "",
    cpu: str = "",
    devices: tuple[tuple[str, str, tuple[str, ...]], ...] = (),
    flags: tuple[str, ...] = (),
) -> Iterator[Single]:
    arch = pair[0].build.arch
    suites = tuple(one.build.suite for one in pair)
    number = _number(kind, subject, *suites)
    board = board or BOARDS[arch][number % 2 if arch == "x86_64" else 0]
    common = [name for name in pair[0].of_board(board) if name in pair[1].types]
    if machine and machine not in common:
        common = [machine]
    if not common:
        return
    chosen = machine or common[number // 2 % len(common)]
    hosts = [
        Host(
            name=f"{arch}-qemu-{one.build.version}",
            build=one.build,
            accelerator=KVM if arch == "x86_64" else TCG,
        )
        for one in pair
    ]
    key = (arch, kind, subject, *suites, chosen)
    yield Single(
        kind=kind,
        subject=subject,
        key=key,
        journey=Journey(
            group=kind,
            boot=hosts[0],
            hops=(Hop(to=hosts[1]),),
            machine=f"{chosen},{option}" if option else chosen,
            cpu=cpu or CPUS[arch] if board != "isapc" else "486",
            devices=devices,
            flags=flags,
            traits={},
        ),
    )


def _pairs(
    named: Sequence[Named], *words: str, count: int, holders: Sequence[Named] | None = None
) -> list[tuple[Named, Named]]:
    """Return some ordered pairs of builds whose source is a holder, chosen by hash."""
    sources = {one.build.suite for one in (named if holders is None else holders)}
    pairs = [pair for pair in permutations(named, 2) if pair[0].build.suite in sources]
    return sorted(
        pairs, key=lambda pair: _number(*words, pair[0].build.suite, pair[1].build.suite)
    )[:count]


def _all(names: Iterable[Iterable[str]]) -> set[str]:
    return {name for some in names for name in some}


def _number(*words: str) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(words).encode()).digest()[:6], "big")
