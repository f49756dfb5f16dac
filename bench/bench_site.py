"""Rendered visit of a 25-page site with all its evidence, against the EDPS website-evidence-collector and plain Playwright.

The site and its third parties are served from loopback by a process of their own; each tool runs in a process of its
own, and wall time, processor time and memory (proportional set size, whole process tree) are taken from outside.

The collector is not part of the project: set ``GUIJIAN_WEC`` to a checkout with its dependencies installed
(``PUPPETEER_SKIP_DOWNLOAD=1 npm install --omit=dev``). Without it only the other two are measured, and the output says so.
It is run as published (it waits 3 s on every page) and once more with no wait at all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scanner.collect.site.chromium import find_chromium  # noqa: E402 - only now is the project on the path

PAGES = 25
SCRIPT = """
document.cookie = 'visitor_no=' + Math.random().toString(36).slice(2) + '8f3k2j; max-age=31536000; path=/';
localStorage.setItem('device_key', Math.random().toString(36).slice(2) + 'a1b2c3d4');
sessionStorage.setItem('step', '1');
new Image().src = '%s/pixel.gif?sr=' + screen.width + 'x' + screen.height + '&ul=zh-CN&cid=7f3a99b2c1d0&dl=' + encodeURIComponent(location.href);
"""
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>第 {n} 页</title>
<link rel="stylesheet" href="/site.css"><script src="/site.js"></script><script src="{stats}/collect/analytics.js"></script></head>
<body><h1>第 {n} 页</h1>{text}<img src="/logo.png?{n}" alt=""><img src="{ads}/ad.gif?page={n}" width="1" height="1" alt="">
<form action="/contact" method="post"><label>姓名 <input name="xm"></label><label>手机号 <input name="mobile" type="tel"></label>
<button>提交</button></form><ul>{links}</ul><a href="https://elsewhere.example/">外部链接</a></body></html>"""


# --- the site ----------------------------------------------------------------------------------------------


def serve() -> None:
    """Serve until standard input closes; print the addresses."""
    servers = [ThreadingHTTPServer((f"127.0.0.{i}", 0), BaseHTTPRequestHandler) for i in (2, 3, 4)]
    site, stats, ads = (f"http://{s.server_address[0]}:{s.server_address[1]}" for s in servers)
    text = "<p>" + "青禾农业技术服务站提供农技资料与咨询。" * 40 + "</p>"
    links = "".join(f'<li><a href="/page/{n}">第 {n} 页</a></li>' for n in range(1, PAGES))
    gif = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            path, kind, extra = self.path.partition("?")[0], "text/html; charset=utf-8", {}
            if path.endswith((".gif", ".png")):
                body, kind = gif, "image/gif"
            elif path.endswith(".js"):
                body, kind = (
                    (SCRIPT % stats if "analytics" in path else "window.ready = 1;").encode(),
                    "text/javascript",
                )
            elif path.endswith(".css"):
                body, kind = b"body{font:16px/1.6 sans-serif}", "text/css"
            elif path in {"/robots.txt", "/favicon.ico"}:
                body, kind = b"", "text/plain"
            else:
                number = path.rpartition("/")[2] or "首"
                body = PAGE.format(n=number, stats=stats, ads=ads, text=text, links=links).encode()
                extra = {"Set-Cookie": "lang=zh; Path=/; HttpOnly"}
            self.send_response(200)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the collector asks so before it opens a page

        def log_message(self, *_: Any) -> None:
            return

    for server in servers:
        server.RequestHandlerClass = Handler
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps([site, stats, ads]), flush=True)
    sys.stdin.read()


# --- the tools ---------------------------------------------------------------------------------------------


def ours(url: str, folder: str) -> None:
    """Visit with everything on: crawl, browser, evidence."""
    from scanner.collect.site.collect import collect_site
    from scanner.collect.site.evidence import seal
    from scanner.context import CollectOptions, SiteOptions

    target = Path(folder) / "package"
    options = SiteOptions(
        allow_private=True, rate=0, max_pages=PAGES, max_rendered=PAGES, evidence=target, max_seconds=300
    )
    seal(target, collect_site(url, CollectOptions(site=options)))


def plain(url: str, _folder: str) -> None:
    """Open every page in one context, wait for load, read the DOM; keep nothing."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        page = browser.new_context().new_page()
        for number in range(PAGES):
            page.goto(f"{url}page/{number}" if number else url, wait_until="load")
            page.content()
        browser.close()


def collector(checkout: Path, url: str, folder: Path, sleep: int | None) -> list[str]:
    """The collector's command line for the same pages."""
    command = ["node", str(checkout / "bin/website-evidence-collector.js"), url, "--max", str(PAGES - 1)]
    command += ["--overwrite", "--output", str(folder / "wec"), "--pdf=false", "--json"]
    if sleep is not None:
        command += ["--sleep", str(sleep)]
    return [*command, "--browser-options=--no-sandbox"]


# --- measuring ---------------------------------------------------------------------------------------------


def tree(pid: int) -> set[int]:
    """The process and everything below it."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    found, grew = {pid}, True
    while grew:
        more = {child for child, parent in parents.items() if parent in found} - found
        found |= more
        grew = bool(more)
    return found


def memory(pids: set[int]) -> int:
    """Proportional set size in bytes."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
    return total * 1024


