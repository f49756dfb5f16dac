"""The sites of the browser tests: pages of ``fixtures/sites/browser`` with their third parties, all on loopback.

Pages name third parties by their real hosts (``https://hm.baidu.com/…``); each is served on an address of its own, and
the text of pages and scripts is given the test's port.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from server import Route, Servers, Site

from scanner.collect.site.address import AddressGuard, Allowed, Refused
from scanner.collect.site.observe import Observation, observe_site
from scanner.sitefacts import Page

FOLDER = Path(__file__).resolve().parents[3] / "fixtures" / "sites" / "browser"
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
THIRD = {
    "hm.baidu.com": "127.0.0.3",
    "ad.doubleclick.net": "127.0.0.4",
    "fp.tongdun.net": "127.0.0.5",
    "static.mouseflow.com": "127.0.0.6",
    "log.sensorsdata.cn": "127.0.0.7",
}
HM = """
document.cookie = 'Hm_lvt_0123=' + Date.now() + '; max-age=31536000; path=/';
new Image().src = 'https://hm.baidu.com/hm.gif?ds=' + screen.width + 'x' + screen.height + '&ln=zh-cn&u=' + encodeURIComponent(location.href);
"""


@dataclass
class World:
    """A first party and its third parties; :meth:`observe` visits a page of it."""

    servers: Servers
    site: Site
    third: dict[str, Site] = field(default_factory=dict)

    def url(self, path: str = "/") -> str:
        return self.site.url(path)

    def filled(self, text: str) -> str:
        for host, third in self.third.items():
            text = text.replace(f"https://{host}/", third.url("/"))
        return text

    def page(self, path: str, content: str, kind: str = "text/html; charset=utf-8") -> None:
        self.site.routes[path] = (200, {"Content-Type": kind}, self.filled(content))

    def observe(
        self,
        start: str,
        pages: Sequence[str] = (),
        *,
        seconds: float = 90,
        discover: Callable[[str, str], Sequence[str]] = lambda _url, _dom: (),
        **options: Any,
    ) -> Observation:
        given = self.servers.options(browser=True, **options)
        guard = AddressGuard(allow_private=given.site.allow_private, hosts=self.servers.hosts)
        known = [Page(url=self.url(path), final_url=self.url(path)) for path in pages]
        return observe_site(self.url(start), known, given, guard, discover, time.monotonic() + seconds)

    def observe_guarded(self, start: str, pages: Sequence[str], *, allowed: set[str]) -> Observation:
        """Observe with a guard that lets only ``allowed`` be private."""
        given = self.servers.options(browser=True)
        guard = NamedGuard(hosts=self.servers.hosts, allowed=frozenset(allowed))
        known = [Page(url=self.url(path), final_url=self.url(path)) for path in pages]
        return observe_site(self.url(start), known, given, guard, lambda _u, _d: (), time.monotonic() + 60)


@dataclass
class NamedGuard(AddressGuard):
    """A strict guard for which the tests' own hosts count as public."""

    allowed: frozenset[str] = frozenset()

    def check(self, url: str) -> Allowed | Refused:
        host = urlsplit(url).hostname or ""
        if host in self.allowed:
            return AddressGuard(allow_private=True, hosts=self.hosts).check(url)
        return super().check(url)


def build(servers: Servers) -> World:
    """Serve every page of the folder on ``https://shop.qinghe.example``."""
    world = World(servers, servers.tls("shop.qinghe.example", ip="127.0.0.2"))
    for host, ip in THIRD.items():
        world.third[host] = servers.tls(host, ip=ip)
    for path in sorted(FOLDER.glob("*.html")):
        world.page(f"/{path.stem}", path.read_text("utf-8"))
    world.page("/app.js", (FOLDER / "app.js").read_text("utf-8"), "text/javascript")
    script = {"Content-Type": "text/javascript; charset=utf-8"}
    hm = world.third["hm.baidu.com"]
    account = "HMACCOUNT=A1B2C3D4E5F60718; Max-Age=31536000; Secure; SameSite=None; Path=/"
    routes: dict[str, dict[str, Route]] = {
        "hm.baidu.com": {"/hm.js": (200, {**script, "Set-Cookie": account}, world.filled(HM))},
        "fp.tongdun.net": {"/fp.js": (200, script, (FOLDER / "fp.js").read_bytes())},
        "static.mouseflow.com": {"/record.js": (200, script, (FOLDER / "record.js").read_bytes())},
        "log.sensorsdata.cn": {
            "/keys.js": (200, script, world.filled((FOLDER / "keys.js").read_text("utf-8")))
        },
    }
    for host, known in routes.items():
        world.third[host].routes.update(known)
    image = (200, {"Content-Type": "image/gif"}, GIF)
    hm.routes["/hm.gif"] = image
    world.third["log.sensorsdata.cn"].routes.update({"/collect": image, "/leave": image})
    cookie = {"Set-Cookie": "IDE=AHWqTUk9x81jZq; Max-Age=33696000; Secure; HttpOnly; SameSite=None; Path=/"}
    frame = "<script>localStorage.setItem('frame_id', 'f' + Math.random().toString(36).slice(2) + '9x7y')</script>"
    world.third["ad.doubleclick.net"].routes.update(
        {
            "/pixel": (200, {"Content-Type": "image/gif", **cookie}, GIF),
            "/frame": (200, {"Content-Type": "text/html"}, frame),
        }
    )
    return world
