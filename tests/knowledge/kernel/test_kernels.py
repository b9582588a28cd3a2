"""Kernels: where a `uname -r` text lands, and what a placed kernel gives to guests."""

from __future__ import annotations

import csv
import itertools
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from planner.domain.capability import CapabilityId, Evidence, Presence
from planner.domain.errors import KnowledgeError
from planner.domain.guest import Baseline, GuestCpu, GuestStart
from planner.domain.host import HostGroup, HostName, MigrationEdge, PoolName
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.check import kernel_patterns
from planner.knowledge.counting import coverage, rows_by_evidence
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.kernel.kernel_line import KernelLine
from planner.knowledge.kernel.kernel_looks import MAY_GIVE, Branch
from planner.knowledge.kernel.kernel_tables import KernelTables
from planner.knowledge.kernel.kernels import KernelLines
from planner.knowledge.load import load_knowledge
from planner.migration.judge import judge
from planner.migration.profiles import Profiler
from planner.migration.rules.cpu_rules import judge_cpu_features
from planner.migration.rules.host_rules import judge_coverage


@cache
def _knowledge() -> KnowledgeBase:
    return load_knowledge()


@cache
def _rows(stem: str) -> list[dict[str, str]]:
    path = shipped_data() / "harvested" / "kernels" / f"{stem}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("6.8.0-1015-azure", "ubuntu-flavour"),
        ("5.15.0-1053-azure-fde", "ubuntu-flavour"),
        ("6.4.0-150600.8.14-azure", "sles"),
        ("5.14.21-150500.33.60-azure", "sles"),
        ("6.11.8-1-azure", "tumbleweed"),
        ("6.8.0-1021-gcp", "ubuntu-flavour"),
        ("6.1.112+", "changed-tree"),
        ("6.12.0-rc1+", "changed-tree"),
        ("6.1.112", "mainline"),
        ("5.10.0-216.0.0.115.oe2203sp4.x86_64", "openeuler"),
        ("4.19.48-14.al7.x86_64", "anolis"),
        ("5.10.102.1-1.cm1", "azurelinux"),
        ("6.12.40-64.114.amzn2023.aarch64", "amazon"),
        ("5.14.0-427.44.1.vz9.80.6", "virtuozzo9"),
        ("4.19.90-24.4.v2101.ky10.x86_64", "kylin"),
        ("5.4.18-85-generic", "kylin-desktop"),
        ("5.4.0-85-generic", "ubuntu"),
        ("4.19.90-2211.5.0.0177.22.uel20.x86_64", "uos"),
        ("5.10.0-182.0.0.95.r1941_123.hce2.x86_64", "hce"),
        ("6.1.158+rpt-rpi-v8", "raspberry-pi"),
        ("6.1.119-1.el8.elrepo.x86_64", "elrepo"),
        ("6.8.12-8-pve", "proxmox"),
        ("3.10.0-19-pve", "proxmox-old"),
    ],
)
def test_line_of_text(text: str, line: str) -> None:
    placed = _knowledge().kernels.place(text)
    assert placed is not None
    assert placed.line == line


def test_patterns_exclude_each_other() -> None:
    assert list(kernel_patterns(_knowledge())) == []


def test_overlapping_pattern_is_told() -> None:
    """The line that once took every `-azure` kernel."""
    base = _knowledge()
    wide = re.compile(r"^(?P<base>\d+\.\d+\.\d+)-(?P<release>\d+)-(?:default|azure)$")
    lines = [
        replace(line, pattern=wide) if line.name == "tumbleweed" else line
        for line in base.kernels.lines
    ]
    kernels = KernelLines(lines, base.capabilities)
    told = [problem.what for problem in kernel_patterns(replace(base, kernels=kernels))]
    assert "K014: example '6.8.0-1015-azure' matches tumbleweed as well" in told


# ---- what was read of whole kernels

READ = _rows("releases")


