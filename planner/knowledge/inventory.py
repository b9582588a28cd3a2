"""Whole builds of QEMU as they were read: devices, properties, objects, machine options, CPU models.

A build that was read is answered exactly. A build between two read ones, by upstream version, has
what both have; what differs is unknown. Before the first read build what that one lacks is absent,
and after the last one nothing is certain. Each file is read when it is first asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from pathlib import Path
from typing import TypeVar

from planner.domain.host import QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.files.harvested import HarvestedTable, Intervals, read_table
from planner.knowledge.files.rows import release_key

T = TypeVar("T")
BitRows = tuple[tuple[tuple[str, ...], int], ...]
"""Rows of a table without their first cell, each with the builds that have it as bits."""
FOLDER = Path("harvested") / "qemu"
BUILDS = "builds.csv"
NOT_TOLD = "?"
"""A property of this name stands for those of a device that the build would not list."""
USER, BOARD, ABSTRACT, ALIAS = "user", "board", "abstract", "alias"
ITSELF = "="
"""Before a type's name: what the type itself has and its descendants need not have."""
BEHIND = "virtio-backend"
"""The property of a virtio proxy that holds the device itself."""
SWITCH = "bool"
"""QEMU's word for what is on or off."""
ANY_MODEL = "*"
"""Rows of every model are settings of QEMU, not features of a CPU."""


class KeptState(Enum):
    """What a build sends of a device over a migration.

    `BLOCKED`: its description is that of a device that may not be migrated; `NONE`: nothing, seen of
    a started guest; `UNDESCRIBED`: its class has no description, and it was not started.
    """

    WHOLE = "whole"
    WITHOUT_PCI = "without-pci"
    BLOCKED = "blocked"
    NONE = "none"
    UNDESCRIBED = "undescribed"


STEMS: Mapping[str, str] = {
    "device": "devices",
    "object": "objects",
    "cpu-model": "cpu_aliases",
    "cpu-feature": "cpu_features",
    "cpu-setting": "cpu_features",
    "machine-option": "machines",
}
"""The kinds of names, and the file that each stands in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBuild:
    """A build that was read for one architecture, and which `parts` of it were."""

    name: str
    line: str
    release: str
    version: tuple[int, ...]
    arch: str
    source: str
    parts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The read builds that answer for a build, as places in order, and whether one side is open."""

    read: tuple[int, ...]
    is_exact: bool = False
    before_first: bool = False
    after_last: bool = False


class Inventory:
    """Look-ups over every read build; `roots` in order of increasing strength."""

    def __init__(self, roots: Sequence[Path], *, series_alike: bool = False) -> None:
        """Keep the folders; nothing is read yet. `series_alike`: releases of one series are equal."""
        self._roots = tuple(roots)
        self._series_alike = series_alike
        self._arch = cache(self._of_arch)

    @cached_property
    def builds(self) -> tuple[ReadBuild, ...]:
        """Every read build in order of upstream version, architecture by architecture."""
        found = _file(self._roots, BUILDS)
        return tuple(_read_build(cells, parts) for cells, parts in found.rows) if found else ()

    @property
    def architectures(self) -> tuple[str, ...]:
        """The architectures of which some build was read."""
        return tuple(dict.fromkeys(row.arch for row in self.builds))

    def _of_arch(self, arch: str) -> ArchInventory:
        own = tuple(row for row in self.builds if row.arch == arch)
        folders = tuple(root / FOLDER / arch for root in self._roots)
        return ArchInventory(folders, own, series_alike=self._series_alike)

    def of(self, arch: str) -> ArchInventory:
        """Return the inventories of one architecture."""
        return self._arch(arch)

    def is_read(self, arch: str, build: QemuBuild, part: str) -> bool:
        """Whether this very build, or one of its version, was read for `part` (a file's stem)."""
        return self.of(arch).is_read(build, part)

    def has(self, kind: str, arch: str, build: QemuBuild, name: str) -> Truth:
        """Return whether a build has a device, object, cpu-model, cpu-feature or machine-option."""
        return self.of(arch).has(kind, build, name)

    def names(self, kind: str, arch: str) -> frozenset[str]:
        """Return every name of a kind that some read build has."""
        return self.of(arch).names(kind)

    def has_property(self, arch: str, build: QemuBuild, device_or_type: str, name: str) -> Truth:
        """Return whether objects of a type take a property; unknown where only some of them do."""
        return self.of(arch).has_property(build, device_or_type, name)

    def default_of(self, arch: str, build: QemuBuild, device: str, name: str) -> str | None:
        """Return the default of a device's property under the newest type, None if nobody knows."""
        return self.of(arch).default_of(build, device, name)

    def shown_of(self, arch: str, build: QemuBuild, device: str, name: str) -> str | None:
        """Return what a device that was given nothing shows in a started guest of one vCPU."""
        return self.of(arch).shown_of(build, device, name)

    def has_machine_option(
        self, arch: str, build: QemuBuild, machine_type: str, option: str
    ) -> Truth:
        """Return whether a machine type of a build takes an option of `-machine`."""
        return self.of(arch).has_machine_option(build, machine_type, option)

    def blocks(self, arch: str, build: QemuBuild, device: str) -> Truth:
        """Return whether a guest with the device, at its defaults, refuses to migrate."""
        return self.of(arch).blocks(build, device)

    def model_features(
        self, arch: str, build: QemuBuild, model: str, machine_type: str
    ) -> frozenset[str] | None:
        """Return the features that a CPU model has under a machine type with KVM; None: unknown."""
        return self.of(arch).model_features(build, model, machine_type)


