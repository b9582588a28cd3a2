"""Feature words of the vhost devices in the kernel; loads no module.

Numbers are those of linux: include/uapi/linux/vhost.h.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from planner.probe.asking import NotAsked, device, reason_of, word, words

GET_FEATURES, GET_BACKEND_FEATURES = 0x8008AF00, 0x8008AF26
GET_FEATURES_ARRAY = 0x8008AF83


@dataclass(frozen=True, slots=True, kw_only=True)
class VhostAnswers:
    """Feature words of one vhost device, 64 bits each; no backend word before Linux 4.20.

    `features` has a second word above the first from Linux 6.17 on.
    """

    features: int
    backend_features: int | None


def ask_vhost(name: str, root: Path = Path("/")) -> VhostAnswers:
    """Ask `vhost-net` or `vhost-vsock`; raises `NotAsked`."""
    path = root / "dev" / name
    with device(path, root) as descriptor:
        try:
            features = word(descriptor, GET_FEATURES)
        except OSError as error:
            raise NotAsked(f"{path}: VHOST_GET_FEATURES: {reason_of(error)}") from error
        try:
            backend = word(descriptor, GET_BACKEND_FEATURES)
        except OSError:
            backend = None
        return VhostAnswers(features=features | _beyond(descriptor), backend_features=backend)


def _beyond(descriptor: int) -> int:
    """Return the feature bits from 64 on, none where the kernel has no such call."""
    try:
        _, _, second = words(descriptor, GET_FEATURES_ARRAY, (2, 0, 0))
    except OSError:
        return 0
    return second << 64
