"""Pages of websites: HTML to forms, filings, links and exposed data; robots.txt, sitemaps and Set-Cookie lines."""

from __future__ import annotations

from protego import Protego

from scanner.collect.site.fetch import Fetched, Hop
from scanner.collect.site.frontier import Frontier, Target
from scanner.collect.site.headers import cookie_facts
from scanner.collect.site.page import parse
from scanner.collect.site.reading import read_page
from scanner.collect.site.sitemap import read_sitemap
from scanner.collect.site.weburl import parse_url

IN_PLACE = 0.1
URL = "https://www.qinghe.example/a/b.html"
START = parse_url(URL)


def check(data: bytes) -> None:
    """Read ``data`` as a page as served and as a browser's DOM, then as the small files a site offers."""
    served = ("content-type", "text/html")
    for content in (data, data.decode("utf-8", "replace")):
        page = parse(URL, content, "text/html")
        fetched = Fetched(URL, (Hop(URL, 200, (served,)),), data)
        reading = read_page(Target(URL, 1), fetched, page, start=len(data) % 2 == 0)
        for form in reading.forms:
            assert form.evidence and all(field.evidence for field in form.fields)
        frontier = Frontier(START)
        for link in page.links:
            frontier.add(link.url, 1, link_text=link.text, footer=link.footer)
        while target := frontier.pop():
            assert frontier.in_scope(target.url)
    list(read_sitemap(data))
    text = data.decode("latin-1").replace("\n", " ").replace("\r", " ")
    cookie_facts([Fetched(URL, (Hop(URL, 200, (served, ("set-cookie", text))),), b"")])
    Protego.parse(data[:5_000].decode("utf-8", "replace")).can_fetch(URL, "Guijian")
