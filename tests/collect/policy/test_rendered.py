"""A rendered policy carries type size and contrast."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import sync_playwright

from scanner.collect.policy.rendered import MEASURE, Colour, Run, contrast, read_rendered

BLACK: Colour = (0, 0, 0, 1)
WHITE: Colour = (255, 255, 255, 1)
CHROMIUM = shutil.which("chromium")


@pytest.mark.parametrize(
    ("colour", "backgrounds", "expected"),
    [
        (BLACK, [], 21.0),
        (WHITE, [WHITE], 1.0),
        ((119, 119, 119, 1), [WHITE], 4.48),
        ((0, 0, 0, 0.5), [WHITE], 3.98),
        (BLACK, [(0, 0, 0, 0.5), WHITE], 5.28),
        (BLACK, None, None),
    ],
)
def test_contrast_is_that_of_wcag(
    colour: Colour, backgrounds: list[Colour] | None, expected: float | None
) -> None:
    found = contrast(Run(10, 16, colour, backgrounds))
    assert found == (None if expected is None else pytest.approx(expected, abs=0.03))


def test_a_caption_does_not_count_as_the_text() -> None:
    runs = [Run(950, 16, BLACK, [WHITE]), Run(50, 8, WHITE, [WHITE])]
    document = read_rendered(
        "<html><body><p>我们收集手机号。</p></body></html>", runs, "https://x.example.cn/p"
    )
    assert (document.font_px, document.contrast, document.rendered) == (16, 21, True)


def test_nothing_measured_is_not_known() -> None:
    document = read_rendered("<p>我们收集手机号。</p>", [])
    assert (document.font_px, document.contrast) == (None, None)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_script_measures_what_a_browser_shows() -> None:
    page_html = (
        "<body style='background:#fff'><div style='font-size:10px;color:#777'>灰色的小字说明我们收集手机号码。</div>"
        "<p style='display:none;font-size:40px'>看不见的话</p></body>"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_content(page_html)
        runs = [Run(*row) for row in page.evaluate(MEASURE)]
        document = read_rendered(page.content(), runs)
        browser.close()
    assert document.text == "灰色的小字说明我们收集手机号码。"
    assert document.font_px == 10
    assert document.contrast == pytest.approx(4.48, abs=0.03)
