"""The two modules of KVM on x86: their files, and one answer out of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from planner.harvest.kernel.constants import Constants
from planner.harvest.kernel.logic import Formula, atom, both, either, negation
from planner.harvest.kernel.tree import KernelTree
from planner.harvest.kernel.words import words

X86 = "arch/x86/"
HEADERS = (
    "include/asm/cpufeatures.h",
    "include/asm/cpufeature.h",
    "kvm/reverse_cpuid.h",
    "kvm/cpuid.h",
    "include/asm/kvm_host.h",
    "include/uapi/asm/kvm_para.h",
    "include/asm/sgx.h",
    "include/uapi/asm/kvm.h",
    "include/uapi/asm/sgx.h",
    "include/asm/svm.h",
    "include/asm/msr-index.h",
    "include/asm/vmx.h",
    "include/uapi/asm/vmx.h",
    "include/asm/vmxfeatures.h",
    "include/asm/hyperv-tlfs.h",
    "include/uapi/asm/hyperv.h",
    "include/asm/perf_event.h",
    "kvm/msrs.h",
    "kvm/vmx/vmcs12.h",
    "kvm/vmx/nested.h",
)
GENERAL = ("include/uapi/linux/kvm.h",)
COMMON = ("kvm/cpuid.c", "kvm/cpuid.h", "kvm/x86.c", "kvm/x86.h", "kvm/msrs.c", "kvm/pmu.h")
MODULES = {
    "intel": (
        "kvm/vmx/vmx.c",
        "kvm/vmx/main.c",
        "kvm/vmx.c",
        "kvm/vmx/capabilities.h",
        "kvm/vmx/nested.c",
        "kvm/vmx/evmcs.h",
        "kvm/vmx/hyperv.c",
    ),
    "amd": ("kvm/svm/svm.c", "kvm/svm/sev.c", "kvm/svm.c", "kvm/svm/svm.h", "kvm/svm/nested.c"),
}

Name = TypeVar("Name")


def code_of(vendor: str) -> tuple[str, ...]:
    """Return the paths of the common code and of one vendor's module."""
    return tuple(X86 + name for name in (*COMMON, *MODULES[vendor]))


def constants_of(tree: KernelTree, vendor: str) -> Constants:
    """Return what names are as numbers in headers and in a module's code."""
    key = ("constants", vendor)
    if key not in tree.kept:
        headers = [X86 + name for name in HEADERS]
        files = tree.files(*headers, *GENERAL, *code_of(vendor))
        tree.kept[key] = Constants(files, words().numbers)
    found = tree.kept[key]
    assert isinstance(found, Constants)
    return found


def joined(
    read: Mapping[str, Mapping[Name, Formula]], names: Iterable[Name]
) -> dict[Name, Formula]:
    """Return what a host of either vendor gives."""
    intel = atom("vendor", "intel")
    return {
        name: either(
            both(intel, read["intel"].get(name, False)),
            both(negation(intel), read["amd"].get(name, False)),
        )
        for name in names
    }
