"""What read builds say of devices: types, descent, properties, defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, cached_property

from planner.domain.host import QemuBuild
from planner.domain.truth import Truth
from planner.knowledge.qemu.read_tables import ALIAS, BOARD, NOT_TOLD, USER, ReadBuild, ReadTables

ITSELF = "="
"""Before a type's name: what the type itself has and its descendants need not have."""


class ReadDevices(ReadTables):
    """Types of devices, what they descend from, their properties and defaults."""

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

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def _below(self, place: int) -> Mapping[str, tuple[str, ...]]:
        """Return for every type of a read build the devices that descend from it."""
        found: dict[str, list[str]] = {}
        for name, rows in self._table("devices").items():
            here = any(bits >> place & 1 and cells[1] in {USER, BOARD} for cells, bits in rows)
            if here and self._property(place, name, NOT_TOLD) is None:
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
        if self._property(place, kind, name) is not None:
            return Truth.YES
        if self._property(place, kind, NOT_TOLD) is not None:
            return Truth.UNKNOWN
        below = self._below(place).get(kind, ())
        takers = {self._property(place, device, name) is not None for device in below}
        return Truth.of(True in takers) if len(takers) < 2 else Truth.UNKNOWN

    def _property(self, place: int, kind: str, name: str) -> tuple[str, str] | None:
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
        told = self._property(place, kind, name)
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
            lambda place: (self._property(place, self.real_name(place, device), name) or (None,))[
                0
            ],
        )

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
