"""Interfaces that are drawn outside layouts: what can be read is read with evidence, what cannot is never called absent.

``tests/data/hermes-*.hbc`` are ``tests/data/hermes.js`` compiled with hermesc of byte code versions 89 and 99.
"""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import fixture_apk_path

from scanner.assess import assess
from scanner.collect import collect
from scanner.collect.app.drawn import script_sentences
from scanner.collect.app.hermes import hermes_strings
from scanner.collect.app.rawtexts import narrow_texts, wide_texts
from scanner.facts import Facts
from scanner.model import FileLocator, Outcome
from scanner.packload import load_pack, profile

DATA = Path(__file__).resolve().parents[2] / "data"
PROMPT = "请您阅读并同意《用户协议》和《隐私政策》后使用。"
ABSENCE = ("no-privacy-policy", "no-first-run-consent-prompt")


def dart_string(text: str) -> bytes:
    """Return a two-byte string as a Dart snapshot of a 64-bit platform keeps it."""
    return b"\x5d\x05\xb3\x92\x10\x20\x30\x40" + struct.pack("<Q", 2 * len(text)) + text.encode("utf-16-le")


def snapshot(*texts: str) -> bytes:
    noise = random.Random(5).randbytes(3000)
    return b"\x7fELF" + bytes(60) + noise + b"".join(dart_string(text) + bytes(8) for text in texts) + noise


def app_with(tmp_path: Path, files: Mapping[str, bytes], base: str = "policy-missing.bad") -> Facts:
    """Return the facts of a fixture package with ``files`` added."""
    path = tmp_path / "drawn.apk"
    with zipfile.ZipFile(fixture_apk_path(base)) as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            new.writestr(info, old.read(info))
        for name, data in files.items():
            new.writestr(name, data)
    return collect(path)


def outcomes(facts: Facts) -> dict[str, Outcome]:
    pack = load_pack()
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    found = assess(facts, pack, profile(pack, "app-pi"), now=moment, tool_version="test")
    return {result.rule: result.outcome for result in found.evaluation.results}


def flutter(*texts: str) -> dict[str, bytes]:
    return {"lib/arm64-v8a/libflutter.so": b"\x7fELF", "lib/arm64-v8a/libapp.so": snapshot(*texts)}


def react(bundle: bytes) -> dict[str, bytes]:
    return {"lib/arm64-v8a/libreactnativejni.so": b"\x7fELF", "assets/index.android.bundle": bundle}


def test_without_such_an_interface_the_same_package_is_found_wanting() -> None:
    found = outcomes(collect(fixture_apk_path("policy-missing.bad")))

    assert {found[rule] for rule in ABSENCE} == {Outcome.HIT}


