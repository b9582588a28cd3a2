"""Generated fleets: many hosts and pools, some hundreds of distinct profiles; the same for one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product
from pathlib import Path

PROFILES = 480
"""Distinct (kernel, build, stated capabilities) in a fleet."""
WINDOW = 12
"""How far apart two profiles of a pool in a roll-out stand in their family's list."""
VENDORS_MIXED = 0.04
"""The share of pools with hosts of a second vendor family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release of a vendor: kernel updates, and package updates of QEMU; `{}` takes the number."""

    family: str
    kernel: str
    kernels: tuple[int, ...]
    qemu: str
    builds: tuple[int, ...]

    def pairs(self) -> list[tuple[str, str]]:
        """Return every (kernel, build) of the release, oldest first."""
        kernels = [self.kernel.format(number) for number in self.kernels]
        return list(product(kernels, [self.qemu.format(number) for number in self.builds]))


RELEASES = (
    Release(
        family="debian",
        kernel="5.10.0-{}-amd64",
        kernels=tuple(range(20, 34)),
        qemu="1:5.2+dfsg-11+deb11u{}",
        builds=(2, 3, 4),
    ),
    Release(
        family="debian",
        kernel="6.1.0-{}-amd64",
        kernels=tuple(range(13, 41, 2)),
        qemu="1:7.2+dfsg-7+deb12u{}",
        builds=(5, 7, 12, 16),
    ),
    Release(
        family="debian",
        kernel="6.12.{}+deb13-amd64",
        kernels=(38, 41, 43, 48, 57, 63),
        qemu="1:10.0.{}+ds-0+deb13u1",
        builds=(2, 3, 8),
    ),
    Release(
        family="proxmox",
        kernel="6.8.12-{}-pve",
        kernels=tuple(range(1, 17)),
        qemu="9.0.2-{}",
        builds=(2, 3, 4),
    ),
    Release(
        family="proxmox",
        kernel="6.8.4-{}-pve",
        kernels=(2, 3),
        qemu="8.1.5-{}",
        builds=(3, 4, 5, 6),
    ),
    Release(
        family="rhel",
        kernel="4.18.0-553.{}.1.el8_10.x86_64",
        kernels=(5, 8, 16, 22, 27, 33, 40, 50, 63),
        qemu="qemu-kvm-6.2.0-{}.module+el8.10.0+21533+3df3c4b6",
        builds=(49, 50, 53),
    ),
    Release(
        family="rhel",
        kernel="5.14.0-427.{}.1.el9_4.x86_64",
        kernels=(13, 16, 20, 24, 31, 37, 42),
        qemu="qemu-kvm-8.2.0-11.el9_4.{}",
        builds=(1, 4, 6),
    ),
    Release(
        family="rhel",
        kernel="5.14.0-570.{}.1.el9_6.x86_64",
        kernels=(12, 17, 23, 30, 42),
        qemu="qemu-kvm-9.1.0-15.el9_6.{}",
        builds=(1, 4, 7),
    ),
    Release(
        family="ubuntu",
        kernel="5.15.0-{}-generic",
        kernels=tuple(range(86, 152, 5)),
        qemu="1:6.2+dfsg-2ubuntu6.{}",
        builds=(16, 19, 22, 24, 27, 31),
    ),
    Release(
        family="ubuntu",
        kernel="6.8.0-{}-generic",
        kernels=tuple(range(31, 88, 5)),
        qemu="1:8.2.2+ds-0ubuntu1.{}",
        builds=(2, 4, 7, 10, 18),
    ),
    Release(
        family="upstream",
        kernel="6.1.{}",
        kernels=tuple(range(60, 130, 10)),
        qemu="8.2.{}",
        builds=(2, 4, 5, 7),
    ),
    Release(
        family="upstream",
        kernel="6.6.{}",
        kernels=tuple(range(30, 100, 10)),
        qemu="9.2.{}",
        builds=(0, 2, 4),
    ),
    Release(
        family="upstream",
        kernel="6.12.{}",
        kernels=tuple(range(10, 60, 10)),
        qemu="10.0.{}",
        builds=(0, 3, 5),
    ),
)

