"""The harvested tables of kernels: read, extended by one release, written, compared."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from planner.domain.errors import PlannerError, wrong_word
from planner.harvest.kernel.inventory import KernelInventory, numbers_of
from planner.harvest.kernel.logic import Given

FOLDER = "harvested/kernels"
COMMAND = "planner harvest kernel TREE --line LINE --release RELEASE --write"
RELEASES = ("line", "release", "arch", "source", "parts")
FACTS = ("arch", "name", "given", "condition", "releases")
VOCABULARY = ("arch", "part", "name", "first_seen")
UNFINISHED = -1
CANDIDATE = re.compile(r"[-~]rc(\d+)")
BUILD = re.compile(r"\.(?:el|fc|amzn)\d.*$|\+.*$|-(?:amd64|arm64|generic|pve|default).*$|-rc\d+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release that was read."""

    line: str
    release: str
    arch: str
    source: str
    parts: tuple[str, ...]


@dataclass(slots=True)
class HarvestedKernels:
    """All harvested kernels: releases, what each gives by part and name, and the vocabulary."""

    releases: list[Release] = field(default_factory=list)
    facts: dict[tuple[str, str, str], dict[str, Given]] = field(default_factory=dict)
    parts: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, line: str, arch: str) -> list[Release]:
        """Return a line's releases in order."""
        rows = [row for row in self.releases if (row.line, row.arch) == (line, arch)]
        return sorted(rows, key=lambda row: order_of(row.release))

    def given(self, release: Release) -> dict[str, Given]:
        """Return what a release gives, by name; what is in the vocabulary and not here it lacks."""
        return self.facts.get((release.line, release.release, release.arch), {})


def order_of(release: str) -> tuple[tuple[int, ...], int]:
    """Return where a release stands inside its line: numbers, a candidate before its release."""
    candidate = CANDIDATE.search(release)
    text = BUILD.sub("", release.replace("~", "-"))
    return numbers_of(text), int(candidate[1]) if candidate else 10**6


