"""The planner's names for what a kernel answers: by CPUID bit, MSR number, question."""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

FEATURES = "harvested/kernels/x86_features.csv"
CATALOGUE = "capabilities.toml"
MSR_LISTS = {"KVM_GET_MSR_INDEX_LIST": "index", "KVM_GET_MSR_FEATURE_INDEX_LIST": "feature"}
MSR_PREFIX = {"index": "kvm.msr.", "feature": "kvm.feature_msr."}


@dataclass(frozen=True, slots=True)
class Names:
    """Names by place.

    `cpuid`: leaf, index, register, bit; `msr_bits`: MSR, bit; `msrs`: list, number; `questions`: as
    the catalogue writes them.
    """

    cpuid: dict[tuple[int, int, str, int], str]
    msr_bits: dict[tuple[int, int], list[str]]
    msrs: dict[tuple[str, int], str]
    questions: dict[str, str]

    def msr(self, key: tuple[str, int]) -> str:
        """Return the name of a listed MSR; one without a row is named by its number."""
        return self.msrs.get(key, f"{MSR_PREFIX[key[0]]}{key[1]:#x}")


def read_names(data: Path) -> Names:
    """Read the table of features and the catalogue."""
    cpuid: dict[tuple[int, int, str, int], str] = {}
    msr_bits: dict[tuple[int, int], list[str]] = {}
    with (data / FEATURES).open(encoding="utf-8", newline="") as file:
        file.readline()
        for row in csv.DictReader(file):
            leaf, bit = int(row["leaf"], 0), int(row["bit"])
            name = f"cpu.{row['name']}"
            if row["kind"] == "cpuid":
                cpuid[leaf, int(row["index"]), row["register"], bit] = name
            else:
                msr_bits.setdefault((leaf, bit), []).append(name)
    msrs: dict[tuple[str, int], str] = {}
    questions: dict[str, str] = {}
    text = (data / CATALOGUE).read_text(encoding="utf-8")
    for row in tomllib.loads(text)["capability"]:
        questions[row.get("probe", "")] = row["id"]
        found = re.fullmatch(r"(\w+) (0x[0-9a-f]+)", row.get("probe", ""))
        if found and found[1] in MSR_LISTS:
            msrs[MSR_LISTS[found[1]], int(found[2], 0)] = row["id"]
    return Names(cpuid, msr_bits, msrs, questions)
