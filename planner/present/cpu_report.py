"""What each pool allows of guest CPUs, for a terminal and as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.domain.cpu_advice import CpuAdvice, PoolCpu, VendorAdvice
from planner.domain.shown import counted
from planner.present.lines import Line, Style, folded, listed

LABEL = 14
MOST_FEATURES = 4
MOST_REFUSED = 4
CPU_SCHEMA = "planner.cpu/1"


def cpu_report(pools: Iterable[PoolCpu]) -> Iterator[Line]:
    """Yield per pool the newest safe model of each vendor, what host CPUs hide, and the laggards."""
    for number, pool in enumerate(pools):
        if number:
            yield Line("")
        title = f"{pool.domain}   {counted(pool.hosts, 'host')}, {pool.machine_type}"
        yield Line(title, Style.HEAD)
        for vendor in pool.advice.vendors:
            if vendor.newest or vendor.refused:
                yield from _item(vendor.title, _models(vendor))
        yield from _item("host-model", _hidden(pool.advice))
        for one in pool.laggards:
            names = listed(one.examples, one.hosts)
            text = f"{counted(one.hosts, 'host')} on {one.label} ({names}) cost "
            yield from _item("laggards", f"{text}{', '.join(one.gained)}", Style.WARN)


def _item(label: str, text: str, style: Style = Style.PLAIN) -> Iterator[Line]:
    yield from folded(text, label=label.ljust(LABEL), indent=2, style=style)


def _models(vendor: VendorAdvice) -> str:
    found = f"up to {vendor.newest}" if vendor.newest else "no named model"
    refused = (
        f"{one.name} ({', '.join(one.features[:MOST_FEATURES])}{_more(one.features)})"
        for one in vendor.refused[:MOST_REFUSED]
    )
    rest = len(vendor.refused) - MOST_REFUSED
    told = ", ".join(refused) + (f" and {rest} newer" if rest > 0 else "")
    return f"{found}; not {told}" if told else found


def _more(features: tuple[str, ...]) -> str:
    left = len(features) - MOST_FEATURES
    return f" and {left} more" if left > 0 else ""


def _hidden(advice: CpuAdvice) -> str:
    if not advice.hidden:
        return "nothing to hide"
    return f"disable {', '.join(advice.hidden)}"


def cpu_document(pools: Iterable[PoolCpu]) -> dict[str, object]:
    """Return the document of `planner cpu`."""
    return {"schema": CPU_SCHEMA, "domains": [_pool(one) for one in pools]}


def _pool(pool: PoolCpu) -> dict[str, object]:
    return {
        "domain": pool.domain,
        "hosts": pool.hosts,
        "machine_type": pool.machine_type,
        "vendors": [
            {
                "vendor": one.vendor,
                "newest": one.newest,
                "refused": [
                    {"model": each.name, "features": list(each.features)} for each in one.refused
                ],
            }
            for one in pool.advice.vendors
        ],
        "hidden": list(pool.advice.hidden),
        "laggards": [
            {
                "hosts": one.hosts,
                "examples": list(one.examples),
                "runs": one.label,
                "gained": list(one.gained),
            }
            for one in pool.laggards
        ],
    }
