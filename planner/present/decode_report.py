"""Decoded feature bits for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from planner.domain.compat import PropertyKey
from planner.domain.migrated import RefusedBit
from planner.present.lines import Line, Style, folded


def decode_report(
    bits: Iterable[RefusedBit], is_forbidden: Callable[[PropertyKey], bool]
) -> Iterator[Line]:
    """Yield one entry per bit, then the flags that avoid them; forbidden ones are not proposed."""
    found = tuple(bits)
    if not found:
        yield Line("no bit of the guest is refused", Style.GOOD)
    flags = []
    for bit in found:
        yield Line(f"bit {bit.bit}: {bit.name}", Style.HEAD)
        if bit.unit is None:
            yield from folded("no row of the knowledge speaks of this bit", indent=2)
            continue
        needs = ", ".join(sorted(bit.unit.requires)) or "nothing of the kernel"
        yield from folded(bit.unit.title, label="unit".ljust(14), indent=2)
        yield from folded(
            f"the destination lacks {needs}, or its machine type switches this off",
            label="likely cause".ljust(14),
            indent=2,
        )
        key = bit.unit.flag or (bit.unit.gates[0].key if bit.unit.gates else None)
        if key is not None and not is_forbidden(key):
            flags.append(f"{key}=off")
            yield from folded(
                f"{key}=off, from the next power cycle on", label="avoided by".ljust(14), indent=2
            )
    if flags:
        yield Line("")
        told = " ".join(f"-global {flag}" for flag in dict.fromkeys(flags))
        yield from folded(told, hang=0)