def read_tables(data: Path) -> HarvestedKernels:
    """Read the tables below a folder of rows; none is an empty table."""
    folder = data / FOLDER
    tables = HarvestedKernels()
    for row in _rows(folder / "releases.csv"):
        parts = tuple(row["parts"].split())
        named = {key: row[key] for key in RELEASES[:4]}
        tables.releases.append(Release(**named, parts=parts))
    for row in _rows(folder / "vocabulary.csv"):
        tables.parts[row["arch"], row["name"]] = row["part"]
    for line in sorted({row.line for row in tables.releases}):
        for row in _rows(folder / f"{line}.csv"):
            listed = [one.release for one in tables.of(line, row["arch"])]
            for release in _expanded(row["releases"], listed):
                key = (line, release, row["arch"])
                given = Given(row["given"], row["condition"])
                tables.facts.setdefault(key, {})[row["name"]] = given
    return tables


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a reading changes: names gained, lost and changed against the release next to it."""

    against: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    changed: tuple[str, ...]


def extend(tables: HarvestedKernels, release: Release, inventory: KernelInventory) -> News:
    """Put a release into the tables; returns what is new against its nearest older neighbour.

    Parts of it that were read before and not now stay as they are.
    """
    rows = [row for row in tables.of(release.line, release.arch) if row.release != release.release]
    before = [row for row in rows if order_of(row.release) < order_of(release.release)]
    near = before[-1] if before else (rows[0] if rows else None)
    facts = {name: one for (_, name), one in inventory.facts.items() if one.given != "no"}
    known = [row for row in tables.of(release.line, release.arch) if row not in rows]
    others = tuple(part for row in known for part in row.parts if part not in release.parts)
    kept = {
        name: one
        for row in known
        for name, one in tables.given(row).items()
        if tables.parts[release.arch, name] in others
    }
    tables.releases = [row for row in tables.releases if row not in known]
    tables.releases.append(replace(release, parts=(*others, *release.parts)))
    tables.facts[release.line, release.release, release.arch] = kept | facts
    for part, name in inventory.facts:
        tables.parts[release.arch, name] = part
    return _news(tables, near, bool(before), facts, release)


def _news(
    tables: HarvestedKernels,
    near: Release | None,
    older: bool,
    facts: Mapping[str, Given],
    release: Release,
) -> News:
    if near is None:
        return News(against="", gained=(), lost=(), changed=())
    shared = set(near.parts) & set(release.parts)
    there = {
        name: one
        for name, one in tables.given(near).items()
        if tables.parts.get((release.arch, name)) in shared
    }
    here = {name: one for name, one in facts.items() if tables.parts[release.arch, name] in shared}
    missing = sorted(set(there) - set(here))
    more = sorted(set(here) - set(there))
    return News(
        against=near.release,
        gained=tuple(more if older else missing),
        lost=tuple(missing if older else more),
        changed=tuple(name for name in sorted(set(here) & set(there)) if here[name] != there[name]),
    )


def refuse_losses(news: News, accepted: Collection[str]) -> None:
    """Raise `PlannerError` for names that are gone and not accepted by name."""
    lost = [name for name in news.lost if name not in accepted]
    unknown = [name for name in accepted if name not in news.lost]
    problems = []
    if lost:
        what = f"{', '.join(lost)}: given by {news.against}, not by this kernel"
        remedy = "read the source; if it is so: " + " ".join(f"--accept-loss {one}" for one in lost)
        problems.append(wrong_word("TREE", what, remedy))
    if unknown:
        what = f"{', '.join(unknown)}: no such loss against {news.against or 'any release'}"
        problems.append(wrong_word("--accept-loss", what))
    if problems:
        raise PlannerError(problems)


def texts_of(tables: HarvestedKernels) -> dict[str, str]:
    """Return the files by name, each as it is to be written."""
    files = {"releases.csv": _csv_text(RELEASES, _release_rows(tables))}
    seen: dict[tuple[str, str], str] = {}
    for line in sorted({row.line for row in tables.releases}):
        rows = []
        for arch in sorted({row.arch for row in tables.releases if row.line == line}):
            order = tables.of(line, arch)
            rows += _fact_rows(tables, arch, order)
            for row in order:
                for name in tables.given(row):
                    seen.setdefault((arch, name), f"{line} {row.release}")
        files[f"{line}.csv"] = _csv_text(FACTS, rows)
    words = [
        (arch, part, name, seen.get((arch, name), ""))
        for (arch, name), part in sorted(
            tables.parts.items(), key=lambda one: (one[0][0], one[1], one[0])
        )
    ]
    files["vocabulary.csv"] = _csv_text(VOCABULARY, words)
    return files


def _release_rows(tables: HarvestedKernels) -> list[Sequence[str]]:
    found: list[Sequence[str]] = []
    for line, arch in sorted({(row.line, row.arch) for row in tables.releases}):
        for row in tables.of(line, arch):
            found.append((line, row.release, arch, row.source, " ".join(row.parts)))
    return found


def _fact_rows(
    tables: HarvestedKernels, arch: str, order: Sequence[Release]
) -> list[Sequence[str]]:
    """Return a line's facts, releases as intervals over those that were read."""
    holders: dict[tuple[str, str, str], set[str]] = {}
    for row in order:
        for name, one in tables.given(row).items():
            holders.setdefault((name, one.given, one.condition), set()).add(row.release)
    rows: list[Sequence[str]] = []
    for (name, given, condition), releases in sorted(holders.items()):
        part = tables.parts[arch, name]
        read = [row.release for row in order if part in row.parts]
        rows.append((arch, name, given, condition, _intervals(read, releases)))
    return rows


def _intervals(order: Sequence[str], holders: Collection[str]) -> str:
    """Return releases as `a..b;c` over an order."""
    runs: list[list[str]] = []
    previous = -2
    for place, release in enumerate(order):
        if release not in holders:
            continue
        if place == previous + 1:
            runs[-1].append(release)
        else:
            runs.append([release])
        previous = place
    return ";".join(run[0] if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs)


def _expanded(text: str, order: Sequence[str]) -> list[str]:
    places = {release: place for place, release in enumerate(order)}
    found: list[str] = []
    for part in text.split(";"):
        first, dots, last = part.partition("..")
        end = places[last] if last else (len(order) - 1 if dots else places[first])
        found += order[places[first] : end + 1]
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def _csv_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    out.write(f"# written by: {COMMAND}; do not edit\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()
