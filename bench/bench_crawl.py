"""Static pages per second from a server on loopback: our whole visit against requests with BeautifulSoup on lxml.

The server runs in a process of its own and answers from memory.  Ours fetches through the guard, reads links, forms,
filings, weaknesses, libraries and exposed data of every page and builds the facts; the peer fetches with one
``requests.Session`` per thread, and takes title, text and links from a BeautifulSoup tree, nothing more.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

import requests
from bs4 import BeautifulSoup

from scanner.collect.site import frontier
from scanner.collect.site.collect import collect_site
from scanner.context import CollectOptions, SiteOptions

PAGES = 1_500
THREADS = 8


def page(number: int) -> bytes:
    """Return one page of about 12 kB with 60 links, a search form, a contact form and a filing number."""
    near = "".join(
        f'<li><a href="/n/{(number * 7 + k) % PAGES}.html" title="第{k}篇">第{k}篇 青禾笔记</a></li>'
        for k in range(50)
    )
    text = "".join(
        f"<p>这是第{number}页第{k}段，青禾笔记记录每一天的生活，春天适合播种，秋天适合收获。</p>"
        for k in range(40)
    )
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>第{number}页 - 青禾</title>
<link rel="stylesheet" href="/s.css"><script src="/jquery-3.7.1.min.js"></script></head><body>
<header><form action="/s"><input name="q" placeholder="搜索"><button>搜索</button></form></header>
<main><h1>第{number}页</h1>{text}<ul>{near}</ul>
<form action="/m" method="post"><label>姓名 <input name="name"></label><label>电话 <input name="tel"></label><button>提交留言</button></form>
</main><footer><a href="/privacy.html">隐私政策</a> 版权所有 © 2026 北京青禾科技有限公司
<a href="https://beian.miit.gov.cn/">京ICP备2021012345号-1</a></footer></body></html>""".encode()


def serve(pipe: Connection) -> None:
    """Answer every request for ``/n/N.html`` from memory; anything else is 404."""
    bodies = [page(n) for n in range(PAGES)]

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                while (await reader.readline()).strip():
                    pass
                path = line.split()[1].decode()
                if path == "/":
                    path = "/n/0.html"
                found = path.startswith("/n/")
                body = bodies[int(path[3:-5])] if found else b"<p>404"
                head = f"HTTP/1.1 {200 if found else 404} X\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (ConnectionError, IndexError, ValueError):
            pass
        finally:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(client, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def peer(port: int) -> float:
    """Fetch and parse every page with requests and BeautifulSoup; returns seconds."""

    def work(numbers: range) -> int:
        links = 0
        with requests.Session() as session:
            for number in numbers:
                answer = session.get(f"http://127.0.0.1:{port}/n/{number}.html", timeout=30)
                tree = BeautifulSoup(answer.content, "lxml")
                links += len([a.get("href") for a in tree.find_all("a")])
                assert tree.get_text() and tree.title
        return links

    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        total = sum(pool.map(work, [range(k, PAGES, THREADS) for k in range(THREADS)]))
    assert total > PAGES
    return time.perf_counter() - began


def ours(port: int) -> tuple[float, int]:
    """Visit the site as ``guijian collect --no-browser`` does; returns seconds and pages."""
    frontier.TEMPLATE_QUOTA = PAGES * 2  # the pages are of one form on purpose
    site = SiteOptions(allow_private=True, rate=0, browser=False, max_pages=PAGES, max_depth=50)
    began = time.perf_counter()
    facts = collect_site(f"http://127.0.0.1:{port}/", CollectOptions(site=site))
    elapsed = time.perf_counter() - began
    assert facts.site is not None and facts.site.forms and facts.site.filings
    return elapsed, len(facts.site.pages)


def main() -> int:
    """Print pages per second, CPU time and memory."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    port = here.recv()
    try:
        cpu = time.process_time()
        seconds = peer(port)
        print(
            f"requests + BeautifulSoup(lxml)  {PAGES / seconds:7.0f} pages/s  {time.process_time() - cpu:6.1f} CPU s"
        )
        cpu = time.process_time()
        seconds, pages = ours(port)
        print(
            f"guijian collect --no-browser    {pages / seconds:7.0f} pages/s  {time.process_time() - cpu:6.1f} CPU s"
        )
        print(
            f"pages {pages}, cores {os.cpu_count()}, peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB"
        )
    finally:
        server.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
