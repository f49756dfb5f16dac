"""The browser of one visit: started, watched and stopped whatever a page does, with a fresh context for each phase.

A fresh profile in a temporary folder; how the browser is fenced in stands in :mod:`chromium`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from scanner.collect.site.chromium import launch, missing
from scanner.collect.site.devtools import Channel, DevToolsError, Process

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
WATCH_SECONDS = 1.0
POLL = 0.02
MAX_RENDERER = 1_500 << 20
WIDTH, HEIGHT = 1366, 768
LANGUAGE, LANGUAGES, TIME_ZONE = "zh-CN", "zh-CN,zh", "Asia/Shanghai"


@dataclass
class Session:
    """A running browser; ``channel`` is the secret name of the injected script's one-way channel."""

    process: Process
    channel: str
    user_agent: str
    version: str
    script: str
    killed_renderers: int = 0
    popups: int = 0
    targets: dict[str, str] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    jobs: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def root(self) -> Channel:
        """The channel to the browser itself."""
        return self.process.root

    async def context(self) -> Context:
        """Return a fresh context: empty cookies and storage, every permission refused, no downloads."""
        answer = await self.root.send("Target.createBrowserContext", {"disposeOnDetach": True})
        number = str(answer["browserContextId"])
        for method, options in (
            ("Browser.grantPermissions", {"permissions": []}),
            ("Browser.setDownloadBehavior", {"behavior": "deny"}),
        ):
            await self.root.send(method, {**options, "browserContextId": number})
        return Context(self, number)

    async def watch(self) -> None:
        """Kill renderers that take too much memory, until cancelled; their pages then report a crash."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with contextlib.suppress(DevToolsError):
                answer = await self.root.send("SystemInfo.getProcessInfo")
                for process in answer["processInfo"]:
                    if process["type"] == "renderer" and _resident(process["id"]) > MAX_RENDERER:
                        self.killed_renderers += 1
                        _kill(process["id"])

    def attached(self, event: dict[str, Any]) -> None:
        """Target.attachedToTarget: a tab of ours, a window some page opened (still halted), or a worker."""
        target, session = event["targetInfo"], str(event["sessionId"])
        job = self._judge(target["targetId"], session, page=target["type"] == "page")
        self.targets[target["targetId"]] = session
        task = asyncio.get_running_loop().create_task(job)
        self.jobs.add(task)
        task.add_done_callback(self.jobs.discard)

    async def _judge(self, target: str, session: str, *, page: bool) -> None:
        with contextlib.suppress(DevToolsError):
            if not page:
                await self.process.wire.send(session, "Runtime.runIfWaitingForDebugger", None)
                return
            async with self.opening:  # until the browser has told us the name of the tab we are opening
                foreign = target not in self.ours
            if foreign:
                self.popups += 1
                await self.root.send("Target.closeTarget", {"targetId": target})

    def detached(self, event: dict[str, Any]) -> None:
        """Target.detachedFromTarget: nobody answers there any more."""
        self.process.wire.fail("the tab is gone", str(event["sessionId"]))
        self.targets.pop(str(event.get("targetId", "")), None)


@dataclass
class Context:
    """Tabs that share cookies and storage with each other and nothing else."""

    session: Session
    number: str

    async def page(self) -> tuple[str, Channel]:
        """Open an empty tab and return its target's id and the channel to it, dressed as an ordinary visitor's."""
        session = self.session
        async with session.opening:
            # A window of its own: the picture of a tab behind another takes ten times as long.
            options = {"url": "about:blank", "browserContextId": self.number, "newWindow": True}
            target = str((await session.root.send("Target.createTarget", options))["targetId"])
            session.ours.add(target)
        number = session.targets.get(target)
        if number is None:
            raise DevToolsError("the tab did not open")
        channel = Channel(session.process.wire, number)
        agent = {
            "userAgent": session.user_agent,
            "acceptLanguage": LANGUAGES,
            "userAgentMetadata": _metadata(session.user_agent),
        }
        size = {"width": WIDTH, "height": HEIGHT, "screenWidth": WIDTH, "screenHeight": HEIGHT}
        commands: tuple[tuple[str, dict[str, Any]], ...] = (
            ("Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": 1, "mobile": False}),
            ("Emulation.setUserAgentOverride", agent),
            ("Emulation.setLocaleOverride", {"locale": LANGUAGE}),
            ("Emulation.setTimezoneOverride", {"timezoneId": TIME_ZONE}),
            ("Emulation.setFocusEmulationEnabled", {"enabled": True}),
            ("Security.setIgnoreCertificateErrors", {"ignore": True}),
            ("Page.addScriptToEvaluateOnNewDocument", {"source": session.script}),
            ("Runtime.runIfWaitingForDebugger", {}),
        )
        await asyncio.gather(*(channel.send(name, options) for name, options in commands))
        return target, channel

    async def leave(self, target: str) -> None:
        """Close a tab and wait until it is gone; what it sends on leaving is still heard."""
        await self.session.root.send("Target.closeTarget", {"targetId": target})
        while target in self.session.targets:
            await asyncio.sleep(POLL)

    async def cookies(self) -> list[dict[str, Any]]:
        """Return the cookies of all sites (Network.Cookie of the protocol; ``expires`` in seconds, -1 for none)."""
        answer = await self.session.root.send("Storage.getCookies", {"browserContextId": self.number})
        return [dict(cookie) for cookie in answer["cookies"]]

    async def close(self) -> None:
        """Close the context's tabs and forget what they kept."""
        await self.session.root.send("Target.disposeBrowserContext", {"browserContextId": self.number})


