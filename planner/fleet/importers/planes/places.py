"""Which host a file is of: the folder HOST/ that a collection lies in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from planner.fleet.importers.described import ARCHIVES, DescribedFile, files_in

NODES = ("nodes",)
"""The folder of /etc/pve that has one folder a host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFile:
    """A file and the host whose folder it lies in; `inside` are the folders below that."""

    host: str
    inside: tuple[str, ...]
    file: DescribedFile


def host_files(path: Path, parts: Collection[str]) -> Iterator[HostFile]:
    """Yield the files of a folder, archive or file, each with its host.

    A file that lies in the path itself, or in a folder of `parts` as one host's collection has them, is
    of the host that the path is named as; any other is of the outermost folder that it lies in. Raises
    `FleetError` for what is too large or cannot be read.
    """
    above = len(path.resolve().parts) - 1 if path.is_dir() else len(path.resolve().parent.parts) - 1
    for file in files_in(path, None):
        folders = file.folders[above:]
        if folders[:1] == NODES:
            folders = folders[1:]
        if not folders or folders[0] in parts:
            yield HostFile(host=_host_name(path), inside=folders, file=file)
        else:
            yield HostFile(host=folders[0], inside=folders[1:], file=file)


def _host_name(path: Path) -> str:
    """Return the host that a path is named as: `cmp-1.tar.gz` is of `cmp-1`; of a file, its folder."""
    name = path.resolve().name
    if path.is_dir():
        return name
    for end in ARCHIVES:
        if name.endswith(end):
            return name.removesuffix(end)
    return path.resolve().parent.name
