"""Real outcomes beside the planner's verdicts: agree, too careful, wrongly safe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from planner.cli.screen.console import progress
from tests.qemu.accelerator import KVM
from tests.qemu.fetch import SUITES, Build, FetchError, cache_folder, fetch
from tests.qemu.gap import built
from tests.qemu.journeys import Fate, Journey, Outcome, run_settled
from tests.qemu.plan import World
from tests.qemu.predict import Prediction, cases_of, predict

WORKERS = 2


class Score(Enum):
    """How a verdict compares with what happened."""

    AGREES = "agrees"
    CAREFUL = "too careful"
    WRONGLY_SAFE = "wrongly safe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One hop: what was asked, what the planner said, what happened."""

    group: str
    case: dict[str, str]
    prediction: Prediction
    outcome: Outcome

    @property
    def score(self) -> Score:
        """Compare; a verdict of unknown agrees with a failure and is too careful of a success."""
        passes, safe = self.outcome.fate is Fate.PRESERVED, self.prediction.outcome == "safe"
        if passes is safe:
            return Score.AGREES
        return Score.CAREFUL if passes else Score.WRONGLY_SAFE


def world_of(suites: Sequence[str] = SUITES, accelerator: str = KVM) -> World:
    """Return the builds and their machine types; raises `FetchError`."""
    from planner.harvest.machines import harvest_build  # noqa: PLC0415 - not for every test

    builds: list[Build] = [fetch(suite) for suite in suites]
    types = {}
    for build in builds:
        found = harvest_build(build.command(), build.environment())
        types[build.suite] = tuple(row.name for row in found.types)
    return World(builds=tuple(builds), types=types, accelerator=accelerator)


def library_for(world: World) -> Path | None:
    """Return the library that hides abilities; None if it cannot be had and KVM does not need it."""
    try:
        return built(cache_folder())
    except FetchError:
        if world.accelerator == KVM:
            raise
        return None


def compared(journeys: Sequence[Journey], library: Path | None, folder: Path) -> list[Row]:
    """Predict and run journeys; a hop that was not reached has no row."""
    predictions = predict(journeys, library, folder)
    outcomes = []
    with progress("journeys", len(journeys)) as show, ThreadPoolExecutor(WORKERS) as pool:
        for hops in pool.map(partial(run_settled, library=library), journeys):
            outcomes.append(hops)
            show(len(outcomes))
    return [
        Row(group=journey.group, case=case, prediction=prediction, outcome=outcome)
        for journey, verdicts, hops in zip(journeys, predictions, outcomes, strict=True)
        for case, prediction, outcome in zip(cases_of(journey), verdicts, hops, strict=False)
    ]


def counts(rows: Sequence[Row]) -> Counter[tuple[str, Score]]:
    """Count rows by group and score."""
    return Counter((row.group, row.score) for row in rows)
