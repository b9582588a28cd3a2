"""Which machine and kernel this is: files of /proc, /sys and /etc; runs nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MODULES = re.compile(r"kvm|vhost|tun$|vfio|irqbypass")
CPU_KEYS = {
    "vendor_id": "vendor",
    "cpu family": "family",
    "model": "model",
    "model name": "name",
    "stepping": "stepping",
    "microcode": "microcode",
    "CPU implementer": "vendor",
    "CPU architecture": "family",
    "CPU part": "model",
    "CPU variant": "stepping",
    "CPU revision": "microcode",
    "address sizes": "address_sizes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A loaded kernel module: what it was built from and how it was set."""

    name: str
    source_version: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A host as its files tell; empty texts where a file does not."""

    host: str
    arch: str
    kernel: str
    system: str
    system_version: str
    boot: str
    nested: bool
    cpu: Mapping[str, str]
    modules: tuple[Module, ...]
    livepatches: tuple[str, ...]

    @property
    def cpu_text(self) -> str:
        """Return what the column `cpu` of a fleet file wants: the name, else the numbers of the CPU."""
        named = self.cpu.get("name", "")
        numbers = ("vendor", "family", "model", "stepping")
        return named or " ".join(self.cpu[key] for key in numbers if self.cpu.get(key))


def read_machine(root: Path = Path("/")) -> Machine:
    """Read who this host is; a file that is missing leaves its fact empty."""
    names = os.uname()
    system = dict(_pairs(_text(root / "etc/os-release"), "="))
    processor = _text(root / "proc/cpuinfo").split("\n\n", 1)[0]
    facts = dict(_pairs(processor, ":"))
    cpu = {CPU_KEYS[key]: value for key, value in facts.items() if key in CPU_KEYS}
    return Machine(
        host=names.nodename,
        arch={"ppc64le": "ppc64"}.get(names.machine, names.machine),
        kernel=names.release,
        system=system.get("ID", "").strip('"'),
        system_version=system.get("VERSION_ID", "").strip('"'),
        boot=_text(root / "proc/sys/kernel/random/boot_id").strip(),
        nested="hypervisor" in facts.get("flags", "").split(),
        cpu=cpu,
        modules=tuple(_modules(root / "sys/module")),
        livepatches=_names(root / "sys/kernel/livepatch"),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _pairs(text: str, sign: str) -> list[tuple[str, str]]:
    lines = (line.partition(sign) for line in text.splitlines() if sign in line)
    return [(key.strip(), value.strip()) for key, _, value in lines]


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.iterdir())) if folder.is_dir() else ()


def _modules(folder: Path) -> list[Module]:
    return [
        Module(
            name=name,
            source_version=_text(folder / name / "srcversion").strip(),
            parameters={
                parameter: _text(folder / name / "parameters" / parameter).strip()
                for parameter in _names(folder / name / "parameters")
            },
        )
        for name in _names(folder)
        if MODULES.match(name)
    ]
