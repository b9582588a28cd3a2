"""What a file, a folder or a tar archive holds that may describe guests; its size is bounded."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from planner.documents.sources import read_source
from planner.fleet.tables.sources import name_of, opened, refused

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz")
"""Ends of names of archives."""
SUFFIXES = frozenset({".xml", ".json", ".conf"})
"""Ends of names that are looked at in folders and archives."""
Suffixes = Collection[str] | None
MOST_FILES = 200_000
MOST_BYTES = 1 << 30
"""All files of a folder or an archive together."""
MOST_BYTES_OF_ONE = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedFile:
    """One file: how messages name it, the folders that it lies in, outermost first, and its bytes."""

    name: str
    folders: tuple[str, ...]
    data: bytes

    @property
    def stem(self) -> str:
        """The name of the file without its end."""
        return PurePosixPath(self.name).stem

    @property
    def kind(self) -> str:
        """`xml`, `json` or `conf` by what it begins with; empty for anything else, as for a table."""
        start = self.data.lstrip(b"\xef\xbb\xbf \t\r\n")[:4096]
        if start.startswith(b"<"):
            return "xml"
        if start.startswith(b"{"):
            return "json"
        lines = [line for line in start.decode(errors="replace").splitlines() if line.strip()]
        options = [line for line in lines if not line.startswith("#")]
        return "conf" if options and _is_option(options[0]) else ""


def _is_option(line: str) -> bool:
    """Whether a line is `name: value` as in what `qm config` prints."""
    name, colon, rest = line.partition(":")
    return bool(colon) and rest[:1] == " " and name.replace("-", "").isalnum()


def is_collection(path: Path) -> bool:
    """Whether a fleet is a folder, an archive or a JSON file of what planes print, and no table."""
    return path.is_dir() or path.name.endswith((*ARCHIVES, ".json"))


def files_in(path: Path, suffixes: Suffixes = SUFFIXES) -> Iterator[DescribedFile]:
    """Yield the file, or the files of a folder or archive whose names end in one of `suffixes`.

    `suffixes` None: all of them. Raises `FleetError` for what is too large or cannot be read.
    """
    if path.is_dir():
        yield from _bounded(_of_folder(path, suffixes), name_of(path))
        return
    try:
        with opened(path) as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise refused(name_of(path), error.strerror or str(error)) from error
    if _is_tar(data):
        yield from _bounded(_of_tar(data, path, suffixes), name_of(path))
        return
    folders = path.resolve().parent.parts[1:] if path.exists() else ()
    yield from _bounded(
        iter((DescribedFile(name=name_of(path), folders=folders, data=data),)), name_of(path)
    )


def _ends(file: PurePath, suffixes: Suffixes) -> bool:
    return suffixes is None or file.suffix.lower() in suffixes


def _is_tar(data: bytes) -> bool:
    try:
        return tarfile.is_tarfile(io.BytesIO(data))
    except (OSError, EOFError):
        return False


def _bounded(files: Iterator[DescribedFile], name: str) -> Iterator[DescribedFile]:
    total = 0
    for number, file in enumerate(files, start=1):
        total += len(file.data)
        if number > MOST_FILES or total > MOST_BYTES or len(file.data) > MOST_BYTES_OF_ONE:
            limits = (
                f"{MOST_FILES:,} files, {MOST_BYTES >> 20} MiB, {MOST_BYTES_OF_ONE >> 20} MiB each"
            )
            raise refused(name, "is too large for descriptions of guests", f"at most {limits}")
        yield file


def _of_folder(root: Path, suffixes: Suffixes) -> Iterator[DescribedFile]:
    """Yield the files below a folder by name; links to folders are not followed."""
    above = root.resolve().parts[1:]
    for place, folders, names in os.walk(root):
        folders.sort()
        inside = Path(place).relative_to(root).parts
        for name in sorted(names):
            file = Path(place) / name
            if not _ends(file, suffixes) or not file.is_file():
                continue
            try:
                data = read_source(file, MOST_BYTES_OF_ONE, pipes=False)
            except OSError as error:
                raise refused(str(file), error.strerror or str(error)) from error
            yield DescribedFile(name=str(file), folders=(*above, *inside), data=data)


def _of_tar(data: bytes, path: Path, suffixes: Suffixes) -> Iterator[DescribedFile]:
    """Yield the regular files of an archive; nothing is written anywhere."""
    above = path.resolve().parent.parts[1:] if path.exists() else ()
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                inside = PurePosixPath(member.name)
                if not member.isreg() or not _ends(inside, suffixes):
                    continue
                file = archive.extractfile(member)
                found = b"" if file is None else file.read(MOST_BYTES_OF_ONE + 1)
                folders = (*above, *inside.parent.parts)
                yield DescribedFile(name=f"{path}:{inside}", folders=folders, data=found)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise refused(name_of(path), f"an archive that cannot be read: {error}") from error
