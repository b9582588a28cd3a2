"""An answer as commands: `qm` of Proxmox VE, and settings and images of OpenStack Nova."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from planner.domain.errors import UsageError, quoted, wrong_word
from planner.export.chosen import Chosen, commented, remarks
from planner.export.kubevirt import Boards, agreed, unset_flags, words_of

NOVA = "nova"


def proxmox(one: Chosen, ids: Sequence[str]) -> Iterator[str]:
    """Yield a script that sets the guests of a pool, by their IDs: those given, or its arguments."""
    wrong = [word for word in ids if not (word.isascii() and word.isdecimal())]
    if wrong:
        raise UsageError([wrong_word("--vm", f"{quoted(word)} is no ID of a VM") for word in wrong])
    yield "#!/bin/sh\nset -eu\n"
    yield from commented(remarks(one))
    args = " ".join(f"-global {flag}" for flag in one.flags)
    if args:
        yield from commented(("args replaces what the guest has there: the script stops at one",))
    guests = " ".join(ids) or '"$@"'
    yield f"for id in {guests}; do\n"
    if args:
        yield _keeping_args(args)
    yield f'  qm set "$id" --machine {quote(one.machine_type)}\n'
    if args:
        yield f'  qm set "$id" --args {quote(args)}\n'
    yield "done\n"


def _keeping_args(args: str) -> str:
    """Return the lines that end a script at a guest which has other arguments."""
    return (
        "  has=$(qm config \"$id\" | sed -n 's/^args: //p')\n"
        f'  case "$has" in ""|{quote(args)}) ;; '
        '*) echo "$id has args of its own: $has" >&2; exit 1;; esac\n'
    )


def nova(pools: Sequence[Chosen], servers: Sequence[str], boards: Boards) -> Iterator[str]:
    """Yield what Nova's computes, images and recorded servers are given."""
    for one in pools:
        yield from commented(remarks(one))
        yield from commented(unset_flags("Nova", one))
    types = {arch: one.machine_type for arch, one in sorted(agreed(NOVA, pools, boards).items())}
    if servers:
        yield from _servers(pools, servers, boards)
        return
    yield from commented(("nova.conf of every compute of the pool, before servers are made there",))
    yield f"[libvirt]\nhw_machine_type = {','.join(f'{k}={v}' for k, v in types.items())}\n\n"
    yield from commented(("or image by image",))
    for name in types.values():
        command = f"openstack image set --property hw_machine_type={name} IMAGE"
        yield from commented((command,))
    yield from commented(("servers that are recorded keep theirs: name them with --vm",))


def _servers(pools: Sequence[Chosen], servers: Sequence[str], boards: Boards) -> Iterator[str]:
    if len(pools) != 1:
        raise UsageError([wrong_word("--pool", "servers are of one pool", "name it")])
    words_of(NOVA, pools[0], boards)
    yield from commented(
        ("servers must be stopped, shelved or offloaded; Nova refuses an older type",)
    )
    for server in servers:
        yield f"nova-manage libvirt update_machine_type {quote(server)} {pools[0].machine_type}\n"
