"""Open one page in the browser and return its markup after scripts ran, under the same guard as a visit."""

from __future__ import annotations

import asyncio
import time
from typing import Any, NamedTuple

from scanner import __version__
from scanner.collect.site.address import AddressGuard
from scanner.collect.site.browser import OWN_HOSTS, running
from scanner.collect.site.chromium import BrowserMissingError
from scanner.collect.site.devtools import DevToolsError
from scanner.collect.site.proxy import GuardProxy
from scanner.collect.site.record import Recorder
from scanner.collect.site.tab import Tab
from scanner.context import SiteOptions

SECONDS = 20.0
LINGER = 1.0


class Rendered(NamedTuple):
    """The page's markup after scripts ran, and what ``measure`` returned there (None when it could not be run)."""

    html: str
    measured: Any


def render(url: str, options: SiteOptions, measure: str) -> Rendered | None:
    """Return the page at ``url`` as the browser shows it, None when there is no browser or the page gives nothing.

    ``measure`` is a JavaScript function without arguments whose result is JSON.
    """
    guard = AddressGuard(allow_private=options.allow_private, hosts=options.hosts)
    try:
        return asyncio.run(_render(url, options, guard, measure))
    except BrowserMissingError:
        return None


async def _render(url: str, options: SiteOptions, guard: AddressGuard, measure: str) -> Rendered | None:
    recorder = Recorder()
    proxy = GuardProxy(guard, options.max_bytes, OWN_HOSTS, recorder.hosts.__contains__)
    await proxy.start()
    try:
        async with running(proxy.port, f"Guijian/{__version__}") as session:
            tab = await Tab.open(await session.context(), recorder, session.channel)
            visit = await tab.visit(url, "before", linger=LINGER, until=time.monotonic() + SECONDS)
            if tab.dead or not visit.html:
                return None
            measured = await tab.evaluate(tab.log.main_frame, measure, None)
            return Rendered(visit.html, measured)
    except DevToolsError:
        return None
    finally:
        await proxy.close()
