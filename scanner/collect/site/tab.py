"""One browser tab: opens a page, waits until it is quiet, and reads it from an isolated world, within a deadline."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from scanner.collect.site.browser import Context
from scanner.collect.site.devtools import Channel, DevToolsError
from scanner.collect.site.pagescripts import LEAVE_SCRIPT, PAGE_SCRIPT, SCROLL_SCRIPT
from scanner.collect.site.record import NetworkLog, RawRequest, Recorder

QUIET = 0.35
LULL = 0.12
POLL = 0.04
STEP = 3.0
ANSWER = 8.0
PAGE_SECONDS = 15.0
MAX_HTML = 8_000_000
MAX_NODES = 150_000
MAX_FRAMES = 15
MAX_DIALOGS = 20
MAX_JOBS = 500
ABORTED = "ERR_ABORTED"
KEY_SECONDS = 0.015
RELEASE_SECONDS = 1.0
MAX_SHOT_HEIGHT = 4_000
# The browser keeps bodies until they are hashed, no more than this (bytes).
NETWORK = {"maxPostDataSize": 65_536, "maxTotalBufferSize": 32 << 20, "maxResourceBufferSize": 8 << 20}
HASHED = ("document", "script", "stylesheet")
MAX_HASHED = 5 << 20
MAX_SCREENS = 12


@dataclass
class Visit:
    """What a page looked like once it was quiet; ``problem`` is a code when it could not be read completely."""

    url: str
    phase: str
    final_url: str = ""
    status: int | None = None
    title: str = ""
    language: str = ""
    html: str = ""
    problem: str = ""
    detail: str = ""
    milliseconds: int = 0
    frames: list[dict[str, Any]] = field(default_factory=list)
    form_box: list[float] | None = None
    text_size: int = 0
    redirects: tuple[str, ...] = ()
    content_type: str = ""


class Tab:
    """A tab with its DevTools session.  Every wait has an end; a page that hangs is crashed, the tab is then dead."""

    def __init__(
        self, context: Context, target: str, cdp: Channel, log: NetworkLog, recorder: Recorder, channel: str
    ) -> None:
        self.context = context
        self.target = target
        self.cdp = cdp
        self.log = log
        self.recorder = recorder
        self.channel = channel
        self.dead = ""
        self.shown_dialogs = 0
        self.worlds: dict[str, int] = {}
        self.workers: dict[str, Channel] = {}
        self.jobs: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, context: Context, recorder: Recorder, channel: str) -> Tab:
        """Open a tab in ``context`` and attach the recorder to it."""
        target, cdp = await context.page()
        log = NetworkLog(recorder)
        tab = cls(context, target, cdp, log, recorder, channel)
        handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            **log.handlers(),
            "Page.frameNavigated": log.navigated,
            "Page.loadEventFired": log.load,
            "Page.javascriptDialogOpening": tab._dialog,
            "Runtime.bindingCalled": tab._told,
            "Inspector.targetCrashed": tab._crashed,
            "Target.attachedToTarget": tab._worker,
            "Target.detachedFromTarget": tab._worker_ended,
        }
        for name, handler in handlers.items():
            cdp.on(name, handler)
        commands: tuple[tuple[str, dict[str, Any]], ...] = (
            ("Network.enable", NETWORK),
            ("Page.enable", {}),
            ("Inspector.enable", {}),
            ("Runtime.enable", {}),
            ("Runtime.addBinding", {"name": channel}),
            ("Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}),
            ("Page.getFrameTree", {}),
        )
        answers = await asyncio.gather(*(cdp.send(name, options) for name, options in commands))
        log.main_frame = answers[-1]["frameTree"]["frame"]["id"]
        return tab

    def _later(self, job: Coroutine[Any, Any, None]) -> None:
        if len(self.jobs) >= MAX_JOBS:
            job.close()
            return
        task = asyncio.get_running_loop().create_task(job)
        self.jobs.add(task)
        task.add_done_callback(self.jobs.discard)

    def _told(self, event: dict[str, Any]) -> None:
        if event["name"] == self.channel:
            self.recorder.note(self.log.phase, self.log.page, event["payload"], self.log.pages)

    def _crashed(self, _event: dict[str, Any]) -> None:
        self.dead = self.dead or "page-crashed"
        self.cdp.close("the page crashed")

    # --- workers: their requests count as the page's ----------------------------------------------------------

    def _worker(self, event: dict[str, Any]) -> None:
        number = str(event["sessionId"])
        worker = self.workers[number] = Channel(self.cdp.wire, number)
        for name, handler in self.log.handlers().items():
            worker.on(name, handler)
        self._later(self._started(worker))

    async def _started(self, worker: Channel) -> None:
        with contextlib.suppress(DevToolsError):
            await worker.send("Network.enable", NETWORK)
        with contextlib.suppress(DevToolsError):
            await worker.send("Runtime.runIfWaitingForDebugger")

    def _worker_ended(self, event: dict[str, Any]) -> None:
        worker = self.workers.pop(str(event["sessionId"]), None)
        if worker is not None:
            worker.close("the worker ended")

    # --- dialogs and ends -------------------------------------------------------------------------------------

    def _dialog(self, event: dict[str, Any]) -> None:
        self.recorder.dialogs[self.log.page] += 1
        self.shown_dialogs += 1
        if self.shown_dialogs > MAX_DIALOGS:
            self._later(self.crash("page-dialogs"))
        else:
            self._later(self._answer(yes=event["type"] == "beforeunload"))

    async def _answer(self, *, yes: bool) -> None:
        with contextlib.suppress(DevToolsError):
            await self.cdp.send("Page.handleJavaScriptDialog", {"accept": yes})

    async def crash(self, code: str) -> None:
        """End a page that does not answer by ending its process."""
        self.dead = self.dead or code
        try:
            async with asyncio.timeout(STEP):
                await self.cdp.send("Page.crash")
        except (DevToolsError, TimeoutError):
            return

    async def close(self) -> None:
        """Close the tab; what the page sends on leaving is still recorded."""
        try:
            async with asyncio.timeout(STEP):
                await self.context.leave(self.target)
        except (DevToolsError, TimeoutError):
            return

    async def leave(self) -> None:
        """Let the page do what it does when a visitor leaves; it must not be read afterwards."""
        if self.dead or not self.log.loaded:
            return
        try:
            async with asyncio.timeout(STEP):
                await self.cdp.send("Runtime.evaluate", {"expression": LEAVE_SCRIPT, "timeout": 1000})
                await asyncio.sleep(POLL)
        except (TimeoutError, DevToolsError):
            return

    async def visit(
        self, url: str, phase: str, *, linger: float = 0.0, until: float, scroll: bool = False
    ) -> Visit:
        """Open ``url`` and wait until it has loaded and been quiet, at least ``linger`` and until ``until``.

        With ``scroll`` the page is scrolled through once, :data:`MAX_SCREENS` at most, before it is read.
        """
        started = time.monotonic()
        end = min(started + PAGE_SECONDS, until)
        self.log.begin(url, phase)
        self.shown_dialogs = 0
        self.worlds.clear()
        visit = Visit(url=url, phase=phase)
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + max(0.5, end - started)):
                await self._go(url)
        except TimeoutError:
            visit.problem, visit.detail = "page-timeout", "no answer"
        except DevToolsError as error:
            visit.problem, visit.detail = "page-unreachable", str(error)[:200]
        if not visit.problem:
            # Scrolling falls into the time the page is watched anyway.
            if scroll and await self.settle(LULL, at_least=linger, end=end) and end - time.monotonic() > STEP:
                await self.evaluate(self.log.main_frame, SCROLL_SCRIPT, MAX_SCREENS)
            await self.settle(QUIET, at_least=0.0 if scroll else linger, end=end)
            await self._read(visit, end)
        visit.milliseconds = round((time.monotonic() - started) * 1000)
        return visit

    async def _go(self, url: str) -> None:
        """Navigate to ``url``; once more when the page before, which may reload itself, interrupted it."""
        if "#" in url:
            # Another fragment of the same document would load nothing, and there would be no end to wait for.
            await self._navigate("about:blank")
            self.log.begin(self.log.page, self.log.phase)
        try:
            await self._navigate(url)
        except DevToolsError as error:
            if self.dead or ABORTED not in str(error):
                raise
            await self._navigate(url)

    async def _navigate(self, url: str) -> None:
        """Return when the browser shows the new document; raises :class:`DevToolsError` when there is none."""
        answer = await self.cdp.send("Page.navigate", {"url": url})
        problem, loader = str(answer.get("errorText", "")), str(answer.get("loaderId", ""))
        # The answer comes a little before the document (or the browser's own error page); a command to leave again in
        # between would be lost.
        if loader and ABORTED not in problem:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STEP):
                    await self.log.arrived(loader)
        if problem:
            raise DevToolsError(problem)

    # --- what a visitor's hands do ----------------------------------------------------------------------------

    async def click(self, x: float, y: float) -> None:
        """Move the mouse there (pixels in the window) and click."""
        where = {"x": x, "y": y}
        press = {**where, "button": "left", "clickCount": 1}
        await self.cdp.send("Input.dispatchMouseEvent", {"type": "mouseMoved", **where})
        await self.cdp.send("Input.dispatchMouseEvent", {"type": "mousePressed", "buttons": 1, **press})
        # When the click opens a window, the answer is lost with it; the click was made all the same.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS):
                await self.cdp.send(
                    "Input.dispatchMouseEvent", {"type": "mouseReleased", "buttons": 0, **press}
                )

    async def type(self, text: str) -> None:
        """Type letters and digits key by key, then leave the field with the tabulator."""
        for letter in text:
            code = f"Digit{letter}" if letter.isdigit() else f"Key{letter.upper()}"
            key = {"key": letter, "code": code, "windowsVirtualKeyCode": ord(letter.upper())}
            await self._key({**key, "text": letter})
            await asyncio.sleep(KEY_SECONDS)
        await self._key({"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9})

    async def _key(self, key: dict[str, Any]) -> None:
        await self.cdp.send(
            "Input.dispatchKeyEvent", {"type": "keyDown" if "text" in key else "rawKeyDown", **key}
        )
        await self.cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **key, "text": ""})

    async def settle(self, quiet: float, *, at_least: float = 0.0, end: float) -> bool:
        """Wait until nothing has happened for ``quiet`` seconds; False when ``end`` (monotonic) came first."""
        started = time.monotonic()
        while (now := time.monotonic()) < end and not self.dead:
            left = max(quiet - self.log.quiet_for(), started + at_least - now)
            if left <= 0:
                return True
            await asyncio.sleep(min(left, end - now, POLL if self.log.busy else STEP))
        return False

    async def _read(self, visit: Visit, end: float) -> None:
        main = self.log.main
        if main is not None:
            visit.status = main.status
            visit.content_type = main.response_headers.get("content-type", "")
        if not self.dead and not self.log.loaded and time.monotonic() >= end:
            visit.problem, visit.detail = "page-timeout", "still loading"
        try:
            async with asyncio.timeout(ANSWER * 2):
                await self._snapshot(visit)
        except (TimeoutError, DevToolsError):
            if not self.dead:
                await self.crash("page-hung")
        if self.dead:
            visit.problem = self.dead

    async def _snapshot(self, visit: Visit) -> None:
        tree = (await self.cdp.send("Page.getFrameTree"))["frameTree"]
        visit.final_url = tree["frame"]["url"] + tree["frame"].get("urlFragment", "")
        if not visit.final_url.startswith(("http:", "https:")):
            # The page led to what may not be opened; the browser shows its own error page.
            visit.problem, visit.detail, visit.final_url = "page-unreachable", visit.final_url, visit.url
            return
        options = {"channel": self.channel, "top": True, "maxHtml": MAX_HTML, "maxNodes": MAX_NODES}
        found = await self.evaluate(tree["frame"]["id"], PAGE_SCRIPT, options)
        if not isinstance(found, dict):
            visit.problem = self.dead or "page-unread"
            return
        visit.html = str(found.get("html", ""))
        visit.title = str(found.get("title", ""))
        visit.language = str(found.get("language", ""))
        visit.text_size = int(found.get("text") or 0)
        visit.form_box = found.get("form")
        if found.get("cut"):
            visit.problem, visit.detail = "dom-too-large", str(found.get("nodes"))
        visit.frames = [found]
        for frame in list(frames_below(tree))[:MAX_FRAMES]:
            if str(frame["url"]).startswith(("http:", "https:")):
                inner = await self.evaluate(frame["id"], PAGE_SCRIPT, {**options, "top": False})
                if isinstance(inner, dict):
                    visit.frames.append(inner)

    async def frame_ids(self) -> list[str]:
        """Return the ids of the tab's frames, the main frame first."""
        async with asyncio.timeout(STEP):
            tree = (await self.cdp.send("Page.getFrameTree"))["frameTree"]
        return [tree["frame"]["id"], *(f["id"] for f in list(frames_below(tree))[:MAX_FRAMES])]

    async def evaluate(self, frame: str, function: str, argument: Any) -> Any:
        """Return what ``function`` gives for ``argument`` in the frame's isolated world; None when it failed.

        A page whose own script keeps the frame busy for longer than :data:`ANSWER` seconds is crashed.
        """
        try:
            async with asyncio.timeout(ANSWER):
                return await self._evaluate(frame, function, argument)
        except DevToolsError:
            self.worlds.pop(frame, None)
        except TimeoutError:
            await self.crash("page-hung")
        return None

    async def _evaluate(self, frame: str, function: str, argument: Any) -> Any:
        world = self.worlds.get(frame)
        if world is None:
            answer = await self.cdp.send("Page.createIsolatedWorld", {"frameId": frame})
            world = self.worlds[frame] = answer["executionContextId"]
        answer = await self.cdp.send(
            "Runtime.evaluate",
            {
                "contextId": world,
                "expression": f"({function})({json.dumps(argument)})",
                "returnByValue": True,
                "awaitPromise": True,
            },
        )
        return answer["result"].get("value")

    async def screenshot(self, clip: list[float] | None = None, *, whole: bool = False) -> bytes:
        """Return a PNG of the window, of ``clip`` (x, y, width, height in page pixels) or of the page's upper part."""
        options: dict[str, Any] = {"format": "png", "optimizeForSpeed": True}
        try:
            async with asyncio.timeout(STEP * 2):
                if whole:
                    size = (await self.cdp.send("Page.getLayoutMetrics"))["cssContentSize"]
                    clip = [0, 0, min(size["width"], 2000), min(size["height"], MAX_SHOT_HEIGHT)]
                if clip is not None:
                    x, y, width, height = (max(0.0, float(value)) for value in clip)
                    box = {"x": x, "y": y, "width": min(width, 2000), "height": min(height, MAX_SHOT_HEIGHT)}
                    options |= {"clip": {**box, "scale": 1}, "captureBeyondViewport": True}
                answer = await self.cdp.send("Page.captureScreenshot", options)
        except (TimeoutError, DevToolsError):
            return b""
        return base64.b64decode(answer["data"])

    async def hash_bodies(self, known: dict[str, str]) -> None:
        """Note the sha256 of documents, scripts and style sheets of the page; ``known`` maps URLs already hashed."""
        wanted: list[RawRequest] = []
        for raw in self.log.by_id.values():
            if raw.type in HASHED and raw.finished and not raw.failed and not raw.body_sha256:
                if raw.url in known and raw.type != "document":
                    raw.body_sha256 = known[raw.url]
                elif raw.size <= MAX_HASHED:
                    wanted.append(raw)
        for raw in wanted:
            try:
                async with asyncio.timeout(STEP):
                    answer = await self.cdp.send("Network.getResponseBody", {"requestId": raw.id})
            except (TimeoutError, DevToolsError):
                continue
            body = answer["body"]
            data = base64.b64decode(body) if answer.get("base64Encoded") else body.encode("utf-8", "replace")
            raw.body_sha256 = known[raw.url] = hashlib.sha256(data).hexdigest()


def frames_below(tree: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the frames below the top of a frame tree (Page.FrameTree), nearest first."""
    found: list[dict[str, Any]] = []
    level = list(tree.get("childFrames", ()))
    while level and len(found) < 200:
        found.extend(child["frame"] for child in level)
        level = [grandchild for child in level for grandchild in child.get("childFrames", ())]
    return found
