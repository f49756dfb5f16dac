"""What a visit did not reach, said as gaps and problems; and what it did search, as the ground for "not found"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
# What is not there is no page, and no visitor's browser runs it.
GONE = frozenset({"http-404", "http-410"})
# What scripts bring about: a script that did not run leaves it open.
BY_SCRIPTS = ("site.requests", "site.cookies", "site.storage", "site.script_uses", "site.third_parties")
NAMED = 5  # hosts named in one sentence


def gaps_of(
    result: Visited[Any], left_out: LeftOut, shells: Sequence[str], *, home_shell: bool
) -> Iterator[Gap]:
    """Yield a gap per reason for which pages were not read.

    ``shells`` are pages that only a browser can show and none did; ``home_shell``: the start page is one of them.
    """
    lost = Counter(m.code for m in result.missed if m.code not in GONE)
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


def looked_of(
    pages: int, rendered: int, errors: int, forms: int, *, start: str, home: str
) -> Iterator[Looked]:
    """Yield what was searched for every list the crawl fills, and for what only the home page is to show.

    ``errors``: pages that answered with an error; ``home``: address of the home page.
    """
    zh, en = f"其中 {rendered} 个用浏览器渲染", f"{rendered} rendered in a browser"
    if errors:
        zh, en = f"{zh}，{errors} 个返回错误", f"{en}, {errors} answered with an error"
    how = Text(
        zh=f"从 {start} 起访问的 {pages} 个页面（{zh}）", en=f"{pages} pages visited from {start} ({en})"
    )
    for path in SEARCHED:
        yield Looked(path=path, what=how, amount=forms if path == "site.forms" else pages)
    only = Text(
        zh=f"主页 {home} 的文字（页脚、末尾各行和含版权、备案字样的行），不含其他网页",
        en=f"the words of the home page {home}: its foot, last lines and lines on copyright or filing; no other page",
    )
    for path in HOME_ONLY:
        yield Looked(path=path, what=only, amount=1)


def unreached_texts(reasons: Mapping[str, Text]) -> dict[str, Text]:
    """Return by host the sentence that says why it was not reached; hosts with the same reason share a sentence.

    ``reasons`` are the hosts that pages asked for in vain.
    """
    alike: dict[Text, list[str]] = {}
    for host, why in sorted(reasons.items()):
        alike.setdefault(why, []).append(host)
    found: dict[str, Text] = {}
    for why, hosts in alike.items():
        named, more = hosts[:NAMED], len(hosts) > NAMED
        text = Text(
            zh=f"页面请求的 {len(hosts)} 个主机没有连通（{why.zh}）：{'、'.join(named)}{' 等' if more else ''}；"
            "它们本会运行的脚本、设置的 Cookie 和收到的信息未观察",
            en=f"{len(hosts)} hosts that pages asked for were not reached ({why.en}): {', '.join(named)}"
            f"{' and others' if more else ''}; scripts they would have run, cookies they would have set and what they "
            "would have received were not observed",
        )
        found.update(dict.fromkeys(hosts, text))
    return found


def lost_scripts_gaps(lost: Mapping[str, str]) -> Iterator[Gap]:
    """Yield the gaps that scripts leave which a browser asked for and did not get: address and code."""
    if lost:
        url, code = next(iter(lost.items()))
        why = page_problem(code)
        reason = Text(
            zh=f"页面引用的 {len(lost)} 个脚本文件没有取得（如 {url} ：{why.zh}），其行为未观察",
            en=f"{len(lost)} scripts of pages did not arrive (e.g. {url} : {why.en}); what they do was not observed",
        )
        for path in BY_SCRIPTS:
            yield Gap(path=path, code="scripts-lost", reason=reason)


def scripts_gap(lost: Mapping[str, str], outside: Sequence[str]) -> Iterator[Gap]:
    """Yield the gap of scripts whose address tells no library and whose content was not read.

    ``lost``: asked for in vain, by address with the code; ``outside``: not asked for, as they belong to other sites,
    robots.txt closes them or there are too many.
    """
    if not lost and not outside:
        return
    zh, en = [], []
    if lost:
        url, code = next(iter(lost.items()))
        why = page_problem(code)
        zh.append(f"{len(lost)} 个没有取得（如 {url} ：{why.zh}）")
        en.append(f"{len(lost)} did not arrive (e.g. {url} : {why.en})")
    if outside:
        zh.append(f"{len(outside)} 个属于其他网站、不允许访问或超过数量上限（如 {outside[0]} ）")
        en.append(f"{len(outside)} are of other sites, closed or too many (e.g. {outside[0]} )")
    reason = Text(
        zh=f"{len(lost) + len(outside)} 个脚本文件未读取，其中有无脚本库、是什么版本没有识别：{'，'.join(zh)}",
        en=f"{len(lost) + len(outside)} scripts were not read, so libraries in them were not recognised: {', '.join(en)}",
    )
    yield Gap(path="site.libraries", code="scripts-unread", reason=reason)


def dead_policy_looked(links: Sequence[tuple[str, str]], dead: Mapping[str, str]) -> Iterator[Looked]:
    """Yield what became of links that promise a privacy policy and lead to no page, as part of the search for one.

    ``links``: page and target of each; ``dead``: targets that are not there, with the code of the answer.
    """
    pages: dict[str, dict[str, None]] = {}
    for page, target in links:
        if target in dead:
            pages.setdefault(target, {})[page] = None
    for target, shown in pages.items():
        why = page_problem(dead[target])
        text = Text(
            zh=f"{len(shown)} 个页面上的隐私政策链接指向 {target} ，打开该地址：{why.zh}，没有政策",
            en=f"links to a privacy policy on {len(shown)} pages lead to {target} ; opening it: {why.en}, no policy",
        )
        yield Looked(path="site.disclosure", what=text, amount=len(shown))
