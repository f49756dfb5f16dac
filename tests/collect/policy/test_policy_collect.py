"""A policy as facts: alone, beside a package, from a server, and when it cannot be read."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from scanner.cli.policy import policy_command
from scanner.collect import collect
from scanner.collect.policy.collect import MAX_READ, join, read_policy
from scanner.context import CollectOptions, SiteOptions
from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import Gap, Subject, Text

ROOT = Path(__file__).resolve().parents[3]
POLICIES = ROOT / "fixtures" / "apks" / "policy-compare"
ANYWHERE = SiteOptions(allow_private=True)


def policy_of(variant: str) -> Path:
    return POLICIES / variant / "assets" / "privacy.html"


def states(facts: Facts) -> dict[str, str]:
    assert facts.policy is not None
    found = facts.policy.comparisons
    return {f"{c.kind} {c.id} {c.owner_kind}": c.state for c in found}


def test_each_class_is_recognised_in_a_package_with_its_policy(fixture_apk: Callable[[str], Path]) -> None:
    options = CollectOptions(policy=str(policy_of("bad")))
    facts = collect(str(fixture_apk("policy-compare.bad")), options)

    assert states(facts) == {
        "item imei app": "disclosed",
        "item android-id app": "vague",
        "item contacts app": "omitted",
        "item clipboard app": "contradicted",
        "item precise-location app": "unseen",
        "item sms-code app": "unseen",
        "item imei sdk": "vague",
        "item android-id sdk": "disclosed",
        "sdk umeng-common sdk": "disclosed",
        "sdk pangle sdk": "omitted",
        "sdk wechat-opensdk sdk": "unseen",
        "permission android.permission.READ_PHONE_STATE app": "disclosed",
        "permission android.permission.READ_CONTACTS app": "omitted",
    }


def test_the_same_package_with_an_honest_policy_is_accused_of_nothing(
    fixture_apk: Callable[[str], Path],
) -> None:
    options = CollectOptions(policy=str(policy_of("good")))
    facts = collect(str(fixture_apk("policy-compare.good")), options)

    assert set(states(facts).values()) <= {"disclosed", "unseen"}
    assert states(facts)["item contacts app"] == "disclosed"


def test_every_accusation_shows_code_and_policy(fixture_apk: Callable[[str], Path]) -> None:
    facts = collect(str(fixture_apk("policy-compare.bad")), CollectOptions(policy=str(policy_of("bad"))))
    assert facts.policy is not None
    accused = [c for c in facts.policy.comparisons if c.state in {"omitted", "contradicted", "vague"}]

    assert accused
    for comparison in accused:
        assert comparison.seen_evidence
        assert comparison.policy_evidence
        assert {e.locator.kind for e in comparison.policy_evidence} <= {"policy", "search"}
    clipboard = next(c for c in accused if c.id == "clipboard")
    assert clipboard.seen_evidence[0].chain
    assert clipboard.policy_evidence[0].excerpt == "4. 我们不会读取您的剪贴板。"


def test_a_policy_alone_is_a_subject_of_its_own() -> None:
    facts = collect(str(policy_of("bad")))

    assert facts.subject.kind == "policy"
    assert facts.subject.developer == "青禾示例科技有限公司"
    assert facts.app is None
    assert facts.policy is not None
    assert facts.policy.comparisons == ()
    assert facts.policy.complete is True
    assert {looked.path for looked in facts.looked} >= {"policy.items", "policy.sdks", "policy.elements"}
    assert facts.artifacts[0].size == policy_of("bad").stat().st_size
    assert Facts.model_validate_json(facts.model_dump_json()) == facts


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"", "policy"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 100, "policy"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 100, "policy"),
    ],
    ids=["empty", "image", "old word"],
)
def test_a_policy_that_cannot_be_read_is_a_gap_and_no_omission(data: bytes, path: str) -> None:
    reading = read_policy(data, "privacy.bin")

    assert reading.policy.complete is False
    assert [gap.path for gap in reading.gaps] == [path]
    assert reading.looked == ()
    assert reading.problems


def test_a_policy_too_long_to_read_is_said_to_be_read_in_part() -> None:
    text = "我们会收集您的手机号码，用于登录。\n" * (MAX_READ // 17)
    reading = read_policy(text.encode(), "long.txt")

    assert reading.policy.complete is False
    assert {gap.code for gap in reading.gaps} == {"policy-long"}
    assert "policy.comparisons" in {gap.path for gap in reading.gaps}


def test_unread_code_leaves_the_comparison_open() -> None:
    gap = Gap(path="app.accesses", code="packed", reason=Text(zh="加固", en="packed"))
    subject = Subject(kind="app", name="a", identifier="a")
    reading = read_policy(policy_of("bad").read_bytes(), "privacy.html", subject=subject)
    site = collect(str(policy_of("bad")))
    assert site.policy is not None
    facts = Facts.model_validate(
        {"collector": "t", "subject": subject, "gaps": (gap,), "app": {"identity": {"package": "a"}}}
    )

    assert "policy.comparisons" in {g.path for g in join(facts, reading).gaps if g.code == "packed"}


def test_a_missing_policy_file_is_one_clear_error(fixture_apk: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match="无法读取隐私政策"):
        collect(str(fixture_apk("clean")), CollectOptions(policy="/no/such/policy.html"))


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path in {"/privacy", "/written"}
        body = policy_of("bad").read_bytes() if self.path == "/privacy" else b"gone"
        if self.path == "/written":
            words = json.dumps(policy_of("bad").read_text("utf-8")).replace("</", "<\\/")
            body = f"<!doctype html><title>x</title><div id=a></div><script>a.innerHTML = {words}</script>".encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[str]:
    """A web server with the policy at /privacy."""
    pages = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = threading.Thread(target=pages.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{pages.server_port}"
    pages.shutdown()
    pages.server_close()


def test_a_policy_is_fetched_from_its_address(server: str, fixture_apk: Callable[[str], Path]) -> None:
    options = CollectOptions(policy=f"{server}/privacy", site=ANYWHERE)
    facts = collect(str(fixture_apk("policy-compare.bad")), options)

    assert facts.policy is not None
    assert facts.policy.source == f"{server}/privacy"
    assert states(facts)["item clipboard app"] == "contradicted"


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_a_policy_written_by_script_is_read_in_the_browser(
    server: str, fixture_apk: Callable[[str], Path]
) -> None:
    options = CollectOptions(policy=f"{server}/written", site=ANYWHERE)
    facts = collect(str(fixture_apk("policy-compare.bad")), options)

    assert facts.policy is not None
    assert facts.policy.rendered
    assert facts.policy.readability is not None
    assert facts.policy.readability.font_px == 16
    assert states(facts)["item clipboard app"] == "contradicted"


def test_without_a_browser_a_policy_written_by_script_is_a_gap(
    server: str, fixture_apk: Callable[[str], Path]
) -> None:
    site = dataclasses.replace(ANYWHERE, browser=False)
    facts = collect(
        str(fixture_apk("policy-compare.bad")), CollectOptions(policy=f"{server}/written", site=site)
    )

    assert {"policy-script"} <= {p.code for p in facts.problems}
    assert any(gap.path.startswith("policy") for gap in facts.gaps)


def test_an_address_without_a_policy_is_one_clear_error(
    server: str, fixture_apk: Callable[[str], Path]
) -> None:
    with pytest.raises(InputError, match="无法取得隐私政策"):
        collect(str(fixture_apk("clean")), CollectOptions(policy=f"{server}/none", site=ANYWHERE))


def test_private_addresses_are_not_fetched_unless_allowed(
    server: str, fixture_apk: Callable[[str], Path]
) -> None:
    with pytest.raises(InputError, match="无法取得隐私政策"):
        collect(str(fixture_apk("clean")), CollectOptions(policy=f"{server}/privacy"))


# --- the command ------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, bytes]:
    result = CliRunner().invoke(policy_command, arguments)
    return result.exit_code, result.stdout_bytes


def test_the_command_gives_sentences_elements_items_and_sdks_as_json() -> None:
    code, out = run(str(policy_of("bad")), "-f", "json")
    found = json.loads(out)
    sentence = next(s for s in found["sentences"] if "剪贴板" in s["text"])

    assert code == 0
    assert sentence["end"] - sentence["start"] == len(sentence["text"])
    assert "collect" in {topic for s in found["sentences"] for topic in s["topics"]}
    assert {e["state"] for e in found["elements"]} <= {"present", "weak", "absent", "unknown"}
    assert {s["name"] for s in found["sdks"]} == {"友盟统计SDK", "微信开放平台SDK"}
    assert [i["item"] for i in found["items"] if i["negated"]] == ["clipboard"]
    assert found["gaps"] == []


def test_the_command_shows_what_a_reader_wants_on_the_terminal() -> None:
    code, out = run(str(policy_of("bad")))
    text = out.decode()

    assert code == 0
    for words in (
        "青禾笔记隐私政策",
        "青禾示例科技有限公司",
        "应有内容",
        "声称不收集",
        "友盟统计SDK",
        "用于识别异常登录",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_command_speaks_english() -> None:
    _, out = run(str(policy_of("bad")), "--lang", "en")

    assert "Required elements" in out.decode()
    assert "Third-party SDKs named 2" in out.decode()


def test_the_html_reading_runs_no_script_and_escapes_the_policy(tmp_path: Path) -> None:
    hostile = tmp_path / "policy.html"
    hostile.write_text(
        "<html><title>隐私政策&lt;script&gt;alert(1)&lt;/script&gt;</title><body><h1>隐私政策</h1>"
        "<p>我们会收集您的IMEI，用于&lt;img src=x onerror=alert(1)&gt;识别。</p></body></html>",
        "utf-8",
    )
    target = tmp_path / "out.html"
    code, _ = run(str(hostile), "-o", str(target))
    page = target.read_text("utf-8")

    assert code == 0
    assert "<script" not in page
    assert "<img" not in page
    assert "onerror=alert(1)&gt;" in page
    assert "default-src &#39;none&#39;" in page


@pytest.mark.parametrize("form", ["json", "html", "console"])
def test_an_empty_policy_is_said_to_be_unread_in_every_format(form: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    code, out = run(str(empty), "-f", form)

    assert code == 0
    assert "没有可读的内容" in "".join(out.decode().split()) or "没有可读的内容" in out.decode()


def test_a_policy_that_is_not_there_is_an_error_of_the_input() -> None:
    assert run("/no/such/policy.html")[0] == 3
