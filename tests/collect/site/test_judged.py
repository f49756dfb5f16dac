"""The rules on whole sites: every fault of the bad one is hit, the clean one is accused of nothing, limits are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from conftest import FIXTURES
from server import Servers, Site

from scanner.assess import assess
from scanner.collect import collect
from scanner.collect.site.collect import collect_site
from scanner.model import Assessment, Evidence, Outcome, SearchLocator, Verdict
from scanner.packload import load_pack, profile_for

PACK = load_pack()
NOW = datetime(2026, 11, 24, tzinfo=UTC)
GOOD_HEADERS = {
    "Content-Security-Policy": "default-src 'self'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
BAD_HEADERS = {"Set-Cookie": "JSESSIONID=0123456789abcdef; Path=/", "X-Powered-By": "PHP/5.6.40"}
# Stable rules that hit the clean site, each with the reason why that is right; none does.
KNOWN_EXCEPTIONS: dict[str, str] = {}


def clean_site(servers: Servers) -> Site:
    return servers.tls("qinghe.example", folder=FIXTURES / "sites" / "clean", headers=GOOD_HEADERS)


def bad_site(servers: Servers) -> Site:
    return servers.site("ehe.example", folder=FIXTURES / "sites" / "bad", headers=BAD_HEADERS)


def judged(make: object, *, policy: bool = False) -> Assessment:
    with Servers() as servers:
        site = clean_site(servers) if make is clean_site else bad_site(servers)
        read = partial(collect if policy else collect_site, site.url(), servers.options())
        return assess(read(), PACK, profile_for(PACK, "site"), now=NOW, tool_version="test")


@pytest.fixture(scope="module")
def bad() -> Assessment:
    return judged(bad_site)


def hits(outcome: Assessment) -> set[str]:
    assert not [r for r in outcome.evaluation.results if r.outcome is Outcome.ERROR]
    return {r.rule for r in outcome.evaluation.results if r.outcome is Outcome.HIT}


@pytest.mark.parametrize("policy", [False, True])
def test_the_clean_site_is_accused_of_nothing(policy: bool) -> None:
    outcome = judged(clean_site, policy=policy)

    assert hits(outcome) == set(KNOWN_EXCEPTIONS)
    verdicts = {c.verdict for i in outcome.instruments for c in i.clauses}
    assert verdicts <= {Verdict.MANUAL, Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize(
    "rule",
    [
        "site-agreement-bundled",
        "site-agreement-pre-ticked",
        "site-directory-listing",
        "site-error-detail",
        "site-face-collected",
        "site-form-posts-to-third-party",
        "site-form-without-policy-link",
        "site-icp-number-inconsistent",
        "site-icp-number-malformed",
        "site-icp-number-not-linked",
        "site-identity-numbers-exposed",
        "site-login-page-over-http",
        "site-minor-form-without-rules",
        "site-no-account-deletion",
        "site-no-csp",
        "site-no-frame-protection",
        "site-no-nosniff",
        "site-no-privacy-policy",
        "site-no-referrer-policy",
        "site-outdated-library",
        "site-password-over-http",
        "site-personal-form-by-get",
        "site-personal-form-over-http",
        "site-police-number-malformed",
        "site-registration-without-agreement",
        "site-required-unnecessary-field",
        "site-sensitive-form-over-http",
        "site-sensitive-form-without-purpose",
        "site-server-version",
        "site-session-cookie-readable",
        "site-without-https",
    ],
)
def test_a_fault_of_the_bad_site_is_hit(bad: Assessment, rule: str) -> None:
    assert rule in hits(bad)


def found(outcome: Assessment, rule: str) -> list[Evidence]:
    (result,) = (r for r in outcome.evaluation.results if r.rule == rule)
    return [e for finding in result.findings for e in finding.evidence]


def searched(outcome: Assessment, rule: str) -> str:
    texts = (e.locator.searched for e in found(outcome, rule) if isinstance(e.locator, SearchLocator))
    return " ".join(text.zh for one in texts for text in one)


def test_what_only_the_home_page_is_to_show_is_searched_there_only(bad: Assessment) -> None:
    told = searched(bad, "site-police-number-missing")

    assert told.startswith("主页 http://") and told.endswith("不含其他网页") and "个页面" not in told


def test_differing_numbers_are_one_finding_without_the_malformed_ones(bad: Assessment) -> None:
    (result,) = (r for r in bad.evaluation.results if r.rule == "site-icp-number-inconsistent")
    (finding,) = result.findings

    assert {e.excerpt for e in finding.evidence} == {"沪ICP备2022054321号-1", "浙ICP备2019000888号"}


def test_an_identity_number_is_sensitive_nowhere_or_everywhere(bad: Assessment) -> None:
    pages = {e.artifact.rpartition("/")[2] for e in found(bad, "site-sensitive-form-over-http")}

    assert pages == {"children-course.html", "loan.html"}  # not register-id-number.html
    assert pages == {e.artifact.rpartition("/")[2] for e in found(bad, "site-sensitive-form-without-purpose")}


def test_a_directory_listing_shows_status_title_and_entries(bad: Assessment) -> None:
    (proof,) = found(bad, "site-directory-listing")

    assert proof.note is not None
    assert proof.note.zh == "状态码 200；页面标题“Index of /backup”；以文件名为文字的链接 1 个：bundle.js。"


def test_no_verdict_on_a_site_is_worse_than_its_clause_allows(bad: Assessment) -> None:
    limits = {clause.id: clause.limit for clause in PACK.clauses().values()}
    clauses = [c for instrument in bad.instruments for c in instrument.clauses]

    assert clauses
    assert [c.clause for c in clauses if c.verdict.rank < limits[c.clause].rank] == []
    assert all(c.reasons for c in clauses)


def test_without_a_browser_nothing_is_said_about_what_happens_before_consent(bad: Assessment) -> None:
    outcomes = {r.rule: r.outcome for r in bad.evaluation.results}

    for rule in ("site-ad-tracker-before-consent", "site-fingerprinting-before-consent", "site-consent-wall"):
        assert outcomes[rule] is Outcome.UNKNOWN
