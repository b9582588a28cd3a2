"""QEMU builds: which known tables speak for a package version; knows no host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from planner.domain.capability import Evidence
from planner.domain.errors import advised, closest, quoted
from planner.domain.host import QemuBuild
from planner.knowledge.rows import release_key


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBuild:
    """A build whose tables were read; `ref` is `line release`, `aliases` its unversioned names.

    `candidate_of` is the release that a release candidate was for.
    """

    line: str
    release: str
    key: tuple[int, ...]
    version: tuple[int, ...]
    evidence: Evidence
    source: str
    date: str = ""
    candidate_of: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """The name that other rows use."""
        return f"{self.line} {self.release}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLine:
    """A vendor's series of QEMU packages, recognised by a pattern over the version text.

    `series` matches texts that name no release, only a series of them. A group `package` of the
    pattern tells builds of one unread version apart. `is_reference`: machine types are named after
    its releases, and its tables explain defaults.
    """

    name: str
    order: int
    title: str
    pattern: re.Pattern[str]
    examples: tuple[str, ...]
    tables: str
    evidence: Evidence
    source: str
    builds: tuple[KnownBuild, ...]
    series: re.Pattern[str] | None = None
    is_reference: bool = False


class BuildLines:
    """All build lines in matching order."""

    def __init__(self, lines: Iterable[BuildLine]) -> None:
        """Keep `lines` by ascending order and index their known builds."""
        self.lines = tuple(sorted(lines, key=lambda line: (line.order, line.name)))
        self.by_name = {line.name: line for line in self.lines}
        self.known = {build.ref: build for line in self.lines for build in line.builds}
        self.reference = next((line for line in self.lines if line.is_reference), None)

    def is_reference(self, line: str) -> bool:
        """Whether `line` is the one after whose releases machine types are named."""
        return self.reference is not None and self.reference.name == line

    def place(self, text: str) -> QemuBuild | None:
        """Return the build that a package version names, None if no line matches."""
        for line in self.lines:
            found = line.pattern.match(text)
            if found is None:
                continue
            groups = found.groupdict()
            version = release_key(found["version"])
            revision = groups.get("revision") or ""
            release = f"{found['version']}-{revision}" if revision else found["version"]
            lower, upper = self._bracket(line, version, release_key(release))
            is_read = bool(lower) and lower == upper
            return QemuBuild(
                line=line.name,
                release=release if is_read else groups.get("package") or release,
                version=version,
                lower=lower,
                upper=upper,
                is_series=line.series is not None and line.series.match(text) is not None,
            )
        return None

    def releases(self, line: str) -> tuple[str, ...]:
        """Return the known releases of a line and of the line whose tables it takes, newest first."""
        row = self.by_name[line]
        parts = (row, self.by_name[row.tables]) if row.tables in self.by_name else (row,)
        found = [build for part in parts for build in part.builds if not build.candidate_of]
        return tuple(one.release for one in sorted(found, key=lambda one: one.key, reverse=True))

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

    def _bracket(
        self, line: BuildLine, version: tuple[int, ...], key: tuple[int, ...]
    ) -> tuple[str, str]:
        """Return the refs of the known builds below and above, by the rules of `docs/judgement.md`."""
        exact = [build for build in line.builds if build.key == key]
        if exact:
            return exact[0].ref, exact[0].ref
        candidates = list(line.builds)
        own = [build for build in line.builds if build.version == version]
        if line.tables and not own:
            inherited = self.by_name[line.tables].builds
            same = [build for build in inherited if build.version == version]
            if same:
                return same[0].ref, same[0].ref
            candidates += inherited
            key = version
        same_version = [build for build in candidates if build.version == version]
        if same_version:
            candidates, closed = same_version, False
        else:
            series = [build for build in candidates if build.version[:2] == version[:2]]
            candidates, closed = (series, False) if series else (candidates, True)
        return _neighbours(sorted(candidates, key=lambda build: build.key), key, closed=closed)


def _neighbours(builds: list[KnownBuild], key: tuple[int, ...], *, closed: bool) -> tuple[str, str]:
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
