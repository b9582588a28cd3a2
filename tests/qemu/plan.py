"""Which journeys are run: builds, kernel gaps, flags, chains, tap offloads; decides no outcome."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product

from tests.qemu.accelerator import KVM
from tests.qemu.fetch import Build
from tests.qemu.gap import Gap
from tests.qemu.guest import Host
from tests.qemu.journeys import Hop, Journey

BOARDS = ("pc-q35", "pc-i440fx")
CPUS = ("qemu64,-pni", "kvm64,-pni,+tsc-adjust,+clflushopt")
QUIET = {
    "nested": False,
    "libvirt-compares-ht": False,
    "uses-smm": False,
    "postcopy": False,
    "windows": False,
    "background-snapshot": False,
    "zero-copy": False,
    "pae": False,
    "hugepages": False,
    "negotiates-uso": False,
}
NET = ("virtio-net-pci+user", "virtio-net-pci,netdev=net", ("-netdev", "user,id=net"))
DISK = "null-co,node-name=disk,read-zeroes=on,size=1048576"
BLK = ("virtio-blk-pci", "virtio-blk-pci,drive=disk", ("-blockdev", DISK))
DEVICES = (NET, BLK, ("virtio-balloon-pci",) * 2 + ((),), ("virtio-rng-pci",) * 2 + ((),))
TAP_WORDS = ("-netdev", "tap,id=net,ifname=planner%d,script=no,downscript=no,vhost=off")
TAP = ("virtio-net-pci+tap", "virtio-net-pci,netdev=net,addr=0x10,romfile=", TAP_WORDS)
USO = 7 << 54
TAKEN = 1 << 32 | 3  # virtio 1, checksums
SMI = "x86_64-cpu.x-migrate-smi-count"
USO_FLAGS = tuple(
    f"virtio-net-device.{name}=off" for name in ("guest_uso4", "guest_uso6", "host_uso")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A thing that an older kernel lacks, and a guest that uses it."""

    name: str
    gap: Gap
    cpu: str = CPUS[1]
    values: tuple[tuple[int, int], ...] = ()
    traits: Mapping[str, bool] | None = None


