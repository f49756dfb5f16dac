"""The visit in the browser: before any choice, after accepting, after refusing, each in a context of its own."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scanner.collect.site import consent, evidence
from scanner.collect.site.browser import Context, Session
from scanner.collect.site.devtools import DevToolsError
from scanner.collect.site.gather import Jar
from scanner.collect.site.record import WARM_UP, Recorder
from scanner.collect.site.tab import POLL, Tab, Visit
from scanner.collect.site.typed import type_marker

TABS = 2
START_LINGER = 2.0
WARM_LINGER = 0.6
AFTER_CHOICE = 0.8
CHOICE_PAGES = 4

Discover = Callable[[str, str], Sequence[str]]


@dataclass
class Shots:
    """Evidence files of one page in one phase, by what they show."""

    page: str
    phase: str
    names: list[str] = field(default_factory=list)
    dom: str = ""


@dataclass
class Outcome:
    """Everything the phases brought home."""

    visits: list[Visit] = field(default_factory=list)
    jars: list[Jar] = field(default_factory=list)
    layers: list[tuple[consent.Found, str]] = field(default_factory=list)
    shots: list[Shots] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    accepted: bool = False
    refused: bool = False
    acceptable: bool = False
    refusable: bool = False
    refusal: consent.Refusal | None = None
    unread: list[str] = field(default_factory=list)
    out_of_time: bool = False
    waiting: int = 0  # pages whose turn did not come


class Visitor:
    """Visits one site in a running browser; ``until`` is when it has to be done (monotonic seconds)."""

    def __init__(
        self,
        session: Session,
        recorder: Recorder,
        sink: evidence.Sink | None,
        discover: Discover,
        *,
        max_pages: int,
        until: float,
        typing: bool,
    ) -> None:
        self.session = session
        self.recorder = recorder
        self.sink = sink
        self.discover = discover
        self.max_pages = max_pages
        self.until = until
        self.typing = typing
        self.outcome = Outcome()
        self._turn: dict[str, int] = {}  # when each page's turn came; two tabs may finish in another order

    async def run(self, start: str, pages: Sequence[str]) -> Outcome:
        """Visit the pages before a choice, then accept and refuse on the first page that offers it."""
        await self._before(start, pages)
        layer = next((f for f, _ in self.outcome.layers if f.first("accept")), None) or next(
            (f for f, _ in self.outcome.layers), None
        )
        if layer is not None:
            others = [v.url for v in self.outcome.visits if v.url != layer.page and not v.problem]
            again = [layer.page, *others[:CHOICE_PAGES]]
            refusable = self.outcome.refusable = any(
                layer.first(role) for role in ("reject", "settings", "save")
            )
            acceptable = self.outcome.acceptable = layer.first("accept") is not None
            choices = [("accept", acceptable), ("reject", refusable)]
            made = await asyncio.gather(*(self._choose(p, layer, again, possible=ok) for p, ok in choices))
            # What failed once for want of time on a busy machine gets a second chance, alone.
            for number, (phase, possible) in enumerate(choices):
                if possible and not made[number]:
                    made[number] = await self._choose(phase, layer, again, possible=True)
            self.outcome.accepted, self.outcome.refused = made
        return self.outcome

    # --- before any choice ----------------------------------------------------------------------------------

    async def _before(self, start: str, pages: Sequence[str]) -> None:
        context = await self.session.context()
        seen = {start}
        queue: deque[str] = deque()

        def enqueue(urls: Sequence[str]) -> None:
            for url in urls:
                if url not in seen:
                    seen.add(url)
                    queue.append(url)

        enqueue(pages)
        self._turn[start] = 0
        tab: Tab | None = await self._open(context)
        opening: asyncio.Task[Sequence[str]] | None = None
        if tab is not None:
            opening = asyncio.create_task(self._page(tab, start, linger=START_LINGER, first=True))
            # The start page alone is the visitor's first; while it is watched longer than others, they may follow.
            while not (opening.done() or tab.dead or tab.log.loaded):
                await asyncio.wait((opening,), timeout=POLL)
        idle = asyncio.Condition()
        busy = 0

        async def work(tab: Tab | None, opening: asyncio.Task[Sequence[str]] | None = None) -> None:
            nonlocal busy
            if opening is not None:
                busy += 1
                try:
                    enqueue(await opening)
                finally:
                    async with idle:
                        busy -= 1
                        idle.notify_all()
            while time.monotonic() < self.until:
                async with idle:
                    while not queue and busy:
                        await idle.wait()
                    if not queue or len(self._turn) >= self.max_pages:
                        break
                    url = queue.popleft()
                    self._turn[url] = len(self._turn)
                    busy += 1
                try:
                    if tab is None or tab.dead:
                        if tab is not None:
                            await tab.close()
                        tab = await self._open(context)
                    if tab is not None:
                        enqueue(await self._page(tab, url))
                finally:
                    async with idle:
                        busy -= 1
                        idle.notify_all()
            if tab is not None:
                await tab.close()

        await asyncio.gather(work(tab, opening), *(work(None) for _ in range(TABS - 1)))
        self.outcome.visits.sort(key=lambda visit: self._turn[visit.url])
        self.outcome.layers.sort(key=lambda entry: self._turn[entry[0].page])
        self.outcome.waiting = len(queue)
        self.outcome.out_of_time = time.monotonic() >= self.until
        await self._end(context, "before")

    async def _page(self, tab: Tab, url: str, *, linger: float = 0.0, first: bool = False) -> Sequence[str]:
        visit = await tab.visit(url, "before", linger=linger, until=self.until, scroll=True)
        self.outcome.visits.append(visit)
        if tab.dead:
            return ()
        layers = await consent.find(tab, url) if visit.html else []
        if layers is None:
            self.outcome.unread.append(url)
        await self._keep(tab, visit, layers or [], whole=first)
        if self.sink is not None and not tab.dead:
            await tab.hash_bodies(self.outcome.hashes)
        if self.typing and visit.html:
            await type_marker(tab, url, self.recorder)
        await tab.leave()
        # The page that says there is no such page is not what its address promises.
        if not visit.html or (visit.status or 0) >= 400:
            return ()
        return self.discover(visit.final_url or url, visit.html)

    async def _keep(self, tab: Tab, visit: Visit, layers: list[consent.Found], *, whole: bool) -> None:
        """Keep pictures and DOM of a page, and the consent layers not met on an earlier page."""
        shots = Shots(visit.url, visit.phase)
        number = 1 + (self._turn[visit.url] if visit.phase == "before" else len(self.outcome.shots))
        if self.sink is not None and visit.html:
            name = evidence.file_name(number, visit.url, visit.phase or "warm-up", "html")
            shots.dom = self.sink.write(f"dom/{name}", visit.html.encode("utf-8", "replace"))
            await self._shoot(tab, shots, number, "page", whole=whole)
            if visit.form_box:
                await self._shoot(tab, shots, number, "form", clip=visit.form_box)
        known = {_signature(f): place for place, (f, _) in enumerate(self.outcome.layers)}
        for layer in layers:
            place = known.setdefault(_signature(layer), len(self.outcome.layers))
            # The start page may be done after others: a layer it shows is named there all the same.
            if place < len(self.outcome.layers) and not whole:
                continue
            picture = ""
            if self.sink is not None:
                picture = await self._shoot(
                    tab, shots, number, "banner", clip=layer.box if layer.main else None
                )
            self.outcome.layers[place : place + 1] = [(layer, picture)]
        self.outcome.shots.append(shots)

    async def _shoot(
        self,
        tab: Tab,
        shots: Shots,
        number: int,
        what: str,
        *,
        clip: list[float] | None = None,
        whole: bool = False,
    ) -> str:
        data = await tab.screenshot(clip, whole=whole)
        if not data or self.sink is None:
            return ""
        label = f"{shots.phase or 'warm-up'}-{what}"
        name = self.sink.write(f"screens/{evidence.file_name(number, shots.page, label, 'png')}", data)
        shots.names.append(name)
        return name

    # --- after a choice -------------------------------------------------------------------------------------

    async def _choose(
        self, phase: str, layer: consent.Found, pages: Sequence[str], *, possible: bool
    ) -> bool:
        """Make the choice in a fresh context, then visit ``pages``; False when the choice could not be made."""
        if not possible:
            return False
        if time.monotonic() >= self.until:
            self.outcome.out_of_time = True
            return False
        context = await self.session.context()
        tab = await self._open(context)
        if tab is None:
            return False
        first = await tab.visit(layer.page, WARM_UP, linger=WARM_LINGER, until=self.until)
        made = False
        if not first.problem:
            layers = await consent.find(tab, layer.page) or []
            same = next((f for f in layers if f.first("accept")), layers[0] if layers else None)
            if same is not None:
                made = await self._click(tab, phase, same)
        if made:
            await tab.settle(0.35, at_least=AFTER_CHOICE, end=min(self.until, time.monotonic() + 6))
            if self.sink is not None:
                await tab.hash_bodies(self.outcome.hashes)
            await self._after(tab, phase, pages)
            await tab.close()
            await self._end(context, phase)
        else:
            await self._discard(context)
        return made

    async def _click(self, tab: Tab, phase: str, layer: consent.Found) -> bool:
        # From the click on, what the page does is filed under the choice.
        tab.log.phase = phase
        if phase == "accept":
            button = layer.first("accept")
            return button is not None and await consent.click(tab, layer, button.index)
        self.outcome.refusal = await consent.refuse(tab, layer.page, layer)
        return self.outcome.refusal.clicks is not None

    async def _after(self, tab: Tab, phase: str, pages: Sequence[str]) -> None:
        for number, url in enumerate(pages):
            if time.monotonic() >= self.until or tab.dead:
                self.outcome.out_of_time = not tab.dead
                return
            visit = await tab.visit(url, phase, linger=AFTER_CHOICE if number == 0 else 0.0, until=self.until)
            self.outcome.visits.append(visit)
            if number == 0 and not tab.dead:
                await self._keep(tab, visit, [], whole=False)
            if self.sink is not None and not tab.dead:
                await tab.hash_bodies(self.outcome.hashes)
            await tab.leave()

    # --- contexts -------------------------------------------------------------------------------------------

    async def _open(self, context: Context) -> Tab | None:
        try:
            async with asyncio.timeout(10):
                return await Tab.open(context, self.recorder, self.session.channel)
        except (DevToolsError, TimeoutError):
            return None

    async def _end(self, context: Context, phase: str) -> None:
        try:
            async with asyncio.timeout(5):
                cookies = await context.cookies()
            self.outcome.jars.append(Jar(phase, cookies))
        except (DevToolsError, TimeoutError):
            self.outcome.out_of_time = True
        await self._discard(context)

    async def _discard(self, context: Context) -> None:
        try:
            async with asyncio.timeout(5):
                await context.close()
        except (DevToolsError, TimeoutError):
            return


def _signature(layer: consent.Found) -> tuple[str, ...]:
    return (layer.text[:60], *sorted({c.label for c in layer.choices if c.role != "other"}))
