"""A QEMU source tree as texts by path: out of a folder, a tarball, or a git directory at a tag."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from planner.domain.errors import HarvestError, wrong_word

CODE = re.compile(r".*\.(?:c|h|c\.inc|inc\.c)")
TOPS = ("hw", "include", "audio", "backends", "net", "migration", "ui")
"""The folders in which devices and what they share are."""
VERSION = "VERSION"


@dataclass(frozen=True, slots=True)
class SourceTree:
    """The texts of a tree by path, and the version that it calls itself."""

    version: str
    texts: dict[str, str]


def read_source(place: str) -> SourceTree:
    """Read TREE, a tarball, or GITDIR@TAG; raises `HarvestError` if it is no source of QEMU."""
    folder, at, tag = place.rpartition("@")
    path = Path(place)
    if at and Path(folder).is_dir():
        found = _from_git(Path(folder), tag)
    elif path.is_dir():
        found = _from_folder(path)
    elif path.is_file() and tarfile.is_tarfile(path):
        with path.open("rb") as file:
            found = dict(_members(file, "r|*", drop=1))
    else:
        what = f"{place} is neither a folder nor a tarball nor GITDIR@TAG"
        raise HarvestError([wrong_word("TREE", what)])
    version = found.pop(VERSION, "").strip()
    if not version:
        raise HarvestError([wrong_word("TREE", f"{place} has no file VERSION: no source of QEMU")])
    return SourceTree(version, found)


def _is_wanted(name: str) -> bool:
    return name == VERSION or (name.partition("/")[0] in TOPS and CODE.fullmatch(name) is not None)


def _from_folder(top: Path) -> dict[str, str]:
    named = ((path.relative_to(top).as_posix(), path) for path in top.rglob("*"))
    return {
        name: path.read_text(encoding="utf-8", errors="replace")
        for name, path in named
        if _is_wanted(name) and path.is_file()
    }


def _from_git(folder: Path, tag: str) -> dict[str, str]:
    words = ["git", "-C", str(folder), "archive", "--format=tar", tag, VERSION, *TOPS]
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode:
        what = f"git archive {tag}: {done.stderr.decode(errors='replace').strip()}"
        raise HarvestError([wrong_word("TREE", what)])
    return dict(_members(io.BytesIO(done.stdout), "r|", drop=0))


def _members(file: IO[bytes], mode: str, *, drop: int) -> Iterator[tuple[str, str]]:
    """Yield the wanted files of a tar stream; `drop` folders of each name are left out."""
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for member in archive:
            name = member.name.removeprefix("./").split("/", drop)[-1]
            stream = archive.extractfile(member) if member.isfile() and _is_wanted(name) else None
            if stream is not None:
                yield name, stream.read().decode("utf-8", errors="replace")
