"""Policies kept as documents are read like pages; what only calls itself a policy is none."""

from __future__ import annotations

import io
from collections.abc import Iterator

import docx
import pytest
import typst
from server import Servers

from scanner.collect import collect
from scanner.collect.site.collect import collect_site
from scanner.facts import Facts

LINES = [
    "隐私政策",
    *["我们收集、使用、存储您的个人信息，您可以查阅、更正、删除个人信息，或者注销账号。"] * 20,
]
PDF = "application/pdf"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def pdf(lines: list[str]) -> bytes:
    text = '#set text(font: "Noto Sans CJK SC", lang: "zh")\n' + "\n\n".join(lines)
    return bytes(typst.compile(text.encode(), format="pdf"))


def word(lines: list[str]) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def scan(servers: Servers, path: str, kind: str, body: bytes, *, whole: bool = False) -> Facts:
    home = f"<title>青禾</title><p>青禾笔记</p><footer><a href='{path}'>隐私政策</a></footer>"
    site = servers.site("qinghe.example", routes={"/": home, path: (200, {"Content-Type": kind}, body)})
    return (collect if whole else collect_site)(site.url(), servers.options())


@pytest.mark.parametrize(
    ("path", "kind", "make"),
    [
        ("/privacy.pdf", PDF, pdf),
        ("/privacy", PDF, pdf),
        ("/files/yinsi.docx", WORD, word),
        ("/files/yinsi.docx", "application/octet-stream", word),
    ],
)
def test_a_policy_in_a_document_is_the_site_s_policy(
    servers: Servers, path: str, kind: str, make: object
) -> None:
    assert callable(make)
    facts = scan(servers, path, kind, make(LINES))
    assert facts.site is not None

    told = facts.site.disclosure
    assert (told.policy_found, told.policy_clicks) == (True, 1)
    assert told.policy_url is not None and told.policy_url.endswith(path)
    (page,) = (p for p in facts.site.pages if p.kind == "policy")
    assert page.sha256 and page.content_type == kind


def test_its_text_goes_to_the_policy_reader(servers: Servers) -> None:
    facts = scan(servers, "/privacy.pdf", PDF, pdf(LINES), whole=True)

    assert facts.policy is not None and facts.policy.found_by == "site"
    assert not {g.code for g in facts.gaps} & {"policy-not-fetched"}


@pytest.mark.parametrize("body", [pdf(["价目表"] * 40), b"%PDF-1.7 broken", b"PK\x03\x04" + b"x" * 500])
def test_a_document_that_is_no_readable_policy_is_left_to_a_person(servers: Servers, body: bytes) -> None:
    facts = scan(servers, "/privacy.pdf", PDF, body)
    assert facts.site is not None

    assert facts.site.disclosure.policy_found is None
    assert facts.site.disclosure.policy_url is None
