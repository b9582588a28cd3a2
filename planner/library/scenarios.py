"""Scenarios on a fleet: what changed hosts or rules would answer.

In: a fleet and scenarios. Out: per scenario what becomes of the answer, and the frontier of a matrix.

>>> from planner.domain.host import Fleet, HostGroup, HostName, PoolName
>>> from planner.domain.plans.scenario import Scenario, Selection, Upgrade
>>> group = HostGroup(
...     pool=PoolName("p"), hosts=(HostName("h"),), kernel="6.1.0", qemu="7.2.0", arch="x86_64"
... )
>>> newer = Scenario(name="newer", changes=(Upgrade(selection=Selection(), qemu="8.2.0"),))
>>> told = what_if(Fleet(groups=(group,), source="example"), [newer])
>>> change_of_pool = told.results[0].comparison.changes[0]
>>> [(line.before.machine_type, line.after.machine_type) for line in change_of_pool.lines]
[('pc-i440fx-7.2', 'pc-i440fx-8.2'), ('pc-q35-7.2', 'pc-q35-8.2')]
"""

from __future__ import annotations

from planner.whatif.apply_scenario import change
from planner.whatif.compare import compare
from planner.whatif.what_if import WhatIf, what_if

__all__ = ["WhatIf", "change", "compare", "what_if"]

# The functions are those of `planner.whatif`, which stands on its own: a scenario makes a plan, but no
# plan asks for a scenario. Commands and notebooks find them here, beside the other questions.
