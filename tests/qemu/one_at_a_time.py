"""Outcomes of single migrations, kept in a file; judged again at any time without migrating.

`python -m tests.qemu.one_at_a_time --seconds 600` runs what the file does not have yet.
`python -m tests.qemu.truth --replay` asks the planner about every outcome that the file has.
"""

from __future__ import annotations

import argparse
import csv
import fcntl
import gzip
import io
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from planner.answers.check_cases import CaseJudge
from planner.domain.policy import Policy
from planner.domain.verdict import Rule, Verdict
from planner.fleet.cases import case_of, places_of
from planner.fleet.hosts import read_fleet
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from tests.qemu.accelerator import KVM, TCG, accelerator
from tests.qemu.fetch import SUITES, FetchError, cache_folder, fetch
from tests.qemu.gap import built
from tests.qemu.guest import Ended
from tests.qemu.inventory import named_by
from tests.qemu.journeys import Fate, run_settled
from tests.qemu.plan import QUIET
from tests.qemu.predict import ROOT, planner
from tests.qemu.singles import Single, several, singles

FOLDER = ROOT / "tests" / "cases"
OUTCOMES = FOLDER / "one_at_a_time.csv.gz"
FLEET = FOLDER / "one_at_a_time_fleet.csv"
PROBE = FOLDER / "one_at_a_time_probe.json"
KEY = ("arch", "kind", "subject", "from", "to", "machine")
COLUMNS = (*KEY, "flags", "devices", "cpu", "fate", "seen")
HEADING = "One thing at a time"
NOT_BOOTED = "does not boot"
WORKERS = 3
SEVERAL = 300
UNUSED = (
    "enables-vfs",
    "mounts-9p",
    "page-poisoning",
    "persistent-reservations",
    "postcopy",
    "smt",
    "writes-hwcr",
)
TRAITS = {**QUIET, **dict.fromkeys(UNUSED, False)}
SCORES = ("exact", "too careful", "unseen", "unknown", "wrongly safe")
UNSENT = "device/"
"""How units begin that stand for a device of which its build sends nothing."""
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An outcome and the planner's verdict: safe, unsafe, unknown, or refused as wrong input."""

    row: Row
    outcome: str
    consequence: str
    why: str
    is_silent: bool = False

    @property
    def score(self) -> str:
        """Return which of `SCORES` this is; `unknown` of a failure counts as unknown too.

        `unseen`: QEMU sends nothing of a device, so the migration passes, and no driver of these guests
        looks whether its registers are still there.
        """
        passes = self.row["fate"] == Fate.PRESERVED.value
        if self.outcome in {"unknown", "refused"}:
            return "unknown"
        if passes is (self.outcome == "safe"):
            return "exact"
        if passes and self.is_silent:
            return "unseen"
        return "too careful" if passes else "wrongly safe"


def outcomes() -> list[Row]:
    """Return every outcome of the file."""
    if not OUTCOMES.exists():
        return []
    return list(csv.DictReader(io.StringIO(gzip.decompress(OUTCOMES.read_bytes()).decode())))


