"""A whole build as facts, and the harvested tables that hold the facts of many builds.

A fact is the cells of a row without its builds. Laying a build into the tables takes its name out
of every row and puts it where its facts are, so a second harvest of one build changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from planner.knowledge.files.harvested import Fact, Intervals, read_table, write_table
from planner.knowledge.files.rows import release_key
from planner.knowledge.qemu.inventory import BUILDS
from planner.knowledge.qemu.read_devices import ITSELF
from planner.knowledge.qemu.read_tables import ABSTRACT, ALIAS, ANY_MODEL, FOLDER, NOT_TOLD, SWITCH

COMMAND = "planner harvest qemu BINARY --write"
COLUMNS: Mapping[str, Fact] = {
    "devices": ("name", "parent", "created_by", "builds"),
    "properties": ("type", "property", "value", "default", "builds"),
    "objects": ("name", "parent", "created_by", "builds"),
    "machines": ("type", "option", "value", "builds"),
    "cpu_models": ("model", "feature", "value", "builds"),
    "cpu_types": ("machine_type", "model", "feature", "value", "builds"),
    "cpu_aliases": ("model", "machine_type", "version", "builds"),
    "cpu_features": ("name", "value", "builds"),
    "blockers": ("device", "blocks", "reason", "builds"),
    "started": ("device", "property", "default", "builds"),
    "device_state": ("name", "state", "builds"),
}
BUILD_COLUMNS = ("build", "line", "release", "version", "arch", "source", "parts")
CPU = "cpu"
"""The type of which every CPU is."""
Property = tuple[str, str, str]
"""Name, kind of value, default as text; an empty default was not told."""
UNTOLD: Property = (NOT_TOLD, "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModel:
    """A CPU model as full expansion tells it: what is on, and other values."""

    on: frozenset[str]
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeBuild:
    """What a build tells of itself; `parents` has every type with the one it descends from.

    `aliases` are other names of devices; `properties` and `options` are flat: of each type, all that
    it takes. `model_versions` says what a model's name means under a machine type, the default
    first with an empty name; `expanded` has the models under each type, the default with an empty name.
    """

    name: str
    line: str
    release: str
    version: str
    arch: str
    source: str
    parents: Mapping[str, str]
    devices: Mapping[str, str]
    aliases: Mapping[str, str]
    objects: Mapping[str, str]
    properties: Mapping[str, frozenset[Property]]
    options: Mapping[str, frozenset[Property]]
    models: Mapping[str, ReadModel]
    features: Mapping[str, str]
    every_model: frozenset[tuple[str, str]]
    model_versions: Mapping[str, Mapping[str, str]]
    by_type: Mapping[str, Mapping[str, frozenset[tuple[str, str]]]]
    blockers: frozenset[Fact] = frozenset()
    started: frozenset[Fact] = frozenset()
    device_state: frozenset[Fact] = frozenset()

    def facts(self) -> Mapping[str, frozenset[Fact]]:
        """Return the facts of every table; a part that was not read has none."""
        machines = _factored(self.options, self.parents)
        return {
            "devices": frozenset(self._types(self.devices, self.aliases)),
            "properties": frozenset(_factored(self.properties, self.parents)),
            "objects": frozenset(self._types(self.objects, {})),
            "machines": frozenset((kind, name, value) for kind, name, value, _ in machines),
            "cpu_models": frozenset(self._models()),
            "cpu_types": frozenset(self._under_types()),
            "cpu_aliases": frozenset(self._model_names()),
            "cpu_features": frozenset(self._cpu_features()),
            "blockers": self.blockers,
            "started": self.started,
            "device_state": self.device_state,
        }

    def _types(self, named: Mapping[str, str], aliases: Mapping[str, str]) -> Iterator[Fact]:
        """Yield the types with their ancestors, and other names."""
        seen: set[str] = set()
        for name, created_by in named.items():
            yield name, self.parents.get(name, ""), created_by
            above = self.parents.get(name, "")
            while above and above not in seen and above not in named:
                seen.add(above)
                yield above, self.parents.get(above, ""), ABSTRACT
                above = self.parents.get(above, "")
        for alias, name in aliases.items():
            yield alias, name, ALIAS

    def _models(self) -> Iterator[Fact]:
        """Yield what each model has; a name that only means a version has no rows of its own."""
        usual = self.model_versions.get("", {})
        for model, row in self.models.items():
            version = usual.get(model, "")
            if version in self.models and self.models[version] == row:
                continue
            yield from ((model, name, "on") for name in row.on)
            yield from ((model, name, value) for name, value in row.values.items())
        yield from ((ANY_MODEL, name, value) for name, value in self.every_model)

    def _cpu_features(self) -> Iterator[Fact]:
        """Yield the switches and values that expansion tells, and the switches of the CPUs' types."""
        found = dict(self.features)
        for kind, rows in self.properties.items():
            if CPU in _upwards(self.parents.get(kind, ""), self.parents):
                for name, value, _ in rows:
                    if value == SWITCH:
                        found.setdefault(name, value)
        yield from found.items()

    def _under_types(self) -> Iterator[Fact]:
        for machine_type, models in self.by_type.items():
            for model, changed in models.items():
                yield from ((machine_type, model, name, value) for name, value in changed)

    def _model_names(self) -> Iterator[Fact]:
        """Yield what names mean; a type that resolves none says so of all models in one row."""
        usual = self.model_versions.get("", {})
        yield from ((model, "", version) for model, version in usual.items())
        for machine_type, versions in self.model_versions.items():
            if machine_type and not any(versions.values()):
                yield ANY_MODEL, machine_type, ""
                continue
            for model, version in versions.items():
                if version != usual.get(model, ""):
                    yield model, machine_type, version


