"""One row of a data file to one value, a function per table; opens no file."""

from __future__ import annotations

import re
from typing import cast

from planner.domain.capability import Capability, CapabilityId, Evidence, FixedBy
from planner.domain.compat import Drift, PropertyKey, PropertyRow, Visible
from planner.domain.machine_type import Removal
from planner.domain.migrated import Clause, ClauseKind, Consequence, Gate, MigratedUnit
from planner.domain.truth import Truth
from planner.knowledge.builds import BuildLine, BuildLines, KnownBuild
from planner.knowledge.calendar import ReleaseCalendar
from planner.knowledge.guests import GuestImpact
from planner.knowledge.hardware import CpuVendor, VendorCrossing
from planner.knowledge.kernels import Change, KernelLine
from planner.knowledge.rows import Row, release_key, versions
from planner.knowledge.sites import Fault, Observation, Side
from planner.knowledge.tables import expand


def read_capability(row: Row) -> Capability:
    """Read a row of the catalogue."""
    return Capability(
        id=CapabilityId(row.text("id")),
        kind=row.text("kind"),
        fixed_by=row.choice("fixed_by", FixedBy),
        meaning=row.text("meaning"),
        probe=row.text("probe", ""),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
        arch=row.texts("arch"),
        aliases=row.texts("aliases"),
        implies=tuple(CapabilityId(name) for name in row.texts("implies")),
    )


def read_pattern(row: Row) -> re.Pattern[str]:
    """Compile the `match` key of a line."""
    try:
        return re.compile(row.text("match"))
    except re.error as error:
        raise row.fail(f"key 'match' is not a pattern: {error}") from error


