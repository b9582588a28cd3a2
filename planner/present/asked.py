"""How the inputs of an answer were named, for the commands that a report suggests."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

TAKES = {
    "solve": {"--edges", "--guests", "--guests-host", "--policy", "--knowledge", "--guest-profile"},
    "explain": {
        "--edges",
        "--guests",
        "--guests-host",
        "--policy",
        "--knowledge",
        "--guest-profile",
    },
    "unlock": {"--edges", "--guests", "--guests-host", "--policy", "--knowledge", "--pool"},
    "cpu": {"--edges", "--guests", "--guests-host", "--policy", "--knowledge", "--guest-profile"},
    "plan": {"--target", "--start", "--guests", "--policy", "--knowledge", "--guest-profile"},
    "simulate": {"--guests", "--policy", "--knowledge"},
}
"""Options about inputs that commands take: a suggested one repeats those that were given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the inputs of an answer were named, for the commands that it suggests.

    `fleet` is the file as it was typed, `profile` the guest profile, `guests` whether guests were given,
    `options` the options about inputs with their values as they were typed.
    """

    fleet: str = "fleet.csv"
    profile: str = "ordinary"
    guests: bool = False
    options: tuple[tuple[str, str], ...] = ()

    def command(self, name: str, *words: str, fleet: str = "", before: str = "") -> str:
        """Return a command on the same inputs, or on another `fleet`, as a shell takes it.

        `before` is a file that the command takes in front of the fleet.
        """
        own = [
            word
            for option, value in self.options
            if option in TAKES[name] and option not in words
            for word in (option, value)
        ]
        return shlex.join(
            ["planner", name, *filter(None, (before, fleet or self.fleet)), *words, *own]
        )
