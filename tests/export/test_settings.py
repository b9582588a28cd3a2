"""What is set: machine type and every flag, at the device that has it, and nothing of an unsafe pool."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from planner.domain.errors import KnowledgeError, UsageError
from planner.export.chosen import chosen, on_board, pools_of
from planner.export.commands import nova, proxmox
from planner.export.kubevirt import cluster, machines
from planner.export.libvirt import NAMESPACE, guest, pattern
from planner.knowledge.shipped import load_knowledge
from tests.export.answers import condition, pool, schema, told

ROWS = load_knowledge().planes
QEMU = f"{{{NAMESPACE}}}"
G1 = """<domain type='kvm'><name>g1</name><os><type machine='pc-q35-6.2'>hvm</type></os><devices>
<interface type='hostdev'><model type='virtio'/></interface>
<interface type='network'><model type='e1000'/></interface>
<interface type='network'><model type='virtio'/></interface>
<disk type='file'><target dev='vdb' bus='virtio'/></disk>
<disk type='file'><target dev='sdc' bus='scsi'/></disk>
</devices></domain>"""
ONE = chosen(told(pool("p", "pc-q35-7.2", "pc-i440fx-7.2")).domains, "")[0]


def overrides(root: Tree.Element) -> dict[str, dict[str, tuple[str, str]]]:
    return {
        str(device.get("alias")): {
            str(one.get("name")): (str(one.get("type")), str(one.get("value")))
            for one in device.iter(f"{QEMU}property")
        }
        for device in root.iter(f"{QEMU}device")
    }


def patched(xml: str, *flags: str) -> Tree.Element:
    one = chosen(told(pool("p", "pc-q35-7.2", flags=flags)).domains, "")[0]
    text = "".join(guest(Tree.fromstring(xml), one, ROWS.aliases))
    return Tree.fromstring(text[text.index("<domain") :])


def test_a_flag_goes_to_the_devices_that_it_acts_on() -> None:
    root = patched(G1, "virtio-net-device.guest_uso4=off", "virtio-blk-device.num-queues=4")
    assert root.find("os/type[@machine='pc-q35-7.2']") is not None
    assert overrides(root) == {
        "net1": {"guest_uso4": ("bool", "false")},
        "virtio-disk1": {"num-queues": ("unsigned", "4")},
    }
    assert root.find(f"{QEMU}commandline") is None


def test_what_has_no_alias_goes_to_the_command_line_and_its_taint_is_told() -> None:
    text = "".join(pattern(ONE, ROWS.aliases))
    words = [one.get("value") for one in Tree.fromstring(f"<x>{text}</x>").iter(f"{QEMU}arg")]
    assert words == ["-global", "x86_64-cpu.x-migrate-smi-count=off"]
    assert "tainted" in text
    bare = chosen(told(pool("p", "pc-q35-7.2", flags=["virtio-net-device.mq=off"])).domains, "")[0]
    assert "tainted" not in "".join(pattern(bare, ROWS.aliases))


def test_a_guest_without_the_device_gets_no_override_and_is_told() -> None:
    text = G1.replace("type='virtio'", "type='e1000'")
    one = chosen(told(pool("p", "pc-q35-7.2", flags=["virtio-net-device.mq=off"])).domains, "")[0]
    found = "".join(guest(Tree.fromstring(text), one, ROWS.aliases))
    assert "qemu:override" not in found  # an empty one is a crash of libvirt 8.4
    assert "virtio-net-device.mq=off: this guest has no device for it" in found


def test_a_second_export_changes_nothing() -> None:
    once = Tree.tostring(patched(G1, *("virtio-net-device.mq=off", "x86_64-cpu.a=on")), "unicode")
    again = patched(once, *("virtio-net-device.mq=off", "x86_64-cpu.a=on"))
    assert overrides(again) == {"net1": {"mq": ("bool", "false")}}
    assert [one.get("value") for one in again.iter(f"{QEMU}arg")] == ["-global", "x86_64-cpu.a=on"]


def test_a_guest_keeps_its_board() -> None:
    (found,) = told(pool("p", "pc-q35-7.2", "pc-i440fx-7.2")).domains
    taken = on_board(found, "pc-i440fx-5.1")
    assert taken is not None and taken.machine_type == "pc-i440fx-7.2"
    assert on_board(found, "virt-5.1") is None


def test_nothing_is_set_of_a_pool_without_a_safe_answer() -> None:
    for verdict in ("undecided", "no-safe-baseline"):
        answer = told(pool("p", "pc-q35-7.2", verdict=verdict), pool("q", "pc-q35-8.2"))
        assert [one.pool for one in chosen(answer.domains, "")] == ["q"]
        assert on_board(answer.domains[0], "pc-q35-6.2") is None


def test_a_wrong_pool_or_board_names_the_nearest() -> None:
    answer = told(pool("debian", "pc-q35-7.2"))
    with pytest.raises(UsageError, match="did you mean 'debian'"):
        pools_of(answer, "debain")
    with pytest.raises(UsageError, match="it has pc-q35"):
        chosen(answer.domains, "virt")


def strict(value: Any) -> Any:
    """Return a schema whose objects have no other keys: as `kubectl --validate=strict` reads them."""
    if isinstance(value, list):
        return [strict(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: strict(one) for key, one in value.items() if key != "required"}
    if isinstance(value.get("properties"), dict):
        found["additionalProperties"] = False
    return found


KUBEVIRT = Draft202012Validator(strict(schema("kubevirt.openAPIV3Schema.json.gz")))
MACHINE = Draft202012Validator(strict(schema("virtualmachine.openAPIV3Schema.json.gz")))


def test_the_patch_of_the_cluster_obeys_the_schema_of_kubevirt_and_a_typo_does_not() -> None:
    text = "".join(cluster([ONE], ROWS.boards))
    patch = yaml.safe_load(text)
    KUBEVIRT.validate(patch)
    arch = patch["spec"]["configuration"]["architectureConfiguration"]
    assert arch["amd64"]["machineType"] == "pc-q35-7.2"
    assert "NOT COMPLETE" in text and "guest_uso4=off" in text
    arch["amd64"]["machineTyp"] = arch["amd64"].pop("machineType")
    with pytest.raises(ValidationError, match="machineTyp"):
        KUBEVIRT.validate(patch)


def test_the_patch_of_a_vm_obeys_the_schema() -> None:
    text = "".join(machines(ONE, ["apps/db", "apps/web"], ROWS.boards))
    commands = [shlex.split(line) for line in text.splitlines() if line.startswith("kubectl")]
    assert [words[3:6] for words in commands] == [["db", "-n", "apps"], ["web", "-n", "apps"]]
    for words in commands:
        patch = json.loads(words[-1])
        MACHINE.validate(patch)
        assert patch["spec"]["template"]["spec"]["domain"]["machine"]["type"] == "pc-q35-7.2"
    with pytest.raises(UsageError, match="NAMESPACE/NAME"):
        list(machines(ONE, ["db"], ROWS.boards))


def test_pools_that_contradict_share_no_setting() -> None:
    two = chosen(told(pool("p", "pc-q35-7.2"), pool("q", "pc-q35-8.2")).domains, "")
    for written in (cluster(two, ROWS.boards), nova(two, (), ROWS.boards)):
        with pytest.raises(UsageError, match="pools p and q"):
            list(written)
    alike = chosen(told(pool("p", "pc-q35-7.2"), pool("q", "pc-q35-7.2")).domains, "")
    assert "x86_64=pc-q35-7.2\n" in "".join(nova(alike, (), ROWS.boards))


def test_a_board_that_a_plane_does_not_take_is_refused() -> None:
    (one,) = chosen(told(pool("p", "pc-i440fx-7.2")).domains, "")
    with pytest.raises(UsageError, match="it takes pc-q35"):
        list(cluster([one], ROWS.boards))


def test_nova_is_told_what_it_cannot_set() -> None:
    text = "".join(nova([ONE], ("uuid-1",), ROWS.boards))
    assert "NOT COMPLETE" in text
    assert "nova-manage libvirt update_machine_type uuid-1 pc-q35-7.2\n" in text


@pytest.mark.parametrize(("config", "code"), [("", 0), ("args: -device foo", 1)])
def test_the_script_for_proxmox_sets_every_guest_and_keeps_args(
    tmp_path: Path, config: str, code: int
) -> None:
    checked = chosen(told(pool("p", "pc-q35-7.2", conditions=[condition("it\nholds")])).domains, "")
    text = "".join(proxmox(checked[0], ["101"]))
    assert "# check first: it holds\n" in text
    fake = tmp_path / "qm"
    fake.write_text(
        f'#!/bin/sh\n[ "$1" = config ] && echo "{config}" || echo "$@" >> {tmp_path}/log\n'
    )
    fake.chmod(0o755)
    shell = shutil.which("sh")
    assert shell is not None
    done = subprocess.run(
        [shell, "-c", text], check=False, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}
    )
    assert done.returncode == code
    if not code:
        flags = (
            "-global virtio-net-device.guest_uso4=off -global x86_64-cpu.x-migrate-smi-count=off"
        )
        calls = (tmp_path / "log").read_text().splitlines()
        assert calls == ["set 101 --machine pc-q35-7.2", f"set 101 --args {flags}"]
    with pytest.raises(UsageError, match="no ID"):
        list(proxmox(checked[0], ["g1"]))


def test_a_misspelt_key_of_a_row_is_told_with_the_nearest(tmp_path: Path) -> None:
    row = 'qom_type = "x", element = "y", at = "@z", is = [], alias = "x", numbr = "order"'
    kept = 'evidence = "memory", source = "here"'
    (tmp_path / "plane_words.toml").write_text(
        f"schema = 1\ndevice_alias = [{{ {row}, {kept} }}]\n"
    )
    with pytest.raises(KnowledgeError, match="number"):
        tuple(load_knowledge(tmp_path).planes.aliases)
