"""README and docs show what the commands print: every console block and Python block is run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import planner
from planner.cli import exits
from planner.cli.app import app
from planner.domain.plans.simulation import Phase, ReplayRule
from planner.domain.verdict import Rule
from planner.fleet.guests import GUESTS
from planner.fleet.hosts import FLEET
from planner.fleet.plan_policy import plan_keys
from planner.fleet.policy_file import policy_keys
from planner.fleet.policy_names import KnownNames
from planner.fleet.scenario_file import read_scenarios
from planner.knowledge import check

ROOT = Path(__file__).resolve().parents[2]
NAMES = KnownNames(types=(), units=(), properties=(), has_property=lambda key: True)
FILES = (
    "README.md",
    "docs/guides/commands.md",
    "docs/guides/export.md",
    "docs/guides/gate.md",
    "docs/guides/rehearsal.md",
    "docs/reference/inputs.md",
    "docs/guides/own-rows.md",
    "docs/guides/plans.md",
    "docs/guides/policy.md",
    "docs/getting-started/walkthrough.md",
)
LONGEST_README = 200
CONSOLE = re.compile(r"```console\n\$ planner ([^\n]*)\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    found = []
    for name in FILES:
        text = (ROOT / name).read_text(encoding="utf-8")
        found += [(match[1], match[2]) for match in CONSOLE.finditer(text)]
    return found


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize(("command", "shown"), blocks(), ids=[command for command, _ in blocks()])
def test_console_block(command: str, shown: str) -> None:
    done = run(["-m", "planner", *shlex.split(command)])
    assert done.returncode in {exits.ANSWERED, exits.UNSAFE, exits.UNDECIDED}, done.stderr
    printed = done.stdout.splitlines()
    position = 0
    gap = False
    for line in shown.splitlines():
        if line.strip() == "...":
            gap = True
            continue
        if gap:
            assert line in printed[position:], line
            position = printed.index(line, position) + 1
            gap = False
        else:
            assert printed[position : position + 1] == [line]
            position += 1
    assert gap or position == len(printed), "output goes on, but no line says so"


def python_blocks() -> list[tuple[str, str]]:
    found = []
    for name in ("README.md", "docs/guides/library.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        blocks = PYTHON.findall(text)
        assert len(blocks) == text.count("```python"), (
            f"{name}: a block does not say what it prints"
        )
        found += blocks
    return found


@pytest.mark.parametrize(("source", "shown"), python_blocks())
def test_python_block(source: str, shown: str) -> None:
    done = run(["-c", source])
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown


def test_the_scenario_of_the_page_is_a_scenario(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "guides" / "what-if.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "scenario.toml"
    path.write_text(block)
    (scenario,) = read_scenarios(path)
    fleet = planner.read_fleet(ROOT / "examples" / "three-pools" / "fleet.csv")
    (result,) = planner.what_if(fleet, [scenario]).results
    assert len(scenario.changes) == 4 and result.hosts > 3


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_documented_exit_codes() -> None:
    documented = dict(
        re.findall(r"^\| (\d+) \| (\w+)", text_of("docs/guides/reading.md"), re.MULTILINE)
    )
    assert documented == {
        str(exits.ANSWERED): "safe",
        str(exits.BUG): "a",
        str(exits.USAGE): "wrong",
        str(exits.UNREADABLE): "unreadable",
        str(exits.UNSAFE): "unsafe",
        str(exits.UNDECIDED): "undecided",
        str(exits.INTERRUPTED): "interrupted",
    }
    codes = {value for name, value in vars(exits).items() if name.isupper() and type(value) is int}
    assert {str(code) for code in codes} == set(documented)


def section(title: str) -> str:
    """Return the text of one second-level section of the pages that describe files."""
    names = ("reference/inputs", "guides/plans", "guides/policy")
    pages = (text_of(f"docs/{name}.md") for name in names)
    (found,) = (page for page in pages if f"## {title}\n" in page)
    return found.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_readme_is_short_and_names_every_command() -> None:
    readme = text_of("README.md")
    assert len(readme.splitlines()) <= LONGEST_README
    commands = {one.name or one.callback.__name__ for one in app.registered_commands}  # type: ignore[union-attr]
    groups = {one.name for one in app.registered_groups}
    assert all(f"`planner {name}" in readme for name in commands | groups)


def test_documented_columns_are_the_accepted_ones() -> None:
    fleet = set(re.findall(r"^\| `(\w+)` \|", section("fleet.csv"), re.MULTILINE))
    assert fleet == {FLEET.name, *FLEET.keys}
    planning = section("fleet.csv").split("The columns ", 1)[1].split(" are allowed", 1)[0]
    assert set(re.findall(r"`(\w+)`", planning)) == set(FLEET.allowed)
    guests = section("Guests of today").split("```", 1)[0]
    assert set(re.findall(r"`(\w+)`", guests)) == {GUESTS.name, *GUESTS.keys}


def test_documented_plan_keys_are_the_accepted_ones() -> None:
    rows = re.findall(r"^\| (`[^|]*`) \|", section("Upgrade plans"), re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == set(plan_keys(NAMES))


def test_documented_policy_keys_are_the_accepted_ones() -> None:
    rows = re.findall(r"^\| (`[^|]*`) \|", section("Policy: what you allow"), re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == set(policy_keys(NAMES))


def test_every_rule_of_judgement_is_described() -> None:
    described = re.findall(r"^\*\*(P\d{3}) ", text_of("docs/concepts/judgement.md"), re.MULTILINE)
    assert described == [rule.value for rule in Rule]


def test_every_rule_of_replays_is_described() -> None:
    described = re.findall(r"^\*\*(S\d{3}) ", text_of("docs/concepts/simulation.md"), re.MULTILINE)
    assert described == [rule.value for rule in ReplayRule]
    phases = re.findall(r"^\| `(\w+)` \|", text_of("docs/concepts/simulation.md"), re.MULTILINE)
    told = {Phase.START.value, *phases, Phase.ROLLBACK.value}
    assert told == {phase.value for phase in Phase}


def test_every_rule_of_rows_is_described() -> None:
    described = re.findall(
        r"^\| (K\d{3}) \|", text_of("docs/reference/data-format.md"), re.MULTILINE
    )
    source = Path(check.__file__).read_text(encoding="utf-8")
    assert set(described) == set(re.findall(r"K\d{3}", source))
    assert len(described) == len(set(described))


PAGES = sorted(page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", *PAGES])
def test_links_lead_to_files(name: str) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text_of(name)):
        assert (ROOT / name).parent.joinpath(target).exists(), target


def test_readme_cites_the_figures_of_the_runs() -> None:
    found = re.search(r"- \*\*(.*?)\*\*", text_of("docs/truth.md"), re.DOTALL)
    assert found is not None
    assert " ".join(found[1].split()) in " ".join(text_of("README.md").split())
