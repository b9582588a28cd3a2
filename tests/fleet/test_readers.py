"""Wrong files: one message per problem with file, line and column, and exit code 3."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from planner.fleet.hosts import read_fleet
from planner.knowledge.load import load_knowledge

ROOT = Path(__file__).resolve().parents[2]

WRONG = {
    "unknown_column": (
        "host,kernel,qmu\na,6.1.90,8.2.4\n",
        ["fleet.csv:1: unknown column 'qmu'; did you mean 'qemu'?", "column 'qemu' is missing"],
    ),
    "empty_cell": (
        "host,kernel,qemu\na,,8.2.4\nb,6.1.90,\n",
        ["fleet.csv:2: kernel: empty, but required", "fleet.csv:3: qemu: empty, but required"],
    ),
    "double_name": (
        "host,kernel,qemu\na,6.1.90,8.2.4\na,6.1.90,8.2.4\n",
        ["fleet.csv:3: host: 'a' appears a second time"],
    ),
    "extra_field_first_row": (
        "host,kernel,qemu\na,6.1.90,8.2.4,x\n",
        ["fleet.csv:2: 4 fields where the header has 3"],
    ),
    "extra_field_later_row": (
        "host,kernel,qemu\na,6.1.90,8.2.4\nb,6.1.90,8.2.4,x\n",
        ["fleet.csv:3: 4 fields where the header has 3"],
    ),
    "no_kernel_line": (
        "host,kernel,qemu\na,five,8.2.4\n",
        ["fleet.csv:2: kernel: 'five' matches no kernel line"],
    ),
    "no_build_line": (
        "host,kernel,qemu\na,6.1.90,8.x\n",
        ["fleet.csv:2: qemu: '8.x' is no QEMU version"],
    ),
    "unknown_capability": (
        "host,kernel,qemu,capabilities\na,6.1.90,8.2.4,+tun.usp\n",
        ["fleet.csv:2: capabilities: unknown capability 'tun.usp'; did you mean 'tun.u"],
    ),
    "unsigned_capability": (
        "host,kernel,qemu,capabilities\na,6.1.90,8.2.4,tun.uso\n",
        ["capability 'tun.uso' has no sign"],
    ),
    "wrong_arch": (
        "host,kernel,qemu,arch\na,6.1.90,8.2.4,x86\n",
        ["fleet.csv:2: arch: 'x86' is not an architecture", "x86_64"],
    ),
    "empty_file": ("", ["fleet.csv: the file is empty"]),
    "header_only": ("host,kernel,qemu\n", ["fleet.csv: no rows below the header"]),
    "missing_probe": (
        "host,kernel,qemu,probe\na,6.1.90,8.2.4,none.json\n",
        ["none.json: No such file or directory"],
    ),
}


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "planner", *arguments]
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(root)}
    )


@pytest.mark.parametrize("story", WRONG)
def test_wrong_fleet(story: str, tmp_path: Path) -> None:
    text, messages = WRONG[story]
    (tmp_path / "fleet.csv").write_text(text)
    done = run("solve", "fleet.csv", "-o", "answer.txt", cwd=tmp_path)
    assert done.returncode == 3
    assert not done.stdout
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "answer.txt").exists()
    for message in messages:
        assert message in done.stderr


def test_wrong_policy(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\na,6.1.90,8.2.4\n")
    (tmp_path / "policy.toml").write_text('managment = "libvirt"\n')
    done = run("solve", "fleet.csv", "--policy", "policy.toml", cwd=tmp_path)
    assert done.returncode == 3
    assert "policy.toml:1: managment: unknown key; did you mean 'management'?" in done.stderr


def test_a_copy_of_the_default_policy_is_a_policy(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\na,6.1.90,8.2.4\n")
    shipped = (ROOT / "data" / "default_policy.toml").read_text()
    (tmp_path / "policy.toml").write_text(shipped)
    (tmp_path / "later.toml").write_text(shipped.replace("schema = 1", "schema = 2"))
    plain = run("solve", "fleet.csv", cwd=tmp_path)
    with_policy = run("solve", "fleet.csv", "--policy", "policy.toml", cwd=tmp_path).stdout
    assert with_policy.replace(" --policy policy.toml", "") == plain.stdout
    later = run("solve", "fleet.csv", "--policy", "later.toml", cwd=tmp_path)
    assert later.returncode == 3
    assert "later.toml:1: schema: 2 is not 1, the only version" in later.stderr


def test_wrong_knowledge(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\na,6.1.90,8.2.4\n")
    rows = tmp_path / "rows"
    rows.mkdir()
    (rows / "observations.toml").write_text(
        'schema = 1\nobservation = [{ id = "x", pases = true }]\n'
    )
    done = run("solve", "fleet.csv", "--knowledge", "rows", cwd=tmp_path)
    assert done.returncode == 3
    assert "observations.toml" in done.stderr


def test_wrong_edges_and_guests(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\na,6.1.90,8.2.4\n")
    (tmp_path / "edges.csv").write_text("source,destination\na,pool:west\n")
    done = run("solve", "fleet.csv", "--edges", "edges.csv", cwd=tmp_path)
    assert done.returncode == 3
    assert "edges.csv:2: destination: 'pool:west'" in done.stderr
    (tmp_path / "guests.csv").write_text("guest,host,machine_type\ng,b,pc-q35-8.2\n")
    done = run("solve", "fleet.csv", "--guests", "guests.csv", cwd=tmp_path)
    assert done.returncode == 3
    assert "guests.csv:2: host: 'b' is not in the fleet" in done.stderr


def test_usage_errors_exit_with_2(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\nalpha,6.1.90,8.2.4\n")
    done = run(
        "check", "fleet.csv", "--from", "alpa", "--to", "alpha", "--machine", "x", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "did you mean 'alpha'?" in done.stderr
    assert run("solve", cwd=tmp_path).returncode == 2


def test_help_is_light() -> None:
    code = (
        "import sys; sys.argv = ['planner', '--help']\n"
        "from planner.cli.app import app\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'networkx', 'ortools', 'pyarrow', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(len(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "solve" in done.stdout


COMMANDS = [
    *("solve", "check", "plan", "simulate", "status", "report", "explain", "unlock", "whatif"),
    *("decode", "probe", "knowledge list", "knowledge show", "knowledge check"),
    *("harvest qemu", "harvest package", "harvest stream"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_and_takes_policy_and_knowledge(
    command: str, tmp_path: Path
) -> None:
    done = run(*command.split(), "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Example:" in done.stdout
    assert f"planner {command.split(maxsplit=1)[0]}" in done.stdout.partition("Example:")[2]
    assert "--policy FILE" in done.stdout
    assert "--knowledge DIR" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["unlock", "f.csv", "--budget", "x"], "'x' is no whole number; allowed: 0 or more"),
        (["solve", "f.csv", "-f", "tabel"], "'tabel' is not one of 'table', 'json'"),
        (["decode", "fault at 0x10, code 0x20"], "holds no message that has a row"),
        (["solve", "/dev/zero"], "is a device"),
    ],
)
def test_wrong_words_are_told_in_our_words(words: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("host,kernel,qemu\na,6.1.1,8.2.4\n")
    done = run(*words, cwd=tmp_path)
    assert done.returncode in {2, 3}
    assert message in done.stderr
    assert "Value error" not in done.stderr


def test_two_numbers_are_decoded_alone(tmp_path: Path) -> None:
    done = run("decode", "0x1c0010130afffa7", "0x179bfffe7", cwd=tmp_path)
    assert done.returncode == 0
    assert "HOST_USO" in done.stdout


def test_every_wrong_row_of_a_fleet_is_told_at_once(tmp_path: Path) -> None:
    rows = "a,6.1.1,8.2.4,x\nb,6.1.0-40-amd46x,8.2.4\nc,6.1.1,0x,\nd,6.1.1,x1\ne,6.1.1,\n"
    (tmp_path / "f.csv").write_text(f"host,kernel,qemu\n{rows}")
    told = run("solve", "f.csv", cwd=tmp_path).stderr.splitlines()
    assert [line.split(":")[2] for line in told] == ["2", "3", "4", "5", "6"]
    assert "the nearest known is" in told[1]


@pytest.mark.parametrize(
    ("column", "cells", "rule"),
    [("cpu", ("Intel", "AMD"), "P013"), ("arch", ("x86_64", "aarch64"), "P004")],
)
def test_remedies_can_be_taken(
    column: str, cells: tuple[str, str], rule: str, tmp_path: Path
) -> None:
    rows = "".join(f"{name},6.8.1,9.1.0,{cell}\n" for name, cell in zip("ab", cells, strict=True))
    (tmp_path / "f.csv").write_text(f"host,kernel,qemu,{column}\n{rows}")
    answer = json.loads(run("solve", "f.csv", "-f", "json", cwd=tmp_path).stdout)
    (domain,) = answer["domains"]
    assert domain["status"] == "no-safe-baseline"
    reasons = [one["id"] for line in domain["refused"] for one in line["objections"]]
    ways = {one["kind"] for line in domain["refused"] for one in line["remedies"]}
    assert set(reasons) == {rule}
    assert ways == {"split-pool"}


def test_a_wrong_policy_stops_knowledge_too(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('boards = ["pc-q53"]\n')
    done = run("knowledge", "list", "--policy", "policy.toml", cwd=tmp_path)
    assert done.returncode == 3
    assert "did you mean 'pc-q35'?" in done.stderr


def test_tables_fit_80_columns(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    done = run("solve", str(root / "examples" / "three-pools" / "fleet.csv"), cwd=tmp_path)
    assert done.returncode == 0
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert "\x1b" not in done.stdout


def test_a_probe_beats_declared_tokens_and_indexes_name_registers(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(
        "host,kernel,qemu,capabilities,probe\n"
        "a,6.1.90,8.2.4,-tun.uso -kvm.msr.0x34,a.json\n"
        "b,6.1.90,8.2.4,,\n"
    )
    (tmp_path / "a.json").write_text(
        '{"schema": "planner.probe/1", "capabilities": {"tun.uso": true, "kvm.cap.sregs2": null}}'
    )
    fleet = read_fleet(tmp_path / "fleet.csv", load_knowledge())
    group = next(one for one in fleet.groups if one.hosts == ("a",))
    assert group.present == {"tun.uso4", "tun.uso6"}
    assert group.absent == {"kvm.msr.smi_count"}


def test_a_forbidden_flag_is_neither_chosen_nor_proposed(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('forbidden_flags = ["virtio-net-device.host_uso"]\n')
    message = "Features 0x100000000000000 unsupported. Allowed features: 0x0"
    assert "host_uso=off" in run("decode", message, cwd=tmp_path).stdout
    done = run("decode", message, "--policy", "policy.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert "host_uso=off" not in done.stdout


LOSS = '[[accepted_losses]]\nunit = "cpu/pdptrs"\nowner = "a"\nreason = "b"\n'


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            '[ceilings]\npc-q35 = "pc-q35-6.99"\n',
            "policy.toml:2: ceilings.pc-q35: 'pc-q35-6.99' is no machine type",
        ),
        ('[floors]\npc-q53 = "pc-q35-4.0"\n', "floors.pc-q53: 'pc-q53' is no board"),
        ('[floors]\nvirt = "pc-q35-4.0"\n', "'pc-q35-4.0' is a type of pc-q35, not of virt"),
        ('boards = ["pc-q53"]\n', "did you mean 'pc-q35'?"),
        (LOSS.replace("pdptrs", "pdptr"), "did you mean 'cpu/pdptrs'?"),
        (
            'acknowledged = ["cpu/pdptr"]\n',
            "acknowledged[1]: 'cpu/pdptr' is no migrated unit; did you mean",
        ),
        ('uniformity_groups = [["west", "eas"]]\n', "'eas' is no pool; did you mean 'east'?"),
        (
            'required_flags = ["virtio-net-pci.host_usoo=off"]\n',
            "'virtio-net-pci.host_usoo' is no property; did you mean 'virtio-net-device.host_uso'?",
        ),
        ('residual_exposures = ["transent"]\n', "did you mean 'transient'?"),
        ('forbidden_flags = ["virtio-net-device.host_usp"]\n', "did you mean 'virtio-net-device"),
        (
            '[floors]\npc-q35 = "pc-q35-8.2"\n[ceilings]\npc-q35 = "pc-q35-7.2"\n',
            "floors.pc-q35: 'pc-q35-8.2' is newer than the ceiling 'pc-q35-7.2'",
        ),
        (LOSS + "expirez = 2020-01-01\n", "did you mean 'expires'?"),
    ],
)
def test_wrong_names_in_a_policy(tmp_path: Path, policy: str, said: str) -> None:
    (tmp_path / "fleet.csv").write_text(
        "host,pool,kernel,qemu\na,west,6.1.90,8.2.4\nb,east,6.1.90,8.2.4\n"
    )
    (tmp_path / "policy.toml").write_text(policy)
    done = run("solve", "fleet.csv", "--policy", "policy.toml", cwd=tmp_path)
    assert done.returncode == 3
    assert said in done.stderr
