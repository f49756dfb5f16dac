"""What a retest of a website compares: every kind of fact once, nothing that a second visit changes by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.changes import FactChange, changes
from scanner.facts import Facts
from scanner.model import Subject
from scanner.sitechanges import SOURCES as SITE
from scanner.sitefacts import ConsentDialog as SiteDialog
from scanner.sitefacts import (
    ExposedData,
    Filing,
    Form,
    ScriptLibrary,
    SiteDisclosure,
    SiteFacts,
    Transport,
    Weakness,
)
from scanner.visitfacts import Button, Cookie, ScriptUse, StorageItem, ThirdParty


def site(**parts: Any) -> Facts:
    return Facts(
        collector="t",
        subject=Subject(kind="site", name="x", identifier="https://x.example/"),
        site=SiteFacts(start_url="https://x.example/", **parts),
    )


def compared(old: Facts, new: Facts) -> list[FactChange]:
    return list(changes(SITE, old, new))


UNSAFE = {"policy_linked": True, "collects_pi": True, "collects": ("phone",)}
CASES: dict[str, tuple[Facts, Facts, tuple[str, str, list[str], list[str]]]] = {
    "a cookie now set before consent": (
        site(cookies=(Cookie(name="c", domain="x", purpose="analytics", phase="accept"),)),
        site(cookies=(Cookie(name="c", domain="x", purpose="analytics", phase="before"),)),
        ("cookie", "c x", ["analytics"], ["analytics", "before_consent"]),
    ),
    "a third party is sent something": (
        site(third_parties=(ThirdParty(domain="t.example", category="analytics"),)),
        site(third_parties=(ThirdParty(domain="t.example", category="analytics", sends_items=("phone",)),)),
        ("third_party", "t.example", ["analytics"], ["analytics", "phone"]),
    ),
    "storage that identifies": (
        site(),
        site(storage=(StorageItem(kind="local", origin="https://x.example", key="id", identifier=True),)),
        ("storage", "id x.example", [], ["before_consent"]),
    ),
    "a script that observes": (
        site(),
        site(
            script_uses=(
                ScriptUse(api="canvas", script="https://t.example/a.js?v=1", page="p", third_party=True),
            )
        ),
        ("script", "canvas t.example", [], ["third_party", "before_consent"]),
    ),
    "a form loses its policy link": (
        site(forms=(Form(page="https://x.example/r?a=1", purpose="register", **UNSAFE),)),
        site(
            forms=(
                Form(page="https://x.example/r?a=2", purpose="register", **UNSAFE | {"policy_linked": False}),
            )
        ),
        (
            "form",
            "register x.example/r",
            ["phone", "policy_linked"],
            ["phone", "no_policy_link"],
        ),
    ),
    "refusing is no longer respected": (
        site(
            dialogs=(
                SiteDialog(page="https://x.example/", kind="banner", reject_clicks=1, reject_respected=True),
            )
        ),
        site(
            dialogs=(
                SiteDialog(page="https://x.example/", kind="banner", reject_clicks=1, reject_respected=False),
            )
        ),
        ("consent", "banner x.example/", ["refusal_respected"], ["refusal_ignored"]),
    ),
    "what visitors are told": (
        site(disclosure=SiteDisclosure(deletion_found=True)),
        site(disclosure=SiteDisclosure(deletion_found=False)),
        ("disclosure", "deletion", ["found"], ["missing"]),
    ),
    "the filing number": (
        site(filings=(Filing(kind="icp", number="京ICP备1号", well_formed=True),)),
        site(filings=(Filing(kind="icp", number="京ICP备2号", well_formed=True),)),
        ("filing", "icp", ["京ICP备1号"], ["京ICP备2号"]),
    ),
    "TLS": (
        site(transport=(Transport(host="x.example", protocols=("TLS 1.2",), hsts=True),)),
        site(
            transport=(
                Transport(host="x.example", protocols=("TLS 1.0", "TLS 1.2"), weak_protocols=("TLS 1.0",)),
            )
        ),
        (
            "transport",
            "x.example",
            ["TLS 1.2", "hsts"],
            ["TLS 1.0", "TLS 1.2", "weak_protocols"],
        ),
    ),
    "a header": (
        site(weaknesses=(Weakness(kind="no-csp", url="https://x.example/a", host="x.example"),)),
        site(),
        ("weakness", "no-csp x.example", [], []),
    ),
    "a library": (
        site(libraries=(ScriptLibrary(name="jquery", version="1.8", url="u", vulnerable=True),)),
        site(libraries=(ScriptLibrary(name="jquery", version="3.7", url="u"),)),
        ("library", "jquery", ["1.8", "vulnerable"], ["3.7"]),
    ),
    "exposed information": (
        site(),
        site(exposed=(ExposedData(item="phone", page="https://x.example/l?q=1", count=3, sample="1**"),)),
        ("exposed", "phone x.example/l", [], ["3"]),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_of_a_site_is_one_row_with_old_and_new(case: str) -> None:
    old, new, wanted = CASES[case]

    (change,) = compared(old, new)
    assert (change.kind, change.id, [v.text for v in change.old], [v.text for v in change.new]) == wanted
    assert [(c.kind, c.id) for c in compared(new, old)] == [wanted[:2]]
    assert compared(old, old.model_copy(deep=True)) == []


def test_visits_at_other_times_do_not_differ() -> None:
    def visit(number: int) -> Facts:
        return site(
            third_parties=(ThirdParty(domain="t.example", requests=number, cookies=number),),
            cookies=(Cookie(name="c", domain="x", days=400.0 - number, phase="before"),),
            transport=(Transport(host="x.example", days_left=90 - number),),
            script_uses=(
                ScriptUse(api="canvas", script=f"https://t.example/a?{number}", page="p", count=number),
            ),
            dialogs=(SiteDialog(page="p", kind="banner", buttons=(Button(label="好", role="accept"),)),),
            visited_at=datetime(2026, 1, number, tzinfo=UTC),
        )

    assert compared(visit(1), visit(2)) == []
