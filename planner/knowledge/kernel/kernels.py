"""Kernel lines: which capabilities a `uname -r` text implies; knows no host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from planner.domain.capability import (
    Capability,
    CapabilityId,
    CapabilitySet,
    Evidence,
    FixedBy,
    Presence,
)
from planner.domain.errors import advised, closest, quoted
from planner.knowledge.files.rows import LONGEST_VERSION, release_key
from planner.knowledge.kernel.kernel_line import (
    CapabilityChange,
    KernelLine,
    KernelRelease,
    key_in,
    status_at,
)
from planner.knowledge.kernel.kernel_looks import MAY_GIVE
from planner.knowledge.kernel.kernel_tables import KernelTables

OF_CPUS = ("cpu.", "cleared.")
"""Beginnings of names of what a CPU decides, and what a kernel takes from it for a fault."""
WEAK = frozenset({Evidence.INFERRED, Evidence.MEMORY})


class KernelLines:
    """All lines in matching order, and the catalogue that says what hardware decides."""

    def __init__(
        self,
        lines: Iterable[KernelLine],
        catalogue: Mapping[CapabilityId, Capability],
        tables: KernelTables | None = None,
    ) -> None:
        """Keep `lines` by ascending order, and what was read of whole kernels."""
        self.tables = KernelTables() if tables is None else tables
        self.lines = tuple(sorted(lines, key=lambda line: (line.rest, line.order, line.name)))
        self._by_name = {line.name: line for line in self.lines}
        self._catalogue = catalogue

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def told_of(self, arch: str) -> frozenset[CapabilityId]:
        """Return what sources of whole kernels, or rows, tell of kernels of an architecture."""
        told = {
            name
            for line in self.lines
            for name, rows in line.changes.items()
            if arch in (self._catalogue[name].arch if name in self._catalogue else ())
            or any(arch in row.arch for row in rows)
        }
        return self.tables.names(arch) | told

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def cpu_features(self, arch: str) -> frozenset[CapabilityId]:
        """Return the CPU features of which kernels say whether guests of an architecture get them."""
        return frozenset(name for name in self.told_of(arch) if name.startswith("cpu."))

    def place(self, text: str) -> KernelRelease | None:
        """Return where a `uname -r` text belongs, None if no line matches it."""
        for line in self.lines if len(text) <= LONGEST_VERSION else ():
            found = line.pattern.match(text)
            if found is None:
                continue
            groups = found.groupdict()
            release = release_key(groups.get("release") or "")
            base = release_key(groups.get("base") or line.base or groups.get("release") or "")
            return KernelRelease(
                text=text,
                line=line.name,
                release=release,
                base=base,
                is_later=self._outruns(line, release, base) is not None,
                is_series=line.series is not None and line.series.match(text) is not None,
                key=key_in(found),
            )
        return None

    def _outruns(
        self, line: KernelLine, release: tuple[int, ...], base: tuple[int, ...]
    ) -> KernelLine | None:
        """Return the line whose last known build a release is newer than: its own or its base's."""
        if line.known:
            last = line.known[-1]
            return line if release[: len(last)] > last else None
        parent = self._by_name.get(line.inherits)
        return None if parent is None else self._outruns(parent, base, base)

    def doubt(self, kernel: KernelRelease, arch: str = "") -> str:
        """Return why everything about `kernel` is inferred, empty if its line or base was read."""
        if not kernel.line:
            return ""
        if kernel.is_series:
            return f"kernel {kernel.text} names a series: two such hosts may run different releases"
        line = self._by_name[kernel.line]
        outrun = self._outruns(line, kernel.release, kernel.base)
        if outrun is not None:
            last = ".".join(str(number) for number in outrun.known[-1])
            return f"kernels newer than {outrun.name} {last} are taken to have what that build has"
        if line.version_only:
            return f"kernel {kernel.text} is read by its version alone: it may have been patched"
        return _doubt_of_line(line, arch) or self._past_reading(line, kernel, arch)

    def _past_reading(self, line: KernelLine, kernel: KernelRelease, arch: str) -> str:
        """Return that no series, or nothing read of it, goes as far as a kernel; empty if it does."""
        while line.inherits:
            line = self._by_name[line.inherits]
        return self.tables.past_reading(line, kernel.base, arch)

    def register_line(self, kernel: KernelRelease, arch: str) -> str:
        """Return a name for the list of registers that a kernel shares with others, if it does."""
        if kernel.line not in self._by_name:
            return ""
        line = self._by_name[kernel.line]
        alike = line.registers
        if alike is None or arch not in alike.arch or self._is_open(line, kernel):
            return ""
        branch = ".".join(str(number) for number in line.branch.of(kernel.key))
        return f"{line.name} {branch}" if branch else ""

    def misfit(self, text: str) -> tuple[str, str] | None:
        """Return what is wrong with a text that no line matches, and what is expected."""
        if self.place(text) is not None:
            return None
        remedy = advised("expected `uname -r`", self._nearest_example(text))
        return f"{quoted(text)} matches no kernel line", remedy

    def _nearest_example(self, text: str) -> str:
        """Return the example closest to an unknown release, with its line."""
        titles = {example: line.title for line in self.lines for example in line.examples}
        best = closest(text, titles)
        return f"the nearest known is '{best}' ({titles[best]})" if best else ""

    def capabilities(
        self, kernel: KernelRelease, *, arch: str, wanted: Iterable[CapabilityId]
    ) -> CapabilitySet:
        """Return what `kernel` implies about the `wanted` capabilities."""
        if not kernel.line:
            return CapabilitySet()
        sets: dict[Presence, set[CapabilityId]] = {presence: set() for presence in Presence}
        inferred = set[CapabilityId]()
        for capability in wanted:
            presence, evidence = self.presence(kernel, capability, arch=arch)
            sets[presence].add(capability)
            if evidence in WEAK:
                inferred.add(capability)
        return CapabilitySet(
            present=frozenset(sets[Presence.PRESENT]),
            absent=frozenset(sets[Presence.ABSENT]),
            possible=frozenset(sets[Presence.POSSIBLE]),
            inferred=frozenset(inferred - sets[Presence.UNKNOWN]),
        )

    def bound_to_vendor(self, kernel: KernelRelease, *, arch: str) -> Mapping[CapabilityId, str]:
        """Return the CPU features that a kernel gives on CPUs of one vendor only, with that vendor."""
        if not kernel.line:
            return {}
        line, key = self._by_name[kernel.line], kernel.key
        while True:
            self.tables.open(line.name, line.branch, line.key_of)
            found = self.tables.bound_to_vendor(line.name, key, arch) if key else None
            if found is not None or not line.inherits:
                return found or {}
            line, key = self._by_name[line.inherits], kernel.base

    def presence(
        self, kernel: KernelRelease, capability: CapabilityId, *, arch: str
    ) -> tuple[Presence, Evidence]:
        """Return whether a host with `kernel` offers `capability`, and how that is known."""
        return self._on_line(self._by_name[kernel.line], kernel, capability, arch)

    def _on_line(
        self, line: KernelLine, kernel: KernelRelease, capability: CapabilityId, arch: str
    ) -> tuple[Presence, Evidence]:
        read = self._read(line, kernel, capability, arch)
        if read is None:
            return self._presence_in_line(line, kernel, capability, arch)
        if read[1] is Evidence.SOURCE:
            return read
        steady = line.inherits or line.branch.is_steady(capability)
        before = self.tables.is_before_all(line.name, kernel.key, capability, arch)
        if not steady and not before:
            return read
        told = self._presence_in_line(line, kernel, capability, arch)
        if read[0] is Presence.UNKNOWN or self._sees_between(line, kernel, capability, arch, told):
            return told
        return read

    def _sees_between(
        self,
        line: KernelLine,
        kernel: KernelRelease,
        capability: CapabilityId,
        arch: str,
        told: tuple[Presence, Evidence],
    ) -> bool:
        """Whether rows know of a change between two read releases that agree, lost and back again."""
        rows = self._rows_of(line, kernel, capability, arch)
        if told[0] is Presence.UNKNOWN:
            return any(row.series or row.effect == "loss" for row in rows)
        return bool(rows) and told[1] not in WEAK

    def _read(
        self, line: KernelLine, kernel: KernelRelease, capability: CapabilityId, arch: str
    ) -> tuple[Presence, Evidence] | None:
        """Return what sources of whole kernels of a line tell of a release, None if nothing."""
        if not kernel.key:
            return None
        self.tables.open(line.name, line.branch, line.key_of)
        found = self.tables.presence(
            line.name,
            kernel.key,
            capability,
            arch=arch,
            is_open=self._is_open(line, kernel),
        )
        if found is None or capability.startswith(OF_CPUS):
            return found
        presence, evidence = found
        return (self._decided(capability) if presence in MAY_GIVE else presence), evidence

    def _is_open(self, line: KernelLine, kernel: KernelRelease) -> bool:
        """Whether nobody knows which release of its branch a kernel is."""
        return line.series is not None and len(kernel.key) <= line.branch.numbers

    def _decided(self, capability: CapabilityId) -> Presence:
        """Return what a capability is whose kernel has it: possible, if the machine decides."""
        row = self._catalogue.get(capability)
        if row is None:
            return Presence.POSSIBLE if capability.startswith(OF_CPUS) else Presence.PRESENT
        return Presence.PRESENT if row.fixed_by is FixedBy.KERNEL else Presence.POSSIBLE

    def _presence_in_line(
        self, line: KernelLine, kernel: KernelRelease, capability: CapabilityId, arch: str
    ) -> tuple[Presence, Evidence]:
        """Return what rows tell of a release, else what the line has from its base."""
        place = kernel.base if line.inherits else kernel.release
        in_series = self._rows_of(line, kernel, capability, arch)
        if not in_series:
            return self._inherited(line, kernel, capability, arch)
        if not kernel.release:
            return Presence.UNKNOWN, Evidence.INFERRED
        if not line.inherits and any(row.series and row.series == place for row in in_series):
            return Presence.UNKNOWN, Evidence.INFERRED
        if kernel.is_series and any(row.is_inside(place) for row in in_series):
            return Presence.UNKNOWN, Evidence.INFERRED
        presence, evidence = status_at(in_series, kernel.release)
        if presence is Presence.PRESENT:
            presence = self._decided(capability)
        return presence, Evidence.INFERRED if kernel.is_later else evidence

    def _rows_of(
        self, line: KernelLine, kernel: KernelRelease, capability: CapabilityId, arch: str
    ) -> list[CapabilityChange]:
        """Return the rows of a line that speak of the series of a release."""
        place = kernel.base if line.inherits else kernel.release
        return [
            row
            for row in line.changes.get(capability, ())
            if (not row.arch or arch in row.arch) and row.series == place[: len(row.series)]
        ]

    def _inherited(
        self, line: KernelLine, kernel: KernelRelease, capability: CapabilityId, arch: str
    ) -> tuple[Presence, Evidence]:
        if not line.inherits:
            nowhere = self.tables.is_seen_nowhere(arch, capability) and not line.branch.is_trunk
            presence = Presence.ABSENT if nowhere else Presence.UNKNOWN
            return presence, Evidence.INFERRED
        parent = self._by_name[line.inherits]
        base = KernelRelease(
            text=kernel.text,
            line=parent.name,
            release=kernel.base,
            base=kernel.base,
            is_later=self._outruns(parent, kernel.base, kernel.base) is not None,
            key=kernel.base,
        )
        presence, evidence = self._on_line(parent, base, capability, arch)
        if line.may_add(capability) and not self.tables.is_seen_nowhere(arch, capability):
            lost = _is_lost_later(parent, capability, kernel.base) or self.tables.is_lost_after(
                parent.name, kernel.base, capability, arch
            )
            if presence not in MAY_GIVE or lost:
                return Presence.UNKNOWN, Evidence.INFERRED
        weak = line.evidence if line.evidence in WEAK else evidence
        return presence, Evidence.INFERRED if presence is Presence.ABSENT else weak


def _doubt_of_line(line: KernelLine, arch: str) -> str:
    """Return why all kernels of a line are inferred, empty if they were read."""
    alike = line.registers
    if alike is not None and arch in alike.arch and alike.evidence in WEAK:
        return f"updates of {line.name} kernels are taken to keep the list of registers"
    if line.evidence is Evidence.MEMORY:
        return f"the kernel line {line.name} was written down from memory, no source was read"
    return ""


def _is_lost_later(line: KernelLine, capability: CapabilityId, base: tuple[int, ...]) -> bool:
    """Whether later releases lose a capability: a vendor may have taken that over."""
    rows = line.changes.get(capability, ())
    return any(row.effect == "loss" and row.release > base for row in rows)