@pytest.mark.parametrize("row", READ[::7], ids=lambda row: row["release"])
def test_a_read_release_is_answered_as_it_was_read(row: dict[str, str]) -> None:
    kernels = _knowledge().kernels
    placed = kernels.place(row["release"])
    assert placed is not None and placed.line == row["line"]
    own = [one["release"] for one in READ if (one["line"], one["arch"]) == _line(row)]
    number = own.index(row["release"])
    given = {
        cells["name"]: cells["given"]
        for cells in _rows(row["line"])
        if cells["arch"] == row["arch"] and _is_in(cells["releases"], number, own)
    }
    for cells in _rows("vocabulary"):
        if cells["arch"] != row["arch"] or cells["part"] not in row["parts"].split():
            continue
        name = CapabilityId(cells["name"])
        presence, evidence = kernels.presence(placed, name, arch=row["arch"])
        assert evidence is Evidence.SOURCE
        if name not in given:
            assert presence is Presence.ABSENT, name
        elif name.startswith("cpu."):
            kind = Presence.PRESENT if given[name] == "yes" else Presence.POSSIBLE
            assert presence is kind, name
        else:
            assert presence in MAY_GIVE, name


def _line(row: dict[str, str]) -> tuple[str, str]:
    return row["line"], row["arch"]


def _is_in(intervals: str, number: int, order: list[str]) -> bool:
    ends = (part.partition("..") for part in intervals.split(";"))
    return any(
        order.index(first)
        <= number
        <= (order.index(last or first) if not dots or last else 1 << 30)
        for first, dots, last in ends
    )


def test_releases_stand_in_order() -> None:
    """Intervals are over this order, and neighbours are looked for by the key."""
    kernels = _knowledge().kernels
    for line, arch in {_line(row) for row in READ}:
        texts = [row["release"] for row in READ if _line(row) == (line, arch)]
        found = next(one for one in kernels.lines if one.name == line)
        keys = [found.key_of(text) for text in texts]
        assert keys == sorted(set(keys)), line


def test_rows_and_sources_agree_wherever_both_speak() -> None:
    """A row that a source contradicts is wrong, whatever it says of releases that nobody read."""
    kernels = _knowledge().kernels
    lines = {line.name: line for line in kernels.lines}
    wrong = set()
    for row in READ:
        line, placed = lines[row["line"]], kernels.place(row["release"])
        assert placed is not None
        for name in line.changes:
            known = _knowledge().capabilities.get(name)
            if known is not None and known.arch and row["arch"] not in known.arch:
                continue
            read = kernels._read(line, placed, name, row["arch"])
            told, _ = kernels._presence_in_line(line, placed, name, row["arch"])
            if read is None or Presence.UNKNOWN in {told, read[0]}:
                continue
            if (told in MAY_GIVE) != (read[0] in MAY_GIVE):
                wrong.add((line.name, name, row["release"]))
    assert not wrong


def test_branches_lose_and_gain_only_what_their_row_says() -> None:
    """Measured over pairs of neighbours of one branch; a new loss must be written down."""
    kernels = _knowledge().kernels
    pairs, lost, gained = 0, set(), set()
    for line in kernels.lines:
        own = [row for row in READ if row["line"] == line.name]
        for older, newer in itertools.pairwise(own):
            keys = [line.key_of(row["release"]) for row in (older, newer)]
            if older["arch"] != newer["arch"] or line.branch.of(keys[0]) != line.branch.of(keys[1]):
                continue
            pairs += 1
            for name in kernels.tables.names(older["arch"]):
                was, becomes = (
                    kernels.tables.presence(line.name, key, name, arch=older["arch"], is_open=False)
                    for key in keys
                )
                if was is None or becomes is None or was[0] is becomes[0]:
                    continue
                if becomes[0] is Presence.ABSENT and name not in line.branch.loses:
                    lost.add((line.name, name, newer["release"]))
                gains = line.branch.gains
                if was[0] is Presence.ABSENT and gains is not None and name not in gains:
                    gained.add((line.name, name, newer["release"]))
    assert pairs > 40
    assert (lost, gained) == (set(), set())


