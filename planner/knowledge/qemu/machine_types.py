"""Which builds offer which machine types, by what was read and what vendors promise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

from planner.domain.host import QemuBuild
from planner.domain.machine_type import MachineType
from planner.domain.truth import Truth
from planner.knowledge.files.rows import release_key
from planner.knowledge.qemu.build_line import Grammar, KnownBuild
from planner.knowledge.qemu.builds import BuildLines


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedType:
    """A machine type with the known builds that offer and deprecate it, as refs.

    `suffixed` is the type that this one is made of by a vendor's suffix.
    """

    machine_type: MachineType
    offered: frozenset[str]
    deprecated: frozenset[str]
    suffixed: str = ""


NUMBER = re.compile(r"\d+")


def _numbers_of(name: str) -> tuple[int, ...]:
    return tuple(int(found) for found in NUMBER.findall(name))


class MachineTypes:
    """Which build offers which machine type; between two known builds what both say."""

    def __init__(self, builds: BuildLines, types: Iterable[OfferedType]) -> None:
        """Keep the types, and those that vendors make of them by a suffix."""
        self._builds = builds
        self.types = {row.machine_type.name: row for row in types}
        self.types |= _suffixes_read(builds, self.types)
        self.types |= _plain_suffixes(builds, self.types)
        self._suffixed = cache(self._make_suffixed)

    def may_be_unread(self, name: str) -> bool:
        """Whether a name may be a type that no row has: formed as a vendor forms them, or newer.

        Of the reference line every release up to the newest was read, of vendors' not.
        """
        numbers = _numbers_of(name)
        alike = self._formed.get(NUMBER.sub("#", name), ())
        if not numbers or not alike:
            return False
        own = [row for row in alike if row.machine_type.release]
        return not own or numbers > max(_numbers_of(row.machine_type.name) for row in own)

    @cached_property
    def _formed(self) -> Mapping[str, tuple[OfferedType, ...]]:
        """The types of each form: names without their numbers."""
        forms: dict[str, tuple[OfferedType, ...]] = {}
        for name, row in self.types.items():
            form = NUMBER.sub("#", name)
            forms[form] = (*forms.get(form, ()), row)
        return forms

    def offers(self, build: QemuBuild, machine_type: str) -> Truth:
        """Return whether `build` can create `machine_type`.

        Tables of another line say nothing about a vendor's own types. A build that nobody read offers
        what the known builds on both sides offer. With one of them only, what it has may be gone after
        it and what it lacks may come: a promise of the vendor, or the release that a type is named
        after, decides.
        """
        row = self.row(machine_type)
        if row is None or not (build.below or build.above):
            return Truth.UNKNOWN
        if row.suffixed and not self._reads_suffix(build, row):
            return Truth.NO
        own = row.machine_type.line == build.line and not row.suffixed
        if own and not (build.below or build.above).startswith(f"{build.line} "):
            return Truth.UNKNOWN
        found = self._between(build, row)
        if found is Truth.UNKNOWN and self._is_kept_by_line(build, row):
            return Truth.YES
        return found

    def _reads_suffix(self, build: QemuBuild, row: OfferedType) -> bool:
        """Whether a build's line makes types by this suffix, since its version or before."""
        grammars = self._builds.by_name[row.machine_type.line].grammars
        own = build.line == row.machine_type.line
        return own and any(build.version >= grammar.since for grammar in grammars)

    def _between(self, build: QemuBuild, row: OfferedType) -> Truth:
        """Return what the known builds around a build say of a type that one of them has or lacks."""
        below = build.below in row.offered if build.below else None
        above = build.above in row.offered if build.above else None
        if below is not None and above is not None and below == above:
            return Truth.of(below)
        if below and (self._is_kin(build, build.below) or self._is_kept(build, row)):
            return Truth.YES
        if above is False and self._is_kin(build, build.above):
            return Truth.NO
        if below is False and above is None and self._is_closed(build):
            return Truth.NO
        named = row.machine_type.release
        if named and not row.machine_type.variant and build.version < named[: len(build.version)]:
            return Truth.NO
        return Truth.NO if below is None and above is False else Truth.UNKNOWN

    def _is_kin(self, build: QemuBuild, ref: str) -> bool:
        """Whether a known build is an update of the same package, by the vendor's word."""
        same = self._builds.known[ref].line == build.line
        return same and bool(build.kin) and self._builds.kin_of(ref) == build.kin

    def _is_kept(self, build: QemuBuild, row: OfferedType) -> bool:
        """Whether a vendor says that a build has every type of the known one before it."""
        line, known = self._builds.by_name[build.line], self._builds.known[build.below]
        arch = row.machine_type.arch
        return known.line == build.line and any(
            not word.of_reference and word.holds_between(known.release, build.release, arch)
            for word in line.keeps
        )

    def _is_closed(self, build: QemuBuild) -> bool:
        """Whether a vendor's word is that no build brings a type after the known one before this."""
        line, known = self._builds.by_name[build.line], self._builds.known[build.below]
        places = {one.release: place for place, one in enumerate(line.builds)}
        return known.line == build.line and any(
            word.added_until in places and places[word.added_until] <= places[known.release]
            for word in line.keeps
        )

    def lost_against_word(self, before: KnownBuild, after: KnownBuild) -> tuple[str, ...]:
        """Return the types of a known build that a later one lacks although a vendor keeps them."""
        line = self._builds.by_name[before.line]
        kin = self._builds.kin_of(before.ref)
        alike = bool(kin) and kin == self._builds.kin_of(after.ref)
        return tuple(
            name
            for name, row in self.types.items()
            if before.ref in row.offered
            and after.ref not in row.offered
            and not row.suffixed
            and (
                alike
                or any(
                    not word.of_reference
                    and word.holds_between(before.release, after.release, row.machine_type.arch)
                    for word in line.keeps
                )
            )
        )

    def _is_kept_by_line(self, build: QemuBuild, row: OfferedType) -> bool:
        """Whether a vendor says to keep every type of the reference line, and it has this one."""
        line, reference = self._builds.by_name[build.line], self._builds.reference
        if reference is None or not any(keeps.of_reference for keeps in line.keeps):
            return False
        if row.machine_type.line != reference.name:
            return False
        same = [one for one in reference.builds if one.version[:2] == build.version[:2]]
        return bool(same) and all(one.ref in row.offered for one in same)

    def row(self, name: str) -> OfferedType | None:
        """Return a machine type by its name, one that a vendor makes by a suffix included."""
        found = self.types.get(name)
        return found if found is not None else self._suffixed(name)

    def _make_suffixed(self, name: str) -> OfferedType | None:
        """Return the type that some vendor's builds read in `name`: another type and a suffix."""
        for line in self._builds.lines:
            for grammar in line.grammars:
                base = self.types.get(grammar.base_of(name))
                if base is not None and self._builds.is_reference(base.machine_type.line):
                    return suffixed_type(base, name, line.name, grammar)
        return None

    def dropped_in(self, machine_type: MachineType) -> KnownBuild | None:
        """Return the first reference release past the last one with a type, None if none is known."""
        row = self.row(machine_type.name)
        assert row is not None
        builds = [build for build in self._reference_builds() if not build.candidate_of]
        offering = [place for place, build in enumerate(builds) if build.ref in row.offered]
        later = builds[offering[-1] + 1 :] if offering else []
        return later[0] if later else None

    def alias(self, build: QemuBuild, name: str) -> str | None:
        """Return the versioned type that an alias such as `q35` means on `build`, if certain."""
        names = {
            self._builds.known[ref].aliases.get(name) for ref in (build.lower, build.upper) if ref
        }
        return names.pop() if len(names) == 1 else None

    def is_alias(self, name: str) -> bool:
        """Return whether any known build uses `name` as an alias."""
        return any(name in build.aliases for build in self._builds.known.values())

    def _reference_builds(self) -> tuple[KnownBuild, ...]:
        return () if self._builds.reference is None else self._builds.reference.builds


