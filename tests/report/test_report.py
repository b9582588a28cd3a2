"""What a report says: edges as `check` judges them, in one file that runs nothing but its own."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from planner.answers.check_cases import CaseJudge
from planner.answers.edge_map import edge_maps
from planner.cli import exits
from planner.domain.edge_map import EdgeMap, EdgeTrial, TrialKind
from planner.domain.verdict import Outcome
from planner.fleet.cases import Case
from planner.fleet.hosts import read_fleet
from planner.knowledge.load import load_knowledge
from planner.migration.graph import complete_domains
from planner.migration.profiles import profile_fleet
from planner.present import page
from planner.present.page.edges import LEGEND
from planner.present.page.pools import VERDICT_MARKS
from tests.report.pages import ROOT, made, run, three_pools

D3_SHA256 = "f2094bbf6141b359722c4fe454eb6c4b0f0e42cc10cc7af921fc158fceb86539"
SEED = ROOT / "examples" / "seed" / "fleet.csv"
CSS = (page.HERE / "page.css").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return three_pools(tmp_path_factory.mktemp("report") / "r.html").read_text(encoding="utf-8")


def maps_of(path: Path) -> tuple[EdgeMap, ...]:
    knowledge = load_knowledge()
    domains = complete_domains(profile_fleet(read_fleet(path, knowledge), knowledge).pools)
    return edge_maps(domains, knowledge, knowledge.policy)


def trial_of(found: EdgeMap, kind: TrialKind) -> EdgeTrial:
    return next(one for one in found.trials if one.kind is kind)


def test_loss_of_2019_is_on_the_map() -> None:
    (found,) = maps_of(SEED)
    assert [one.groups[0].hosts[0] for one in found.classes] == ["new1", "old1"]
    answer = trial_of(found, TrialKind.ANSWER)
    assert answer.count(Outcome.SAFE) == 4
    bare = trial_of(found, TrialKind.WITHOUT_FLAGS)
    assert bare.cells[0][1] is not None
    assert bare.cells[0][1].outcome is Outcome.UNKNOWN, "nobody says whether guests use SMM"
    assert {one.unit for one in bare.cells[0][1].objections} == {"cpu/msr_smi_count"}
    assert not bare.cells[0][1].elsewhere
    assert bare.cells[1][1] is not None
    assert bare.cells[1][1].outcome is Outcome.UNKNOWN, (
        "a guest booted on new1 may lose state there"
    )
    assert bare.cells[1][1].elsewhere
    assert bare.cells[1][0] is not None
    assert bare.cells[1][0].outcome is Outcome.SAFE


@pytest.mark.parametrize("name", ["seed", "three-pools"])
def test_no_cell_is_safer_than_check(name: str) -> None:
    """Where `check` calls an edge unsafe, for guests booted anywhere in the pool, no cell is safe."""
    path = ROOT / "examples" / name / "fleet.csv"
    knowledge = load_knowledge()
    judge = CaseJudge(
        read_fleet(path, knowledge), knowledge, knowledge.policy, assume_conditions=True
    )
    checked = 0
    for found in maps_of(path):
        for trial, baseline in ((one, row) for one in found.trials for row in one.baselines):
            for one, other in product(range(len(found.classes)), repeat=2):
                cell = trial.cells[one][other]
                assert cell is not None
                for source, destination in product(
                    found.classes[one].groups, found.classes[other].groups
                ):
                    case = Case(
                        source=source,
                        destination=destination,
                        machine_type=baseline.machine_type,
                        machine_options=(),
                        flags=baseline.flags,
                        hop_flags=(),
                        booted_on=None,
                        devices=None,
                        cpu=None,
                        traits=frozenset(),
                        words={},
                    )
                    if judge.verdict(case).outcome is Outcome.UNSAFE:
                        assert cell.outcome is not Outcome.SAFE, (
                            found.domain,
                            baseline,
                            one,
                            other,
                        )
                        checked += 1
    assert checked, "no edge of these fleets was unsafe: nothing was compared"


def test_equal_input_gives_equal_bytes(tmp_path: Path, text: str) -> None:
    again = three_pools(tmp_path / "again.html").read_text(encoding="utf-8")
    assert again == text


def test_answers_of_solve_are_in_the_page(text: str) -> None:
    for name in ("pc-q35-7.2", "pc-q35-rhel8.6.0", "pc-q35-focal", "pc-q35-noble-v2"):
        assert name in text
    assert "after wave 7" in text or "2027-01-25" in text


def test_only_the_own_style_and_scripts_may_run(text: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    words = policy[1].replace("&#39;", "'")
    assert words.startswith("default-src 'none'; ")
    assert "unsafe" not in words
    bodies = [*re.findall(r"<style>(.*?)</style>", text, re.DOTALL)]
    bodies += re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() + "'"
        for body in bodies
    ]
    assert len(hashes) == 3
    assert all(one in words for one in hashes)
    assert not re.search(
        r"<[^>]* (?:style|on\w+|src|href=\"(?!#))=",
        re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL),
    )


def test_vendored_library_is_the_published_file() -> None:
    assert hashlib.sha256(page.D3.read_bytes()).hexdigest() == D3_SHA256
    assert b"v7.9.0" in page.D3.read_bytes()[:60]
    licence = page.D3.with_name("d3-LICENSE").read_text(encoding="utf-8")
    assert "Mike Bostock" in licence


def test_exit_codes_are_those_of_solve(tmp_path: Path) -> None:
    path = str(tmp_path / "r.html")
    assert run("report", str(SEED), "-o", path).returncode == exits.ANSWERED
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("host,kernel,qemu\na,5.14.0,2.0.0\nb,6.8.0,10.0.0\n", encoding="utf-8")
    solved = run("solve", str(fleet)).returncode
    assert run("report", str(fleet), "-o", path).returncode == solved != exits.ANSWERED


def test_wrong_use_leaves_no_file(tmp_path: Path) -> None:
    output = tmp_path / "r.html"
    plan = "examples/seed/plan.json"
    wrong = (
        (("nowhere.csv",), exits.UNREADABLE),
        (("examples/seed/edges.csv",), exits.UNREADABLE),
        ((plan, "--policy", "p.toml"), exits.USAGE),
        (("examples/three-pools/fleet.csv", "--plan", plan), exits.UNREADABLE),
        (("examples/seed/fleet.csv", "--plan", plan, "--target", "kernel=4.18.20"), exits.USAGE),
    )
    for words, code in wrong:
        done = run("report", *words, "-o", str(output))
        assert (done.returncode, output.exists()) == (code, False), (words, done.stderr)
        assert done.stderr.startswith("planner: ")
        assert "Traceback" not in done.stderr


def test_a_plan_alone_shows_its_waves(tmp_path: Path) -> None:
    shown = made(tmp_path / "r.html", "examples/seed/plan.json").read_text(encoding="utf-8")
    assert shown.count('<tr data-wave="') == 8
    assert 'id="hosts"' not in shown
    assert 'id="pools"' not in shown


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of WCAG 2: 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


WORDS = ("safe", "checks", "unsafe", "unknown", "depends")
SCHEMES = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark", "print"])
def test_colours_can_be_read(scheme: str) -> None:
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
    pairs = [(ink, paper) for ink in ("ink", "quiet", "link") for paper in ("paper", "panel")]
    pairs += [(f"{word}-ink", f"{word}-paper") for word in WORDS]
    for ink, paper in pairs:
        assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)


def test_every_verdict_has_a_colour_and_a_sign_of_its_own() -> None:
    marks = list(VERDICT_MARKS.values())
    assert len({mark.sign for mark in marks}) == len({mark.word for mark in marks}) == 4
    assert {mark.word for mark in marks} <= set(WORDS)


def test_a_report_says_of_what_when_and_how_it_was_made(text: str, tmp_path: Path) -> None:
    assert "<title>Migration safety of fleet.csv</title>" in text
    assert "as of <time>2027-01-04</time>" in text
    command = re.search(r"Made by <code>(.*?)</code>", text)
    assert command is not None
    assert command[1].startswith("planner report examples/three-pools/fleet.csv --target kernel=")
    assert "output" not in command[1]
    fleet = tmp_path / "fleet.csv"
    fleet.write_bytes(SEED.read_bytes())
    os.utime(fleet, (0, 86_400 * 365))
    shown = made(tmp_path / "r.html", str(fleet), "--title", "Rack <7>").read_text("utf-8")
    assert "<title>Rack &lt;7&gt;</title>" in shown
    assert "as of <time>1971-01-01</time>" in shown


def test_the_page_says_how_many_hosts_open_the_next_types(text: str) -> None:
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", text))
    assert figures["Hosts to upgrade for the next type"] == "150"
    assert re.search(r"<code>pc-q35-[^<]+</code>: upgrade \d+ hosts", text)
    assert "Combinations judged again" not in figures


def test_outcomes_differ_in_grey() -> None:
    """Unsafe stands out from every other outcome by lightness alone; the signs differ anyway."""
    for scheme in SCHEMES:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
        for word in (word for word in WORDS if word != "unsafe"):
            assert contrast(colours["unsafe-paper"], colours[f"{word}-paper"]) >= 3, word
    assert len({mark.sign for mark in LEGEND}) == 4


def test_help_loads_no_template_engine() -> None:
    names = "('jinja2', 'rich.console', 'planner.present.page')"
    code = f"import sys; from planner.cli import app; print(*(n in sys.modules for n in {names}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False False False\n"


PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.png"))


def test_pictures_of_the_report_are_small_and_shown() -> None:
    commands = (ROOT / "docs" / "guides" / "commands.md").read_text(encoding="utf-8")
    pages = commands + (ROOT / "docs" / "guides" / "report.md").read_text(encoding="utf-8")
    assert {path.name for path in PICTURES} >= {
        "report.png",
        "report-edges.png",
        "report-waves.png",
    }
    assert "(../pictures/report.png)" in commands
    for path in PICTURES:
        assert path.stat().st_size < 300_000, path
        assert path.read_bytes().startswith(b"\x89PNG")
        if path.name.startswith("report"):
            assert f"pictures/{path.name})" in pages, path
