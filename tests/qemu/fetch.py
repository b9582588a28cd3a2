"""Debian's QEMU builds, unpacked side by side with their own libraries; installs nothing.

The mirror is the one that this machine's apt uses. All files stay in one cache folder.
Run as a program: `python -m tests.qemu.fetch [SUITE ...]`.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SUITES = ("bullseye", "bookworm", "trixie", "trixie-backports")
PACKAGES = {"x86_64": ("qemu-system-x86", "libc6"), "aarch64": ("qemu-system-arm", "libc6")}
# newer suites keep devices such as qxl in packages of their own, which an installed QEMU has
MODULES = ("qemu-system-modules-spice", "qemu-system-modules-opengl")
APART = {"trixie": MODULES, "trixie-backports": MODULES}
PARENT = {"trixie-backports": "trixie"}
KEYRINGS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LIBRARIES = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib", "usr/lib")
NESTED = ("pulseaudio", "ceph", "systemd", "samba")
FIRMWARE = ("usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu", "usr/share/qemu-efi")


class FetchError(Exception):
    """A build cannot be had here; the message names the suite and the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """An unpacked QEMU: how to call it, its package's version, the architecture that it emulates."""

    suite: str
    package: str
    root: Path
    arch: str = "x86_64"

    @property
    def version(self) -> str:
        """Return the upstream version, for labels: `7.2.22`."""
        found = re.search(r":(\d+(?:\.\d+)+)", self.package)
        return found[1] if found else self.package

    @property
    def words(self) -> str:
        """Return what the column `qemu` of a fleet file wants."""
        done = _run(self.suite, [*self.command(), "--version"])
        return next(line for line in done.splitlines() if "version" in line)

    def environment(self) -> dict[str, str]:
        """Return what the program needs of its environment."""
        modules = self.root / "usr/lib/x86_64-linux-gnu/qemu"
        return {**os.environ, "QEMU_MODULE_DIR": str(modules), "LC_ALL": "C"}

    def command(self, *, preload: Path | None = None) -> list[str]:
        """Return the words that start this build with its own loader and libraries."""
        folders = [self.root / name for name in LIBRARIES]
        folders += [self.root / LIBRARIES[1] / name for name in NESTED]
        words = [str(self._loader()), "--library-path", ":".join(map(str, folders))]
        if preload is not None:
            words += ["--preload", str(preload)]
        words.append(str(self.root / f"usr/bin/qemu-system-{self.arch}"))
        for name in FIRMWARE:
            words += ["-L", str(self.root / name)]
        return words

    def _loader(self) -> Path:
        """Return the build's own dynamic loader; the usual link to it is absolute, so not used."""
        for folder in LIBRARIES:
            for pattern in ("ld-linux-x86-64.so.2", "ld-2.*.so"):
                for path in sorted((self.root / folder).glob(pattern)):
                    if path.is_file():
                        return path
        raise FetchError(f"{self.suite}: no dynamic loader under {self.root}")


def cache_folder() -> Path:
    """Return the folder that keeps packages and builds, `PLANNER_QEMU_CACHE` if set."""
    named = os.environ.get("PLANNER_QEMU_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(named) if named else base / "planner-qemu"


def mirror() -> str:
    """Return the Debian mirror in apt's configuration, or `PLANNER_DEBIAN_MIRROR` if set."""
    named = os.environ.get("PLANNER_DEBIAN_MIRROR")
    if named:
        return named
    for path in (Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))):
        if path.suffix not in {".list", ".sources"} or not path.is_file():
            continue
        for address in re.findall(r"https?://[^\s\]]+", _uncommented(path)):
            if re.search(r"/debian/?$", address):
                return str(address)
    raise FetchError("apt's configuration names no Debian mirror; set PLANNER_DEBIAN_MIRROR")


def _uncommented(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _place(suite: str, arch: str) -> Path:
    return cache_folder() / (suite if arch == "x86_64" else f"{suite}-{arch}")


def present(suite: str, arch: str = "x86_64") -> Build | None:
    """Return a suite's build if it is in the cache."""
    stamp = _place(suite, arch) / "version"
    if not stamp.is_file():
        return None
    package = stamp.read_text(encoding="utf-8").strip()
    return Build(suite=suite, package=package, root=stamp.parent / "root", arch=arch)


def fetch(suite: str, arch: str = "x86_64") -> Build:
    """Return a suite's build, downloading and unpacking it if need be; raises `FetchError`."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with _place(suite, arch).with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers may come at the same time
        return _fetch(suite, arch)


def _fetch(suite: str, arch: str) -> Build:
    found = present(suite, arch)
    if found is not None:
        return found
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise FetchError(f"{suite}: apt-get and dpkg-deb are needed")
    folder = _place(suite, arch)
    configuration = _configure(suite, folder)
    _apt(suite, configuration, "update")
    words = ("--yes", "--download-only", "--no-install-recommends", f"--target-release={suite}")
    _apt(suite, configuration, "install", *words, *PACKAGES[arch], *APART.get(suite, ()))
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    version = ""
    for package in sorted((folder / "cache/archives").glob("*.deb")):
        _run(suite, ["dpkg-deb", "--extract", str(package), str(root)])
        if package.name.startswith(f"{PACKAGES[arch][0]}_"):
            version = _run(suite, ["dpkg-deb", "--field", str(package), "Version"]).strip()
    if not version:
        raise FetchError(f"{suite}: no {PACKAGES[arch][0]} among the packages")
    (folder / "version").write_text(version + "\n", encoding="utf-8")
    return Build(suite=suite, package=version, root=root, arch=arch)


def _configure(suite: str, folder: Path) -> Path:
    """Write a private apt configuration; the machine's own is neither read nor changed."""
    for name in ("lists/partial", "cache/archives/partial", "empty"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").write_text("", encoding="utf-8")
    suites = [PARENT[suite], suite] if suite in PARENT else [suite]
    lines = [f"deb [signed-by={KEYRINGS}] {mirror()} {name} main\n" for name in suites]
    (folder / "sources.list").write_text("".join(lines), encoding="utf-8")
    settings = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": folder / "empty",
        "Dir::Etc::PreferencesParts": folder / "empty",
        "Dir::Etc::Preferences": folder / "empty/none",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Architecture": "amd64",
        "APT::Architectures": "amd64",
        "APT::Sandbox::User": "root",
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Languages": "none",
    }
    text = "".join(f'{key} "{value}";\n' for key, value in settings.items())
    # the machine's hooks that delete downloaded packages must not run here
    text += "#clear DPkg::Post-Invoke;\n#clear APT::Update::Post-Invoke;\n"
    text += 'Binary::apt::APT::Keep-Downloaded-Packages "true";\n'
    path = folder / "apt.conf"
    path.write_text(text, encoding="utf-8")
    return path


def _apt(suite: str, configuration: Path, *words: str) -> None:
    _run(suite, ["apt-get", "--quiet", f"--config-file={configuration}", *words])


def _run(suite: str, words: list[str]) -> str:
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise FetchError(f"{suite}: {words[0]} failed: {''.join(reason)}")
    return done.stdout


def main() -> int:
    """Fetch the suites that are named, or all."""
    missing = 0
    for suite in sys.argv[1:] or SUITES:
        try:
            build = fetch(suite)
        except FetchError as error:
            print(f"NOT FETCHED {error}", file=sys.stderr)
            missing += 1
        else:
            print(f"{suite}: QEMU {build.package} in {build.root}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
