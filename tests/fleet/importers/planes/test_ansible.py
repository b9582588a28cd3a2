"""Hosts out of Ansible's facts and package facts, alone and beside another plane's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import planner
from planner.cli.app import app
from planner.cli.import_ import Plane
from planner.domain.errors import FleetError
from planner.domain.host import Fleet
from planner.fleet.importers.planes.plane_files import KINDS
from planner.library.imports import read_planes

XEON = "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz"
DEBIAN = {
    "arch": "amd64",
    "category": "otherosfs",
    "name": "qemu-system-x86",
    "origin": "Debian",
    "source": "apt",
    "version": "1:7.2+dfsg-7+deb12u18+b3",
}


def rpm(name: str, **other: Any) -> dict[str, Any]:
    return {
        "arch": "x86_64",
        "epoch": 17,
        "name": name,
        "release": "19.el9",
        "source": "rpm",
        "version": "9.1.0",
    } | other


def setup(**other: Any) -> dict[str, Any]:
    facts = {
        "ansible_architecture": "x86_64",
        "ansible_distribution": "Debian",
        "ansible_fqdn": "cmp-1.example.com",
        "ansible_hostname": "cmp-1",
        "ansible_kernel": "6.1.0-37-amd64",
        "ansible_nodename": "cmp-1",
        "ansible_processor": ["0", "GenuineIntel", XEON, "1", "GenuineIntel", XEON],
    }
    return {"ansible_facts": facts | other, "changed": False}


def packages(*found: dict[str, Any]) -> dict[str, Any]:
    by_name: dict[str, list[dict[str, Any]]] = {}
    other = DEBIAN | {"name": "bash", "version": "5.2"}
    for one in (other, *found):
        by_name.setdefault(one["name"], []).append(one)
    return {"ansible_facts": {"packages": by_name}, "changed": False}


def write(root: Path, folder: str, host: str, document: dict[str, Any]) -> Path:
    path = root / folder / host
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return two trees that Ansible wrote of two hosts."""
    for host in ("cmp-1", "cmp-2"):
        write(tmp_path, "facts", host, setup())
        write(tmp_path, "packages", host, packages(DEBIAN))
    return tmp_path


def read(tree: Path) -> Fleet:
    return read_planes("ansible", tree / "facts", tree / "packages").fleet


def test_hosts_have_kernel_build_and_cpu(tree: Path) -> None:
    (group,) = read(tree).groups
    assert group.hosts == ("cmp-1", "cmp-2")
    assert (group.kernel, group.qemu) == ("6.1.0-37-amd64", "1:7.2+dfsg-7+deb12u18+b3")
    assert (group.arch, group.cpu) == ("x86_64", XEON)
    assert planner.load_knowledge().misfit("qemu", group.qemu) is None


def test_both_modules_may_be_in_one_folder_of_folders_or_one_file(tree: Path) -> None:
    assert read_planes("ansible", tree).fleet.size == 2
    both = setup(packages=packages(DEBIAN)["ansible_facts"]["packages"])
    path = write(tree, "cache", "cmp-9.json", both["ansible_facts"])
    assert read_planes("ansible", path).fleet.groups[0].hosts == ("cmp-9",)


@pytest.mark.parametrize(
    ("found", "build"),
    [
        ((rpm("qemu-kvm-core"), rpm("qemu-kvm")), "qemu-kvm-core-17:9.1.0-19.el9"),
        (
            (rpm("qemu-x86", epoch=None, version="8.2.4", release="150600.3.5.1"),),
            "qemu-x86-8.2.4-150600.3.5.1",
        ),
        (
            (DEBIAN | {"name": "pve-qemu-kvm", "version": "9.0.2-4", "origin": "Proxmox"},),
            "9.0.2-4",
        ),
        ((DEBIAN, DEBIAN | {"name": "qemu-system-arm", "version": "1:7.0"}), DEBIAN["version"]),
    ],
    ids=["el9", "suse", "proxmox", "another architecture beside"],
)
def test_the_package_of_the_hosts_own_architecture_is_its_build(
    tree: Path, found: tuple[dict[str, Any], ...], build: str
) -> None:
    for host in ("cmp-1", "cmp-2"):
        write(tree, "packages", host, packages(*found))
    (group,) = read(tree).groups
    assert group.qemu == build
    assert planner.load_knowledge().misfit("qemu", build) is None