@pytest.mark.parametrize(
    "files",
    [
        flutter("与隐私无关的一句话"),
        react(b"print('hello')"),
        react(bytes.fromhex("c61fbc03c103191f") + bytes(200)),
        {"lib/arm64-v8a/libunity.so": b"\x7fELF", "assets/bin/Data/data.unity3d": b"data"},
    ],
    ids=["flutter", "script", "byte-code", "unity"],
)
def test_what_cannot_be_seen_in_a_drawn_interface_is_not_called_absent(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    facts = app_with(tmp_path, files)
    found = outcomes(facts)

    assert {found[rule] for rule in ABSENCE} == {Outcome.UNKNOWN}
    assert {"app.texts", "app.dialogs", "app.checkboxes"} <= {
        gap.path for gap in facts.gaps if gap.code == "interface-drawn"
    }


def test_sentences_of_a_dart_snapshot_are_read_with_their_place(tmp_path: Path) -> None:
    files = flutter(PROMPT, "同意", "不同意", "注销账号")
    facts = app_with(tmp_path, files)
    assert facts.app is not None
    texts = {text.kind: text for text in facts.app.texts if text.origin == "asset"}

    assert texts["consent_prompt"].text == PROMPT
    assert texts["account_deletion"].text == "注销账号"
    assert {"policy_link", "consent_agree_button", "consent_refuse_button"} <= texts.keys()
    locator = texts["consent_prompt"].evidence[0].locator
    assert isinstance(locator, FileLocator)
    assert locator.offset is not None
    library = files["lib/arm64-v8a/libapp.so"]
    assert library[locator.offset :].startswith(PROMPT.encode("utf-16-le"))
    (container,) = facts.app.containers
    assert (container.kind, container.draws, container.readable) == ("flutter", True, False)
    assert container.sentences == len([t for t in facts.app.texts if t.origin == "asset"])
    assert outcomes(facts)["no-privacy-policy"] is Outcome.CLEAR


@pytest.mark.parametrize("version", ["89", "99"])
def test_the_string_table_of_hermes_byte_code_is_read(version: str) -> None:
    data = (DATA / f"hermes-{version}.hbc").read_bytes()
    found = hermes_strings(data)
    assert found is not None

    texts = [text for _, text in found]
    assert {"同意并继续", "不同意", "注销账号", "投诉与举报"} <= set(texts)
    assert all(data[place:].startswith(text.encode("utf-16-le")) for place, text in found)


@pytest.mark.parametrize("name", ["hermes-89.hbc", "hermes-99.hbc", "hermes.js"])
def test_a_bundle_says_the_same_compiled_and_as_text(tmp_path: Path, name: str) -> None:
    facts = app_with(tmp_path, react((DATA / name).read_bytes()))
    assert facts.app is not None
    kinds = {text.kind for text in facts.app.texts if text.origin == "asset"}

    assert kinds == {
        "consent_prompt",
        "policy_link",
        "agreement_link",
        "consent_agree_button",
        "consent_refuse_button",
        "account_deletion",
        "complaint_channel",
    }
    assert facts.app.containers[0].sentences > 0


@pytest.mark.parametrize("cut", range(0, 480, 20))
def test_byte_code_that_ends_early_or_is_broken_does_no_harm(cut: int) -> None:
    data = (DATA / "hermes-89.hbc").read_bytes()
    noisy = bytearray(data)
    for place in random.Random(cut).sample(range(8, len(data)), 20):
        noisy[place] ^= 0xFF

    assert hermes_strings(data[:cut]) is None
    found = hermes_strings(bytes(noisy))
    assert found is None or all(isinstance(text, str) for _, text in found)


def test_sentences_of_a_script_end_at_quotes_and_tags_and_are_unescaped() -> None:
    text = "a(\"\\u6ce8\\u9500\\u8d26\\u53f7\");b=`同意`;<p>隐私<b>政策</b></p>\nvar c='plain'"

    assert list(script_sentences(text)) == ["注销账号", "同意", "隐私", "政策"]


def test_a_sentence_ends_where_the_length_before_it_says() -> None:
    data = dart_string("投诉举报") + "后面的字".encode("utf-16-le")

    assert wide_texts(data, ["投诉举报"]) == [(16, "投诉举报")]


def test_a_kernel_file_is_read_as_utf_8() -> None:
    data = b"\x90\xab\xcd\xef" + bytes(20) + "\x08注销账号\x01其他".encode() + b"\xff\xfe"

    assert narrow_texts(data, ["注销账号"]) == [(25, "注销账号")]


def test_words_that_may_stand_in_a_policy_kept_in_a_script_accuse_nobody(tmp_path: Path) -> None:
    policy = "如您继续使用我们的服务，即表示您同意修订后的内容。"
    facts = app_with(tmp_path, react(f'a("{policy}");b("登录即代表同意用户协议和隐私政策")'.encode()))
    assert facts.app is not None

    implied = [t.text for t in facts.app.texts if t.kind == "implied_consent" and t.origin == "asset"]
    assert implied == ["登录即代表同意用户协议和隐私政策"]


def test_compose_leaves_open_what_dialogs_and_boxes_hold_but_not_the_words(tmp_path: Path) -> None:
    facts = app_with(tmp_path, {"META-INF/androidx.compose.ui_ui.version": b"1.7.5\n"})
    gaps = {gap.path for gap in facts.gaps if gap.code == "interface-drawn"}

    assert gaps == {"app.dialogs", "app.checkboxes"}
    assert outcomes(facts)["no-privacy-policy"] is Outcome.HIT
