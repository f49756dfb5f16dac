"""Observes a site in the browser and returns facts: requests, cookies, storage, script uses, consent, third parties."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from scanner import __version__
from scanner.collect.parties import party
from scanner.collect.site import consent, evidence, har
from scanner.collect.site.address import AddressGuard
from scanner.collect.site.browser import OWN_HOSTS, running
from scanner.collect.site.chromium import BrowserMissingError
from scanner.collect.site.domains import registrable
from scanner.collect.site.gaps import BY_SCRIPTS, GONE, lost_scripts_gaps, unreached_texts
from scanner.collect.site.gather import MAX_REQUESTS, Gatherer, own_identifiers
from scanner.collect.site.notes import dialog_note
from scanner.collect.site.phases import Outcome, Visitor
from scanner.collect.site.proxy import GuardProxy, Traffic
from scanner.collect.site.record import Recorder
from scanner.collect.site.sends import masked
from scanner.collect.site.tab import ABORTED, Visit
from scanner.collect.site.thirdparty import TRACKING, host_of, is_third_party, third_parties
from scanner.context import CollectOptions
from scanner.model import Artifact, Evidence, FileLocator, Gap, Looked, Problem, Text, WebLocator
from scanner.sitefacts import Page
from scanner.visitfacts import (
    BAD_ADDRESS,
    PAGE_PROBLEMS,
    REFUSALS,
    ConsentDialog,
    Cookie,
    Request,
    ScriptUse,
    StorageItem,
    ThirdParty,
    page_problem,
)

PATHS = (
    "site.requests",
    "site.cookies",
    "site.storage",
    "site.script_uses",
    "site.dialogs",
    "site.third_parties",
)


@dataclass(frozen=True)
class Observation:
    """What the browser saw, as facts; parts that could not be seen are named in ``gaps``."""

    pages: tuple[Page, ...] = ()
    requests: tuple[Request, ...] = ()
    third_parties: tuple[ThirdParty, ...] = ()
    cookies: tuple[Cookie, ...] = ()
    storage: tuple[StorageItem, ...] = ()
    script_uses: tuple[ScriptUse, ...] = ()
    dialogs: tuple[ConsentDialog, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    looked: tuple[Looked, ...] = ()
    problems: tuple[Problem, ...] = ()
    browser: str = ""
    user_agent: str = ""
    cookie_notice: bool | None = None
    bytes: int = 0


def observe_site(
    start_url: str,
    pages: Sequence[Page],
    options: CollectOptions,
    guard: AddressGuard,
    discover: Callable[[str, str], Sequence[str]],
    deadline: float,
) -> Observation:
    """Visit ``start_url`` and ``pages`` (best first) in Chromium and return what was observed.

    ``discover`` is called with the address and the DOM of each rendered page and returns further addresses worth
    visiting; ``deadline`` is in seconds of :func:`time.monotonic`.  Without a browser nothing is raised: every path of
    the observation becomes a gap.  Raises :class:`~scanner.errors.CollectError` when the evidence folder cannot be
    written.
    """
    target = options.site.evidence
    sink = evidence.Sink(target) if target is not None else None
    try:
        return asyncio.run(_observe(start_url, pages, options, guard, discover, deadline, sink))
    except BrowserMissingError as error:
        return Observation(
            gaps=tuple(Gap(path=path, code=error.code, reason=error.text) for path in PATHS),
            problems=(Problem(code=error.code, where=start_url, message=error.text),),
        )


async def _observe(
    start: str,
    pages: Sequence[Page],
    options: CollectOptions,
    guard: AddressGuard,
    discover: Callable[[str, str], Sequence[str]],
    deadline: float,
    sink: evidence.Sink | None,
) -> Observation:
    recorder = Recorder()
    proxy = GuardProxy(guard, options.site.max_bytes, OWN_HOSTS, recorder.hosts.__contains__)
    await proxy.start()
    product = f"Guijian/{__version__}"
    try:
        async with running(proxy.port, product) as session:
            visitor = Visitor(
                session,
                recorder,
                sink,
                discover,
                max_pages=options.site.max_rendered,
                until=deadline,
                typing=options.site.typing,
            )
            addresses = [page.final_url or page.url for page in pages if not page.problem]
            outcome = await visitor.run(start, addresses)
            version, agent = session.version, session.user_agent
            killed, popups = session.killed_renderers, session.popups
    finally:
        await proxy.close()
    artifact = ""
    if sink is not None:
        artifact = sink.write(evidence.HAR, har.archive(recorder.requests, version, product))
    facts = _Facts(start, pages, recorder, outcome, proxy.traffic, artifact)
    return replace(
        facts.build(),
        browser=version,
        user_agent=agent,
        artifacts=tuple(sink.artifacts) if sink is not None else (),
        problems=tuple(facts.problems(killed, popups)),
    )


class _Facts:
    """Puts the observation together."""

    def __init__(
        self,
        start: str,
        pages: Sequence[Page],
        recorder: Recorder,
        outcome: Outcome,
        traffic: Traffic,
        artifact: str,
    ) -> None:
        self.start = start
        self.known = {page.final_url or page.url: page for page in pages}
        self.recorder = recorder
        self.outcome = outcome
        self.traffic = traffic
        self.domain = registrable(host_of(start))
        self.gatherer = Gatherer(recorder, self.domain, artifact)

    def build(self) -> Observation:
        outcome = self.outcome
        requests = self.gatherer.requests(own_identifiers(outcome.jars, outcome.visits))
        cookies = self.gatherer.cookies(outcome.jars, time.time())
        storage = self.gatherer.storage(outcome.visits)
        dialogs = self._dialogs(requests, cookies, storage)
        gaps = tuple(self._gaps())
        return Observation(
            pages=tuple(self._page(v) for v in outcome.visits if v.phase == "before"),
            requests=requests,
            third_parties=third_parties(requests, cookies, self.domain),
            cookies=cookies,
            storage=storage,
            script_uses=self.gatherer.script_uses(),
            dialogs=dialogs,
            gaps=gaps,
            looked=tuple(self._looked()),
            cookie_notice=True if dialogs else (None if gaps else False),
            bytes=self.traffic.received,
        )

    def _page(self, visit: Visit) -> Page:
        known = self.known.get(visit.url)
        shots = next((s for s in self.outcome.shots if (s.page, s.phase) == (visit.url, visit.phase)), None)
        proof = tuple(
            Evidence(artifact=name, locator=FileLocator(path=name), excerpt=visit.title[:200])
            for name in ([*shots.names, shots.dom] if shots is not None and shots.dom else ())
        )
        seen = {
            "final_url": visit.final_url or visit.url,
            "title": visit.title,
            "language": visit.language,
            "rendered": bool(visit.html),
            "problem": visit.problem or None,
        }
        if known is not None:
            kept = {name: value for name, value in seen.items() if value or name == "rendered"}
            return known.model_copy(update={**kept, "evidence": (*known.evidence, *proof)})
        return Page(
            url=visit.url,
            status=visit.status,
            content_type=visit.content_type,
            size=len(visit.html.encode("utf-8", "replace")),
            cleartext=visit.final_url.startswith("http:"),
            evidence=proof or (Evidence(artifact=visit.url, locator=WebLocator(url=visit.url)),),
            **seen,
        )

    # --- consent --------------------------------------------------------------------------------------------

    def _dialogs(
        self, requests: Sequence[Request], cookies: Sequence[Cookie], storage: Sequence[StorageItem]
    ) -> tuple[ConsentDialog, ...]:
        found = []
        chosen = next((f for f, _ in self.outcome.layers if f.first("accept")), None)
        for layer, picture in self.outcome.layers:
            refusal = self.outcome.refusal if layer is chosen else None
            facts = consent.dialog(layer, picture, refusal)
            if refusal is not None and self.outcome.refused and not self.outcome.out_of_time:
                kept = self._kept(requests, cookies, storage)
                facts = facts.model_copy(update={"reject_respected": not kept, "kept_after_reject": kept})
            proof = tuple(e.model_copy(update={"note": dialog_note(facts)}) for e in facts.evidence)
            found.append(facts.model_copy(update={"evidence": proof}))
        return tuple(found)

    def _kept(
        self, requests: Sequence[Request], cookies: Sequence[Cookie], storage: Sequence[StorageItem]
    ) -> tuple[str, ...]:
        """Return what a refusal should have stopped: trackers, tracking cookies, and what only acceptance added."""
        kept: set[str] = set()
        hosts = {phase: {r.host for r in requests if r.phase == phase and r.tracker} for phase in _CHOICES}
        kept |= hosts["reject"]
        tracking = {"analytics", "advertising"}
        kept |= {
            f"cookie {c.name}"
            for c in cookies
            if c.phase == "reject"
            and (c.purpose in tracking or party(c.domain.lstrip(".")).category in TRACKING)
        }
        # The site's own new entry after either choice may be the record of the choice; a third party's is not.
        names = {
            phase: {
                ("cookie", c.name, c.domain)
                for c in cookies
                if c.phase == phase and c.identifier and c.purpose == "unknown" and self._foreign(c)
            }
            | {
                (s.kind, s.key, s.origin)
                for s in storage
                if s.phase == phase and s.identifier and self._foreign(s)
            }
            for phase in _CHOICES
        }
        kept |= {f"{kind} {name}" for kind, name, _ in (names["accept"] - names["before"]) & names["reject"]}
        return tuple(sorted(kept))

    def _foreign(self, entry: Cookie | StorageItem) -> bool:
        """Whether a third party holds the entry, or its script set it."""
        return entry.third_party or is_third_party(host_of(entry.set_by), self.domain)

    # --- what was and was not seen --------------------------------------------------------------------------

    def _gaps(self) -> list[Gap]:
        found: list[Gap] = []
        rendered = [v for v in self.outcome.visits if v.phase == "before" and v.html and not v.problem]
        first = next((v for v in self.outcome.visits if v.url == self.start), None)
        if first is None or first.problem or not first.html:
            code = first.problem if first is not None and first.problem else "page-unreachable"
            why = page_problem(code)
            reason = Text(
                zh=f"首页未能在浏览器中完整观察：{why.zh}", en=f"the start page was not observed: {why.en}"
            )
            found += [Gap(path=path, code=code, reason=reason) for path in PATHS]
        elif self.traffic.over_budget:
            reason = Text(
                zh=f"流量达到上限，只观察了 {len(rendered)} 个页面",
                en=f"the byte budget was spent after {len(rendered)} pages",
            )
            found += [Gap(path=path, code="byte-budget", reason=reason) for path in PATHS]
        elif self.outcome.out_of_time:
            reason = Text(
                zh=f"到达时间上限，只观察了 {len(rendered)} 个页面，或未完成同意、拒绝后的观察",
                en=f"time was up after {len(rendered)} pages, or before accepting and refusing were observed",
            )
            found += [Gap(path=path, code="time-budget", reason=reason) for path in PATHS]
        if self.outcome.waiting:
            reason = Text(
                zh=f"只用浏览器打开了 {len(rendered)} 个页面，另有 {self.outcome.waiting} 个没有打开",
                en=f"{len(rendered)} pages were opened in the browser, {self.outcome.waiting} were not",
            )
            found += [Gap(path=path, code="pages-not-rendered", reason=reason) for path in PATHS]
        if self.outcome.unread:
            reason = Text(
                zh=f"{len(self.outcome.unread)} 个页面未能检查同意提示（如 {self.outcome.unread[0]}）",
                en=f"{len(self.outcome.unread)} pages could not be searched for consent dialogs "
                f"(e.g. {self.outcome.unread[0]})",
            )
            found.append(Gap(path="site.dialogs", code="dialogs-unread", reason=reason))
        if self.outcome.acceptable and not self.outcome.accepted:
            reason = Text(
                zh="未能代为点击同意，同意之后的请求、Cookie 和存储没有观察",
                en="clicking to accept failed: requests, cookies and storage after acceptance were not observed",
            )
            found += [Gap(path=path, code="accept-untested", reason=reason) for path in PATHS]
        reasons = dict.fromkeys(self.unreached.values())
        found += [Gap(path=path, code="hosts-unreached", reason=r) for r in reasons for path in BY_SCRIPTS]
        lost = {url: code for url, code in self._lost("script").items() if code not in GONE}
        found += lost_scripts_gaps(lost)
        refusal = self.outcome.refusal
        if self.outcome.refusable and (refusal is None or refusal.failed):
            reason = Text(
                zh="同意提示中有拒绝或设置的入口，但未能代为点击，需要几次点击才能拒绝、拒绝是否有效都不清楚",
                en="the consent dialog offers refusal or settings, but clicking failed: how many clicks refusing takes "
                "and whether it works is not known",
            )
            found.append(Gap(path="site.dialogs", code="refusal-untested", reason=reason))
        if len({(r.phase, r.page, r.method, r.url) for r in self.gatherer.kept}) > MAX_REQUESTS:
            reason = Text(
                zh=f"请求超过 {MAX_REQUESTS} 个，其余未记录",
                en=f"more than {MAX_REQUESTS} requests; the rest was not recorded",
            )
            found += [
                Gap(path=path, code="too-many-requests", reason=reason)
                for path in ("site.requests", "site.third_parties")
            ]
        return found

    @cached_property
    def unreached(self) -> dict[str, Text]:
        """The hosts pages asked for in vain, each with the sentence that says so."""
        traffic = self.traffic
        reasons = {host: REFUSALS.get(refused.code, BAD_ADDRESS) for host, refused in traffic.refused.items()}
        reasons |= {
            host: PAGE_PROBLEMS["unreachable"] for host in traffic.unreachable if host not in traffic.hosts
        }
        return unreached_texts(reasons)

    def _lost(self, kind: str) -> dict[str, str]:
        """Return the files of a kind that did not arrive from hosts that answer, by address with the code of why."""
        return {
            masked(raw.url): f"http-{raw.status}" if raw.status else "unreachable"
            for raw in self.gatherer.kept
            if raw.type == kind
            and host_of(raw.url) not in self.unreached
            and (
                (raw.status or 0) >= 400 or (raw.failed and raw.status is None and ABORTED not in raw.failed)
            )
        }

    def _looked(self) -> list[Looked]:
        counts = {
            phase: sum(1 for v in self.outcome.visits if v.phase == phase and v.html)
            for phase in ("before", *_CHOICES[1:])
        }
        what = Text(
            zh=f"用 Chromium 打开 {counts['before']} 个页面（作出选择之前），同意后 {counts['accept']} 个，"
            f"拒绝后 {counts['reject']} 个",
            en=f"{counts['before']} pages in Chromium before a choice, {counts['accept']} after accepting, "
            f"{counts['reject']} after refusing",
        )
        amounts = {
            "site.requests": len(self.gatherer.kept),
            "site.cookies": sum(len(jar.cookies) for jar in self.outcome.jars),
            "site.dialogs": counts["before"],
        }
        return [Looked(path=path, what=what, amount=amounts.get(path, counts["before"])) for path in PATHS]

    def problems(self, killed: int, popups: int) -> list[Problem]:
        """Return what went wrong on the way, page by page."""
        found: dict[tuple[str, str], Problem] = {}
        for visit in self.outcome.visits:
            if visit.problem:
                found.setdefault(
                    (visit.problem, visit.url),
                    Problem(code=visit.problem, where=visit.url, message=page_problem(visit.problem)),
                )
        return [*found.values(), *self._blocked(killed, popups)]

    def _blocked(self, killed: int, popups: int) -> list[Problem]:
        rows: list[tuple[str, str, Text, int]] = []
        for host, text in self.unreached.items():
            code = "address-refused" if host in self.traffic.refused else "host-unreached"
            rows.append((code, host, text, 1))
        if styles := self._lost("stylesheet"):
            text = Text(zh="页面引用的样式文件没有取得", en="style sheets of pages did not arrive")
            rows.append(("styles-lost", next(iter(styles)), text, len(styles)))
        if gone := [url for url, code in self._lost("script").items() if code in GONE]:
            text = Text(
                zh="页面引用的脚本文件在服务器上不存在", en="scripts of pages do not exist on the server"
            )
            rows.append(("scripts-gone", gone[0], text, len(gone)))
        scripts = sum(c for n, c in self.recorder.notes.items() if n.api == "popup")
        if popups or scripts:
            text = Text(
                zh=f"页面至少 {max(scripts, popups)} 次试图打开新窗口，均未打开或已关闭",
                en=f"pages tried to open at least {max(scripts, popups)} windows; none stayed open",
            )
            rows.append(("popups", self.start, text, max(scripts, popups)))
        if self.recorder.dialogs:
            count = self.recorder.dialogs.total()
            text = Text(
                zh=f"页面弹出 {count} 个对话框，均已关闭", en=f"{count} dialogs of pages were dismissed"
            )
            rows.append(("dialogs", next(iter(self.recorder.dialogs)), text, count))
        if killed:
            text = Text(zh="页面占用内存过多，进程已结束", en="a page took too much memory and was ended")
            rows.append(("page-memory", self.start, text, killed))
        return [Problem(code=c, where=w, message=t, count=n) for c, w, t, n in rows]


_CHOICES = ("before", "accept", "reject")
