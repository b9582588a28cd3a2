"""What packages hold: identity, changelog, ROM and firmware files with their sizes; .deb and .rpm.

The readers are python-debian and rpmfile, which the extra `packages` installs. Nothing is installed or
unpacked but the QEMU programs that are asked who they are.
"""

from __future__ import annotations

import lzma
import re
import struct
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from planner.domain.errors import HarvestError, Location, Problem

FOLDERS = re.compile(
    r"/usr/(?:share|lib)/(?:qemu(?:-kvm|-efi\S*)?|kvm|ipxe(?:\.efi)?|ipxe/qemu|seabios|seavgabios"
    r"|OVMF|AAVMF|ovmf|edk2(?:/\S+)?|pve-edk2-firmware)"
)
ENDINGS = (".rom", ".bin", ".fd")
PROGRAMS = re.compile(r"/usr/(?:bin/(?:qemu-system-[\w.]+|kvm)|libexec/qemu-kvm)")
MOST_MEMBERS = 200_000
MOST_BYTES = 1 << 30
"""Of a package, and of a program inside it."""
FIRST_LINES = 12
SECONDS = 10
BROKEN = (
    *(OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError),
    *(NotImplementedError, AssertionError, MemoryError, OverflowError, RecursionError),
    *(struct.error, zlib.error, lzma.LZMAError, tarfile.TarError),
)
"""What the readers raise for a file that is not what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package: its name, its text as a fleet file says it, the head of its changelog, its files.

    `roms` are ROM and firmware files by name with their sizes in bytes; `said` is the version line of
    each QEMU program inside, or why it does not run here.
    """

    file: str
    name: str
    text: str
    arch: str
    changelog: tuple[str, ...] = ()
    roms: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_qemu(self) -> bool:
        """Whether a QEMU program is in it."""
        return bool(self.said)


@dataclass(frozen=True, slots=True)
class _Member:
    path: str
    size: int
    link: str
    handle: Any


def read_package(path: Path) -> Package:
    """Read a package; raises `HarvestError` for a file that is none or is broken."""
    reader = {".deb": _read_deb, ".rpm": _read_rpm}.get(path.suffix)
    if reader is None:
        raise _wrong(path, "is neither a .deb nor an .rpm by its name")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _wrong(path, f"has more than {MOST_BYTES >> 20} MiB")
        return reader(path)
    except ImportError as error:
        what = f"needs {error.name}, which is not installed"
        raise _wrong(path, what, "pip install 'fleet-machine-type-planner[packages]'") from error
    except HarvestError:
        raise
    except BROKEN as error:
        kind = "Debian package" if path.suffix == ".deb" else "RPM package"
        told = str(error).splitlines()[:1] or [type(error).__name__]
        raise _wrong(path, f"is no readable {kind}: {told[0]}") from error


def _wrong(path: Path, what: str, remedy: str = "") -> HarvestError:
    return HarvestError([Problem(location=Location(file=str(path)), what=what, remedy=remedy)])


def _read_deb(path: Path) -> Package:
    from debian.arfile import ArError
    from debian.debfile import DebError, DebFile

    try:
        with path.open("rb") as file, DebFile(fileobj=file) as deb:
            control = deb.debcontrol()
            archive = deb.data.tgz()
            members = [
                _Member(f"/{member.name.lstrip('./')}", member.size, member.linkname, member)
                for member in _bounded(path, archive)
                if member.isfile() or member.issym() or member.islnk()
            ]
            changelog = deb.changelog()
            return Package(
                file=path.name,
                name=str(control["Package"]),
                text=str(control["Version"]),
                arch=str(control["Architecture"]),
                changelog=tuple(str(changelog).strip().splitlines()[:FIRST_LINES])
                if changelog
                else (),
                roms=_roms(members),
                said=_version_lines(members, lambda one: archive.extractfile(one.handle)),
            )
    except (DebError, ArError) as error:
        raise ValueError(str(error)) from error


