"""Addresses in the facts of a visit: what names a person is gone everywhere, and addresses stay apart."""

from __future__ import annotations

import pytest

from scanner.collect.site.conceal import conceal
from scanner.collect.site.evidence import file_name
from scanner.facts import Facts
from scanner.model import Artifact, Evidence, Gap, Problem, Subject, Text, WebLocator
from scanner.policyfacts import Paragraph, PolicyFacts
from scanner.sitefacts import Form, Page, SiteFacts, Weakness

ONE, TWO = "https://x.example/list?phone=13800138000&p=2", "https://x.example/list?phone=13900139000&p=2"
WHY = Text(zh=f"未读取 {TWO}", en=f"{TWO} was not read")


def visit(*urls: str) -> Facts:
    proof = tuple(
        Evidence(artifact=url, locator=WebLocator(url=url, css="form"), excerpt=f'<form action="{url[17:]}">')
        for url in urls
    )
    return Facts(
        collector="t",
        subject=Subject(kind="site", name="x", identifier=urls[0], source=urls[0]),
        site=SiteFacts(
            start_url=urls[0],
            pages=tuple(
                Page(url=url, final_url=url, redirects=(url,), sha256="ab" * 32, evidence=proof)
                for url in urls
            ),
            forms=tuple(Form(page=url, purpose="search", action=url) for url in urls),
            weaknesses=tuple(Weakness(kind="no-csp", url=url) for url in urls),
        ),
        artifacts=tuple(Artifact(name=url, sha256=str(n) * 64, size=1) for n, url in enumerate(urls)),
        gaps=(Gap(path="site.pages", code="x", reason=WHY),),
        problems=(Problem(code="x", where=urls[-1], message=WHY),),
    )


def test_a_number_in_a_query_is_nowhere_in_the_facts() -> None:
    shown = conceal(visit(ONE, TWO))
    text = shown.model_dump_json()

    assert "13800138000" not in text
    assert "13900139000" not in text
    assert "p=2" in text
    assert shown.site is not None
    assert [page.url for page in shown.site.pages] == [
        "https://x.example/list?phone=13***1&p=2",
        "https://x.example/list?phone=13***2&p=2",
    ]


def test_the_hash_stays_with_its_address() -> None:
    shown = conceal(visit(ONE, TWO))

    assert [(a.name[-8:], a.sha256[0]) for a in shown.artifacts] == [
        ("3***1&p=2"[1:], "0"),
        ("3***2&p=2"[1:], "1"),
    ]
    assert shown.site is not None
    named = {e.artifact for page in shown.site.pages for e in page.evidence}
    assert named == {artifact.name for artifact in shown.artifacts}


@pytest.mark.parametrize(
    ("url", "hidden", "kept"),
    [
        ("https://x.example/u/13800138000/orders", "13800138000", "/orders"),
        ("https://x.example/q?id_card=110101199003074530", "110101199003074530", "id_card="),
        ("https://x.example/q?email=li.lei%40mail.example", "li.lei%40mail.example", "email="),
        ("https://x.example/q?email=li.lei@mail.example", "li.lei@mail.example", "email="),
        ("https://x.example/q?access_token=Zx81kd0a9s", "Zx81kd0a9s", "access_token="),
        (
            "https://x.example/go?to=https%3A%2F%2Fy.example%2Fu%3Fphone%3D13800138000",
            "13800138000",
            "y.example",
        ),
        ("https://x.example/q?d=%7B%22mobile%22%3A%2213800138000%22%7D", "13800138000", "mobile"),
    ],
)
def test_ways_of_writing_it(url: str, hidden: str, kept: str) -> None:
    text = conceal(visit(url, ONE)).model_dump_json()

    assert hidden not in text
    assert kept in text


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/article/1700000000000",
        "https://x.example/a?id=20261128001&page=3",
        "https://x.example/search?q=token",
    ],
)
def test_other_addresses_stay_as_they_are(url: str) -> None:
    facts = visit(url).model_copy(update={"gaps": (), "problems": ()})

    assert conceal(facts) is facts


def test_the_words_of_the_policy_keep_their_positions() -> None:
    words = f"见 {ONE} 的说明"
    policy = PolicyFacts(
        source=ONE, paragraphs=(Paragraph(id="p1", kind="text", text=words, start=0, end=len(words)),)
    )
    shown = conceal(visit(ONE).model_copy(update={"policy": policy}))

    assert shown.policy is not None
    assert shown.policy.source.endswith("phone=13***1&p=2")
    assert shown.policy.paragraphs[0].text == words


def test_file_names_of_the_evidence_do_not_tell_either() -> None:
    assert "138" not in file_name(3, ONE, "before", "html")
