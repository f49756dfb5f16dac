"""The report in a real browser: no sideways scrolling, no errors, no request, usable controls."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from report_sample import view

from reports.html import write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("no Chromium: run 'make system' once", pytrace=False)
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(write(view()))
    return path


def opened(browser: Browser, report: Path, width: int = 1280, **options: Any) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page = context.new_page()
    page.goto(report.as_uri())
    return page


@pytest.mark.parametrize("width", [1280, 900, 641, 390, 320])
@pytest.mark.parametrize("script", [True, False])
def test_nothing_is_wider_than_the_window(browser: Browser, report: Path, width: int, script: bool) -> None:
    page = opened(browser, report, width, java_script_enabled=script)
    session = page.context.new_cdp_session(page)
    metrics = session.send("Page.getLayoutMetrics")

    assert metrics["cssContentSize"]["width"] <= width
    page.context.close()


def test_no_request_and_no_error(browser: Browser, report: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(report.as_uri())
    page.fill("#q", "TEST")
    page.click("#open")

    assert (requests, messages) == ([report.as_uri()], [])
    context.close()


def test_search_and_filter_show_what_fits(browser: Browser, report: Path) -> None:
    page = opened(browser, report)

    def shown(selector: str) -> int:
        return page.locator(f"{selector}:visible").count()

    assert (shown(".clause"), shown(".problem")) == (6, 3)
    page.click("[data-v=suspected]")
    assert shown(".clause") == 2
    assert page.get_attribute("[data-v=suspected]", "aria-pressed") == "true"
    page.click("[data-v='']")
    page.fill("#q", "第三项")
    assert shown(".clause") == 1
    assert shown(".chapter") == 1
    page.fill("#q", "no such words")
    assert shown(".clause") == 0
    assert page.locator("#count").inner_text() == "没有符合条件的条款或问题。"
    page.context.close()


def test_findings_are_filtered_by_verdict_severity_and_owner(browser: Browser, report: Path) -> None:
    page = opened(browser, report)

    def shown(selector: str) -> int:
        return page.locator(f"{selector}:visible").count()

    assert shown(".finding") == 4
    page.select_option("#sev", "critical")
    assert (shown(".finding"), shown(".problem"), shown(".clause")) == (2, 1, 1)
    page.select_option("#own", label="甲广告")
    assert (shown(".finding"), shown(".clause")) == (1, 1)
    assert page.locator("#count").inner_text() == "显示 1 条要求、1 项问题"
    page.select_option("#sev", "")
    page.click("[data-v=suspected]")
    assert shown(".finding") == 0
    page.click("#reset")
    assert (shown(".finding"), shown(".clause")) == (4, 6)
    assert page.input_value("#own") == ""
    page.fill("#q", "location.example nowhere")
    assert shown(".finding") == 0
    page.fill("#q", "甲广告")
    assert shown(".finding") == 1, "the other finding of the same rule does not have these words"
    page.context.close()


def test_search_and_filters_work_from_the_keyboard(browser: Browser, report: Path) -> None:
    page = opened(browser, report)
    page.keyboard.press("/")
    page.keyboard.type("第三项")

    assert page.evaluate("document.activeElement.id") == "q"
    assert page.locator(".clause:visible").count() == 1
    page.keyboard.press("Escape")
    assert page.input_value("#q") == ""
    assert page.locator(".clause:visible").count() == 6
    page.focus("[data-v=violation]")
    page.keyboard.press("Enter")
    assert page.locator(".clause:visible").count() == 1
    page.focus("#sev")
    page.keyboard.press("ArrowDown")
    assert page.input_value("#sev") == "critical"
    page.context.close()


def test_print_is_complete_whatever_is_filtered(browser: Browser, report: Path) -> None:
    page = opened(browser, report)
    page.fill("#q", "no such words")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert page.locator(".clause .body:visible").count() == 6
    assert page.locator(".finding:visible").count() == 4
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".clause:visible").count() == 0
    page.context.close()


def test_a_link_opens_the_closed_clause_it_leads_to(browser: Browser, report: Path) -> None:
    page = opened(browser, report)
    body = page.locator("[id='c-TEST-6'] .body")

    assert not body.is_visible()
    page.evaluate("location.hash = 'c-TEST-6'")
    body.wait_for(state="visible", timeout=5000)
    page.context.close()


def test_theme_follows_the_system_and_can_be_switched(browser: Browser, report: Path) -> None:
    def background(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = opened(browser, report, color_scheme="light")
    dark = opened(browser, report, color_scheme="dark")
    by_system = (background(light), background(dark))
    light.click("#theme")

    assert by_system[0] != by_system[1]
    assert background(light) == by_system[1]
    light.context.close()
    dark.context.close()


CONTRAST = """() => {
  const channel = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = parse(c).map(channel); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = node => {
    for (let n = node; n; n = n.parentElement) {
      const c = getComputedStyle(n).backgroundColor;
      if (parse(c)[3] !== 0) { return c; }
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const poor = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || node.closest('svg, script, .nil') || !node.checkVisibility()) { continue; }
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) { poor.push(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`); }
  }
  return [...new Set(poor)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(browser: Browser, report: Path, scheme: Any) -> None:
    page = opened(browser, report, color_scheme=scheme)
    page.click("#open")

    assert page.evaluate(CONTRAST) == []
    page.context.close()


def test_print_has_every_clause_open(browser: Browser, report: Path) -> None:
    page = opened(browser, report)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert page.locator(".clause .body:visible").count() == 6
    assert page.locator(".tools:visible, .toc:visible").count() == 0
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    page.context.close()
