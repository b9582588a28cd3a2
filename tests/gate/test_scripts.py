"""The script for hosts: one file for an old Python, silent for all operations but two, and in time."""

from __future__ import annotations

import ast
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planner.gate import scripts
from planner.gate.script import hook, stamp
from tests.gate.hosts import RECORDED, called, compiled, domain, of_this_host, written

OTHERS = ("prepare", "start", "started", "stopped", "release", "reconnect", "attach")
OURS = ("migrate", "restore")
FILES = sorted(RECORDED.glob("*.xml"))


def operation_of(path: Path) -> str:
    words = path.name.split(".")[0].split("-")
    return words[-2] if words[-1] in {"begin", "end"} else words[0]


def test_the_scripts_are_for_python_3_6_and_know_nothing_of_this_program() -> None:
    for text in (
        scripts.hook("/p", deadline=0.1, refuse_on_error=False),
        scripts.stamp("qemu:///system"),
    ):
        tree = ast.parse(text, feature_version=(3, 6))
        imports = {
            name.partition(".")[0]
            for node in ast.walk(tree)
            for name in (
                [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert imports <= sys.stdlib_module_names and "planner" not in imports
        assert "typing" not in imports and "noqa" not in text


def test_settings_stand_in_the_script() -> None:
    text = scripts.hook("/a b/gate.json", deadline=0.25, refuse_on_error=True)
    assert "POLICY = '/a b/gate.json'" in text and "DEADLINE = 0.25" in text
    assert "ON_ERROR = 1" in text and "exit 1; }" in text
    assert (hook.ON_ERROR, hook.DEADLINE) == (0, 0.1)


@pytest.mark.parametrize("operation", OTHERS)
@pytest.mark.parametrize("policy", ["{}", "no JSON", ""])
def test_every_other_operation_ends_well_before_anything_is_read(
    operation: str, policy: str, tmp_path: Path
) -> None:
    script = written(tmp_path, policy, closed=True)
    if not policy:
        (tmp_path / "gate.json").unlink()
    done = called(script, operation, b"<domain/>" * 100_000, PATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("shell", ["sh", "bash", "dash"])
def test_every_shell_that_is_sh_somewhere_reads_the_first_lines_alike(
    shell: str, tmp_path: Path
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}: THE HOOK WAS NOT READ BY IT")
    script = written(tmp_path, of_this_host(compiled()))
    for operation, code in (("reconnect", 0), ("migrate", 1)):
        words = [shell, str(script), "g", operation, "begin", "-"]
        xml = domain("pc-q35-4.0")
        done = subprocess.run(words, input=xml, text=True, capture_output=True, check=False)
        assert done.returncode == code and bool(done.stderr) is bool(code)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_recorded_calls_replay(path: Path, tmp_path: Path) -> None:
    """Every call that libvirt made is answered; those of a coming guest by a judgement."""
    policy = compiled()
    script = written(tmp_path, of_this_host(policy))
    operation = operation_of(path)
    done = called(script, operation, path.read_bytes())
    assert not done.stdout  # what a hook prints on a migration takes the place of the XML
    if operation not in OURS:
        assert (done.returncode, done.stderr) == (0, b"")
        return
    told = done.stderr.decode()
    assert done.returncode == 1 and told.count("\n") == 1
    assert "is unknown here: the policy does not know this machine type" in told


def test_a_guest_without_its_flag_is_refused_with_one_line(tmp_path: Path) -> None:
    script = written(tmp_path, of_this_host(compiled()))
    done = called(script, "migrate", domain("pc-q35-4.0").encode())
    assert done.returncode == 1
    assert done.stderr.decode().startswith(
        "planner gate: refused migrate of g: pc-q35-4.0 is unsafe"
    )
    assert b"without x86_64-cpu.x-migrate-smi-count=off" in done.stderr


def test_the_older_type_is_let_in_without_a_word(tmp_path: Path) -> None:
    script = written(tmp_path, of_this_host(compiled()))
    done = called(script, "restore", domain("pc-q35-2.11").encode())
    assert (done.returncode, done.stderr) == (0, b"")


def test_mode_warn_refuses_nothing(tmp_path: Path) -> None:
    script = written(tmp_path, of_this_host(compiled()) | {"mode": "warn"})
    done = called(script, "migrate", domain("pc-q35-4.0").encode())
    assert done.returncode == 0 and b"let in (mode warn)" in done.stderr


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("broken", ["{}", "no JSON", "[]", '{"schema": "planner.gate/1"}'])
def test_a_broken_policy_fails_as_configured(broken: str, closed: bool, tmp_path: Path) -> None:
    script = written(tmp_path, broken, closed=closed)
    done = called(script, "migrate", domain("pc-q35-4.0").encode())
    assert done.returncode == int(closed)
    assert b"not judged by " in done.stderr and done.stderr.count(b"\n") == 1


def test_without_python_the_hook_fails_as_configured(tmp_path: Path) -> None:
    script = written(tmp_path, "{}", closed=True)
    (tmp_path / "bin").mkdir()
    done = called(script, "migrate", PATH=str(tmp_path / "bin"))
    assert done.returncode == 1 and b"no python3" in done.stderr


@pytest.mark.parametrize("closed", [False, True])
def test_a_hook_that_hangs_is_cut_off(closed: bool, tmp_path: Path) -> None:
    """Nobody writes the XML, and nobody closes the pipe."""
    script = written(tmp_path, of_this_host(compiled()), deadline=0.2, closed=closed)
    words = [str(script), "g", "migrate", "begin", "-"]
    start = time.monotonic()
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.wait(10) == int(closed)
        assert running.stderr is not None
        assert b"not judged within 0.2 s" in running.stderr.read()
    assert time.monotonic() - start < 5


def test_a_policy_that_hangs_is_cut_off(tmp_path: Path) -> None:
    script = written(tmp_path, "{}", deadline=0.2)
    (tmp_path / "gate.json").unlink()
    os.mkfifo(tmp_path / "gate.json")
    assert called(script, "migrate", b"<domain/>").returncode == 0


def test_a_call_costs_less_than_a_tenth_of_a_second_of_cpu(tmp_path: Path) -> None:
    script = written(tmp_path, of_this_host(compiled()))
    costs = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        called(script, "migrate", domain("pc-q35-4.0").encode())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(costs) < 0.1, costs


def test_the_companion_starts_something_for_a_started_guest_alone(tmp_path: Path) -> None:
    script = tmp_path / "51-planner-stamp"
    script.write_text(scripts.stamp("qemu:///none"))
    script.chmod(0o755)
    shell = shutil.which("sh")
    assert shell is not None
    (tmp_path / "sh").symlink_to(shell)
    for operation in (*OTHERS, *OURS):
        done = called(script, operation, b"<domain/>")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_note_of_the_companion_is_one_element() -> None:
    told = stamp.noted("6.1.0-50-amd64", "QEMU emulator version 7.2.22 (Debian 1:7.2)", 'a"b')
    assert told.startswith("<booted qemu=") and "host='a\"b'/>" in told
