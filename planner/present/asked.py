"""How the inputs of an answer were named, for the commands that a report suggests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the inputs of an answer were named, for the commands that it suggests.

    `fleet` is the file as it was typed, `profile` the guest profile, `guests` whether guests were given.
    """

    fleet: str = "fleet.csv"
    profile: str = "ordinary"
    guests: bool = False
