"""A real kernel's source out of Debian's pool, fetched once into the cache of the QEMU builds."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

from tests.qemu.fetch import FetchError, _apt, _configure, _run, cache_folder

SUITE = "bookworm"
PACKAGE = "linux-source-6.1"


def fetch_source() -> tuple[str, Path]:
    """Return the package's version and the tarball inside it; raises `FetchError`."""
    folder = cache_folder() / "kernel-source"
    folder.mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "kernel-source.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = sorted(folder.glob("*.tar.xz"))
        if not kept:
            kept = [_download(folder)]
        return kept[0].name.partition("_")[2].removesuffix(".tar.xz"), kept[0]


def _download(folder: Path) -> Path:
    configuration = _configure(SUITE, folder)
    _apt(SUITE, configuration, "update")
    words = ("--yes", "--download-only", "--no-install-recommends", f"--target-release={SUITE}")
    _apt(SUITE, configuration, "install", *words, PACKAGE)
    found = sorted((folder / "cache/archives").glob(f"{PACKAGE}_*.deb"))
    if not found:
        raise FetchError(f"{SUITE}: no {PACKAGE} among the packages")
    version = _run(SUITE, ["dpkg-deb", "--field", str(found[0]), "Version"]).strip()
    target = folder / f"{PACKAGE}_{version}.tar.xz"
    partial = target.with_suffix(".partial")
    member = f"./usr/src/{PACKAGE}.tar.xz"
    archive = ["dpkg-deb", "--fsys-tarfile", str(found[0])]
    with (
        partial.open("wb") as out,
        subprocess.Popen(archive, stdout=subprocess.PIPE) as packed,
    ):
        done = subprocess.run(["tar", "-xO", member], stdin=packed.stdout, stdout=out, check=False)
    if packed.returncode or done.returncode:
        raise FetchError(f"{SUITE}: {member} cannot be taken out of {found[0].name}")
    for deb in (folder / "cache/archives").glob("*.deb"):
        deb.unlink()
    return partial.rename(target)
