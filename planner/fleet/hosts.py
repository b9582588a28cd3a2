"""fleet.csv to `Fleet`: the meaning of its columns; no capability is implied here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import cast

from planner.domain.errors import FleetError, Problem, quoted
from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.fleet.loose_cells import loose_cells
from planner.fleet.probe_file import Probed, read_probe
from planner.fleet.tables.columns import in_order
from planner.fleet.tables.grouping import Columns, GroupedRows, RowProblems, read_grouped
from planner.fleet.tables.sources import name_of
from planner.fleet.tables.table_file import open_table
from planner.fleet.vocabulary import Vocabulary
from planner.fleet.words import Cells, Stated, read_capabilities

ARCHITECTURES = ("x86_64", "aarch64", "s390x", "ppc64")
PROBE_AGAIN = "probe the host again, or correct the row"
DEFAULT_POOL = PoolName("default")
PLANNING = (
    "failure_domain",
    "target_kernel",
    "target_qemu",
    "vcpus",
    "memory_gib",
    "used_vcpus",
    "used_memory_gib",
    "blackout",
)
FLEET = Columns(
    name="host",
    keys=("pool", "arch", "kernel", "qemu", "cpu", "capabilities", "probe"),
    required=("host", "kernel", "qemu"),
    allowed=PLANNING,
    numbers=("vcpus", "memory_gib", "used_vcpus", "used_memory_gib"),
    unique=("host",),
    open=True,
    others=(
        ("machine_type", "this is a guests file: planner solve FLEET --guests {file}"),
        ("guest", "this is a guests file: planner solve FLEET --guests {file}"),
    ),
)


def read_fleet(path: Path, vocabulary: Vocabulary, *, strict: bool = False) -> Fleet:
    """Read a fleet file, CSV or Parquet; raises `FleetError` with every problem of every row.

    A kernel or a QEMU that fits no line is a problem if `strict` or if no row is without one; else the
    fleet tells of it, and of these hosts nothing is known. `loose` of the fleet tells what is
    hardly read as it was meant; what no row reads of it is a problem if `strict`.
    """
    found = read_groups(path, vocabulary)
    groups = tuple(group for _, group in found.rows)
    loose = loose_cells(groups, vocabulary)
    if strict:
        found.problems.extend(loose.wrong)
    found.refuse(strict=strict)
    return Fleet(
        groups=groups,
        source=name_of(path),
        unplaced=tuple(found.unplaced.all()),
        unread=found.unread,
        loose=loose.told,
    )


@dataclass(frozen=True, slots=True)
class HostRows:
    """Rows of a fleet with their groups; `wrong` gathers what is not right with their cells.

    `unplaced` gathers the kernels and builds that fit no line, `placed` are the groups without one;
    `unread` names the columns that nobody reads.
    """

    rows: list[tuple[GroupedRows, HostGroup]]
    problems: list[Problem]
    wrong: RowProblems
    unplaced: RowProblems
    placed: list[HostGroup] = field(default_factory=list)
    unread: tuple[Problem, ...] = ()

    def refuse(self, *, strict: bool = False) -> None:
        """Raise `FleetError` with every problem of every row, if there is one."""
        problems = [*self.problems, *self.wrong.all()]
        if strict or not self.placed:
            problems += self.unplaced.all()
        if problems:
            raise FleetError(problems)


def read_groups(path: Path, vocabulary: Vocabulary, apart: tuple[str, ...] = ()) -> HostRows:
    """Read rows that agree in every column, the columns `apart` included, with their group."""
    file = open_table(path)
    columns = replace(FLEET, keys=(*FLEET.keys, *apart)) if apart else FLEET
    grouped = read_grouped(file, columns)
    unplaced = RowProblems(file.name)
    wrong = RowProblems(file.name)
    found = HostRows([], grouped.problems, wrong, unplaced, unread=grouped.unread)
    reader = _HostReader(path.parent, vocabulary, file.name, found.problems, found.wrong, unplaced)
    for row in grouped.rows:
        group = reader.read(row)
        if group is not None:
            found.rows.append((row, group))
            if reader.is_placed(group):
                found.placed.append(group)
    found.rows.sort(key=lambda row: (len(row[1].hosts[0]), row[1].hosts[0]))
    return found


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the capabilities and the probe of a row state together, and the probe itself."""

    stated: Stated
    probed: Probed | None


