"""An older kernel under a real one: the preloaded library and what it hides."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.qemu.fetch import FetchError

SOURCE = Path(__file__).parent / "gap.c"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What a kernel does not have: MSRs, extensions, (leaf, index, register, bit), offload bits."""

    msrs: tuple[int, ...] = ()
    extensions: tuple[int, ...] = ()
    cpuid: tuple[str, ...] = ()
    offloads: int = 0

    def environment(self) -> dict[str, str]:
        """Return the variables that make the library hide this."""
        found = {
            "GAP_HIDE_MSRS": ",".join(map(hex, self.msrs)),
            "GAP_HIDE_EXTENSIONS": ",".join(map(str, self.extensions)),
            "GAP_HIDE_CPUID": ",".join(self.cpuid),
            "GAP_HIDE_OFFLOADS": hex(self.offloads) if self.offloads else "",
        }
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a vCPU had when it first ran: MSR values (None: not readable) and CPUID leaves."""

    msrs: Mapping[int, int | None]
    cpuid: Mapping[tuple[int, int], tuple[int, ...]]


def built(folder: Path) -> Path:
    """Return the library, compiled if it is not there; raises `FetchError`."""
    library = folder / "gap.so"
    if library.exists() and library.stat().st_mtime >= SOURCE.stat().st_mtime:
        return library
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise FetchError("no C compiler for the library that hides kernel abilities")
    words = [compiler, "-O1", "-Wall", "-Wextra", "-shared", "-fPIC", "-fno-stack-protector"]
    new = folder / f"gap.{id(words)}.so"
    done = subprocess.run(
        [*words, "-o", str(new), str(SOURCE)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FetchError(f"{SOURCE.name} does not compile: {done.stderr.strip()}")
    new.replace(library)
    return library


def read_record(path: Path) -> Record | None:
    """Return a record, None while it is not there whole."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return None
    if not lines or lines[-1] != "end":
        return None
    msrs: dict[int, int | None] = {}
    cpuid: dict[tuple[int, int], tuple[int, ...]] = {}
    for line in lines[:-1]:
        kind, *cells = line.split()
        if kind == "msr":
            msrs[int(cells[0], 16)] = None if cells[1] == "-" else int(cells[1], 16)
        else:
            leaf, index, *registers = (int(cell, 16) for cell in cells)
            cpuid[leaf, index] = tuple(registers)
    return Record(msrs=msrs, cpuid=cpuid)
