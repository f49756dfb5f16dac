"""The policy inside an Android package and the links to it."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import docx
import pytest
from conftest import corpus_path, fixture_apk_path
from makers import word_bytes

from scanner.collect.app.archive import Archive
from scanner.collect.app.resources import Resources
from scanner.collect.policy.embedded import PolicyLink, find_links, find_policies, links_in

FRAMEWORK = "/usr/share/android-framework-res/framework-res.apk"
SENTENCES = (
    "我们会按照本隐私政策收集和使用您的个人信息，并采取措施加以保护。",
    "为了提供登录服务，我们会收集您的手机号码；如果您拒绝提供，将无法登录，但不影响浏览。",
    "您可以访问、更正、删除您的个人信息，也可以注销账号。",
)
BODY = "".join(f"<h2>{i}、说明</h2>" + "".join(f"<p>{s}</p>" for s in SENTENCES) for i in "一二三四五")
POLICY = f"<html><head><title>小步隐私政策</title></head><body><h1>小步隐私政策</h1>{BODY}</body></html>"
AGREEMENT = POLICY.replace("隐私政策", "用户协议").replace("个人信息", "服务内容")


def package(**files: str | bytes) -> Archive:
    """A package with these files; ``__`` in a name stands for ``/`` and ``_dot_`` for ``.``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as apk:
        apk.writestr("AndroidManifest.xml", b"\x03\x00")
        for name, content in files.items():
            apk.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return Archive(Path("test.apk"), content=buffer.getvalue())


def names(archive: Archive, resources: Resources | None = None) -> list[tuple[str, str]]:
    return [(c.name, c.kind) for c in find_policies(archive, resources)]


@pytest.mark.parametrize(
    "name",
    [
        "assets/privacy.html",
        "assets/www/html/yinsi.html",
        "assets/flutter_assets/assets/privacy_policy.html",
        "assets/apps/H5ABC/www/hybrid/html/隐私政策.html",
        "res/raw/privacy.txt",
        "assets/web/p1.html",
    ],
)
def test_the_policy_is_found_where_applications_keep_it(name: str) -> None:
    archive = package(**{name: POLICY, "assets/index.html": "<html><p>首页</p></html>" * 30})
    assert names(archive) == [(name, "privacy_policy")]


def test_the_privacy_policy_comes_before_the_agreement_and_the_reason_is_given() -> None:
    archive = package(assets__agreement_dot_html=AGREEMENT, assets__privacy_dot_html=POLICY)
    found = find_policies(archive, None)
    assert [c.kind for c in found] == ["privacy_policy", "user_agreement"]
    assert "privacy" in found[0].reason.zh
    assert found[0].document.title == "小步隐私政策"


def test_word_documents_markdown_and_other_encodings_are_read() -> None:
    document = docx.Document()
    document.add_heading("小步隐私政策", 1)
    for sentence in SENTENCES * 4:
        document.add_paragraph(sentence)
    gbk = POLICY.replace("小步", "大步").encode("gbk")
    markdown = "# 中步隐私政策\n\n" + "\n\n".join(SENTENCES * 4)
    archive = package(
        assets__privacy_dot_docx=word_bytes(document), assets__a_dot_html=gbk, assets__privacy_dot_md=markdown
    )
    assert {c.document.title for c in find_policies(archive, None)} == {
        "小步隐私政策",
        "大步隐私政策",
        "中步隐私政策",
    }


def test_licences_news_and_names_alone_are_no_policies() -> None:
    archive = package(
        assets__open_source_licenses_dot_html=POLICY.replace("小步", "隐私"),
        assets__news_dot_html="<html>" + "<p>某公司昨日发布新产品，引起广泛关注。</p>" * 60 + "</html>",
        assets__privacy_dot_html="<html><body><div id=app></div><script>"
        + "x" * 900
        + "</script></body></html>",
        assets__privacy_dot_png=POLICY,
    )
    assert names(archive) == []


def test_the_same_text_under_two_names_is_given_once() -> None:
    assert len(names(package(assets__privacy_dot_html=POLICY, assets__yinsi_dot_html=POLICY))) == 1


