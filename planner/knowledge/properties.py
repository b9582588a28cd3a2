"""Properties of devices: which build has one, what sets it, what a difference of it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from planner.domain.compat import DEFAULT, SWITCH, BuildDrift, CompatFlag, PropertyKey, PropertyRow
from planner.domain.host import QemuBuild
from planner.domain.machine_type import MachineType
from planner.domain.migrated import Consequence, MigratedUnit
from planner.domain.truth import Truth
from planner.knowledge.files.rows import release_key
from planner.knowledge.guests import GuestWords
from planner.knowledge.qemu.board_parts import BoardParts
from planner.knowledge.qemu.builds import BuildLines
from planner.knowledge.qemu.compat_lists import MachineTables
from planner.knowledge.qemu.inventory import Inventory
from planner.knowledge.qemu.offered import OfferedParts


@dataclass(frozen=True, kw_only=True, eq=False)
class PropertyFacts:
    """Rows of properties, and what else says which build has one and what it does."""

    builds: BuildLines
    machines: MachineTables
    properties: Mapping[PropertyKey, PropertyRow]
    property_kinds: Mapping[str, Consequence]
    drifts: tuple[BuildDrift, ...]
    units: tuple[MigratedUnit, ...]
    guests: GuestWords
    inventory: Inventory
    parts: OfferedParts
    boards: BoardParts

    @cached_property
    def _benign(self) -> Mapping[PropertyKey, tuple[BuildDrift, ...]]:
        """The rows of differences that nobody notices, by their property."""
        benign: dict[PropertyKey, tuple[BuildDrift, ...]] = {}
        for drift in self.drifts:
            if not drift.hazard:
                benign[drift.key] = (*benign.get(drift.key, ()), drift)
        return benign

    def is_built_in(self, qom_type: str, machine_type: str) -> Truth:
        """Return whether a machine has a part of a type by its board, whatever devices it is given."""
        row = self.machine_type(machine_type)
        return Truth.NO if row is None else self.boards.has(row.arch, row.board, qom_type)

    @cached_property
    def gating_properties(self) -> frozenset[PropertyKey]:
        """The properties that switch a unit: of their differences the unit is asked instead."""
        return frozenset(
            key
            for unit in self.units
            for gate in unit.gates
            for key in (gate.key, unit.flag or gate.key)
        )

    def same_value(self, one: str | None, other: str | None, key: PropertyKey) -> bool:
        """Whether two values of a property agree; a default is the row's where the row knows it."""
        row = self.property_row(key)
        default = row.default if row is not None and row.default else DEFAULT
        return (default if one == DEFAULT else one) == (default if other == DEFAULT else other)

    def is_benign(self, key: PropertyKey, machine_type: str) -> bool:
        """Whether builds may disagree about `key` under this machine type without anybody noticing.

        Rows that end at a release speak of types named after it or older ones, and of every
        vendor's type.
        """
        rows = self._benign.get(key, ())
        known = self.machine_type(machine_type)
        if known is None or not self.builds.is_reference(known.line):
            return bool(rows)
        return bool(known.release) and any(known.release <= row.up_to for row in rows)

    def same_property(self, one: PropertyKey, other: PropertyKey) -> bool:
        """Whether a flag on one key sets the other: it is on that very type, or on its base type."""
        return one == other or one == self.base_key(other)

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def base_key(self, key: PropertyKey) -> PropertyKey:
        """Return a property under the type that brings it: one key for variants and descendants."""
        base = PropertyKey(qom_type=self.guests.base_type(key.qom_type), property=key.property)
        if base in self.properties or key in self.properties:
            return base
        inherited = (
            known
            for known in self.properties
            if self._inherits(key, known) and not (key == base and self._is_variant(known, base))
        )
        return next(inherited, base)

    def _is_variant(self, key: PropertyKey, base: PropertyKey) -> bool:
        """Whether a property is that of a variant of a base type: the base's own is not behind it."""
        variant = self.guests.variants.get(key.qom_type)
        return variant is not None and variant.base == base.qom_type

    def may_set(self, one: PropertyKey, other: PropertyKey) -> bool:
        """Whether a flag on one key reaches some device that a flag on the other reaches."""
        return self._inherits(one, other) or self._inherits(other, one)

    def has_property(self, key: PropertyKey) -> bool:
        """Whether some row is of the property `key`, of its base type, or of a device's type."""
        return any(self._inherits(key, known) for known in self.properties)

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def kinds_of_device(self, arch: str, build: QemuBuild, device: str) -> tuple[str, ...]:
        """Return the types that a device is of, its own first: by its row, else by what was read."""
        row = self.guests.devices.get(device)
        if row is not None:
            return tuple(dict.fromkeys((device, *row.qom_types)))
        return self.inventory.of(arch).ancestors(build, device) or (device,)

    def is_no_value(self, flag: CompatFlag) -> bool:
        """Whether a flag sets a switch to something that is neither on nor off: QEMU would not start."""
        row = self.property_row(flag.key)
        return row is not None and row.default in SWITCH and flag.value not in (*SWITCH, DEFAULT)

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def offers_property(self, build: QemuBuild, key: PropertyKey, arch: str) -> Truth:
        """Return whether `build` accepts the property `key`: by what was read whole, else by rows."""
        told = self.parts.has_property(arch, build, key.qom_type, key.property)
        if told is not Truth.UNKNOWN:
            return told
        rows = [row for known, row in self.properties.items() if self._inherits(key, known)]
        if not rows:
            return Truth.UNKNOWN
        return max((self._offers(build, row) for row in rows), key=_certainty)

    def _inherits(self, key: PropertyKey, known: PropertyKey) -> bool:
        if key.property != known.property:
            return False
        base = self.guests.base_type
        ancestors = {key.qom_type, base(key.qom_type)}
        for device in self.guests.devices.values():
            if key.qom_type in device.qom_types or key.qom_type == device.name:
                ancestors.update(device.qom_types)
        return base(known.qom_type) in ancestors or known.qom_type in ancestors

    def _offers(self, build: QemuBuild, row: PropertyRow) -> Truth:
        version = build.version
        since = release_key(row.offered_since)
        if not since:
            return Truth.UNKNOWN
        if version < since[: len(version)]:
            return Truth.UNKNOWN if row.older_unknown else Truth.NO
        if version < since and any(since[len(version) :]):
            return Truth.UNKNOWN
        if row.gone_by and version >= release_key(row.gone_by)[: len(version)]:
            return Truth.NO
        if row.offered_until and version > release_key(row.offered_until):
            return Truth.UNKNOWN
        return Truth.YES

    @cache  # noqa: B019 - one knowledge base lives as long as the process
    def property_row(self, key: PropertyKey) -> PropertyRow | None:
        """Return the row of a property, found through the base type if need be."""
        found = self.properties.get(key)
        if found is not None:
            return found
        rows = [row for known, row in self.properties.items() if self._inherits(key, known)]
        return rows[0] if rows else None

    def consequence_of(self, key: PropertyKey) -> Consequence:
        """Return what a difference of a property leads to; loss, if no row says its kind."""
        row = self.property_row(key)
        return Consequence.LOSES_STATE if row is None else self.property_kinds[row.kind]

    @property
    def property_keys(self) -> frozenset[PropertyKey]:
        """Every property that has a row or gates a unit: what an answer can set."""
        gates = ((gate.key, unit.flag) for unit in self.units for gate in unit.gates)
        return frozenset(key for keys in gates for key in keys if key is not None) | frozenset(
            self.properties
        )

    def flag_for(self, flags: Iterable[CompatFlag], keys: Iterable[PropertyKey]) -> str | None:
        """Return the value that `flags` give to any of `keys`; the last one wins.

        A flag speaks of its own type and, if that is a base type, of its variants.
        """
        value = None
        wanted = tuple(keys)
        for flag in flags:
            if any(self.same_property(flag.key, key) for key in wanted):
                value = flag.value
        return value

    def unreached(
        self, flags: Iterable[CompatFlag], keys: Iterable[PropertyKey]
    ) -> tuple[CompatFlag, ...]:
        """Return the flags on variants that may or may not be the guest's, of the same properties."""
        wanted = tuple(keys)
        bases = {self.base_key(key) for key in wanted}
        return tuple(
            flag
            for flag in flags
            if self.base_key(flag.key) in bases
            and not any(self.same_property(flag.key, key) for key in wanted)
        )

    def machine_type(self, name: str) -> MachineType | None:
        """Return a machine type by its exact name."""
        row = self.machines.row(name)
        return None if row is None else row.machine_type


def _certainty(truth: Truth) -> int:
    """Order truths so that a certain YES wins over UNKNOWN and NO."""
    return (Truth.NO, Truth.UNKNOWN, Truth.YES).index(truth)
