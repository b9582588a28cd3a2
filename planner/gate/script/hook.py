"""The way through the hook: a deadline, the policy, the domain on standard input, one line, a code."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from planner.gate.script.incoming import Incoming
from planner.gate.script.judging import SAFE, UNSAFE, judged

if TYPE_CHECKING:
    from typing import NoReturn

POLICY = "/etc/planner/gate.json"
DEADLINE = 0.1
"""Seconds from here to the end, whatever keeps the file or the pipe."""
ON_ERROR = 0
"""The code for what could not be judged: 0 lets the guest in, 1 refuses it."""
LONGEST = 400
MIGRATE, RESTORE = "migrate", "restore"


def stop(code: int, text: str) -> NoReturn:
    """Say one line to libvirt and to the system's log, and end; the log is not waited for."""
    line = ("planner gate: " + " ".join(text.split()))[:LONGEST]
    try:
        os.write(2, (line + "\n").encode("utf-8", "replace"))
        if os.fork() == 0:
            _log(line)
    finally:
        os._exit(code)


def _log(line: str) -> None:
    """Write a line to the system's log from a process of its own, for a second at most."""
    for number in range(3):
        os.close(number)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 1)
    import syslog  # noqa: PLC0415

    syslog.openlog("planner-gate")
    syslog.syslog(syslog.LOG_WARNING, line)


def judgement(name: str, operation: str, text: bytes) -> tuple[int, str]:
    """Return the code and the line for a domain; no line if it is let in without a word."""
    with open(POLICY, encoding="utf-8") as file:  # noqa: PTH123
        policy = json.load(file)
    if policy.get("schema") != "planner.gate/1":
        raise ValueError("not a policy of this gate")
    guest = Incoming(ElementTree.fromstring(text), policy["guest"])
    host = os.uname()
    outcome, reason = judged(policy, guest, host.nodename, host.release, time.strftime("%Y-%m-%d"))
    if outcome == SAFE and not reason:
        return 0, ""
    enforced = policy["mode"] == "enforce"
    refused = enforced and (
        outcome == UNSAFE or (outcome != SAFE and policy["unknown"] == "refuse")
    )
    done = "refused" if refused else "let in"
    if outcome != SAFE and not refused:
        done += " (unknown is allowed)" if enforced else " (mode warn)"
    word = "unsafe" if outcome == UNSAFE else "safe" if outcome == SAFE else "unknown"
    told = (done, operation, "of", name + ":", guest.machine, "is", word, "here:", reason)
    return int(refused), " ".join(told)


def main() -> None:
    """Judge the guest whose name and operation libvirt gave."""
    name, operation = sys.argv[1], sys.argv[2]
    end = "refused " if ON_ERROR else "let in "

    def late(*_: object) -> None:
        """End where the time is over."""
        stop(ON_ERROR, end + name + ": not judged within " + str(DEADLINE) + " s")

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE)
    try:
        code, told = judgement(name, operation, sys.stdin.buffer.read())
    except Exception as error:  # noqa: BLE001
        told = " ".join((": not judged by", POLICY + ":", type(error).__name__, str(error)))
        stop(ON_ERROR, end + name + told)
    signal.setitimer(signal.ITIMER_REAL, 0)
    if told:
        stop(code, told)
    os._exit(code)


if __name__ == "__main__" and len(sys.argv) > 2 and sys.argv[2] in (MIGRATE, RESTORE):
    main()
