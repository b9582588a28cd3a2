"""Names that a policy may use; a misspelt bound must not bound nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from planner.documents.complaints import Complaints, Steps
from planner.documents.values import Reader, known, shown, text
from planner.domain.compat import CompatFlag, PropertyKey
from planner.domain.errors import nearest
from planner.domain.machine_type import MachineType
from planner.domain.migrated import MigratedUnit

Bounds = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """What a policy can name: machine types, units, properties.

    `pools` and `families` (of failure domains) are those of a fleet; None: any.
    """

    types: Collection[MachineType]
    units: Collection[MigratedUnit]
    properties: Collection[str]
    has_property: Callable[[PropertyKey], bool]
    is_no_value: Callable[[CompatFlag], bool] = lambda flag: False
    is_usual: Callable[[str], bool] = lambda qom_type: True
    base_type: Callable[[str], str] = lambda qom_type: qom_type
    guest_profiles: Collection[str] = ()
    pools: Collection[str] | None = None
    families: Collection[str] | None = None

    @property
    def pool(self) -> Reader[str]:
        """The reader of a pool's name."""
        return text if self.pools is None else known("pool", self.pools)

    @property
    def family(self) -> Reader[str]:
        """The reader of the name of a family of failure domains."""
        return text if self.families is None else known("family of failure domains", self.families)

    @property
    def board(self) -> Reader[str]:
        """The reader of a board's name."""
        return known("board", {row.board for row in self.types})

    @property
    def unit(self) -> Reader[str]:
        """The reader of the id of a migrated unit."""
        return known("migrated unit", {unit.id for unit in self.units})


def flag_of(names: KnownNames) -> Reader[CompatFlag | None]:
    """Return the reader of `TYPE.PROPERTY=VALUE` with a property that some row has."""

    def read(value: object, steps: Steps, complaints: Complaints) -> CompatFlag | None:
        """Read a flag."""
        try:
            flag = CompatFlag.parse(value) if isinstance(value, str) else None
        except ValueError:
            flag = None
        if flag is None:
            complaints.add(steps, f"{shown(value)} is not TYPE.PROPERTY=VALUE")
        elif not names.has_property(flag.key):
            remedy = "" if complaints.is_full else nearest(str(flag.key), names.properties)
            complaints.add(steps, f"'{flag.key}' is no property", remedy)
        elif not names.is_usual(flag.key.qom_type):
            what = f"'{flag.key.qom_type}' is one variant of several: guests with another escape it"
            base = names.base_type(flag.key.qom_type)
            complaints.add(steps, what, f"name the base type '{base}'")
        elif names.is_no_value(flag):
            complaints.add(steps, f"'{flag.value}' is no value of {flag.key}", "allowed: on, off")
        return flag and _on_base(flag, names)

    return read


def property_of(names: KnownNames) -> Reader[str | None]:
    """Return the reader of `TYPE.PROPERTY`, which some row has for this type or one above it."""

    def read(value: object, steps: Steps, complaints: Complaints) -> str | None:
        """Read the name of a property."""
        try:
            key = PropertyKey.parse(value) if isinstance(value, str) else None
        except ValueError:
            key = None
        if key is None:
            remedy = "" if complaints.is_full else nearest(str(value), names.properties)
            complaints.add(steps, f"{shown(value)} is not TYPE.PROPERTY", remedy)
        elif not names.has_property(key):
            remedy = "" if complaints.is_full else nearest(str(key), names.properties)
            complaints.add(steps, f"'{key}' is no property", remedy)
        return None if key is None else str(key)

    return read


def _on_base(flag: CompatFlag, names: KnownNames) -> CompatFlag:
    """Return a flag on the base type of a usual variant: what is asked of a pool is of all devices."""
    key = PropertyKey(qom_type=names.base_type(flag.key.qom_type), property=flag.key.property)
    return replace(flag, key=key)


def check_bounds(
    floors: Bounds, ceilings: Bounds, names: KnownNames, complaints: Complaints
) -> None:
    """Complain of types of another board than they bound, and of floors above ceilings."""
    types = {row.name: row for row in names.types}
    for key, bounds in (("floors", floors), ("ceilings", ceilings)):
        for board, name in bounds:
            if types[name].board != board:
                what = f"'{name}' is a type of {types[name].board}, not of {board}"
                complaints.add((((), key), board), what)
    highest = {board: types[name] for board, name in ceilings}
    for board, name in floors:
        floor, ceiling = types[name], highest.get(board)
        if ceiling is None or (floor.board, floor.line) != (ceiling.board, ceiling.line):
            continue
        if floor.is_newer_than(ceiling):
            what = f"'{floor.name}' is newer than the ceiling '{ceiling.name}'"
            complaints.add((((), "floors"), board), what)
