"""One running QEMU of the tests: started, asked over QMP, ended; nothing of the planner."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.qemu.accelerator import KVM
from tests.qemu.fetch import Build
from tests.qemu.gap import Gap, Record, read_record

SECONDS = 20.0
STEP = 0.005
REGISTERS = ("EAX", "EBX", "ECX", "EDX")


class Ended(Exception):
    """QEMU ended; the text is the last that it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host of the tests: a build on this machine's kernel, of which `gap` is hidden."""

    name: str
    build: Build
    gap: Gap = field(default_factory=Gap)
    accelerator: str = KVM


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a guest is started: what its command line says beside the host's part."""

    machine: str
    cpu: str
    devices: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    read: tuple[int, ...] = ()

    def command(self, host: Host) -> list[str]:
        """Return the words after the program's own."""
        words = ["-nodefaults", "-no-user-config", "-display", "none", "-m", "32"]
        words += ["-accel", host.accelerator, "-machine", self.machine, "-cpu", self.cpu]
        for flag in self.flags:
            words += ["-global", flag]
        words += self.words
        for device in self.devices:
            words += ["-device", device]
        return words


class Guest:
    """A QEMU process with its monitor and the record of its vCPU."""

    def __init__(
        self,
        host: Host,
        start: Start,
        library: Path | None,
        *,
        incoming: str = "",
        values: str = "",
    ) -> None:
        """Start it; `values` are MSRs that its vCPU gets, `incoming` where it waits for a guest."""
        self._host = host
        self._folder = tempfile.TemporaryDirectory(prefix="planner-guest-")
        self.record_path = Path(self._folder.name) / "record"
        self._stderr = Path(self._folder.name) / "stderr"
        ours, theirs = socket.socketpair()
        words = [*host.build.command(preload=library), *start.command(host)]
        words += ["-chardev", f"socket,id=qmp,fd={theirs.fileno()}"]
        words += ["-mon", "chardev=qmp,mode=control"]
        if incoming:
            words += ["-incoming", incoming]
        environment = {
            **host.build.environment(),
            **host.gap.environment(),
            "GAP_RECORD": str(self.record_path),
            "GAP_READ_MSRS": ",".join(map(hex, start.read)),
            "GAP_SET_MSRS": values,
        }
        with self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=[theirs.fileno()],
                env={name: value for name, value in environment.items() if value},
            )
        theirs.close()
        ours.settimeout(SECONDS)
        self._socket = ours
        self._lines = ours.makefile("rb")

    def greet(self) -> None:
        """Wait for the monitor; raises `Ended` if QEMU does not come up."""
        self._next()
        self.ask("qmp_capabilities")

    def ask(self, command: str, **arguments: object) -> Any:
        """Return what a command returns; raises `Ended`, or `RuntimeError` if QEMU refuses."""
        request = {"execute": command, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise Ended(self.complaint()) from error
        while True:
            answer = self._next()
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(answer["error"]["desc"])

    def human(self, line: str) -> str:
        """Return what the human monitor prints."""
        return str(self.ask("human-monitor-command", **{"command-line": line}))

    def record(self) -> Record | None:
        """Return the state of the first run, None if the vCPU does not run in time.

        Without KVM it is the CPUID features that QEMU gives its vCPU, and no MSR.
        """
        if self._host.accelerator != KVM:
            return self._emulated()
        limit = time.monotonic() + SECONDS
        while time.monotonic() < limit and self.process.poll() is None:
            found = read_record(self.record_path)
            if found is not None:
                return found
            time.sleep(STEP)
        return read_record(self.record_path)

    def _emulated(self) -> Record:
        """Return the CPUID features of an emulated vCPU; other architectures have none."""
        if self._host.build.arch != "x86_64":
            return Record(msrs={}, cpuid={})
        (processor,) = self.ask("query-cpus-fast")
        found: dict[tuple[int, int], list[int]] = {}
        for word in self.ask("qom-get", path=processor["qom-path"], property="feature-words"):
            leaf = (word["cpuid-input-eax"], word.get("cpuid-input-ecx", 0))
            registers = found.setdefault(leaf, [0, 0, 0, 0])
            registers[REGISTERS.index(word["cpuid-register"])] = word["features"]
        return Record(msrs={}, cpuid={leaf: tuple(words) for leaf, words in found.items()})

    def status(self, *wanted: str) -> str:
        """Wait until QEMU has one of the states and return the last one seen; raises `Ended`."""
        limit = time.monotonic() + SECONDS
        while True:
            found = str(self.ask("query-status")["status"])
            if found in wanted or time.monotonic() > limit:
                return found
            time.sleep(STEP)

    def migrate(self, uri: str) -> str:
        """Send the guest away; returns `completed`, or what QEMU says."""
        self.ask("migrate", uri=uri)
        limit = time.monotonic() + SECONDS
        while time.monotonic() < limit:
            found = self.ask("query-migrate")
            if found.get("status") in {"completed", "failed", "cancelled"}:
                return str(found.get("error-desc", found["status"]))
            time.sleep(STEP)
        return "timeout"

    def printed(self) -> list[str]:
        """Return the lines that QEMU has printed, warnings left out."""
        text = self._stderr.read_text(encoding="utf-8", errors="replace")
        return [
            line for line in text.splitlines() if "warning:" not in line and "module" not in line
        ]

    def complaint(self) -> str:
        """Return the last words of QEMU, which is ending."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        lines = self.printed()
        shown = [line.partition(": ")[2] or line for line in lines if line.strip()]
        return " / ".join(shown[-3:]) or f"exit status {self.process.poll()}"

    def end(self) -> None:
        """End our own process and its files."""
        self.process.kill()
        self.process.wait()
        self._lines.close()
        self._socket.close()
        self._folder.cleanup()

    def _next(self) -> dict[str, Any]:
        """Return the next message that is no event."""
        while True:
            try:
                line = self._lines.readline()
            except OSError as error:
                raise Ended(self.complaint()) from error
            if not line:
                raise Ended(self.complaint())
            message: dict[str, Any] = json.loads(line)
            if "event" not in message:
                return message


@contextlib.contextmanager
def guest(
    host: Host, start: Start, library: Path | None, *, incoming: str = "", values: str = ""
) -> Iterator[Guest]:
    """Start a guest and end it afterwards."""
    found = Guest(host, start, library, incoming=incoming, values=values)
    try:
        found.greet()
        yield found
    finally:
        found.end()


def words_of(values: Sequence[tuple[int, int]]) -> str:
    """Return MSR values as the library wants them."""
    return ",".join(f"{msr:#x}={value:#x}" for msr, value in values)
