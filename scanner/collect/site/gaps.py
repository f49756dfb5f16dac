"""What a visit did not reach, said as gaps and problems; and what it did search, as the ground for "not found"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from scanner.collect.site.crawl import Missed, Visited
from scanner.collect.site.frontier import LeftOut
from scanner.model import Gap, Looked, Problem, Text
from scanner.visitfacts import page_problem

# Facts that any page could add to: a page not read leaves them open.
FROM_PAGES = ("site.pages", "site.forms", "site.exposed", "site.libraries")
SEARCHED = (*FROM_PAGES, "site.filings", "site.weaknesses", "site.disclosure", "site.transport")
HOME_ONLY = ("site.icp_shown", "site.police_shown")
BUDGETS = {
    "pages": Text(zh="达到页数上限", en="the limit of pages was reached"),
    "bytes": Text(zh="达到流量上限", en="the limit of bytes was reached"),
    "time": Text(zh="达到时间上限", en="the time limit was reached"),
}
# A page that is not there leaves nothing unread.
HARMLESS = frozenset({"http-404", "http-410"})


def gaps_of(
    result: Visited[Any], left_out: LeftOut, shells: Sequence[str], *, home_shell: bool
) -> Iterator[Gap]:
    """Yield a gap per reason for which pages were not read.

    ``shells`` are pages that only a browser can show and none did; ``home_shell``: the start page is one of them.
    """
    lost = Counter(m.code for m in result.missed if m.code not in HARMLESS)
    for code, count in sorted(lost.items()):
        text = page_problem(code)
        where = next(m.url for m in result.missed if m.code == code)
        reason = Text(
            zh=f"{count} 个页面未读取：{text.zh}（如 {where}）",
            en=f"{count} pages not read: {text.en} (e.g. {where})",
        )
        for path in FROM_PAGES:
            yield Gap(path=path, code=f"pages-{code.partition(':')[0]}", reason=reason)
    if result.stopped_by:
        budget = BUDGETS[result.stopped_by]
        reason = Text(
            zh=f"{budget.zh}，还有 {result.pending} 个链接未访问",
            en=f"{budget.en}, {result.pending} links were not visited",
        )
        for path in FROM_PAGES:
            yield Gap(path=path, code=f"budget-{result.stopped_by}", reason=reason)
    left = {
        "depth": (left_out.depth, "超过访问深度", "beyond the depth limit"),
        "similar": (left_out.quota, "与已访问页面同类，只抽样访问", "of a form already sampled"),
        "queue": (left_out.queue, "超过队列上限", "beyond the queue's limit"),
        "trap": (left_out.traps, "疑似无限生成的网址", "addresses that look endless"),
    }
    for code, (count, zh, en) in left.items():
        if count:
            reason = Text(zh=f"{count} 个链接未访问：{zh}", en=f"{count} links not visited: {en}")
            for path in FROM_PAGES:
                yield Gap(path=path, code=f"links-{code}", reason=reason)
    if shells:
        reason = Text(
            zh=f"{len(shells)} 个页面由脚本在浏览器中生成（如 {shells[0]}），静态抓取看不到内容",
            en=f"{len(shells)} pages are built by scripts (e.g. {shells[0]}); a static crawl cannot see them",
        )
        whole = (
            ("site.filings", "site.disclosure", "site.icp_shown", "site.police_shown") if home_shell else ()
        )
        for path in (*FROM_PAGES, *whole):
            yield Gap(path=path, code="needs-browser", reason=reason)


def cut_gaps(pages: Sequence[str]) -> Iterator[Gap]:
    """Yield the gaps that ``pages``, read in part because they are too large or nested too deep, leave."""
    if pages:
        reason = Text(
            zh=f"{len(pages)} 个页面过大或嵌套过深，只读了一部分（如 {pages[0]}）",
            en=f"{len(pages)} pages are too large or nested too deep and were read in part (e.g. {pages[0]})",
        )
        for path in SEARCHED:
            yield Gap(path=path, code="pages-cut", reason=reason)


def routes_gaps(routes: Sequence[str]) -> Iterator[Gap]:
    """Yield the gaps that ``routes``, pages built by scripts and not rendered, leave."""
    if routes:
        reason = Text(
            zh=f"{len(routes)} 个由脚本生成的页面未用浏览器打开（如 {routes[0]}）",
            en=f"{len(routes)} pages built by scripts were not opened in the browser (e.g. {routes[0]})",
        )
        for path in FROM_PAGES:
            yield Gap(path=path, code="routes-unread", reason=reason)


def broken_problems(pages: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    """Yield a problem per error that ended the reading of ``pages`` (address and error)."""
    for error, count in sorted(Counter(error for _, error in pages).items()):
        where = next(url for url, name in pages if name == error)
        text = Text(
            zh=f"网页读取出错（{error}），只读了一部分", en=f"reading failed ({error}); read in part only"
        )
        yield Problem(code="page-unreadable", where=where, message=text, count=count)


def problems_of(missed: Sequence[Missed]) -> Iterator[Problem]:
    """Yield one problem per code, with the first page as its place."""
    grouped: dict[str, list[Missed]] = {}
    for entry in missed:
        grouped.setdefault(entry.code, []).append(entry)
    for code, entries in sorted(grouped.items()):
        text = page_problem(code)
        yield Problem(
            code=f"page-{code.partition(':')[0]}", where=entries[0].url, message=text, count=len(entries)
        )


def looked_of(pages: int, rendered: int, forms: int, *, start: str, home: str) -> Iterator[Looked]:
    """Yield what was searched for every list the crawl fills, and for what only the home page is to show."""
    how = Text(
        zh=f"从 {start} 起访问的 {pages} 个页面（其中 {rendered} 个用浏览器渲染）",
        en=f"{pages} pages visited from {start} ({rendered} rendered in a browser)",
    )
    for path in SEARCHED:
        yield Looked(path=path, what=how, amount=forms if path == "site.forms" else pages)
    only = Text(
        zh=f"主页 {home} 的文字（页脚、末尾各行和含版权、备案字样的行），不含其他网页",
        en=f"the words of the home page {home}: its foot, last lines and lines on copyright or filing; no other page",
    )
    for path in HOME_ONLY:
        yield Looked(path=path, what=only, amount=1)
