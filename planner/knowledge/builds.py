"""QEMU builds: which known tables speak for a package version; knows no host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from planner.domain.capability import Evidence
from planner.domain.errors import advised, closest, quoted
from planner.domain.host import QemuBuild
from planner.knowledge.files.rows import release_key

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBuild:
    """A build whose tables were read; `ref` is `line release`, `aliases` its unversioned names.

    `candidate_of` is the release that a release candidate was for. `lists_of` is the release of the
    same line whose compat lists this one has, where only its machine types were read.
    """

    line: str
    release: str
    key: Key
    version: Key
    evidence: Evidence
    source: str
    date: str = ""
    candidate_of: str = ""
    lists_of: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """The name that other rows use."""
        return f"{self.line} {self.release}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """A vendor's word that updates keep machine types, their properties and the stream.

    Packages for which the groups of `pattern` have equal texts are updates of one another. `says` is
    the promise in words.
    """

    pattern: re.Pattern[str]
    says: str
    evidence: Evidence
    source: str

    def kin_of(self, release: str) -> str:
        """Return what updates of one package have in common, empty if this is none."""
        found = self.pattern.match(release)
        return "" if found is None else " ".join(text or "" for text in found.groups())


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeps:
    """A vendor's word that later builds drop no machine type.

    `of_reference`: the builds have every type that the reference line has in the same series of
    versions. Else it is about what the line's own earlier builds have, over all of it or, with `series`,
    among releases for which the groups of that pattern have equal texts. `arch`: empty means all.
    `added_until` is the last known release that brought a new type, empty where more may come.
    """

    of_reference: bool
    arch: tuple[str, ...]
    series: re.Pattern[str] | None
    evidence: Evidence
    source: str
    added_until: str = ""

    def holds_between(self, one: str, other: str, arch: str) -> bool:
        """Whether the word covers types of an architecture in two releases of the line."""
        if self.arch and arch not in self.arch:
            return False
        if self.series is None:
            return True
        found, same = self.series.match(one), self.series.match(other)
        return found is not None and same is not None and found.groups() == same.groups()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """Machine types that a vendor's builds make of every type of the reference line by a suffix.

    `suffix` matches what stands behind the type's name, `plain` is the suffix of a fresh guest, and
    `since` is the first version whose builds read it.
    """

    suffix: re.Pattern[str]
    plain: str
    since: Key
    evidence: Evidence
    source: str

    def base_of(self, name: str) -> str:
        """Return the type that a name with this suffix is made of, empty if it has none."""
        found = self.suffix.search(name)
        return name[: found.start()] if found is not None and found.end() == len(name) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLine:
    """A vendor's series of QEMU packages, recognised by a pattern over the version text.

    `series` matches texts that name no release, only a series of them. A group `package` of the
    pattern is the whole package text, which tells builds apart; `update` is what follows the revision
    in it, `point` the number of the update. `versions` tells the upstream version of packages whose text
    hides it. `published` matches the releases that the vendor brings out (none: nobody says), so another
    one is somebody's own build. `is_reference`: machine types are named after its releases, and its
    tables explain defaults.
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
    published: re.Pattern[str] | None = None
    is_reference: bool = False
    alike: tuple[Alike, ...] = ()
    grammars: tuple[Grammar, ...] = ()
    keeps: tuple[Keeps, ...] = ()
    versions: Mapping[str, Key] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Placed:
    """What the pattern of a line reads in a text: the whole package, its key, the upstream version."""

    release: str
    key: Key
    version: Key


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

    def is_reference(self, line: str) -> bool:
        """Whether `line` is the one after whose releases machine types are named."""
        return self.reference is not None and self.reference.name == line

    def place(self, text: str) -> QemuBuild | None:
        """Return the build that a package version names, None if no line matches."""
        for line in self.lines:
            found = line.pattern.match(text)
            if found is not None:
                return self._build(line, _read(line, found), text)
        return None

    def lines_of(self, text: str) -> tuple[str, ...]:
        """Return every line that a text fits, in matching order: more than one is an overlap."""
        return tuple(line.name for line in self.lines if line.pattern.match(text))

    def _build(self, line: BuildLine, placed: _Placed, text: str) -> QemuBuild:
        is_own = _is_own(line, placed.release)
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

    def _bracket(self, line: BuildLine, placed: _Placed, *, is_own: bool) -> _Bracket:
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

    def _is_update(self, line: BuildLine, placed: _Placed, ref: str) -> bool:
        """Whether a package is an update of a known one, or that one of it, by the vendor's word."""
        kin = self.kin_of(ref)
        return bool(kin) and any(row.kin_of(placed.release) == kin for row in line.alike)


def _is_own(line: BuildLine, release: str) -> bool:
    """Whether a release is none that the vendor of a line publishes, and none that was read."""
    if line.published is None or line.published.fullmatch(release):
        return False
    return all(build.release != release for build in line.builds)


def _read(line: BuildLine, found: re.Match[str]) -> _Placed:
    """Return what the pattern of a line has read in a text."""
    groups = found.groupdict()
    revision = groups.get("revision") or ""
    plain = f"{found['version']}-{revision}" if revision else found["version"]
    whole = groups.get("package") or ""
    is_whole = bool(whole) and ("update" not in groups or bool(groups["update"]))
    release = whole if is_whole else plain
    told = (known for text, known in line.versions.items() if re.fullmatch(text, release))
    version = next(told, ())
    key = version or (*release_key(plain), *release_key(groups.get("point") or ""))
    return _Placed(release=release, key=key, version=version or release_key(found["version"]))


def known_key(pattern: re.Pattern[str], release: str) -> Key:
    """Return the key of a known release, read as the pattern of its line reads it."""
    found = pattern.match(release)
    point = found.groupdict().get("point") if found is not None else ""
    if found is None or not point:
        return release_key(release)
    return (*release_key(f"{found['version']}-{found['revision']}"), *release_key(point))


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
