"""An answer for tools that watch: metrics in a text file of Prometheus' node exporter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from planner.export.findings import Gravity, JobFinding, findings_of
from planner.fleet.solution_file import ToldPool

Sample = tuple[Mapping[str, str], int]


def prometheus(pools: Sequence[ToldPool], digest: str) -> Iterator[str]:
    """Yield the metrics of an answer: verdict, machine type, hosts and findings of each pool."""
    best = [(one.domain, one.baselines[0].machine_type) for one in pools if one.baselines]
    yield from _metric(
        "planner_pool_verdict",
        "the verdict that a pool has",
        (({"pool": one.domain, "verdict": one.verdict}, 1) for one in pools),
    )
    yield from _metric(
        "planner_pool_machine_type_info",
        "the newest safe machine type",
        (({"pool": pool, "machine_type": name}, 1) for pool, name in best),
    )
    yield from _metric(
        "planner_pool_hosts",
        "hosts of a pool",
        (({"pool": one.domain}, one.hosts) for one in pools),
    )
    yield from _metric(
        "planner_pool_findings",
        "what an answer leaves to do",
        _counted(findings_of(pools), [one.domain for one in pools]),
    )
    yield from _metric(
        "planner_knowledge_info",
        "the rows that the answer rests on",
        (({"digest": digest}, 1),),
    )


def _counted(findings: Iterable[JobFinding], pools: Iterable[str]) -> Iterator[Sample]:
    """Yield the number of findings per pool and level, those of 0 too: a series must not vanish."""
    counts = Counter((one.pool, one.level) for one in findings)
    for pool in pools:
        for level in Gravity:
            yield {"pool": pool, "level": level.value}, counts[pool, level]


def _metric(name: str, says: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {says}\n# TYPE {name} gauge\n"
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{name}{{{inside}}} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