def _read_rpm(path: Path) -> Package:
    import rpmfile
    from rpmfile.errors import RPMError

    try:
        with path.open("rb") as file, rpmfile.open(fileobj=file) as rpm:
            return _of_rpm(path, rpm)
    except RPMError as error:
        raise ValueError(str(error)) from error


def _of_rpm(path: Path, rpm: Any) -> Package:
    wanted = ("name", "version", "release", "arch")
    head = {name: _header_text(rpm.headers.get(name)) for name in wanted}
    members = [
        _Member(f"/{member.name.lstrip('./')}", int(member.size), "", member)
        for member in _bounded(path, rpm.getmembers())
        if not member.isdir
    ]
    return Package(
        file=path.name,
        name=head["name"],
        text=f"{head['name']}-{head['version']}-{head['release']}.{head['arch']}",
        arch=head["arch"],
        changelog=_rpm_changelog(rpm.headers),
        roms=_roms(members),
        said=_version_lines(members, lambda one: rpm.extractfile(one.handle)),
    )


def _header_text(value: object) -> str:
    """Return a header's text; a missing one makes the file no package."""
    if isinstance(value, bytes):
        value = value.decode("utf-8")
    if not isinstance(value, str) or not value:
        raise ValueError("name, version, release or architecture is missing")
    return value


def _rpm_changelog(headers: Mapping[str, Any]) -> tuple[str, ...]:
    names, texts = (headers.get(key) or () for key in ("changelogname", "changelogtext"))
    if not names or not texts:
        return ()
    first = [
        one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
        for one in (_first(names), _first(texts))
    ]
    return tuple("\n".join(first).splitlines()[:FIRST_LINES])


def _first(values: object) -> object:
    return values[0] if isinstance(values, list | tuple) else values


def _bounded(path: Path, members: Iterable[Any]) -> Iterator[Any]:
    for number, member in enumerate(members):
        if number >= MOST_MEMBERS:
            raise _wrong(path, f"has more than {MOST_MEMBERS} files")
        yield member


def _roms(members: Sequence[_Member]) -> dict[str, int]:
    """Return ROM and firmware files by name; a link inside the package has the size of its target."""
    sizes = {one.path: one.size for one in members if not one.link}
    found: dict[str, int] = {}
    for one in sorted(members, key=lambda one: (bool(one.link), one.path)):
        place = PurePosixPath(one.path)
        if place.suffix not in ENDINGS or not FOLDERS.fullmatch(str(place.parent)):
            continue
        size = sizes.get(_target(one)) if one.link else one.size
        if size:
            found.setdefault(place.name, size)
    return dict(sorted(found.items()))


def _target(link: _Member) -> str:
    """Return the path that a link names, `..` resolved."""
    if link.link.startswith("/"):
        return link.link
    parts: list[str] = []
    for part in (*PurePosixPath(link.path).parent.parts, *PurePosixPath(link.link).parts):
        if part == "..":
            parts = parts[:-1] or ["/"]
        elif part != ".":
            parts.append(part)
    return str(PurePosixPath(*parts)) if parts else ""


def _version_lines(members: Sequence[_Member], opened: Any) -> dict[str, str]:
    """Ask each QEMU program for its version line where it runs; it is unpacked for that alone."""
    programs = [one for one in members if not one.link and PROGRAMS.fullmatch(one.path)]
    found = {}
    for one in programs:
        if one.size > MOST_BYTES:
            found[one.path] = "too large to be tried"
            continue
        handle = opened(one)
        found[one.path] = "not readable" if handle is None else _version(handle, one.path)
    return found


def _version(handle: IO[bytes], path: str) -> str:
    with tempfile.TemporaryDirectory(prefix="planner-package-") as folder:
        program = Path(folder) / PurePosixPath(path).name
        program.write_bytes(handle.read(MOST_BYTES))
        program.chmod(0o700)
        try:
            done = subprocess.run(
                [str(program), "--version"],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=SECONDS,
                cwd=folder,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"does not run here: {type(error).__name__}"
    lines = (done.stdout or done.stderr).strip().splitlines()
    if done.returncode or not lines:
        return f"does not run here: {lines[-1] if lines else f'code {done.returncode}'}"
    return lines[0]
