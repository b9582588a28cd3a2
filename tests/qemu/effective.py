"""Effective property values of builds that cannot list them, beside the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from planner.domain.errors import HarvestError
from planner.harvest.machines import harvest_build
from planner.harvest.merge import place_of, told_lists
from planner.harvest.monitor import running
from planner.harvest.rows import RowFile
from planner.harvest.values import BACKENDS, QUIET, Program, device_words, shown_values
from planner.knowledge.folder import shipped_data
from planner.knowledge.load import load_knowledge
from tests.qemu.fetch import Build, fetch
from tests.qemu.plan import BOARDS, World

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
    """What builds show for a property that device code sets past the machine type: values by version."""

    name: str
    values: Mapping[str, frozenset[str]]

    @property
    def agree(self) -> bool:
        """Return whether all builds show the same."""
        return len(set(self.values.values())) == 1


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
    """Yield what every build shows for properties `TYPE.PROPERTY`, on the types that all builds have."""
    types = [name for board in BOARDS for name in world.common(world.builds, board)]
    for name in names:
        kind, _, prop = name.partition(".")
        yield Forced(
            name=name,
            values={
                build.version: frozenset(_shown(build, machine, kind, prop) for machine in types)
                for build in world.builds
            },
        )


def _shown(build: Build, machine: str, kind: str, prop: str) -> str:
    """Return the value on one device, or why it cannot be read."""
    words = ("-machine", machine, *QUIET, *BACKENDS, *device_words(kind, 0))
    try:
        with running(build.command(), *words, environment=build.environment()) as monitor:
            value = monitor.answer("qom-get", path="/machine/peripheral/d0", property=prop)
    except HarvestError:
        return "no such device"
    return {True: "on", False: "off"}.get(value, str(value))