class ArchInventory:
    """Look-ups over the read builds of one architecture."""

    def __init__(
        self, folders: Sequence[Path], builds: Sequence[ReadBuild], *, series_alike: bool = False
    ) -> None:
        """Keep the folders and the builds, which are in order of version."""
        self._folders = tuple(folders)
        self._series_alike = series_alike
        self.builds = tuple(builds)
        self._intervals = Intervals([row.name for row in builds])
        self.places = cache(self._places)
        self._table = cache(self._bits_of)
        self._chain = cache(self._ancestors)
        self._kind = cache(self._names)
        self._below = cache(self._descendants)
        self.model_features = cache(self._model_features)
        self.told_features = cache(self._told_features)

    def _places(self, build: QemuBuild, part: str) -> Places:
        """Return the builds of its version that were read for `part`, else the neighbours that were."""
        rows = [(bit, row) for bit, row in enumerate(self.builds) if part in row.parts]
        exact = [bit for bit, row in rows if row.version == build.version]
        named = [bit for bit, row in rows if _is_package(row, build)]
        if exact or named:
            own = [bit for bit in exact if self.builds[bit].line == build.line]
            return Places(read=tuple(named or own or exact), is_exact=True)
        series = [bit for bit, row in rows if row.version[:2] == build.version[:2]]
        if series and self._series_alike:
            return Places(read=tuple(series))
        low = build.version
        high = (*low, 1 << 30) if len(low) < 3 else low
        below = [bit for bit, row in rows if row.version < low]
        inside = [bit for bit, row in rows if low <= row.version <= high]
        above = [bit for bit, row in rows if row.version > high]
        newest = self.builds[below[-1]].version if below else ()
        oldest = self.builds[above[0]].version if above else ()
        sides = [bit for bit in below if self.builds[bit].version == newest]
        sides += inside
        sides += [bit for bit in above if self.builds[bit].version == oldest]
        return Places(read=tuple(sides), before_first=not below, after_last=not above)

    def is_read(self, build: QemuBuild, part: str) -> bool:
        """Whether a build of this very upstream version was read for `part`."""
        return self.places(build, part).is_exact

    def _agreed(self, build: QemuBuild, part: str, ask: Callable[[int], Truth]) -> Truth:
        """Return what all read builds that answer for `build` say; unknown past the last."""
        places = self.places(build, part)
        told = {ask(place) for place in places.read}
        if len(told) != 1 or places.after_last:
            return Truth.UNKNOWN
        answer = told.pop()
        return Truth.UNKNOWN if places.before_first and answer is not Truth.NO else answer

    def _bits_of(self, stem: str) -> Mapping[str, BitRows]:
        """Return a file's rows by their first cell, with builds as bits."""
        table = _file(self._folders, f"{stem}.csv", inside=Path())
        found: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        bits = self._intervals.bits
        for cells, text in table.rows if table else ():
            found.setdefault(cells[0], []).append((cells[1:], bits(text)))
        return {name: tuple(rows) for name, rows in found.items()}

    def rows_of(self, stem: str, name: str) -> BitRows:
        """Return the rows of a file that begin with a name."""
        return self._table(stem).get(name, ())

    def tables(self, stem: str) -> Iterator[tuple[str, BitRows]]:
        """Yield every name with which rows of a file begin, and the rows."""
        yield from self._table(stem).items()

    # ---- names

    def has(self, kind: str, build: QemuBuild, name: str) -> Truth:
        """Return whether a build has something of a kind by name."""
        bits = self._kind(kind).get(name, 0)
        return self._agreed(build, STEMS[kind], lambda place: Truth.of(bool(bits >> place & 1)))

    def names(self, kind: str) -> frozenset[str]:
        """Return every name of a kind."""
        return frozenset(self._kind(kind))

    def is_type(self, qom_type: str) -> bool:
        """Whether some read build has a type of devices of this name, abstract or not, or an alias."""
        return qom_type in self._table("devices")

    def is_creatable(self, build: QemuBuild, device: str) -> Truth:
        """Return whether `-device` takes a device, by name or alias."""
        return self._agreed(build, "devices", lambda place: self._creatable(place, device))

    def _creatable(self, place: int, device: str) -> Truth:
        rows = self._table("devices").get(device, ())
        here = [cells for cells, bits in rows if bits >> place & 1]
        return Truth.of(any(cells[1] in {USER, ALIAS} for cells in here))

    def _names(self, kind: str) -> Mapping[str, int]:
        """Return the bits of every name of a kind."""
        return dict(_merged(self._named(kind)))

    def _named(self, kind: str) -> Iterator[tuple[str, int]]:
        """Yield names with the builds that have them: what is abstract or no switch is none."""
        for name, rows in self._table(STEMS[kind]).items():
            for cells, bits in rows:
                if kind == "machine-option":
                    yield from ((cells[0], bits),) if cells[0] != NOT_TOLD else ()
                elif kind in {"cpu-feature", "cpu-setting"}:
                    is_switch = kind == "cpu-feature"
                    yield from ((name, bits),) if (cells[0] == SWITCH) is is_switch else ()
                elif name != ANY_MODEL and not (
                    kind in {"device", "object"} and cells[1] == ABSTRACT
                ):
                    yield name, bits

    # ---- types and properties

    def real_name(self, place: int, device: str) -> str:
        """Return the device that a name means on a read build: an alias means another."""
        for cells, bits in self._table("devices").get(device, ()):
            if cells[1] == ALIAS and bits >> place & 1:
                return cells[0]
        return device

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def meant_by(self, device: str) -> str:
        """Return the device that a name means on every build that takes it, else the name itself."""
        rows = self._table("devices").get(device, ())
        found = {cells[0] for cells, _ in rows if cells[1] == ALIAS}
        only_alias = all(cells[1] == ALIAS for cells, _ in rows)
        return found.pop() if len(found) == 1 and only_alias else device

    def _ancestors(self, table: str, place: int, name: str) -> tuple[str, ...]:
        """Return a type and what it descends from on a read build; empty if it is not there."""
        chain: list[str] = []
        types = self._table(table)
        while name:
            rows = [cells for cells, bits in types.get(name, ()) if bits >> place & 1]
            real = [cells for cells in rows if cells[1] != ALIAS]
            if not real:
                break
            chain.append(name)
            name = real[0][0]
        return tuple(chain)

    def ancestors(self, build: QemuBuild, device: str) -> tuple[str, ...]:
        """Return a device's type and what it descends from, empty where read builds disagree."""
        found = self._one(
            build,
            "devices",
            lambda place: self._chain("devices", place, self.real_name(place, device)),
        )
        return found or ()

    def defaults_of(self, build: QemuBuild, device: str) -> Mapping[str, str]:
        """Return the properties of a device whose default has ever changed, with a build's default.

        Where the builds that answer disagree, a property is left out.
        """
        return {
            name: value
            for name in sorted(self._changing_of(build, device))
            if (value := self.default_of(build, device, name)) is not None
        }

    def _changing_of(self, build: QemuBuild, device: str) -> frozenset[str]:
        places = self.places(build, "properties").read
        return frozenset(
            name
            for place in places
            for bearer in self._bearers(place, self.real_name(place, device))
            for name in self._changing.get(bearer, ())
        )

    @cached_property
    def _changing(self) -> Mapping[str, frozenset[str]]:
        """Return the names of properties that have more than one default, by the type that has them.

        A property that moved to another type may have another default there, so it counts everywhere.
        """
        defaults: dict[str, set[str]] = {}
        for rows in self._table("properties").values():
            for cells, _ in rows:
                defaults.setdefault(cells[0], set()).add(cells[2])
        several = {name for name, found in defaults.items() if len(found - {""}) > 1}
        return {
            kind: frozenset(cells[0] for cells, _ in rows if cells[0] in several)
            for kind, rows in self._table("properties").items()
        }

    def _bearers(self, place: int, kind: str) -> tuple[str, ...]:
        """Return the types whose rows are about a type on a read build."""
        return (f"{ITSELF}{kind}", *self._chain("devices", place, kind))

    def descends(self, build: QemuBuild, device: str, qom_type: str) -> Truth:
        """Return whether a device is of a QOM type, by name or descent."""
        return self._agreed(
            build,
            "devices",
            lambda place: Truth.of(
                qom_type in self._chain("devices", place, self.real_name(place, device))
            ),
        )

    def descendants_of(self, build: QemuBuild, qom_type: str) -> tuple[str, ...]:
        """Return the devices of a type on the first build that answers, itself included."""
        for place in self.places(build, "devices").read[:1]:
            kind = self.real_name(place, qom_type)
            own = (kind,) if self._creatable(place, kind) is Truth.YES else ()
            return (*own, *self._below(place).get(kind, ()))
        return ()

    @cached_property
    def _properties(self) -> Mapping[str, Mapping[str, tuple[tuple[str, str, int], ...]]]:
        """Return name, then kind, default and bits, for every type."""
        return {kind: _by_name(rows) for kind, rows in self._table("properties").items()}

    def _descendants(self, place: int) -> Mapping[str, tuple[str, ...]]:
        """Return for every type of a read build the devices that descend from it."""
        found: dict[str, list[str]] = {}
        for name, rows in self._table("devices").items():
            here = any(bits >> place & 1 and cells[1] in {USER, BOARD} for cells, bits in rows)
            if here and self._told(place, name, NOT_TOLD) is None:
                for above in self._chain("devices", place, name)[1:]:
                    found.setdefault(above, []).append(name)
        return {name: tuple(devices) for name, devices in found.items()}

    def has_property(self, build: QemuBuild, device_or_type: str, name: str) -> Truth:
        """Return whether objects of a type take a property."""
        return self._agreed(
            build, "properties", lambda place: self._takes(place, device_or_type, name)
        )

    def _takes(self, place: int, device: str, name: str) -> Truth:
        kind = self.real_name(place, device)
        if self._told(place, kind, name) is not None:
            return Truth.YES
        if self._told(place, kind, NOT_TOLD) is not None:
            return Truth.UNKNOWN
        below = self._below(place).get(kind, ())
        takers = {self._told(place, device, name) is not None for device in below}
        return Truth.of(True in takers) if len(takers) < 2 else Truth.UNKNOWN

    def _told(self, place: int, kind: str, name: str) -> tuple[str, str] | None:
        """Return kind of value and default of a property on a read build."""
        chain = self._chain("devices", place, kind)
        for bearer in (f"{ITSELF}{kind}", *chain):
            for value, default, bits in self._properties.get(bearer, {}).get(name, ()):
                if bits >> place & 1:
                    return value, default
        return None

    def default_of(self, build: QemuBuild, device: str, name: str) -> str | None:
        """Return the default that all answering builds give a property."""
        return self._one(build, "properties", lambda place: self._default(place, device, name))

    def shown_of(self, build: QemuBuild, device: str, name: str) -> str | None:
        """Return what a started device shows, on builds of which guests were started."""
        return self._one(
            build,
            "started",
            lambda place: (
                _unquoted(self._shown(place, self.real_name(place, device), name))
                or self._default(place, device, name)
            ),
        )

    def _default(self, place: int, device: str, name: str) -> str | None:
        """Return a default that is listed, or that a started device showed."""
        kind = self.real_name(place, device)
        told = self._told(place, kind, name)
        if told is None:
            return None
        return _unquoted(told[1] or self._shown(place, kind, name))

    def _shown(self, place: int, kind: str, name: str) -> str:
        for cells, bits in self._table("started").get(kind, ()):
            if cells[0] == name and bits >> place & 1:
                return cells[1]
        return ""

    def value_kind(self, build: QemuBuild, device: str, name: str) -> str | None:
        """Return what kind of value a property takes, in QEMU's word."""
        return self._one(
            build,
            "properties",
            lambda place: (self._told(place, self.real_name(place, device), name) or (None,))[0],
        )

    def _one(self, build: QemuBuild, part: str, ask: Callable[[int], T | None]) -> T | None:
        """Return the one value that all answering builds give; None past the ends."""
        places = self.places(build, part)
        told = {ask(place) for place in places.read}
        if len(told) != 1 or places.after_last or places.before_first:
            return None
        return told.pop()

    def properties_of(self, build: ReadBuild, device: str) -> Mapping[str, str]:
        """Return every property of a device on a read build with its default, empty if not told."""
        place = self._intervals.place[build.name]
        kind = self.real_name(place, device)
        found: dict[str, str] = {}
        for bearer in (f"{ITSELF}{kind}", *self._chain("devices", place, kind)):
            for name, rows in self._properties.get(bearer, {}).items():
                for _, default, bits in rows:
                    if bits >> place & 1:
                        found.setdefault(name, default)
        return found

    def devices_of(self, build: ReadBuild) -> frozenset[str]:
        """Return every device of a read build, aliases included, that is not abstract."""
        place = self._intervals.place[build.name]
        return frozenset(name for name, bits in self._kind("device").items() if bits >> place & 1)

    # ---- machine options, blockers

    def has_machine_option(self, build: QemuBuild, machine_type: str, option: str) -> Truth:
        """Return whether a machine type takes an option of `-machine`."""
        return self._agreed(
            build, "machines", lambda place: self._option(place, machine_type, option)
        )

    def _option(self, place: int, machine_type: str, option: str) -> Truth:
        kind = f"{machine_type}-machine"
        chain = self._chain("objects", place, kind)
        told = {
            cells[0]
            for bearer in (f"{ITSELF}{kind}", *chain)
            for cells, bits in self._table("machines").get(bearer, ())
            if bits >> place & 1
        }
        if not chain or (NOT_TOLD in told and option not in told):
            return Truth.UNKNOWN
        return Truth.of(option in told)

    def option_kinds(self) -> Iterator[tuple[str, str]]:
        """Yield the options of all machine types with the kinds of their values."""
        for rows in self._table("machines").values():
            yield from ((cells[0], cells[1]) for cells, _ in rows if cells[0] != NOT_TOLD)

    def blocks(self, build: QemuBuild, device: str) -> Truth:
        """Return whether a guest with the device refuses to migrate."""
        return self._agreed(build, "blockers", lambda place: self._blocked(place, device))

    def kept_states(self, build: QemuBuild, device: str) -> frozenset[KeptState]:
        """Return what the builds that answer for `build` send of a device, of what it is a proxy of."""
        places = self.places(build, "device_state")
        return frozenset(
            state for place in places.read for state in self._kept(place, device) if state
        )

    def _kept(self, place: int, device: str) -> Iterator[KeptState]:
        """Yield what a read build sends of a device; a proxy that has no row is asked of its device."""
        kind = self.real_name(place, device)
        behind = self._told(place, kind, BEHIND) or ("", "")
        inner = behind[0].removeprefix("child<").removesuffix(">")
        for name in (kind, inner):
            rows = self._table("device_state").get(name, ())
            here = [KeptState(cells[0]) for cells, bits in rows if bits >> place & 1]
            if here:
                yield here[0]
                return

    def _blocked(self, place: int, device: str) -> Truth:
        rows = self._table("blockers").get(self.real_name(place, device), ())
        here = {cells[0] for cells, bits in rows if bits >> place & 1}
        return Truth(here.pop()) if len(here) == 1 else Truth.UNKNOWN

    # ---- CPU models

    def model_version(self, build: QemuBuild, model: str, machine_type: str) -> str | None:
        """Return the versioned model that a name means under a machine type."""
        return self._one(
            build, "cpu_aliases", lambda place: self._version(place, model, machine_type)
        )

    def _version(self, place: int, model: str, machine_type: str) -> str | None:
        """Return what a name means, itself for a version and where a type resolves no name."""
        aliases = self._table("cpu_aliases")
        found = {cells[0]: cells[1] for cells, bits in aliases.get(model, ()) if bits >> place & 1}
        if "" not in found:
            return None
        plain = any(
            cells[0] == machine_type and bits >> place & 1
            for cells, bits in aliases.get(ANY_MODEL, ())
        )
        return model if plain else found.get(machine_type, found[""]) or model

    def _model_features(
        self, build: QemuBuild, model: str, machine_type: str
    ) -> frozenset[str] | None:
        return self._one(
            build, "cpu_models", lambda place: self._features(place, model, machine_type)
        )

    def _features(self, place: int, model: str, machine_type: str) -> frozenset[str] | None:
        name = self._version(place, model, machine_type)
        if name is None:
            return None
        models = self._table("cpu_models")
        rows = models.get(name) or models.get(self._version(place, name, "") or "", ())
        found = {cells[0] for cells, bits in rows if cells[1] == "on" and bits >> place & 1}
        for cells, bits in self._table("cpu_types").get(machine_type, ()) if found else ():
            if cells[0] == name and bits >> place & 1:
                (found.add if cells[2] == "on" else found.discard)(cells[1])
        return frozenset(found) or None

    def _told_features(
        self, model: str, machine_type: str
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Return what a model has under a type on every read build with both, and on some of them.

        A type that no build has, of a vendor for one, means what the usual type means.
        """
        offering = self._kind("object").get(f"{machine_type}-machine", 0)
        kind = machine_type if offering & self._kind("cpu-model").get(model, 0) else ""
        found: dict[str, int] = {}
        for name, rows, where in self._meanings(model, kind):
            here = where & offering if kind else where
            for cells, bits in rows:
                if cells[1] == "on" and bits & here:
                    found[_plain(cells[0])] = found.get(_plain(cells[0]), 0) | bits & here
            for cells, bits in self._table("cpu_types").get(kind, ()):
                if cells[0] == name and bits & here:
                    told = found.get(_plain(cells[1]), 0)
                    is_on = cells[2] == "on"
                    found[_plain(cells[1])] = told | bits & here if is_on else told & ~(bits & here)
        everywhere = 0
        for bits in found.values():
            everywhere |= bits
        always = frozenset(name for name, bits in found.items() if bits == everywhere != 0)
        return always, frozenset(name for name, bits in found.items() if bits)

    def _meanings(self, model: str, machine_type: str) -> Iterator[tuple[str, BitRows, int]]:
        """Yield what a model's name means under a type, its rows, and on which builds."""
        aliases, models = self._table("cpu_aliases"), self._table("cpu_models")
        own = aliases.get(model, ())
        usual = [(cells[1] or model, bits) for cells, bits in own if not cells[0]]
        plain = sum(bits for cells, bits in aliases.get(ANY_MODEL, ()) if cells[0] == machine_type)
        special = [(c[1] or model, bits & ~plain) for c, bits in own if c[0] == machine_type != ""]
        taken = plain
        for version, bits in special:
            taken |= bits
            yield version, models.get(version, ()), bits
        for version, bits in usual:
            yield version, models.get(version, ()), bits & ~taken
            yield model, models.get(model) or models.get(version, ()), bits & plain

    @cached_property
    def feature_names(self) -> frozenset[str]:
        """Every feature that some build lists, with hyphens."""
        return frozenset(map(_plain, self._kind("cpu-feature")))

    @cached_property
    def setting_names(self) -> frozenset[str]:
        """Every property of CPUs that takes a value, with hyphens."""
        return frozenset(map(_plain, self._kind("cpu-setting")))


def _plain(feature: str) -> str:
    """Return the one spelling of a feature's name: QEMU takes `_` for `-`."""
    return feature.replace("_", "-")


def _is_package(row: ReadBuild, build: QemuBuild) -> bool:
    """Whether a read build is this very package: its vendor's text begins the text that was read."""
    words = row.release.partition(":")[2] or row.release
    return row.line == build.line and words.startswith(build.release)


def _read_build(cells: tuple[str, ...], parts: str) -> ReadBuild:
    name, line, release, version, arch, source = cells[:6]
    return ReadBuild(
        name=name,
        line=line,
        release=release,
        version=release_key(version),
        arch=arch,
        source=source,
        parts=frozenset(parts.split()),
    )


def _file(roots: Iterable[Path], name: str, *, inside: Path = FOLDER) -> HarvestedTable | None:
    """Return the table of the strongest root that has it."""
    found = [path for root in roots if (path := root / inside / name).is_file()]
    return read_table(found[-1]) if found else None


def _unquoted(value: str) -> str | None:
    """Return a value of a table, None for one that was not told; two quotes are an empty text."""
    return "" if value == '""' else value or None


def _by_name(
    rows: Iterable[tuple[tuple[str, ...], int]],
) -> Mapping[str, tuple[tuple[str, str, int], ...]]:
    found: dict[str, list[tuple[str, str, int]]] = {}
    for cells, bits in rows:
        found.setdefault(cells[0], []).append((cells[1], cells[2], bits))
    return {name: tuple(told) for name, told in found.items()}


def _merged(pairs: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    found: dict[str, int] = {}
    for name, bits in pairs:
        found[name] = found.get(name, 0) | bits
    yield from found.items()
