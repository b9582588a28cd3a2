"""Effective values of properties on a running QEMU, for builds that cannot list them.

Each machine type is started with the devices that it can have, and each object is asked for the
properties that the rows name. An object's value is that of the last entry whose type it is, as QEMU
applies them (qemu: qom/object.c, object_apply_global_props), and the build's default if there is
none; the default is what the newest type shows. See `query-cpu-model-expansion` for CPU models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from planner.domain.compat import plain_value
from planner.domain.errors import HarvestError
from planner.harvest.machines import Entry
from planner.harvest.monitor import Monitor, running

CHUNK = 12
CPU = re.compile(r"(.*)-(?:x86_64|i386|arm|s390x)-cpu")
QUIET = ("-accel", "tcg")
BACKENDS = ("-blockdev", "null-co,node-name=disk,read-zeroes=on", "-chardev", "null,id=chr")
WITH = {"virtio-blk": "drive=disk", "scsi-hd": "drive=disk", "ide-hd": "drive=disk"}
Ask = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A QEMU that can be started: its words and environment."""

    command: Sequence[str]
    environment: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A value that a build showed and what the rows say: `told` None means the default."""

    machine_type: str
    qom_type: str
    name: str
    value: str
    told: str

    @property
    def agrees(self) -> bool:
        """Return whether rows and build agree, whatever the spelling."""
        return _same(self.value, self.told)


def _same(one: str, other: str) -> bool:
    try:
        return (int(one) - int(other)) % (1 << 32) == 0
    except ValueError:
        return one == other


def shown_values(
    program: Program,
    lists: Mapping[str, Sequence[Entry]],
    newest: str,
    only: Sequence[str] = (),
) -> Iterator[Shown]:
    """Yield every value that can be read, machine type by machine type.

    `lists` maps types of one board to their whole lists; `newest` is the one with the defaults.
    `only` limits the devices that are added.
    """
    keys = {(entry[0], entry[1]) for entries in lists.values() for entry in entries}
    with running(program.command, "-machine", "none", environment=program.environment) as monitor:
        family = _Family(monitor, {key[0] for key in keys})
    wanted = _Wanted(keys, family)
    drivers = [one for one in only or family.concrete if _starts(program, newest, one)]
    models = sorted({match[1] for key in keys if (match := CPU.fullmatch(key[0]))})
    defaults = _read(program, newest, drivers, models, wanted)
    for name, entries in lists.items():
        seen = defaults if name == newest else _read(program, name, drivers, models, wanted)
        for (kind, prop), value in sorted(seen.items()):
            told = _last_entry(entries, kind, prop, family)
            if told is None and _last_entry(lists[newest], kind, prop, family) is None:
                told = defaults.get((kind, prop))
            if told is not None:
                yield Shown(machine_type=name, qom_type=kind, name=prop, value=value, told=told)


class _Family:
    """Which concrete types descend from the types that rows name."""

    def __init__(self, monitor: Monitor, named: set[str]) -> None:
        self.children: dict[str, frozenset[str]] = {}
        for name in sorted(named):
            found = monitor.answer("qom-list-types", implements=name, abstract=False) or ()
            self.children[name] = frozenset(one["name"] for one in found)
        devices = monitor.answer("qom-list-types", implements="device", abstract=False) or ()
        every = frozenset[str]().union(*self.children.values())
        addable = {one["name"] for one in devices}
        self.concrete = sorted(name for name in every & addable if not CPU.fullmatch(name))
        self.ancestors = cache(self._ancestors)

    def _ancestors(self, kind: str) -> frozenset[str]:
        return frozenset(name for name, found in self.children.items() if kind in found)


class _Wanted:
    """Which properties to ask an object of a type for."""

    def __init__(self, keys: set[tuple[str, str]], family: _Family) -> None:
        self._keys, self._family = keys, family
        self.of = cache(self._properties_of)

    def _properties_of(self, kind: str) -> tuple[str, ...]:
        above = self._family.ancestors(kind)
        return tuple(sorted({prop for name, prop in self._keys if name in above}))


def _last_entry(entries: Sequence[Entry], kind: str, prop: str, family: _Family) -> str | None:
    """Return the last entry that applies to an object, None if none does."""
    above = family.ancestors(kind)
    for name, one, value in reversed(entries):
        if one == prop and name in above:
            return plain_value(value)
    return None


def device_words(driver: str, place: int) -> tuple[str, str]:
    """Return the words that add a device as `dPLACE`, its back end among `BACKENDS`."""
    extra = [word for name, word in WITH.items() if driver.startswith(name)]
    return ("-device", ",".join([driver, f"id=d{place}", *extra]))


def _starts(program: Program, machine_type: str, driver: str) -> bool:
    """Say whether a device can be created with what we have to give it."""
    words = ("-machine", machine_type, *QUIET, *BACKENDS, *device_words(driver, 0))
    try:
        with running(program.command, *words, environment=program.environment):
            return True
    except HarvestError:
        return False


def _read(
    program: Program,
    machine_type: str,
    drivers: Sequence[str],
    models: Sequence[str],
    wanted: _Wanted,
) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    chunks = [drivers[start : start + CHUNK] for start in range(0, len(drivers), CHUNK)]
    for place, chunk in enumerate(chunks or [[]]):
        found |= _started(program, machine_type, chunk, wanted, () if place else models)
    return found


def _started(
    program: Program,
    machine_type: str,
    drivers: Sequence[str],
    wanted: _Wanted,
    models: Sequence[str],
) -> dict[tuple[str, str], str]:
    """Read one start; if its devices do not go together, they are read one by one."""
    devices = [word for place, one in enumerate(drivers) for word in device_words(one, place)]
    words = ("-machine", machine_type, *QUIET, *BACKENDS, *devices)
    try:
        with running(program.command, *words, environment=program.environment) as monitor:
            found = _walk(monitor, "/machine", wanted)
            for model in models:
                found |= _model(monitor, model, wanted)
            return found
    except HarvestError:
        if len(drivers) <= 1:
            return {}
    found = {}
    for driver in drivers:
        found |= _started(program, machine_type, [driver], wanted, models)
    return found


def _walk(monitor: Monitor, path: str, wanted: _Wanted) -> dict[tuple[str, str], str]:
    """Return the wanted properties of every object below `path`."""
    found: dict[tuple[str, str], str] = {}
    for row in monitor.answer("qom-list", path=path) or ():
        match = re.fullmatch(r"child<(.*)>", row["type"])
        if match is None:
            continue
        child = f"{path}/{row['name']}"
        for prop in () if CPU.fullmatch(match[1]) else wanted.of(match[1]):
            value = monitor.answer("qom-get", path=child, property=prop)
            if isinstance(value, bool | int | str):
                found[match[1], prop] = _default_text(value)
        found |= _walk(monitor, child, wanted)
    return found


def _model(monitor: Monitor, model: str, wanted: _Wanted) -> dict[tuple[str, str], str]:
    """Return the wanted properties of a CPU model as this machine type would create it."""
    answer = monitor.answer("query-cpu-model-expansion", type="full", model={"name": model})
    properties: Mapping[str, Any] = answer["model"]["props"] if answer else {}
    kind = f"{model}-x86_64-cpu"
    return {
        (kind, prop): _default_text(properties[prop])
        for prop in wanted.of(kind)
        if isinstance(properties.get(prop), bool | int | str)
    }


def _default_text(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return plain_value(str(value))
