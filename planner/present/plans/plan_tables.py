"""A plan as CSV (one row a host), Markdown and iCalendar."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from planner.domain.plans.plan import Flip, Plan, Wave
from planner.present.plans.plan_details import baseline_text
from planner.present.tables import csv_text

HEADER = ("wave", "day", "host", "from_kernel", "from_qemu", "kernel", "qemu")


def plan_csv(plan: Plan) -> Iterator[str]:
    """Yield one row per host and step."""
    return csv_text(
        HEADER,
        (
            (
                str(wave.number),
                "" if wave.day is None else wave.day.isoformat(),
                one.host,
                one.from_kernel,
                one.from_qemu,
                one.kernel,
                one.qemu,
            )
            for wave in plan.waves
            for one in wave.upgrades
        ),
    )


def plan_markdown(plan: Plan) -> str:
    """Return a table of waves and a list of flips; or what forbids a plan."""
    left = [f"- {one.domain}: {one.constraint}: {one.text}" for one in plan.relaxations]
    if left and not plan.waves:
        return "\n".join(("# No plan", "", *left, ""))
    undone = ("", "## Pools without a plan", "", *left) if left else ()
    head = (
        f"# {len(plan.waves)} waves",
        "",
        f"{plan.bounds.method}; no plan has fewer than {plan.bounds.waves}.",
        "",
        "| wave | day | hosts | moves | flips | rollback |",
        "| --- | --- | --- | --- | --- | --- |",
    )
    flips = [f"- wave {flip.after_wave}, {_flip(flip)}" for flip in plan.flips]
    return "\n".join((*head, *map(_row, plan.waves), "", "## Flips", "", *flips, *undone, ""))


def _row(wave: Wave) -> str:
    cells = (
        str(wave.number),
        "" if wave.day is None else wave.day.isoformat(),
        f"{len(wave.hosts)}: {', '.join(wave.hosts[:8])}"
        + (", ..." if len(wave.hosts) > 8 else ""),
        "" if wave.moves is None else str(wave.moves),
        str(len(wave.flips)),
        "free" if wave.rollback.free else "costs guests",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _flip(flip: Flip) -> str:
    when = "" if flip.not_before is None else f", not before {flip.not_before.isoformat()}"
    return (
        f"{flip.domain}: {baseline_text(flip.before)} to {baseline_text(flip.after)}, "
        f"takes effect at the {flip.takes_effect.value}{when}"
    )


def plan_calendar(plan: Plan) -> str:
    """Return an iCalendar file (RFC 5545): a day per wave and per flip."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//fleet-machine-type-planner//plan//EN"]
    for wave in plan.waves:
        names = ", ".join(wave.hosts)
        lines += _event(f"wave-{wave.number}", wave.day, f"Upgrade wave {wave.number}", names, plan)
    for number, flip in enumerate(plan.flips, start=1):
        text = f"{_flip(flip)}; {flip.arguments}"
        lines += _event(f"flip-{number}", flip.not_before, f"Flip of {flip.domain}", text, plan)
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _event(
    name: str, day: datetime.date | None, summary: str, text: str, plan: Plan
) -> Iterator[str]:
    if day is None:
        return
    yield "BEGIN:VEVENT"
    yield f"UID:{name}-{plan.fleet_digest.partition(':')[2]}@planner"
    yield f"DTSTAMP:{day:%Y%m%d}T000000Z"
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"SUMMARY:{_escaped(summary)}"
    yield f"DESCRIPTION:{_escaped(text)}"
    yield "END:VEVENT"


def _escaped(text: str) -> str:
    for plain in ("\\", ";", ","):
        text = text.replace(plain, f"\\{plain}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Yield a content line in pieces of at most 75 bytes, the later ones indented by a blank."""
    piece, size = "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > 74:
            yield piece
            piece, size = " ", 1
        piece, size = piece + letter, size + width
    yield piece