def read_kernel_line(row: Row) -> KernelLine:
    """Read a file of kernel_caps/."""
    changes: dict[CapabilityId, tuple[Change, ...]] = {}
    for cells in row.rows("change"):
        change = read_change(cells)
        cells.done()
        changes[change.capability] = (*changes.get(change.capability, ()), change)
    line = KernelLine(
        name=row.text("line"),
        order=row.number("order"),
        title=row.text("title"),
        pattern=read_pattern(row),
        examples=row.texts("examples"),
        trust=row.text("trust"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
        inherits=row.text("inherits", ""),
        base=row.text("base", ""),
        known=versions(row.texts("known")),
        arch=row.texts("arch"),
        changes=changes,
    )
    row.text("notes", "")
    row.done()
    return line


def read_change(row: Row) -> Change:
    """Read a gain or loss of a kernel line."""
    row.text("notes", "")
    row.text("present_in", "")
    return Change(
        capability=CapabilityId(row.text("capability")),
        effect=row.text("effect"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
        release=release_key(row.text("release", "")),
        last_seen=release_key(row.text("absent_in", "") or row.text("present_in", "")),
        series=release_key(row.text("series", "")),
        older_unknown=row.text("before", "") == "unknown",
        arch=row.texts("arch"),
    )


def read_build_line(row: Row) -> BuildLine:
    """Read a file of qemu_builds/."""
    name = row.text("line")
    builds = []
    for cells in row.rows("build"):
        builds.append(read_known_build(cells, name))
        cells.done()
    line = BuildLine(
        name=name,
        order=row.number("order"),
        title=row.text("title"),
        pattern=read_pattern(row),
        examples=row.texts("examples"),
        tables=row.text("tables", ""),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
        builds=tuple(builds),
    )
    row.text("vendor", "")
    row.text("notes", "")
    row.done()
    return line


def read_known_build(row: Row, line: str) -> KnownBuild:
    """Read a known build of a line."""
    release = row.text("release")
    version = release if "-rc" in release else release.partition("-")[0]
    row.text("notes", "")
    return KnownBuild(
        line=line,
        release=release,
        key=release_key(release),
        version=release_key(version),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
        date=row.text("date", ""),
        candidate_of=row.text("candidate_of", ""),
        aliases={name: str(value) for name, value in row.mapping("aliases").items()},
    )


def read_intervals(row: Row, key: str, builds: BuildLines) -> frozenset[str]:
    """Read intervals of known builds per build line as refs."""
    refs = set[str]()
    for line, intervals in row.mapping(key).items():
        if line not in builds.by_name:
            raise row.fail(f"{key} names the build line '{line}'", "no such file in qemu_builds/")
        try:
            refs |= expand(builds, line, cast("list[str]", intervals))
        except KeyError as error:
            raise row.fail(f"{key}.{line}: no known build for {error}") from error
    return frozenset(refs)


def read_property(row: Row) -> PropertyRow:
    """Read a row of properties.toml."""
    for key in ("backported", "notes"):
        row.asked.add(key)
    row.text("seen_in", "")
    found = PropertyRow(
        key=PropertyKey(qom_type=row.text("qom_type"), property=row.text("property")),
        visible=row.choice("visible", Visible),
        kind=row.text("kind", ""),
        devices=row.texts("devices"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
        offered_since=row.text("offered_since", ""),
        offered_until=row.text("offered_until", ""),
        gone_by=row.text("gone_by", ""),
        older_unknown=row.text("before", "") == "unknown",
        gates=row.text("gates", ""),
        default=row.text("default", ""),
    )
    row.done()
    return found


def read_drift(row: Row) -> Drift:
    """Read a row of compat_drift.toml."""
    return Drift(
        key=PropertyKey(qom_type=row.text("qom_type"), property=row.text("property")),
        machine_types=row.text("machine_types"),
        hazard=row.text("class") == "hazard",
        reason=row.text("reason"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_capability_ids(row: Row, key: str) -> frozenset[CapabilityId]:
    """Read a list of capability ids."""
    return frozenset(CapabilityId(name) for name in row.texts(key))


def read_clause(row: Row) -> Clause:
    """Read a claim about guests."""
    return Clause(
        kind=row.choice("kind", ClauseKind),
        any_of=row.texts("any_of"),
        default=row.choice("default", Truth, Truth.UNKNOWN),
        price=row.text("price", ""),
    )


def read_gate(row: Row, default: str) -> Gate:
    """Read a gate of a unit."""
    emits = frozenset(row.texts("emits_when"))
    return Gate(
        key=PropertyKey.parse(row.text("property")),
        emits_when=emits,
        emits_by_default=default in emits,
    )


def read_unit(row: Row) -> MigratedUnit:
    """Read a migrated unit."""
    flag = row.text("flag", "")
    lack = row.mapping("lack")
    plain = Consequence(lack.get("plain", "loses-state"))
    default = row.text("default_gate", "on")
    return MigratedUnit(
        id=row.text("id"),
        covers=row.text("covers"),
        title=row.text("title"),
        kind=row.text("kind"),
        arch=row.text("arch", "x86_64"),
        state=row.text("state"),
        sent=row.text("sent"),
        since=release_key(row.text("since")),
        until=release_key(row.text("until", "")),
        absent_in=release_key(row.text("absent_in", "")),
        also=versions(row.texts("also")),
        when=tuple(read_clause(clause) for clause in row.rows("when")),
        gates=tuple(read_gate(gate, default) for gate in row.rows("gates")),
        flag=PropertyKey.parse(flag) if flag else None,
        visible=row.choice("visible", Visible, Visible.STREAM),
        bits=row.numbers("bits"),
        sent_if=read_capability_ids(row, "sent_if"),
        captured_if=read_capability_ids(row, "captured_if"),
        requires=read_capability_ids(row, "requires"),
        refused_by=read_capability_ids(row, "refused_by"),
        lack_plain=plain,
        lack_libvirt=Consequence(lack.get("libvirt", plain.value)),
        source_requires=read_capability_ids(row, "source_requires"),
        source_lack=row.choice("source_lack", Consequence, Consequence.BLOCKED_AT_SOURCE),
        host_condition=row.text("host_condition", ""),
        cpu_features=row.truth("cpu_features"),
        known_before=row.truth("known_before"),
        severity=row.text("severity"),
        exposure=row.text("exposure"),
        symptom=row.text("symptom"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_impact(row: Row) -> GuestImpact:
    """Read a row of guest_impacts.toml."""
    return GuestImpact(
        id=row.text("id"),
        board=row.text("board"),
        crossing=row.text("crossing"),
        trait=row.text("trait"),
        text=row.text("text"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_refs(row: Row, key: str, builds: BuildLines) -> frozenset[str]:
    """Read intervals of known builds."""
    return read_intervals(row, key, builds)


def read_fault(row: Row, builds: BuildLines) -> Fault:
    """Read a row of faults.toml."""
    return Fault(
        id=row.text("id"),
        builds=read_refs(row, "builds", builds),
        against=read_refs(row, "against", builds),
        direction=row.text("direction"),
        machine_types=frozenset(row.texts("machine_types")),
        devices=row.texts("devices"),
        consequence=row.choice("consequence", Consequence),
        reason=row.text("reason"),
        workaround=row.text("workaround", ""),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_calendar(row: Row) -> ReleaseCalendar:
    """Read a row of release_calendar.toml."""
    return ReleaseCalendar(
        line=row.text("line"),
        year_of_major_0=row.number("year_of_major_0"),
        months=row.numbers("months"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_cpu_vendor(row: Row) -> CpuVendor:
    """Read a vendor of cpu_vendors.toml; its examples must match its own pattern."""
    try:
        match = re.compile(row.text("match"))
    except re.error as error:
        raise row.fail(f"key 'match' is no regular expression: {error}") from error
    examples = row.texts("examples")
    for text in examples:
        if not match.search(text):
            raise row.fail(f"example '{text}' does not match")
    return CpuVendor(
        name=row.text("name"),
        match=match,
        bare=frozenset(row.texts("bare")),
        examples=examples,
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_crossing(row: Row) -> VendorCrossing:
    """Read a crossing of cpu_vendors.toml."""
    return VendorCrossing(
        id=row.text("id"),
        vendors=frozenset(row.texts("vendors")),
        consequence=row.choice("consequence", Consequence),
        reason=row.text("reason"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_side(cells: object) -> Side:
    """Read one end of an observed edge."""
    given = cast("dict[str, str]", cells)
    return Side(qemu=given.get("qemu", "*"), kernel=given.get("kernel", "*"))


def read_observation(row: Row) -> Observation:
    """Read a row of observations.toml."""
    consequence = row.text("consequence", "")
    boot = row.mapping("boot")
    return Observation(
        id=row.text("id"),
        source_side=read_side(row.mapping("from")),
        destination_side=read_side(row.mapping("to")),
        boot_side=read_side(boot) if boot else None,
        passes=row.truth("passes"),
        machine_types=row.texts("machine_types"),
        devices=row.texts("devices"),
        traits=row.texts("traits"),
        consequence=Consequence(consequence) if consequence else None,
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def read_removal(row: Row) -> Removal:
    """Read a removal forecast."""
    return Removal(
        machine_type=row.text("name"),
        removed=row.text("removed"),
        deprecated=row.text("deprecated", ""),
        source=row.text("source"),
    )
