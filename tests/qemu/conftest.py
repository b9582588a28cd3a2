"""Real QEMU builds for tests; where they cannot be had, the tests say so and skip."""

from __future__ import annotations

import pytest

from tests.qemu import fetch


def build_of(suite: str) -> fetch.Build:
    """Return a build, or skip loudly."""
    try:
        return fetch.fetch(suite)
    except fetch.FetchError as error:
        pytest.skip(f"NOT SHOWN HERE: {error}")


@pytest.fixture(params=fetch.SUITES)
def build(request: pytest.FixtureRequest) -> fetch.Build:
    return build_of(request.param)
