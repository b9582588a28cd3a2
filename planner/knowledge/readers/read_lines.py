"""Rows of kernel lines, QEMU build lines, and intervals of known builds as values."""

from __future__ import annotations

import re
from collections.abc import Iterable

from planner.domain.capability import Capability, CapabilityId, Evidence
from planner.domain.errors import nearest
from planner.knowledge.files.rows import Row, release_key, versions
from planner.knowledge.kernel.kernel_line import (
    EFFECTS,
    TRUSTS,
    CapabilityChange,
    KernelLine,
    RegistersAlike,
)
from planner.knowledge.kernel.kernel_looks import Branch
from planner.knowledge.qemu.build_line import (
    Alike,
    BuildLine,
    Grammar,
    Keeps,
    KnownBuild,
    known_key,
)
from planner.knowledge.qemu.builds import BuildLines
from planner.knowledge.qemu.machine_types import expand
from planner.knowledge.sites import NUMBER, numbered


def read_capability(row: Row) -> Capability:
    """Read a row of the catalogue."""
    return row.make(
        Capability,
        with_cpu=frozenset(CapabilityId(f"cpu.{name}") for name in row.texts("with_cpu")),
    )


def read_pattern(row: Row, *groups: str, key: str = "match") -> re.Pattern[str]:
    """Compile the pattern under `key`; it must have one of the named `groups`, if any are asked for."""
    pattern = row.pattern(key)
    if groups and not set(groups) & set(pattern.groupindex):
        hint = " or ".join(f"(?P<{group}>...)" for group in groups)
        raise row.fail(f"key '{key}' does not say where the release is", f"write {hint}")
    return pattern


def read_series(row: Row) -> re.Pattern[str] | None:
    """Compile the pattern of texts that name a series and no release, if the line has such."""
    return read_pattern(row, key="series") if row.text("series", "") else None


def read_kernel_line(row: Row) -> KernelLine:
    """Read a file of kernel_caps/."""
    changes: dict[CapabilityId, tuple[CapabilityChange, ...]] = {}
    for cells in row.rows("change"):
        change = read_change(cells)
        changes[change.capability] = (*changes.get(change.capability, ()), change)
    row.for_people("notes")
    return row.make(
        KernelLine,
        name=row.text("line"),
        pattern=read_pattern(row, "release", "base"),
        trust=row.word("trust", TRUSTS),
        series=read_series(row),
        known=versions(row.texts("known")),
        ends=versions(row.texts("ends")),
        registers=read_registers(row.table("registers")),
        branch=read_branch(row.table("branch")),
        changes=changes,
    )


def read_registers(row: Row) -> RegistersAlike | None:
    """Read on which architectures all releases of a branch list the same registers."""
    if not row.cells:
        return None
    return row.make(RegistersAlike)


def read_branch(row: Row) -> Branch:
    """Read how the releases of a line follow each other; without a word, the first two numbers tell."""
    if not row.cells:
        return Branch(numbers=2)
    may_gain = frozenset(row.texts("gains"))
    return row.make(
        Branch,
        gains=None if "*" in may_gain else may_gain,
        is_trunk=row.truth("trunk"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_change(row: Row) -> CapabilityChange:
    """Read a gain or loss of a kernel line."""
    row.for_people("notes")
    absent, present = row.release("absent_in", ""), row.release("present_in", "")
    return row.make(
        CapabilityChange,
        effect=row.word("effect", EFFECTS),
        last_seen=absent or present,
        older_unknown=row.word("before", ("unknown",), "") == "unknown",
    )


def read_build_line(row: Row) -> BuildLine:
    """Read a file of qemu_builds/."""
    name = row.text("line")
    row.for_people("vendor", "notes")
    pattern = read_pattern(row, "version")
    return row.make(
        BuildLine,
        name=name,
        pattern=pattern,
        series=read_series(row),
        published=read_pattern(row, key="published") if row.text("published", "") else None,
        is_reference=row.truth("reference"),
        builds=tuple(read_known_build(cells, name, pattern) for cells in row.rows("build")),
        alike=tuple(read_alike(cells) for cells in row.rows("alike")),
        grammars=tuple(cells.make(Grammar) for cells in row.rows("grammar")),
        keeps=tuple(read_keeps(cells) for cells in row.rows("keeps")),
        versions={cells.text("packages"): read_version(cells) for cells in row.rows("version")},
    )


def read_alike(row: Row) -> Alike:
    """Read a vendor's word that updates of one package keep types, properties and stream."""
    return row.make(Alike, pattern=row.pattern("updates"))


def read_keeps(row: Row) -> Keeps:
    """Read a vendor's word that later builds drop no machine type."""
    row.for_people("says")
    return row.make(
        Keeps,
        of_reference=row.word("types", ("own", "reference")) == "reference",
        series=read_series(row),
    )


def read_version(row: Row) -> tuple[int, ...]:
    """Read the upstream version of packages whose text hides it."""
    row.choice("evidence", Evidence)
    row.text("source")
    return row.release("version")


def read_known_build(row: Row, line: str, pattern: re.Pattern[str]) -> KnownBuild:
    """Read a known build of a line."""
    release = row.text("release")
    version = release if "-rc" in release else release.partition("-")[0]
    row.for_people("notes")
    return row.make(
        KnownBuild,
        line=line,
        release=release,
        key=known_key(pattern, release),
        version=release_key(version),
        aliases={name: str(value) for name, value in row.names("aliases").items()},
    )


def read_refs(row: Row, key: str, builds: BuildLines) -> frozenset[str]:
    """Read intervals of known builds per build line as refs."""
    lines = row.table(key)
    return frozenset(
        ref for line in lines.cells for ref in read_interval(lines, line, line, builds)
    )


def read_refs_of_kin(row: Row, key: str, builds: BuildLines) -> frozenset[str]:
    """Read intervals of known builds as refs, with the builds of lines that the row does not name.

    What is true of a release is true of what vendors make of it, unless a row says otherwise. Under
    `version` stand the numbers of releases that nobody need have read; one that was read is meant too
    where it brackets another build.
    """
    lines = row.table(key)
    named = {
        line: read_interval(lines, line, line, builds) for line in lines.cells if line != NUMBER
    }
    refs = _numbered(lines.texts(NUMBER), builds).union(*named.values())
    own = named.get(builds.reference.name) if builds.reference is not None else None
    if not own:
        return refs
    versions = sorted(builds.known[ref].version for ref in own)
    last = builds.reference.builds[-1].version if builds.reference is not None else ()
    kin = (build for build in builds.known.values() if build.line not in named)
    return refs | {
        build.ref
        for build in kin
        if versions[0] <= build.version <= versions[-1]
        or (versions[-1] == last and build.version > last)
    }


def _numbered(releases: Iterable[str], builds: BuildLines) -> frozenset[str]:
    """Return releases by their numbers, and as refs those of the reference line that were read."""
    line = builds.reference
    own = (
        frozenset(one.ref for one in line.builds if one.release in releases)
        if line
        else frozenset()
    )
    return own.union(numbered(text) for text in releases)


def read_interval(row: Row, key: str, line: str, builds: BuildLines) -> frozenset[str]:
    """Read the intervals under `key` over the known builds of `line` as refs."""
    intervals = row.texts(key)
    if line not in builds.by_name:
        hint = nearest(line, builds.by_name) or "no such file in qemu_builds/"
        raise row.fail(f"'{line}' is no build line", hint)
    try:
        return expand(builds, line, intervals)
    except KeyError as error:
        raise row.fail(f"{line} has no known build for {error}") from error
