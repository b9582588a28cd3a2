"""The QEMU builds installed on this host: version, package, machine types."""

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from planner.probe.asking import NotAsked

FOLDERS = ("usr/bin", "usr/local/bin", "usr/libexec", "opt/qemu/bin")
NAMES = {"x86_64": "x86_64", "aarch64": "aarch64", "s390x": "s390x", "ppc64": "ppc64"}
SECONDS = 1.0
OWNERS = (
    (("dpkg-query", "--search"), re.compile(r"^([^\s:]+)"), ("dpkg-query", "-W", "-f=${Version}")),
    (("rpm", "--query", "--file"), re.compile(r"^(\S+)"), ("rpm", "--query")),
    (("pacman", "-Qoq"), re.compile(r"^(\S+)"), ("pacman", "-Q")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledBuild:
    """A QEMU binary: its own version line, its package's version if one owns it, its types."""

    path: str
    version: str
    package: str
    machine_types: tuple[str, ...]

    @property
    def words(self) -> str:
        """Return what the column `qemu` of a fleet file wants: the package, else the version.

        A package that hides the point release gives way to the program's own line, which has both.
        """
        found = re.search(r"version (\d[\w.]*)", self.version)
        version = found[1] if found else self.version
        if self.package and version not in self.package and self.package in self.version:
            return self.version
        return self.package or version


def find_builds(arch: str, root: Path = Path("/")) -> tuple[InstalledBuild, ...]:
    """Ask every QEMU of this architecture in the usual folders; raises `NotAsked` if none is."""
    names = (f"qemu-system-{NAMES.get(arch, arch)}", "qemu-kvm", "kvm")
    paths = [root / folder / name for folder in FOLDERS for name in names]
    real = dict.fromkeys(path.resolve() for path in paths if path.is_file())
    if not real:
        raise NotAsked(f"no QEMU for {arch} in {', '.join('/' + name for name in FOLDERS)}")
    with ThreadPoolExecutor() as pool:
        found = [build for build in pool.map(_asked, real) if build is not None]
    if not found:
        raise NotAsked(f"no answer from {', '.join(map(str, real))}")
    return tuple(found)


def machine_types(listing: str) -> tuple[str, ...]:
    """Return the names of `-machine help`, in its order."""
    return tuple(line.split()[0] for line in listing.splitlines()[1:] if line.strip())


def _asked(path: Path) -> InstalledBuild | None:
    version = _said([str(path), "--version"])
    if not version:
        return None
    return InstalledBuild(
        path=str(path),
        version=version.splitlines()[0],
        package=_package(path),
        machine_types=machine_types(_said([str(path), "-machine", "help"])),
    )


def _package(path: Path) -> str:
    for owner, pattern, version in OWNERS:
        if shutil.which(owner[0]) is None:
            continue
        found = pattern.match(_said([*owner, str(path)]))
        if found:
            return _said([*version, found[1]]).strip()
    return ""


def _said(words: list[str]) -> str:
    """Return what a program prints, nothing if it fails or takes too long."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=SECONDS, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
