"""The members of a domain behind a set of profiles, counted and named for reports."""

from __future__ import annotations

import re
from collections.abc import Iterable

from planner.domain.host import HostProfile, QemuBuild
from planner.migration.graph import MigrationDomain
from planner.migration.profiles import PoolMember


def members_of(domain: MigrationDomain, profiles: Iterable[HostProfile]) -> tuple[PoolMember, ...]:
    """Return the members with one of these profiles, in the order of the domain."""
    wanted = set(profiles)
    return tuple(member for member in domain.members if member.profile in wanted)


def host_count(members: Iterable[PoolMember]) -> int:
    """Return the number of hosts."""
    return sum(member.hosts for member in members)


def first_names(members: Iterable[PoolMember]) -> tuple[str, ...]:
    """Return the first three names of hosts, in order of text."""
    names = {name for member in members for name in member.examples}
    return tuple(sorted(names)[:3])


def build_texts(members: Iterable[PoolMember]) -> str:
    """Return the versions of the builds as the fleet file writes them, three at most."""
    texts = build_list(members)
    shown = ", ".join(texts[:3])
    return shown if len(texts) <= 3 else f"{shown} and {len(texts) - 3} more builds"


def build_list(members: Iterable[PoolMember]) -> tuple[str, ...]:
    """Return the versions of the builds as the fleet file writes them, in order of text.

    What rows write in several ways is one build, named by the first way in order of text.
    """
    texts: dict[QemuBuild, str] = {}
    for member in members:
        written = min(group.qemu_version for group in member.groups)
        build = member.profile.qemu
        texts[build] = min(texts.get(build, written), written)
    return tuple(sorted({*texts.values()}))


LONGEST = 20
"""Characters of a release that a table shows: the whole package text of some vendors has sixty."""


def _short(release: str) -> str:
    """Return a release without what a vendor's build system adds behind its numbers."""
    return release if len(release) <= LONGEST else re.split(r"\.(?=[a-z])", release)[0]


def releases_of(members: Iterable[PoolMember]) -> str:
    """Return the releases of the builds without the words that packages add, two at most."""
    texts = sorted({_short(member.profile.qemu.release) for member in members})
    more = f" and {len(texts) - 2} more builds" if len(texts) > 2 else ""
    return f"QEMU {', '.join(texts[:2])}{more}"
