"""Every edge under the answer, without its flags, and where the flag's loss would strike."""

from __future__ import annotations

from pathlib import Path

from planner.answers.edge_map import edge_maps
from planner.domain.edge_map import TrialKind
from planner.domain.verdict import Outcome
from planner.fleet.hosts import read_fleet
from planner.knowledge.load import load_knowledge
from planner.migration.graph import complete_domains
from planner.migration.profiles import profile_fleet

THREAD = """host,pool,kernel,qemu
old1,thread,4.14.336,4.0.0
old2,thread,4.14.336,4.0.0
new1,thread,4.18.20,4.0.0
new2,thread,4.18.20,4.0.0
"""


def test_without_its_flag_the_answer_loses_state_towards_older_kernels_alone(
    tmp_path: Path,
) -> None:
    (tmp_path / "fleet.csv").write_text(THREAD)
    base = load_knowledge()
    profiled = profile_fleet(read_fleet(tmp_path / "fleet.csv", base), base)
    (found,) = edge_maps(complete_domains(profiled.pools), base, base.policy)
    answers = [one for one in found.trials if one.kind is TrialKind.ANSWER]
    assert answers
    assert all(one.count(Outcome.UNSAFE) == one.count(Outcome.UNKNOWN) == 0 for one in answers)
    bare = [one for one in found.trials if one.kind is TrialKind.WITHOUT_FLAGS]
    assert bare
    for trial in bare:
        for source, row in zip(found.classes, trial.cells, strict=True):
            for destination, cell in zip(found.classes, row, strict=True):
                assert cell is not None
                lost = any(one.unit == "cpu/msr_smi_count" for one in cell.objections)
                assert lost is (destination.groups[0].kernel.startswith("4.14"))
                assert lost or cell.outcome is Outcome.SAFE, source
