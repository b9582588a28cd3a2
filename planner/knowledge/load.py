"""Read every file under `data/` and the overlays into one `KnowledgeBase`."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from planner.domain.capability import Capability, CapabilityId, Evidence, FixedBy
from planner.domain.compat import Drift, PropertyKey, PropertyRow, Visible
from planner.domain.errors import KnowledgeError, Location, Problem
from planner.domain.machine_type import MachineType, Removal
from planner.domain.migrated import Clause, ClauseKind, Consequence, Gate, MigratedUnit
from planner.domain.policy import Policy
from planner.domain.truth import Truth
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.builds import BuildLine, BuildLines, KnownBuild
from planner.knowledge.guests import CpuModel, Device, FeatureBit, GuestImpact, GuestWords, Trait
from planner.knowledge.kernels import Change, KernelLine, KernelLines
from planner.knowledge.rows import Row, read_toml, release_key, versions
from planner.knowledge.sites import Fault, Observation, Side
from planner.knowledge.tables import CompatSet, MachineTables, OfferedType, expand

T = TypeVar("T")


def shipped_data() -> Path:
    """Return the folder of the shipped rows, in the wheel or in a checkout."""
    here = Path(__file__).resolve().parent.parent
    inside = here / "_data"
    return inside if inside.is_dir() else here.parent / "data"


@dataclass(frozen=True, slots=True)
class Folder:
    """Data roots in order of increasing strength; a later root replaces rows of the same id."""

    roots: tuple[Path, ...]

    def files(self, pattern: str) -> Iterator[Row]:
        """Return the matching files of every root, weakest root first, by name."""
        for root in self.roots:
            for path in sorted(root.glob(pattern)):
                yield read_toml(path, root)

    def rows(self, pattern: str, key: str) -> Iterator[Row]:
        """Return the rows `key` of all matching files."""
        for file in self.files(pattern):
            yield from file.rows(key)

    def overlaid(
        self, pattern: str, key: str, read: Callable[[Row], T], name: Callable[[T], object]
    ) -> dict[object, T]:
        """Return rows by id; the same id in a later root replaces the whole row."""
        found: dict[object, T] = {}
        for row in self.rows(pattern, key):
            value = read(row)
            row.done()
            found[name(value)] = value
        return found

    def digest(self) -> str:
        """Return the SHA-256 over every data file, names included, as hex."""
        sums = hashlib.sha256()
        for root in self.roots:
            for path in sorted(root.rglob("*.toml")):
                sums.update(path.relative_to(root).as_posix().encode() + b"\0")
                sums.update(path.read_bytes() + b"\0")
        return f"sha256:{sums.hexdigest()[:32]}"


def load_knowledge(*overlays: Path, root: Path | None = None) -> KnowledgeBase:
    """Read the shipped rows and lay `overlays` over them; raises `KnowledgeError`."""
    folder = Folder(roots=(root or shipped_data(), *overlays))
    for path in folder.roots:
        if not path.is_dir():
            place = Location(file=str(path))
            raise KnowledgeError([Problem(location=place, what="no such knowledge folder")])
    catalogue = folder.overlaid("capabilities.toml", "capability", _capability, lambda row: row.id)
    capabilities = cast("dict[CapabilityId, Capability]", catalogue)
    builds = BuildLines(_build_line(file) for file in _latest(folder, "qemu_builds/*.toml"))
    return KnowledgeBase(
        capabilities=capabilities,
        kernels=KernelLines(
            (_kernel_line(file) for file in _latest(folder, "kernel_caps/*.toml")), capabilities
        ),
        builds=builds,
        machines=MachineTables(
            builds=builds,
            types=_machine_types(folder, builds),
            sets=lambda board: _compat_sets(folder, builds, board),
        ),
        properties={
            row.key: row for row in map(_property, folder.rows("properties.toml", "property"))
        },
        drifts=tuple(map(_drift, folder.rows("compat_drift.toml", "drift"))),
        units=tuple(_units(folder)),
        guests=_guest_words(folder),
        faults=tuple(
            folder.overlaid(
                "faults.toml", "fault", lambda row: _fault(row, builds), lambda row: row.id
            ).values()
        ),
        observations=tuple(
            folder.overlaid(
                "observations.toml", "observation", _observation, lambda row: row.id
            ).values()
        ),
        removals={
            row.machine_type: row
            for row in map(_removal, folder.rows("machine_types/*.toml", "removal_forecast"))
        },
        policy=_default_policy(folder),
        covered={
            row.text("arch"): row.text("registers")
            for row in folder.rows("coverage.toml", "architecture")
        },
        digest=folder.digest(),
    )


def _latest(folder: Folder, pattern: str) -> Iterable[Row]:
    """Return matching files; a file of a later root replaces the one of the same name."""
    found = {os.path.basename(row.file): row for row in folder.files(pattern)}  # noqa: PTH119
    return found.values()


def _capability(row: Row) -> Capability:
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


def _pattern(row: Row) -> re.Pattern[str]:
    try:
        return re.compile(row.text("match"))
    except re.error as error:
        raise row.fail(f"key 'match' is not a pattern: {error}") from error


def _kernel_line(row: Row) -> KernelLine:
    changes: dict[CapabilityId, tuple[Change, ...]] = {}
    for cells in row.rows("change"):
        change = _change(cells)
        cells.done()
        changes[change.capability] = (*changes.get(change.capability, ()), change)
    line = KernelLine(
        name=row.text("line"),
        order=row.number("order"),
        title=row.text("title"),
        pattern=_pattern(row),
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


def _change(row: Row) -> Change:
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


def _build_line(row: Row) -> BuildLine:
    name = row.text("line")
    builds = []
    for cells in row.rows("build"):
        builds.append(_known_build(cells, name))
        cells.done()
    line = BuildLine(
        name=name,
        order=row.number("order"),
        title=row.text("title"),
        pattern=_pattern(row),
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


def _known_build(row: Row, line: str) -> KnownBuild:
    release = row.text("release")
    version = release if "-rc" in release else release.partition("-")[0]
    row.text("notes", "")
    row.text("candidate_of", "")
    return KnownBuild(
        line=line,
        release=release,
        key=release_key(release),
        version=release_key(version),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
        date=row.text("date", ""),
        aliases={name: str(value) for name, value in row.mapping("aliases").items()},
    )


def _intervals(row: Row, key: str, builds: BuildLines) -> frozenset[str]:
    refs = set[str]()
    for line, intervals in row.mapping(key).items():
        if line not in builds.by_name:
            raise row.fail(f"{key} names the build line '{line}'", "no such file in qemu_builds/")
        try:
            refs |= expand(builds, line, cast("list[str]", intervals))
        except KeyError as error:
            raise row.fail(f"{key}.{line}: no known build for {error}") from error
    return frozenset(refs)


def _machine_types(folder: Folder, builds: BuildLines) -> Iterator[OfferedType]:
    for file in folder.files("machine_types/*.toml"):
        board, arch = file.text("board"), file.text("arch")
        for row in file.rows("type"):
            yield OfferedType(
                machine_type=MachineType(
                    name=row.text("name"),
                    board=board,
                    line=row.text("line"),
                    rank=row.number("rank"),
                    arch=arch,
                    variant=row.text("variant", ""),
                    evidence=row.choice("evidence", Evidence),
                    source=row.text("source"),
                ),
                offered=_intervals(row, "offered", builds),
                deprecated=_intervals(row, "deprecated", builds),
            )
            row.text("notes", "")
            row.done()


def _compat_sets(folder: Folder, builds: BuildLines, board: str) -> Iterator[CompatSet]:
    for file in folder.files(f"compat_properties/{board}*.toml"):
        if file.text("board") != board:
            continue
        for row in file.rows("set"):
            line = row.text("line")
            yield CompatSet(
                machine_type=row.text("machine_type"),
                extends=row.text("extends", ""),
                builds=expand(builds, line, row.texts("builds")),
                entries=tuple(
                    (PropertyKey(qom_type=entry[0], property=entry[1]), entry[2])
                    for entry in cast("list[list[str]]", row.cells.get("properties", []))
                ),
                source=row.text("source"),
            )


def _property(row: Row) -> PropertyRow:
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


def _drift(row: Row) -> Drift:
    return Drift(
        key=PropertyKey(qom_type=row.text("qom_type"), property=row.text("property")),
        machine_types=row.text("machine_types"),
        hazard=row.text("class") == "hazard",
        reason=row.text("reason"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def _units(folder: Folder) -> Iterator[MigratedUnit]:
    found = folder.overlaid("migrated_state/*.toml", "unit", _unit, lambda unit: unit.id)
    yield from sorted(found.values(), key=lambda unit: unit.id)


def _capability_ids(row: Row, key: str) -> frozenset[CapabilityId]:
    return frozenset(CapabilityId(name) for name in row.texts(key))


def _clause(row: Row) -> Clause:
    return Clause(
        kind=row.choice("kind", ClauseKind),
        any_of=row.texts("any_of"),
        default=row.choice("default", Truth, Truth.UNKNOWN),
        price=row.text("price", ""),
    )


def _gate(row: Row, default: str) -> Gate:
    emits = frozenset(row.texts("emits_when"))
    return Gate(
        key=PropertyKey.parse(row.text("property")),
        emits_when=emits,
        emits_by_default=default in emits,
    )


def _unit(row: Row) -> MigratedUnit:
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
        when=tuple(_clause(clause) for clause in row.rows("when")),
        gates=tuple(_gate(gate, default) for gate in row.rows("gates")),
        flag=PropertyKey.parse(flag) if flag else None,
        visible=row.choice("visible", Visible, Visible.STREAM),
        bits=row.numbers("bits"),
        sent_if=_capability_ids(row, "sent_if"),
        captured_if=_capability_ids(row, "captured_if"),
        requires=_capability_ids(row, "requires"),
        refused_by=_capability_ids(row, "refused_by"),
        lack_plain=plain,
        lack_libvirt=Consequence(lack.get("libvirt", plain.value)),
        source_requires=_capability_ids(row, "source_requires"),
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


def _guest_words(folder: Folder) -> GuestWords:
    devices = [
        Device(
            name=row.text("name"), families=row.texts("families"), qom_types=row.texts("qom_types")
        )
        for row in folder.rows("devices.toml", "device")
    ]
    models = [
        CpuModel(
            name=row.text("name"),
            features=frozenset(row.texts("features")),
            evidence=row.choice("evidence", Evidence),
            source=row.text("source"),
        )
        for row in folder.rows("cpu_models.toml", "model")
    ]
    traits = [
        Trait(
            name=row.text("name"),
            kind=row.text("kind"),
            meaning=row.text("meaning"),
            words=row.text("words"),
        )
        for row in folder.rows("traits.toml", "trait")
    ]
    bits = [
        FeatureBit(
            device=row.text("device"),
            bit=row.number("bit"),
            name=row.text("name"),
            source=row.text("source"),
        )
        for row in folder.rows("feature_bits.toml", "bit")
    ]
    return GuestWords(
        devices={device.name: device for device in devices},
        base_types={
            row.text("name"): row.text("base") for row in folder.rows("devices.toml", "variant")
        },
        cpu_models={model.name: model for model in models},
        traits={trait.name: trait for trait in traits},
        feature_bits=tuple(bits),
        impacts=tuple(
            folder.overlaid(
                "guest_impacts.toml", "impact", _impact, lambda impact: impact.id
            ).values()
        ),
    )


def _impact(row: Row) -> GuestImpact:
    return GuestImpact(
        id=row.text("id"),
        board=row.text("board"),
        crossing=row.text("crossing"),
        trait=row.text("trait"),
        text=row.text("text"),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def _refs(row: Row, key: str, builds: BuildLines) -> frozenset[str]:
    return _intervals(row, key, builds)


def _fault(row: Row, builds: BuildLines) -> Fault:
    return Fault(
        id=row.text("id"),
        builds=_refs(row, "builds", builds),
        against=_refs(row, "against", builds),
        direction=row.text("direction"),
        machine_types=frozenset(row.texts("machine_types")),
        devices=row.texts("devices"),
        consequence=row.choice("consequence", Consequence),
        reason=row.text("reason"),
        workaround=row.text("workaround", ""),
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def _side(cells: object) -> Side:
    given = cast("dict[str, str]", cells)
    return Side(qemu=given.get("qemu", "*"), kernel=given.get("kernel", "*"))


def _observation(row: Row) -> Observation:
    consequence = row.text("consequence", "")
    boot = row.mapping("boot")
    return Observation(
        id=row.text("id"),
        source_side=_side(row.mapping("from")),
        destination_side=_side(row.mapping("to")),
        boot_side=_side(boot) if boot else None,
        passes=row.truth("passes"),
        machine_types=row.texts("machine_types"),
        devices=row.texts("devices"),
        traits=row.texts("traits"),
        consequence=Consequence(consequence) if consequence else None,
        evidence=row.choice("evidence", Evidence),
        source=row.text("source"),
    )


def _removal(row: Row) -> Removal:
    return Removal(
        machine_type=row.text("name"),
        removed=row.text("removed"),
        deprecated=row.text("deprecated", ""),
        source=row.text("source"),
    )


def _default_policy(folder: Folder) -> Policy:
    files = list(folder.files("default_policy.toml"))
    if not files:
        return Policy()
    row = files[-1]
    return Policy(
        management=row.text("management"),
        accepted_severities=frozenset(row.texts("accepted_severities")),
        residual_exposures=frozenset(row.texts("residual_exposures")),
        boards=row.texts("boards"),
    )
