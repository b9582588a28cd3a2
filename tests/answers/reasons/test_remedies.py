"""What opens a refused type: state of QEMU alone is brought by a QEMU, never by a kernel."""

from __future__ import annotations

from pathlib import Path

import planner
from planner.answers.reasons.remedies import remedies
from planner.migration.graph import complete_domains
from planner.migration.profiles import profile_fleet
from planner.solver.closed_form import ClosedForm

KERNEL = "6.8.0-51-generic"


def remedy_texts(tmp_path: Path, name: str, *builds: tuple[str, str]) -> list[tuple[str, str]]:
    """Return kind and text of what opens a type for hosts of some kernels and QEMU builds."""
    rows = "".join(f"h{number},{k},{q}\n" for number, (k, q) in enumerate(builds))
    (tmp_path / "fleet.csv").write_text("host,kernel,qemu\n" + rows)
    base = planner.load_knowledge()
    fleet = profile_fleet(planner.read_fleet(tmp_path / "fleet.csv"), base)
    (domain,) = complete_domains(fleet.pools)
    row = base.machine_type(name)
    assert row is not None
    attempt = ClosedForm(base, base.policy).attempt(domain, row)
    return [(one.kind, one.text) for one in remedies(domain, attempt, base)]


def test_no_kernel_brings_a_command_of_qemu_and_nothing_hides_it(tmp_path: Path) -> None:
    builds = ((KERNEL, "9.2.0-5"), (KERNEL, "10.1.2-3"))
    told = remedy_texts(tmp_path, "pc-q35-10.0+pve1", *builds)
    about = [(kind, text) for kind, text in told if "migration/switchover-start" in text]
    assert {kind for kind, _ in about} <= {"upgrade-qemu", "accept-loss"}
    assert "upgrade-qemu" in {kind for kind, _ in about}


def test_what_a_kernel_brings_is_still_said_so(tmp_path: Path) -> None:
    builds = (("4.18.0", "8.2.4"), ("6.8.0", "8.2.4"))
    told = remedy_texts(tmp_path, "pc-q35-8.2", *builds)
    assert not any(text.endswith(("find out ", "bring  to these hosts")) for _, text in told)


def test_no_help_of_a_program_is_asked_for_a_suffix_that_it_cuts_off(tmp_path: Path) -> None:
    builds = ((KERNEL, "9.2.0-5"), (KERNEL, "10.1.2-3"))
    told = remedy_texts(tmp_path, "pc-q35-9.2+pve1", *builds)
    assert not any("-machine help" in text and "+pve" in text for _, text in told)
