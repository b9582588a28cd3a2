"""A QEMU of our own, asked over its monitor; the only home of qemu.qmp."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.domain.errors import HarvestError, Location, Problem

if TYPE_CHECKING:
    from qemu.qmp import QMPClient

SECONDS = 30.0
logging.getLogger("qemu.qmp").addHandler(logging.NullHandler())  # we say ourselves what failed
ALWAYS = ("-display", "none", "-nodefaults", "-no-user-config", "-S")


@dataclass(frozen=True, slots=True)
class Monitor:
    """The control channel of a running QEMU."""

    _client: QMPClient
    _loop: asyncio.AbstractEventLoop

    def ask(self, command: str, **arguments: object) -> Any:
        """Return what a command returns; raises `qemu.qmp.ExecuteError` if QEMU refuses."""
        call = self._client.execute(command, arguments)
        return self._loop.run_until_complete(asyncio.wait_for(call, SECONDS))

    def refusal(self, command: str, **arguments: object) -> str:
        """Return why QEMU refuses a command, empty if it takes it."""
        from qemu.qmp import ExecuteError

        try:
            self.ask(command, **arguments)
        except ExecuteError as error:
            return str(error)
        return ""

    def answer(self, command: str, **arguments: object) -> Any:
        """Return what a command returns, None if QEMU refuses it."""
        from qemu.qmp import ExecuteError

        try:
            return self.ask(command, **arguments)
        except ExecuteError:
            return None


@contextmanager
def running(
    command: Sequence[str], *words: str, environment: Mapping[str, str] | None = None
) -> Iterator[Monitor]:
    """Start `command` with `words`, paused and without devices, and end it afterwards.

    Raises `HarvestError` with the last line that QEMU printed if it does not come up.
    """
    from qemu.qmp import QMPClient, QMPError

    ours, theirs = socket.socketpair()
    channel = ("-chardev", f"socket,id=qmp,fd={theirs.fileno()}")
    monitor = ("-mon", "chardev=qmp,mode=control")
    try:
        process = subprocess.Popen(
            [*command, *ALWAYS, *channel, *monitor, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            env=dict(environment or os.environ),
        )
    except OSError as error:
        raise _failed(command, error.strerror or "cannot be started") from error
    finally:
        theirs.close()
    loop = asyncio.new_event_loop()
    client = QMPClient("harvest")
    try:
        loop.run_until_complete(asyncio.wait_for(client.connect(ours), SECONDS))
        yield Monitor(client, loop)
    except (QMPError, TimeoutError) as error:
        raise _failed(command, _complaint(process) or "nothing, it gives no monitor") from error
    finally:
        _end(process, client, loop)


def _end(
    process: subprocess.Popen[bytes], client: QMPClient, loop: asyncio.AbstractEventLoop
) -> None:
    """End our own QEMU and what belongs to it."""
    process.kill()
    process.wait()
    if process.stderr is not None:
        process.stderr.close()
    with contextlib.suppress(OSError, EOFError):  # the other side is gone, as it should be
        loop.run_until_complete(client.disconnect())
    loop.close()


def _complaint(process: subprocess.Popen[bytes]) -> str:
    process.kill()
    text = b"" if process.stderr is None else process.stderr.read()
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _failed(command: Sequence[str], what: str) -> HarvestError:
    return HarvestError([Problem(location=Location(file=command[-1]), what=f"QEMU says: {what}")])
