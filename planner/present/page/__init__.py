"""One self-contained HTML page of an answer, its edges, a plan and the hosts: nothing is fetched.

Everything is in the page without a script: tables, notes, marks. The script adds the drawings (by d3,
vendored), the search and the reasons beside a focused edge, and takes all that it shows from the tables.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from planner.domain.edge_map import EdgeMap
from planner.domain.host import Fleet
from planner.domain.plans.plan import Plan
from planner.domain.plans.unlock import Unlocks
from planner.domain.shown import counted
from planner.domain.solution import Solution
from planner.present.page.edges import LEGEND, shown_map
from planner.present.page.hosts import host_rows
from planner.present.page.pools import shown_pools
from planner.present.page.waves import shown_radar, shown_waves

HERE = Path(__file__).parent
D3 = HERE / "vendor" / "d3-7.9.0.min.js"
PIECES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands above a report: a title, the day that it speaks of, and what made it."""

    title: str = "Migration safety"
    day: str = ""
    command: str = ""
    profile: str = ""


def report_page(
    *,
    solution: Solution | None,
    maps: Sequence[EdgeMap] = (),
    fleet: Fleet | None = None,
    plan: Plan | None = None,
    unlocks: Unlocks | None = None,
    heading: Heading = Heading(),
) -> Iterator[str]:
    """Yield the page in pieces; what is not given has no section.

    `maps` are those of the solution's domains, `unlocks` what opens their next types. Names of
    hosts and pools are shown as they are: nothing in them is taken for HTML.
    """
    texts = {name: (HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")}
    script, chart = texts["page.js"], D3.read_text(encoding="utf-8")
    by_domain = {one.domain: shown_map(one) for one in maps}
    pools = () if solution is None else shown_pools(solution, by_domain, plan, unlocks)
    stream = (
        _environment()
        .get_template("page.html.j2")
        .stream(
            legend=LEGEND,
            policy=_content_policy(texts["page.css"], (chart, script)),
            css=Markup(texts["page.css"]),
            scripts=tuple(Markup(one) for one in (chart, script)),
            solution=solution,
            plan=plan,
            heading=heading,
            pools=pools,
            next_hosts=sum(one.next_hosts or 0 for one in pools),
            waves=() if plan is None else shown_waves(plan),
            radar=() if plan is None else shown_radar(plan),
            hosts=() if fleet is None else host_rows(fleet, maps, plan),
            size=0 if fleet is None else fleet.size,
        )
    )
    stream.enable_buffering(PIECES)
    yield from stream


def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["counted"] = counted
    found.filters["whole"] = whole
    return found


def whole(text: str) -> Markup:
    """Return a text in which a browser breaks no word at its hyphens, such as versions and flags."""
    words = (
        Markup('<span class="whole">{}</span>').format(word) if "-" in word else escape(word)
        for word in text.split(" ")
    )
    return Markup(" ").join(words)


def _content_policy(css: str, scripts: Sequence[str]) -> str:
    """Return a policy under which only this style and these scripts run, and nothing is fetched."""
    words = " ".join(f"'{_digest(text)}'" for text in scripts)
    return (
        f"default-src 'none'; style-src '{_digest(css)}'; script-src {words}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
