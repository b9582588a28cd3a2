"""The companion of the hook: notes in the metadata of a guest that was started here where that was.

A guest that came in keeps the note of its first host. libvirt is asked when its own start is over, by a
process that it does not wait for; the note is of the running guest alone and goes with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from xml.sax.saxutils import quoteattr

CONNECT = "qemu:///system"
PID_FOLDER = "/run/libvirt/qemu"
NAMESPACE = "https://planner.example/1"
PATIENCE = 60
CAME_IN = (b"-incoming", b"-loadvm")
"""Arguments of a process that did not boot its guest."""


def noted(kernel: str, qemu: str, host: str) -> str:
    """Return the note: of what the guest took its CPU and machine."""
    words = ("qemu", qemu), ("kernel", kernel), ("host", host)
    return "<booted " + " ".join(name + "=" + quoteattr(text) for name, text in words) + "/>"


def arguments_of(name: str) -> tuple[str, list[bytes]]:
    """Return the process of a guest and its arguments; none if it is gone."""
    try:
        with open(PID_FOLDER + "/" + name + ".pid", encoding="utf-8") as file:  # noqa: PTH123
            process = file.read().strip()
        with open("/proc/" + process + "/cmdline", "rb") as file:  # noqa: PTH123
            return process, file.read().split(b"\0")
    except OSError:
        return "", []


def written_by(name: str, note: str) -> bool:
    """Return whether libvirt took the note of a guest."""
    words = ["virsh", "-c", CONNECT, "metadata", name, "--uri", NAMESPACE, "--key", "planner"]
    return subprocess.call([*words, "--set", note, "--live"]) == 0


def main() -> None:
    """Note where the guest whose name libvirt gave was started."""
    name = sys.argv[1]
    process, arguments = arguments_of(name)
    if not process or any(word in CAME_IN for word in arguments):
        return
    version = subprocess.check_output(["/proc/" + process + "/exe", "--version"])
    host = os.uname()
    note = noted(host.release, version.decode().partition("\n")[0], host.nodename)
    end = time.time() + PATIENCE
    while not written_by(name, note) and time.time() < end:
        time.sleep(1)


if __name__ == "__main__":
    main()