def _factored(
    flat: Mapping[str, frozenset[Property]], parents: Mapping[str, str]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield each property once, under the highest type all of whose listed descendants take it.

    What a type takes and its descendants do not all take stands under the type's name with a mark,
    and so does that a type's properties were not told: it says nothing of what it descends from.
    """
    common: dict[str, frozenset[Property]] = {}
    told = {kind: rows for kind, rows in flat.items() if UNTOLD not in rows}
    for kind, rows in told.items():
        for above in _upwards(kind, parents):
            common[above] = common[above] & rows if above in common else rows
    for kind, rows in common.items():
        inherited = common.get(parents.get(kind, ""), frozenset())
        yield from ((kind, *row) for row in rows - inherited)
        yield from ((ITSELF + kind, *row) for row in told.get(kind, rows) - rows)
    yield from ((ITSELF + kind, *UNTOLD) for kind in flat.keys() - told.keys())


def _upwards(kind: str, parents: Mapping[str, str]) -> Iterator[str]:
    while kind:
        yield kind
        kind = parents.get(kind, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """A row that a harvest adds, takes away or gives to other builds; empty: there is none."""

    file: str
    fact: Fact
    before: str
    after: str

    @property
    def sides(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return the builds that had the fact and those that have it, with the marks of a diff."""
        return ("-", self.before), ("+", self.after)


LISTS = ("devices", "properties", "objects", "machines")
MODELS = ("cpu_models", "cpu_types", "cpu_aliases", "cpu_features")
MODEL_NAMES = ("cpu_aliases",)
"""What a build tells of CPU models where KVM cannot be used."""
STARTED = ("blockers", "started")
STATE = ("device_state",)


class HarvestedTables:
    """The harvested tables of a folder as facts with the builds that have them."""

    def __init__(self, data: Path) -> None:
        """Read the list of builds."""
        self._folder = data / FOLDER
        path = self._folder / BUILDS
        self._builds = (
            [(*cells, parts) for cells, parts in read_table(path).rows] if path.is_file() else []
        )
        self._changed: dict[Path, tuple[str, list[Fact]]] = {}

    def name_of(self, line: str, version: str, release: str, arch: str) -> str:
        """Return the name of a build: the one it has, or its line and version, or its whole release."""
        for row in self._builds:
            if (row[1], row[2], row[4]) == (line, release, arch):
                return row[0]
        short = f"{line}-{version}"
        taken = any((row[0], row[4]) == (short, arch) and row[2] != release for row in self._builds)
        return f"{line}-{release}" if taken else short

    def lay(self, build: WholeBuild, parts: Iterable[str] = COLUMNS) -> list[TableChange]:
        """Take in the `parts` of a build; its other rows stay as they are. Returns what changes."""
        facts = {stem: rows for stem, rows in build.facts().items() if stem in set(parts)}
        former = [row[0] for row in self._builds if row[4] == build.arch]
        self._enter(build, facts)
        order = [one[0] for one in self._builds if one[4] == build.arch]
        changes: list[TableChange] = []
        for stem in COLUMNS:
            changes += self._lay(build, stem, facts.get(stem), former, order)
        return changes

    def _enter(self, build: WholeBuild, facts: Mapping[str, frozenset[Fact]]) -> None:
        """Put a build into the list, with the parts that were read now or before."""
        here = [row for row in self._builds if (row[0], row[4]) == (build.name, build.arch)]
        before = {part for row in here for part in row[-1].split() if part not in facts}
        read = sorted(before | {stem for stem, rows in facts.items() if rows})
        self._builds = [row for row in self._builds if row not in here]
        self._builds.append((*_head(build), " ".join(read)))
        self._builds.sort(key=lambda one: (one[4], release_key(one[3]), one[0]))

    def missing(self, build: WholeBuild) -> tuple[str, ...]:
        """Return the devices that both neighbours of a build have and it has not: modules, perhaps."""
        order = [row[0] for row in self._builds if row[4] == build.arch]
        known, place = Intervals(order), order.index(build.name)
        if not 0 < place < len(order) - 1:
            return ()
        rows = self._rows(self._folder / build.arch / "devices.csv")
        around = 1 << (place - 1) | 1 << (place + 1)
        had: dict[str, int] = {}
        for fact, text in rows.items():
            had[fact[0]] = had.get(fact[0], 0) | known.bits(text)
        return tuple(
            sorted(
                n for n, bits in had.items() if bits & around == around and not bits >> place & 1
            )
        )

    def _lay(
        self,
        build: WholeBuild,
        stem: str,
        facts: frozenset[Fact] | None,
        former: Sequence[str],
        order: Sequence[str],
    ) -> Iterator[TableChange]:
        path = self._folder / build.arch / f"{stem}.csv"
        told = self._rows(path)
        old, new = Intervals(former), Intervals(order)
        bit = 1 << new.place[build.name]
        moved = [1 << new.place[name] for name in former]
        sets: dict[Fact, int] = {}
        for fact, text in told.items():
            bits = old.bits(text)
            sets[fact] = sum(one for place, one in enumerate(moved) if bits >> place & 1)
        if facts is not None:
            sets = {fact: bits & ~bit for fact, bits in sets.items()}
            for fact in facts:
                sets[fact] = sets.get(fact, 0) | bit
        texts = {fact: new.text(bits) for fact, bits in sets.items() if bits}
        for fact in sorted(told.keys() | texts.keys()):
            before, after = told.get(fact, ""), texts.get(fact, "")
            if before != after:
                yield TableChange(
                    file=f"{build.arch}/{stem}.csv", fact=fact, before=before, after=after
                )
        self._changed[path] = (stem, [(*fact, texts[fact]) for fact in sorted(texts)])

    def _rows(self, path: Path) -> dict[Fact, str]:
        if path in self._changed:
            return {row[:-1]: row[-1] for row in self._changed[path][1]}
        return dict(read_table(path).rows) if path.is_file() else {}

    def write(self) -> None:
        """Write the tables that were laid into, and the list of builds."""
        write_table(self._folder / BUILDS, COMMAND, BUILD_COLUMNS, self._builds)
        for path, (stem, rows) in self._changed.items():
            if rows:
                write_table(path, COMMAND, COLUMNS[stem], rows)


def _head(build: WholeBuild) -> Fact:
    return (build.name, build.line, build.release, build.version, build.arch, build.source)