def test_a_broken_entry_and_a_bomb_are_left_out() -> None:
    archive = package(
        assets__privacy_dot_html=POLICY, assets__privacy2_dot_html="<p>隐私政策</p>" + " " * (40 << 20)
    )
    assert names(archive) == [("assets/privacy.html", "privacy_policy")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, Resources]:
    """A package compiled by aapt2 with the policy in a string, in an array and in res/raw, and links in strings."""
    folder = tmp_path_factory.mktemp("app")
    long = "".join(SENTENCES) * 4
    strings = {
        "privacy_content": f"小步隐私政策\\n{long}",
        "agreement_tip": "请阅读&lt;a href=\\'https://x.example.cn/a/1\\'&gt;《用户协议》&lt;/a&gt;和&lt;a href=\\'https://x.example.cn/b/2\\'&gt;《隐私政策》&lt;/a&gt;",
        "url_privacy": "https://x.example.cn/c/3",
        "home": "https://x.example.cn/home",
    }
    values = "".join(f'<string name="{name}">{text}</string>' for name, text in strings.items())
    items = "".join(
        f"<item>{i}、{s}</item>" for i in "一二三四五" for s in ("小花儿童隐私保护指引", *SENTENCES)
    )
    for name, content in (
        ("values/v.xml", f'<resources>{values}<string-array name="child">{items}</string-array></resources>'),
        ("raw/yinsi", POLICY.replace("小步", "中步")),
    ):
        path = folder / "res" / name
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
    manifest = '<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="a.b"/>'
    (folder / "AndroidManifest.xml").write_text(manifest)
    aapt2, out = str(corpus_path("aapt2")), folder / "out.apk"
    subprocess.run([aapt2, "compile", "--dir", "res", "-o", "c.zip"], cwd=folder, check=True)
    link = [aapt2, "link", "-I", FRAMEWORK, "--manifest", "AndroidManifest.xml", "-o", str(out), "c.zip"]
    subprocess.run(link, cwd=folder, check=True, capture_output=True)
    archive = Archive(out)
    return archive, Resources(archive.read("resources.arsc"))


def test_long_strings_arrays_and_raw_files_are_found(built: tuple[Archive, Resources]) -> None:
    found = {c.name: c for c in find_policies(*built)}
    assert set(found) == {"string/privacy_content", "array/child", "res/raw/yinsi"}
    assert found["string/privacy_content"].kind == "privacy_policy"
    assert "字符串资源" in found["string/privacy_content"].reason.zh


def test_links_in_strings_are_found_with_what_they_lead_to(built: tuple[Archive, Resources]) -> None:
    links = {link.url: link for link in find_links(*built, None)}
    assert {url: link.kind for url, link in links.items()} == {
        "https://x.example.cn/a/1": "user_agreement",
        "https://x.example.cn/b/2": "privacy_policy",
        "https://x.example.cn/c/3": "privacy_policy",
    }
    evidence = links["https://x.example.cn/b/2"].evidence
    assert evidence.locator.kind == "resource"
    assert evidence.locator.name == "string/agreement_tip"


def test_links_in_the_consent_dialog_of_uni_app_are_found() -> None:
    dialog = '{"message": "请阅读<a href=\\"https:\\/\\/x.example.cn\\/u\\">《用户协议》</a>和<a href=\\"https://x.example.cn/p\\">《隐私政策》</a>"}'
    links = find_links(package(assets__data__androidPrivacy_dot_json=dialog), None, None)
    assert [(link.url, link.kind) for link in links] == [
        ("https://x.example.cn/p", "privacy_policy"),
        ("https://x.example.cn/u", "user_agreement"),
    ]
    assert links[0].evidence.artifact == "assets/data/androidPrivacy.json"


@pytest.mark.parametrize(
    ("text", "context", "expected"),
    [
        ("《隐私政策》https://a.example.cn/1", "", [("https://a.example.cn/1", "privacy_policy")]),
        ("https://a.example.cn/privacy.html", "", [("https://a.example.cn/privacy.html", "privacy_policy")]),
        ("https://a.example.cn/doc?id=yhxy", "", [("https://a.example.cn/doc?id=yhxy", "user_agreement")]),
        ("https://a.example.cn/1", "string/url_user_agreement", [("https://a.example.cn/1", "user_agreement")]),
        ("https://a.example.cn/1。", "string/home", []),
        ("用户协议：https://a.example.cn/1\n隐私政策：https://a.example.cn/2", "", [
            ("https://a.example.cn/1", "user_agreement"), ("https://a.example.cn/2", "privacy_policy")]),
    ],
)  # fmt: skip
def test_the_words_beside_a_link_name_its_document(
    text: str, context: str, expected: list[tuple[str, str]]
) -> None:
    assert [(url, kind) for url, kind, _ in links_in(text, context)] == expected


def test_a_package_without_any_policy_has_none() -> None:
    with Archive(corpus_path("apidemos")) as archive:
        resources = Resources(archive.read("resources.arsc"))
        links: list[PolicyLink] = find_links(archive, resources, None)
        assert (find_policies(archive, resources), links) == ([], [])


def test_the_policy_of_a_fixture_package_is_found() -> None:
    with Archive(fixture_apk_path("allow-backup.bad")) as archive:
        (candidate,) = find_policies(archive, Resources(archive.read("resources.arsc")))
        assert (candidate.name, candidate.kind) == ("assets/privacy.html", "privacy_policy")
