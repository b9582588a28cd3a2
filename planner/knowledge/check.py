"""The rules that rows must obey, one small function each; a rule yields problems, never raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from planner.domain.errors import Location, Problem
from planner.knowledge.base import NEVER, KnowledgeBase
from planner.knowledge.rows import Row, read_toml

Rule = Callable[[KnowledgeBase], Iterable[Problem]]


def check_knowledge(knowledge: KnowledgeBase, roots: Iterable[Path]) -> tuple[Problem, ...]:
    """Return everything that is wrong with the rows: references, examples, order, provenance."""
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
            placed = knowledge.kernels.place(example)
            if placed is None or placed.line != line.name:
                found = "no line" if placed is None else placed.line
                what = f"K001: example '{example}' lands on {found}"
                yield _problem(
                    f"kernel_caps/{line.name}.toml", "examples", what, "mend match or order"
                )


def build_examples(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K002: every example of a QEMU build line lands on its own line."""
    for line in knowledge.builds.lines:
        for example in line.examples:
            placed = knowledge.builds.place(example)
            if placed is None or placed.line != line.name:
                found = "no line" if placed is None else placed.line
                what = f"K002: example '{example}' lands on {found}"
                yield _problem(
                    f"qemu_builds/{line.name}.toml", "examples", what, "mend match or order"
                )


def changed_capabilities(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K003: every capability of a kernel row is in the catalogue; `cpu.*` needs no row."""
    for line in knowledge.kernels.lines:
        for capability in line.changes:
            if capability not in knowledge.capabilities and not capability.startswith("cpu."):
                what = f"K003: '{capability}' is not in capabilities.toml"
                yield _problem(f"kernel_caps/{line.name}.toml", "change", what, "add it there")


def changes_in_order(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K004: effects are known words, and a bracket ends after it begins."""
    for line in knowledge.kernels.lines:
        for capability, rows in line.changes.items():
            for row in rows:
                if row.effect not in {"gain", "loss", "never", "unknown"}:
                    what = f"K004: {capability}: effect '{row.effect}'"
                    yield _problem(
                        f"kernel_caps/{line.name}.toml",
                        "change",
                        what,
                        "gain, loss, never or unknown",
                    )
                if row.last_seen and row.last_seen >= row.release:
                    what = f"K004: {capability}: bracket ends before it begins"
                    yield _problem(
                        f"kernel_caps/{line.name}.toml", "change", what, "mend absent_in or release"
                    )


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
        asked = (
            unit.sent_if,
            unit.captured_if,
            unit.requires,
            unit.refused_by,
            unit.source_requires,
        )
        for capability in sorted(frozenset().union(*asked) - known):
            if not capability.startswith("cpu."):
                yield _problem(
                    "migrated_state",
                    unit.id,
                    f"K006: capability '{capability}' has no row",
                    "add it",
                )
        for clause in unit.when:
            if clause.kind.value in {"use", "guest", "accelerator"}:
                for word in clause.any_of:
                    if word not in knowledge.guests.traits:
                        yield _problem(
                            "migrated_state",
                            unit.id,
                            f"K006: trait '{word}' has no row",
                            "add it to traits.toml",
                        )


def compat_references(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K007: every type that a known upstream build offers has a property list there."""
    for name, row in knowledge.machines.types.items():
        if row.machine_type.board == "microvm":
            continue
        for ref in sorted(row.offered):
            line = knowledge.builds.known[ref].line
            if knowledge.machines.entries(ref, name) is None and line == "upstream":
                yield _problem(
                    "compat_properties", name, f"K007: no set on {ref}", "add one, empty if need be"
                )


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
    build_examples,
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
    """K011: evidence and source in every row; K012: stem equals identity; K013: ids once."""
    for path in sorted(root.rglob("*.toml")):
        file = read_toml(path, root)
        identity = next(
            (file.cells[key] for key in ("line", "board", "file") if key in file.cells), None
        )
        if identity is not None and identity != path.stem:
            yield _problem(
                file.file, "identity", f"K012: '{identity}' in a file of another name", "rename one"
            )
        for key, rows in file.cells.items():
            if isinstance(rows, list) and rows and isinstance(rows[0], dict):
                yield from _provenance(file, key, rows)


def _provenance(file: Row, key: str, rows: list[dict[str, object]]) -> Iterator[Problem]:
    seen = Counter(_identity(row) for row in rows)
    for index, row in enumerate(rows, start=1):
        for cell in ("evidence", "source"):
            if not row.get(cell):
                yield _problem(
                    file.file, f"{key}[{index}]", f"K011: no {cell}", "say how the fact is known"
                )
        name = _identity(row)
        if name and seen[name] > 1:
            yield _problem(
                file.file,
                f"{key}[{index}]",
                f"K013: '{name}' stands {seen[name]} times",
                "keep one",
            )


def _identity(row: dict[str, object]) -> str:
    """Return what must be unique in a table: the id, or the name with the device it belongs to."""
    parts = (row.get("id") or row.get("name") or "", row.get("device", ""), row.get("bit", ""))
    return " ".join(str(part) for part in parts if part != "")


def manifest(root: Path) -> dict[str, int]:
    """Return how many rows each file has, by its path and table: what a test counts against."""
    found: dict[str, int] = {}
    for path in sorted(root.rglob("*.toml")):
        file = read_toml(path, root)
        for key, rows in file.cells.items():
            if isinstance(rows, list) and rows and isinstance(rows[0], dict):
                found[f"{file.file}:{key}"] = len(rows)
    return found
