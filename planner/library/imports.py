"""Hosts and guests out of what management planes print."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from os import PathLike
from pathlib import Path

from planner.domain.errors import FleetError
from planner.domain.host import HostGroup, HostName
from planner.fleet.guests import place_of
from planner.fleet.importers.planes.plane_files import PlaneFiles
from planner.fleet.importers.planes.plane_words import FeatureNames, Imported, PlaneWords
from planner.fleet.loose_cells import loose_cells
from planner.fleet.tables.columns import in_order
from planner.fleet.tables.sources import name_of
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.shipped import load_knowledge
from planner.migration.profiles import is_unplaced, unplaced_texts


def read_planes(
    kind: str, *paths: str | PathLike[str], knowledge: KnowledgeBase | None = None
) -> Imported:
    """Return the hosts and running guests that files of management planes tell of.

    Each path is a file, folder or tar archive. Files of several planes may stand in one call: they are
    told apart by what is in them, and put together host by host. `kind` is the plane whose commands
    errors name, such as `libvirt`; empty: the plane of most files. Raises
    `FleetError` with every problem of every file.
    """
    rows = knowledge or load_knowledge()
    places = [Path(path) for path in paths]
    words = PlaneWords(
        guests=rows.guests,
        features=_names(rows),
        packages=rows.planes.packages,
        arch_of=rows.arch_of,
        launchers=rows.planes.launcher,
    )
    reader = PlaneFiles(words, name_of(places[0]) if places else kind, kind)
    for place in places:
        reader.read(place)
    return reader.close()


def read_collection(
    path: str | PathLike[str], *, knowledge: KnowledgeBase | None = None, strict: bool = False
) -> Imported:
    """Return the hosts of a folder or archive as `read_fleet` returns those of a table, and its guests.

    `strict`: a kernel or QEMU that no row fits is a problem; it is one anyway if every host has such a
    text. Raises `FleetError` with every problem of every file.
    """
    rows = knowledge or load_knowledge()
    found = read_planes("", path, knowledge=rows)
    groups = tuple(
        sorted(
            (_in_order(group) for group in found.fleet.groups),
            key=lambda group: (len(group.hosts[0]), group.hosts[0]),
        )
    )
    unplaced, loose = unplaced_texts(found.fleet, rows), loose_cells(groups, rows)
    nothing_fits = all(is_unplaced(group, rows) for group in groups)
    problems = [*(unplaced if strict or nothing_fits else ()), *(loose.wrong if strict else ())]
    if problems:
        raise FleetError(problems)
    fleet = replace(found.fleet, groups=groups, unplaced=unplaced, loose=loose.told)
    return replace(found, fleet=fleet, guests=tuple(sorted(found.guests, key=place_of)))


def _in_order(group: HostGroup) -> HostGroup:
    return replace(group, hosts=tuple(map(HostName, in_order(group.hosts))))


def read_libvirt(*paths: str | PathLike[str], knowledge: KnowledgeBase | None = None) -> Imported:
    """Return the hosts and running guests that collections of libvirt hosts tell of.

    Each path is a folder or tar archive: of one host, or with a folder `HOST/` for each. It holds the
    files of /var/cache/libvirt/qemu/capabilities, the logs of /var/log/libvirt/qemu, `virsh dumpxml` of
    guests, and `uname -r` as uname-r.txt; `planner import libvirt --collect` prints a script that makes
    it. A guest's boot host is taken from the logs, and left empty where they do not tell it. Raises
    `FleetError` with every problem of every file.
    """
    return read_planes("libvirt", *paths, knowledge=knowledge)


def collector() -> str:
    """Return the shell script that collects what `read_libvirt` reads on one host."""
    return (
        files("planner.fleet.importers.planes")
        .joinpath("collect_libvirt.sh")
        .read_text(encoding="utf-8")
    )


def _names(rows: KnowledgeBase) -> FeatureNames:
    """Return the CPU features that KVM answers for, and those that QEMU may add on its own."""
    known: dict[str, set[str]] = {}
    of_qemu: set[str] = set()
    for word in rows.cpu_words:
        known.setdefault(word.arch, set()).update(word.bits)
        of_qemu |= set(word.of_qemu)
    return FeatureNames(
        known={arch: frozenset(names) for arch, names in known.items()},
        of_qemu=frozenset(of_qemu),
    )
