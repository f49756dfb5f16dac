"""What links to documents prove: a page, nothing where the page is not there, and nothing either way for a bare #."""

from __future__ import annotations

import pytest

from scanner.collect.site.disclosure import disclosure
from scanner.collect.site.frontier import Target
from scanner.collect.site.page import parse
from scanner.collect.site.reading import read_page

PAGE = "https://www.qinghe.example/"


@pytest.mark.parametrize(
    ("link", "found", "words"),
    [
        ("/terms", True, f"链接到 {PAGE}terms "),
        ("#", None, "链接地址为“#”，不指向任何网页"),
        ("/gone", False, f"链接到 {PAGE}gone ；该地址返回 404，没有内容"),
    ],
)
def test_a_link_is_shown_with_where_it_leads(link: str, found: bool | None, words: str) -> None:
    page = parse(PAGE, f"<body><p>正文</p><a href='{link}'>用户协议</a></body>")
    reading = read_page(Target(PAGE, 0), None, page, start=True)
    told = disclosure([reading], complete=True, failed=frozenset(), dead={f"{PAGE}gone": "http-404"})

    assert told.agreement_found is found
    assert any(e.note is not None and words in e.note.zh for e in told.evidence)
