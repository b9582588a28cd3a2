"""Files that describe guests to `GuestGroup`: which are of one guest, and on which host it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from planner.documents.complaints import Complaints
from planner.documents.json_file import parse_json
from planner.documents.xml_file import parse_xml
from planner.domain.errors import (
    FleetError,
    Location,
    Problem,
    UsageError,
    nearest,
    quoted,
    wrong_word,
)
from planner.domain.guest import GuestGroup
from planner.domain.host import Fleet
from planner.fleet.importers.described import DescribedFile
from planner.fleet.importers.kubevirt_instances import instances_in
from planner.fleet.importers.libvirt_domain import DescribedGuest, domain_of, read_domain
from planner.fleet.importers.qm_config import read_qm_config
from planner.fleet.vocabulary import GuestVocabulary

PLACE_IT = "put its file into a folder named as its host, or give --guests-host HOST"
FORMATS = "libvirt domain XML (.xml), KubeVirt instances (.json) or `qm config` (.conf)"


@dataclass(slots=True)
class GuestFiles:
    """Reads files of one fleet's guests; `host` is where those run whose file does not say it."""

    fleet: Fleet
    words: GuestVocabulary
    source: str
    host: str = ""
    problems: list[Problem] = field(default_factory=list)
    _found: dict[str, GuestGroup] = field(default_factory=dict)
    _instances: list[GuestGroup] = field(default_factory=list)
    _pool_of: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Index the hosts by name."""
        self._pool_of = {
            str(name): str(group.pool) for group in self.fleet.groups for name in group.hosts
        }

    def read(self, files: Iterable[DescribedFile]) -> tuple[GuestGroup, ...]:
        """Return the guests of files; raises `FleetError` with every problem of every file."""
        if self.host and self.host not in self._pool_of:
            what = f"{quoted(self.host)} is not in the fleet"
            raise UsageError([wrong_word("--guests-host", what, nearest(self.host, self._pool_of))])
        readers: dict[str, Callable[[DescribedFile, Complaints], None]] = {
            "xml": self._xml,
            "json": self._json,
            "conf": self._conf,
        }
        for file in files:
            complaints = Complaints(file.name)
            reader = readers.get(file.kind)
            if reader is None:
                complaints.add((), "describes no guest", f"expected {FORMATS}")
            else:
                reader(file, complaints)
            self.problems += complaints.told()
        guests = (*self._found.values(), *self._instances)
        if not (guests or self.problems):
            self._complain(self.source, "no guest in it", f"expected {FORMATS}")
        if self.problems:
            raise FleetError(self.problems)
        return guests

    def _complain(self, file: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(location=Location(file=file), what=what, remedy=remedy))

    def _xml(self, file: DescribedFile, complaints: Complaints) -> None:
        """Read a domain; XML of something else, such as a network, is none and is left out."""
        root = parse_xml(file.data, complaints)
        domain = None if root is None else domain_of(root)
        if domain is not None:
            self._keep(read_domain(domain, self.words, complaints), file, complaints)

    def _conf(self, file: DescribedFile, complaints: Complaints) -> None:
        try:
            text = file.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            complaints.add((), "not UTF-8")
            return
        try:
            found = read_qm_config(text, file.stem, self.words, complaints)
        except ValueError as error:
            complaints.add((), str(error))
            return
        self._keep(found, file, complaints)

    def _json(self, file: DescribedFile, complaints: Complaints) -> None:
        document = parse_json(file.data, complaints)
        if complaints.problems:
            return
        for one in instances_in(document, self._pool_of, self.words, complaints):
            if one.node in self._pool_of:
                self._instances.append(one.group(one.node, self._pool_of[one.node]))

    def _keep(
        self, guest: DescribedGuest | None, file: DescribedFile, complaints: Complaints
    ) -> None:
        """Keep a guest; of one that is described twice the running process, then the first."""
        if guest is None:
            return
        host = self.host or self._host_of(file)
        if not host:
            complaints.add((), f"does not say on which host {quoted(guest.name)} runs", PLACE_IT)
            return
        known = self._found.get(guest.key)
        if known is not None and not known.inactive and not guest.inactive and known.host != host:
            what = f"{quoted(guest.name)} runs on {known.host} and on {host}"
            complaints.add((), what, "leave out the older description")
        if known is None or (known.inactive and not guest.inactive):
            self._found[guest.key] = self._group(guest, host)

    def _host_of(self, file: DescribedFile) -> str:
        """Return the innermost folder that is named as a host of the fleet, empty if none is."""
        return next((name for name in reversed(file.folders) if name in self._pool_of), "")

    def _group(self, guest: DescribedGuest, host: str) -> GuestGroup:
        return GuestGroup(
            pool=self._pool_of[host],
            host=host,
            machine_type=guest.machine_type,
            flags=guest.flags,
            cpu=guest.cpu,
            devices=guest.devices,
            traits=guest.traits,
            names=(guest.name,),
            inactive=guest.inactive,
            told_by=guest.told_by,
        )
