"""The SMI count of 2019, replayed on one build: lost, named, kept out of the stream by the flag."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.qemu.fetch import Build
from tests.qemu.guest import Host
from tests.qemu.journeys import Hop, Journey, run, stream_after, stream_of
from tests.qemu.plan import BOARDS, CPUS, MISSING, SMI, World
from tests.qemu.predict import predict

SUBSECTION = "cpu/msr_smi_count"
COUNT = 0x34


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What one build did, in words for a table."""

    build: str
    had: str
    said: str
    has: str
    predicted: str
    sent: str
    sent_with_flag: str
    sent_after_flip: str


def replay(world: World, build: Build, library: Path) -> Incident:
    """Run the incident and its remedies; raises `Ended` if the guest cannot be saved at all."""
    smi = MISSING[0]
    here, old = world.host(build), world.host(build, smi)
    machine = world.common((build,), BOARDS[0])[-1]

    def journey(*hops: Hop, flags: tuple[str, ...] = ()) -> Journey:
        return Journey(
            group="incident",
            boot=here,
            hops=hops,
            machine=machine,
            cpu=CPUS[0],
            flags=flags,
            values=smi.values,
            traits=smi.traits,
        )

    lossy = journey(Hop(to=old))
    with tempfile.TemporaryDirectory() as folder:
        ((prediction,),) = predict([lossy], library, Path(folder))
    (outcome,) = run(lossy, library)
    off = f"{SMI}=off"
    flipped = journey(Hop(to=Host(name="next", build=build), flags=(off,)))
    return Incident(
        build=build.package,
        had="7",
        said="completed" if outcome.fate.value in {"lost", "preserved"} else outcome.seen,
        has=outcome.seen or "7",
        predicted=f"{prediction.outcome}, {prediction.consequence}: {prediction.objections}",
        sent=_yes(SUBSECTION in stream_of(journey(), library)),
        sent_with_flag=_yes(SUBSECTION in stream_of(journey(flags=(off,)), library)),
        sent_after_flip=_yes(SUBSECTION in stream_after(flipped, library)),
    )


def _yes(found: bool) -> str:
    return "sent" if found else "not sent"
