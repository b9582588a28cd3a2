"""Read every file under `data/` and the overlays into one `KnowledgeBase`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from planner.domain.capability import Capability, CapabilityId, Evidence
from planner.domain.compat import PropertyKey
from planner.domain.errors import KnowledgeError, Location, Problem
from planner.domain.machine_type import MachineType
from planner.domain.migrated import MigratedUnit
from planner.domain.policy import Policy
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.builds import BuildLines
from planner.knowledge.guests import CpuModel, Device, FeatureBit, GuestWords, Trait
from planner.knowledge.hardware import HostCpus
from planner.knowledge.kernels import KernelLines
from planner.knowledge.readers import (
    read_build_line,
    read_calendar,
    read_capability,
    read_cpu_vendor,
    read_crossing,
    read_drift,
    read_fault,
    read_impact,
    read_intervals,
    read_kernel_line,
    read_observation,
    read_property,
    read_removal,
    read_unit,
)
from planner.knowledge.rows import Row, read_toml
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
    catalogue = folder.overlaid(
        "capabilities.toml", "capability", read_capability, lambda row: row.id
    )
    capabilities = cast("dict[CapabilityId, Capability]", catalogue)
    builds = BuildLines(read_build_line(file) for file in _latest(folder, "qemu_builds/*.toml"))
    return KnowledgeBase(
        capabilities=capabilities,
        kernels=KernelLines(
            (read_kernel_line(file) for file in _latest(folder, "kernel_caps/*.toml")), capabilities
        ),
        builds=builds,
        machines=MachineTables(
            builds=builds,
            types=_machine_types(folder, builds),
            sets=lambda board: _compat_sets(folder, builds, board),
        ),
        properties={
            row.key: row for row in map(read_property, folder.rows("properties.toml", "property"))
        },
        drifts=tuple(map(read_drift, folder.rows("compat_drift.toml", "drift"))),
        units=tuple(_units(folder)),
        calendars=tuple(map(read_calendar, folder.rows("release_calendar.toml", "calendar"))),
        guests=_guest_words(folder),
        host_cpus=_host_cpus(folder),
        faults=tuple(
            folder.overlaid(
                "faults.toml", "fault", lambda row: read_fault(row, builds), lambda row: row.id
            ).values()
        ),
        observations=tuple(
            folder.overlaid(
                "observations.toml", "observation", read_observation, lambda row: row.id
            ).values()
        ),
        removals={
            row.machine_type: row
            for row in map(read_removal, folder.rows("machine_types/*.toml", "removal_forecast"))
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
                offered=read_intervals(row, "offered", builds),
                deprecated=read_intervals(row, "deprecated", builds),
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


def _units(folder: Folder) -> Iterator[MigratedUnit]:
    found = folder.overlaid("migrated_state/*.toml", "unit", read_unit, lambda unit: unit.id)
    yield from sorted(found.values(), key=lambda unit: unit.id)


def _host_cpus(folder: Folder) -> HostCpus:
    vendors = folder.overlaid("cpu_vendors.toml", "vendor", read_cpu_vendor, lambda row: row.name)
    crossings = folder.overlaid("cpu_vendors.toml", "crossing", read_crossing, lambda row: row.id)
    return HostCpus(vendors=tuple(vendors.values()), crossings=tuple(crossings.values()))


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
        cpu_features=frozenset(
            name
            for row in folder.rows("cpu_features.toml", "features")
            for name in row.texts("names")
        ),
        feature_bits=tuple(bits),
        impacts=tuple(
            folder.overlaid(
                "guest_impacts.toml", "impact", read_impact, lambda impact: impact.id
            ).values()
        ),
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
