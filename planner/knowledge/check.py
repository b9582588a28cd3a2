"""The rules that rows must obey, one small function each; a rule yields problems, never raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path, PurePath

from planner.domain.capability import NEVER
from planner.domain.errors import Location, Problem
from planner.domain.host import QemuBuild
from planner.domain.migrated import ClauseKind, MigratedUnit
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.files.catalogue import TABLES, Table
from planner.knowledge.files.rows import Row, read_toml
from planner.knowledge.kernel.kernel_line import KernelRelease

OF_TRAITS = {
    ClauseKind.USE,
    ClauseKind.GUEST,
    ClauseKind.ACCELERATOR,
    ClauseKind.ACCELERATOR_LACKS,
}
"""Kinds of clauses whose words are traits."""
Rule = Callable[[KnowledgeBase], Iterable[Problem]]


def check_knowledge(knowledge: KnowledgeBase, roots: Iterable[Path]) -> tuple[Problem, ...]:
    """Return everything that is wrong with the rows: references, examples, order, provenance."""
    tuple(knowledge.cpu_words)
    tuple(knowledge.planes.packages)
    tuple(knowledge.planes.launchers)
    tuple(knowledge.planes.boards)
    tuple(knowledge.planes.aliases)
    tuple(knowledge.messages)  # read late as a rule, so read here: a wrong row raises
    problems = [problem for rule in RULES for problem in rule(knowledge)]
    for root in roots:
        problems += _files(root)
    return tuple(problems)


def _problem(file: str, name: str, what: str, remedy: str) -> Problem:
    return Problem(location=Location(file=file, column=name), what=what, remedy=remedy)


def kernel_examples(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K001: every example of a kernel line lands on its own line."""
    for line in knowledge.kernels.lines:
        for example in line.examples:
            yield from _misplaced(
                "K001", f"kernel_caps/{line.name}.toml", example, knowledge.kernels.place(example)
            )