MISSING = (
    Missing(
        name="smi-count",
        gap=Gap(msrs=(0x34,)),
        values=((0x34, 7),),
        traits={**QUIET, "uses-smm": True},
    ),
    Missing(name="tsc-adjust", gap=Gap(msrs=(0x3B,)), values=((0x3B, 0x1234),)),
    Missing(name="misc-enable", gap=Gap(msrs=(0x1A0,)), values=((0x1A0, 0x800),)),
    Missing(
        name="poll-control",
        gap=Gap(msrs=(0x4B564D05,), cpuid=("0x40000001:0:eax:12",)),
        cpu="kvm64,-pni,+kvm-poll-control",
        values=((0x4B564D05, 0),),
    ),
    Missing(
        name="hwcr",
        gap=Gap(msrs=(0xC0010015,)),
        values=((0xC0010015, 1 << 24),),
        traits={**QUIET, "writes-hwcr": True},
    ),
    Missing(name="clflushopt", gap=Gap(cpuid=("0x7:0:ebx:23",))),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The builds, oldest first, the machine types of each, as the builds list them, the accelerator."""

    builds: tuple[Build, ...]
    types: Mapping[str, tuple[str, ...]]
    accelerator: str = KVM

    def host(self, build: Build, missing: Missing | None = None) -> Host:
        """Return a host of a build, on this kernel or on one that lacks something."""
        name = f"qemu-{build.version}"
        if missing is None:
            return Host(name=name, build=build, accelerator=self.accelerator)
        name = f"{name}-no-{missing.name}"
        return Host(name=name, build=build, gap=missing.gap, accelerator=self.accelerator)

    def common(self, builds: Sequence[Build], board: str) -> list[str]:
        """Return the types of a board that all builds have, oldest first."""
        names = [set(self.types[build.suite]) for build in builds]
        shared = set.intersection(*names)
        found = [name for name in shared if name.rpartition("-")[0] == board]
        return sorted(
            found, key=lambda name: [int(part) for part in name.rpartition("-")[2].split(".")]
        )


def journeys(world: World, out: Collection[str] = ()) -> Iterator[Journey]:
    """Yield every journey but those of the groups in `out`, in an order that repeats."""
    for name, of_group in GROUPS.items():
        if name not in out:
            yield from of_group(world)


def left_out(world: World, *, hides: bool) -> dict[str, str]:
    """Return the groups that cannot be run here, each with the reason.

    `hides`: the library that hides abilities of the kernel is there.
    """
    reasons = {}
    if world.accelerator != KVM:
        why = "KVM's registers are asked for, and there is no KVM"
        reasons = dict.fromkeys(("kernel gap", "flags", "register chains"), why)
    if not hides:
        reasons["taps"] = "no library hides what the tap driver answers"
    elif os.geteuid():
        reasons["taps"] = "only root may make taps"
    return reasons


def of_builds(world: World) -> Iterator[Journey]:
    """Every ordered pair of builds, both boards, all common types, two CPU models."""
    for pair in permutations(world.builds, 2):
        for board, cpu in product(BOARDS, CPUS):
            for machine in world.common(pair, board):
                yield _one("builds", world, pair, machine, cpu=cpu)
    for build, board in product(world.builds, BOARDS):
        for machine in _ends(world.common((build,), board)):
            yield _one("builds", world, (build, build), machine, cpu=CPUS[0])


def _ends(names: list[str]) -> list[str]:
    return list(dict.fromkeys((names[0], names[-1]))) if names else []


def _one(group: str, world: World, pair: Sequence[Build], machine: str, cpu: str) -> Journey:
    return Journey(
        group=group,
        boot=world.host(pair[0]),
        hops=(Hop(to=world.host(pair[1])),),
        machine=machine,
        cpu=cpu,
        devices=DEVICES,
        traits=QUIET,
    )


def of_kernels(world: World) -> Iterator[Journey]:
    """A guest with state that one kernel lacks: to it, from it, between two such."""
    for missing, pair in product(MISSING, product(world.builds, repeat=2)):
        for number, machine in enumerate(_ends(world.common(pair, BOARDS[0]))):
            new, old = world.host(pair[0]), world.host(pair[1], missing)
            yield _state("kernel gap", missing, new, (Hop(to=old),), machine)
            if number == 0:
                back = (Hop(to=world.host(pair[1])),)
                yield _state("kernel gap", missing, world.host(pair[0], missing), back, machine)


def _state(
    group: str,
    missing: Missing,
    boot: Host,
    hops: tuple[Hop, ...],
    machine: str,
    flags: tuple[str, ...] = (),
) -> Journey:
    return Journey(
        group=group,
        boot=boot,
        hops=hops,
        machine=machine,
        cpu=missing.cpu,
        flags=flags,
        devices=DEVICES[2:],
        values=missing.values,
        traits=missing.traits or QUIET,
    )


def of_flags(world: World) -> Iterator[Journey]:
    """The flag that shuts the SMI count out: at the source only, the destination only, both."""
    smi = MISSING[0]
    off, on = f"{SMI}=off", f"{SMI}=on"
    for pair in product(world.builds, repeat=2):
        machine = world.common(pair, BOARDS[0])[-1]
        for to in (world.host(pair[1]), world.host(pair[1], smi)):
            boot = world.host(pair[0])
            yield _state("flags", smi, boot, (Hop(to=to, flags=(on,)),), machine, (off,))
            yield _state("flags", smi, boot, (Hop(to=to, flags=(off,)),), machine)
            yield _state("flags", smi, boot, (Hop(to=to),), machine, (off,))


def of_carried(world: World) -> Iterator[Journey]:
    """Three hosts, virtio devices: what the guest took at boot goes along, unless it is reset."""
    for trio in product(world.builds, repeat=3):
        names = world.common(trio, BOARDS[0])
        if not names or trio[0] is trio[1]:
            continue
        middle, last = world.host(trio[1]), world.host(trio[2])
        for hops in (
            (Hop(to=middle), Hop(to=last)),
            (Hop(to=middle), Hop(to=last, reset_before=True)),
        ):
            yield Journey(
                group="chains",
                boot=world.host(trio[0]),
                hops=hops,
                machine=names[-1],
                cpu=CPUS[0],
                devices=DEVICES,
                traits=QUIET,
            )


def of_chains(world: World) -> Iterator[Journey]:
    """Three hosts: the state is lost at the last; a reset in the middle; a flag flipped there."""
    smi = MISSING[0]
    off = f"{SMI}=off"
    for trio in product(world.builds, repeat=3):
        names = world.common(trio, BOARDS[0])
        if not names or trio[0] is trio[2]:
            continue
        middle, last = world.host(trio[1]), world.host(trio[2], smi)
        boot, machine = world.host(trio[0]), names[-1]
        for hops in (
            (Hop(to=middle), Hop(to=last)),
            (Hop(to=middle), Hop(to=last, reset_before=True)),
            (Hop(to=middle, flags=(off,)), Hop(to=last)),
        ):
            yield _state("register chains", smi, boot, hops, machine)


def of_taps(world: World) -> Iterator[Journey]:
    """A tap whose kernel lacks UDP segmentation; the guest took it, or did not, or may not."""
    lacks = Missing(name="uso", gap=Gap(offloads=0x60))
    for pair in product(world.builds, repeat=2):
        # the oldest types have no registers of virtio 1, over which the features are taken
        for machine in _ends(world.common(pair, BOARDS[0])[-6:]):
            for to, features, flags in (
                (world.host(pair[1], lacks), USO | TAKEN, ()),
                (world.host(pair[1], lacks), TAKEN, ()),
                (world.host(pair[1], lacks), USO | TAKEN, USO_FLAGS),
                (world.host(pair[1]), USO | TAKEN, ()),
            ):
                yield Journey(
                    group="taps",
                    boot=world.host(pair[0]),
                    hops=(Hop(to=to),),
                    machine=machine,
                    cpu=CPUS[0],
                    flags=flags,
                    devices=(TAP,),
                    traits={**QUIET, "negotiates-uso": bool(features & USO)},
                    features=features,
                )


GROUPS: Mapping[str, Callable[[World], Iterator[Journey]]] = {
    "builds": of_builds,
    "kernel gap": of_kernels,
    "flags": of_flags,
    "register chains": of_chains,
    "chains": of_carried,
    "taps": of_taps,
}
