from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.text import BLANKS, SHOWN_AS_CODE, one_line, plain, short_method, unit_offset


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ascii", "plain ascii"),
        ("中文，全角　空格", "中文，全角　空格"),
        ("a\x00b", "a⟨U+0000⟩b"),
        ("a\x1b[31mred", "a⟨U+001B⟩[31mred"),
        ("a\x9b31m", "a⟨U+009B⟩31m"),
        ("\u202egnp.exe", "⟨U+202E⟩gnp.exe"),
        ("\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"),
        ("pay\u200bpal", "pay⟨U+200B⟩pal"),
        ("\ufeffbom", "⟨U+FEFF⟩bom"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("lone\ud800", "lone⟨U+D800⟩"),
        ("private\ue000", "private⟨U+E000⟩"),
        ("line\u2028sep", "line⟨U+2028⟩sep"),
        ("filler\u3164", "filler⟨U+3164⟩"),
        ("cafe\u0301", "cafe\u0301"),
        ("a\r\nb", "a⟨U+000D⟩\nb"),
    ],
)
def test_what_nobody_could_see_becomes_visible(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_stacked_marks_end_after_a_few() -> None:
    shown = plain("a" + "\u0300" * 50)

    assert shown.startswith("a" + "\u0300" * 4 + "⟨U+0300⟩")
    assert shown.count("\u0300") == 4


def test_length_is_bounded_and_the_rest_counted() -> None:
    assert plain("x" * 1000, 10) == "x" * 10 + "…(+990)"
    assert plain("x" * 10, 10) == "x" * 10


@given(st.text(alphabet=st.characters(), max_size=600))
def test_no_dangerous_character_survives(text: str) -> None:
    shown = plain(text)

    assert not [c for c in shown if unicodedata.category(c) in SHOWN_AS_CODE and c not in "\n\t"]
    assert not BLANKS & set(shown)
    assert "\n" not in one_line(text)
    assert "\t" not in one_line(text)


@given(st.text(max_size=300))
def test_harmless_text_is_not_changed_again(text: str) -> None:
    once = plain(text)

    assert plain(once, 10_000) == once


@pytest.mark.parametrize(
    ("descriptor", "name"),
    [
        ("Lcom/x/Main;->onCreate(Landroid/os/Bundle;)V", "Main.onCreate()"),
        ("Lcom/x/Main$1;-><init>()V", "Main$1.<init>()"),
        ("Lcom/x/Main;->field:I", "Main.field"),
        ("LA;->b()V", "A.b()"),
        ("content://sms", "content://sms"),
    ],
)
def test_descriptors_become_readable(descriptor: str, name: str) -> None:
    assert short_method(descriptor) == name


def test_offsets() -> None:
    assert (unit_offset(31), unit_offset(-1)) == ("0x001f", "")
