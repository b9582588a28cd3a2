"""What files tell of hosts, put together host by host; what contradicts or is missing is told by name.

Comes in: facts of single files, each of one host. Goes out: hosts with kernel and QEMU, equal ones
together, and one problem for every host that lacks one of the two or is told of in two ways.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from planner.domain.capability import CapabilityId
from planner.domain.errors import FleetError, Location, Problem, quoted
from planner.domain.host import Facts, Fleet, HostGroup, HostName, PoolName
from planner.fleet.hosts import DEFAULT_POOL


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What one file tells of one host; an empty text is what it does not tell.

    `rank` orders files that tell the same: of two the higher one is believed (a running kernel before a
    cache), and two of one rank must agree.
    """

    host: str
    source: str
    pool: str = ""
    kernel: str = ""
    qemu: str = ""
    arch: str = ""
    cpu: str = ""
    rank: int = 0
    present: frozenset[CapabilityId] = frozenset()
    absent: frozenset[CapabilityId] = frozenset()
    hardware: Facts = ()

    def without_kernel_facts(self) -> HostFacts:
        """Return the facts without what a kernel gave."""
        return replace(self, present=frozenset(), absent=frozenset())

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield (column, text) of what is told."""
        for column in COLUMNS:
            text = getattr(self, column)
            if text:
                yield column, text


COLUMNS = ("pool", "kernel", "qemu", "arch", "cpu")


@dataclass(frozen=True, slots=True)
class Remedies:
    """How to get what a plane does not tell: by column, with `{host}` in the command."""

    commands: Mapping[str, str]

    def of(self, column: str, host: str) -> str:
        """Return the command that tells a column of a host."""
        return f"run: {self.commands[column].format(host=host)}"


@dataclass(slots=True)
class HostBook:
    """All facts of all files; `fleet` closes it.

    A file that tells another kernel than the one that runs was written before: the CPU features that it
    tells are not those of today. `complete`: a plane listed every hypervisor.
    """

    source: str
    remedies: Remedies
    complete: bool = False
    problems: list[Problem] = field(default_factory=list)
    _facts: dict[str, list[HostFacts]] = field(default_factory=dict)
    _older: dict[str, HostFacts] = field(default_factory=dict)
    _left_out: Counter[str] = field(default_factory=Counter)

    def note(self, facts: HostFacts) -> None:
        """Keep what a file tells."""
        self._facts.setdefault(facts.host, []).append(facts)

    def note_older(self, host: str, name: str, *, qemu: str, kernel: str = "") -> None:
        """Keep a process of an older build as a host of its own, beside the one that it runs on.

        What was told of the host under another kernel says nothing of it.
        """
        now = self.of(host)
        older = replace(now, host=name, qemu=qemu, kernel=kernel or now.kernel)
        self._older[name] = older if older.kernel == now.kernel else older.without_kernel_facts()

    def leave_out(self, why: str) -> None:
        """Count a file, guest or host that is left out."""
        self._left_out[why] += 1

    @property
    def left_out(self) -> tuple[tuple[str, int], ...]:
        """How many were left out, by why."""
        return tuple(sorted(self._left_out.items()))

    def knows(self, host: str) -> bool:
        """Whether some file tells of a host."""
        return host in self._facts

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of all hosts that some file tells of."""
        return tuple(sorted(self._facts))

    def check(self) -> None:
        """Raise `FleetError` with every problem of every file, else with every fact that is missing.

        What no file tells can be said only if every file could be read.
        """
        if self.problems:
            raise FleetError(self.problems)
        if not self._facts:
            self.complain(self.source, "tells of no host", "")
        for one in map(self._one, self.hosts):
            for column in ("kernel", "qemu"):
                if not getattr(one, column):
                    what = f"host {quoted(one.host)}: no file tells its {column}"
                    self.complain(one.source, what, self.remedies.of(column, one.host))
        if self.problems:
            raise FleetError(self.problems)

    def fleet(self) -> Fleet:
        """Return the fleet of all hosts; raises `FleetError`."""
        self.check()
        hosts = (*map(self._one, self.hosts), *self._older.values())
        return Fleet(groups=tuple(_grouped(hosts)), source=self.source)

    def of(self, host: str) -> HostFacts:
        """Return what all files together tell of a host."""
        return self._one(host)

    def _one(self, host: str) -> HostFacts:
        kernel = self._believed(host, "kernel")
        facts = [
            found if found.kernel in {"", kernel} else found.without_kernel_facts()
            for found in self._facts[host]
        ]
        strongest = sorted(facts, key=lambda found: found.rank)
        hardware = {key: value for found in strongest for key, value in found.hardware}
        present, absent = frozenset[CapabilityId](), frozenset[CapabilityId]()
        for found in strongest:
            present = (present - found.absent) | found.present
            absent = (absent - found.present) | found.absent
        return HostFacts(
            host=host,
            source=facts[0].source,
            present=present,
            absent=absent,
            hardware=tuple(sorted(hardware.items())),
            pool=self._believed(host, "pool"),
            kernel=kernel,
            qemu=self._believed(host, "qemu"),
            arch=self._believed(host, "arch"),
            cpu=self._believed(host, "cpu"),
        )

    def _believed(self, host: str, column: str) -> str:
        """Return what the strongest files tell; two of one rank that differ are a problem."""
        told = [found for found in self._facts[host] if getattr(found, column)]
        best = max((found.rank for found in told), default=0)
        by_text = {getattr(found, column): found.source for found in told if found.rank == best}
        if len(by_text) > 1:
            places = " and ".join(f"{quoted(text)} in {file}" for text, file in by_text.items())
            self.complain(
                next(iter(by_text.values())),
                f"host {quoted(host)}: {column} is {places}",
                "leave out the older file",
            )
        return next(iter(by_text), "")

    def complain(self, file: str, what: str, remedy: str) -> None:
        """Keep a problem of a file, once."""
        problem = Problem(location=Location(file=file), what=what, remedy=remedy)
        if problem not in self.problems:
            self.problems.append(problem)


def _grouped(hosts: Iterable[HostFacts]) -> Iterator[HostGroup]:
    """Yield hosts of equal facts together, in order of their first names."""
    alike: dict[object, list[HostFacts]] = {}
    for one in sorted(hosts, key=lambda found: found.host):
        key = (tuple(one.texts()), one.present, one.absent, one.hardware)
        alike.setdefault(key, []).append(one)
    for group in alike.values():
        one = group[0]
        yield HostGroup(
            pool=PoolName(one.pool or DEFAULT_POOL),
            kernel=one.kernel,
            qemu=one.qemu,
            hosts=tuple(HostName(found.host) for found in group),
            arch=one.arch or "x86_64",
            cpu=one.cpu,
            present=one.present,
            absent=one.absent,
            hardware=one.hardware,
        )
