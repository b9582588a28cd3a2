"""Hosts, and the profile that is all judgement may see of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import NewType

from planner.domain.capability import CapabilityId, CapabilitySet, CpuFeatures, TakenFeature
from planner.domain.errors import Problem

HostName = NewType("HostName", str)
PoolName = NewType("PoolName", str)
Facts = tuple[tuple[str, str], ...]
"""What a probe told of a machine, as (name, value) in order."""
Tables = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostGroup:
    """Hosts of one pool whose rows differ in nothing but name and failure domain.

    `kernel` and `qemu` are the texts of the file. `stated` are declared or probed capabilities as
    (present, absent); they beat what the kernel release implies. `hardware` is what a probe told of the
    machine and its module parameters. `build_doubt` says why `qemu` is doubtful. `file` and `line` are
    where the first of them stands.
    """

    pool: PoolName
    kernel: str
    qemu: str
    hosts: tuple[HostName, ...]
    arch: str = "x86_64"
    cpu: str = ""
    present: frozenset[CapabilityId] = frozenset()
    absent: frozenset[CapabilityId] = frozenset()
    probe: str = ""
    hardware: Facts = ()
    build_doubt: str = ""
    line: int = field(default=0, compare=False)
    file: str = field(default="", compare=False)

    @property
    def qemu_version(self) -> str:
        """The text of the build without the words that QEMU prints before its version."""
        return self.qemu.removeprefix("QEMU emulator version ")

    def with_build(self, *, kernel: str = "", qemu: str = "") -> HostGroup:
        """Return the hosts with another kernel or QEMU; an empty word leaves what they have.

        What was said of another kernel no longer counts; what was said of the CPU, and of a kernel that
        stays, is still true. The doubt of a probe is about the QEMU that it did not find.
        """
        kernel, qemu = kernel or self.kernel, qemu or self.qemu
        same = kernel == self.kernel
        return replace(
            self,
            kernel=kernel,
            qemu=qemu,
            build_doubt=self.build_doubt if qemu == self.qemu else "",
            present=self.present if same else _of_cpu(self.present),
            absent=self.absent if same else _of_cpu(self.absent),
            probe=self.probe if same else "",
            hardware=self.hardware if same else _of_machine(self.hardware),
        )


def _of_machine(facts: Facts) -> Facts:
    """Return the facts that stay true of a machine whatever kernel it boots."""
    return tuple(fact for fact in facts if fact[0].startswith("cpu."))


def _of_cpu(stated: frozenset[CapabilityId]) -> frozenset[CapabilityId]:
    return frozenset(name for name in stated if name.startswith("cpu."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All hosts, grouped; `source` is the file's name for messages.

    `unplaced` are the kernels and builds of its rows that fit no line, `unread` names the columns of
    the file that nobody reads, `loose` the texts that are hardly read as they were meant.
    """

    groups: tuple[HostGroup, ...]
    source: str = "fleet"
    unplaced: tuple[Problem, ...] = field(default=(), compare=False)
    unread: tuple[Problem, ...] = field(default=(), compare=False)
    loose: tuple[Problem, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        """Show the file's name and the size: a fleet may have a million hosts."""
        return (
            f"Fleet({PurePath(self.source).name}: {self.size:,} hosts in {len(self.pools):,} pools)"
        )

    @property
    def size(self) -> int:
        """Number of hosts."""
        return sum(len(group.hosts) for group in self.groups)

    @property
    def pools(self) -> tuple[PoolName, ...]:
        """Names of the pools, sorted."""
        return tuple(sorted({group.pool for group in self.groups}))


@dataclass(frozen=True, slots=True, kw_only=True)
class QemuBuild:
    """A QEMU build as the data knows it.

    `line` and `release` are its key: the whole package text, without epoch, name and architecture.
    `version` is the upstream version that it is built from, with fewer than three parts where the text
    does not name the point release. `lower` and `upper` are the known builds whose tables bracket it
    (equal when the build itself is known, `upper` empty where only one side is, both empty when
    nothing is known); `below` and `above` are the known builds around it in its line. `kin` is what
    updates of one package have in common that keep machine types and stream by their vendor's
    `promise`. `is_series`: the text names a series of releases; two hosts with it may run different
    ones. `is_own`: nobody published the build, so nothing but itself is known to be like it.
    `read_as` are the known builds that it is judged by (an empty text: none), `tables` what the
    data knows it by: equal for releases that no table tells apart. `token` is equal for builds of which
    what nobody knows is the same.
    """

    line: str
    release: str
    version: tuple[int, ...]
    lower: str = ""
    upper: str = ""
    below: str = ""
    above: str = ""
    kin: str = ""
    promise: str = field(default="", compare=False)
    is_series: bool = False
    is_own: bool = False
    read_as: tuple[str, ...] = field(init=False, repr=False, compare=False)
    tables: Tables = field(init=False, repr=False, compare=False)
    token: Tables = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        """Compute hash and sources of knowledge once: builds are keys of every memory."""
        read_as = tuple(dict.fromkeys(ref for ref in (self.lower, self.upper) if ref)) or ("",)
        own = self.kin or self.release
        tables = (self.line, self.version, self.lower, self.upper, own if len(read_as) > 1 else "")
        types = self.below, self.above
        object.__setattr__(self, "read_as", read_as)
        object.__setattr__(self, "tables", (*tables, *types))
        object.__setattr__(self, "token", (self.line, self.version, own))
        object.__setattr__(self, "_hash", hash((self.line, self.release, self.lower, self.upper)))

    def __hash__(self) -> int:
        """Return the hash computed at birth."""
        return self._hash

    @property
    def is_placed(self) -> bool:
        """Whether the text fits a line: of another one nothing is known."""
        return bool(self.line)

    @property
    def is_known(self) -> bool:
        """Whether the tables of this very build were read."""
        return bool(self.lower) and self.lower == self.upper

    def is_same_as(self, other: QemuBuild) -> bool:
        """Whether both are one exact build, or updates of one: what nobody knows of it cancels."""
        return self.token == other.token and self.is_placed and not self.is_series

    def is_promised_as(self, other: QemuBuild) -> bool:
        """Whether both are different updates of one package, alike by their vendor's word alone."""
        return self.release != other.release and bool(self.kin) and self.token == other.token

    def is_read_as(self, other: QemuBuild) -> bool:
        """Whether tables say the same of both: one exact build, or builds that one table speaks for."""
        return self.tables == other.tables and not (self.is_series and len(self.read_as) > 1)

    def __str__(self) -> str:
        """Write the build as `line release`."""
        plain = self.line in {"", "upstream"}
        return self.release if plain else f"{self.release} ({self.line})"


CpuName = tuple[Facts, str]
"""What a probe tells of which CPU a host has, and what the fleet file calls it."""


def are_other_cpus(one: CpuName, other: CpuName) -> bool:
    """Whether two CPUs are known to be of different models; what two probes tell decides."""
    if one[0] and other[0]:
        return one[0] != other[0]
    return bool(one[1] and other[1]) and one[1] != other[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostProfile:
    """Hosts that cannot be told apart.

    `kernel_token` names the exact kernel release where some capability is unknown: equal unknowns
    of one release cancel. Of `cpu_vendor`, `cpu_model`, `cpu_generation` the fleet may say nothing.
    `hardware` is what a probe told that guests may notice, `cpu_identity` the part that tells the CPU,
    and `is_probed` whether all was told that must be known to call two machines equal.
    `observed` are sides of observation rows that match, `unplaced` texts that fit no line, as facts,
    `kernel_doubt` says why the capabilities of its kernel are inferred, `build_doubt` why its QEMU may
    be another. `lacked_cpu_features` are the `cpu.*` capabilities that it is known to lack,
    `unsure_cpu_features` those of which nobody knows whether its kernel gives them to guests,
    `unoffered_cpu_features` those that its QEMU gives to no guest, `one_vendor_cpu_features` those that
    its kernel gives on CPUs of one vendor only while its own is not stated, `taken_cpu_features` those
    that its kernel may take from its CPU for a fault; `cpu_features` are all of them. `open_faults` are
    features that its kernel takes from CPUs of which nobody says whether this is one.
    `register_list` names the registers that a probe read, `register_line` kernels that have one list.
    """

    arch: str
    qemu: QemuBuild
    capabilities: CapabilitySet
    kernel_token: str = ""
    cpu_vendor: str = ""
    cpu_model: str = ""
    cpu_generation: str = ""
    cpu_identity: Facts = ()
    hardware: Facts = ()
    is_probed: bool = False
    observed: frozenset[str] = frozenset()
    kernel_doubt: str = ""
    build_doubt: str = ""
    unplaced: tuple[str, ...] = ()
    register_list: str = ""
    register_line: str = ""
    one_vendor_cpu_features: frozenset[CapabilityId] = frozenset()
    taken_cpu_features: frozenset[TakenFeature] = frozenset()
    open_faults: frozenset[TakenFeature] = frozenset()
    unsure_cpu_features: frozenset[CapabilityId] = field(default=frozenset(), compare=False)
    unoffered_cpu_features: frozenset[CapabilityId] = field(default=frozenset(), compare=False)
    lacked_cpu_features: frozenset[CapabilityId] = field(init=False, repr=False, compare=False)
    cpu_features: CpuFeatures = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        """Compute hash and lacked CPU features once: profiles are keys of every memory."""
        lacked = _of_cpu(self.capabilities.absent)
        object.__setattr__(self, "lacked_cpu_features", lacked)
        features = CpuFeatures(
            lacked,
            self.unsure_cpu_features,
            self.unoffered_cpu_features,
            self.one_vendor_cpu_features,
            self.taken_cpu_features,
            self.open_faults,
        )
        object.__setattr__(self, "cpu_features", features)
        texts = (self.kernel_token, self.kernel_doubt, self.build_doubt, self.cpu_model)
        registers = (self.register_list, self.register_line, self.one_vendor_cpu_features)
        parts = (self.arch, self.qemu, self.capabilities, self.hardware, *texts, *registers)
        object.__setattr__(self, "_hash", hash(parts))

    def __hash__(self) -> int:
        """Return the hash computed at birth."""
        return self._hash

    @property
    def untold(self) -> tuple[str, ...]:
        """What nobody can know of its kernel and QEMU where another host has another build."""
        own = (f"what QEMU {self.qemu} has, which no vendor published",) if self.qemu.is_own else ()
        return (*self.unplaced, *own)

    def has_other_cpu_than(self, other: HostProfile) -> bool:
        """Whether the fleet or two probes say that the CPUs of two hosts are of different models."""
        return are_other_cpus(self.cpu_name, other.cpu_name)

    @property
    def cpu_name(self) -> CpuName:
        """What tells which CPU the host has: by its probe, and by the fleet file.

        CPUs of one generation have what is in its row; in what else two of them may differ, microcode
        decides.
        """
        return self.cpu_identity, self.cpu_generation or self.cpu_model

    def runs_kernel_of(self, other: HostProfile) -> bool:
        """Whether both run one exact kernel release: what nobody knows of it cancels."""
        return bool(self.kernel_token) and self.kernel_token == other.kernel_token

    def has_registers_of(self, other: HostProfile) -> bool:
        """Whether both kernels list the same registers: probed, of one series, or one release."""
        if self.register_list and other.register_list:
            return self.register_list == other.register_list
        one_series = bool(self.register_line) and self.register_line == other.register_line
        return one_series or self.runs_kernel_of(other)

    def may_be_of_another_vendor_than(self, other: HostProfile) -> bool:
        """Whether two CPUs are of different models, and nobody knows who makes one of them."""
        return not (self.cpu_vendor and other.cpu_vendor) and self.has_other_cpu_than(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationEdge:
    """An ordered pair of profiles."""

    source: HostProfile
    destination: HostProfile


def unplaced_texts(hosts: Iterable[HostProfile]) -> tuple[str, ...]:
    """Return the kernels and builds of hosts that fit no line, as missing facts.

    Two equal ones do not cancel: who wrote `unknown` twice did not say that it is one kernel.
    Builds that nobody published are among them where not all hosts have one build.
    """
    profiles = tuple(hosts)
    are_one = len({host.qemu for host in profiles}) < 2
    facts = (fact for host in profiles for fact in (host.unplaced if are_one else host.untold))
    return tuple(dict.fromkeys(facts))
