"""Which accelerator the guests of the tests run on: this machine's KVM, or else QEMU's own TCG."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from planner.probe.asking import reason_of

KVM, TCG = "kvm", "tcg"
NAMED = "PLANNER_TRUTH_ACCELERATOR"
CREATE_VM = 0xAE01
DEVICE = Path("/dev/kvm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """An accelerator by QEMU's name, and why it is not KVM."""

    name: str
    why: str = ""


def accelerator() -> Accelerator:
    """Return KVM if a VM can be made with it, TCG if not or if `PLANNER_TRUTH_ACCELERATOR` asks it."""
    named = os.environ.get(NAMED, "")
    if named not in {"", KVM, TCG}:
        raise SystemExit(f"{NAMED} is '{named}'; allowed: {KVM}, {TCG}")
    if named == TCG:
        return Accelerator(name=TCG, why=f"{NAMED}={TCG}")
    refused = _refusal()
    if refused and named == KVM:
        raise SystemExit(f"{NAMED}={KVM}, but {refused}")
    return Accelerator(name=TCG, why=refused) if refused else Accelerator(name=KVM)


def _refusal() -> str:
    """Return why no VM can be made with KVM, nothing if one can."""
    try:
        descriptor = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        return f"{DEVICE}: {reason_of(error)}"
    try:
        os.close(fcntl.ioctl(descriptor, CREATE_VM, 0))
    except OSError as error:
        return f"{DEVICE}: KVM_CREATE_VM: {reason_of(error)}"
    finally:
        os.close(descriptor)
    return ""
