"""Hosts that cost a pool a newer CPU model: named with what their leaving gives, and no others."""

from __future__ import annotations

from pathlib import Path

import planner
from planner.answers.answer import solve
from planner.answers.cpu_laggards import pool_cpu
from planner.domain.cpu_advice import PoolCpu
from planner.migration.graph import complete_domains
from planner.migration.profiles import profile_fleet
from planner.solver.closed_form import ClosedForm

HEAD = "host,pool,kernel,qemu,cpu\n"
OLD = "4.18.0-553.16.1.el8_10.x86_64,qemu-kvm-6.2.0-49.module+el8.10.0+21533+3df3c4b6,"
NEW = "5.14.0-427.42.1.el9_4.x86_64,qemu-kvm-8.2.0-11.el9_4.6,"


def pool(tmp_path: Path, *hosts: str) -> PoolCpu:
    rows = "".join(f"h{number},x,{host}\n" for number, host in enumerate(hosts))
    (tmp_path / "fleet.csv").write_text(HEAD + rows)
    base = planner.load_knowledge()
    fleet = profile_fleet(planner.read_fleet(tmp_path / "fleet.csv"), base)
    (domain,) = complete_domains(fleet.pools)
    (answer,) = solve([domain], base, base.policy).domains
    found = pool_cpu(domain, answer, ClosedForm(base, base.policy))
    assert found is not None
    return found


def test_the_older_kernel_is_named_with_the_models_that_its_leaving_gives(tmp_path: Path) -> None:
    (laggard,) = pool(tmp_path, OLD, NEW, NEW).laggards
    assert (laggard.hosts, laggard.examples) == (1, ("h0",))
    assert laggard.gained


def test_equal_hosts_hold_nothing_back(tmp_path: Path) -> None:
    assert not pool(tmp_path, NEW, NEW, NEW).laggards
