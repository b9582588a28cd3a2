"""A guest's way over hosts, run for real: what happened at each hop, and what was left of its state."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from planner.domain.errors import HarvestError
from planner.harvest.stream import read_stream
from tests.qemu.gap import Record
from tests.qemu.guest import Ended, Guest, Host, Start, guest, words_of

SETTLE = 0.1
REPEATS = 5
PRINTED = 3  # of what QEMU prints when KVM gives up, registers follow
# which registers (EAX is 0) of a leaf are sets of features
FEATURES = {1: (2, 3), 7: (1, 2, 3), 0x40000001: (0,), 0x80000001: (2, 3), 0x80000008: (1,)}
RUNNING = ("running", "paused", "internal-error", "guest-panicked", "io-error")


class Fate(Enum):
    """What became of a guest at one hop."""

    PRESERVED = "preserved"
    LOST = "lost"
    REFUSED = "refused"
    CRASHED = "crashed"
    CANNOT_START = "cannot start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One migration: the destination, the flags of its process, a guest reset before leaving."""

    to: Host
    flags: tuple[str, ...] = ()
    reset_before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A guest from its boot on: `devices` are (planner's word, QEMU's word, QEMU's backend words).

    `values` are MSRs that the guest has; `traits` what is said of it to the planner.
    """

    group: str
    boot: Host
    hops: tuple[Hop, ...]
    machine: str
    cpu: str
    flags: tuple[str, ...] = ()
    devices: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    values: tuple[tuple[int, int], ...] = ()
    traits: Mapping[str, bool] | None = None
    features: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one hop did; `seen` says what was lost or what QEMU complained of.

    `gained` are CPU features that the guest was not booted with: the source's kernel lacks them.
    `once` is what a crash said that did not happen again when the journey was repeated.
    """

    fate: Fate
    seen: str = ""
    gained: str = ""
    once: str = ""
    booted: bool = True
    seconds: float = 0.0


def run(journey: Journey, library: Path | None) -> list[Outcome]:
    """Run a journey until its end, or until the guest is lost on the way.

    A guest that does not even boot, for a flag that its build lacks, is the outcome of the first hop.
    """
    with contextlib.ExitStack() as stack:
        outcomes: list[Outcome] = []
        began = time.monotonic()
        try:
            here = stack.enter_context(_booted(journey, library))
        except Ended as error:
            return [Outcome(fate=Fate.CANNOT_START, seen=f"boot: {error}", booted=False)]
        flags = journey.flags
        had = _guests_own(here.record(), journey.boot)
        for number, hop in enumerate(journey.hops):
            if hop.reset_before:
                here.ask("system_reset")
                time.sleep(SETTLE)
                had = None if had is None else _after_reset(had)
            flags = (*flags, *hop.flags)
            outcome, there = _hop(journey, stack, here, had, hop.to, flags, library)
            outcomes.append(replace(outcome, seconds=time.monotonic() - began))
            if there is None:
                break
            began, here, had = time.monotonic(), there, _guests_own(there.record(), hop.to)
            time.sleep(SETTLE if number + 1 < len(journey.hops) else 0)
        return outcomes


def run_settled(journey: Journey, library: Path | None) -> list[Outcome]:
    """Run a journey; one that ends in a crash counts as crashed only if a repetition does too."""
    outcomes = run(journey, library)
    if outcomes[-1].fate is not Fate.CRASHED:
        return outcomes
    again = [run(journey, library) for _ in range(REPEATS)]
    if any(one[-1].fate is Fate.CRASHED for one in again):
        return outcomes
    *before, last = again[-1]
    return [*before, replace(last, once=outcomes[-1].seen)]


def _guests_own(record: Record | None, host: Host) -> Record | None:
    """Leave out the registers that the kernel of this host does not have."""
    if record is None:
        return None
    kept = {msr: value for msr, value in record.msrs.items() if msr not in host.gap.msrs}
    return Record(msrs=kept, cpuid=record.cpuid)


def _after_reset(record: Record) -> Record:
    """A reset takes the registers' values; what the guest has then is not compared."""
    return Record(msrs={}, cpuid=record.cpuid)


@contextlib.contextmanager
def _booted(journey: Journey, library: Path | None) -> Iterator[Guest]:
    with guest(
        journey.boot, _start(journey, journey.flags), library, values=words_of(journey.values)
    ) as found:
        if found.record() is None:
            raise Ended(f"the vCPU does not run: {found.complaint()}")
        if journey.features:
            found.ask("stop")  # the firmware uses the same I/O ports
            negotiate(found, journey.features)
            found.ask("cont")
        time.sleep(SETTLE)
        yield found


def _start(journey: Journey, flags: tuple[str, ...]) -> Start:
    backends = tuple(word for device in journey.devices for word in device[2])
    return Start(
        machine=journey.machine,
        cpu=journey.cpu,
        devices=tuple(device[1] for device in journey.devices),
        flags=flags,
        words=backends,
        read=tuple(msr for msr, _ in journey.values),
    )


def _hop(
    journey: Journey,
    stack: contextlib.ExitStack,
    here: Guest,
    had: Record | None,
    to: Host,
    flags: tuple[str, ...],
    library: Path | None,
) -> tuple[Outcome, Guest | None]:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="planner-hop-"))
    address = f"unix:{folder}/hop"
    try:
        there = stack.enter_context(guest(to, _start(journey, flags), library, incoming=address))
    except Ended as error:
        return Outcome(fate=Fate.CANNOT_START, seen=str(error)), None
    try:
        said = here.migrate(address)
    except (Ended, RuntimeError) as error:
        return Outcome(fate=Fate.REFUSED, seen=f"source: {error}"), None
    try:
        if said != "completed":
            there.status("running")
            return Outcome(fate=Fate.REFUSED, seen=said), None
        state = there.status(*RUNNING)
        has = there.record()
        time.sleep(0.02)
        state = there.status(*RUNNING)
    except Ended as error:
        fate = (
            Fate.CRASHED
            if "ssertion" in str(error) or "failed to set" in str(error)
            else Fate.REFUSED
        )
        return Outcome(fate=fate, seen=str(error)), None
    if state != "running":
        why = " / ".join(there.printed()[:PRINTED])
        return Outcome(fate=Fate.CRASHED, seen=f"state {state}: {why}"), None
    lost, gained = _changes(had, has)
    if has is None:
        lost = ["the vCPU does not run"]
    fate = Fate.LOST if lost else Fate.PRESERVED
    return Outcome(fate=fate, seen="; ".join(lost), gained="; ".join(gained)), there