def test_every_package_row_is_of_an_architecture_that_is_known() -> None:
    base = planner.load_knowledge()
    assert base.planes.packages
    assert all(base.arch_of(row.packed) == row.arch for row in base.planes.packages)


def test_every_kind_of_plane_has_commands_that_tell_what_is_missing() -> None:
    assert {plane.value for plane in Plane} == KINDS.keys()
    assert all({"kernel", "qemu"} <= remedies.commands.keys() for remedies in KINDS.values())


def test_a_host_without_qemu_is_left_out_and_counted(tree: Path) -> None:
    write(tree, "packages", "cmp-2", packages())
    found = read_planes("ansible", tree)
    assert found.fleet.size == 1
    assert found.left_out == (("hosts of Ansible without a package of QEMU", 1),)


@pytest.mark.parametrize("folder", ["facts", "packages"])
def test_a_missing_kernel_or_build_is_one_error_with_the_command(tree: Path, folder: str) -> None:
    (tree / folder / "cmp-2").unlink()
    with pytest.raises(FleetError) as caught:
        read_planes("ansible", tree)
    (told,) = str(caught.value).splitlines()
    module = {"facts": "kernel; run: ansible cmp-2 -m setup --tree facts/"}.get(
        folder, "qemu; run: ansible cmp-2 -m package_facts --tree packages/"
    )
    assert told.endswith(module)


def lost(**other: Any) -> bytes:
    return json.dumps({"changed": False, "msg": "Failed to connect\nvia ssh"} | other).encode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (json.dumps(setup()).encode()[:100], "not JSON"),
        (json.dumps(setup()).encode("utf-16"), "in UTF-8"),
        (b"\0" * 100, "in UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (
            b'{"ansible_facts": {"ansible_kernel": 6, "ansible_architecture": "x86_64"}}',
            "6 is not a text",
        ),
        (b'{"ansible_facts": [1]}', "[1] is not an object"),
        (lost(unreachable=True), "told nothing: Failed to connect via ssh"),
        (lost(failed=True), "told nothing: Failed to connect via ssh"),
        (json.dumps(setup(ansible_architecture="armv7l")).encode(), "'armv7l' is not an arch"),
    ],
)
def test_broken_and_hostile_files_are_one_clear_error_each(
    tree: Path, data: bytes, said: str
) -> None:
    path = tree / "facts" / "cmp-2"
    path.write_bytes(data)
    with pytest.raises(FleetError) as caught:
        read_planes("ansible", tree)
    about = [line for line in str(caught.value).splitlines() if line.startswith(str(path))]
    assert len(about) == 1
    assert said in about[0]


def test_two_packages_of_qemu_are_an_error_that_names_both(tree: Path) -> None:
    ev = rpm("qemu-kvm-ev", epoch=10, version="2.12.0", release="44.1.el7_8.1")
    write(tree, "packages", "cmp-2", packages(rpm("qemu-kvm-core"), ev))
    with pytest.raises(FleetError, match=r"'qemu-kvm-core-17:.*' and 'qemu-kvm-ev-10:2\.12"):
        read_planes("ansible", tree)


def test_from_ansible_to_an_answer(tree: Path) -> None:
    fleet = tree / "fleet.csv"
    run = CliRunner()
    words = ["import", "ansible", str(tree / "facts"), str(tree / "packages"), "-o", str(fleet)]
    assert run.invoke(app, words, catch_exceptions=False).exit_code == 0
    assert "6.1.0-37-amd64" in fleet.read_text()
    solved = run.invoke(app, ["solve", str(fleet)], catch_exceptions=False)
    assert "pc-q35-7.2" in solved.output
