"""QEMU builds: which known tables speak for a package version; knows no host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from planner.domain.errors import advised, closest, quoted
from planner.domain.host import QemuBuild
from planner.knowledge.files.rows import LONGEST_VERSION
from planner.knowledge.qemu.build_line import (
    BuildLine,
    Key,
    KnownBuild,
    PlacedText,
    is_own_build,
    read_text,
)


@dataclass(frozen=True, slots=True)
class _Bracket:
    """The known builds whose lists speak, and those around it in the order of its line."""

    lower: str
    upper: str
    below: str = ""
    above: str = ""


class BuildLines:
    """All build lines in matching order."""

    def __init__(self, lines: Iterable[BuildLine]) -> None:
        """Keep `lines` by ascending order and index their known builds."""
        self.lines = tuple(sorted(lines, key=lambda line: (line.order, line.name)))
        self.by_name = {line.name: line for line in self.lines}
        self.known = {build.ref: build for line in self.lines for build in line.builds}
        self.reference = next((line for line in self.lines if line.is_reference), None)

    def follows_reference(self, name: str) -> bool:
        """Whether builds of a line have what the reference line has: it is it, or has its tables."""
        row = self.by_name.get(name)
        return self.is_reference(name) or (row is not None and self.is_reference(row.tables))

    def may_carry(self, build: QemuBuild) -> tuple[str, ...]:
        """Return the later releases of its series whose fixes a vendor's build may carry.

        A package that was read itself carries none that nobody knows of.
        """
        base = self.known.get(build.lower)
        if base is None or self.is_reference(build.line) or not self.is_reference(base.line):
            return ()
        parts = self.by_name[base.line].builds
        later = (one for one in parts if one.version[:2] == base.version[:2])
        return tuple(one.ref for one in later if one.version > base.version)

    def is_reference(self, line: str) -> bool:
        """Whether `line` is the one after whose releases machine types are named."""
        return self.reference is not None and self.reference.name == line

    def place(self, text: str) -> QemuBuild | None:
        """Return the build that a package version names, None if no line matches."""
        for line in self.lines if len(text) <= LONGEST_VERSION else ():
            found = line.pattern.match(text)
            if found is not None:
                return self._build(line, read_text(line, found), text)
        return None

    def lines_of(self, text: str) -> tuple[str, ...]:
        """Return every line that a text fits, in matching order: more than one is an overlap."""
        return tuple(line.name for line in self.lines if line.pattern.match(text))

    def _build(self, line: BuildLine, placed: PlacedText, text: str) -> QemuBuild:
        is_own = is_own_build(line, placed.release)
        bracket = self._bracket(line, placed, is_own=is_own)
        promises = () if is_own else line.alike
        promise = next((row for row in promises if row.kin_of(placed.release)), None)
        return QemuBuild(
            line=line.name,
            release=placed.release,
            version=placed.version,
            lower=bracket.lower,
            upper=bracket.upper,
            below=bracket.below,
            above=bracket.above,
            kin=promise.kin_of(placed.release) if promise is not None else "",
            promise=f"{promise.says} ({promise.source})" if promise is not None else "",
            is_series=line.series is not None and line.series.match(text) is not None,
            is_own=is_own,
        )

    def releases(self, line: str) -> tuple[str, ...]:
        """Return the known releases of a line and of the line whose tables it takes, newest first."""
        row = self.by_name[line]
        parts = (row, self.by_name[row.tables]) if row.tables in self.by_name else (row,)
        found = [build for part in parts for build in part.builds if not build.candidate_of]
        return tuple(one.release for one in sorted(found, key=lambda one: one.key, reverse=True))

    def kin_of(self, ref: str) -> str:
        """Return what the updates of a known build have in common, by its vendor's word."""
        known = self.known[ref]
        texts = (row.kin_of(known.release) for row in self.by_name[known.line].alike)
        return next((text for text in texts if text), "")

    def misfit(self, text: str) -> tuple[str, str] | None:
        """Return what is wrong with a text that no line matches, and what is expected."""
        if self.place(text) is not None:
            return None
        expected = "expected 8.2.4 or what dpkg, rpm or pveversion print"
        what = f"{quoted(text)} is no QEMU version or package version"
        return what, advised(expected, self._nearest_example(text))

    def _nearest_example(self, text: str) -> str:
        """Return the example closest to an unknown build text, with its line."""
        titles = {example: line.title for line in self.lines for example in line.examples}
        best = closest(text, titles)
        return f"the nearest known is '{best}' ({titles[best]})" if best else ""

    def _bracket(self, line: BuildLine, placed: PlacedText, *, is_own: bool) -> _Bracket:
        """Return the known builds below and above, by the rules of `docs/concepts/judgement.md`."""
        exact = [build for build in line.builds if build.release == placed.release]
        if not is_own:
            exact = exact or [build for build in line.builds if build.key == placed.key]
        if exact:
            return _Bracket(*[exact[0].ref] * 4)
        version, key = placed.version, placed.key
        candidates = list(line.builds)
        if is_own:
            kin = self.by_name[line.tables].builds if line.tables else ()
            near = sorted((*candidates, *kin), key=lambda build: build.key)
            around = _around(near, version if line.tables else key)
            return _Bracket(*around, *around) if all(around) else _Bracket("", "", *around)
        own = [build for build in line.builds if build.version == version]
        if line.tables and not own:
            inherited = self.by_name[line.tables].builds
            same = [build for build in inherited if build.version == version]
            if same:
                return _Bracket(*[same[0].ref] * 4)
            candidates += inherited
            key = version
        around = _around(sorted(candidates, key=lambda build: build.key), key)
        same_version = [build for build in candidates if build.version == version]
        if same_version:
            candidates, closed = same_version, False
        else:
            series = [build for build in candidates if build.version[:2] == version[:2]]
            candidates, closed = (series, False) if series else (candidates, True)
        ordered = sorted(candidates, key=lambda build: build.key)
        lower, upper = _neighbours(ordered, key, closed=closed)
        if (
            lower
            and not upper
            and not line.is_reference
            and not self._is_update(line, placed, lower)
        ):
            lower, upper = around if all(around) else (lower, upper)
        return _Bracket(lower, upper, *around)

    def _is_update(self, line: BuildLine, placed: PlacedText, ref: str) -> bool:
        """Whether a package is an update of a known one, or that one of it, by the vendor's word."""
        kin = self.kin_of(ref)
        return bool(kin) and any(row.kin_of(placed.release) == kin for row in line.alike)


def _around(builds: list[KnownBuild], key: Key) -> tuple[str, str]:
    """Return the nearest builds on both sides in the order of a line, empty where there is none.

    A key that is a prefix of the builds' keys names a series: its first and its last build.
    """
    inside = [build.ref for build in builds if len(key) < 3 and build.key[: len(key)] == key]
    if inside:
        return inside[0], inside[-1]
    below = [build.ref for build in builds if build.key <= key]
    above = [build.ref for build in builds if build.key >= key]
    return below[-1] if below else "", above[0] if above else ""


def _neighbours(builds: list[KnownBuild], key: Key, *, closed: bool) -> tuple[str, str]:
    """Return the nearest builds on both sides; outside a `closed` list nothing is known.

    A key that is a prefix of the builds' keys (`8.2`) does not name a point: it spans the whole list.
    """
    if builds and len(key) < 3 and not closed:
        return builds[0].ref, builds[-1].ref
    below = [build.ref for build in builds if build.key <= key]
    above = [build.ref for build in builds if build.key >= key]
    if closed:
        return (below[-1], above[0]) if below and above else ("", "")
    if below and above:
        return below[-1], above[0]
    return (below[-1], "") if below else (above[0], "")
