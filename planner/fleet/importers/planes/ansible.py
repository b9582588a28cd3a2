"""What Ansible keeps of hosts: `ansible all -m setup --tree` and `-m package_facts --tree`.

A file is named as its host is in the inventory. The two modules, or the facts of a cache, may stand in
one file or in several. Where other planes name hosts, facts are joined to the host that has one of the
names which the facts tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from planner.documents.complaints import Complaints
from planner.domain.errors import quoted
from planner.domain.guest import GuestGroup
from planner.fleet.importers.kubernetes import JsonObject, parts_of
from planner.fleet.importers.planes.host_facts import HostBook, HostFacts
from planner.fleet.importers.planes.places import HostFile
from planner.fleet.importers.planes.plane_words import PackageRow, PlaneWords

FACTS, PACKAGES = "ansible_facts", "packages"
KERNEL, ARCH, CPUS = "ansible_kernel", "ansible_architecture", "ansible_processor"
NAMES = ("ansible_nodename", "ansible_fqdn", "ansible_hostname")
FAILED = ("unreachable", "failed")
FROM_FACTS = -1
"""What a host printed long ago may be; libvirt's cache and `uname` beside it are believed."""
NO_PACKAGE = "hosts of Ansible without a package of QEMU"
NO_HYPERVISOR = "hosts of Ansible that are no hypervisor of the plane"


@dataclass(slots=True)
class AnsibleReader:
    """Reads facts into a book; hosts get their names when all are read."""

    words: PlaneWords
    book: HostBook
    _facts: list[HostFacts] = field(default_factory=list)
    _names: dict[str, set[str]] = field(default_factory=dict)
    _bare: set[str] = field(default_factory=set)

    def json(self, found: HostFile, document: object, complaints: Complaints) -> bool:
        """Read the facts of one host."""
        if not isinstance(document, dict):
            return False
        whole = JsonObject(document, (), complaints)
        facts = JsonObject(whole.mapping(FACTS), ((), FACTS), complaints)
        if FACTS not in document and KERNEL in document:
            facts = whole
        host = PurePosixPath(found.file.name).name.removesuffix(".json")
        if any(document.get(key) is True for key in FAILED) and "msg" in document:
            said = " ".join(str(document["msg"]).split())
            remedy = "run Ansible on it again, or leave the file out"
            complaints.add((), f"host {quoted(host)}: Ansible told nothing: {said[:80]}", remedy)
            return True
        if not (KERNEL in facts.value or PACKAGES in facts.value):
            return False
        told = HostFacts(host=host, source=found.file.name, rank=FROM_FACTS)
        if KERNEL in facts.value:
            self._facts.append(self._setup(facts, told))
        if PACKAGES in facts.value:
            self._package(facts, told)
        return True

    def text(self, found: HostFile, text: str, complaints: Complaints) -> bool:
        """Ansible keeps facts as JSON alone."""
        del found, text, complaints
        return False

    def settle(self) -> None:
        """Note all facts under the name that the book has of their host, if it has one."""
        others = frozenset(self.book.hosts)
        joined = {host: self._known_as(host, others) for host in self._names}
        for facts in self._facts:
            name = joined.get(facts.host, facts.host)
            if name not in others and self.book.complete:
                continue
            if name not in others and facts.host in self._bare:
                continue
            self.book.note(replace(facts, host=name))
        own = {facts.host for facts in self._facts} | self._bare
        for host in own:
            if joined.get(host, host) not in others and (self.book.complete or host in self._bare):
                self.book.leave_out(NO_HYPERVISOR if self.book.complete else NO_PACKAGE)

    def guests(self) -> Iterator[GuestGroup]:
        """Ansible knows of no guests."""
        yield from ()

    def _known_as(self, host: str, others: frozenset[str]) -> str:
        """Return the one host of other planes that has a name of these facts, else their own name."""
        if host in others:
            return host
        found = self._names[host] & others
        return next(iter(found)) if len(found) == 1 else host

    def _setup(self, facts: JsonObject, told: HostFacts) -> HostFacts:
        """Return kernel, architecture and CPU, and keep the names of the host."""
        self._names[told.host] = {facts.word(key) for key in NAMES} - {""}
        word = facts.text(ARCH)
        arch = self.words.arch_of(word)
        if word and not arch:
            facts.complain((ARCH,), f"{quoted(word)} is not an architecture that is known")
        return replace(told, kernel=facts.text(KERNEL), arch=arch, cpu=_cpu(facts.get(CPUS)))

    def _package(self, facts: JsonObject, told: HostFacts) -> None:
        """Keep the package of QEMU, or that a host has none."""
        found: dict[tuple[object, ...], tuple[PackageRow, JsonObject]] = {}
        packages = facts.mapping(PACKAGES)
        steps = (facts.steps, PACKAGES)
        for row in self.words.packages:
            for one in parts_of(packages.get(row.name), (steps, row.name), facts.complaints):
                if (one.word("source"), one.word("arch")) == (row.manager, row.packed):
                    version = (one.word("version"), one.word("release"))
                    found.setdefault(version, (row, one))
        if len(found) > 1:
            texts = " and ".join(quoted(_build(one, row)) for row, one in found.values())
            what = f"host {quoted(told.host)}: several packages of QEMU: {texts}"
            facts.complain((PACKAGES,), what, "remove those that run no guest")
        elif found:
            row, one = next(iter(found.values()))
            self._facts.append(replace(told, qemu=_build(one, row)))
        else:
            self._bare.add(told.host)


def _build(package: JsonObject, row: PackageRow) -> str:
    """Return a package as its own manager writes it."""
    version, release = package.text("version"), package.word("release")
    if not release:
        return version
    epoch = package.get("epoch")
    return f"{row.name}-{'' if epoch is None else f'{epoch}:'}{version}-{release}"


def _cpu(listed: object) -> str:
    """Return the model of a list of number, vendor and model for each CPU; empty if it is another."""
    if not isinstance(listed, list) or not listed or len(listed) % 3:
        return ""
    numbers, models = listed[::3], set(map(str, listed[2::3]))
    counted = numbers == [str(number) for number in range(len(numbers))]
    return models.pop() if counted and len(models) == 1 else ""