STATED = (
    "",
    "-cpu.pku -cpu.xfd -cpu.amx-tile",
    "-cpu.xfd -cpu.amx-tile",
    "+cpu.pku +cpu.xfd +cpu.amx-tile",
    "-kvm.msr.smi_count",
    "-cpu.pku -cpu.xfd -cpu.amx-tile +kvm.msr.smi_count",
    "+tun.uso",
    "-tun.uso -cpu.xfd",
)
"""What the hosts of a hardware generation or a driver package state of themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Cells that hosts of one kind have in common."""

    family: str
    kernel: str
    qemu: str
    capabilities: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fleet.

    `scattered`: the profiles of a pool are drawn from the whole family, so that nearly every pool
    is a set of its own. Else a pool stands in a roll-out, between neighbours of its family's list.
    `stated`: the fleet has a column of capabilities.
    """

    name: str
    scattered: bool = False
    stated: bool = False


KINDS = (
    Kind(name="roll-out"),
    Kind(name="roll-out, capabilities", stated=True),
    Kind(name="scattered", scattered=True),
    Kind(name="scattered, capabilities", scattered=True, stated=True),
)


def write_fleet(path: Path, kind: Kind, *, hosts: int, pools: int, seed: int = 7) -> None:
    """Write a fleet of `hosts` hosts in `pools` pools of one to eight profiles each."""
    chance = random.Random(seed)
    families = profiles_of(kind, chance)
    header = ["host", "pool", "kernel", "qemu", *(["capabilities"] if kind.stated else [])]
    with path.open("w", encoding="utf-8") as file:
        print(*header, "failure_domain", sep=",", file=file)
        number = 0
        for pool in range(pools):
            chosen = _pool(families, kind, chance)
            # a roll-out has reached some hosts only: each profile has a weight of its own
            weights = [chance.random() + 0.02 for _ in chosen]
            size = hosts // pools + (pool < hosts % pools)
            drawn = chance.choices(chosen, weights, k=size)
            file.writelines(
                f"h{number + place:07d},p{pool:05d},{cells},rack{place % 20}\n"
                for place, cells in enumerate(_cells(profile, kind) for profile in drawn)
            )
            number += size


def profiles_of(kind: Kind, chance: random.Random) -> dict[str, list[Profile]]:
    """Return the distinct profiles of a fleet by vendor family, each list from old to new."""
    found = [
        Profile(family=release.family, kernel=kernel, qemu=qemu, capabilities=words)
        for release in RELEASES
        for kernel, qemu in release.pairs()
        for words in (STATED if kind.stated else ("",))
    ]
    kept = set(chance.sample(range(len(found)), min(PROFILES, len(found))))
    families: dict[str, list[Profile]] = {}
    for place, profile in enumerate(found):
        if place in kept:
            families.setdefault(profile.family, []).append(profile)
    return families


def _pool(families: dict[str, list[Profile]], kind: Kind, chance: random.Random) -> list[Profile]:
    """Draw the profiles of one pool."""
    names = sorted(families)
    own = families[chance.choice(names)]
    if kind.scattered:
        chosen = chance.sample(own, chance.randint(2, 8))
    else:
        count = chance.choices(range(1, 9), (24, 26, 18, 12, 8, 6, 4, 2))[0]
        start = chance.randrange(len(own) - WINDOW)
        chosen = chance.sample(own[start : start + WINDOW], count)
    if chance.random() < VENDORS_MIXED:
        chosen[-1] = chance.choice(families[chance.choice(names)])
    return chosen


def _cells(profile: Profile, kind: Kind) -> str:
    cells = (profile.kernel, profile.qemu, *([profile.capabilities] if kind.stated else []))
    return ",".join(cells)