def test_every_cpu_feature_has_an_answer_on_a_read_kernel() -> None:
    """Silence is no answer: a feature that nobody looked for stands in the list of those."""
    base = _knowledge()
    names = {name.replace("_", "-") for name in base.inventory.names("cpu-feature", "x86_64")}
    asked = {name.removeprefix("cpu.") for name in base.kernels.cpu_features("x86_64")}
    assert names - asked - base.guests.not_of_kernel == set()


def test_features_that_no_kernel_changes() -> None:
    """What every read kernel gives alike never makes an objection between two of them."""
    tables = _knowledge().kernels.tables
    seen: dict[CapabilityId, set[Presence]] = {}
    lines = {line.name: line for line in _knowledge().kernels.lines}
    for row in READ:
        line = lines[row["line"]]
        for name in tables.names(row["arch"]):
            found = tables.presence(
                line.name, line.key_of(row["release"]), name, arch=row["arch"], is_open=False
            )
            if found is not None and found[1] is Evidence.SOURCE and name.startswith("cpu."):
                seen.setdefault(name, set()).add(found[0])
    constant = [
        name for name, found in seen.items() if found <= MAY_GIVE or found == {Presence.ABSENT}
    ]
    assert len(constant) > 150
    for older, newer in (("5.4.0", "7.2.6"), ("5.15.0", "6.12.8")):
        edge = _edge(older, newer)
        for name in constant:
            cpu = GuestCpu(model="qemu64", enabled=frozenset({name.removeprefix("cpu.")}))
            start = GuestStart(
                baseline=Baseline(machine_type="pc-q35-5.2"), cpu=cpu, booted_on=edge.source
            )
            told = judge_cpu_features(edge, start, _knowledge(), "plain")
            assert name not in {one.capability for one in told}


def _edge(source: str, destination: str, qemu: str = "11.1.0") -> MigrationEdge:
    base = _knowledge()
    hosts = [
        HostGroup(pool=PoolName("p"), kernel=kernel, qemu=qemu, hosts=(HostName(kernel),))
        for kernel in (source, destination)
    ]
    profiles = [Profiler(base).profile(host) for host in hosts]
    return MigrationEdge(source=profiles[0], destination=profiles[1])


# ---- between read releases, never beyond one

LINE = KernelLine(
    name="own",
    order=1,
    title="",
    pattern=re.compile(r"^(?P<release>\d+\.\d+(?:\.\d+)?)$"),
    examples=(),
    trust="table",
    evidence=Evidence.SOURCE,
    source="",
    branch=Branch(
        numbers=2, gains=frozenset({"cpu.fix", "cpu.both"}), loses=frozenset({"cpu.both"})
    ),
    changes={},
)
TABLE = """\
x86_64,cpu.new,hardware,,6.0.0..6.1.9
x86_64,cpu.fix,hardware,,5.1.9;6.1.9
x86_64,cpu.both,hardware,,5.1.2;6.1.2
x86_64,cpu.old,yes,,5.0.0..6.1.9
x86_64,cpu.gone,hardware,,5.0.0..5.1.9
"""


@pytest.fixture
def own(tmp_path: Path) -> KernelLines:
    folder = tmp_path / "harvested" / "kernels"
    folder.mkdir(parents=True)
    releases = ("5.0.0", "5.1.2", "5.1.9", "6.0.0", "6.1.2", "6.1.9")
    head = "# written by: a test; do not edit\n"
    rows = "".join(f"own,{one},x86_64,here,cpuid\n" for one in releases)
    (folder / "releases.csv").write_text(f"{head}line,release,arch,source,parts\n{rows}")
    (folder / "own.csv").write_text(f"{head}arch,name,given,condition,releases\n{TABLE}")
    names = "".join(
        f"x86_64,cpuid,cpu.{name},{seen}\n"
        for name, seen in {
            "new": "6.0.0",
            "fix": "5.1.9",
            "both": "5.1.2",
            "old": "5.0.0",
            "gone": "5.0.0",
            "never": "",
        }.items()
    )
    (folder / "vocabulary.csv").write_text(f"{head}arch,part,name,first_seen\n{names}")
    return KernelLines((LINE,), {}, KernelTables((tmp_path,)))


