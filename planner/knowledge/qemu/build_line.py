"""The series of builds that a vendor brings out, and what a version text says in each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from planner.domain.capability import Evidence
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
    tables: str = ""
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
class PlacedText:
    """What the pattern of a line reads in a text: the whole package, its key, the upstream version."""

    release: str
    key: Key
    version: Key


def is_own_build(line: BuildLine, release: str) -> bool:
    """Whether a release is none that the vendor of a line publishes, and none that was read."""
    if line.published is None or line.published.fullmatch(release):
        return False
    return all(build.release != release for build in line.builds)


def read_text(line: BuildLine, found: re.Match[str]) -> PlacedText:
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
    return PlacedText(release=release, key=key, version=version or release_key(found["version"]))


def known_key(pattern: re.Pattern[str], release: str) -> Key:
    """Return the key of a known release, read as the pattern of its line reads it."""
    found = pattern.match(release)
    point = found.groupdict().get("point") if found is not None else ""
    if found is None or not point:
        return release_key(release)
    return (*release_key(f"{found['version']}-{found['revision']}"), *release_key(point))
