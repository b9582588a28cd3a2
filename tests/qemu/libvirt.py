"""A libvirtd of Debian's packages, started by hand in a mount namespace of its own; needs root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from uuid import uuid4

PACKAGES = ("libvirt-daemon-system", "libvirt-clients", "qemu-system-x86")
BOUND = {
    "varlib": "/var/lib/libvirt",
    "etc": "/etc/libvirt",
    "run": "/run/libvirt",
    "cache": "/var/cache/libvirt",
    "log": "/var/log/libvirt",
}
PATIENCE = 60
SETTINGS = """user = "root"
group = "root"
security_driver = "none"
namespaces = [ ]
cgroup_controllers = [ ]
stdio_handler = "file"
remember_owner = 0
"""
"""So that guests start without systemd and without a daemon for their logs."""


def why_not() -> str:
    """Return why there is no libvirt on this machine, an empty text if there is one; installs it."""
    if os.geteuid() != 0:
        return "not root"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "no usable /dev/kvm"
    with (Path(tempfile.gettempdir()) / "planner-tests-libvirt.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if _missing() and shutil.which("apt-get"):
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
            for command in (["apt-get", "update", "-qq"], install):
                subprocess.run(command, check=False, capture_output=True, env=quiet)
    return _missing()


def _missing() -> str:
    names = ("libvirtd", "virsh", "qemu-system-x86_64")
    lacking = [name for name in names if shutil.which(name) is None]
    return f"{', '.join(lacking)} not installed" if lacking else ""


@contextmanager
def daemon(folder: Path) -> Iterator[str]:
    """Run a libvirtd whose files are in a folder; yield the address that virsh takes."""
    prepare(folder)
    with running(folder) as address:
        yield address


def prepare(folder: Path) -> None:
    """Make the files of a libvirtd, as its packages install them."""
    for name in BOUND:
        (folder / name).mkdir(parents=True)
    for name in ("etc", "varlib"):
        shutil.copytree(BOUND[name], folder / name, symlinks=True, dirs_exist_ok=True)
    own = f'auth_unix_rw = "none"\nhost_uuid = "{uuid4()}"\n'
    (folder / "etc" / "libvirtd.conf").write_text(own, encoding="utf-8")
    (folder / "etc" / "qemu.conf").write_text(SETTINGS, encoding="utf-8")


@contextmanager
def running(folder: Path, host: str = "") -> Iterator[str]:
    """Run a libvirtd with the files of a folder, on a machine of that name if one is given.

    Its guests outlive it, and another that is run there finds them.
    """
    binds = [
        f"mkdir -p {path}; mount --bind {folder / name} {path}" for name, path in BOUND.items()
    ]
    named = [f"hostname {host}"] if host else []
    start = f"exec libvirtd -p {folder / 'pid'}"
    script = "; ".join(["set -e", "mount --make-rprivate /", *named, *binds, start])
    socket = folder / "run" / "libvirt-sock"
    socket.unlink(missing_ok=True)
    with (folder / "messages").open("a") as messages:
        process = subprocess.Popen(
            ["unshare", "-m", *(["-u"] if host else []), "sh", "-c", script], stderr=messages
        )
        try:
            end = time.monotonic() + PATIENCE
            while not socket.exists() and process.poll() is None and time.monotonic() < end:
                time.sleep(0.2)
            assert socket.exists(), (folder / "messages").read_text(encoding="utf-8")
            yield f"qemu+unix:///system?socket={socket}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


def asked(address: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Return what became of a command of virsh."""
    return subprocess.run(
        ["virsh", "-c", address, *words], capture_output=True, text=True, check=False, timeout=120
    )


def virsh(address: str, *words: str) -> str:
    """Return what virsh prints."""
    done = asked(address, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout
