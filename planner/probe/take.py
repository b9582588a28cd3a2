"""One look at this host: every part asked, and for each part not asked the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from planner.domain.capability import Capability
from planner.probe.asking import NotAsked
from planner.probe.builds import InstalledBuild, find_builds
from planner.probe.kvm import KvmAnswers, ask_kvm
from planner.probe.machine import Machine, read_machine
from planner.probe.questions import values_to_write
from planner.probe.tun import TunAnswers, ask_tun
from planner.probe.userfault import UserfaultAnswers, ask_userfault
from planner.probe.vhost import VhostAnswers, ask_vhost

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one host answered; a part that is None has its reason in `reasons`."""

    machine: Machine
    kvm: KvmAnswers | None
    tun: TunAnswers | None
    vhost_net: VhostAnswers | None
    vhost_vsock: VhostAnswers | None
    userfault: UserfaultAnswers | None
    builds: tuple[InstalledBuild, ...] | None
    reasons: Mapping[str, str]


def take(catalogue: Iterable[Capability], root: Path = Path("/")) -> Probe:
    """Ask this host everything that the catalogue wants to know; never raises, never loads."""
    machine = read_machine(root)
    reasons = {"vfio": "migration features are asked of a device of the guest's own, not of a host"}
    kvm = _answer_of("kvm", partial(ask_kvm, values_to_write(catalogue), root), reasons)
    if kvm is not None and kvm.reasons:
        reasons["kvm.vm"] = "; ".join(kvm.reasons)
    return Probe(
        machine=machine,
        kvm=kvm,
        tun=_answer_of("tun", partial(ask_tun, root), reasons),
        vhost_net=_answer_of("vhost_net", partial(ask_vhost, "vhost-net", root), reasons),
        vhost_vsock=_answer_of("vhost_vsock", partial(ask_vhost, "vhost-vsock", root), reasons),
        userfault=_answer_of("userfaultfd", ask_userfault, reasons),
        builds=_answer_of("qemu", partial(find_builds, machine.arch, root), reasons),
        reasons=reasons,
    )


def _answer_of(part: str, ask: Callable[[], T], reasons: dict[str, str]) -> T | None:
    """Return what a part answers; if it cannot be asked, note why."""
    try:
        return ask()
    except NotAsked as error:
        reasons[part] = str(error)
        return None