@contextlib.asynccontextmanager
async def running(proxy_port: int, product: str) -> AsyncIterator[Session]:
    """Start Chromium behind the proxy on ``proxy_port``; ``product`` is appended to its user agent.

    Raises :class:`BrowserMissingError`.  On leaving, the browser is asked to close and killed if it does not.
    """
    with _profile() as profile:
        process = await launch(profile, proxy_port)
        try:
            session = await _greet(process, product)
            watcher = asyncio.get_running_loop().create_task(session.watch())
            try:
                yield session
            finally:
                watcher.cancel()
        finally:
            await process.stop()


async def _greet(process: Process, product: str) -> Session:
    """Wait until the browser answers and return its session; raises :class:`BrowserMissingError`."""
    try:
        async with asyncio.timeout(LAUNCH_SECONDS):
            version = await process.root.send("Browser.getVersion")
    except (DevToolsError, TimeoutError) as error:
        raise missing(process.said() or str(error)) from error
    channel = "_" + secrets.token_hex(12)
    source = (files("scanner.collect.site") / "inject.js").read_text("utf-8")
    session = Session(
        process=process,
        channel=channel,
        user_agent=f"{version['userAgent'].replace('Headless', '')} {product}",
        version=version["product"].replace("Headless", "").replace("/", " "),
        script=source.replace("%CHANNEL%", channel),
    )
    process.root.on("Target.attachedToTarget", session.attached)
    process.root.on("Target.detachedFromTarget", session.detached)
    halted = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
    await process.root.send("Target.setAutoAttach", halted)
    return session


@contextlib.contextmanager
def _profile() -> Iterator[Path]:
    """A profile folder for one visit, removed afterwards.

    Its settings are the ordinary visitor's: one language, for workers too, and third-party cookies not blocked, which
    contexts of an empty profile would do (they are private windows), hiding what a site sets.
    """
    with tempfile.TemporaryDirectory(prefix="guijian-", ignore_cleanup_errors=True) as folder:
        settings = Path(folder) / "Default"
        settings.mkdir()
        chosen = {"intl": {"accept_languages": LANGUAGES}, "profile": {"cookie_controls_mode": 0}}
        (settings / "Preferences").write_text(json.dumps(chosen), "utf-8")
        yield Path(folder)


def _metadata(agent: str) -> dict[str, Any]:
    """Return what client hints and ``navigator.userAgentData`` tell, in agreement with the user agent."""
    mac = "Macintosh" in agent
    arm = mac and "Intel" not in agent
    platform = "macOS" if mac else "Linux"
    return {
        "mobile": False,
        "model": "",
        "architecture": "arm" if arm else "x86",
        "platform": platform,
        "platformVersion": "",
    }


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
