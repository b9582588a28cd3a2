"""All journeys run and `docs/truth.md` written: `python -m tests.qemu.truth`, or `make truth`.

Without KVM, guests are emulated, what needs KVM is left out by name, and the page is
`docs/truth-tcg.md`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.qemu import one_at_a_time
from tests.qemu.accelerator import KVM, accelerator
from tests.qemu.compare import WORKERS, Score, compared, library_for, world_of
from tests.qemu.effective import COMMON, Checked, Forced, checked_values, forced_values
from tests.qemu.fetch import FetchError
from tests.qemu.incident import Incident, replay
from tests.qemu.page import Ran, careful_share, careful_shares, page
from tests.qemu.plan import World, journeys, left_out
from tests.qemu.predict import ROOT
from tests.qemu.truth_page import put
from tests.stories import public_incidents

PAGES = {"kvm": ROOT / "docs" / "truth.md", "tcg": ROOT / "docs" / "truth-tcg.md"}
MOST_CAREFUL = 0.05
"""Of the hops of one kind that passed, those that were not told safe: more fail the run."""


def main() -> int:
    """Run everything and write the page; 1 if a hop was wrongly safe, 2 if nothing could be run.

    With `--replay` only the kept outcomes of `one_at_a_time.py` are judged again; `--write` writes
    their section and that of the public incidents. `--every N` runs each Nth journey.
    """
    if "--replay" in sys.argv[1:]:
        if "--write" in sys.argv[1:]:
            write_kept()
        return one_at_a_time.replay()
    began = time.monotonic()
    found = accelerator()
    if found.why:
        print(f"NO KVM: {found.why}; guests are emulated", file=sys.stderr)
    try:
        world = world_of(accelerator=found.name)
        library = library_for(world)
    except FetchError as error:
        print(f"NOT RUN: {error}", file=sys.stderr)
        return 2
    out = left_out(world, hides=library is not None)
    for group, why in out.items():
        print(f"LEFT OUT: {group}: {why}", file=sys.stderr)
    checked = _values(world)
    with tempfile.TemporaryDirectory() as folder:
        rows = compared(list(journeys(world, out))[:: _every()], library, Path(folder))
    ran = Ran(
        every=_every(),
        accelerator=found,
        rows=rows,
        incidents=_incidents(world, library),
        checked=checked,
        forced=_forced(world, checked),
        left_out=out,
        seconds=time.monotonic() - began,
    )
    PAGES[found.name].write_text(page(world, ran), encoding="utf-8")
    if found.name == KVM:
        write_kept()
    wrong = sum(row.score is Score.WRONGLY_SAFE for row in rows)
    shares = careful_shares(rows)
    over = [f"{group} {share:.1%}" for group, share in shares.items() if share > MOST_CAREFUL]
    print(
        f"{len(rows)} hops, {wrong} wrongly safe, {careful_share(rows):.1%} of the passing too careful"
    )
    print(f"more than {MOST_CAREFUL:.0%} too careful: {', '.join(over) or 'no kind'}")
    return 1 if wrong or over else 0


def _every() -> int:
    """Return the N of `--every N`, 1 without it."""
    words = sys.argv[1:]
    return int(words[words.index("--every") + 1]) if "--every" in words else 1


def write_kept() -> None:
    """Write the sections of what is kept: single migrations and public incidents."""
    put(one_at_a_time.HEADING, "\n".join(one_at_a_time.section(one_at_a_time.moved())))
    put(public_incidents.HEADING, "\n".join(public_incidents.section(public_incidents.asked())))


def _incidents(world: World, library: Path | None) -> list[Incident]:
    """Replay 2019 on every build; the count can be set from outside under KVM only."""
    if world.accelerator != KVM or library is None:
        return []
    return [replay(world, build, library) for build in world.builds]


def _values(world: World) -> list[Checked]:
    with ThreadPoolExecutor(WORKERS) as pool:
        suites = [build.suite for build in world.builds]
        found = pool.map(lambda suite: list(checked_values(suite, only=COMMON)), suites)
        return [row for rows in found for row in rows]


def _forced(world: World, checked: Sequence[Checked]) -> list[Forced]:
    """Ask every build for the values that some build does not show as its lists tell."""
    return list(forced_values(world, sorted({name for row in checked for name in row.differ})))


if __name__ == "__main__":
    sys.exit(main())