@pytest.mark.parametrize(
    ("release", "name", "presence"),
    [
        ("5.1.5", "old", "present"),
        ("5.2.3", "old", "present"),
        ("6.3.0", "old", "present"),
        ("4.9.0", "old", "unknown"),
        ("4.9.0", "new", "absent"),
        ("5.1.5", "new", "absent"),
        ("5.5.0", "new", "unknown"),
        ("6.0.7", "new", "possible"),
        ("6.1.0", "new", "possible"),
        ("5.1.5", "fix", "unknown"),
        ("5.1.1", "fix", "absent"),
        ("5.1.30", "fix", "possible"),
        ("5.3.1", "fix", "unknown"),
        ("6.0.7", "fix", "unknown"),
        ("6.1.1", "fix", "absent"),
        ("6.1.30", "both", "unknown"),
        ("5.1.30", "both", "unknown"),
        ("6.3.0", "new", "possible"),
        ("6.3.0", "gone", "unknown"),
        ("6.0.5", "gone", "absent"),
        ("6.3.0", "never", "absent"),
        ("5.1.5", "never", "absent"),
        ("5.1.5", "silent", "unknown"),
    ],
)
def test_between_two_and_never_beyond_one(
    own: KernelLines, release: str, name: str, presence: str
) -> None:
    placed = own.place(release)
    assert placed is not None
    found, _ = own.presence(placed, CapabilityId(f"cpu.{name}"), arch="x86_64")
    assert found.value == presence


def test_a_table_that_names_an_unread_release_is_refused(own: KernelLines, tmp_path: Path) -> None:
    table = tmp_path / "harvested" / "kernels" / "own.csv"
    table.write_text(table.read_text().replace("6.0.0..6.1.9", "6.0.0..6.1.8"))
    placed = own.place("6.1.2")
    assert placed is not None
    with pytest.raises(KnowledgeError, match=r"6\.0\.0\.\.6\.1\.8"):
        own.presence(placed, CapabilityId("cpu.new"), arch="x86_64")


# ---- vendors


def test_vendor_may_have_what_its_base_gained_later() -> None:
    kernels = _knowledge().kernels
    placed = kernels.place("6.4.0-150600.23.25-default")
    assert placed is not None
    asked = {
        name: kernels.presence(placed, CapabilityId(f"cpu.{name}"), arch="x86_64")[0]
        for name in ("avx2", "avx10", "apxf")
    }
    assert asked == {
        "avx2": Presence.POSSIBLE,
        "avx10": Presence.UNKNOWN,
        "apxf": Presence.ABSENT,
    }


@pytest.mark.parametrize(
    ("kernel", "name", "presence"),
    [
        ("4.18.0-372.19.1.el8_6.x86_64", "kvm.xsave_limits_load", "absent"),
        ("4.18.0-372.26.1.el8_6.x86_64", "kvm.xsave_limits_load", "present"),
        ("4.18.0-513.18.2.el8_9.x86_64", "kvm.xsave_limits_load", "present"),
        ("4.18.0-553.el8_10.x86_64", "kvm.xsave_limits_load", "absent"),
        ("5.14.0-362.24.1.el9_3.x86_64", "kvm.xsave_limits_load", "present"),
        ("5.14.0-427.13.1.el9_4.x86_64", "kvm.xsave_limits_load", "absent"),
        ("5.14.0-427.13.1.el9_4.x86_64", "kvm.xsave_oversaves", "absent"),
        ("4.18.0-372.13.1.el8_6.x86_64", "kvm.xsave_oversaves", "present"),
        ("5.15.0", "kvm.xsave_oversaves", "absent"),
    ],
)
def test_what_a_kernel_saves_and_loads_of_a_guests_fpu(
    kernel: str, name: str, presence: str
) -> None:
    kernels = _knowledge().kernels
    placed = kernels.place(kernel)
    assert placed is not None
    found, _ = kernels.presence(placed, CapabilityId(name), arch="x86_64")
    assert found.value == presence


