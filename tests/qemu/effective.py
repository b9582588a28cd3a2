"""Effective property values of builds that cannot list them, beside the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from planner.domain.errors import HarvestError
from planner.harvest.machines import harvest_build
from planner.harvest.merge import place_of, told_lists
from planner.harvest.monitor import running
from planner.harvest.rows import RowFile
from planner.harvest.values import BACKENDS, QUIET, Program, device_words, shown_values
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.load import load_knowledge
from tests.qemu.fetch import Build, fetch
from tests.qemu.plan import BOARDS, World

WORKERS = 2
COMMON = (
    *(
        "virtio-net-pci",
        "virtio-blk-pci",
        "virtio-balloon-pci",
        "virtio-rng-pci",
        "virtio-scsi-pci",
    ),
    *("virtio-serial-pci", "virtio-gpu-pci", "virtio-tablet-pci", "virtio-keyboard-pci"),
    *("e1000", "e1000e", "rtl8139", "vmxnet3", "pcie-root-port", "pci-bridge", "ioh3420"),
    *("nec-usb-xhci", "qemu-xhci", "usb-ehci", "usb-tablet", "VGA", "cirrus-vga", "vmware-svga"),
    *("intel-hda", "hda-duplex", "pvscsi", "megasas", "mptsas1068", "lsi53c895a", "am53c974"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """What builds show for a property that device code sets: (version, machine type) to value."""

    name: str
    values: Mapping[tuple[str, str], str]

    @property
    def differ(self) -> tuple[str, ...]:
        """Return the machine types on which two builds show different values."""
        seen: dict[str, set[str]] = defaultdict(set)
        for (_, machine), value in self.values.items():
            seen[machine].add(value)
        return tuple(machine for machine, found in seen.items() if len(found) > 1)

    def of(self, version: str) -> tuple[str, ...]:
        """Return the values that a build shows on any type."""
        return tuple(sorted({value for (own, _), value in self.values.items() if own == version}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How many values of a build and board were read; `differ` names those that rows contradict."""

    build: str
    board: str
    values: int
    properties: int
    differ: tuple[str, ...]


def checked_values(
    suite: str, *, only: Sequence[str], types: Sequence[str] = ()
) -> Iterator[Checked]:
    """Yield a line per board; nothing for a build that can list its properties."""
    build = fetch(suite)
    found = harvest_build(build.command(), build.environment())
    if found.lists_properties:
        return
    place = place_of(found, load_knowledge().builds)
    rows = RowFile.read(shipped_data() / f"qemu_builds/{place.line}.toml").rows("build")
    known = [str(row["release"]) for _, row in rows]
    program = Program(command=build.command(), environment=build.environment())
    for board in BOARDS:
        file = RowFile.read(shipped_data() / f"compat_properties/{board}.toml")
        lists = dict(told_lists(place, known, file))
        newest = next(row.name for row in found.types if row.alias and row.name in lists)
        chosen = {name: lists[name] for name in lists if not types or name in (*types, newest)}
        shown = list(shown_values(program, chosen, newest, only=only))
        yield Checked(
            build=build.package,
            board=board,
            values=len(shown),
            properties=len({(one.qom_type, one.name) for one in shown}),
            differ=tuple(sorted({f"{one.qom_type}.{one.name}" for one in shown if not one.agrees})),
        )


def forced_values(world: World, names: Sequence[str]) -> Iterator[Forced]:
    """Yield what every build shows for properties `TYPE.PROPERTY`, on all its machine types."""
    places = [
        (build, machine)
        for build in world.builds
        for board in BOARDS
        for machine in world.common((build,), board)
    ]
    keys = [(build.version, machine) for build, machine in places]
    with ThreadPoolExecutor(WORKERS) as pool:
        for name in names:
            values = pool.map(partial(_shown, name), *zip(*places, strict=True))
            yield Forced(name=name, values=dict(zip(keys, values, strict=True)))


def _shown(name: str, build: Build, machine: str) -> str:
    """Return the value on one device, or that there is none."""
    kind, _, prop = name.partition(".")
    words = ("-machine", machine, *QUIET, *BACKENDS, *device_words(kind, 0))
    try:
        with running(build.command(), *words, environment=build.environment()) as monitor:
            value = monitor.answer("qom-get", path="/machine/peripheral/d0", property=prop)
    except HarvestError:
        return "no such device"
    return {True: "on", False: "off"}.get(value, str(value))