def suffixed_type(base: OfferedType, name: str, line: str, grammar: Grammar) -> OfferedType:
    """Return the type that builds of `line` make of another one by a suffix."""
    number = release_key(name[len(base.machine_type.name) :])
    made = replace(
        base.machine_type,
        name=name,
        line=line,
        rank=base.machine_type.rank + (number[0] if number else 0),
        evidence=grammar.evidence,
        source=grammar.source,
    )
    return replace(base, machine_type=made, suffixed=base.machine_type.name)


def _suffixes_read(
    builds: BuildLines, types: Mapping[str, OfferedType]
) -> Mapping[str, OfferedType]:
    """Return the types of which there is a row, and that their line's builds make by a suffix.

    Such builds cut the suffix off, so they offer what the type before it says, and nothing else.
    """
    return {
        name: replace(base, machine_type=row.machine_type, suffixed=base.machine_type.name)
        for line in builds.lines
        for grammar in line.grammars
        for name, row in types.items()
        if row.machine_type.line == line.name
        and (base := types.get(grammar.base_of(name))) is not None
        and builds.is_reference(base.machine_type.line)
    }


def _plain_suffixes(
    builds: BuildLines, types: Mapping[str, OfferedType]
) -> Mapping[str, OfferedType]:
    """Return what vendors make of every type of the reference line for a fresh guest."""
    return {
        name: suffixed_type(row, name, line.name, grammar)
        for line in builds.lines
        for grammar in line.grammars
        for row in types.values()
        if builds.is_reference(row.machine_type.line) and not row.machine_type.unversioned
        for name in (f"{row.machine_type.name}{grammar.plain}",)
        if name not in types
    }


def expand(builds: BuildLines, line: str, intervals: Iterable[str]) -> frozenset[str]:
    """Return the refs of the known builds of `line` inside `first..last` intervals."""
    known = builds.by_name[line].builds
    places = {build.release: index for index, build in enumerate(known)}
    refs = set[str]()
    for interval in intervals:
        first, _, last = interval.partition("..")
        if first not in places or (last and last not in places):
            raise KeyError(interval)
        stop = places[last] if last else len(known) - 1
        refs.update(build.ref for build in known[places[first] : stop + 1])
    return frozenset(refs)
