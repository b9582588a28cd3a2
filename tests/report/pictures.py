"""`make pictures`: the pictures of the report that the README shows, taken in a headless Chromium."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.report.conftest import QUIET, installed
from tests.report.pages import ROOT, three_pools

FOLDER = ROOT / "docs" / "pictures"


def main() -> int:
    """Write every picture; 1 if there is no browser to take them."""
    path = installed()
    if path is None:
        print("no Chromium, and none could be installed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        report = three_pools(Path(folder) / "report.html")
        browser = driver.chromium.launch(executable_path=path, args=list(QUIET))
        phone = browser.new_page(viewport={"width": 400, "height": 1000})
        phone.goto(report.as_uri())
        phone.screenshot(path=FOLDER / "report-400.png")
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(report.as_uri())
        page.screenshot(path=FOLDER / "report.png")
        _edges(page)
        page.locator("#waves").scroll_into_view_if_needed()
        page.locator(".timeline").screenshot(path=FOLDER / "report-waves.png")
        browser.close()
    return 0


def _edges(page: Page) -> None:
    """Take a graph with the reason of one edge."""
    figure = page.locator(".trial:has(.notes)").first
    figure.locator(".edge.to-unknown").first.focus()
    page.wait_for_timeout(300)
    figure.screenshot(path=FOLDER / "report-edges.png")


if __name__ == "__main__":
    sys.exit(main())
