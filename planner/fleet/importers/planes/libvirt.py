"""Hosts that run libvirt, as its cache, its logs and `virsh dumpxml` tell of them.

Comes in: a folder or archive a host. Goes out: the hosts with kernel, QEMU, CPU, microcode and the CPU
features that they give, and the guests that run, each with the host it booted on. A guest whose process
is of another build than its host has by now stands on a host of its own, `HOST@BUILD`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from planner.documents.complaints import Complaints
from planner.documents.xml_file import parse_xml
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet
from planner.fleet.hosts import DEFAULT_POOL
from planner.fleet.importers.libvirt_domain import DescribedGuest, domain_of, read_domain
from planner.fleet.importers.planes.host_facts import HostBook, HostFacts, Remedies
from planner.fleet.importers.planes.libvirt_host import (
    CACHE,
    FeatureNames,
    GuestProcess,
    boot_of,
    read_cache,
    read_log,
)
from planner.fleet.importers.planes.places import HostFile, host_files
from planner.fleet.vocabulary import GuestVocabulary

SUFFIXES = frozenset({".xml", ".log", ".txt"})
PARTS = frozenset({"capabilities", "log", "live", "inactive", "qemu", "cache", "var"})
KERNEL_FILE, ARCH_FILE = "uname-r.txt", "uname-m.txt"
RUNNING = 2
REMEDIES = Remedies(
    {
        "kernel": "ssh {host} uname -r > {host}/uname-r.txt",
        "qemu": "planner import libvirt --collect | ssh {host} sh -s > {host}.tar",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a plane tells: hosts, guests that run, and how many files or guests were left out, by why."""

    fleet: Fleet
    guests: tuple[GuestGroup, ...]
    left_out: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class LibvirtReader:
    """Reads collections of hosts; `read` may be called for many paths, `close` once."""

    words: GuestVocabulary
    names: FeatureNames
    source: str
    book: HostBook = field(init=False)
    _processes: list[GuestProcess] = field(default_factory=list)
    _guests: list[tuple[str, DescribedGuest]] = field(default_factory=list)
    _left_out: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open an empty book of hosts."""
        self.book = HostBook(self.source, REMEDIES)

    def read(self, path: Path) -> None:
        """Read a folder or archive; problems of files are kept for `close`."""
        for found in host_files(path, SUFFIXES, PARTS):
            complaints = Complaints(found.file.name)
            self._read(found, complaints)
            self.book.problems += complaints.told()

    def close(self) -> Imported:
        """Return all hosts and guests; raises `FleetError` with every problem of every file."""
        by_guest: dict[str, list[GuestProcess]] = {}
        for process in sorted(self._processes, key=lambda one: one.time):
            by_guest.setdefault(process.guest, []).append(process)
        older: dict[str, HostFacts] = {}
        guests = []
        if not self.book.problems:
            for host, guest in self._guests:
                guests.append(self._placed(host, guest, by_guest.get(guest.name, ()), older))
        fleet = self.book.fleet(older.values())
        return Imported(
            fleet=fleet, guests=tuple(guests), left_out=tuple(sorted(self._left_out.items()))
        )

    def _read(self, found: HostFile, complaints: Complaints) -> None:
        file, name = found.file, found.file.stem
        if file.name.endswith(".xml"):
            self._xml(found, complaints)
        elif file.name.endswith(".log"):
            self._processes += read_log(file.data.decode(errors="replace"), name)
        elif file.name.endswith((KERNEL_FILE, ARCH_FILE)):
            text = file.data.decode(errors="replace").strip()
            facts = HostFacts(host=found.host, source=file.name, rank=RUNNING)
            is_kernel = file.name.endswith(KERNEL_FILE)
            self.book.note(replace(facts, kernel=text) if is_kernel else replace(facts, arch=text))
        else:
            self._leave_out("files of other kinds")

    def _xml(self, found: HostFile, complaints: Complaints) -> None:
        root = parse_xml(found.file.data, complaints)
        if root is None:
            return
        if root.tag == CACHE:
            facts = read_cache(root, found.host, found.file.name, self.names)
            if facts is None:
                self._leave_out("caches of programs without KVM")
            else:
                self.book.note(facts)
            return
        domain = domain_of(root)
        if domain is None:
            self._leave_out("files of other kinds")
            return
        guest = read_domain(domain, self.words, complaints)
        if guest is not None and guest.inactive:
            self._leave_out("guests that do not run")
        elif guest is not None:
            self._guests.append((found.host, guest))

    def _leave_out(self, why: str) -> None:
        self._left_out[why] = self._left_out.get(why, 0) + 1

    def _placed(
        self,
        host: str,
        guest: DescribedGuest,
        processes: Iterable[GuestProcess],
        older: dict[str, HostFacts],
    ) -> GuestGroup:
        """Return a running guest where its process is, and where it booted as far as logs tell."""
        known = tuple(processes)
        running = [one for one in known if one.host == host and not one.ended]
        place, boot = host, None
        if running:
            place = self._build_of(running[-1], older)
            boot = boot_of(running[-1], known)
        return GuestGroup(
            pool=self.book.of(host).pool or DEFAULT_POOL,
            host=place,
            machine_type=guest.machine_type,
            flags=guest.flags,
            cpu=guest.cpu,
            devices=guest.devices,
            traits=guest.traits,
            booted_on="" if boot is None else self._build_of(boot, older),
            names=(guest.name,),
            told_by=guest.told_by,
        )

    def _build_of(self, process: GuestProcess, older: dict[str, HostFacts]) -> str:
        """Return the host of a process, or its older build; empty for a host that no file tells of."""
        if process.host not in self.book.hosts:
            return ""
        now = self.book.of(process.host)
        name = process.host
        if not process.qemu.endswith(now.qemu):
            name = f"{name}@{process.qemu}"
        if process.kernel != now.kernel:
            name = f"{name}@{process.kernel}"
        if name != process.host:
            older[name] = replace(now, host=name, qemu=process.qemu, kernel=process.kernel)
        return name
