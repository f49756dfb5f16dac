"""The system's Chromium, started once per site: found, fenced in, watched, and stopped whatever a page does.

A fresh profile in a temporary folder, everything through the guard's proxy, no downloads, no popups, no permissions.
The sandbox is switched off only for root, for whom Chromium refuses to start with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, CDPSession, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from scanner.errors import CollectError
from scanner.model import Text

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
)
PLACES = (
    "/usr/lib/chromium/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# A later --disable-features replaces an earlier one, so Playwright's own list is repeated here in its first two lines.
FEATURES_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
    "LensOverlay,PaintHolding,AvoidCorsURLLoaderRestartOnRedirect,TcpPortRandomizationWin,AimEnabled,PreconnectToSearch",
    "IsolateOrigins,site-per-process,SpareRendererForSitePerProcess",
    "MediaRouter,DialMediaRouteProvider,OptimizationHints,NetworkTimeServiceQuerying,Translate,NetworkPrediction",
    "AutofillServerCommunication,CertificateTransparencyComponentUpdater,InterestFeedContentSuggestions",
)
# Frames of other sites stay in the page's process, so one DevTools session sees all their requests and scripts; the
# profile is empty and holds nothing that another process would have to protect.
ARGUMENTS = (
    f"--disable-features={','.join(FEATURES_OFF)}",
    "--disable-site-isolation-trials",
    "--disable-blink-features=AutomationControlled",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-quic",
    "--disable-extensions",
    "--disable-print-preview",
    "--no-first-run",
    "--mute-audio",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--js-flags=--max-old-space-size=768 --max-semi-space-size=2 --optimize-for-size",
    "--disk-cache-size=67108864",
)
# Hosts Chromium itself calls; the proxy refuses them unless a page asked for them too.
OWN_HOSTS = frozenset(
    {
        "accounts.google.com",
        "clients1.google.com",
        "clients2.google.com",
        "clients2.googleusercontent.com",
        "clients4.google.com",
        "clientservices.googleapis.com",
        "content-autofill.googleapis.com",
        "edgedl.me.gvt1.com",
        "mtalk.google.com",
        "optimizationguide-pa.googleapis.com",
        "redirector.gvt1.com",
        "safebrowsing.googleapis.com",
        "update.googleapis.com",
        "www.googleapis.com",
    }
)
LAUNCH_SECONDS = 30.0
CLOSE_SECONDS = 5.0
WATCH_SECONDS = 1.0
MAX_RENDERER = 1_500 << 20
VIEWPORT = {"width": 1366, "height": 768}


class BrowserMissingError(CollectError):
    """There is no Chromium, or it does not start; the text says what to do."""


def find_chromium() -> Path | None:
    """Return the executable: ``GUIJIAN_CHROMIUM`` if set, else the first browser known on this system."""
    chosen = os.environ.get("GUIJIAN_CHROMIUM")
    if chosen:
        return Path(chosen) if Path(chosen).is_file() else None
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return Path(found)
    return next((Path(place) for place in PLACES if Path(place).is_file()), None)


def missing(detail: str = "") -> BrowserMissingError:
    """Return the error that says how to install the browser; ``detail`` is what the attempt to start it said."""
    zh = "没有找到 Chromium" if not detail else f"Chromium 无法启动（{detail}）"
    en = "Chromium was not found" if not detail else f"Chromium did not start ({detail})"
    return BrowserMissingError(
        "browser-missing",
        Text(
            zh=f"{zh}，本次只做了静态检查，未观察请求、Cookie、存储和同意弹窗。请安装浏览器后重新检测："
            "Debian/Ubuntu 用 apt install chromium，其他系统安装 Chrome；已装在别处时用环境变量 GUIJIAN_CHROMIUM 指明",
            en=f"{en}: only static checks were made; requests, cookies, storage and consent dialogs were not "
            "observed. Install it and scan again: 'apt install chromium' on Debian/Ubuntu, Chrome elsewhere; "
            "point GUIJIAN_CHROMIUM at it if it lies in another place",
        ),
    )


@dataclass
class Session:
    """A running browser; ``channel`` is the secret name of the injected script's one-way channel."""

    browser: Browser
    control: CDPSession
    channel: str
    user_agent: str
    version: str
    pid: int
    script: str
    killed_renderers: int = 0

    async def context(self) -> BrowserContext:
        """Return a fresh context (empty cookies and storage) with the observing script in every frame."""
        context = await self.browser.new_context(
            viewport={"width": VIEWPORT["width"], "height": VIEWPORT["height"]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            user_agent=self.user_agent,
            accept_downloads=False,
            service_workers="block",
            ignore_https_errors=True,
            permissions=[],
        )
        await context.add_init_script(self.script)
        return context

    async def watch(self) -> None:
        """Kill renderers that take too much memory, until cancelled; their pages then report a crash."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with contextlib.suppress(PlaywrightError):
                answer = await self.control.send("SystemInfo.getProcessInfo")
                for process in answer["processInfo"]:
                    if process["type"] == "renderer" and _resident(process["id"]) > MAX_RENDERER:
                        self.killed_renderers += 1
                        _kill(process["id"])


@contextlib.asynccontextmanager
async def running(proxy_port: int, product: str) -> AsyncIterator[Session]:
    """Start Chromium behind the proxy on ``proxy_port``; ``product`` is appended to its user agent.

    Raises :class:`BrowserMissingError`.  On leaving, the browser is asked to close and killed if it does not.
    """
    path = find_chromium()
    if path is None:
        raise missing()
    async with _profile() as profile, async_playwright() as playwright:
        home = await _launch(playwright, path, profile, proxy_port)
        browser = home.browser
        if browser is None:
            raise missing("Playwright < 1.55")
        control = await browser.new_browser_cdp_session()
        for page in home.pages:  # the first window; visits use contexts of their own
            await page.close()
        version = await control.send("Browser.getVersion")
        processes = (await control.send("SystemInfo.getProcessInfo"))["processInfo"]
        channel = "_" + secrets.token_hex(12)
        source = (files("scanner.collect.site") / "inject.js").read_text("utf-8")
        session = Session(
            browser=browser,
            control=control,
            channel=channel,
            user_agent=f"{version['userAgent'].replace('Headless', '')} {product}",
            version=version["product"].replace("Headless", "").replace("/", " "),
            pid=next(p["id"] for p in processes if p["type"] == "browser"),
            script=source.replace("%CHANNEL%", channel),
        )
        watcher = asyncio.get_running_loop().create_task(session.watch())
        try:
            yield session
        finally:
            watcher.cancel()
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await home.close()
            except (TimeoutError, PlaywrightError):
                _kill(session.pid)


@contextlib.asynccontextmanager
async def _profile() -> AsyncIterator[Path]:
    """A profile folder for one visit, removed afterwards.

    Its only setting is the ordinary visitor's: third-party cookies are not blocked, which contexts of an empty profile
    would do (they are private windows), hiding what a site sets.
    """
    with tempfile.TemporaryDirectory(prefix="guijian-", ignore_cleanup_errors=True) as folder:
        settings = Path(folder) / "Default"
        settings.mkdir()
        (settings / "Preferences").write_text(json.dumps({"profile": {"cookie_controls_mode": 0}}), "utf-8")
        yield Path(folder)


async def _launch(playwright: Playwright, path: Path, profile: Path, proxy_port: int) -> BrowserContext:
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        return await playwright.chromium.launch_persistent_context(
            profile,
            executable_path=str(path),
            headless=True,
            chromium_sandbox=not root,
            args=[
                *ARGUMENTS,
                f"--proxy-server=socks5://127.0.0.1:{proxy_port}",
                "--proxy-bypass-list=<-loopback>",
            ],
            ignore_default_args=["--disable-popup-blocking"],
            timeout=LAUNCH_SECONDS * 1000,
        )
    except PlaywrightError as error:
        raise missing(error.message.splitlines()[0][:200]) from error


def _resident(pid: int) -> int:
    """Return the resident memory of a process in bytes, 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
