"""All journeys run and `docs/truth.md` written: `python -m tests.qemu.truth`, or `make truth`."""

from __future__ import annotations

import datetime
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from planner.harvest.machines import harvest_build
from planner.harvest.merge import merge, place_of
from planner.knowledge.folder import shipped_data
from planner.knowledge.load import load_knowledge
from tests.qemu.compare import WORKERS, Row, Score, compared, world_of
from tests.qemu.effective import COMMON, Checked, checked_values
from tests.qemu.fetch import FetchError, cache_folder
from tests.qemu.gap import built
from tests.qemu.incident import SUBSECTION, Incident, replay
from tests.qemu.journeys import Fate
from tests.qemu.plan import SMI, World, journeys
from tests.qemu.predict import ROOT

PAGE = ROOT / "docs" / "truth.md"
MOST_CAREFUL = 0.10
TITLES = {
    "builds": "every ordered pair of builds, both boards, all common types, two CPU models",
    "kernel gap": "a kernel lacks what the guest uses: forth, back, one build or two",
    "flags": "the flag at the source only, the destination only, both",
    "chains": "three hosts; a guest reset or a flag flipped in the middle",
    "taps": "a tap without UDP segmentation; the guest took it, did not, or may not",
}
NOT_SHOWN = (
    (
        "SMM",
        "the KVM of this machine has no system management mode; SMI counts were set from outside",
    ),
    ("nested guests", "no nested virtualization here"),
    ("vhost-net, vhost-vsock", "no vhost driver is loaded here"),
    ("VMX and SVM registers, AMX, AVX", "the KVM of this machine does not offer them to guests"),
    ("other kernels", "an older kernel is this one with answers hidden, not another kernel's code"),
    (
        "a guest at work",
        "the guests run firmware; their virtio drivers are the firmware's, or the test's",
    ),
    ("Arm, s390x, POWER", "this is an x86_64 machine"),
    ("vendors' own QEMU", "only Debian's builds were run"),
)


def main() -> int:
    """Run everything and write the page; 1 if a hop was wrongly safe, 2 if nothing could be run."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("NOT RUN: /dev/kvm is missing or forbidden", file=sys.stderr)
        return 2
    began = time.monotonic()
    try:
        world = world_of()
        library = built(cache_folder())
    except FetchError as error:
        print(f"NOT RUN: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        rows = compared(list(journeys(world)), cache_folder(), Path(folder))
    incidents = [replay(world, build, library) for build in world.builds]
    with ThreadPoolExecutor(WORKERS) as pool:
        suites = [build.suite for build in world.builds]
        values = pool.map(lambda suite: list(checked_values(suite, only=COMMON)), suites)
        checked = [row for rows_of_build in values for row in rows_of_build]
    text = page(world, rows, incidents, checked, time.monotonic() - began)
    PAGE.write_text(text, encoding="utf-8")
    wrong = [row for row in rows if row.score is Score.WRONGLY_SAFE]
    share = _careful_share(rows)
    print(f"{len(rows)} hops, {len(wrong)} wrongly safe, {share:.1%} of the passing too careful")
    return 1 if wrong or share > MOST_CAREFUL else 0


def _careful_share(rows: Sequence[Row]) -> float:
    passing = [row for row in rows if row.outcome.fate is Fate.PRESERVED]
    careful = [row for row in passing if row.score is Score.CAREFUL]
    return len(careful) / max(1, len(passing))


def page(
    world: World,
    rows: Sequence[Row],
    incidents: Sequence[Incident],
    checked: Sequence[Checked],
    seconds: float,
) -> str:
    """Return the page; every figure on it is counted here."""
    parts = [
        *_head(world, rows, seconds),
        *_by_group(rows),
        *_fates(rows),
        *_disagreements(rows),
        *_incident(incidents),
        *_harvest(world),
        *_values(checked),
        "## Not shown here\n",
        *(f"- **{name}**: {why}." for name, why in NOT_SHOWN),
    ]
    return "\n".join(parts) + "\n"


def _head(world: World, rows: Sequence[Row], seconds: float) -> Iterator[str]:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    wrong = sum(row.score is Score.WRONGLY_SAFE for row in rows)
    yield "# What real migrations say\n"
    yield "Written by `make truth`; do not edit. Real QEMU builds were started on this machine's KVM,"
    yield "guests were migrated between them, and each hop was predicted by `planner check` from a"
    yield "fleet file whose probe files `planner probe` took on the same machine.\n"
    yield f"- {today}, Linux {os.uname().release}, {seconds / 60:.0f} minutes"
    for build in world.builds:
        yield f"- QEMU `{build.package}` from Debian {build.suite}"
    moved = sum(row.outcome.booted for row in rows)
    forbidden = len(rows) - moved
    yield f"- **{moved:,} migrations, and {forbidden} starts that fail for a flag that the build lacks;"
    yield f"  wrongly safe: {wrong}; too careful: {_careful_share(rows):.1%} of those that passed**\n"
    yield "*Passed* means that the guest runs at the destination with the CPUID and the registers that"
    yield "it had; both are read from KVM when the vCPU first runs. *Wrongly safe* is a safe verdict of"
    yield "a hop that did not pass. *Too careful* is any other verdict, `unknown` too, of one that did."
    yield "Losses that the default policy accepts as cosmetic count as losses here.\n"
    gained = sum(bool(row.outcome.gained) for row in rows)
    yield f"In {gained} hops the guest also got CPU features that the kernel of its boot host lacks."
    yield "That is no loss, and the planner says nothing of it.\n"


def _by_group(rows: Sequence[Row]) -> Iterator[str]:
    yield "| group | hops | agree | too careful | wrongly safe |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    counted = Counter((row.group, row.score) for row in rows)
    for group, title in TITLES.items():
        cells = [counted[group, score] for score in Score]
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


def _cell(*words: str) -> str:
    return ": ".join(word for word in words if word).replace("|", "/")


def _incident(incidents: Iterable[Incident]) -> Iterator[str]:
    yield "## The loss of 2019, again\n"
    yield "A guest has seen seven SMIs. It goes from a kernel that lists MSR 0x34 to one that does not."
    yield "The count is set from outside, as this KVM has no SMM; the rest is real.\n"
    heads = (
        "QEMU",
        "at the source",
        "QEMU says",
        "at the destination",
        f"`{SUBSECTION}`",
        f"with `{SMI}=off`",
        "flag only from the hop before on",
    )
    yield f"| {' | '.join(heads)} |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for one in incidents:
        cells = (
            one.build,
            one.had,
            one.said,
            one.has,
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


def _values(checked: Sequence[Checked]) -> Iterator[str]:
    yield "Builds that cannot list them were asked for effective values, object by object, on every"
    yield f"machine type with the board's own parts, all CPU models and up to {len(COMMON)} devices:\n"
    yield "| QEMU | board | values | properties | differ |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for row in checked:
        yield f"| {row.build} | {row.board} | {row.values} | {row.properties} | {len(row.differ)} |"
    yield ""
    differ = sorted({text for row in checked for text in row.differ})
    if differ:
        yield "Values that differ are forced by the device's own code, whatever the machine type says:\n"
        yield from (f"- {text}" for text in differ)
        yield ""


if __name__ == "__main__":
    sys.exit(main())
