"""A whole build asked over its monitor: types, devices with properties, objects, options, CPU models.

Questions that end a QEMU (some builds cannot list some types) are asked again without the type that
ended it; such a type keeps its name and says of its properties that they were not told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from planner.domain.errors import HarvestError
from planner.harvest.inventory import UNTOLD, Property, ReadModel, WholeBuild
from planner.harvest.machines import HarvestedBuild
from planner.harvest.monitor import Monitor, running
from planner.harvest.values import Program
from planner.knowledge.files.rows import release_key
from planner.knowledge.qemu.read_tables import ANY_MODEL, BOARD, SWITCH, USER

LISTED = re.compile(r'^name "([^"]+)"')
OTHER_NAME = re.compile(r', alias "([^"]+)"')
VERSIONED = re.compile(r"^(.+)-\d+\.\d+(?:\.\d+)*$")
BENCHES = ("pc-q35", "virt", "s390-ccw-virtio", "pseries")
"""Boards whose newest type shows what a build has: those with the buses that most devices want."""
OF_HOST = frozenset({"host", "max"})
"""Models that are what the host gives: no row can say what they have."""
LEGACY = "legacy-"
"""Builds up to 10.0 hide properties that begin so; of each older property there is one for people."""
Tell = Callable[[str], None]
"""Hears what is asked now: a whole build takes minutes."""


def read_whole(program: Program, build: HarvestedBuild, line: str, name: str) -> WholeBuild:
    """Ask a build for its devices, properties, objects and machine options."""
    with _none(program) as monitor:
        parents = {row["name"]: row.get("parent", "") for row in _types(monitor, "", abstract=True)}
        devices, aliases = _devices(monitor)
        objects = {row["name"] for row in _types(monitor, "user-creatable")}
        machines = {row["name"] for row in _types(monitor, "machine")}
        accelerators = {row["name"] for row in _types(monitor, "accel")}
    others = machines | accelerators - set(parents.values())
    properties = dict(_properties_by_type(program, "device-list-properties", devices))
    hidden = dict(_properties_by_type(program, "qom-list-properties", devices, only=_is_hidden))
    listed = {
        kind: rows | _hidden(rows, hidden.get(kind, rows)) for kind, rows in properties.items()
    }
    options = dict(_properties_by_type(program, "qom-list-properties", sorted(machines)))
    return WholeBuild(
        name=name,
        line=line,
        release=release_of(build),
        version=build.version,
        arch=build.arch,
        source=f"QEMU {build.version} ({build.text}), asked over QMP",
        parents=parents,
        devices=devices,
        aliases=aliases,
        objects={**dict.fromkeys(others, BOARD), **dict.fromkeys(objects, USER)},
        properties=listed,
        options=options,
        models={},
        features={},
        every_model=frozenset(),
        model_versions={},
        by_type={},
        blockers=frozenset(),
    )


def release_of(build: HarvestedBuild) -> str:
    """Return the package's version without the vendor's name, or QEMU's own."""
    return build.text.strip("()").rpartition(" ")[2]


def has_kvm(program: Program, build: HarvestedBuild) -> bool:
    """Return whether guests can be started with KVM here."""
    words = ("-machine", usual_type(build), "-accel", "kvm")
    try:
        with running(program.command, *words, environment=program.environment):
            return True
    except HarvestError:
        return False


def _none(program: Program) -> Any:
    return running(program.command, "-machine", "none", environment=program.environment)


def _types(monitor: Monitor, base: str, *, abstract: bool = False) -> Sequence[Mapping[str, Any]]:
    words = {"implements": base} if base else {}
    return monitor.answer("qom-list-types", abstract=abstract, **words) or ()


def _devices(monitor: Monitor) -> tuple[dict[str, str], dict[str, str]]:
    """Return who creates each device, and other names of devices."""
    command = {"command-line": "info qdm"}
    lines = str(monitor.answer("human-monitor-command", **command) or "").splitlines()
    found = {row["name"]: BOARD for row in _types(monitor, "device")}
    aliases: dict[str, str] = {}
    for line in lines:
        match = LISTED.match(line)
        if match is None:
            continue
        found[match[1]] = BOARD if ", no-user" in line else USER
        other = OTHER_NAME.search(line)
        if other is not None:
            aliases[other[1]] = match[1]
    return found, aliases


def _properties_by_type(
    program: Program,
    command: str,
    kinds: Iterable[str],
    *,
    only: Callable[[str], bool] = lambda _: True,
) -> Iterator[tuple[str, frozenset[Property]]]:
    """Yield the properties of each type, going on in a new process after one that died."""
    waiting = sorted(kinds)
    while waiting:
        try:
            with _none(program) as monitor:
                while waiting:
                    kind = waiting.pop(0)
                    rows = monitor.answer(command, typename=kind)
                    if rows is None:
                        yield kind, frozenset({UNTOLD})
                        continue
                    yield kind, frozenset(_property(row) for row in rows if only(row["name"]))
        except HarvestError:
            yield kind, frozenset({UNTOLD})


