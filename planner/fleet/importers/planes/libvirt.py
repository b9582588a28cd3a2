"""Hosts that run libvirt, as its cache, its logs and `virsh dumpxml` tell of them.

Comes in: a folder or archive a host. Goes out: the hosts with kernel, QEMU, CPU, microcode and the CPU
features that they give, and the guests that run, each with the host it booted on. A guest whose process
is of another build than its host has by now stands on a host of its own, `HOST@BUILD`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from planner.documents.complaints import Complaints
from planner.documents.xml_file import parse_xml
from planner.domain.guest import GuestGroup
from planner.fleet.hosts import DEFAULT_POOL
from planner.fleet.importers.libvirt_domain import DescribedGuest, domain_of, read_domain
from planner.fleet.importers.planes.host_facts import HostBook, HostFacts
from planner.fleet.importers.planes.libvirt_host import (
    CACHE,
    GuestProcess,
    boot_of,
    read_cache,
    read_log,
)
from planner.fleet.importers.planes.places import HostFile
from planner.fleet.importers.planes.plane_words import PlaneWords

PARTS = frozenset({"capabilities", "log", "live", "inactive", "qemu", "cache", "var"})
KERNEL_FILE, ARCH_FILE = "uname-r.txt", "uname-m.txt"
RUNNING = 2


@dataclass(slots=True)
class LibvirtReader:
    """Reads collections of hosts into a book."""

    words: PlaneWords
    book: HostBook
    _processes: list[GuestProcess] = field(default_factory=list)
    _guests: list[tuple[str, DescribedGuest]] = field(default_factory=list)

    def json(self, found: HostFile, document: object, complaints: Complaints) -> bool:
        """Libvirt keeps none of what is read here as JSON."""
        del found, document, complaints
        return False

    def text(self, found: HostFile, text: str, complaints: Complaints) -> bool:
        """Read what `uname` prints."""
        del complaints
        file = found.file
        facts = HostFacts(host=found.host, source=file.name, rank=RUNNING)
        if file.name.endswith(KERNEL_FILE):
            self.book.note(replace(facts, kernel=text.strip()))
        elif file.name.endswith(ARCH_FILE):
            self.book.note(replace(facts, arch=text.strip()))
        else:
            return False
        return True

    def log(self, found: HostFile) -> bool:
        """Read the log of a guest."""
        text = found.file.data.decode(errors="replace")
        self._processes += read_log(text, found.file.stem)
        return True

    def xml(self, found: HostFile, complaints: Complaints) -> bool:
        """Read a cache or a domain; whether it is one."""
        root = parse_xml(found.file.data, complaints)
        if root is None:
            return False
        if root.tag == CACHE:
            facts = read_cache(root, found.host, found.file.name, self.words.features)
            if facts is None:
                self.book.leave_out("caches of programs without KVM")
            else:
                self.book.note(facts)
            return True
        domain = domain_of(root)
        if domain is None:
            return False
        guest = read_domain(domain, self.words.guests, complaints)
        if guest is not None and guest.inactive:
            self.book.leave_out("guests that do not run")
        elif guest is not None:
            self.book.note(HostFacts(host=found.host, source=found.file.name))
            self._guests.append((found.host, guest))
        return True

    def settle(self) -> None:
        """Hosts were noted file by file."""

    def guests(self) -> Iterator[GuestGroup]:
        """Yield the guests that run, and note the hosts of processes of older builds."""
        by_guest: dict[str, list[GuestProcess]] = {}
        for process in sorted(self._processes, key=lambda one: one.time):
            by_guest.setdefault(process.guest, []).append(process)
        for host, guest in self._guests:
            yield self._placed(host, guest, by_guest.get(guest.name, ()))

    def _placed(
        self,
        host: str,
        guest: DescribedGuest,
        processes: Iterable[GuestProcess],
    ) -> GuestGroup:
        """Return a running guest where its process is, and where it booted as far as logs tell."""
        known = tuple(processes)
        running = [one for one in known if one.host == host and not one.ended]
        place, boot = host, None
        if running:
            place = self._build_of(running[-1])
            boot = boot_of(running[-1], known)
        return GuestGroup(
            pool=self.book.of(host).pool or DEFAULT_POOL,
            host=place,
            machine_type=guest.machine_type,
            flags=guest.flags,
            cpu=guest.cpu,
            devices=guest.devices,
            traits=guest.traits,
            booted_on="" if boot is None else self._build_of(boot),
            names=(guest.name,),
            told_by=guest.told_by,
        )

    def _build_of(self, process: GuestProcess) -> str:
        """Return the host of a process, or its older build; empty for a host that no file tells of."""
        if not self.book.knows(process.host):
            return ""
        now, name = self.book.of(process.host), process.host
        if not process.qemu.endswith(now.qemu):
            name = f"{name}@{process.qemu}"
        if process.kernel != now.kernel:
            name = f"{name}@{process.kernel}"
        if name != process.host:
            self.book.note_older(process.host, name, qemu=process.qemu, kernel=process.kernel)
        return name
