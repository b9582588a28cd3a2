"""`planner harvest`: rows out of a QEMU program, parts of a migration stream."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli import exits
from planner.cli.options import CheckedPolicy, KnowledgeFolder, checked_knowledge
from planner.cli.screen.harvest_news import news_of, progress, tell_kernel, tell_types
from planner.cli.screen.output import emit
from planner.domain.errors import HarvestError, nearest, wrong_word
from planner.domain.shown import harmless

harvest = typer.Typer(
    help="""Read a QEMU program, or a migration stream, into rows.

    Example: planner harvest qemu /usr/bin/qemu-system-x86_64
    """,
    no_args_is_help=True,
)

BuildLine = Annotated[
    str, typer.Option("--line", metavar="LINE", help="build line; default: the one its text names")
]
DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="folder of rows to compare with; default: the shipped rows"
    ),
]
Origin = Annotated[
    str,
    typer.Option(
        "--source", metavar="TEXT", help="where it is from; default: its name and version"
    ),
]
Writing = Annotated[bool, typer.Option("--write", help="write what is new below --data")]
Binary = Annotated[str, typer.Argument(metavar="BINARY", help="qemu-system-x86_64, qemu-kvm, ...")]
BuildRelease = Annotated[
    str,
    typer.Option("--release", metavar="RELEASE", help="release there; default: QEMU's own version"),
]
BuildParts = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="PART",
        help="types, devices, cpu, guests or state; may be repeated; default: all, minutes",
    ),
]
KernelTree = Annotated[
    Path, typer.Argument(metavar="TREE", help="a kernel's source: a folder or a tarball")
]
KernelLine = Annotated[
    str, typer.Option("--line", metavar="LINE", help="kernel line; default: mainline")
]
KernelRelease = Annotated[
    str,
    typer.Option(
        "--release", metavar="RELEASE", help="as `uname -r` says; default: the Makefile's version"
    ),
]
KernelParts = Annotated[
    list[str] | None,
    typer.Option(
        "--part",
        metavar="PART",
        help="cpuid, vmx, msrs, caps, tun, vhost (default: these), or arm64-regs",
    ),
]
Losses = Annotated[
    list[str] | None,
    typer.Option(
        "--accept-loss", metavar="NAME", help="a capability that is gone, and somebody looked"
    ),
]


@harvest.command("qemu")
def harvest_qemu(
    binary: Binary,
    line: BuildLine = "",
    release: BuildRelease = "",
    data: DataFolder = None,
    only: BuildParts = None,
    write: Writing = False,
    policy: CheckedPolicy = None,
    knowledge: KnowledgeFolder = None,
) -> None:
    """Compare the rows of a build with what the build says, as a diff; `--write` applies it.

    types: machine types, aliases and deprecation, compat properties with order and value from 9.1 on.
    devices: devices with properties and defaults, objects, machine options. cpu: models under every
    machine type, with features if KVM is here. guests: what blocks migration, asked of stopped guests.
    state: what is sent of each device.
    Exit code 0 if all rows agree, 4 if the diff is not empty.
    Example: planner harvest qemu /usr/bin/qemu-system-x86_64
    """
    from planner.harvest.ask import TYPES, lay_whole
    from planner.harvest.machines import harvest_build
    from planner.harvest.merge import merge, place_of
    from planner.harvest.values import Program
    from planner.knowledge.files.folder import shipped_data

    asked = _asked(only)
    rows = checked_knowledge(knowledge, policy)
    build = harvest_build([binary])
    place = place_of(build, rows.builds, line=line, release=release)
    folder = data or shipped_data()
    differ = 0
    if TYPES in asked:
        merged = merge(build, place, folder)
        differ += tell_types(merged, build, place, folder)
        for path, text in merged.texts.items() if write else ():
            emit((text,), path)
    if set(asked) - {TYPES}:
        own = line or (rows.builds.place(build.text) or place).line
        found = lay_whole(Program(command=[binary]), build, own, folder, asked, progress)
        differ += len(found.changes)
        for text in news_of(found):
            typer.echo(harmless(text))
        if write:
            found.tables.write()
    raise typer.Exit(exits.UNSAFE if differ else exits.ANSWERED)


def _asked(only: list[str] | None) -> tuple[str, ...]:
    """Return the parts of a build that are to be read; raises `HarvestError` for another word."""
    from planner.harvest.ask import ASKED

    for word in only or ():
        if word not in ASKED:
            hint = nearest(word, ASKED) or f"allowed: {', '.join(ASKED)}"
            raise HarvestError([wrong_word("--only", f"'{word}' is no part of a build", hint)])
    return tuple(only or ASKED)


@harvest.command("kernel")
def harvest_kernel_sources(
    tree: KernelTree,
    line: KernelLine = "",
    release: KernelRelease = "",
    source: Origin = "",
    part: KernelParts = None,
    accept_loss: Losses = None,
    data: DataFolder = None,
    write: Writing = False,
) -> None:
    """Read what a kernel's KVM, tap and vhost give a guest out of its source.

    Says what is new against the nearest release of the line that was read. What the source uses and
    the reader does not know is an error with file and line, and so is a capability that is gone and
    not accepted by name. Exit code 0 if the tables say the same, 4 if not.
    Example: planner harvest kernel linux-6.12.tar.xz --line mainline
    """
    from planner.harvest.kernel.harvest import harvest_kernel
    from planner.harvest.kernel.inventory import X86_PARTS
    from planner.knowledge.files.folder import shipped_data

    found = harvest_kernel(
        tree,
        data or shipped_data(),
        line=line,
        release=release,
        source=source,
        parts=part or X86_PARTS,
        accepted=accept_loss or (),
    )
    tell_kernel(found)
    for path, text in found.texts.items() if write else ():
        emit((text,), path)
    raise typer.Exit(exits.UNSAFE if found.texts else exits.ANSWERED)


@harvest.command("vmstate")
def harvest_vmstate(
    trees: Annotated[
        list[str],
        typer.Argument(
            metavar="TREE ...",
            help="QEMU sources: a folder, a tarball, or GITDIR@TAG of a git directory",
        ),
    ],
    source: Origin = "",
    data: DataFolder = None,
    write: Writing = False,
) -> None:
    """Read what each device of a QEMU release sends out of its source: sections, versions, fields.

    Says what is new against what the table has of the release, else of the one before it. Exit code 0
    if the table says the same, 4 if not.
    Example: planner harvest vmstate qemu-10.0.0.tar.xz --write
    """
    from planner.harvest.vmstate.table import SectionTable, read_sections
    from planner.knowledge.files.folder import shipped_data

    table, differ = SectionTable(data or shipped_data()), 0
    for place in trees:
        release, facts = read_sections(place)
        is_new = release not in table.sources
        news = table.extend(release, source or f"QEMU {release}, source", facts)
        differ += is_new or bool(news.gained or news.lost)
        for sign, rows in (("+", news.gained), ("-", news.lost)):
            for row in rows:
                typer.echo(harmless(f"{sign} {','.join(row)}"))
        typer.echo(f"# QEMU {release}: {news.facts} sections read, {len(news.gained)} new")
    if write:
        table.write()
    raise typer.Exit(exits.UNSAFE if differ else exits.ANSWERED)


@harvest.command("package")
def harvest_package(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE ...", help="packages of one host: QEMU and its ROM packages"),
    ],
    line: BuildLine = "",
    release: Annotated[
        str, typer.Option(metavar="RELEASE", help="text of the QEMU package, if it is no FILE")
    ] = "",
    data: DataFolder = None,
    write: Writing = False,
    policy: CheckedPolicy = None,
    knowledge: KnowledgeFolder = None,
) -> None:
    """Read .deb and .rpm packages: who they are, and the sizes of their ROM and firmware files.

    A QEMU program inside is asked for its version where it runs. Exit code 0 if all rows agree, 4 if
    sizes differ. Needs the extra `packages`.
    Example: planner harvest package qemu-system-x86_10.0.13.deb ipxe-qemu_1.21.1.deb seabios_1.16.3.deb
    """
    from planner.harvest.packages import read_package
    from planner.harvest.rom_rows import rom_changes, write_roms
    from planner.knowledge.files.folder import shipped_data

    rows = checked_knowledge(knowledge, policy)
    packages = [read_package(path) for path in files]
    for one in packages:
        typer.echo(harmless(f"# {one.file}: {one.name} {one.text} ({one.arch})"))
        for text in (*(f"{path}: {said}" for path, said in one.said.items()), *one.changelog):
            typer.echo(harmless(f"#   {text}"))
    folder = data or shipped_data()
    changes = rom_changes(packages, rows, folder, line=line, release=release)
    for text in changes.told:
        typer.echo(harmless(text))
    typer.echo(
        f"# {changes.line} {changes.release}: {len(changes.sizes)} files read, "
        f"{len(changes.told)} sizes differ"
    )
    if write:
        write_roms(changes, folder)
    raise typer.Exit(exits.UNSAFE if changes.told else exits.ANSWERED)


@harvest.command("stream")
def harvest_stream(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="what `migrate file:NAME` or `exec:cat >NAME` wrote"),
    ],
    policy: CheckedPolicy = None,
    knowledge: KnowledgeFolder = None,
) -> None:
    """Print the sections and subsections that a migration stream carries, as the stream says.

    Example: planner harvest stream guest.stream
    """
    from planner.harvest.stream import read_stream

    checked_knowledge(knowledge, policy)
    for part in read_stream(file).parts:
        name = f"{part.device}/{part.instance}"
        values = " ".join(f"{field.name}={field.value:#x}" for field in part.fields)
        typer.echo(harmless(f"{name}  {part.subsection}  {values}".rstrip()))
