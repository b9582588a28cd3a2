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
    for name in BOUND:
        (folder / name).mkdir(parents=True)
    for name in ("etc", "varlib"):
        shutil.copytree(BOUND[name], folder / name, symlinks=True, dirs_exist_ok=True)
    (folder / "etc" / "libvirtd.conf").write_text('auth_unix_rw = "none"\n', encoding="utf-8")
    (folder / "etc" / "qemu.conf").write_text(SETTINGS, encoding="utf-8")
    binds = [
        f"mkdir -p {path}; mount --bind {folder / name} {path}" for name, path in BOUND.items()
    ]
    script = "; ".join(["set -e", "mount --make-rprivate /", *binds, "exec libvirtd"])
    with (folder / "messages").open("w") as messages:
        running = subprocess.Popen(["unshare", "-m", "sh", "-c", script], stderr=messages)
        try:
            socket = folder / "run" / "libvirt-sock"
            end = time.monotonic() + PATIENCE
            while not socket.exists() and running.poll() is None and time.monotonic() < end:
                time.sleep(0.2)
            assert socket.exists(), (folder / "messages").read_text(encoding="utf-8")
            yield f"qemu+unix:///system?socket={socket}"
        finally:
            running.terminate()
            running.wait(PATIENCE)


def virsh(address: str, *words: str) -> str:
    """Return what virsh prints."""
    done = subprocess.run(
        ["virsh", "-c", address, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
