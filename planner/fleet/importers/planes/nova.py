"""OpenStack Nova: hypervisors and servers, as the API of every age and `openstack` print them.

Nova tells neither the kernel nor the package of QEMU: they come from Ansible's facts or libvirt's
collections of the same hosts. `cpu_info` is there up to API 2.87. The machine type of a server is in its
image properties from API 2.98 on, else `nova-manage libvirt get_machine_type` tells it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from planner.documents.complaints import Complaints, Steps
from planner.domain.errors import quoted
from planner.domain.guest import GuestGroup
from planner.fleet.hosts import DEFAULT_POOL
from planner.fleet.importers.kubernetes import JsonObject, parts_of
from planner.fleet.importers.planes.host_facts import HostBook, HostFacts
from planner.fleet.importers.planes.places import HostFile
from planner.fleet.importers.planes.plane_words import PlaneWords

HYPERVISORS, SERVERS = "hypervisors", "servers"
HOST = ("hypervisor_hostname", "Hypervisor Hostname")
TYPE = ("hypervisor_type", "Hypervisor Type")
ID, NAME, STATUS = ("id", "ID"), ("name", "Name"), ("status", "Status")
NODE = ("OS-EXT-SRV-ATTR:hypervisor_hostname", "OS-EXT-SRV-ATTR:host", "Host")
NOWHERE: Steps = ()
OF_LIBVIRT = frozenset({"", "qemu", "kvm"})
ON_A_HOST = frozenset({"ACTIVE", "PAUSED", "MIGRATING", "REBOOT", "HARD_REBOOT"})
TYPE_LINE = re.compile(r"^Current machine type: (\S+)\s*$", re.MULTILINE)
FROM_API = -2
"""A model of libvirt's; Ansible and libvirt's cache tell the CPU itself."""
OTHER_TYPE = "hypervisors that do not run QEMU"
NOT_RUNNING = "servers that do not run"
NO_TYPE = (
    "servers whose machine type no file tells (nova-manage libvirt get_machine_type ID > ID.txt)"
)
NO_HOST = "run: openstack server list --all-projects --long -f json, as an administrator"


@dataclass(slots=True)
class NovaReader:
    """Reads hypervisors and servers into a book."""

    words: PlaneWords
    book: HostBook
    _services: dict[str, str] = field(default_factory=dict)
    _servers: dict[str, JsonObject] = field(default_factory=dict)
    _types: dict[str, str] = field(default_factory=dict)

    def json(self, found: HostFile, document: object, complaints: Complaints) -> bool:
        """Read a list of hypervisors or servers."""
        for key, words, read in (
            (HYPERVISORS, HOST, self._hypervisor),
            (SERVERS, NODE, self._server),
        ):
            listed, steps = document, NOWHERE
            if isinstance(document, dict) and key in document:
                listed, steps = document[key], ((), key)
            elif not _is_list_with(document, words):
                continue
            for part in parts_of(listed, steps, complaints):
                read(part, found.file.name)
            return True
        return False

    def text(self, found: HostFile, text: str, complaints: Complaints) -> bool:
        """Read what `nova-manage libvirt get_machine_type` prints into a file named as the id."""
        del complaints
        line = TYPE_LINE.search(text)
        if line is not None:
            self._types[PurePosixPath(found.file.name).stem] = line[1]
        return line is not None

    def settle(self) -> None:
        """Complain of servers on hosts that no list of hypervisors has."""
        for number, server in self._servers.items():
            host = self._host_of(server)
            if not self.book.knows(host):
                what = f"server {quoted(number)} is on {quoted(host)}, which is no hypervisor"
                self.book.complain(server.complaints.file, what, "add the list of all hypervisors")

    def guests(self) -> Iterator[GuestGroup]:
        """Yield the servers whose machine type is told; CPU and devices are not."""
        for number, server in self._servers.items():
            told = (
                server.word("image", "properties", "hw_machine_type") if _has_image(server) else ""
            )
            machine = self._types.get(number, told)
            if not machine:
                self.book.leave_out(NO_TYPE)
                continue
            yield GuestGroup(
                pool=DEFAULT_POOL,
                host=self._host_of(server),
                machine_type=machine,
                names=(_word(server, NAME) or number,),
            )

    def _hypervisor(self, part: JsonObject, file: str) -> None:
        name = _word(part, HOST)
        if not name:
            part.complain((HOST[0],), "is missing")
        if _word(part, TYPE).lower() not in OF_LIBVIRT:
            self.book.leave_out(OTHER_TYPE)
            return
        self.book.complete = True
        if isinstance(part.value.get("service"), dict):
            self._services[part.word("service", "host")] = name
        cpu = _cpu_info(part)
        arch = self.words.arch_of(cpu.word("arch"))
        model = cpu.word("model")
        self.book.note(HostFacts(host=name, source=file, rank=FROM_API, arch=arch, cpu=model))

    def _server(self, part: JsonObject, file: str) -> None:
        del file
        if _word(part, STATUS) not in ON_A_HOST:
            self.book.leave_out(NOT_RUNNING)
        elif not _word(part, NODE):
            part.complain((NODE[0],), "is missing", NO_HOST)
        else:
            self._servers[_word(part, ID)] = part

    def _host_of(self, server: JsonObject) -> str:
        name = _word(server, NODE)
        return name if self.book.knows(name) else self._services.get(name, name)


def _is_list_with(document: object, words: tuple[str, ...]) -> bool:
    return (
        isinstance(document, list)
        and bool(document)
        and all(isinstance(one, dict) and any(word in one for word in words) for one in document)
    )


def _word(part: JsonObject, keys: tuple[str, ...]) -> str:
    """Return the text of the first key that an object has."""
    return next((part.word(key) for key in keys if part.value.get(key)), "")


def _has_image(server: JsonObject) -> bool:
    """Whether a server names its image; one that booted from a volume has an empty text."""
    image = server.value.get("image")
    return isinstance(image, dict) and isinstance(image.get("properties"), dict)


def _cpu_info(part: JsonObject) -> JsonObject:
    """Return `cpu_info`: an object, a text of one up to API 2.27, or nothing from 2.88 on."""
    value = part.value.get("cpu_info")
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            part.complain(("cpu_info",), "is not JSON")
    found = value if isinstance(value, dict) else {}
    return JsonObject(found, (part.steps, "cpu_info"), part.complaints)
