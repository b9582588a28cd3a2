"""`docs/truth.md` as text: every figure on it is counted here, from what was run."""

from __future__ import annotations

import datetime
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planner.domain.capability import CapabilityId
from planner.harvest.machines import harvest_build
from planner.harvest.merge import merge, place_of
from planner.knowledge.files.folder import shipped_data
from planner.knowledge.load import load_knowledge
from planner.probe.questions import answers
from planner.probe.take import take
from tests.qemu.accelerator import KVM, Accelerator
from tests.qemu.compare import Row, Score
from tests.qemu.effective import COMMON, Checked, Forced
from tests.qemu.incident import SUBSECTION, Incident
from tests.qemu.journeys import REPEATS, Fate
from tests.qemu.plan import SMI, World

TITLES = {
    "builds": "every ordered pair of builds, both boards, all common types, two CPU models",
    "kernel gap": "a kernel lacks what the guest uses: forth, back, one build or two",
    "flags": "the flag at the source only, the destination only, both",
    "register chains": "three hosts; a guest reset or a flag flipped in the middle",
    "chains": "three hosts, virtio devices; with and without a guest reset in the middle",
    "taps": "a tap without UDP segmentation; the guest took it, did not, or may not",
}
# name, why it is not shown, capabilities of which a host that could show it has one
NOT_SHOWN = (
    (
        "SMM",
        "the KVM of this machine has no system management mode; SMI counts were set from outside",
        ("kvm.cap.x86_smm",),
    ),
    ("nested guests", "no nested virtualization here", ("cpu.svm", "cpu.vmx")),
    (
        "vhost-net, vhost-vsock",
        "no vhost driver is loaded here",
        ("vhost_net.version_1", "vhost_vsock.seqpacket"),
    ),
    (
        "VMX and SVM registers, AMX, AVX",
        "the KVM of this machine does not offer them to guests",
        ("cpu.svm", "cpu.vmx", "cpu.amx-tile", "cpu.avx"),
    ),
    (
        "other kernels",
        "an older kernel is this one with answers hidden, not another kernel's code",
        (),
    ),
    (
        "a guest at work",
        "the guests run firmware; their virtio drivers are the firmware's, or the test's",
        (),
    ),
    ("vendors' own QEMU", "only Debian's builds were run", ()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a whole run brought: hops, incidents, effective values, groups left out and why."""

    accelerator: Accelerator
    rows: Sequence[Row]
    incidents: Sequence[Incident]
    checked: Sequence[Checked]
    forced: Sequence[Forced]
    left_out: dict[str, str]
    seconds: float
    every: int = 1


def _sampled(ran: Ran) -> str:
    return f"; one journey of {ran.every} was run" if ran.every > 1 else ""


def careful_shares(rows: Sequence[Row]) -> dict[str, float]:
    """Return the share of each group's passing hops that were not predicted as safe."""
    groups = dict.fromkeys(row.group for row in rows)
    return {group: careful_share([row for row in rows if row.group == group]) for group in groups}


def careful_share(rows: Sequence[Row]) -> float:
    """Return how many of the hops that passed were not predicted as safe, as a share."""
    passing = [row for row in rows if row.outcome.fate is Fate.PRESERVED]
    careful = [row for row in passing if row.score is Score.CAREFUL]
    return len(careful) / max(1, len(passing))


def page(world: World, ran: Ran) -> str:
    """Return the page."""
    parts = [
        *_head(world, ran),
        *_left_out(ran),
        *_by_group(ran.rows),
        *_fates(ran.rows),
        *_disagreements(ran.rows),
        *_once(ran.rows),
        *_incident(ran.incidents),
        *_harvest(world),
        *_values(ran),
        *_not_shown(),
    ]
    return "\n".join(parts) + "\n"


def _head(world: World, ran: Ran) -> Iterator[str]:
    rows = ran.rows
    today = datetime.datetime.now(tz=datetime.UTC).date()
    wrong = sum(row.score is Score.WRONGLY_SAFE for row in rows)
    yield "# What real migrations say\n"
    under_kvm = ran.accelerator.name == KVM
    where = "this machine's KVM" if under_kvm else "QEMU's own TCG"
    told = (
        "KVM tells when the vCPU first runs" if under_kvm else "far as QEMU tells them from outside"
    )
    yield f"Written by `make truth`; do not edit. Real QEMU builds were started on {where},"
    yield "guests were migrated between them, and each hop was predicted by `planner check` from a"
    yield "fleet file whose probe files `planner probe` took on the same machine.\n"
    if ran.accelerator.why:
        yield f"No KVM: {ran.accelerator.why}."
        yield "These are emulated guests (trait `tcg`). Their CPU features are what QEMU says that it"
        yield "gives them; their registers cannot be read from outside.\n"
    yield f"- {today}, Linux {os.uname().release}, {ran.seconds / 60:.0f} minutes{_sampled(ran)}"
    for build in world.builds:
        yield f"- QEMU `{build.package}` from Debian {build.suite}"
    moved = sum(row.outcome.booted for row in rows)
    forbidden = len(rows) - moved
    yield f"- **{moved:,} migrations, and {forbidden} starts that fail for a flag that the build lacks;"
    yield f"  wrongly safe: {wrong}; too careful: {careful_share(rows):.1%} of those that passed**\n"
    yield "*Passed* means that the guest runs at the destination with the CPUID and the registers that"
    yield f"it had, as {told}. *Wrongly safe* is a safe verdict of"
    yield "a hop that did not pass. *Too careful* is any other verdict, `unknown` too, of one that did."
    yield "Losses that the default policy accepts as cosmetic count as losses here.\n"
    gained = sum(bool(row.outcome.gained) for row in rows)
    yield f"In {gained} of the hops the guest also got CPU features that the kernel of its boot host"
    yield "lacks. That is no loss, and the planner says nothing of it.\n"


def _left_out(ran: Ran) -> Iterator[str]:
    for group, why in ran.left_out.items():
        yield f"**Left out: {group}** ({TITLES[group]}): {why}.\n"


def _by_group(rows: Sequence[Row]) -> Iterator[str]:
    yield "| group | hops | agree | too careful | wrongly safe |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    counted = Counter((row.group, row.score) for row in rows)
    for group, title in TITLES.items():
        cells = [counted[group, score] for score in Score]
        if not sum(cells):
            continue
        yield f"| {group}: {title} | {sum(cells)} | " + " | ".join(map(str, cells)) + " |"
    cells = [sum(row.score is score for row in rows) for score in Score]
    yield f"| all | {sum(cells)} | " + " | ".join(map(str, cells)) + " |\n"


def _fates(rows: Sequence[Row]) -> Iterator[str]:
    yield "| what happened | safe | unsafe | unknown |"
    yield "| --- | ---: | ---: | ---: |"
    counted = Counter((row.outcome.fate, row.prediction.outcome) for row in rows)
    for fate in Fate:
        cells = " | ".join(str(counted[fate, said]) for said in ("safe", "unsafe", "unknown"))
        yield f"| {fate.value} | {cells} |"
    yield ""


def _disagreements(rows: Sequence[Row]) -> Iterator[str]:
    for score, title in (
        (Score.WRONGLY_SAFE, "Wrongly safe"),
        (Score.CAREFUL, "Too careful, and why"),
    ):
        yield f"## {title}\n"
        found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in rows:
            if row.score is score:
                found[row.group, row.outcome.seen, row.prediction.objections].append(row)
        if not found:
            yield "None.\n"
            continue
        yield "| hops | group | example | happened | planner's reason |"
        yield "| ---: | --- | --- | --- | --- |"
        for (group, seen, why), these in sorted(found.items(), key=lambda item: -len(item[1])):
            case = these[0].case
            example = f"{case['from']} to {case['to']}, {case['machine']}"
            fate = these[0].outcome.fate.value
            yield f"| {len(these)} | {group} | {example} | {_cell(fate, seen)} | {_cell(why)} |"
        yield ""


def _once(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the crashes that did not happen again; the other tables count the repetition."""
    crashed = [row for row in rows if row.outcome.once]
    if not crashed:
        return
    yield "## Crashed once\n"
    yield f"These guests crashed, and did not when the journey was run {REPEATS} times more; a hop"
    yield "counts as it ended then.\n"
    yield "| group | hop | printed |"
    yield "| --- | --- | --- |"
    for row in crashed:
        hop = f"{row.case['from']} to {row.case['to']}, {row.case['machine']}"
        yield f"| {row.group} | {hop} | {_cell(row.outcome.once)} |"
    yield ""


def _cell(*words: str) -> str:
    return ": ".join(word for word in words if word).replace("|", "/")


def _incident(incidents: Sequence[Incident]) -> Iterator[str]:
    if not incidents:
        return
    yield "## The loss of 2019, again\n"
    yield "A guest has seen seven SMIs. It goes from a kernel that lists MSR 0x34 to one that does not."
    yield "The count is set from outside, as this KVM has no SMM; the rest is real.\n"
    heads = (
        "QEMU",
        "at the source",
        "QEMU says",
        "at the destination",
        "the planner said",
        f"`{SUBSECTION}`",
        f"with `{SMI}=off`",
        "flag only from the hop before on",
    )
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for one in incidents:
        cells = (
            one.build,
            one.had,
            one.said,
            one.has,
            one.predicted,
            one.sent,
            one.sent_with_flag,
            one.sent_after_flip,
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _harvest(world: World) -> Iterator[str]:
    yield "## Rows against builds\n"
    yield "| QEMU | rows of | machine types | compat lists, with order and value | rows that differ |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for build in world.builds:
        found = harvest_build(build.command(), build.environment())
        place = place_of(found, load_knowledge().builds)
        merged = merge(found, place, shipped_data())
        lists = str(merged.lists) if found.lists_properties else "cannot list"
        yield (
            f"| {build.package} | {place.line} {place.release} | {merged.types} | {lists} "
            f"| {len(merged.changes)} |"
        )
    yield ""


def _values(ran: Ran) -> Iterator[str]:
    yield "Builds that cannot list them were asked for effective values, object by object, on every"
    yield f"machine type with the board's own parts, all CPU models and up to {len(COMMON)} devices:\n"
    yield "| QEMU | board | values | properties | differ |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for row in ran.checked:
        yield f"| {row.build} | {row.board} | {row.values} | {row.properties} | {len(row.differ)} |"
    yield ""
    yield from _forced(ran.forced)


def _forced(forced: Sequence[Forced]) -> Iterator[str]:
    if not forced:
        return
    yield "Values that differ are forced by the device's own code, whatever the machine type says. Every"
    yield "build was asked for them, on all its machine types:\n"
    builds = list(dict.fromkeys(version for version, _ in forced[0].values))
    yield f"| property | {' | '.join(builds)} | types on which builds differ |"
    yield f"| --- |{' --- |' * (len(builds) + 1)}"
    for one in forced:
        cells = " | ".join(", ".join(one.of(build)) for build in builds)
        yield f"| `{one.name}` | {cells} | {', '.join(one.differ) or 'none'} |"
    yield ""


def _not_shown() -> Iterator[str]:
    """Yield what no journey shows, and whether this machine could have, as its probe says."""
    catalogue = tuple(load_knowledge().capabilities.values())
    probe = take(catalogue)
    held = {one.capability for one in answers(catalogue, probe) if one.holds}
    yield "## Not shown here\n"
    for name, why, needs in NOT_SHOWN:
        able = held.intersection(map(CapabilityId, needs))
        yield f"- **{name}**: {'no journey uses it, though this machine could' if able else why}."
    cpu = probe.machine.cpu.get("name", probe.machine.arch)
    yield f"- **other CPUs** (another vendor or generation, Arm, s390x, POWER): this is one {cpu}."