def write(rows: Sequence[Row]) -> None:
    """Write the file: sorted, whole or not at all, equal bytes for equal rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: tuple(row[name] for name in COLUMNS)))
    part = OUTCOMES.with_suffix(".part")
    part.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    part.replace(OUTCOMES)


def judged(rows: Sequence[Row], knowledge: KnowledgeBase | None = None) -> Iterator[Judged]:
    """Ask the planner about outcomes, as `check --cases` does."""
    known = knowledge or load_knowledge()
    fleet = read_fleet(FLEET, known)
    judge = CaseJudge(fleet=fleet, knowledge=known, policy=_policy(known))
    places = places_of(fleet)
    for row in rows:
        case, wrong = case_of(_words(row), fleet, known.guests, places=places)
        if case is None:
            yield Judged(row=row, outcome="refused", consequence="", why=wrong[0][1])
            continue
        verdict = judge.verdict(case)
        yield Judged(
            row=row,
            outcome=verdict.outcome.value,
            consequence=_worst(verdict),
            why=_why(verdict),
            is_silent=all(
                one.rule is Rule.STATE_NOT_SENT and one.unit.startswith(UNSENT)
                for one in verdict.objections
            ),
        )


def moved(knowledge: KnowledgeBase | None = None) -> list[Judged]:
    """Judge every kept migration; starts that failed at the source are none."""
    return list(judged([row for row in outcomes() if row["fate"] != NOT_BOOTED], knowledge))


def _policy(knowledge: KnowledgeBase) -> Policy:
    """Return the policy of `make truth`: a loss that is accepted by severity is still a loss."""
    residual = frozenset({"transient"})
    nothing = frozenset[str]()
    return replace(
        knowledge.policy,
        management="plain",
        accepted_severities=nothing,
        residual_exposures=residual,
    )


def _words(row: Row) -> dict[str, str]:
    traits = {**TRAITS, "tcg": row["arch"] != "x86_64"}
    said = {name: row[name] for name in ("from", "to", "machine", "flags", "devices", "cpu")}
    words = " ".join(f"{name}={'yes' if on else 'no'}" for name, on in traits.items())
    return {**said, "to_flags": "", "booted_on": row["from"], "traits": words}


def _worst(verdict: Verdict) -> str:
    return verdict.consequence.value if verdict.consequence else ""


def _why(verdict: Verdict) -> str:
    found = []
    for one in verdict.objections:
        cells = (one.rule.value, one.unit or one.property_key, *one.facts[:1])
        found.append(" ".join(str(cell) for cell in cells if cell))
    return "; ".join(found[:3])


def replay(*, shown: int = 40) -> int:
    """Judge all outcomes and print what is wrong by kind of fault; 1 if one is wrongly safe."""
    rows = moved()
    print("\n".join(table(rows)))
    for score in ("wrongly safe", "too careful", "unseen", "unknown"):
        print(f"\n{score}:")
        for line in list(_groups(rows, score))[:shown]:
            print(f"  {line}")
    return 1 if any(one.score == "wrongly safe" for one in rows) else 0


def section(rows: Sequence[Judged]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield f"{len(rows):,} real migrations of a guest that differs in one thing from a plain one, between"
    yield "Debian's builds in both directions. The names are the binaries' own; the outcomes are kept in"
    yield "`tests/cases/one_at_a_time.csv.gz` and judged again by `python -m tests.qemu.truth --replay`."
    yield "*Exact*: safe and passed, or unsafe and failed. *Unknown* counts both. *Unseen*:"
    yield "QEMU sends nothing of the device, which no driver of these guests looks at.\n"
    yield from table(rows)
    for score in SCORES[1:]:
        lines = list(_groups(rows, score))
        if lines:
            yield f"\nMost frequent among those that are {score}:\n"
            yield "```text"
            yield from lines[:8]
            yield "```"


def table(rows: Sequence[Judged]) -> Iterator[str]:
    """Yield the table of kinds."""
    counted = Counter((one.row["arch"], one.row["kind"], one.score) for one in rows)
    yield f"| kind | migrations | {' | '.join(SCORES)} | exact |"
    yield f"| --- | {'---: | ' * (len(SCORES) + 1)}---: |"
    for arch, kind in [*sorted({key[:2] for key in counted}), ("", "all")]:
        cells = [
            sum(
                number
                for (own, name, found), number in counted.items()
                if found == score and (not arch or (own, name) == (arch, kind))
            )
            for score in SCORES
        ]
        total = max(1, sum(cells))
        label = kind if arch in {"", "x86_64"} else f"{kind}, {arch}"
        words = " | ".join(str(cell) for cell in (sum(cells), *cells))
        yield f"| {label} | {words} | {cells[0] / total:.1%} |"


def _groups(rows: Sequence[Judged], score: str) -> Iterator[str]:
    found: dict[tuple[str, ...], list[Judged]] = defaultdict(list)
    for one in rows:
        if one.score == score:
            row = one.row
            sort = re.sub(r"0x[0-9a-f]+|\d+", "N", row["seen"])[:60]
            key = (row["arch"], row["kind"], row["fate"], sort if row["seen"] else one.why[:60])
            found[key].append(one)
    for (arch, kind, fate, _), these in sorted(found.items(), key=lambda item: -len(item[1])):
        row = these[0].row
        subjects = ", ".join(dict.fromkeys(one.row["subject"] for one in these[:5]))
        yield (
            f"{len(these):4} {arch} {kind}, {fate}: {subjects} | {row['from']} to {row['to']}, "
            f"{row['machine']} | {row['seen'][:110]} | planner: {these[0].outcome} {these[0].why[:160]}"
        )


def collect(seconds: float, every: int = 1) -> int:
    """Run what the file does not have yet, for some time; a second run at the same time is refused."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "one_at_a_time.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("another run is on", file=sys.stderr)
            return 2
        return _collect(time.monotonic() + seconds, every)


