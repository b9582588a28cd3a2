"""Why a machine type is refused, and the ways to open it, with their price in hosts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Remedy:
    """One way to open a newer answer, with its price in hosts."""

    kind: str
    text: str
    hosts: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Refusal:
    """A minimal reason that holds a machine type back; `subject`: what the hosts run, in few words."""

    rule: str
    text: str
    hosts: int
    examples: tuple[str, ...]
    unit: str = ""
    source: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNotNewer:
    """The next newer machine type, every minimal reason against it, and the ways to open it."""

    machine_type: str
    objections: tuple[Refusal, ...]
    remedies: tuple[Remedy, ...]
