"""A whole visit without a browser: the clean site stays silent, every fault of the bad one is found, gaps are said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import FIXTURES
from server import Request, Servers, Site

from reports.names import Names
from reports.sitetables import site_identity, site_sheets
from scanner.collect import collect
from scanner.collect.site.collect import collect_site
from scanner.errors import InputError
from scanner.facts import Facts
from scanner.packload import load_pack
from scanner.sitefacts import Form, SiteFacts

HOST = "qinghe.example"
GOOD_HEADERS = {
    "Content-Security-Policy": "default-src 'self'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "Set-Cookie": "SESSIONID=0123456789abcdef; Path=/; Secure; HttpOnly; SameSite=Lax",
}


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def clean_site(servers: Servers) -> Site:
    return servers.tls(HOST, folder=FIXTURES / "sites" / "clean", headers=GOOD_HEADERS)


def bad_site(servers: Servers) -> Site:
    headers = {"Set-Cookie": "JSESSIONID=0123456789abcdef; Path=/", "X-Powered-By": "PHP/5.6.40"}
    return servers.site("ehe.example", folder=FIXTURES / "sites" / "bad", headers=headers)


@pytest.fixture(scope="module")
def bad() -> SiteFacts:
    with Servers() as servers:
        site = collect_site(bad_site(servers).url(), servers.options()).site
    assert site is not None
    return site


def form(site: SiteFacts, page: str) -> Form:
    (found,) = (f for f in site.forms if f.page.endswith(f"/{page}.html"))
    return found


def visited(facts: Facts) -> SiteFacts:
    assert facts.site is not None
    return facts.site


def test_a_clean_site_is_read_whole_and_shows_no_fault(servers: Servers) -> None:
    facts = collect_site(clean_site(servers).url(), servers.options(probe=True))
    site = visited(facts)

    assert facts.problems == ()
    assert {gap.code for gap in facts.gaps} == {"no-browser"}
    assert site.weaknesses == () and site.exposed == () and site.libraries == ()
    assert (site.icp_shown, site.police_shown) == (True, True)
    assert {(f.kind, f.well_formed, f.linked, f.consistent) for f in site.filings} == {
        ("icp", True, True, True),
        ("police", True, True, True),
    }
    assert site.operator == "北京青禾科技有限公司"
    (transport,) = site.transport
    assert (transport.trusted, transport.hostname_matches, transport.hsts) == (True, True, True)
    assert transport.weak_protocols == () and transport.weak_ciphers == ()
    told = site.disclosure
    assert told.policy_found and told.policy_clicks == 1
    assert (told.deletion_found, told.complaint_found, told.contact_found) == (True, True, True)
    for entry in site.forms:
        assert not entry.cleartext and not entry.third_party and not entry.agreement_checked
        assert all(f.necessary is not False for f in entry.fields)
        assert not entry.collects_pi or (entry.policy_linked and entry.purpose_stated), entry.page
    assert site.collects_pi is True and site.has_account is True


def test_what_was_searched_stands_behind_every_list(servers: Servers) -> None:
    facts = collect_site(clean_site(servers).url(), servers.options())

    looked = {entry.path for entry in facts.looked}

    assert {
        "site.forms",
        "site.filings",
        "site.exposed",
        "site.libraries",
        "site.weaknesses",
        "site.transport",
    } <= looked
    assert Facts.model_validate_json(facts.model_dump_json()) == facts


@pytest.mark.parametrize(
    ("page", "purpose", "collects", "unnecessary"),
    [
        (
            "register-id-number",
            "register",
            ("phone-number", "id-number", "ethnicity", "password"),
            {"id-number", "ethnicity"},
        ),
        ("register-preticked", "register", ("phone-number",), set()),
        ("login-implied", "login", ("phone-number", "password"), set()),
        ("contact-third-party", "contact", ("name", "phone-number", "user-content"), set()),
        (
            "shop-order",
            "order",
            ("name", "phone-number", "home-address", "marital-status"),
            {"marital-status"},
        ),
    ],
)
def test_each_form_tells_what_it_asks_for(
    bad: SiteFacts, page: str, purpose: str, collects: tuple[str, ...], unnecessary: set[str]
) -> None:
    found = form(bad, page)

    assert (found.purpose, found.collects) == (purpose, collects)
    assert {f.item for f in found.fields if f.necessary is False} == unnecessary
    assert found.cleartext and found.collects_pi
    assert all(f.evidence[0].locator.kind == "web" for f in found.fields)


def test_consent_beside_forms_is_read(bad: SiteFacts) -> None:
    ticked, implied, plain = (
        form(bad, p) for p in ("register-preticked", "login-implied", "register-id-number")
    )

    assert (ticked.agreement, ticked.agreement_checked, ticked.policy_linked) == (True, True, True)
    assert (implied.agreement, implied.agreement_checked, implied.agreement_bundled) == (True, False, True)
    assert (plain.agreement, plain.policy_linked) == (False, False)


def test_a_form_that_sends_elsewhere_names_the_receiver(bad: SiteFacts) -> None:
    found = form(bad, "contact-third-party")

    assert found.third_party and found.action_host == "collect.other.example"


def test_sensitive_and_childrens_information_is_told(bad: SiteFacts) -> None:
    loan, course = form(bad, "loan"), form(bad, "children-course")

    assert set(loan.collects) >= {"id-number", "bank-card", "income", "emergency-contact", "id-photo", "face"}
    assert loan.collects_sensitive
    assert all(f.necessary is None for f in loan.fields if f.item), "lending may need these; a person decides"
    assert course.collects_sensitive
    assert [(f.item, f.minors) for f in course.fields] == [
        ("child-info", True),
        ("birthday", True),
        ("phone-number", False),  # the parent's
    ]


def test_filings_are_judged_by_form_place_and_agreement(bad: SiteFacts) -> None:
    filings = {f.number: f for f in bad.filings}

    assert filings["京ICP备ABC号"].well_formed is False
    assert filings["沪ICP备2022054321号-1"].linked and filings["沪ICP备2022054321号-1"].consistent is False
    assert filings["浙ICP备2019000888号"].linked is False
    assert filings["京公网安备31010402000678号"].well_formed is False


def test_weaknesses_libraries_and_exposed_data_are_found(bad: SiteFacts) -> None:
    kinds = {w.kind for w in bad.weaknesses}
    exposed = {e.item: e for e in bad.exposed}

    assert kinds >= {
        "no-csp",
        "no-clickjacking-protection",
        "no-nosniff",
        "no-referrer-policy",
        "server-version",
        "cookie-not-httponly",
        "directory-listing",
        "error-details",
    }
    assert {(lib.name, lib.vulnerable) for lib in bad.libraries} == {("jquery", True), ("jquery-ui", True)}
    assert exposed["id-number"].count == 3 and exposed["phone-number"].count == 3
    assert "11010519491231002X" not in bad.model_dump_json(), "numbers leave the collector masked"
    assert bad.transport[0].https is False


def test_a_policy_link_that_leads_nowhere_is_no_policy(bad: SiteFacts) -> None:
    assert bad.disclosure.policy_found is False
    assert any("隐私政策" in e.excerpt for e in bad.disclosure.evidence)


def test_a_policy_that_was_linked_but_could_not_be_read_is_not_called_absent(servers: Servers) -> None:
    site = servers.site(
        HOST,
        routes={
            "/": "<title>首页</title><p>欢迎来到本站</p><a href=/privacy>隐私政策</a>",
            "/privacy": (500, {}, ""),
        },
    )

    facts = collect_site(site.url(), servers.options())

    assert visited(facts).disclosure.policy_found is None
    assert any(gap.code == "pages-http-500" and gap.path == "site.forms" for gap in facts.gaps)


def test_a_policy_kept_on_another_host_is_read(servers: Servers) -> None:
    text = (FIXTURES / "sites" / "clean" / "privacy.html").read_text("utf-8")
    other = servers.site("group.example", ip="127.0.0.3", routes={"/p": text})
    site = servers.site(HOST, routes={"/": f"<title>首页</title><a href='{other.url('/p')}'>隐私政策</a>"})

    told = visited(collect_site(site.url(), servers.options())).disclosure

    assert told.policy_found and told.policy_url == other.url("/p")


def test_a_page_built_by_scripts_is_a_gap_without_a_browser(servers: Servers) -> None:
    site = servers.site(
        HOST, routes={"/": "<title>应用</title><div id=app></div><script src=/app.js></script>"}
    )

    facts = collect_site(site.url(), servers.options())

    assert visited(facts).icp_shown is None and visited(facts).disclosure.policy_found is None
    assert {"site.forms", "site.filings", "site.disclosure"} <= {
        g.path for g in facts.gaps if g.code == "needs-browser"
    }


def test_forms_are_never_sent_and_nothing_but_reading_is_asked(servers: Servers) -> None:
    site = bad_site(servers)

    collect_site(site.url(), servers.options(probe=True))

    assert {request.method for request in site.requests} <= {"GET", "HEAD"}
    assert all(request.body == b"" for request in site.requests)
    assert "/do" not in site.paths


def test_no_form_of_a_third_party_is_contacted(servers: Servers) -> None:
    other = servers.site("collect.other.example", ip="127.0.0.3")

    collect_site(bad_site(servers).url(), servers.options())

    assert other.requests == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1/", "url-loopback"),
        ("http://[::1]/", "url-loopback"),
        ("http://169.254.169.254/", "url-metadata"),
        ("http://user:secret@www.example.com/", "url-userinfo"),
        ("http://localhost/", "url-local-name"),
    ],
)
def test_a_target_that_must_not_be_visited_is_refused_with_a_reason(url: str, code: str) -> None:
    with pytest.raises(InputError) as error:
        collect(url)

    assert error.value.code == code
    assert "不访问" in error.value.text.zh


def test_start_pages_that_cannot_be_scanned_say_why(servers: Servers) -> None:
    elsewhere = servers.site("other.example", routes={"/": "x"})
    site = servers.site(
        HOST,
        routes={
            "/gone": (404, {}, ""),
            "/away": (302, {"Location": elsewhere.url()}, ""),
            "/robots.txt": (200, {"Content-Type": "text/plain"}, "User-agent: Guijian\nDisallow: /closed"),
            "/closed": "<p>x",
        },
    )
    for path, code in (("/gone", "start-status"), ("/away", "start-elsewhere"), ("/closed", "robots")):
        with pytest.raises(InputError) as error:
            collect_site(site.url(path), servers.options())
        assert error.value.code == code

    assert visited(collect_site(site.url("/closed"), servers.options(respect_robots=False))).pages


def test_an_offline_register_confirms_or_contradicts_a_filing(servers: Servers, tmp_path: Path) -> None:
    register = tmp_path / "register.csv"
    register.write_bytes(
        "域名,备案号\nqinghe.example,京ICP备2021012345号-1\nehe.example,沪ICP备99999999号\n".encode("gb18030")
    )

    good = visited(collect_site(clean_site(servers).url(), servers.options(register=register)))
    wrong = visited(collect_site(bad_site(servers).url(), servers.options(register=register)))

    assert {(f.registered, f.register_matches) for f in good.filings if f.kind == "icp"} == {(True, True)}
    assert {(f.registered, f.register_matches) for f in wrong.filings if f.kind == "icp"} == {(False, False)}


def test_probing_finds_what_is_exposed_and_believes_no_error_page(servers: Servers) -> None:
    def everything(request: Request) -> tuple[int, dict[str, str], str]:
        return (
            200,
            {"Content-Type": "text/html"},
            "<html><title>首页</title><p>[core] APP_KEY= phpMyAdmin 找不到页面</p>",
        )

    leaky = servers.site(
        "leaky.example",
        ip="127.0.0.4",
        routes={
            "/": "<title>首页</title><p>欢迎",
            "/.git/HEAD": (200, {}, "ref: refs/heads/main\n"),
            "/.env": (200, {}, "APP_KEY=base64:abc\nDB_PASSWORD=hunter2\n"),
            "/backup.zip": (200, {}, b"PK\x03\x04" + b"\0" * 100),
        },
    )
    soft = servers.site("soft.example", ip="127.0.0.4")
    soft.routes.update(
        dict.fromkeys(("/", "/.git/HEAD", "/.env", "/.git/config", "/phpmyadmin/"), everything)
    )

    found = visited(collect_site(leaky.url(), servers.options(probe=True))).weaknesses
    none = visited(collect_site(soft.url(), servers.options(probe=True))).weaknesses
    unasked = visited(collect_site(leaky.url(), servers.options())).weaknesses

    kinds = {"git-exposed", "env-exposed", "backup-exposed"}
    assert kinds <= {w.kind for w in found}
    assert "hunter2" not in str(found)
    assert not {w.kind for w in (*none, *unasked)} & kinds


def test_the_command_scans_a_url_and_refuses_private_ones_unless_allowed(
    servers: Servers, tmp_path: Path
) -> None:
    site = servers.site("127.0.0.2", folder=FIXTURES / "sites" / "bad")
    out = tmp_path / "facts.json"

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scanner", *args, "--no-browser", "--rate", "0"]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})

    refused = run("collect", site.url(), "-o", str(out))
    allowed = run("collect", site.url(), "-o", str(out), "--allow-private", "--max-pages", "5")
    report = run(
        "scan", site.url(), "--allow-private", "--max-pages", "5", "-f", "json", "--fail-on", "never"
    )

    assert refused.returncode == 3 and "--allow-private" in refused.stderr
    assert allowed.returncode == 0, allowed.stderr
    facts = json.loads(out.read_text("utf-8"))
    assert len(facts["site"]["pages"]) == 5 and facts["site"]["stats"]["stopped_by"] == "pages"
    assert report.returncode == 0, report.stderr
    assert json.loads(report.stdout)["assessment"]["subject"]["kind"] == "site"


def test_chapters_of_a_report_count_pages_forms_and_libraries_alike(servers: Servers) -> None:
    site = servers.site("ehe.example", folder=FIXTURES / "sites" / "bad")
    facts = collect(site.url("/"), servers.options())
    assert facts.site is not None
    names = Names(facts, load_pack(), "zh")
    identity = dict(site_identity(names))
    tables = {sheet.key: sheet for sheet in site_sheets(names)}
    searched = next(looked.what.zh for looked in facts.looked if looked.path == "site.pages")

    pages = len(tables["site_pages"].rows)
    errors = sum((page.status or 0) >= 400 for page in facts.site.pages)
    assert errors and identity["label_pages"] == f"{pages}，其中 {errors} 个返回错误"
    assert f"访问的 {pages} 个页面" in searched and f"{errors} 个返回错误" in searched
    assert f"共 {len(facts.site.forms)} 个表单" in tables["site_forms"].note
    assert {(row[0], row[1]) for row in tables["site_libraries"].rows} == {
        (library.name, library.version) for library in facts.site.libraries
    }


def test_a_policy_link_that_leads_nowhere_is_part_of_what_was_searched() -> None:
    with Servers() as servers:
        site = bad_site(servers)
        facts = collect_site(site.url(), servers.options())
    told = [looked.what.zh for looked in facts.looked if looked.path == "site.disclosure"]

    assert any(f"隐私政策链接指向 {site.url('/p')} ，打开该地址：服务器返回 404" in what for what in told)


def test_forms_that_ask_for_more_come_first(bad: SiteFacts) -> None:
    weights = [(not f.collects_sensitive, not f.collects_pi, -len(f.collects)) for f in bad.forms]

    assert weights == sorted(weights) and bad.forms[0].collects_sensitive


def test_scripts_that_did_not_arrive_are_unread_and_those_read_are_files_examined(servers: Servers) -> None:
    site = servers.site(
        "lib.example",
        routes={
            "/": (
                200,
                {"Content-Type": "text/html"},
                "<meta property='og:site_name' content='清禾商城'><title>首页</title>"
                "<script src='/gone.js'></script><script src='/late.js'></script><script src='/all.js'></script><p>"
                + "正文"
                * 200,
            ),
            "/late.js": (503, {"Content-Type": "text/plain"}, "later"),
            "/all.js": (200, {"Content-Type": "text/javascript"}, "/*! jQuery v1.12.4 | (c) */ var a;"),
        },
    )
    facts = collect_site(site.url("/"), servers.options())
    assert facts.site is not None
    (gap,) = (g for g in facts.gaps if g.path == "site.libraries")
    (library,) = facts.site.libraries
    (proof,) = library.evidence

    assert gap.code == "scripts-unread"
    assert "1 个脚本文件未读取" in gap.reason.zh and "/late.js ：服务器返回 503" in gap.reason.zh
    assert "/gone.js" not in gap.reason.zh, "what is not there is run by nobody's browser"
    assert (proof.artifact, proof.excerpt) == (site.url("/all.js"), "/*! jQuery v1.12.4 | (c) */ var a;")
    assert proof.note is not None and "版本依据脚本文件中的文字" in proof.note.zh
    assert site.url("/all.js") in {artifact.name for artifact in facts.artifacts}
    assert facts.subject.name == "清禾商城"


def test_headers_of_pages_with_forms_are_examined_too(bad: SiteFacts) -> None:
    (framing,) = (w for w in bad.weaknesses if w.kind == "no-clickjacking-protection")
    notes = {e.artifact: e.note.zh for e in framing.evidence if e.note is not None}

    assert len(notes) > 1
    asking = {form.page for form in bad.forms if form.collects_pi}
    assert {page for page, said in notes.items() if "收集个人信息的表单" in said} == set(notes) & asking
    assert set(notes) & asking