def _collect(until: float, every: int) -> int:
    found = accelerator()
    library = built(cache_folder())
    waiting, hosts = [], []
    for arch, wanted in (("x86_64", KVM), ("aarch64", TCG)):
        if wanted == KVM and found.name != KVM:
            print(f"NOT RUN: {arch}: {found.why}", file=sys.stderr)
            continue
        named = [named_by(fetch(suite, arch)) for suite in SUITES]
        waiting += singles(named)[::every]
        waiting += several(named, SEVERAL) if arch == "x86_64" else []
        hosts += [(f"{arch}-qemu-{one.build.version}", arch, one.build.words) for one in named]
    _write_fleet(hosts)
    rows = {tuple(row[name] for name in KEY): row for row in outcomes()}
    left = [one for one in waiting if _key(one) not in rows]
    print(f"{len(rows)} there, {len(left)} to run", flush=True)
    saved = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        running = []
        for one in left:
            running.append(pool.submit(_run, one, library, until))
        for done in as_completed(running):
            row = done.result()
            if row is not None:
                rows[tuple(row[name] for name in KEY)] = row
            if time.monotonic() - saved > 20:
                write(list(rows.values()))
                saved = time.monotonic()
    write(list(rows.values()))
    print(f"{len(rows)} outcomes: {Counter(row['fate'] for row in rows.values())}")
    return 0


def _key(one: Single) -> tuple[str, ...]:
    hop = one.journey.hops[0]
    machine = one.journey.machine
    arch = one.journey.boot.build.arch
    return (arch, one.kind, one.subject, one.journey.boot.name, hop.to.name, machine)


def _run(one: Single, library: Path, until: float) -> Row | None:
    if time.monotonic() > until:
        return None
    journey = one.journey
    used = library if journey.boot.accelerator == KVM else None
    try:
        outcome = run_settled(journey, used)[0]
        fate, seen = outcome.fate.value, outcome.seen
        if not outcome.booted:
            fate = NOT_BOOTED
    except (Ended, RuntimeError, OSError, ValueError) as error:
        fate, seen = NOT_BOOTED, f"test: {error}"
    words = (
        " ".join(journey.flags),
        " ".join(device[0] for device in journey.devices) or "-",
        journey.cpu,
        fate,
        re.sub(r"/tmp/\S+|/root/\S+", "PATH", seen)[:300],
    )
    return dict(zip(COLUMNS, (*_key(one), *words), strict=True))


def _write_fleet(hosts: Sequence[tuple[str, str, str]]) -> None:
    """Write the fleet file, and the probe of this machine beside it if there is none yet."""
    if not PROBE.exists():
        with tempfile.TemporaryDirectory() as folder:
            planner(["probe", "--output", f"{folder}/probe.json"])
            shutil.copy(f"{folder}/probe.json", PROBE)
    with FLEET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("host", "arch", "kernel", "qemu", "probe"))
        for name, arch, words in hosts:
            probe = PROBE.name if arch == "x86_64" else ""
            writer.writerow((name, arch, os.uname().release, words, probe))


def main() -> int:
    """Collect outcomes, or replay them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1500.0)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--replay", action="store_true")
    words = parser.parse_args()
    try:
        return replay() if words.replay else collect(words.seconds, words.every)
    except FetchError as error:
        print(f"NOT RUN: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
