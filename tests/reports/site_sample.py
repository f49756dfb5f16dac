"""A site with its policy for the writers: every table filled, hostile strings wherever a site can put them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from report_sample import ASSESSMENT, HOSTILE, PACK, t

from reports.view import ReportView
from scanner.facts import Facts
from scanner.model import Artifact, Assessment, Evidence, Gap, Lang, PolicyLocator, Subject
from scanner.policyfacts import (
    Comparison,
    DisclosedItem,
    DisclosedSdk,
    Element,
    PolicyFacts,
    PolicyIdentity,
    PolicyIssue,
)
from scanner.sitefacts import (
    CrawlStats,
    ExposedData,
    Filing,
    Form,
    Page,
    ScriptLibrary,
    SiteDisclosure,
    SiteFacts,
    Transport,
    Weakness,
)
from scanner.visitfacts import Button, ConsentDialog, Cookie, Request, ScriptUse, StorageItem, ThirdParty

URL = "https://www.shop.example/"
VISIT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def said(paragraph: str, text: str = "我们收集您的手机号。") -> tuple[Evidence, ...]:
    locator = PolicyLocator(paragraph=paragraph, start=0, end=len(text))
    return (Evidence(artifact="policy", locator=locator, excerpt=text),)


SITE = SiteFacts(
    start_url=URL,
    host="www.shop.example",
    domain="shop.example",
    operator="甲网络公司",
    visited_at=VISIT,
    pages=(
        Page(url=URL, final_url=URL, status=200, title=f"首页{HOSTILE}", kind="home"),
        Page(url=f"{URL}p", final_url=f"{URL}privacy", status=200, title="隐私政策", kind="policy", depth=1),
        Page(url=f"{URL}x", final_url="", problem="timeout", cleartext=True),
    ),
    forms=(
        Form(
            page=f"{URL}register",
            purpose="register",
            method="post",
            action_host="collect.third.example",
            third_party=True,
            cleartext=True,
            collects=("imei", "location"),
            collects_pi=True,
            sent=("imei", "location"),
            sends_pi=True,
            collects_sensitive=True,
            policy_linked=False,
            agreement=True,
            agreement_checked=True,
        ),
    ),
    requests=(
        Request(url="https://t.example/?id=1", host="t.example", sends=("imei",), third_party=True),
        Request(url=URL, host="www.shop.example"),
    ),
    third_parties=(
        ThirdParty(
            domain="t.example",
            owner="乙统计",
            category="analytics",
            country="US",
            overseas=True,
            tracker=True,
            before_consent=True,
            requests=7,
            cookies=2,
            sends_items=("imei",),
        ),
    ),
    cookies=(
        Cookie(
            name=f"uid{HOSTILE}",
            domain=".t.example",
            third_party=True,
            days=730.0,
            purpose="analytics",
            identifier=True,
        ),
        Cookie(
            name="sid", domain="www.shop.example", secure=True, http_only=True, same_site="Lax", session=True
        ),
    ),
    storage=(StorageItem(kind="local", origin=URL, key="device", size=36, identifier=True),),
    script_uses=(
        ScriptUse(api="canvas", script="https://t.example/a.js", page=URL, third_party=True, item="imei"),
    ),
    dialogs=(
        ConsentDialog(
            page=URL,
            kind="banner",
            buttons=(Button(label="同意", role="accept"), Button(label="=1+1", role="other")),
            equal_choice=False,
            prechecked=("营销",),
            wall=True,
            reject_respected=False,
        ),
    ),
    filings=(Filing(kind="icp", number="京ICP备00000000号-1", well_formed=True, linked=False),),
    icp_shown=True,
    transport=(
        Transport(
            host="www.shop.example",
            https=True,
            protocols=("TLSv1.2", "TLSv1"),
            weak_protocols=("TLSv1",),
            trusted=True,
            days_left=12,
            http_redirects=True,
            hsts=False,
        ),
    ),
    weaknesses=(Weakness(kind="no-csp", url=URL), Weakness(kind="brand-new", url=URL, detail=HOSTILE)),
    libraries=(
        ScriptLibrary(
            name="jquery", version="1.8.3", url=f"{URL}j.js", advisories=("CVE-2020-11022",), vulnerable=True
        ),
    ),
    exposed=(ExposedData(item="imei", page=f"{URL}list", count=3, sample="8612****0001"),),
    disclosure=SiteDisclosure(
        policy_found=True, policy_url=f"{URL}privacy", policy_clicks=1, deletion_found=False
    ),
    stats=CrawlStats(pages=3, browser="Chromium 140"),
)
POLICY = PolicyFacts(
    source=f"{URL}privacy",
    format="html",
    complete=True,
    text_sha256="12" * 32,
    identity=PolicyIdentity(
        kind="privacy_policy",
        confidence=0.9,
        title="甲商城隐私政策",
        operator="甲网络公司",
        emails=("privacy@shop.example",),
        updated=date(2026, 1, 2),
    ),
    elements=(
        Element(id="operator", state="present", evidence=said("p1")),
        Element(id="retention", state="weak", missing=("period",), evidence=said("p7")),
        Element(id="children", state="absent"),
    ),
    items=(
        DisclosedItem(
            item="imei",
            term="设备信息",
            vague=True,
            open_ended=True,
            purpose=f"安全{HOSTILE}",
            evidence=said("p3"),
        ),
        DisclosedItem(item="location", term="位置", negated=True, party="partner", evidence=said("p4")),
    ),
    sdks=(
        DisclosedSdk(
            name="乙统计 SDK", vendor="乙", items=("imei",), purpose="统计", link="https://t.example/p"
        ),
    ),
    issues=(PolicyIssue(kind="template", text="【公司名称】", evidence=said("p9")),),
    comparisons=(
        Comparison(
            kind="item",
            id="location",
            name=t("位置", "Location"),
            state="contradicted",
            surface="site",
            owner_kind="site",
        ),
        Comparison(
            kind="item", id="imei", name=t("IMEI", "IMEI"), state="vague", surface="site", umbrella="设备信息"
        ),
    ),
)
SUBJECT = Subject(kind="site", name=f"甲商城{HOSTILE}", identifier=URL, source=URL)
SITE_FACTS = Facts(
    collector="guijian 0.1.0",
    subject=SUBJECT,
    site=SITE,
    policy=POLICY,
    artifacts=(Artifact(name=URL, sha256="34" * 32, size=2048),),
    gaps=(Gap(path="site.cookies", code="x", reason=t("浏览器中断", "the browser stopped")),),
)
POLICY_FACTS = Facts(
    collector="guijian 0.1.0",
    subject=Subject(
        kind="policy", name="甲商城隐私政策", identifier="policy.html", source="policy.html", sha256="56" * 32
    ),
    policy=POLICY,
)


def assessment_of(facts: Facts) -> Assessment:
    """The sample assessment, said of another subject."""
    return ASSESSMENT.model_copy(
        update={
            "subject": facts.subject,
            "evaluation": ASSESSMENT.evaluation.model_copy(update={"subject": facts.subject}),
        }
    )


def site_view(lang: Lang = "zh") -> ReportView:
    """A view of the site with its policy."""
    return ReportView(assessment_of(SITE_FACTS), SITE_FACTS, PACK, lang)


def policy_view(lang: Lang = "zh") -> ReportView:
    """A view of a policy alone."""
    return ReportView(assessment_of(POLICY_FACTS), POLICY_FACTS, PACK, lang)
