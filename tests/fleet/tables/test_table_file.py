"""Tables as people and programs write them: what is read is what stands there, or it is told why not."""

from __future__ import annotations

import csv
import gzip
import io
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.errors import FleetError
from planner.fleet.guests import read_guests
from planner.fleet.hosts import read_fleet
from planner.fleet.tables import csv_file
from planner.fleet.tables.grouping import Columns, Grouped, read_grouped, read_rows
from planner.fleet.tables.table_file import open_table
from planner.fleet.upgrades import read_upgrades
from planner.knowledge.load import load_knowledge

ROOT = Path(__file__).resolve().parents[3]
PLAIN = Columns(name="n", keys=("a", "b"), required=("n", "a"), allowed=("c",), unique=("n",))
HEAD = b"host,kernel,qemu\n"


def grouped(folder: Path, content: bytes, columns: Columns = PLAIN) -> Grouped:
    path = folder / "table.csv"
    path.write_bytes(content)
    return read_grouped(open_table(path), columns)


def complaints(path: Path) -> list[str]:
    with pytest.raises(FleetError) as caught:
        read_fleet(path, load_knowledge())
    return [str(problem).removeprefix(f"{path}") for problem in caught.value.problems]


def refused(folder: Path, content: bytes) -> list[str]:
    path = folder / "fleet.csv"
    path.write_bytes(content)
    return complaints(path)


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=4
)
CELLS = st.one_of(st.sampled_from(["6.1", "6.10", "06.1", "1e3", "NA", "null", "", "-0"]), TEXTS)


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6),
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    kind=st.sampled_from(["csv", "parquet"]),
)
def test_every_text_is_read_as_it_is_written(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    ending: str,
    quoting: Literal[0, 1],
    kind: str,
) -> None:
    """Kernels 6.1 and 6.10 are two; no text is a number, a date or nothing."""
    path = tmp_path_factory.mktemp("texts") / f"table.{kind}"
    named = [(f"h{number}", *row) for number, row in enumerate(rows)]
    if kind == "csv":
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator=ending, quoting=quoting).writerows(
            [("n", "a", "b"), *named]
        )
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
    else:
        pd.DataFrame(named, columns=["n", "a", "b"]).to_parquet(path)
    found = read_grouped(open_table(path), PLAIN)
    read = {name: tuple(row.values.values()) for row in found.rows for name in row.names}
    assert read == {name: (a.strip(), b.strip()) for name, a, b in named}


def test_versions_of_two_numbers_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_bytes(HEAD + b"h1,4.2,2.12\nh2,4.20,2.12\n")
    assert [group.kernel for group in read_fleet(path, load_knowledge()).groups] == ["4.2", "4.20"]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"n,a,b\nx,1,2\ny,2,2\n", [2, 3]),
        (b"n,a,b\nx,1,2\ny,2,2", [2, 3]),
        (b"\n\nn,a,b\n\nx,1,2\n\r\ny,2,2\n\n", [5, 7]),
        (b'n,a,b\nx,"1\n1",2\ny,2,2\n', [2, 4]),
        (b'n,a,b\nx, "1",2\ny,2,2\n', [2, 3]),
        (b"\xef\xbb\xbfn,a,b\nx,1,2\ny,2,2\n", [2, 3]),
        (b" n , a,b \n x ,1 , 2\ny,2,2\n", [2, 3]),
    ],
)
def test_lines_are_those_of_the_file(tmp_path: Path, content: bytes, lines: list[int]) -> None:
    found = grouped(tmp_path, content)
    assert [row.line for row in found.rows] == lines
    assert [name for row in found.rows for name in row.names] == ["x", "y"]
    assert all("\n" in problem.what or "printed" in problem.what for problem in found.problems)


