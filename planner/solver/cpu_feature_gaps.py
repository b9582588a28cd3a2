"""CPU features of guests that not every host gives them, by what decides about them on each host."""

from __future__ import annotations

from planner.domain.capability import CapabilityId, TakenFeature
from planner.migration.graph import CpuAspects


def not_everywhere(aspects: CpuAspects) -> set[CapabilityId]:
    """Return the CPU features that a guest may have from a host and not find where it arrives.

    A feature that a kernel may or may not give counts, unless all that may have it run that kernel;
    so does one that it gives on CPUs of one vendor only, unless all that may have it do so, and one
    that it may take from a CPU with a fault, unless the same is known of all that may have it.
    """
    lacked = [features.of_no_guest for features, _ in aspects.boots]
    gaps = set[CapabilityId]().union(*(features.lacked for features, _ in aspects.arrivals))
    gaps -= frozenset.intersection(*lacked)
    doubted: dict[CapabilityId, set[str]] = {}
    for features, kernel in aspects.arrivals:
        for name in features.unsure:
            doubted.setdefault(name, set()).add(kernel)
    for name, kernels in doubted.items():
        kept_by = {kernel for features, kernel in aspects.boots if name not in features.of_no_guest}
        if kept_by and (len(kernels | kept_by) > 1 or "" in kernels):
            gaps.add(name)
    bound = set[CapabilityId]().union(*(features.one_vendor for features, _ in aspects.arrivals))
    gaps |= {
        name
        for name in bound
        if any(name not in boot.of_no_guest | boot.one_vendor for boot, _ in aspects.boots)
    }
    taken = frozenset[TakenFeature]().union(*(features.taken for features, _ in aspects.arrivals))
    gaps |= {
        feature.feature
        for feature in taken
        if any(
            feature.feature not in boot.of_no_guest and feature not in boot.taken
            for boot, _ in aspects.boots
        )
    }
    return gaps


def faults_to_check(aspects: CpuAspects) -> frozenset[CapabilityId]:
    """Return the faults of CPUs that some kernels answer and others not, where CPUs are not stated."""
    open_faults = frozenset[TakenFeature]().union(
        *(features.open_faults for features, _ in aspects.arrivals)
    )
    return frozenset(
        feature.fault
        for feature in open_faults
        if any(
            feature.feature not in boot.of_no_guest and feature.is_new_after(boot.open_faults)
            for boot, _ in aspects.boots
        )
    )
