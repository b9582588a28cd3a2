"""`planner decode`: what the `Features 0x... unsupported` message means."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli import exits
from planner.cli.console import painted
from planner.cli.options import KnowledgeFolder, PolicyFile, knowledge_of, policy_of
from planner.cli.output import answer
from planner.domain.compat import PropertyKey


def decode(
    message: Annotated[
        list[str],
        typer.Argument(metavar="MESSAGE", help="the message, or two numbers: guest and allowed"),
    ],
    device: Annotated[
        str, typer.Option(metavar="NAME", help="device class: virtio-net, virtio-blk, ...")
    ] = "virtio-net",
    policy: PolicyFile = None,
    knowledge: KnowledgeFolder = None,
) -> None:
    """Name the bits of an `unsupported features` message, their likely cause and the flag.

    Example: planner decode "Features 0x1c0010130afffa7 unsupported. Allowed features: 0x179bfffe7"
    """
    from planner.explain.feature_bits import decode_message
    from planner.present.decode_report import decode_report

    base = knowledge_of(knowledge)
    forbidden = policy_of(policy, base).forbidden

    def is_forbidden(key: PropertyKey) -> bool:
        """Whether policy forbids to set a property, under this name or that of a related type."""
        return any(base.may_set(key, other) for other in forbidden)

    bits = decode_message(" ".join(message), device, base)
    answer(painted(decode_report(bits, is_forbidden), None), None, exits.ANSWERED)