@dataclass(slots=True)
class _HostReader:
    """Reads rows of hosts; equal capabilities and probes once."""

    folder: Path
    vocabulary: Vocabulary
    file: str
    problems: list[Problem]
    wrong: RowProblems
    unplaced: RowProblems
    _seen: dict[tuple[str, str], _Facts | None] = field(default_factory=dict)
    _placed: dict[tuple[str, str], bool] = field(default_factory=dict)

    def read(self, row: GroupedRows) -> HostGroup | None:
        """Return the hosts of a row, None if a cell is wrong or a required one is empty."""
        cells = row.values
        words = (cells.get("capabilities", ""), cells.get("probe", ""))
        facts = self._facts_of(words, row)
        fits = self._is_known_arch(row) & self._is_own_probe(row, facts) & self._is_placed(row)
        if facts is None or not fits or not all(cells.get(name) for name in ("kernel", "qemu")):
            return None
        if not self._is_own_kernel(row):
            return None
        present, absent = facts.stated
        return HostGroup(
            pool=PoolName(cells.get("pool") or DEFAULT_POOL),
            kernel=cells["kernel"],
            qemu=cells["qemu"],
            hosts=cast("tuple[HostName, ...]", in_order(row.names)),
            arch=self._arch_of(row),
            cpu=cells.get("cpu", ""),
            present=present,
            absent=absent,
            probe=words[1],
            hardware=() if facts.probed is None else facts.probed.hardware,
            build_doubt=_build_doubt(cells["qemu"], facts.probed),
            line=row.line or 0,
            file=self.file,
        )

    def _facts_of(self, words: tuple[str, str], row: GroupedRows) -> _Facts | None:
        """Return what a host states of itself: the probe beats the declared tokens."""
        if words not in self._seen:
            self._seen[words] = self._read_facts(words, row)
        return self._seen[words]

    def _read_facts(self, words: tuple[str, str], row: GroupedRows) -> _Facts | None:
        cells = Cells(row.values)
        stated = cells.read("capabilities", partial(read_capabilities, vocabulary=self.vocabulary))
        for column, what in cells.wrong:
            self.wrong.add(row.line, column, what)
        probed = self._probed(words[1], row)
        if stated is None:
            return None
        if probed is None:
            return _Facts(stated, None)
        (present, absent), (answered, missing) = stated, probed.stated
        return _Facts(((present - missing) | answered, (absent - answered) | missing), probed)

    def _probed(self, name: str, row: GroupedRows) -> Probed | None:
        if not name:
            return None
        try:
            return read_probe(self.folder / name, self.vocabulary)
        except FleetError as error:
            for one in error.problems:
                self.wrong.add(
                    row.line, "probe", f"{one.location}: {one.what}", partial(str, one.remedy)
                )
            return None

    def _is_known_arch(self, row: GroupedRows) -> bool:
        arch = row.values.get("arch", "")
        if not arch or self._named_arch(arch):
            return True
        what = f"{quoted(arch)} is not an architecture"
        meant = self.vocabulary.arch_of(arch.lower())
        allowed = f"allowed: {', '.join(ARCHITECTURES)}"
        remedy = f"did you mean '{meant}'?" if meant else allowed
        self.wrong.add(row.line, "arch", what, lambda: remedy)
        return False

    def _named_arch(self, text: str) -> str:
        """Return the architecture that a whole text is a name of, as dpkg and Go write it too."""
        if text in ARCHITECTURES:
            return text
        return self.vocabulary.arch_of(text) if text.isidentifier() else ""

    def _arch_of(self, row: GroupedRows) -> str:
        """Return the architecture of a row: its own word, else what its kernel names."""
        stated = row.values.get("arch", "")
        named = self._named_arch(stated) or stated
        return named or self.vocabulary.arch_of(row.values["kernel"]) or ARCHITECTURES[0]

    def _is_own_kernel(self, row: GroupedRows) -> bool:
        """Whether the kernels of a row, today's and the one to go to, are of its architecture."""
        fits, arch = True, self._arch_of(row)
        for column in ("kernel", "target_kernel"):
            text = row.values.get(column, "")
            named = self.vocabulary.arch_of(text)
            if named and named != arch:
                what = f"{quoted(text)} is a kernel of {named}, not of {arch}"
                remedy = f"say {named} in the column arch, or correct the kernel"
                self.wrong.add(row.line, column, what, lambda remedy=remedy: remedy)  # type: ignore[misc]
                fits = False
        return fits

    def _is_placed(self, row: GroupedRows) -> bool:
        """Whether kernel and QEMU to go to have a line; each text without one is told once.

        Those that run today may have none: then nothing is known of these hosts.
        """
        columns = ("kernel", "qemu", "target_kernel", "target_qemu")
        cells = [(column, row.values.get(column, "")) for column in columns]
        fits = [
            self._has_line(cell, row) or not cell[0].startswith("target_")
            for cell in cells
            if cell[1]
        ]
        return all(fits)

    def is_placed(self, group: HostGroup) -> bool:
        """Whether what a group runs today has a line."""
        return all(
            self._placed.get(cell, True)
            for cell in (("kernel", group.kernel), ("qemu", group.qemu))
        )

    def _has_line(self, cell: tuple[str, str], row: GroupedRows) -> bool:
        if cell not in self._placed:
            column, text = cell
            misfit = self.vocabulary.misfit(column.removeprefix("target_"), text)
            self._placed[cell] = misfit is None
            if misfit is not None:
                what, remedy = misfit
                wrong = self.wrong if column.startswith("target_") else self.unplaced
                wrong.add(row.line, column, what, lambda: remedy)
        return self._placed[cell]

    def _is_own_probe(self, row: GroupedRows, facts: _Facts | None) -> bool:
        """Whether a probe is of this row, not of another kernel or another machine."""
        if facts is None or facts.probed is None:
            return True
        arch = self._arch_of(row)
        fits = True
        for column, own, said in (
            ("kernel", row.values["kernel"], facts.probed.kernel),
            ("arch", arch, facts.probed.arch),
        ):
            if said and said != own:
                what = f"{quoted(own)}, but {quoted(said)} answered in {row.values['probe']}"
                self.wrong.add(row.line, column, what, lambda: PROBE_AGAIN)
                fits = False
        return fits


def _build_doubt(qemu: str, probed: Probed | None) -> str:
    """Return why the column `qemu` is doubtful: the probe found builds, and this is none of them."""
    if probed is None or not probed.builds or any(qemu in names for names in probed.builds):
        return ""
    found = ", ".join(min(names, key=len) for names in probed.builds if names)
    return f"QEMU {qemu} of the fleet file is none that the probe found installed ({found})"
