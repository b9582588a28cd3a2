"""The report as a person has it before them: in a headless Chromium, from a file, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.fleets import KINDS, write_fleet
from tests.report.pages import HOSTILE, made, three_pools

WIDTHS = (390, 1280)


@contextmanager
def opened(browser: Browser, path: Path, **options: object) -> Iterator[tuple[Page, list[str]]]:
    """Open a page; yield it with what went wrong: errors, console errors, requests past the file."""
    context: BrowserContext = browser.new_context(offline=True, **options)  # type: ignore[arg-type]
    wrong: list[str] = []
    page = context.new_page()
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    own = path.as_uri()
    page.on(
        "request",
        lambda asked: wrong.append(asked.url) if not asked.url.startswith(own) else None,
    )
    page.goto(own)
    yield page, wrong
    context.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return three_pools(tmp_path_factory.mktemp("report") / "report.html")


def test_page_loads_without_errors_or_requests(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, wrong):
        assert page.locator("h1").inner_text() == "Migration safety of fleet.csv"
        assert page.locator(".trial svg").count() > 0
        assert page.locator(".timeline svg .wave").count() == 7
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(200)
        assert not wrong


def test_nothing_can_leave_the_page(browser: Browser, report: Path) -> None:
    """Even a script that got in could not ask for anything: the policy of the page refuses."""
    with opened(browser, report) as (page, wrong):
        sent: list[str] = []
        page.on("response", lambda response: sent.append(response.url))
        page.evaluate("fetch('https://example.org/').catch(() => 0)")
        page.evaluate(
            "document.body.append(Object.assign(new Image(), {src: 'https://example.org/a.png'}))"
        )
        page.evaluate(
            "document.body.append(Object.assign("
            "document.createElement('script'), {text: 'window.hit = 1'}))"
        )
        page.wait_for_timeout(200)
        refused = " ".join(text for text in wrong if "Content Security Policy" in text)
        for words in ("Connecting to", "Loading the image", "Executing inline script"):
            assert words in refused, wrong
        assert not sent
        assert page.evaluate("window.hit") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(browser: Browser, report: Path, scheme: str) -> None:
    """All rules of axe-core, with everything on the page folded out."""
    with opened(browser, report, color_scheme=scheme, bypass_csp=True) as (page, _):
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []


def test_search_filters_hosts(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, wrong):
        rows = page.locator(".hosts tbody tr:visible")
        assert rows.count() == 0, "the list of hosts is folded"
        page.locator(".fold > summary").click()
        assert rows.count() == 252
        page.get_by_label("Find hosts").fill("UBU01 5.15")
        expect(page.locator(".search output")).to_have_text("10 of 252 hosts")
        assert rows.count() == 10
        assert rows.first.inner_text().startswith("ubu010")
        page.get_by_label("Find hosts").fill("nothing like it")
        expect(page.locator(".search output")).to_have_text("0 of 252 hosts")
        assert rows.count() == 0
        assert not wrong


def test_reasons_on_focus_and_hover(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        tip = page.locator("#tip")
        assert not tip.is_visible()
        cell = page.locator(".grid td.unsafe a").first
        cell.focus()
        assert "cannot-start: machine type not offered (P001" in tip.inner_text()
        assert cell.get_attribute("aria-describedby") == "tip"
        page.keyboard.press("Escape")
        assert not tip.is_visible()
        edge = page.locator(".edge.to-unsafe").first
        edge.focus()
        assert "P001" in tip.inner_text()
        edge.blur()
        assert not tip.is_visible()
        edge.locator("path.hit").hover(force=True)
        assert "P001" in tip.inner_text()


def test_reason_stays_beside_an_edge_that_scrolls_into_view(browser: Browser, report: Path) -> None:
    with opened(browser, report, viewport={"width": 1000, "height": 700}) as (page, _):
        edge = page.locator(".edge.to-unsafe").last
        assert not edge.evaluate("edge => edge.getBoundingClientRect().top < innerHeight")
        edge.focus()
        page.wait_for_timeout(1500)
        tip, at = page.locator("#tip").bounding_box(), edge.bounding_box()
        assert tip is not None
        assert at is not None
        assert 0 <= tip["y"] < 700
        assert tip["y"] - at["height"] - 200 < at["y"] < tip["y"] + tip["height"] + 20


def test_keyboard_reaches_edges(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        reached = set()
        for _step in range(60):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate(
                    "document.activeElement.closest('.edge, .grid a, summary, nav a')?.tagName"
                )
            )
        assert {"g", "A", "SUMMARY"} <= reached


@pytest.mark.parametrize("width", WIDTHS)
def test_page_fits_its_window(browser: Browser, report: Path, width: int) -> None:
    with opened(browser, report, viewport={"width": width, "height": 900}) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 400, 640, 1400])
def test_a_sign_stands_beside_its_word(browser: Browser, report: Path, width: int) -> None:
    with opened(browser, report, viewport={"width": width, "height": 900}) as (page, _):
        apart = page.evaluate(
            "[...document.querySelectorAll('.with-sign')].filter(one => one.offsetParent && (() => {"
            "const [sign, word] = [...one.children].map(part => part.getClientRects()[0]);"
            "return word.top > sign.bottom || word.left < sign.right; })()).map(one => one.textContent)"
        )
        assert page.locator(".with-sign").count() > 10
        assert apart == []


@pytest.mark.parametrize("width", [400, 1400])
def test_no_version_or_flag_is_broken_at_a_hyphen(
    browser: Browser, report: Path, width: int
) -> None:
    broken = """nodes => nodes.filter(node => {
        const range = document.createRange();
        range.selectNodeContents(node);
        const tops = new Set([...range.getClientRects()].map(one => Math.round(one.top)));
        return tops.size > 1 && node.scrollWidth < node.parentElement.clientWidth * 0.9;
    }).map(node => node.textContent)"""
    with opened(browser, report, viewport={"width": width, "height": 900}) as (page, _):
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.locator(".whole").count() > 20
        assert page.locator(".whole").evaluate_all(broken) == []


def test_what_boards_of_a_pool_share_is_told_once(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        for pool in page.locator(".pool").all():
            facts = pool.locator(".facts li").all_text_contents()
            told = [text for text in facts if not text.startswith("what is said above of ")]
            assert len(told) == len(set(told))


def test_rows_are_cards_on_a_narrow_screen(browser: Browser, report: Path) -> None:
    style = "getComputedStyle(document.querySelector('#pools .cards tbody tr')).display"
    for width, display in ((400, "block"), (599, "block"), (601, "table-row")):
        with opened(browser, report, viewport={"width": width, "height": 900}) as (page, _):
            page.locator(".fold > summary").click()
            assert page.evaluate(style) == display
            clipped = page.evaluate(
                "[...document.querySelectorAll('.wide')].filter(one => one.querySelector('.cards'))"
                ".filter(one => one.scrollWidth > one.clientWidth + 1).length"
            )
            assert not clipped or width > 600
            if width < 600:
                first = page.locator("#pools .cards td[data-label]").first
                label = "element => getComputedStyle(element, '::before').content"
                assert first.evaluate(label) == '"Hosts"'


def test_no_block_stands_twice(browser: Browser, report: Path) -> None:
    with opened(browser, report) as (page, _):
        for pool in page.locator(".pool").all():
            texts = [answer.inner_text() for answer in pool.locator(".answer .facts").all()]
            assert len(texts) == len(set(texts))


def test_print_clips_no_table(browser: Browser, report: Path) -> None:
    paper = 680  # the width of A4 at 96 dpi, less the margins of the page
    with opened(browser, report, viewport={"width": paper, "height": 960}) as (page, _):
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        wide = page.evaluate(
            "[...document.querySelectorAll('table')]"
            ".filter(t => t.getBoundingClientRect().right > innerWidth + 1)"
            ".map(t => t.className + ': ' + t.querySelector('tr').textContent)"
        )
        assert wide == []
        assert page.evaluate("[...document.querySelectorAll('.pool')].every(pool => pool.open)")
        assert page.pdf(format="A4").startswith(b"%PDF")


def test_page_is_whole_without_javascript(browser: Browser, report: Path) -> None:
    with opened(browser, report, java_script_enabled=False) as (page, wrong):
        text = page.locator("body").text_content() or ""
        assert "pc-q35-7.2" in text
        assert "machine type not offered (P001" in text
        assert "Retirement radar" in text
        assert "ubu082" in text
        assert not page.locator(".search").is_visible()
        assert not wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_names_are_text(browser: Browser, tmp_path: Path, scheme: str) -> None:
    fleet = tmp_path / "fleet.csv"
    rows = [
        f'"{name.replace(chr(34), chr(34) * 2)}","{name.replace(chr(34), chr(34) * 2)}",5.14.0,8.2.4'
        for name in HOSTILE
    ]
    fleet.write_text("\n".join(["host,pool,kernel,qemu", *rows, ""]), encoding="utf-8")
    path = made(tmp_path / "report.html", str(fleet))
    with opened(browser, path, color_scheme=scheme) as (page, wrong):
        shown = page.locator(".hosts tbody td:first-child").all_text_contents()
        assert sorted(text.strip() for text in shown) == sorted(HOSTILE)
        assert page.locator("script").count() == 2
        assert page.locator("img").count() == 0
        assert not wrong


def test_ten_thousand_hosts(browser: Browser, tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    write_fleet(fleet, KINDS[0], hosts=10_000, pools=100)
    path = made(tmp_path / "report.html", str(fleet))
    assert path.stat().st_size < 5_000_000
    with opened(browser, path) as (page, wrong):
        page.set_default_timeout(60_000)
        assert page.locator(".hosts tbody tr").count() == 10_000
        page.locator(".fold > summary").click()
        page.get_by_label("Find hosts").fill("h0000042")
        expect(page.locator(".search output")).to_have_text("1 of 10,000 hosts")
        page.locator("#pools > .wide tbody a").last.click()
        page.wait_for_selector("#pool-100[open]")
        assert not wrong
