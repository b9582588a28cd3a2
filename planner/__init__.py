"""Fleet-wide machine-type planner for QEMU and KVM: the public names, each imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "planner.knowledge.shipped": ("load_knowledge",),
    "planner.library.read": (
        *("read_fleet", "read_guests", "read_policy"),
        *("read_edges", "read_upgrades", "read_plan", "read_kubevirt"),
    ),
    "planner.library.answers": ("solve", "check"),
    "planner.library.plans": ("make_plan", "simulate", "unlock"),
    "planner.whatif.apply_scenario": ("change",),
    "planner.whatif.compare": ("compare",),
    "planner.whatif.what_if": ("WhatIf", "what_if"),
    "planner.fleet.frames": ("to_frame",),
    "planner.fleet.scenario_file": ("read_scenarios", "read_matrix"),
    "planner.domain.plans.scenario": (
        *("Scenario", "Selection", "Upgrade", "Masking", "Removal", "Addition", "AllowedEdge"),
    ),
    "planner.domain.policy": ("Policy", "AcceptedLoss"),
    "planner.domain.plans.upgrade": ("PlanPolicy", "Hold"),
    "planner.domain.errors": ("PlannerError",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = ["__version__", *sorted(_HOME_OF)]  # noqa: PLE0604 - names of this table


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for, so that the command line stays light."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'planner' has no attribute '{name}'")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from planner.domain.errors import PlannerError as PlannerError
    from planner.domain.plans.scenario import Addition as Addition
    from planner.domain.plans.scenario import AllowedEdge as AllowedEdge
    from planner.domain.plans.scenario import Masking as Masking
    from planner.domain.plans.scenario import Removal as Removal
    from planner.domain.plans.scenario import Scenario as Scenario
    from planner.domain.plans.scenario import Selection as Selection
    from planner.domain.plans.scenario import Upgrade as Upgrade
    from planner.domain.plans.upgrade import Hold as Hold
    from planner.domain.plans.upgrade import PlanPolicy as PlanPolicy
    from planner.domain.policy import AcceptedLoss as AcceptedLoss
    from planner.domain.policy import Policy as Policy
    from planner.fleet.frames import to_frame as to_frame
    from planner.fleet.scenario_file import read_matrix as read_matrix
    from planner.fleet.scenario_file import read_scenarios as read_scenarios
    from planner.knowledge.shipped import load_knowledge as load_knowledge
    from planner.library.answers import check as check
    from planner.library.answers import solve as solve
    from planner.library.plans import make_plan as make_plan
    from planner.library.plans import simulate as simulate
    from planner.library.plans import unlock as unlock
    from planner.library.read import read_edges as read_edges
    from planner.library.read import read_fleet as read_fleet
    from planner.library.read import read_guests as read_guests
    from planner.library.read import read_kubevirt as read_kubevirt
    from planner.library.read import read_plan as read_plan
    from planner.library.read import read_policy as read_policy
    from planner.library.read import read_upgrades as read_upgrades
    from planner.whatif.apply_scenario import change as change
    from planner.whatif.compare import compare as compare
    from planner.whatif.what_if import WhatIf as WhatIf
    from planner.whatif.what_if import what_if as what_if
