"""Files of any planes, told apart by what is in them, to one book of hosts and the guests on them.

Comes in: folders, archives and files. Goes out: hosts and running guests. What no reader knows is
counted; what is broken is one problem a file, and all problems are told together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from planner.documents.complaints import Complaints
from planner.documents.json_file import parse_json
from planner.domain.guest import GuestGroup
from planner.fleet.importers.planes.ansible import AnsibleReader
from planner.fleet.importers.planes.host_facts import HostBook, Remedies
from planner.fleet.importers.planes.kubevirt import KubevirtReader
from planner.fleet.importers.planes.libvirt import PARTS, LibvirtReader
from planner.fleet.importers.planes.nova import NovaReader
from planner.fleet.importers.planes.places import HostFile, host_files
from planner.fleet.importers.planes.plane_words import Imported, PlaneReader, PlaneWords
from planner.fleet.importers.planes.proxmox import PROXMOX_PARTS, ProxmoxReader

KINDS: Mapping[str, Remedies] = {
    "libvirt": Remedies(
        {
            "kernel": "ssh {host} uname -r > {host}/uname-r.txt",
            "qemu": "planner import libvirt --collect | ssh {host} sh -s > {host}.tar",
        }
    ),
    "ansible": Remedies(
        {
            "kernel": "ansible {host} -m setup --tree facts/",
            "qemu": "ansible {host} -m package_facts --tree packages/",
        }
    ),
    "kubevirt": Remedies(
        {
            "kernel": "kubectl get node {host} -o json > {host}.json",
            "qemu": "kubectl get kubevirt -A -o json > kubevirt.json",
        }
    ),
    "proxmox": Remedies(
        {
            "kernel": "ssh {host} pveversion -v > {host}/pveversion.txt",
            "qemu": "ssh {host} pveversion -v > {host}/pveversion.txt",
        }
    ),
    "nova": Remedies(
        {
            "kernel": "ansible {host} -m setup --tree facts/",
            "qemu": "ansible {host} -m package_facts --tree packages/",
        }
    ),
}
"""Every kind of plane, and what to run on a host whose kernel or QEMU no file tells."""
LIBVIRT = "libvirt"
BLANK = b"\xef\xbb\xbf \t\r\n"
OTHER = "files of other kinds"


@dataclass(slots=True)
class PlaneFiles:
    """Reads files; `read` may be called for many paths, `close` once.

    `kind` is the plane whose commands errors name; empty: the one of most files.
    """

    words: PlaneWords
    source: str
    kind: str
    book: HostBook = field(init=False)
    _libvirt: LibvirtReader = field(init=False)
    _readers: dict[str, PlaneReader] = field(init=False)
    _files: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Open an empty book; readers that find their hosts among those of others come last."""
        self.book = HostBook(self.source, KINDS[self.kind or LIBVIRT])
        self._libvirt = LibvirtReader(self.words, self.book)
        self._readers = {
            LIBVIRT: self._libvirt,
            "kubevirt": KubevirtReader(self.words, self.book),
            "proxmox": ProxmoxReader(self.words, self.book),
            "nova": NovaReader(self.words, self.book),
            "ansible": AnsibleReader(self.words, self.book),
        }

    def read(self, path: Path) -> None:
        """Read a folder, archive or file; problems of files are kept for `close`."""
        for found in host_files(path, PARTS | PROXMOX_PARTS):
            complaints = Complaints(found.file.name)
            if not self._read(found, complaints) and not complaints.problems:
                self.book.leave_out(OTHER)
            self.book.problems += complaints.told()

    def close(self) -> Imported:
        """Return all hosts and guests; raises `FleetError` with every problem of every file."""
        for reader in self._readers.values():
            reader.settle()
        if not self.kind and self._files:
            self.book.remedies = KINDS[self._files.most_common(1)[0][0]]
        self.book.check()
        guests = tuple(self._guests())
        fleet = self.book.fleet()
        return Imported(fleet=fleet, guests=guests, left_out=self.book.left_out)

    def _guests(self) -> Iterator[GuestGroup]:
        for reader in self._readers.values():
            yield from reader.guests()

    def _read(self, found: HostFile, complaints: Complaints) -> bool:
        """Return whether some reader knows a file."""
        file = found.file
        start = file.data.lstrip(BLANK)[:1]
        if file.name.endswith(".xml") or start == b"<":
            return self._counted(LIBVIRT, is_known=self._libvirt.xml(found, complaints))
        if file.name.endswith(".log"):
            return self._counted(LIBVIRT, is_known=self._libvirt.log(found))
        if not start:
            complaints.add((), "is empty", "write it again, or leave it out")
            return False
        if start in b"{[":
            document = parse_json(file.data, complaints)
            if complaints.problems:
                return False
            return self._asked(lambda reader: reader.json(found, document, complaints))
        return self._text(found, complaints)

    def _asked(self, is_known: Callable[[PlaneReader], bool]) -> bool:
        """Return whether a reader knows a file, asked one after another."""
        return any(
            self._counted(kind, is_known=is_known(reader)) for kind, reader in self._readers.items()
        )

    def _counted(self, kind: str, *, is_known: bool) -> bool:
        """Count a file for the plane whose reader knows it."""
        self._files[kind] += is_known
        return is_known

    def _text(self, found: HostFile, complaints: Complaints) -> bool:
        try:
            text = found.file.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            remedy = "give an archive itself as PATH, or leave the file out"
            complaints.add((), "neither text, JSON nor XML in UTF-8", remedy)
            return False
        return self._asked(lambda reader: reader.text(found, text, complaints))
