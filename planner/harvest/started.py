"""What only started guests show: which devices block migration, and defaults that no list tells.

Each device is added alone to a stopped guest, with a bus and back ends if it wants some, and the
guest is told to migrate into nothing. A device that does not start here says nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planner.domain.errors import HarvestError
from planner.harvest.inventory import WholeBuild
from planner.harvest.monitor import Monitor, running
from planner.harvest.values import Program
from planner.harvest.whole import Tell, told
from planner.knowledge.files.harvested import Fact
from planner.knowledge.qemu.read_tables import USER

QUOTED = re.compile(r"\s*'[^']*'")
BACKENDS: Mapping[str, tuple[str, Sequence[str]]] = {
    "drive": ("disk", ("-blockdev", "null-co,node-name=disk,read-zeroes=on,size=1048576")),
    "netdev": ("net", ("-netdev", "hubport,id=net,hubid=0")),
    "chardev": ("chr", ("-chardev", "null,id=chr")),
    "audiodev": ("snd", ("-audiodev", "none,id=snd")),
    "memdev": (
        "mem",
        ("-object", "memory-backend-ram,id=mem,size=64M", "-m", "128M,slots=2,maxmem=1G"),
    ),
    "cryptodev": ("cry", ("-object", "cryptodev-backend-builtin,id=cry")),
    "serial": ("one", ()),
    "bmc": ("bmc", ("-device", "ipmi-bmc-sim,id=bmc")),
    "chassis_nr": ("1", ()),
    "canbus": ("can", ("-object", "can-bus,id=can")),
    "rootdir": ("/", ()),
}
"""Properties that want something behind them, and the words that put it there."""
BUSES: Mapping[str, Sequence[str]] = {
    "usb-bus": ("-device", "qemu-xhci"),
    "SCSI": ("-device", "virtio-scsi"),
    "virtio-serial-bus": ("-device", "virtio-serial"),
    "HDA": ("-device", "intel-hda"),
    "nvme-bus": ("-device", "nvme,serial=two"),
    "ufs-bus": ("-device", "ufs"),
    "ccid-bus": ("-device", "qemu-xhci", "-device", "usb-ccid"),
    "floppy-bus": ("-device", "isa-fdc"),
    "vmbus": ("-device", "vmbus-bridge"),
    "sd-bus": ("-device", "sdhci-pci"),
    "IndustryPack": ("-device", "tpci200"),
}
"""Buses that a board may lack, and the words that bring them."""
ON_BUS = re.compile(r'^name "([^"]+)"(?:, bus ([^,\s]+))?')
ASSIGNED = frozenset({"mac", "busnr", *BACKENDS})
"""Properties that show what a guest got, not what it gets by default."""
COMPLETED = "completed"
FINAL = frozenset({COMPLETED, "failed", "cancelled"})
NOWHERE = "exec:cat >/dev/null"
PATIENCE = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A program with the machine type on which devices are tried."""

    program: Program
    machine_type: str

    def words(self, *more: str) -> tuple[str, ...]:
        """Return the words of a guest."""
        return ("-machine", self.machine_type, "-accel", "tcg", *more)


def read_started(bench: Bench, whole: WholeBuild, tell: Tell) -> WholeBuild:
    """Add blockers and the defaults that started devices show."""
    blockers: set[Fact] = set()
    shown: set[Fact] = set()
    on_bus = buses(bench.program)
    for device in sorted(on_bus.keys() & {n for n, who in whole.devices.items() if who == USER}):
        tell(device)
        names = {row[0]: row for row in whole.properties.get(device, frozenset())}
        listed = {n: row[2] for n, row in names.items() if _is_shown(n, row[1])}
        for words in attempts(device, on_bus[device], names.keys()):
            found = _tried(bench, words, device, listed)
            if found is not None:
                verdict, values = found
                blockers |= verdict
                shown |= values
                break
    return replace(whole, blockers=frozenset(blockers), started=frozenset(shown))


def _is_shown(name: str, kind: str) -> bool:
    return name not in ASSIGNED and not kind.startswith(("link<", "child<"))


def buses(program: Program) -> dict[str, str]:
    """Return the devices, CPUs excepted, with the bus that each sits on."""
    command = {"command-line": "info qdm"}
    with running(program.command, "-machine", "none", environment=program.environment) as monitor:
        lines = str(monitor.answer("human-monitor-command", **command) or "").splitlines()
        cpus = monitor.answer("qom-list-types", implements="cpu", abstract=False) or ()
    skipped = {row["name"] for row in cpus}
    found = (match for line in lines if (match := ON_BUS.match(line)))
    return {match[1]: match[2] or "" for match in found if match[1] not in skipped}


def attempts(device: str, bus: str, known: Collection[str]) -> Iterator[Sequence[str]]:
    """Yield the words that may start a device: with all back ends that it can have, then alone."""
    before = BUSES.get(bus, ())
    wanted = [name for name in BACKENDS if name in known]
    if wanted:
        behind = [word for name in wanted for word in BACKENDS[name][1]]
        parts = ",".join([device, "id=d0", *(f"{name}={BACKENDS[name][0]}" for name in wanted)])
        yield (*behind, *before, "-device", parts)
    yield (*before, "-device", f"{device},id=d0")


def _tried(
    bench: Bench, words: Sequence[str], device: str, listed: Mapping[str, str]
) -> tuple[set[Fact], set[Fact]] | None:
    """Start a guest with the device; None if it does not start."""
    program = bench.program
    try:
        with running(
            program.command, *bench.words(*words), environment=program.environment
        ) as monitor:
            values = set(_values(monitor, device, listed))
            return set(_verdict(monitor, device)), values
    except HarvestError:
        return None


def _values(monitor: Monitor, device: str, listed: Mapping[str, str]) -> Iterator[Fact]:
    """Yield the values that are not those of the list."""
    for name, default in listed.items():
        value = monitor.answer("qom-get", path="/machine/peripheral/d0", property=name)
        if isinstance(value, bool | int | str) and told(value) != default:
            yield device, name, told(value)


def _verdict(monitor: Monitor, device: str) -> Iterator[Fact]:
    """Yield whether the guest refuses to migrate; nothing if it fails for another reason."""
    refused = monitor.refusal("migrate", uri=NOWHERE)
    if refused:
        yield device, "yes", QUOTED.sub("", refused)
    elif _final(monitor) == COMPLETED:
        yield device, "no", ""


def outcome(monitor: Monitor, uri: str) -> str:
    """Let a guest migrate to `uri` and return how it ended, empty if it refuses or does not end."""
    return "" if monitor.refusal("migrate", uri=uri) else _final(monitor)


def _final(monitor: Monitor) -> str:
    """Wait for a migration and return how it ended, empty if it does not."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        state = monitor.answer("query-migrate") or {}
        if state.get("status") in FINAL:
            return str(state["status"])
        time.sleep(0.02)
    return ""
