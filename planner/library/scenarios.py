"""Scenarios on a fleet: what changed hosts or rules would answer.

In: a fleet and scenarios. Out: per scenario what becomes of the answer, and the frontier of a matrix.
"""

from __future__ import annotations

from planner.whatif.apply_scenario import change
from planner.whatif.compare import compare
from planner.whatif.what_if import WhatIf, what_if

__all__ = ["WhatIf", "change", "compare", "what_if"]

# The functions are those of `planner.whatif`, which stands on its own: a scenario makes a plan, but no
# plan asks for a scenario. Commands and notebooks find them here, beside the other questions.
