"""Packages: identity, ROM sizes and what their programs say, written as rows and read back."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path

import pytest

from planner.domain.errors import HarvestError
from planner.harvest.packages import Package, read_package
from planner.harvest.rom_rows import rom_changes, write_roms
from planner.knowledge.load import load_knowledge
from planner.knowledge.readers.read_packages import read_packages

QEMU = "usr/bin/qemu-system-x86_64"
SCRIPT = b"#!/bin/sh\necho QEMU emulator version 10.0.13\n"


def _tar(files: dict[str, bytes], links: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in links.items():
            member = tarfile.TarInfo(f"./{name}")
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return out.getvalue()


def _deb(folder: Path, name: str, version: str, files: dict[str, bytes], **links: str) -> Path:
    """Write a .deb: an ar archive of three members."""
    control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@y>\n"
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": _tar({"control": control.encode()}, {}),
        "data.tar.gz": _tar(files, {key.replace("__", "/"): text for key, text in links.items()}),
    }
    body = b"!<arch>\n"
    for member, content in parts.items():
        body += f"{member:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        body += content + b"\n" * (len(content) % 2)
    path = folder / f"{name}.deb"
    path.write_bytes(body)
    return path


def _header(tags: dict[int, tuple[int, bytes, int]]) -> bytes:
    """Write an RPM header: its tags as (type, bytes, count)."""
    index, store = b"", b""
    for tag, (kind, content, count) in sorted(tags.items()):
        store += b"\0" * (-len(store) % (4 if kind == 4 else 1))
        index += struct.pack(">4I", tag, kind, len(store), count)
        store += content
    return b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">2I", len(tags), len(store)) + index + store


def _rpm(folder: Path, name: str, version: str, release: str, files: dict[str, bytes]) -> Path:
    """Write an .rpm: lead, two headers, a compressed cpio archive."""
    cpio = b""
    for number, (inside, content) in enumerate((*files.items(), ("TRAILER!!!", b"")), start=1):
        label = (f"./{inside}" if content else inside).encode() + b"\0"
        cells = (number, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(label), 0)
        entry = b"070701" + b"".join(b"%08x" % cell for cell in cells) + label
        entry += b"\0" * (-len(entry) % 4)
        cpio += entry + content + b"\0" * (-len(content) % 4)
    words = {1000: name, 1001: version, 1002: release, 1022: "x86_64", 1125: "gzip", 1124: "cpio"}
    tags = {tag: (6, text.encode() + b"\0", 1) for tag, text in words.items()}
    tags |= {1081: (8, b"Somebody <x@y> - 9.1.0-15\0", 1), 1082: (8, b"- something\0", 1)}
    signature = _header({1000: (4, struct.pack(">I", 0), 1)})
    signature += b"\0" * (-len(signature) % 8)
    lead = b"\xed\xab\xee\xdb\3\0" + b"\0" * 90
    path = folder / f"{name}.rpm"
    path.write_bytes(lead + signature + _header(tags) + gzip.compress(cpio))
    return path


@pytest.fixture
def debian(tmp_path: Path) -> list[Path]:
    qemu = _deb(tmp_path, "qemu-system-x86", "1:10.0.13+ds-0+deb13u1", {QEMU: SCRIPT})
    files = {"usr/lib/ipxe/qemu/efi-virtio.rom": b"x" * 249344, "usr/share/doc/y.rom": b"z"}
    roms = _deb(
        tmp_path,
        "ipxe-qemu",
        "1.21",
        files,
        **{"usr__share__qemu__pxe-virtio.rom": "../../lib/ipxe/qemu/efi-virtio.rom"},
    )
    return [qemu, roms]


def test_a_deb_tells_identity_roms_and_what_its_program_says(debian: list[Path]) -> None:
    qemu, roms = (read_package(path) for path in debian)
    assert (qemu.name, qemu.text) == ("qemu-system-x86", "1:10.0.13+ds-0+deb13u1")
    assert qemu.said == {f"/{QEMU}": "QEMU emulator version 10.0.13"}
    assert roms.roms == {"efi-virtio.rom": 249344, "pxe-virtio.rom": 249344}
    assert not roms.is_qemu


def test_an_rpm_tells_the_whole_package_text(tmp_path: Path) -> None:
    files = {"usr/share/ipxe.efi/1af41000.rom": b"x" * 100, "usr/libexec/qemu-kvm": b"no program"}
    path = _rpm(tmp_path, "qemu-kvm-core", "9.1.0", "15.el9_6.3", files)
    read = read_package(path)
    assert read.text == "qemu-kvm-core-9.1.0-15.el9_6.3.x86_64"
    assert read.roms == {"1af41000.rom": 100}
    assert "does not run here" in read.said["/usr/libexec/qemu-kvm"]
    placed = load_knowledge().builds.place(read.text)
    assert placed is not None and placed.line == "rhel-el9"


def test_a_package_that_is_none_is_one_clear_error(debian: list[Path], tmp_path: Path) -> None:
    whole = debian[1].read_bytes()
    rpm = _rpm(tmp_path, "q", "1", "2", {"a": b"b"}).read_bytes()
    texts = [b"", b"!<arch>\n", whole[: len(whole) // 2], whole[:70], b"\xff" * 4096]
    texts += [whole.replace(b"data.tar.gz", b"data.tar.xy")]
    rpms = [b"", rpm[:96], rpm[:150], rpm[: len(rpm) - 20], b"\xff" * 4096, whole]
    rpms += [rpm[:104] + b"\xff" * 8 + rpm[112:]]
    for suffix, contents in ((".deb", texts), (".rpm", rpms)):
        for number, content in enumerate(contents):
            path = tmp_path / f"broken{number}{suffix}"
            path.write_bytes(content)
            with pytest.raises(HarvestError) as caught:
                read_package(path)
            (problem,) = caught.value.problems
            assert path.name in str(problem.location)
    with pytest.raises(HarvestError, match=r"neither a \.deb nor an \.rpm"):
        read_package(tmp_path / "x.tar")


def test_written_sizes_are_read_back_as_intervals(debian: list[Path], tmp_path: Path) -> None:
    base = load_knowledge()
    packages = [read_package(path) for path in debian]
    changes = rom_changes(packages, base, tmp_path)
    assert len(changes.told) == 2
    write_roms(changes, tmp_path)
    assert rom_changes(packages, base, tmp_path).told == ()
    again = Package(file="a", name="b", text="1:11.1.3+ds-1", arch="all", said={"/x": "y"})
    other = Package(file="c", name="d", text="2", arch="all", roms={"efi-virtio.rom": 249344})
    write_roms(rom_changes([again, other], base, tmp_path), tmp_path)
    rows = (tmp_path / "harvested/packages/roms.csv").read_text().splitlines()
    assert "debian,efi-virtio.rom,249344,1:10.0.13+ds-0+deb13u1..1:11.1.3+ds-1" in rows
    assert {one.release: one.sizes["efi-virtio.rom"] for one in read_packages((tmp_path,))} == {
        "1:10.0.13+ds-0+deb13u1": 249344,
        "1:11.1.3+ds-1": 249344,
    }


def test_files_without_a_build_are_refused(debian: list[Path]) -> None:
    with pytest.raises(HarvestError, match="no file holds a QEMU program"):
        rom_changes([read_package(debian[1])], load_knowledge(), Path("/nowhere"))