def test_a_plain_file_is_not_looked_at_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_file, "_read_rows", None)
    assert len(grouped(tmp_path, b"n,a,b\nx,1,2\ny,2,2\n").rows) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"n,a,b\nx,1\ny,2,2,3\n",
        b"n,a,b\nx,1,2,3\ny,2\n",
        b"n,a,b\nx,1,2,3\ny,2,2,4\n",
        b"n,a,b\nx,1\ny,2,2,2\nz,1,2\n",
    ],
)
def test_every_row_of_other_width_is_told(tmp_path: Path, content: bytes) -> None:
    try:
        problems = grouped(tmp_path, content).problems
    except FleetError as error:
        problems = list(error.problems)
    wrong = [number for number, line in enumerate(content.splitlines(), 1) if line.count(b",") != 2]
    assert [problem.location.line for problem in problems] == wrong


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"host;kernel;qemu\nh;6.1;8.2\n", "separated by ';'"),
        (b"host\tkernel\tqemu\nh\t6.1\t8.2\n", "separated by tabs"),
        (b"sep=,\nhost,kernel,qemu\n", "a line 'sep='"),
        ("host,kernel,qemu\nh,6.1,8.2\n".encode("utf-16"), "UTF-16"),
        (gzip.compress(HEAD, mtime=0), "gzip"),
        (b"PK\x03\x04xxxx", "spreadsheet"),
        (b'[{"host": "h"}]', "JSON"),
        (HEAD + b"h\0,6.1,8.2\n", "NUL"),
        (b"PAR1 no more", "no whole Parquet file"),
        (HEAD + b"h,6.1,8.2,\n", "4 fields where the header has 3"),
        (HEAD, "no rows below the header"),
        (HEAD + b'h,"6.1,8.2\n', "is not CSV"),
        (b"host,kernel,qemu,\nh,6.1,8.2,\n", "column 4 has no name"),
        (b"Host,kernel,qemu\nh,6.1,8.2\n", "unknown column 'Host'; did you mean 'host'?"),
        (b"hsot,kernel,qemu\nh,6.1,8.2\n", "missing; found 'hsot'; did you mean 'host'?"),
        (b"host,kernel,qemu_version\nh,6.1,8.2\n", "found 'qemu_version'; did you mean 'qemu'?"),
        (b"host,kernel,rack\nh,6.1,r1\n", "'qemu' is missing; required: host, kernel, qemu"),
        (b"host,kernel,qemu,qemu\nh,6.1,8.2,8.2\n", "'qemu' appears twice"),
        (HEAD + b"h\xf6,6.1,8.2\n", ":2: byte 0xf6 is not UTF-8"),
        (HEAD + b"h,6.1,8.2\n h ,6.1,8.2\n", ":3: host: 'h' appears a second time"),
        (HEAD + b"h\x1b[31m,6.1,8.2\n", "characters that cannot be printed"),
        (HEAD + "h\u202egnp.exe,6.1,8.2\n".encode(), "characters that cannot be printed"),
    ],
)
def test_what_is_no_table_of_hosts_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    found = refused(tmp_path, content)
    assert words in " ".join(found)


def test_capitals_in_a_header_are_one_problem(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, b"Host,Pool,Kernel,QEMU\nh,p,6.1,8.2\n")
    assert "columns 'Host', 'Pool', 'Kernel', 'QEMU': names of columns are lower case" in problem
    assert problem.endswith("write host, pool, kernel, qemu")


