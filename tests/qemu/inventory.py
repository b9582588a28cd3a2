"""What a build's own answers name: devices, options, CPU properties and models, machine options."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planner.domain.errors import HarvestError
from planner.harvest.monitor import running
from tests.qemu.fetch import Build

LISTED = re.compile(r'name "([^"]+)", bus ([^,\s]+)')
BOARDS = {
    "x86_64": ("pc-q35", "pc-i440fx", "microvm", "isapc"),
    "aarch64": ("virt",),
}
CPU_TYPE = {"x86_64": "qemu64-x86_64-cpu", "aarch64": "cortex-a57-arm-cpu"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property as QEMU lists it; `default` is None where it does not say."""

    name: str
    kind: str
    default: Any = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Everything that one build names."""

    build: Build
    devices: Mapping[str, str]
    options: Mapping[str, Mapping[str, Property]]
    cpu: Mapping[str, Property]
    models: tuple[str, ...]
    types: tuple[str, ...]
    machine: Mapping[str, Mapping[str, Property]]

    def of_board(self, board: str) -> tuple[str, ...]:
        """Return the versioned types of a board, or the board itself if it has none."""
        found = (name for name in self.types if name == board or board_of(name) == board)
        return tuple(sorted(found, key=release_of))


def board_of(name: str) -> str:
    return name.rpartition("-")[0] if re.search(r"-\d", name) else ""


def release_of(name: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", name.rpartition("-")[2])]


def named_by(build: Build) -> Named:
    """Ask a build; a question that it dies of has no answer."""
    devices = _devices(build)
    boards = BOARDS[build.arch]
    with running(build.command(), "-machine", "none", environment=build.environment()) as monitor:
        types = [row["name"] for row in monitor.ask("query-machines")]
        models = sorted(row["name"] for row in monitor.answer("query-cpu-definitions") or ())
    kept = tuple(sorted(name for name in types if name in boards or board_of(name) in boards))
    newest = {board: _newest(kept, board) for board in boards}
    listed = {
        **_answers(build, "device-list-properties", (*devices, CPU_TYPE[build.arch])),
        **_answers(build, "qom-list-properties", tuple(filter(None, newest.values()))),
    }
    return Named(
        build=build,
        devices=devices,
        options={name: listed.get(name, {}) for name in devices},
        cpu=listed[CPU_TYPE[build.arch]],
        models=tuple(models),
        types=kept,
        machine={board: listed.get(name, {}) for board, name in newest.items()},
    )


def _newest(types: Sequence[str], board: str) -> str:
    own = [name for name in types if name == board or board_of(name) == board]
    return f"{max(own, key=release_of)}-machine" if own else ""


def _answers(build: Build, command: str, names: Sequence[str]) -> dict[str, dict[str, Property]]:
    """Ask for each type's properties, going on in a new process after one that died."""
    found: dict[str, dict[str, Property]] = {}
    waiting = list(names)
    while waiting:
        with (
            contextlib.suppress(HarvestError),
            running(
                build.command(), "-machine", "none", environment=build.environment()
            ) as monitor,
        ):
            while waiting:
                name = waiting.pop(0)
                rows = monitor.answer(command, typename=name) or ()
                found[name] = {row["name"]: _property(row) for row in rows}
    return found


def _devices(build: Build) -> dict[str, str]:
    """Return what `-device help` names, with the bus that each sits on."""
    done = subprocess.run(
        [*build.command(), "-machine", "none", "-device", "help"],
        capture_output=True,
        text=True,
        check=False,
        env=build.environment(),
    )
    listed = (LISTED.search(line) for line in done.stdout.splitlines())
    found = {match[1]: match[2] for match in listed if match}
    return {name: bus for name, bus in sorted(found.items()) if not name.endswith("-cpu")}


def _property(row: Mapping[str, Any]) -> Property:
    said = str(row.get("description", ""))
    words = re.fullmatch(r"(?:.*\()?([\w.-]+(?:/[\w.-]+)+)\)?", said)
    return Property(
        name=row["name"],
        kind=row["type"],
        default=row.get("default-value"),
        values=tuple(words[1].split("/")) if words else (),
    )