def kernel_patterns(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K014: no example of a kernel line is an example of another, but of the line for the rest."""
    for line in knowledge.kernels.lines:
        for example in line.examples:
            for other in knowledge.kernels.lines:
                if other is not line and not other.rest and other.pattern.match(example):
                    file = f"kernel_caps/{line.name}.toml"
                    what = f"K014: example '{example}' matches {other.name} as well"
                    yield _problem(file, "match", what, "make the patterns exclude each other")


def build_examples(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K002: every example of a QEMU build line lands on its own line."""
    for line in knowledge.builds.lines:
        for example in line.examples:
            yield from _misplaced(
                "K002", f"qemu_builds/{line.name}.toml", example, knowledge.builds.place(example)
            )


def build_patterns(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K015: no example of a QEMU build line matches the pattern of another line."""
    for line in knowledge.builds.lines:
        for example in line.examples:
            for other in knowledge.builds.lines_of(example):
                if other != line.name:
                    what = f"K015: example '{example}' matches {other} as well"
                    yield _problem(
                        f"qemu_builds/{line.name}.toml",
                        "examples",
                        what,
                        "mend one of the patterns",
                    )


def vendors_words(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K016: what a vendor says to keep, every known build keeps."""
    for line in knowledge.builds.lines:
        for before, after in pairwise(line.builds):
            lost = knowledge.machines.lost_against_word(before, after)
            if lost:
                what = f"K016: {after.release} has no {lost[0]} of {before.release}"
                remedy = "mend the rows alike or keeps, or the rows of the builds"
                yield _problem(f"qemu_builds/{line.name}.toml", "keeps", what, remedy)


def _misplaced(
    rule: str, file: str, example: str, placed: KernelRelease | QemuBuild | None
) -> Iterator[Problem]:
    found = "no line" if placed is None else placed.line
    if found != PurePath(file).stem:
        what = f"{rule}: example '{example}' lands on {found}"
        yield _problem(file, "examples", what, "mend match or order")


def changed_capabilities(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K003: every capability of a kernel row is in the catalogue; `cpu.*` needs no row."""
    for line in knowledge.kernels.lines:
        for capability in line.changes:
            if capability not in knowledge.capabilities and not capability.startswith("cpu."):
                what = f"K003: '{capability}' is not in capabilities.toml"
                yield _problem(f"kernel_caps/{line.name}.toml", "change", what, "add it there")


def changes_in_order(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K004: a bracket ends after it begins."""
    for line in knowledge.kernels.lines:
        for capability, rows in line.changes.items():
            for row in rows:
                if row.last_seen and row.last_seen >= row.release:
                    file = f"kernel_caps/{line.name}.toml"
                    what = f"K004: {capability}: bracket ends before it begins"
                    yield _problem(file, "change", what, "mend absent_in or release")


def inherited_lines(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K005: a line inherits from a line that exists."""
    names = {line.name for line in knowledge.kernels.lines}
    for line in knowledge.kernels.lines:
        if line.inherits and line.inherits not in names:
            what = f"K005: inherits from '{line.inherits}'"
            yield _problem(f"kernel_caps/{line.name}.toml", "inherits", what, "no such line")


def unit_references(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K006: every capability and trait that a unit names has a row."""
    known = set(knowledge.capabilities) | {NEVER}
    for unit in knowledge.units:
        for capability in sorted(unit.capabilities - known):
            if not capability.startswith("cpu."):
                what = f"K006: capability '{capability}' has no row"
                yield _problem("migrated_state", unit.id, what, "add it")
        for word in _traits_of(unit):
            if word not in knowledge.guests.traits:
                what = f"K006: trait '{word}' has no row"
                yield _problem("migrated_state", unit.id, what, "add it to traits.toml")


def _traits_of(unit: MigratedUnit) -> Iterator[str]:
    for clause in unit.when:
        if clause.kind in OF_TRAITS:
            yield from clause.any_of


def compat_references(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K007: every type named after a release has a property list on each reference build with it."""
    for name, row in knowledge.machines.types.items():
        if not row.machine_type.release:
            continue
        for ref in sorted(row.offered):
            line = knowledge.builds.known[ref].line
            if not knowledge.builds.is_reference(line):
                continue
            if knowledge.machines.entries(ref, name) is None:
                what = f"K007: no set on {ref}"
                yield _problem("compat_properties", name, what, "add one, empty if need be")


def ranks(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K008: ranks are unique inside one board and line."""
    counted = Counter(
        (
            row.machine_type.arch,
            row.machine_type.board,
            row.machine_type.line,
            row.machine_type.rank,
        )
        for row in knowledge.machines.types.values()
    )
    for key, number in counted.items():
        if number > 1:
            yield _problem(
                "machine_types",
                key[1],
                f"K008: rank {key[3]} of {key[2]} is given {number} times",
                "make them differ",
            )


def alias_targets(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K009: every alias of a known build names a type that has a row."""
    for build in knowledge.builds.known.values():
        for alias, target in build.aliases.items():
            row = knowledge.machines.types.get(target)
            if row is None:
                yield _problem(
                    f"qemu_builds/{build.line}.toml",
                    build.release,
                    f"K009: alias {alias} means '{target}'",
                    "no such machine type",
                )


def drift_properties(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K010: every drift speaks of a property that has a row."""
    for drift in knowledge.drifts:
        if drift.key not in knowledge.properties:
            yield _problem(
                "compat_drift.toml", str(drift.key), "K010: no row in properties.toml", "add it"
            )


RULES: tuple[Rule, ...] = (
    kernel_examples,
    kernel_patterns,
    build_examples,
    build_patterns,
    vendors_words,
    changed_capabilities,
    changes_in_order,
    inherited_lines,
    unit_references,
    compat_references,
    ranks,
    alias_targets,
    drift_properties,
)


def _files(root: Path) -> Iterator[Problem]:
    """K011: evidence and source in every row; K012: stem equals identity; K013: names once."""
    for path in sorted(root.rglob("*.toml")):
        file = read_toml(path, root)
        identity = next(
            (
                text
                for text in map(file.cells.get, ("line", "board", "file"))
                if isinstance(text, str)
            ),
            None,
        )
        if identity is not None and identity != path.stem:
            what = f"K012: '{identity}' in a file of another name"
            yield _problem(file.file, "identity", what, "rename one")
        for table in TABLES:
            if table.key in file.cells and path.match(table.files):
                yield from _provenance(table, tuple(file.rows(table.key)))


def _provenance(table: Table, rows: tuple[Row, ...]) -> Iterator[Problem]:
    repeated = table.adds_up or table.key == "change"
    seen = Counter(table.name_of(row) for row in rows)
    for row in rows:
        for cell in ("evidence", "source"):
            if not row.cells.get(cell):
                what = f"K011: no {cell}"
                yield _problem(row.file, row.name, what, "say how the fact is known")
        name = table.name_of(row)
        if seen[name] > 1 and not repeated:
            what = f"K013: '{name}' stands {seen[name]} times"
            yield _problem(row.file, row.name, what, "keep one")


def manifest(root: Path) -> dict[str, int]:
    """Return how many rows each file has, by its path and table: what a test counts against."""
    found: dict[str, int] = {}
    for path in sorted(root.rglob("*.toml")):
        file = read_toml(path, root)
        for key, rows in file.cells.items():
            if isinstance(rows, list) and rows and isinstance(rows[0], dict):
                found[f"{file.file}:{key}"] = len(rows)
    return found
