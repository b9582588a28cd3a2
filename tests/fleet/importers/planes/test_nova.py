"""Hypervisors and servers of Nova, of both ages of its API, joined with Ansible's facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from planner.cli.app import app
from planner.domain.errors import FleetError
from planner.library.imports import read_planes
from tests.fleet.importers.planes.test_ansible import DEBIAN, XEON, packages, setup, write

CPU_INFO = {"arch": "x86_64", "model": "Cascadelake-Server", "vendor": "Intel", "features": ["pge"]}


def hypervisor(name: str, **other: Any) -> dict[str, Any]:
    return {
        "host_ip": "192.0.2.1",
        "hypervisor_hostname": f"{name}.example.com",
        "hypervisor_type": "QEMU",
        "hypervisor_version": 7002022,
        "service": {"host": name, "id": "1", "disabled_reason": None},
        "state": "up",
        "status": "enabled",
    } | other


AGES = {
    "2.1": [hypervisor(name, cpu_info=json.dumps(CPU_INFO)) for name in ("cmp-1", "cmp-2")],
    "2.53": [hypervisor(name, cpu_info=CPU_INFO) for name in ("cmp-1", "cmp-2")],
    "2.88": [hypervisor(name, uptime=None) for name in ("cmp-1", "cmp-2")],
}
COMMAND = [
    {"ID": "1", "Hypervisor Hostname": f"{name}.example.com", "Hypervisor Type": "QEMU"}
    for name in ("cmp-1", "cmp-2")
]


def server(number: str, **other: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"vm-{number}",
        "status": "ACTIVE",
        "image": {"id": "70a5", "properties": {"hw_machine_type": "pc-q35-7.2"}},
        "OS-EXT-SRV-ATTR:host": "cmp-1",
        "OS-EXT-SRV-ATTR:hypervisor_hostname": "cmp-1.example.com",
    } | other


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("cmp-1", "cmp-2"):
        names = {"ansible_fqdn": f"{name}.example.com", "ansible_nodename": name}
        write(tmp_path, "facts", name, setup(**names, ansible_hostname=name))
        write(tmp_path, "packages", name, packages(DEBIAN))
    put(tmp_path, "hypervisors", {"hypervisors": AGES["2.88"]})
    put(tmp_path, "servers", {"servers": [server("a"), server("b", status="SHUTOFF")]})
    return tmp_path


def put(root: Path, name: str, document: object) -> Path:
    path = root / "nova" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("listed", [*AGES.values(), COMMAND], ids=[*AGES, "command"])
def test_hypervisors_of_every_age_get_kernel_and_build_from_ansible(
    root: Path, listed: list[dict[str, Any]]
) -> None:
    put(root, "hypervisors", listed if listed is COMMAND else {"hypervisors": listed})
    put(root, "servers", {"servers": []})
    (group,) = read_planes("nova", root).fleet.groups
    assert group.hosts == ("cmp-1.example.com", "cmp-2.example.com")
    assert (group.kernel, group.qemu) == ("6.1.0-37-amd64", DEBIAN["version"])
    assert group.cpu == XEON


def test_a_cpu_that_ansible_does_not_tell_is_that_of_the_api(root: Path) -> None:
    put(root, "hypervisors", {"hypervisors": AGES["2.53"]})
    for name in ("cmp-1", "cmp-2"):
        names = {"ansible_fqdn": f"{name}.example.com", "ansible_nodename": name}
        write(root, "facts", name, setup(**names, ansible_processor=["0", "1"]))
    assert {group.cpu for group in read_planes("nova", root).fleet.groups} == {CPU_INFO["model"]}


def test_servers_that_run_are_guests_by_the_type_that_is_told(root: Path) -> None:
    found = read_planes("nova", root)
    (guest,) = found.guests
    assert (guest.names, guest.host) == (("vm-a",), "cmp-1.example.com")
    assert (guest.machine_type, guest.cpu, guest.devices) == ("pc-q35-7.2", None, None)
    assert ("servers that do not run", 1) in found.left_out
    row = {"ID": "c", "Name": "vm-c", "Status": "ACTIVE", "Host": "cmp-2"}
    put(root, "servers", [row])
    assert not read_planes("nova", root).guests
    (root / "nova" / "c.txt").write_text("Current machine type: pc-q35-6.2\n")
    (guest,) = read_planes("nova", root).guests
    assert (guest.host, guest.machine_type) == ("cmp-2.example.com", "pc-q35-6.2")


def test_hosts_of_ansible_that_are_no_hypervisor_are_left_out(root: Path) -> None:
    write(root, "facts", "ctl-1", setup(ansible_fqdn="ctl-1", ansible_nodename="ctl-1"))
    found = read_planes("nova", root)
    assert found.fleet.size == 2
    assert ("hosts of Ansible that are no hypervisor of the plane", 1) in found.left_out


def test_a_hypervisor_without_facts_is_an_error_with_the_command(root: Path) -> None:
    (root / "facts" / "cmp-2").unlink()
    (root / "packages" / "cmp-2").unlink()
    with pytest.raises(FleetError) as caught:
        read_planes("nova", root)
    kernel, build = sorted(str(caught.value).splitlines())
    assert kernel.endswith("run: ansible cmp-2.example.com -m setup --tree facts/")
    assert build.endswith("run: ansible cmp-2.example.com -m package_facts --tree packages/")


@pytest.mark.parametrize(
    ("name", "document", "said"),
    [
        ("servers", {"servers": 3}, "3 is not a list"),
        ("servers", {"servers": [server("a", status=4)]}, "4 is not a text"),
        ("servers", {"servers": [{"id": "a", "status": "ACTIVE"}]}, "is missing; run: openstack"),
        (
            "servers",
            {"servers": [server("a", **{"OS-EXT-SRV-ATTR:hypervisor_hostname": "x"})]},
            "server 'a' is on 'x', which is no hypervisor",
        ),
        ("hypervisors", {"hypervisors": [hypervisor("cmp-1", cpu_info="{")]}, "is not JSON"),
    ],
)
def test_wrong_documents_are_one_clear_error_each(
    root: Path, name: str, document: object, said: str
) -> None:
    path = put(root, name, document)
    with pytest.raises(FleetError) as caught:
        read_planes("nova", root)
    assert [line for line in str(caught.value).splitlines() if str(path) in line and said in line]


def test_from_openstack_to_an_answer(root: Path) -> None:
    fleet, guests = root / "fleet.csv", root / "guests.csv"
    run = CliRunner()
    paths = [str(root / name) for name in ("nova", "facts", "packages")]
    words = ["import", "nova", *paths, "-o", str(fleet), "--guests", str(guests)]
    assert run.invoke(app, words, catch_exceptions=False).exit_code == 0
    solved = run.invoke(app, ["solve", str(fleet), "--guests", str(guests)], catch_exceptions=False)
    assert "pc-q35-7.2" in solved.output
