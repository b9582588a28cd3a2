"""A headless Chromium for the tests of the page: the system's, installed where that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def found() -> str | None:
    """Return the path of a Chromium of this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def installed() -> str | None:
    """Return the path of a Chromium; as root on a machine with apt-get it is installed first."""
    with (Path(tempfile.gettempdir()) / "planner-tests-chromium.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if found() is None and os.geteuid() == 0 and shutil.which("apt-get"):
            install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
            for command in (
                ["apt-get", "update", "-qq"],
                [*install, "chromium", "fonts-dejavu-core"],
            ):
                quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
                subprocess.run(command, check=False, capture_output=True, env=quiet)
    return found()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run a headless Chromium; without one the tests say what was not tested."""
    path = installed()
    if path is None:
        pytest.skip(
            "no Chromium, and none could be installed: THE REPORT WAS NOT TRIED IN A BROWSER"
        )
    with sync_playwright() as driver:
        try:
            running = driver.chromium.launch(executable_path=path, args=list(QUIET))
        except Error as error:
            pytest.fail(f"{path} does not start: {error}")
        yield running
        running.close()