def _changes(had: Record | None, has: Record | None) -> tuple[list[str], list[str]]:
    """Return what the guest lost and what it gained between the two records."""
    if had is None or has is None:
        return [], []
    lost = [
        f"MSR {msr:#x}: {_shown(value)} became {_shown(has.msrs.get(msr))}"
        for msr, value in had.msrs.items()
        if value != has.msrs.get(msr)
    ]
    gained: list[str] = []
    ours, theirs = _leaves(had), _leaves(has)
    for leaf in sorted(ours.keys() | theirs.keys()):
        before, after = ours.get(leaf, (0,) * 4), theirs.get(leaf, (0,) * 4)
        if before != after:
            change = f"CPUID {leaf[0]:#x}/{leaf[1]}: {_hexes(before)} became {_hexes(after)}"
            (gained if _only_gains(leaf[0], before, after) else lost).append(change)
    return lost, gained


def _only_gains(leaf: int, before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Say whether registers of features keep all their bits; other registers must be equal."""
    features = FEATURES.get(leaf, ())
    return all(
        not one & ~other if place in features else one == other
        for place, (one, other) in enumerate(zip(before, after, strict=True))
    )


def _leaves(record: Record) -> dict[tuple[int, int], tuple[int, ...]]:
    """Return the leaves that say something; QEMU leaves chance indexes where none is meant."""
    return {
        (leaf, 0 if index == 63 else index): registers
        for (leaf, index), registers in record.cpuid.items()
        if any(registers)
    }


def _shown(value: int | None) -> str:
    return "unreadable" if value is None else hex(value)


def _hexes(registers: tuple[int, ...]) -> str:
    return "/".join(f"{one:x}" for one in registers)


def stream_of(journey: Journey, library: Path | None) -> frozenset[str]:
    """Boot a guest and return the subsections of its stream; raises `Ended`."""
    with _booted(journey, library) as found:
        return _saved(found)


def stream_after(journey: Journey, library: Path | None) -> frozenset[str]:
    """Return the subsections that the first hop's destination would send; raises `Ended`."""
    with contextlib.ExitStack() as stack:
        here = stack.enter_context(_booted(journey, library))
        hop = journey.hops[0]
        flags = (*journey.flags, *hop.flags)
        outcome, there = _hop(journey, stack, here, here.record(), hop.to, flags, library)
        if there is None:
            raise Ended(outcome.seen)
        return _saved(there)


def _saved(found: Guest) -> frozenset[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream"
        said = found.migrate(f"exec:cat >{path}")
        if said != "completed":
            raise Ended(said)
        try:
            return read_stream(path).subsections
        except HarvestError as error:
            raise Ended(str(error)) from error


SLOT = 0x10
SIZES = {1: "b", 2: "h", 4: "w"}


def negotiate(found: Guest, features: int) -> None:
    """Drive the device in slot 0x10 over I/O ports, as a guest driver would, to take features.

    It uses the window into virtio-pci's registers that the PCI configuration space has (virtio 1.1,
    4.1.4.7), so no guest program is needed.
    """
    offers = [(_read(found, place + 3, 1), place) for place in _capabilities(found)]
    common = next(place for kind, place in offers if kind == 1)
    window = next(place for kind, place in offers if kind == 5)
    bar, base = _read(found, common + 4, 1), _read(found, common + 8, 4)

    def register(offset: int, size: int, value: int) -> None:
        _write(found, window + 4, 1, bar)
        _write(found, window + 8, 4, base + offset)
        _write(found, window + 12, 4, size)
        _write(found, window + 16, size, value)

    for status in (0, 1, 3):
        register(0x14, 1, status)
    for half in (0, 1):
        register(0x08, 4, half)
        register(0x0C, 4, features >> 32 * half & 0xFFFFFFFF)
    for status in (11, 15):
        register(0x14, 1, status)


def _capabilities(found: Guest) -> Iterator[int]:
    """Yield where virtio's vendor capabilities stand in the configuration space."""
    place = _read(found, 0x34, 1)
    while place:
        if _read(found, place, 1) == 9:
            yield place
        place = _read(found, place + 1, 1)


def _select(found: Guest, offset: int) -> int:
    found.human(f"o/w 0xcf8 {0x80000000 | SLOT << 11 | offset & 0xFC:#x}")
    return 0xCFC + (offset & 3)


def _write(found: Guest, offset: int, size: int, value: int) -> None:
    port = _select(found, offset)
    found.human(f"o/{SIZES[size]} {port:#x} {value:#x}")


def _read(found: Guest, offset: int, size: int) -> int:
    port = _select(found, offset)
    return int(found.human(f"i/{SIZES[size]}x {port:#x}").rpartition("=")[2], 0)
