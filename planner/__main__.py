"""The `planner` command, and `python -m planner`.

In: the words of the command line. Out: an exit code. It loads nothing itself but what it needs to be
broken off quietly.
"""

from __future__ import annotations

import signal


def main() -> None:
    """Load the commands and run one; who breaks off while they load ends at once, without a traceback.

    While they load the signal ends the process itself: an exception in the middle of an import may come
    out as another one, such as an error of a class that was being made.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from planner.cli.app import main as run  # noqa: PLC0415 - what is slow to load is guarded

    signal.signal(signal.SIGINT, before)
    run()


if __name__ == "__main__":
    main()
