"""What each pool allows of guest CPUs, for a terminal and as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from planner.domain.cpu_advice import (
    OF_ALL_HOSTS,
    CpuAdvice,
    CpuLaggard,
    GuestCpus,
    Holder,
    KeptOut,
    PoolCpu,
    RefusedModel,
    VendorAdvice,
    few,
    holders_text,
    one_of_each,
    told_at_once,
    weaker_text,
)
from planner.domain.shown import counted
from planner.present.lines import Line, Style, folded, listed

LABEL = 14
MOST_FEATURES = 4
MOST_REFUSED = 4
CPU_SCHEMA = "planner.cpu/1"
Row = tuple[str, str, Style]
"""A label, a text, how it stands out."""


def cpu_report(pools: Iterable[PoolCpu]) -> Iterator[Line]:
    """Yield per pool the newest safe model of each vendor, what host CPUs hide, and the laggards."""
    for number, pool in enumerate(pools):
        if number:
            yield Line("")
        title = f"{pool.domain}   {counted(pool.hosts, 'host')}, {pool.machine_type}"
        yield Line(title, Style.HEAD)
        for row in model_rows(pool.advice):
            yield from _item(*row)
        yield from _laggards(pool.laggards, 0 if pool.guests is None else pool.guests.every)
        for row in host_rows(pool.advice):
            yield from _item(*row)
        if pool.guests is not None:
            for label, text, style in _guest_rows(pool.guests):
                yield from _item(label, text, style)


def model_rows(advice: CpuAdvice) -> Iterator[Row]:
    """Yield which named models of each vendor are safe, and what to know of the newest."""
    if advice.is_unbounded:
        yield "CPU", OF_ALL_HOSTS, Style.PLAIN
        return
    for vendor in advice.vendors:
        if vendor.newest or vendor.refused:
            yield vendor.title, _models(vendor), Style.PLAIN
            yield from _beside(vendor)


def _beside(vendor: VendorAdvice) -> Iterator[Row]:
    """Yield what to know of the newest safe model: what libvirt calls it, what it does not protect."""
    if vendor.plain and vendor.plain != vendor.newest:
        text = f"write {vendor.plain} where libvirt knows no versions of models"
        yield "libvirt", text, Style.PLAIN
    if vendor.weaker:
        yield "security", f"less protected: {weaker_text(vendor)}", Style.WARN


def _guest_rows(guests: GuestCpus) -> Iterator[Row]:
    """Yield how today's guests stand to the models: those beyond them, as their host, or unsaid."""
    told = f"{guests.within:,} of {counted(guests.every, 'guest')} within this"
    yield "guests", told if guests.every else "none of this pool", Style.PLAIN
    if guests.beyond:
        names = listed(guests.beyond_names, guests.beyond)
        lost = few(guests.features, MOST_FEATURES)
        text = (
            f"{guests.beyond:,} beyond it ({names}): {lost}: `solve --guests` says how to mend it"
        )
        yield "", text, Style.WARN
    if guests.following:
        names = listed(guests.following_names, guests.following)
        yield "", f"{guests.following:,} as their host ({names}): see host-model", Style.WARN
    if guests.unsaid:
        names = listed(guests.unsaid_names, guests.unsaid)
        yield "", f"{guests.unsaid:,} of which nobody says the CPU ({names})", Style.PLAIN


def _laggards(laggards: Iterable[CpuLaggard], guests: int) -> Iterator[Line]:
    for one in laggards:
        holders = one.holders or (Holder(label=one.label, hosts=one.hosts, examples=one.examples),)
        who = " and ".join(
            f"{counted(each.hosts, 'host')} of {each.label} ({listed(each.examples, each.hosts)})"
            for each in holders
        )
        gain = f" for {counted(guests, 'guest')}" if guests else ""
        yield from _item("next", f"{', '.join(one.gained)}{gain} when {who} leave", Style.WARN)


def _item(label: str, text: str, style: Style = Style.PLAIN) -> Iterator[Line]:
    yield from folded(text, label=label.ljust(LABEL), indent=2, style=style)


