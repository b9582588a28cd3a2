"""What a tap device can do, asked of a throw-away tap; the host's network is not touched.

Numbers are those of linux: include/uapi/linux/if_tun.h.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from planner.probe.asking import LIBC, NotAsked, accepted, device, reason_of, word

CLONE_NEWNET = 0x40000000
TUNSETIFF, TUNSETOFFLOAD, TUNGETFEATURES = 0x400454CA, 0x400454D0, 0x800454CF
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
FEATURES = {"IFF_MULTI_QUEUE": 0x0100, "IFF_NO_CARRIER": 0x0040, "IFF_BACKPRESSURE": 0x0200}
# a bit is asked together with those that the kernel wants beside it
OFFLOADS = {0: 1, 1: 3, 2: 5, 3: 11, 4: 0x11, 5: 0x61, 6: 0x61, 7: 0x87, 8: 0x187}
IOCTLS = {
    "TUNSETVNETLE": (0x400454DC, struct.pack("i", 0)),
    "TUNSETVNETBE": (0x400454DE, struct.pack("i", 0)),
    "TUNSETSTEERINGEBPF": (0x800454E0, struct.pack("i", -1)),
    "TUNSETFILTEREBPF": (0x800454E1, struct.pack("i", -1)),
    "TUNSETCARRIER": (0x400454E2, struct.pack("i", 1)),
}
TUNGETDEVNETNS = 0x54E3


@dataclass(frozen=True, slots=True, kw_only=True)
class TunAnswers:
    """Answers of a tap: the feature word, accepted offload bits, known ioctls."""

    features: int
    offloads: frozenset[int]
    ioctls: Mapping[str, bool]


def ask_tun(root: Path = Path("/")) -> TunAnswers:
    """Ask a tap that nobody else sees, or none; raises `NotAsked`."""
    # a namespace belongs to a thread, and goes with it
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(_ask_apart, root).result()


def _ask_apart(root: Path) -> TunAnswers:
    """Leave the host's network namespace for good, then ask."""
    if LIBC.unshare(CLONE_NEWNET):
        error = OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        raise NotAsked(f"tap: no network namespace of its own can be made: {reason_of(error)}")
    return _ask(root / "dev/net/tun", root)


def _ask(path: Path, root: Path) -> TunAnswers:
    with device(path, root) as tap:
        try:
            features = word(tap, TUNGETFEATURES, "I")
        except OSError as error:
            raise NotAsked(f"{path}: TUNGETFEATURES: {reason_of(error)}") from error
        request = struct.pack("16sH22x", b"planner%d", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)
        if not accepted(tap, TUNSETIFF, request):
            raise NotAsked(f"{path}: no tap can be made (CAP_NET_ADMIN is needed)")
        ioctls = {name: accepted(tap, *words) for name, words in IOCTLS.items()}
        return TunAnswers(
            features=features,
            offloads=frozenset(
                bit for bit, mask in OFFLOADS.items() if accepted(tap, TUNSETOFFLOAD, mask)
            ),
            ioctls={**ioctls, "TUNGETDEVNETNS": _namespace(tap)},
        )


def _namespace(tap: int) -> bool:
    """Say whether a tap tells its namespace; the answer is a descriptor, closed here."""
    try:
        os.close(fcntl.ioctl(tap, TUNGETDEVNETNS, 0))
    except OSError:
        return False
    return True
