"""Which browser is used and how it is started: the system's Chromium, fenced in.

No downloads, no popups, no permissions, no extensions, nothing fetched for itself; the sandbox is switched off only for
root, for whom Chromium refuses to start with it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from scanner.collect.site.devtools import Process, start
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
FEATURES_OFF = (
    # Addresses stay as they are: no upgrade to HTTPS behind our back.
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    # Frames of other sites stay in the page's process, so one session sees all their requests and scripts; the profile
    # is empty and holds nothing that another process would have to protect.
    "IsolateOrigins",
    "site-per-process",
    "SpareRendererForSitePerProcess",
    # A third party's storage is what it would be for a visitor who has been on its own site.
    "ThirdPartyStoragePartitioning",
    # Redirects of preflighted requests, windows that wait for a first paint.
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "PaintHolding",
    # Pages of the browser's own address bar, which cost a process of 75 MB though nobody sees it.
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
    # What the browser would fetch, offer or report for itself.
    "AimEnabled",
    "AutofillServerCommunication",
    "CertificateTransparencyComponentUpdater",
    "DestroyProfileOnBrowserClose",
    "DialMediaRouteProvider",
    "InterestFeedContentSuggestions",
    "LensOverlay",
    "MediaRouter",
    "NetworkPrediction",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PreconnectToSearch",
    "Translate",
)
ARGUMENTS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-startup-window",
    f"--disable-features={','.join(FEATURES_OFF)}",
    "--enable-features=CDPScreenshotNewSurface,SkipListAccountsWithoutGaiaCookies",
    "--disable-site-isolation-trials",
    "--disable-blink-features=AutomationControlled",
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
    "--window-size=1366,768",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--mute-audio",
    # Two tabs at once: the one behind runs as if it were in front.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-back-forward-cache",
    "--disable-hang-monitor",
    "--disable-prompt-on-repost",
    "--allow-pre-commit-input",
    # Nothing for itself.
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-field-trial-config",
    "--disable-print-preview",
    "--disable-search-engine-choice-screen",
    "--disable-stack-profiler",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-service-autorun",
    "--password-store=basic",
    "--use-mock-keychain",
    # Everything through the proxy, and little memory.
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--proxy-bypass-list=<-loopback>",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--in-process-gpu",
    "--js-flags=--max-old-space-size=768 --max-semi-space-size=2 --optimize-for-size",
    "--disk-cache-size=67108864",
)


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


async def launch(profile: Path, proxy_port: int) -> Process:
    """Start the browser with an own ``profile`` folder behind the proxy; raises :class:`BrowserMissingError`."""
    path = find_chromium()
    if path is None:
        raise missing()
    if not hasattr(os, "posix_spawn"):
        raise missing("Linux, macOS")
    command = [
        str(path),
        *ARGUMENTS,
        f"--user-data-dir={profile}",
        f"--proxy-server=socks5://127.0.0.1:{proxy_port}",
    ]
    if os.geteuid() == 0:
        command.append("--no-sandbox")
    try:
        return await start(command, os.environ)
    except OSError as error:
        raise missing(error.strerror or "") from error
