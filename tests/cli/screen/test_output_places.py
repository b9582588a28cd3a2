"""Where answers go when the place is a pipe, a device, a link, an input, full or closed."""

from __future__ import annotations

import os
import shlex
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FLEET = "examples/seed/fleet.csv"
ANSWER = "SAFE WITH CHECKS: 1 pool"


def shell(line: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which `planner` is the command."""
    words = f'planner() {{ {shlex.quote(sys.executable)} -m planner "$@"; }}; {line}'
    return subprocess.run(
        ["bash", "-c", words],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def solved() -> str:
    found = shell(f"planner solve {FLEET}")
    assert found.returncode == 0
    assert ANSWER in found.stdout
    return found.stdout


def test_a_dash_is_standard_output(solved: str) -> None:
    assert shell(f"planner solve {FLEET} -o -").stdout == solved


def test_a_device_stays_what_it_is() -> None:
    before = Path(os.devnull).stat()
    found = shell(f"planner solve {FLEET} -o {os.devnull}")
    after = Path(os.devnull).stat()
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert stat.S_ISCHR(after.st_mode)
    assert after.st_ino == before.st_ino


def test_a_named_pipe_is_written_through(tmp_path: Path, solved: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    assert shell(f"planner solve {FLEET} -o {pipe}").returncode == 0
    reader.join(timeout=60)
    assert read == [solved]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_keeps_its_target_and_a_file_its_mode(tmp_path: Path, solved: str) -> None:
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("of yesterday", encoding="utf-8")
    target.chmod(0o640)
    link.symlink_to(target)
    assert shell(f"planner solve {FLEET} -o {link}").returncode == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == solved
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_has_the_mode_of_new_files(tmp_path: Path) -> None:
    shell(f"umask 027; planner solve {FLEET} -o {tmp_path / 'new.txt'}")
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == 0o640


@pytest.mark.parametrize("option", ["-o {}", "-o{}", "--output {}", "--output={}"])
def test_an_input_is_never_written_over(tmp_path: Path, option: str) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_bytes((ROOT / FLEET).read_bytes())
    (tmp_path / "other.csv").symlink_to(fleet)
    found = shell(f"planner solve {fleet} {option.format(tmp_path / 'other.csv')}")
    assert found.returncode == 2
    assert "would be lost" in found.stderr
    assert fleet.read_bytes() == (ROOT / FLEET).read_bytes()


def test_an_output_without_a_name_is_refused() -> None:
    found = shell(f"planner solve {FLEET} -o ''")
    assert (found.returncode, found.stdout) == (2, "")
    assert "names no file" in found.stderr


@pytest.mark.parametrize("where", ["> /dev/full", ">&-", "-o /dev/full", "-o /none/such/file"])
def test_what_cannot_be_written_is_one_line(where: str) -> None:
    found = shell(f"planner solve {FLEET} {where}")
    assert found.returncode == 3
    assert len(found.stderr.splitlines()) == 1
    assert "bug" not in found.stderr


def test_closed_standard_error_changes_nothing(solved: str) -> None:
    found = shell(f"planner solve {FLEET} 2>&-")
    assert (found.returncode, found.stdout) == (0, solved)
    assert shell("planner solve none.csv 2>&-").returncode == 3


@pytest.mark.parametrize("words", ["--help", "solve --help", "--version", "knowledge list"])
def test_a_reader_that_does_not_wait_changes_nothing(words: str) -> None:
    found = shell(f"set -o pipefail; planner {words} | true")
    assert (found.returncode, found.stderr) == (0, "")


def test_a_locale_without_the_letters_gets_them_escaped(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("host,pool,kernel,qemu\nh1,Köln,6.8.0,8.2.0\n", encoding="utf-8")
    env = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    found = shell(f"planner solve {fleet}", **env)
    assert found.returncode == 0
    assert "K\\xf6ln" in found.stdout


def test_a_terminal_obeys_no_name(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("host,pool,kernel,qemu\nh1,p\x1b[31m,6.8.0,8.2.0\n", encoding="utf-8")
    found = shell(f"planner solve {fleet}; planner solve {tmp_path}/$'no\\e[31m.csv'")
    assert "\x1b" not in found.stdout + found.stderr
    assert "\\x1b[31m" in found.stderr


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
def test_breaking_off_leaves_no_traceback(moment: float) -> None:
    code = "from planner.__main__ import main; print('ready', flush=True); main()"
    words = [sys.executable, "-c", code, "solve", FLEET]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"  # the interpreter has started
    threading.Event().wait(moment)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode in {0, 130, -signal.SIGINT}
    assert b"planner/" not in stderr


def test_a_crowd_of_processes_ends_as_documented(tmp_path: Path) -> None:
    """Threads that read tables still start while the process ends: on a busy machine it was aborted."""
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\na,6.1.90,8.2.4\n")
    (tmp_path / "guests.csv").write_text("guest,host,machine_type\ng,b,pc-q35-8.2\n")
    words = [sys.executable, "-m", "planner", "solve", "fleet.csv", "--guests", "guests.csv"]
    crowd = [
        subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) for _ in range(12)
    ]
    told = {(one.communicate(timeout=120)[1], one.returncode) for one in crowd}
    assert told == {("planner: guests.csv:2: host: 'b' is not in the fleet; its hosts: a\n", 3)}