# ---- registers of architectures that nobody listed


def _told_of_registers(*hosts: tuple[str, str]) -> set[str]:
    """Return the rules of what is said about registers between two aarch64 hosts."""
    base = _knowledge()
    groups = [
        HostGroup(
            pool=PoolName("p"),
            kernel=kernel,
            qemu="9.1.0",
            hosts=(HostName(kernel),),
            arch="aarch64",
            present=frozenset({CapabilityId(stated)} if stated else ()),
        )
        for kernel, stated in hosts
    ]
    source, destination = (Profiler(base).profile(group) for group in groups)
    edge = MigrationEdge(source=source, destination=destination)
    return {one.rule.value for one in judge_coverage(edge, base)}


DIGEST, OTHER = "kvm.arm.reglist.0123456789abcdef", "kvm.arm.reglist.fedcba9876543210"


@pytest.mark.parametrize(
    ("one", "other", "is_open"),
    [
        (("6.8.0-47-generic", ""), ("6.8.0-48-generic", ""), False),
        (("6.8.0-47-generic", ""), ("6.8.0-48-generic-64k", ""), False),
        (("6.8.0-47-generic", ""), ("6.11.0-21-generic", ""), True),
        (("5.14.0-427.13.1.el9_4.aarch64", ""), ("5.14.0-427.42.1.el9_4.aarch64", ""), False),
        (("5.14.0-427.42.1.el9_4.aarch64", ""), ("5.14.0-503.11.1.el9_5.aarch64", ""), True),
        (("6.8.0-47-generic", DIGEST), ("6.11.0-21-generic", DIGEST), False),
        (("6.8.0-47-generic", DIGEST), ("6.8.0-48-generic", OTHER), True),
        (("6.8.0-47-generic", DIGEST), ("6.11.0-21-generic", ""), True),
        (("6.12.1", ""), ("6.12.2", ""), True),
    ],
)
def test_kernels_of_one_series_list_the_same_registers(
    one: tuple[str, str], other: tuple[str, str], is_open: bool
) -> None:
    assert _told_of_registers(one, other) == ({"P012"} if is_open else set())


def _registers(row: dict[str, str]) -> frozenset[tuple[str, str]]:
    """Return which registers a read release lists, and for whom, as its table has it."""
    own = [one["release"] for one in READ if _line(one) == _line(row)]
    number = own.index(row["release"])
    return frozenset(
        (cells["name"], cells["given"])
        for cells in _rows(row["line"])
        if cells["arch"] == row["arch"] and _is_in(cells["releases"], number, own)
    )


def test_releases_of_one_branch_list_the_registers_that_their_rows_promise() -> None:
    """Every read release of an arm64 line, beside the others of its branch."""
    branches: dict[tuple[str, tuple[int, ...]], list[frozenset[tuple[str, str]]]] = {}
    lines = {line.name: line for line in _knowledge().kernels.lines}
    for row in READ:
        line = lines[row["line"]]
        if row["arch"] == "aarch64":
            branch = (line.name, line.branch.of(line.key_of(row["release"])))
            unsteady = line.branch.unsteady | (line.branch.gains or frozenset())
            kept = frozenset(one for one in _registers(row) if one[0] not in unsteady)
            branches.setdefault(branch, []).append(kept)
    assert sum(len(lists) > 1 for lists in branches.values()) >= 14
    assert [branch for branch, lists in branches.items() if len(set(lists)) > 1] == []