def processor(pids: set[int]) -> dict[int, float]:
    """Processor seconds by process."""
    found = {}
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def measure(command: list[str], log: Path) -> dict[str, float]:
    """Run a command; return wall and processor seconds, peak memory in MB and the exit status."""
    environment = {
        **os.environ,
        "PUPPETEER_EXECUTABLE_PATH": str(find_chromium() or ""),
        "PUPPETEER_SKIP_DOWNLOAD": "1",
    }
    started, peak, used = time.monotonic(), 0, {}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
        while process.poll() is None:
            pids = tree(process.pid)
            used.update(processor(pids))
            peak = max(peak, memory(pids))
            time.sleep(0.25)
    wall = time.monotonic() - started
    return {"wall": wall, "cpu": sum(used.values()), "memory": peak / 1e6, "status": process.returncode}


# --- comparing what was found ------------------------------------------------------------------------------


def found_by_us(folder: Path) -> dict[str, set[str]]:
    site = json.loads((folder / "package" / "facts.json").read_bytes())["site"]
    return {
        "hosts": {r["host"] for r in site["requests"] if r["third_party"]},
        "cookies": {c["name"] for c in site["cookies"]},
        "cookies with origin": {c["name"] for c in site["cookies"] if c["set_by"]},
        "storage": {s["key"] for s in site["storage"] if s["kind"] == "local"},
        "beacons": {r["url"].partition("?")[0] for r in site["requests"] if r["tracker"]},
        "pages": {p["final_url"].rstrip("/") for p in site["pages"] if p["rendered"]},
        "unsafe forms": {f["action"] for f in site["forms"] if f["cleartext"]},
    }


def found_by_collector(folder: Path) -> dict[str, set[str]]:
    seen = json.loads((folder / "wec" / "inspection.json").read_bytes())
    hosts = seen["hosts"]["requests"]["thirdParty"]
    storage = [key for origin in seen["localStorage"].values() for key in origin]
    return {
        "hosts": {host.partition(":")[0] for host in hosts},
        "cookies": {c["name"] for c in seen["cookies"]},
        "cookies with origin": {c["name"] for c in seen["cookies"] if c.get("log")},
        "storage": set(storage),
        "beacons": {b["url"].partition("?")[0] for b in seen["beacons"]},
        "pages": {url.rstrip("/") for url in seen["browsing_history"]},
        "unsafe forms": {f["action"] for f in seen.get("unsafeForms", ()) if f.get("action")},
    }


def main() -> int:
    """Measure, compare, print; exit code 1 when a tool failed or something of the collector's was not found."""
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None and server.stdin is not None
    url = json.loads(server.stdout.readline())[0] + "/"
    browser = str(find_chromium())
    shown = subprocess.run([browser, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"every tool with {shown}")
    checkout = Path(os.environ["GUIJIAN_WEC"]) if os.environ.get("GUIJIAN_WEC") else None
    code = 0
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            runs = {
                "guijian": [sys.executable, __file__, "--ours", url, scratch],
                "plain Playwright, no evidence": [sys.executable, __file__, "--plain", url, scratch],
            }
            if checkout is None:
                print("GUIJIAN_WEC is not set: the EDPS website-evidence-collector is not measured")
            else:
                runs["website-evidence-collector --sleep 0"] = collector(checkout, url, folder, 0)
                runs["website-evidence-collector"] = collector(checkout, url, folder, None)
            results = {}
            for name, command in runs.items():
                log = folder / "log"
                results[name] = measure(command, log)
                r = results[name]
                print(
                    f"{name:38} {r['wall']:6.1f} s wall {r['cpu']:6.1f} s cpu {r['memory']:6.0f} MB"
                    f" {PAGES / r['wall']:5.1f} pages/s",
                    flush=True,
                )
                if r["status"] != 0:
                    code = 1
                    print(log.read_text("utf-8", "replace")[-2000:])
            if checkout is not None and code == 0:
                code = compare(results, found_by_us(folder), found_by_collector(folder))
    finally:
        server.stdin.close()
        server.wait(10)
    return code


def compare(results: dict[str, dict[str, float]], us: dict[str, set[str]], them: dict[str, set[str]]) -> int:
    """Print ratios and what each found; return 1 when the collector found something we did not."""
    mine = results["guijian"]
    for name in ("website-evidence-collector", "website-evidence-collector --sleep 0"):
        theirs = results[name]
        print(
            f"of {name}: {mine['wall'] / theirs['wall']:.2f} of the wall time, "
            f"{mine['memory'] / theirs['memory']:.2f} of the memory"
        )
    lost = False
    for kind, theirs_found in them.items():
        missing = sorted(theirs_found - us[kind])
        lost |= bool(missing)
        print(
            f"{kind:20} guijian {len(us[kind]):4}  collector {len(theirs_found):4}  missing {missing or 'none'}"
        )
    return int(lost)


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve()
    elif "--ours" in sys.argv:
        ours(*sys.argv[2:])
    elif "--plain" in sys.argv:
        plain(*sys.argv[2:])
    else:
        sys.exit(main())
