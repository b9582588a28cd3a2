"""The `planner` command, and `python -m planner`."""

from __future__ import annotations

import sys


def main() -> None:
    """Load the commands and run one; who breaks off while they load gets no traceback either."""
    try:
        from planner.cli.app import main as run  # noqa: PLC0415 - what is slow to load is guarded
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