@pytest.mark.parametrize(
    ("text", "register", "presence"),
    [
        ("6.8.0-47-generic", "s3_0_c2_c0_3", Presence.POSSIBLE),
        ("6.8.0-47-generic", "std_bmap", Presence.PRESENT),
        ("6.8.0-47-generic", "vendor_hyp_bmap_2", Presence.ABSENT),
        ("5.15.0-130-generic", "std_bmap", Presence.ABSENT),
        ("5.15.0-130-generic", "smccc_arch_workaround_3", Presence.PRESENT),
        ("5.4.0-90-generic", "smccc_arch_workaround_3", Presence.UNKNOWN),
        ("6.11.0-21-generic", "s3_3_c14_c2_1", Presence.PRESENT),
        ("5.14.0-427.13.1.el9_4.aarch64", "std_bmap", Presence.PRESENT),
        ("4.18.0-372.9.1.el8.aarch64", "smccc_arch_workaround_3", Presence.ABSENT),
        ("4.18.0-425.3.1.el8.aarch64", "smccc_arch_workaround_3", Presence.PRESENT),
    ],
)
def test_registers_of_kernels(text: str, register: str, presence: Presence) -> None:
    kernels = _knowledge().kernels
    placed = kernels.place(text)
    assert placed is not None
    name = CapabilityId(f"kvm.reg.{register}")
    assert kernels.presence(placed, name, arch="aarch64")[0] is presence


def test_a_digest_of_registers_can_be_stated() -> None:
    base = _knowledge()
    assert base.canonical(DIGEST) == DIGEST
    assert base.canonical("kvm.arm.reglist.nonsense") is None
    assert base.canonical("kvm.cap.xcrs.0123456789abcdef") is None


# ---- what was read, and how the rest is known


def test_coverage_names_every_read_release() -> None:
    told = list(coverage(_knowledge()))
    kernels = {(one.line, one.arch): one.releases for one in told if one.kind == "kernel"}
    assert sum(len(releases) for releases in kernels.values()) == len(READ)
    assert kernels["el9", "x86_64"][0].startswith("5.14.0-70.")
    assert {one.arch for one in told if one.kind == "qemu"} >= {"x86_64", "aarch64"}


def test_what_could_not_be_read_is_named() -> None:
    kernels = _knowledge().kernels
    lines = {line.name for line in kernels.lines}
    unread = {row.line: row for row in _knowledge().unread_kernels}
    assert set(unread) <= lines
    assert {"proxmox", "ubuntu", "sles", "uek7", "uek8", "el10"} <= set(unread)
    read = {row["line"] for row in READ}
    for line, row in unread.items():
        assert (row.releases == "all") == (line not in read), line


@pytest.mark.parametrize(
    ("text", "capability", "presence"),
    [
        ("5.15.107-2-pve", "kvm.xsave_oversaves", Presence.UNKNOWN),
        ("5.15.0-130-generic", "kvm.xsave_oversaves", Presence.UNKNOWN),
        ("5.15.0-1053-azure", "kvm.xsave_oversaves", Presence.UNKNOWN),
        ("5.15.135", "kvm.xsave_oversaves", Presence.ABSENT),
        ("6.8.12-8-pve", "kvm.xsave_oversaves", Presence.ABSENT),
        ("6.2.16-3-pve", "kvm.xsave_limits_load", Presence.PRESENT),
        ("6.2.16-4-pve", "kvm.xsave_limits_load", Presence.UNKNOWN),
        ("6.2.16-5-pve", "kvm.xsave_limits_load", Presence.ABSENT),
        ("6.5.11-4-pve", "kvm.xsave_limits_load", Presence.ABSENT),
        ("6.5.0", "kvm.xsave_limits_load", Presence.PRESENT),
    ],
)
def test_kernels_over_a_base_of_ubuntu_carry_protection_keys_out_and_take_them(
    text: str, capability: str, presence: Presence
) -> None:
    """Guests of 5.15 hung on 6.2 kernels: the vendor's patch says so, and mends later ones."""
    placed = _knowledge().kernels.place(text)
    assert placed is not None
    found, _ = _knowledge().kernels.presence(placed, CapabilityId(capability), arch="x86_64")
    assert found is presence


