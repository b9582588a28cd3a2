"""Hosts and guests out of what libvirt keeps: real files of Debian 12, and broken ones."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli.app import app
from planner.domain.errors import FleetError
from planner.domain.guest import GuestCpu
from planner.fleet.importers.planes.libvirt import PARTS
from planner.fleet.importers.planes.libvirt_host import GuestProcess, boot_of, read_log
from planner.fleet.importers.planes.places import host_files
from planner.fleet.importers.planes.written import cpu_text
from planner.library.imports import collector, read_libvirt

REAL = Path(__file__).resolve().parents[3] / "cases" / "real"
CACHE = gzip.decompress((REAL / "qemu-capabilities-cache.xml.gz").read_bytes())
BUILD, KERNEL = "Debian 1:7.2+dfsg-7+deb12u18+b3", "6.18.44-test"
START = (
    "2026-11-28 14:{minute:02}:00.000+0000: starting up libvirt version: 9.0.0, package: 9.0.0-4+deb12u2"
    " (Debian), qemu version: 7.2.22{build}, kernel: {kernel}, hostname: {host}\n"
    "/usr/bin/qemu-system-x86_64 \\\n-name guest=g1 \\\n"
)
INCOMING = "-incoming defer \\\n"
LEFT = "2026-11-28 14:{minute:02}:30.000+0000: shutting down, reason=migrated\n"


def start(host: str, minute: int, *more: str, build: str = BUILD) -> str:
    head = START.format(host=host, minute=minute, build=build, kernel=KERNEL)
    return head + "".join(more)


def left(minute: int) -> str:
    return LEFT.format(minute=minute)


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """Return a folder of two hosts; g1 runs on hostb."""
    for host in ("hosta", "hostb"):
        for part in ("capabilities", "log", "live", "inactive"):
            (tmp_path / host / part).mkdir(parents=True)
        (tmp_path / host / "capabilities" / "x.xml").write_bytes(CACHE)
        (tmp_path / host / "uname-r.txt").write_text(f"{KERNEL}\n")
    live = (REAL / "libvirt" / "h1" / "g1.xml").read_bytes()
    (tmp_path / "hostb" / "live" / "g1.xml").write_bytes(live)
    (tmp_path / "hosta" / "log" / "g1.log").write_text(start("hosta", 1, left(6)))
    (tmp_path / "hostb" / "log" / "g1.log").write_text(start("hostb", 5, INCOMING))
    return tmp_path


def test_hosts_have_the_build_the_kernel_the_cpu_and_its_microcode(hosts: Path) -> None:
    (group,) = read_libvirt(hosts).fleet.groups
    assert group.hosts == ("hosta", "hostb")
    assert (group.kernel, group.qemu, group.arch) == (KERNEL, BUILD, "x86_64")
    assert group.cpu == "Intel(R) Xeon(R) Processor @ 2.50GHz"
    assert dict(group.hardware)["cpu.microcode"] == "0x1"
    builds = planner.load_knowledge().builds
    placed, package = builds.place(group.qemu), builds.place("1:7.2+dfsg-7+deb12u18+b3")
    assert placed is not None and package is not None and placed.is_same_as(package)


def test_features_of_the_cache_are_those_that_a_probe_of_that_host_found(hosts: Path) -> None:
    (group,) = read_libvirt(hosts).fleet.groups
    probe = json.loads((REAL / "probe.json").read_text())["capabilities"]
    stated = dict.fromkeys(group.present, True) | dict.fromkeys(group.absent, False)
    both = {name for name in stated if probe.get(name) is not None}
    assert len(both) > 100
    assert {name: stated[name] for name in both} == {name: probe[name] for name in both}


def test_a_guest_runs_where_it_went_and_booted_where_it_came_from(hosts: Path) -> None:
    (guest,) = read_libvirt(hosts).guests
    assert (guest.names, guest.host, guest.booted_on) == (("g1",), "hostb", "hosta")


def test_a_guest_of_an_older_build_stands_on_a_host_of_its_own(hosts: Path) -> None:
    old = "Debian 1:7.2+dfsg-7+deb12u5"
    (hosts / "hostb" / "log" / "g1.log").write_text(start("hostb", 5, build=old))
    found = read_libvirt(hosts)
    (guest,) = found.guests
    assert guest.host == guest.booted_on == f"hostb@7.2.22{old}"
    assert guest.host in {name for group in found.fleet.groups for name in group.hosts}


def test_an_inactive_description_never_counts_as_live(hosts: Path) -> None:
    (hosts / "hostb" / "live" / "g1.xml").unlink()
    inactive = (REAL / "inactive" / "h2" / "g2.xml").read_bytes()
    (hosts / "hostb" / "live" / "g2.xml").write_bytes(inactive)
    found = read_libvirt(hosts)
    assert not found.guests
    assert found.left_out == (("guests that do not run", 1),)


RUNNING = GuestProcess(guest="g", host="c", qemu="", kernel="", time="5", incoming=True)


def process(host: str, time: str, ended: str, *, incoming: bool = False) -> GuestProcess:
    return GuestProcess(
        guest="g",
        host=host,
        qemu="",
        kernel="",
        time=time,
        incoming=incoming,
        ended=ended,
        left=True,
    )


@pytest.mark.parametrize(
    ("others", "boot"),
    [
        ([process("a", "1", "6")], "a"),
        ([process("b", "3", "6", incoming=True), process("a", "1", "4")], "a"),
        ([process("b", "3", "6", incoming=True)], None),
        ([process("a", "1", "2")], None),
        ([process("a", "1", "6"), process("b", "2", "7")], None),
        ([], None),
    ],
    ids=["one hop", "two hops", "a log is missing", "left before", "two may be it", "no log"],
)
def test_a_boot_host_is_told_only_if_the_logs_prove_it(
    others: list[GuestProcess], boot: str | None
) -> None:
    found = boot_of(RUNNING, [RUNNING, *others])
    assert (None if found is None else found.host) == boot


def test_a_log_tells_every_process() -> None:
    text = start("a", 1, left(2)) + start("a", 3, INCOMING)
    first, second = read_log(text, "g1")
    assert (first.left, first.incoming, second.left, second.incoming) == (True, False, False, True)
    assert first.qemu == f"7.2.22{BUILD}"


def test_what_is_written_is_read_back(hosts: Path, tmp_path: Path) -> None:
    fleet, guests = tmp_path / "fleet.csv", tmp_path / "guests.csv"
    words = ["import", "libvirt", str(hosts), "-o", str(fleet), "--guests", str(guests)]
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    found = read_libvirt(hosts)
    again = planner.read_fleet(fleet)
    for one, other in zip(found.fleet.groups, again.groups, strict=True):
        for name in ("hosts", "pool", "kernel", "qemu", "arch", "cpu", "present", "absent"):
            assert getattr(one, name) == getattr(other, name)
        assert one.hardware == other.hardware
    (guest,) = planner.read_guests(guests, again)
    (told,) = found.guests
    for name in ("host", "booted_on", "machine_type", "flags", "cpu", "devices", "traits"):
        assert getattr(guest, name) == getattr(told, name)
    assert planner.solve(again, guests=[guest]).domains[0].recommended is not None


def test_files_are_of_the_folder_that_is_named_as_their_host(hosts: Path) -> None:
    def names(path: Path) -> set[str]:
        return {found.host for found in host_files(path, PARTS)}

    assert names(hosts) == {"hosta", "hostb"}
    assert names(hosts / "hosta") == {"hosta"}
    assert names(hosts / "hosta" / "uname-r.txt") == {"hosta"}


def test_an_archive_of_one_host_is_that_host(hosts: Path, tmp_path: Path) -> None:
    path = tmp_path / "hosta.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(hosts / "hosta", "hosta")
    (group,) = read_libvirt(path).fleet.groups
    assert group.hosts == ("hosta",)


def test_a_host_without_kernel_or_build_is_one_error_with_the_command_to_run(hosts: Path) -> None:
    (hosts / "hosta" / "capabilities" / "x.xml").unlink()
    (hosts / "hostb" / "uname-r.txt").write_text("6.1.0-50-amd64\n")
    with pytest.raises(FleetError) as caught:
        read_libvirt(hosts)
    (told,) = str(caught.value).splitlines()
    assert "host 'hosta': no file tells its qemu" in told
    assert "planner import libvirt --collect | ssh hosta" in told


def test_a_host_of_which_a_guest_alone_is_told_is_an_error_that_names_it(hosts: Path) -> None:
    for path in ("capabilities/x.xml", "uname-r.txt", "log/g1.log"):
        (hosts / "hostb" / path).unlink()
    with pytest.raises(FleetError) as caught:
        read_libvirt(hosts)
    assert {
        line.partition("host 'hostb': ")[2][:19] for line in str(caught.value).splitlines()
    } == {
        "no file tells its k",
        "no file tells its q",
    }


def test_a_running_kernel_beats_the_cache_of_an_older_one(hosts: Path) -> None:
    for host in ("hosta", "hostb"):
        (hosts / host / "uname-r.txt").write_text("6.1.0-50-amd64\n")
    found = {group.kernel: group for group in read_libvirt(hosts).fleet.groups}
    assert found.keys() == {"6.1.0-50-amd64", KERNEL}
    for group in found.values():
        assert not (group.present or group.absent), "the cache is of another kernel than runs"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        CACHE[: len(CACHE) // 2],
        b'<!DOCTYPE a [<!ENTITY b "cc">]><qemuCaps>&b;</qemuCaps>',
        "<qemuCaps/>".encode("utf-16")[:9],
        b"\0" * 100,
        b"<a>" * 100_000,
    ],
    ids=["empty", "truncated", "entities", "encoding", "nul", "deep"],
)
def test_broken_and_hostile_files_are_one_clear_error_each(hosts: Path, data: bytes) -> None:
    path = hosts / "hosta" / "capabilities" / "x.xml"
    path.write_bytes(data)
    with pytest.raises(FleetError) as caught:
        read_libvirt(hosts)
    about = [line for line in str(caught.value).splitlines() if str(path) in line]
    assert len(about) == 1


@pytest.mark.parametrize("text", ["host", "Nehalem,+x2apic,-vme", "EPYC,tsc-frequency=2000"])
def test_a_cpu_is_written_as_it_is_read(text: str) -> None:
    assert GuestCpu.parse(cpu_text(GuestCpu.parse(text))) == GuestCpu.parse(text)


def test_the_collector_is_a_script_that_runs_on_a_host_without_libvirt() -> None:
    done = subprocess.run(["sh", "-s"], input=collector().encode(), capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        names = {Path(name).name for name in archive.getnames()}
    assert {"uname-r.txt", "uname-m.txt", "capabilities", "live"} <= names