def test_a_column_is_held_against_a_known_one_only_if_it_is_near(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("host,kernel,qemu,os\nh,6.1.1,8.2.0,linux\n", "utf-8")
    (note,) = map(str, read_fleet(path, load_knowledge()).unread)
    assert note.endswith("1 column is not read: 'os'")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = refused(
        tmp_path,
        b"host,kernel,qemu,arch,capabilities,blackouts\n"
        b"h1,6.1.1,8.2.0,x86,,red\n"
        b"h2,,8.2.0,,+tun.usoo -kvm.cap.nothing,red\n"
        b"h1,6.1.1,8.2.0,,tun.uso,red\n",
    )
    for words in (
        ":1: unknown column 'blackouts'; did you mean 'blackout'?",
        ":2: arch: 'x86' is not an architecture; allowed: x86_64",
        ":3: kernel: empty, but required",
        ":3: capabilities: unknown capability 'tun.usoo'; did you mean 'tun.uso'?",
        "unknown capability 'kvm.cap.nothing'",
        ":4: capabilities: capability 'tun.uso' has no sign",
        ":4: host: 'h1' appears a second time",
    ):
        assert any(words in problem for problem in found), (words, found)


def test_columns_of_an_inventory_are_a_note(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    names = [f"own{number}" for number in range(20)]
    path.write_text(
        f"host,kernel,qemu,memory,{','.join(names)}\nh,6.1.1,8.2.0,8,{',' * 19}\n", "utf-8"
    )
    (note,) = map(str, read_fleet(path, load_knowledge()).unread)
    assert "21 columns are not read: 'memory' (nearest: 'memory_gib'), 'own0'" in note
    assert note.endswith("'own6' and 13 more")
    run = subprocess.run(
        [sys.executable, "-m", "planner", "solve", str(path), "-q"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0
    assert run.stderr.startswith(f"planner: note: {path}:1: 21 columns are not read")


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("Target Kernel", "target_kernel"),
        ("capabilty", "capabilities"),
        ("Pool", "pool"),
        ("hosts", ""),
        ("kernel_version", ""),
    ],
)
def test_a_column_is_foreign_unless_it_is_nearly_one_that_is_not_there(
    tmp_path: Path, column: str, meant: str
) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text(f"host,kernel,qemu,{column}\nh,6.1.1,8.2.0,\n", "utf-8")
    if not meant:
        assert read_fleet(path, load_knowledge()).unread
        return
    with pytest.raises(FleetError, match=f"did you mean '{meant}'"):
        read_fleet(path, load_knowledge())


def test_many_problems_of_a_kind_are_counted(tmp_path: Path) -> None:
    rows = b"".join(b"h%d,6.1.1,8.2.0,army%d\n" % (n, n) for n in range(100))
    found = refused(tmp_path, b"host,kernel,qemu,arch\n" + rows)
    assert len(found) == 21
    assert found[-1].endswith("and 80 more in this column")


def test_a_long_cell_is_cut_short(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, b"host,kernel,qemu,arch\nh,6.1,8.2," + b"x" * 10_000 + b"\n")
    assert len(problem) < 200


def test_every_cell_of_a_guest_is_told(tmp_path: Path) -> None:
    fleet, guests = tmp_path / "fleet.csv", tmp_path / "guests.csv"
    fleet.write_bytes(HEAD + b"h1,6.1.1,8.2.0\n")
    guests.write_text(
        "guest,host,machine_type,flags,cpu,devices,traits,count,vcpus,migratable,booted_on\n"
        "g1,h2,pc-q35-8.2,a,qemu64,- x,nestet=yes,0,many,perhaps,h3\n"
        "g2,h1,,,+x,,nested=yes nested=no,1.5,-1,,\n"
        "g3,h1,pc-q35-8.2,,,,,,,,\n"
        "g3,h1,pc-q35-8.2,,,,,,,,\n",
        encoding="utf-8",
    )
    knowledge = load_knowledge()
    with pytest.raises(FleetError) as caught:
        read_guests(guests, read_fleet(fleet, knowledge), knowledge.guests)
    found = {(problem.location.line, problem.location.column) for problem in caught.value.problems}
    first = ("host", "flags", "devices", "traits", "count", "vcpus", "migratable", "booted_on")
    second = ("machine_type", "cpu", "traits", "count", "vcpus")
    assert found == {*((2, one) for one in first), *((3, one) for one in second), (5, "guest")}
    assert not [problem for problem in caught.value.problems if str(problem).endswith("; ")]


def test_every_cell_of_a_plan_is_told(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(
        "host,kernel,qemu,failure_domain,vcpus,used_memory_gib,blackout\n"
        "h1,6.1.1,8.2.0,rack=r1;rack=r2,many,-1,2026-13-01\n"
        "h2,6.1.1,8.2.0,rack=,nan,1e12,2026-02-02..2026-02-01\n",
        encoding="utf-8",
    )
    with pytest.raises(FleetError) as caught:
        read_upgrades(fleet, load_knowledge(), ())
    found = {(problem.location.line, problem.location.column) for problem in caught.value.problems}
    columns = ("failure_domain", "vcpus", "used_memory_gib", "blackout")
    assert found == {(line, column) for line in (2, 3) for column in columns}


def test_a_frame_that_pandas_wrote_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "host": ["h1", "h2", "h3"],
            "kernel": ["6.1", "6.10", "6.10"],
            "qemu": pd.Categorical(["8.2", "8.2", "8.2"]),
            "pool": ["p", None, "p"],
            "vcpus": [64, 128, None],
            "memory_gib": [1.5, 2.0, None],
        }
    )
    for number, written in enumerate((frame, frame[frame["vcpus"] > 1], frame.set_index("host"))):
        path = tmp_path / f"fleet{number}.PARQUET"
        written.to_parquet(path)
        hosts = read_upgrades(path, load_knowledge(), ())
        assert [str(host.name) for host in hosts] == ["h1", "h2", "h3"][: len(written)]
        assert [host.group.kernel for host in hosts] == ["6.1", "6.10", "6.10"][: len(written)]
        assert [str(host.pool) for host in hosts][:2] == ["p", "default"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [([6.1], "double"), ([b"6.1"], "binary"), ([{"v": "6.1"}], "struct"), ([["6.1"]], "list")],
)
def test_a_column_that_holds_no_text_is_named(
    tmp_path: Path, values: list[object], kind: str
) -> None:
    path = tmp_path / "fleet.parquet"
    pd.DataFrame({"host": ["h"], "kernel": values, "qemu": ["8.2"]}).to_parquet(path)
    (problem,) = complaints(path)
    assert f": kernel: holds {kind}" in problem


def test_small_tables_without_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "edges.csv"
    path.write_text("source,destination\n", encoding="utf-8")
    (problem,) = read_rows(path, required=("source", "destination")).problems
    assert problem.what == "no rows below the header"


def shell(line: str) -> subprocess.CompletedProcess[str]:
    words = f'planner() {{ {shlex.quote(sys.executable)} -m planner "$@"; }}; {line}'
    return subprocess.run(
        ["bash", "-c", words],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "line",
    [
        "cat {0} | planner {1} -",
        "cat {0} | planner {1} /dev/stdin",
        "planner {1} - < {0}",
        "planner {1} <(cat {0})",
    ],
)
@pytest.mark.parametrize("words", ["solve", "plan --format csv"])
def test_pipes_are_read_like_files(line: str, words: str) -> None:
    path = "examples/seed/rollout.csv"
    command, _, options = words.partition(" ")
    plain = shell(f"planner {command} {path} {options}")
    piped = shell(f"{line.format(path, command)} {options}")
    assert (plain.returncode, plain.stderr) == (0, "")
    assert (piped.returncode, piped.stderr) == (0, "")
    assert answered(piped.stdout) == answered(plain.stdout)


def answered(text: str) -> str:
    """Return an answer without the commands to go on with, which name the file as it was typed."""
    return text.partition("\nnext: ")[0]


def test_a_wrong_pipe_is_named() -> None:
    found = shell("echo nonsense | planner solve -")
    assert found.returncode == 3
    assert "standard input:1: column 'host' is missing" in found.stderr
    found = shell("printf 'host,kernel,qemu\\nh,x,8.2.0\\n' | planner solve -")
    assert found.returncode == 3
    assert found.stderr.startswith("planner: standard input:2: kernel: 'x' matches no kernel line")