def test_rows_of_cpus_are_read_and_not_remembered() -> None:
    found = rows_by_evidence(shipped_data())
    assert found["harvested/kernels/"]["harvested"] > 4000
    for place in ("cpu_features.toml", "cpu_vendors.toml", "cpu_generations.toml", "cpu_bits.toml"):
        assert "memory" not in found[place], place
    kernels = _knowledge().kernels
    remembered = {
        row.capability
        for line in kernels.lines
        for rows in line.changes.values()
        for row in rows
        if row.evidence is Evidence.MEMORY and row.capability.startswith("cpu.")
    }
    assert remembered == set()


def test_the_table_of_evidence_has_every_folder() -> None:
    """`make knowledge` writes the numbers anew; a folder that is missing there is told here."""
    page = (shipped_data().parent / "docs" / "knowledge.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([^`]+)`", page, re.M) == list(rows_by_evidence(shipped_data()))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("6.99.0-1-amd64", "no Linux 6.99 is known"),
        ("4.21.3", "no Linux 4.21 is known"),
        ("5.10.999", "Linux 5.10 was read up to"),
        ("6.12.999+deb13-amd64", "Linux 6.12 was read up to"),
        ("5.10.100", ""),
        ("6.1.0-40-amd64", ""),
        ("6.8.0-51-generic", ""),
        ("5.14.0-570.12.1.el9_6.x86_64", ""),
    ],
)
def test_a_kernel_past_all_that_was_read_is_told_to_be_inferred(text: str, told: str) -> None:
    kernels = _knowledge().kernels
    placed = kernels.place(text)
    assert placed is not None
    doubt = kernels.doubt(placed, "x86_64")
    assert doubt.startswith(told) if told else not doubt


@pytest.mark.parametrize(
    ("text", "presence"),
    [
        ("5.15.100", Presence.PRESENT),
        ("5.17.3", Presence.ABSENT),
        ("5.19.11", Presence.ABSENT),
        ("5.19.12", Presence.PRESENT),
        ("6.1.100", Presence.PRESENT),
        ("5.14.0-162.23.1.el9_1.x86_64", Presence.ABSENT),
        ("5.14.0-200.el9.x86_64", Presence.UNKNOWN),
        ("5.14.0-284.11.1.el9_2.x86_64", Presence.PRESENT),
        ("4.18.0-372.19.1.el8_6.x86_64", Presence.PRESENT),
        ("4.18.0-425.3.1.el8.x86_64", Presence.ABSENT),
        ("4.18.0-553.el8_10.x86_64", Presence.PRESENT),
    ],
)
def test_which_kernels_keep_the_registers_of_a_guest_without_xsave(
    text: str, presence: Presence
) -> None:
    placed = _knowledge().kernels.place(text)
    assert placed is not None
    name = CapabilityId("kvm.xsave_keeps_legacy")
    assert _knowledge().kernels.presence(placed, name, arch="x86_64")[0] is presence


@pytest.mark.parametrize(
    ("cpu", "source", "destination", "is_told"),
    [
        ("Nehalem", "5.18.10", "6.1.100", True),
        ("Nehalem", "6.1.100", "5.18.10", True),
        ("Nehalem", "5.15.100", "6.1.100", False),
        ("Haswell-noTSX", "5.18.10", "6.1.100", False),
    ],
)
def test_a_guest_without_xsave_loses_its_registers_on_kernels_with_the_fault(
    cpu: str, source: str, destination: str, is_told: bool
) -> None:
    edge = _edge(source, destination)
    start = GuestStart(
        baseline=Baseline(machine_type="pc-q35-7.2"), devices=(), cpu=GuestCpu.parse(cpu)
    )
    found = judge(edge, start, _knowledge()).objections
    told = [one for one in found if one.unit == "cpu/fpu-without-xsave" and not one.is_gap]
    assert bool(told) is is_told
