"""Nodes of Proxmox VE: `pveversion -v`, node and guest status of pvesh, and guest configs of /etc/pve.

A config tells the next start of a guest, never its process; a guest is told of only where a status says
which machine type runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from planner.documents.complaints import Complaints
from planner.domain.guest import GuestGroup
from planner.fleet.hosts import DEFAULT_POOL
from planner.fleet.importers.kubernetes import JsonObject, parts_of
from planner.fleet.importers.libvirt_domain import DescribedGuest
from planner.fleet.importers.planes.host_facts import HostBook, HostFacts
from planner.fleet.importers.planes.places import HostFile
from planner.fleet.importers.planes.plane_words import PlaneWords
from planner.fleet.importers.qm_config import read_qm_config

PROXMOX_PARTS = frozenset({"qemu-server", "lxc"})
CONTAINERS = "lxc"
KERNEL = re.compile(r"^proxmox-ve: .*\(running kernel: (\S+)\)\s*$", re.MULTILINE)
PACKAGE = re.compile(r"^pve-qemu-kvm: (\S+)\s*$", re.MULTILINE)
CONFIG = re.compile(r"(?:^|[/:])(\d+)\.conf$")
STATUS, VERSION = "current-kernel", "pveversion"
MACHINE, QEMU = "running-machine", "running-qemu"
STOPPED, MOST_STOPPED = "stopped", 5
ARE_STOPPED = "guests that are stopped"
NOT_RUNNING = "guests of which no status tells a running machine type"
OLDER = "guests of which no status tells that they run the QEMU which their node has installed"


@dataclass(slots=True)
class ProxmoxReader:
    """Reads nodes and their guests into a book."""

    words: PlaneWords
    book: HostBook
    _configs: dict[str, tuple[str, DescribedGuest]] = field(default_factory=dict)
    _running: dict[str, JsonObject] = field(default_factory=dict)
    _stopped: set[str] = field(default_factory=set)

    def json(self, found: HostFile, document: object, complaints: Complaints) -> bool:
        """Read the status of a node, of a guest or of all guests of a node."""
        if isinstance(document, dict) and set(document) == {"data"}:
            document = document["data"]
        if isinstance(document, list):
            parts = list(parts_of(document, (), complaints))
            if any("vmid" not in part.value for part in parts):
                return False
        elif isinstance(document, dict) and "vmid" in document:
            parts = [JsonObject(document, (), complaints)]
        elif isinstance(document, dict) and VERSION in document:
            self._node(found, JsonObject(document, (), complaints))
            return True
        else:
            return False
        for part in parts:
            number = str(part.get("vmid"))
            if part.word(MACHINE):
                self._running[number] = part
            elif part.get("status") == STOPPED:
                self._stopped.add(number)
        return True

    def text(self, found: HostFile, text: str, complaints: Complaints) -> bool:
        """Read the packages of a node, or the config of a guest."""
        number = CONFIG.search(found.file.name)
        if number is not None and CONTAINERS in found.inside:
            self.book.leave_out("containers")
        elif number is not None:
            self._config(number[1], found, text, complaints)
        elif PACKAGE.search(text) or KERNEL.search(text):
            kernel, package = KERNEL.search(text), PACKAGE.search(text)
            self.book.note(
                HostFacts(
                    host=found.host,
                    source=found.file.name,
                    kernel="" if kernel is None else kernel[1],
                    qemu="" if package is None else package[1],
                )
            )
        else:
            return False
        return True

    def settle(self) -> None:
        """Nodes were noted file by file."""

    def guests(self) -> Iterator[GuestGroup]:
        """Yield the guests that run the QEMU which their node has installed."""
        stopped = [
            one for one in self._configs if one in self._stopped and one not in self._running
        ]
        more = f" and {len(stopped) - MOST_STOPPED} more" if len(stopped) > MOST_STOPPED else ""
        for number, (host, guest) in self._configs.items():
            status = self._running.get(number)
            if number in stopped:
                self.book.leave_out(f"{ARE_STOPPED} ({', '.join(stopped[:MOST_STOPPED])}{more})")
                continue
            if status is None:
                self.book.leave_out(NOT_RUNNING)
                continue
            installed = self.book.of(host).qemu if self.book.knows(host) else ""
            if installed.partition("-")[0] != status.word(QEMU):
                self.book.leave_out(OLDER)
                continue
            yield GuestGroup(
                pool=DEFAULT_POOL,
                host=host,
                machine_type=status.word(MACHINE),
                flags=guest.flags,
                cpu=guest.cpu,
                devices=guest.devices,
                traits=guest.traits,
                names=(guest.name,),
                told_by=guest.told_by,
            )

    def _node(self, found: HostFile, status: JsonObject) -> None:
        release = status.word(STATUS, "release")
        if not release:
            release = status.word("kversion").removeprefix("Linux ").partition(" ")[0]
        self.book.note(
            HostFacts(
                host=found.host,
                source=found.file.name,
                kernel=release,
                arch=self.words.arch_of(status.word(STATUS, "machine")),
                cpu=status.word("cpuinfo", "model"),
            )
        )

    def _config(self, number: str, found: HostFile, text: str, complaints: Complaints) -> None:
        try:
            guest = read_qm_config(text, number, self.words.guests, complaints)
        except ValueError as error:
            complaints.add((), str(error))
            return
        known = self._configs.get(number)
        if known is not None and known[0] != found.host:
            what = f"guest {number} is on {known[0]} and on {found.host}"
            complaints.add((), what, "leave out the older file")
        elif guest is not None:
            self._configs[number] = (found.host, replace(guest, inactive=False))