def _models(vendor: VendorAdvice) -> str:
    found = f"up to {vendor.newest}" if vendor.newest else "no named model"
    found += f", or {vendor.trimmed}" if vendor.trimmed else ""
    refused = told_at_once(one for one in vendor.refused if not vendor.tells(one))
    told = [_refused(one) for one in refused[:MOST_REFUSED]]
    rest = sum(one.name.count(", ") + 1 for one in refused[MOST_REFUSED:])
    told += [f"and {rest} newer"] if rest > 0 else []
    return "; ".join((found, *told))


def _refused(one: RefusedModel) -> str:
    """Return why a model is not safe: hosts that lack features, of older CPUs, or to be probed."""
    features = few(one.features, MOST_FEATURES)
    if one.why is KeptOut.UNKNOWN:
        probe = f": planner probe on {one_of_each(one.holders)} tells" if one.holders else ""
        return f"{one.name} unknown ({features}){probe}"
    who = holders_text(one.holders)
    if one.why is KeptOut.GENERATION:
        return f"not {one.name}: {who}"
    return f"not {one.name} ({features}{f': {who}' if who else ''})"


def host_rows(advice: CpuAdvice) -> Iterator[Row]:
    """Yield what a guest with its host's CPU must hide, ready to be pasted."""
    if advice.unstated and not advice.is_unbounded:
        hosts = counted(advice.unstated, "host")
        text = f"{hosts} without CPU: write 'Model name' of lscpu into column `cpu`; it bounds this"
        yield "column", text, Style.PLAIN
    if not advice.hidden:
        yield "host-model", "nothing to hide", Style.PLAIN
    else:
        text = f"disable {', '.join(advice.hidden)} (to paste: --format libvirt or qemu)"
        yield "host-model", text, Style.PLAIN
    if advice.unprotected:
        names = ", ".join(advice.unprotected)
        text = f"hiding {names} leaves guests with weaker mitigations: planner probe on each first"
        yield "security", text, Style.WARN
    if advice.unnamed:
        count = counted(len(advice.unnamed), "feature")
        text = f"{count} more that no named model of these CPUs has (--format json): planner probe tells"
        yield "unknown", text, Style.DIM


def libvirt_cpus(pools: Iterable[PoolCpu]) -> Iterator[str]:
    """Yield per pool the CPU of a libvirt domain that follows its host and hides what differs."""
    for pool in pools:
        yield f"<!-- {pool.domain}: {pool.machine_type} -->\n<cpu mode='host-model'>\n"
        for name in pool.advice.for_libvirt:
            yield f"  <feature policy='disable' name='{name}'/>\n"
        yield "</cpu>\n"


def qemu_cpus(pools: Iterable[PoolCpu]) -> Iterator[str]:
    """Yield per pool the option of QEMU for a CPU that follows its host and hides what differs."""
    for pool in pools:
        hidden = "".join(f",-{name}" for name in pool.advice.hidden)
        yield f"# {pool.domain}: {pool.machine_type}\n-cpu host{hidden}\n"


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
                "bound": one.bound,
                "plain": one.plain,
                "weaker": list(one.weaker),
                "guarded": one.guarded,
                "trimmed": one.trimmed,
                "refused": [
                    {
                        "model": each.name,
                        "features": list(each.features),
                        "why": each.why.value,
                        "holders": [_holder(holder) for holder in each.holders],
                    }
                    for each in one.refused
                ],
            }
            for one in pool.advice.vendors
        ],
        "hidden": list(pool.advice.hidden),
        "unprotected": list(pool.advice.unprotected),
        "unnamed": list(pool.advice.unnamed),
        "hosts_without_cpu": pool.advice.unstated,
        "guests": None if pool.guests is None else asdict(pool.guests),
        "laggards": [
            {
                "hosts": one.hosts,
                "examples": list(one.examples),
                "runs": "" if one.generation else one.label,
                "generation": one.generation,
                "gained": list(one.gained),
            }
            for one in pool.laggards
        ],
    }


def _holder(one: Holder) -> dict[str, object]:
    return {"label": one.label, "hosts": one.hosts, "examples": list(one.examples)}
