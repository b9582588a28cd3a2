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
SECONDS = 10.0
NOT_OWNED = 1
"""The code by which package tools say that no package has a file."""
OWNERS = (
    (("dpkg-query", "--search"), re.compile(r"^([^\s:]+)"), ("dpkg-query", "-W", "-f=${Version}")),
    (("rpm", "--query", "--file"), re.compile(r"^(\S+)"), ("rpm", "--query")),
    (("pacman", "-Qoq"), re.compile(r"^(\S+)"), ("pacman", "-Q")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledBuild:
    """A QEMU binary: its own version line, its package's version if one owns it, its types.

    `doubt` says why nobody knows whether a package owns it: the build then has no words.
    """

    path: str
    version: str
    package: str
    machine_types: tuple[str, ...]
    doubt: str = ""

    @property
    def words(self) -> str:
        """Return what the column `qemu` of a fleet file wants: the package, else the version.

        A package that hides the point release gives way to the program's own line, which has both. A
        build whose package could not be asked for is not named, for its version alone is another build.
        """
        if self.doubt:
            return ""
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
        found = [build for build in pool.map(_program_build, real) if build is not None]
    if not found:
        raise NotAsked(f"no answer from {', '.join(map(str, real))}")
    return tuple(found)


def machine_types(listing: str) -> tuple[str, ...]:
    """Return the names of `-machine help`, in its order."""
    return tuple(line.split()[0] for line in listing.splitlines()[1:] if line.strip())


def _program_build(path: Path) -> InstalledBuild | None:
    try:
        version = _said([str(path), "--version"])
        types = _said([str(path), "-machine", "help"])
    except Silent:
        return None
    if not version:
        return None
    package, doubt = "", ""
    try:
        package = _package(path)
    except Silent as error:
        doubt = f"{error}: whether a package owns {path} is not known"
    return InstalledBuild(
        path=str(path),
        version=version.splitlines()[0],
        package=package,
        machine_types=machine_types(types),
        doubt=doubt,
    )


class Silent(Exception):
    """A program did not answer; the text says how."""


def _package(path: Path) -> str:
    """Return the version of the package that owns a file, empty if none does; raises `Silent`."""
    for owner, pattern, version in OWNERS:
        if shutil.which(owner[0]) is None:
            continue
        found = pattern.match(_said([*owner, str(path)], fine=(0, NOT_OWNED)))
        if found:
            told = _said([*version, found[1]]).strip()
            if not told:
                raise Silent(f"{version[0]} named no version of {found[1]}")
            return told
    return ""


def _said(words: list[str], fine: tuple[int, ...] = (0,)) -> str:
    """Return what a program prints, nothing if it ends with another code of `fine` than 0.

    Raises `Silent` if it does not start, takes too long or ends otherwise.
    """
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=SECONDS, errors="replace"
        )
    except subprocess.TimeoutExpired as error:
        raise Silent(f"{words[0]} did not answer in {SECONDS:.0f} s") from error
    except OSError as error:
        raise Silent(f"{words[0]} did not start: {error.strerror}") from error
    if done.returncode not in fine:
        raise Silent(f"{words[0]} ended with code {done.returncode}")
    return done.stdout if done.returncode == 0 else ""
