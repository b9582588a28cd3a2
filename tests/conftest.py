"""Options that all tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`: expected answers in tests/cases are written anew, not compared."""
    parser.addoption("--update-golden", action="store_true", default=False)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected answers are to be written anew; then one process alone may run."""
    wanted = bool(request.config.getoption("--update-golden"))
    if wanted and hasattr(request.config, "workerinput"):
        pytest.fail("--update-golden runs in one process: leave out -n")
    return wanted
