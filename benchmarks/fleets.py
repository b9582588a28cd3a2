"""Generated fleets: many hosts, many pools, few distinct profiles; seeded."""

from __future__ import annotations

import random
from pathlib import Path

FAMILIES = {
    "debian": (
        ["6.1.0-21-amd64", "6.1.0-28-amd64", "6.12.43+deb13-amd64", "6.12.57+deb13-amd64"],
        ["1:7.2.22+dfsg-0+deb12u1", "1:10.0.3+ds-0+deb13u1", "1:10.0.13+ds-0+deb13u1"],
    ),
    "rhel": (
        ["4.18.0-553.16.1.el8.x86_64", "5.14.0-427.42.1.el9.x86_64", "5.14.0-503.40.1.el9.x86_64"],
        ["qemu-kvm-6.2.0-49.module+el8.10.0+21533+3df3c4b6", "qemu-kvm-8.2.0-11.el9_4.6"],
    ),
    "ubuntu": (
        [f"{base}-{number}-generic" for base in ("5.15.0", "6.8.0") for number in range(40, 64, 2)],
        ["1:6.2+dfsg-2ubuntu6.24", "1:6.2+dfsg-2ubuntu6.31", "1:8.2.2+ds-0ubuntu1.18"],
    ),
    "upstream": (
        ["5.10.200", "5.15.150", "6.1.90", "6.6.30", "6.12.10"],
        ["6.2.0", "7.2.10", "8.2.4", "8.2.5", "9.0.1", "9.2.4", "10.0.3"],
    ),
}


def write_fleet(
    path: Path, *, hosts: int, pools: int, most_profiles: int = 6, seed: int = 7
) -> None:
    """Write a fleet of `hosts` hosts in `pools` pools of one to `most_profiles` profiles each."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write("host,pool,kernel,qemu,failure_domain\n")
        number = 0
        for pool in range(pools):
            kernels, builds = FAMILIES[chance.choice(sorted(FAMILIES))]
            pairs = [(kernel, build) for kernel in kernels for build in builds]
            chosen = chance.sample(pairs, chance.randint(1, min(most_profiles, len(pairs))))
            for place in range(hosts // pools):
                kernel, build = chance.choice(chosen)
                file.write(f"h{number:07d},p{pool:05d},{kernel},{build},rack=r{place % 20}\n")
                number += 1