def _is_hidden(name: str) -> bool:
    return name.startswith(LEGACY)


def _hidden(rows: frozenset[Property], found: frozenset[Property]) -> frozenset[Property]:
    """Return the hidden properties of a type that are no older spelling of one that it lists."""
    names = {row[0] for row in rows}
    return frozenset(
        (name, kind, "")
        for name, kind, _ in found
        if _is_hidden(name) and name not in names and name.removeprefix(LEGACY) not in names
    )


def _property(row: Mapping[str, Any]) -> Property:
    return row["name"], row["type"], told(row["default-value"]) if "default-value" in row else ""


def told(value: object) -> str:
    """Return a value as the tables write it; an empty text is two quotes."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, sort_keys=True)


# ---- CPU models


def read_models(
    program: Program, whole: WholeBuild, build: HarvestedBuild, accelerator: str, tell: Tell
) -> WholeBuild:
    """Add CPU models as every versioned machine type creates them, and what their names mean there.

    Without KVM only the names are asked: QEMU turns features on that KVM needs, and TCG has not.
    """
    usual = usual_type(build)
    if not usual:
        return whole
    expanded: dict[str, Mapping[str, Mapping[str, str]]] = {}
    versions: dict[str, Mapping[str, str]] = {}
    for name in sorted((row.name for row in build.types), key=lambda name: name != usual):
        tell(f"CPU models of {name}")
        words = ("-machine", name, "-accel", accelerator)
        try:
            with running(program.command, *words, environment=program.environment) as monitor:
                named = _meanings(monitor)
                key = "" if name == usual else name
                if named:
                    versions[key] = named
                if accelerator == "kvm" and (not key or VERSIONED.match(name)):
                    expanded[key] = dict(_expansions(monitor, named))
        except HarvestError:
            continue
    shown = expanded.get("", {})
    usual_models = {name: rows for name, rows in shown.items() if name not in OF_HOST}
    return replace(
        whole,
        model_versions={
            name: found for name, found in versions.items() if not name or found != versions.get("")
        },
        **_split(usual_models),
        by_type={name: _changes(usual_models, found) for name, found in expanded.items() if name},
    )


def usual_type(build: HarvestedBuild) -> str:
    """Return the newest type of the board on which devices are tried, else the default, if any."""
    boards: dict[str, list[str]] = {}
    for row in build.types:
        match = VERSIONED.match(row.name)
        if match:
            boards.setdefault(match[1], []).append(row.name)
    names = next((boards[board] for board in BENCHES if board in boards), [])
    if not names:
        return next((row.name for row in build.types if row.default), "")
    return max(names, key=lambda name: release_key(name.rpartition("-")[2]))


def _meanings(monitor: Monitor) -> dict[str, str]:
    rows = monitor.answer("query-cpu-definitions") or ()
    return {row["name"]: row.get("alias-of", "") for row in rows}


def _expansions(monitor: Monitor, named: Iterable[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name in sorted(named):
        answer = monitor.answer("query-cpu-model-expansion", type="full", model={"name": name})
        if answer:
            rows = answer["model"].get("props", {})
            yield name, {prop: told(value) for prop, value in rows.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    return isinstance(value, bool | int | str)


def _split(models: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return what all models share, and what each has beyond."""
    names = {name for rows in models.values() for name in rows}
    values = {name: {rows.get(name) for rows in models.values()} for name in names}
    shared = {
        name: found
        for name, told_ in values.items()
        if len(told_) == 1 and (found := next(iter(told_)))
    }
    return {
        "models": {
            model: ReadModel(
                on=frozenset(n for n, value in rows.items() if value == "on" and n not in shared),
                values={
                    n: value
                    for n, value in rows.items()
                    if value not in {"on", "off"} and n not in shared
                },
            )
            for model, rows in models.items()
        },
        "every_model": frozenset((name, value) for name, value in shared.items() if value != "off"),
    }


def _switches(models: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Return every name that expansion tells, and whether it is on or off everywhere."""
    found: dict[str, bool] = {}
    for rows in models.values():
        for name, value in rows.items():
            found[name] = found.get(name, True) and value in {"on", "off"}
    return {name: SWITCH if is_one else "value" for name, is_one in found.items()}


def _changes(
    usual: Mapping[str, Mapping[str, str]], here: Mapping[str, Mapping[str, str]]
) -> Mapping[str, frozenset[tuple[str, str]]]:
    """Return what differs under a type: for every model in one row, or model by model."""
    found: dict[str, dict[str, str]] = {}
    for model in usual.keys() & here.keys():
        base, rows = usual[model], here[model]
        found[model] = {
            name: rows.get(name, "off")
            for name in base.keys() | rows.keys()
            if rows.get(name) != base.get(name)
        }
    common = set.intersection(*(set(rows.items()) for rows in found.values())) if found else set()
    changed = {model: frozenset(set(rows.items()) - common) for model, rows in found.items()}
    return {
        **({ANY_MODEL: frozenset(common)} if common else {}),
        **{model: rows for model, rows in changed.items() if rows},
    }
