"""The console in a real browser, as an inspector uses it, on a desk and on a phone."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from console_sample import PASSWORD, PEOPLE, fill, pack

from scanner.batch.store import Store
from scanner.console import users
from scanner.console.app import create
from scanner.console.web import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    store = Store(f"sqlite:///{tmp_path / 'console.db'}")
    fill(store)
    for role, name in PEOPLE.items():
        users.add(store, name, role, PASSWORD, "test")
    app = create(store, pack(), Settings())
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)
    store.close()


def fits(page: Page) -> bool:
    found: Any = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return bool(found)


@pytest.mark.parametrize("width", [1280, 390])
def test_an_inspector_searches_reads_a_report_and_decides(address: str, tmp_path: Path, width: int) -> None:
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("no Chromium: run 'make system' once", pytrace=False)
    photo = tmp_path / "照片.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 99)
    complaints: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": width, "height": 860})
        page.on(
            "console", lambda m: complaints.append(f"{m.text} {m.location}") if m.type == "error" else None
        )
        page.on("dialog", lambda d: complaints.append("a script of the subject ran"))

        page.goto(address + "/")
        page.get_by_label("用户名").fill("ivan")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        assert fits(page)
        page.get_by_role("searchbox").fill("出行")
        page.get_by_role("button", name="搜索").click()
        page.get_by_role("link", name="出行助手").click()
        assert fits(page)
        page.get_by_role("link", name="打开完整报告").click()
        assert page.locator("text=出行助手").count() > 0
        assert page.locator("text=由 ivan 于").count() == 0
        page.go_back()
        page.get_by_role("link", name="待核查事项").click()
        assert fits(page)
        page.locator("main tbody a").first.click()
        page.get_by_role("button", name="认领").click()
        assert fits(page)
        page.get_by_role("radio", name="符合", exact=True).check()
        page.get_by_label("理由").fill("现场核对，与政策一致")
        page.get_by_label("证据").set_input_files(photo)
        page.get_by_role("button", name="保存结论").click()
        assert page.get_by_text("现场核对，与政策一致").is_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="照片.png").click()
        assert download.value.path().read_bytes() == photo.read_bytes()
        page.get_by_role("link", name="打开完整报告").click()
        assert page.locator("text=由 ivan 于").count() > 0
        for place in ("/", "/statistics", "/findings", "/runs", "/assessments/2", "/?lang=en"):
            page.goto(address + place)
            assert fits(page), place
        assert page.get_by_role("link", name="Subjects").is_visible()
        browser.close()
    assert complaints == []
