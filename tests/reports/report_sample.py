"""A small, complete world for the writers: a pack, facts of a hostile app, and the assessment of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from reports.view import ReportView
from scanner.codefacts import Access, CodeStats, Endpoint, NativeLibrary, Origin, Sdk
from scanner.facts import AppFacts, Certificate, Facts, Identity, SchemeState, Signing
from scanner.model import (
    Artifact,
    Assessment,
    ClauseResult,
    CodeStep,
    Confidence,
    ControlResult,
    Coverage,
    Decision,
    DexLocator,
    Evaluation,
    Evidence,
    FileLocator,
    Finding,
    Gap,
    Grade,
    GradeCap,
    InstrumentResult,
    Lang,
    Looked,
    Outcome,
    PolicyLocator,
    Problem,
    ResourceLocator,
    RuleResult,
    SearchLocator,
    Severity,
    Subject,
    Text,
    Verdict,
    WebLocator,
    XmlLocator,
    fingerprint,
)
from scanner.permissionfacts import Permission, PermissionUse
from scanner.rulepack import (
    Clause,
    Condition,
    Control,
    Grading,
    Instrument,
    Letter,
    ManualProcedure,
    Note,
    Pack,
    Preparation,
    Profile,
    Rule,
    Snippet,
)

HOSTILE = "<script>alert(1)</script>\u202eexe.gpj\x07[bold]{{7*7}}"
PACKAGE = "com.example.shop"
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
APP = Origin(kind="app", id=PACKAGE, basis="prefix")
ADS = Origin(kind="sdk", id="acme-ads", name=Text(zh="甲广告", en="Acme Ads"), basis="prefix")
LIB = Origin(kind="library", id="netkit", name=Text(zh="NetKit", en="NetKit"), basis="prefix")
NOBODY = Origin(kind="unknown")
SHA = "ab" * 32


def t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def code(method: str, offset: int, *chain: str, excerpt: str = "") -> Evidence:
    steps = tuple(
        CodeStep(
            method=m,
            offset=-1 if m == chain[-1] else 16 + i,
            edge="end" if m == chain[-1] else ("call", "dispatch", "callback", "initialiser")[i % 4],
        )
        for i, m in enumerate(chain)
    )
    return Evidence(
        artifact="classes.dex",
        locator=DexLocator(dex="classes.dex", method=method, offset=offset),
        excerpt=excerpt or "invoke-virtual Landroid/telephony/TelephonyManager;->getImei()Ljava/lang/String;",
        chain=steps,
    )


CREATE = "Lcom/example/shop/MainActivity;->onCreate(Landroid/os/Bundle;)V"
INIT = "Lcom/acme/ads/Core;->init(Landroid/content/Context;)V"
READ = "Lcom/acme/ads/Device;->imei()Ljava/lang/String;"
LONG_CHAIN = tuple(f"Lcom/example/shop/Step{n};->go()V" for n in range(30))


def clause(
    number: int, title: Text, *, verified: bool = True, kind: str = "exact", chapter: str = "一、甲"
) -> Clause:
    return Clause.model_validate(
        {
            "id": f"TEST-{number}",
            "number": f"一、{number}",
            "title": title,
            "text": f"第{number}条的原文。",
            "text_kind": kind,
            "limit": "suspected" if number == 2 else "violation",
            "limit_why": t("须动态测试确认", "dynamic testing decides"),
            "verified": "verified: 公报" if verified else "from-memory",
            "chapter": chapter,
        }
    )


def rule(name: str, number: int, severity: Severity, confidence: Confidence, group: tuple[str, ...]) -> Rule:
    return Rule.model_validate(
        {
            "id": name,
            "code": f"GJ-T{number:03d}",
            "title": t(f"问题{number}", f"Problem {number}"),
            "status": "stable",
            "surface": "app",
            "severity": severity,
            "confidence": confidence,
            "basis": (f"TEST-{min(number, 6)}",),
            "why": t("影响个人权益。", "It harms people."),
            "message": t(f"见到问题{number}的证据。", f"Evidence of problem {number}."),
            "fix": t(f"按{number}整改。", f"Fix {number}."),
            "hit_when": Condition.model_validate({"fact": "app.has_account", "is": True}),
            "group_by": group,
            "false_positives": (t("旧系统兼容代码。", "Old code."),),
            "snippet": Snippet(language="xml", before="<a/>", after="<b/>") if number == 1 else None,
        }
    )


RULES = {
    r.id: r
    for r in (
        rule("certain-hit", 1, Severity.CRITICAL, Confidence.CERTAIN, ("item", "owner_id")),
        rule("capped-hit", 2, Severity.HIGH, Confidence.FIRM, ("caller",)),
        rule("absent-thing", 3, Severity.MEDIUM, Confidence.TENTATIVE, ()),
        rule("broken-rule", 4, Severity.LOW, Confidence.FIRM, ()),
        rule("quiet-rule", 5, Severity.LOW, Confidence.FIRM, ("name",)),
    )
}
PREPARATION = Preparation(
    id="phone",
    title=t("检测用手机", "Phone for tests"),
    steps=(
        Note(zh="恢复出厂设置。", en="Reset the phone."),
        Note(zh="清空浏览器。", en="Clear the browser.", surfaces=("site",)),
    ),
    keep=(Note(zh="样品编号", en="Number of the sample"),),
)
MANUAL = ManualProcedure(
    prepare=("phone",),
    steps=(
        Note(zh="安装并启动，全程录屏。", en="Install, start, record."),
        Note(zh="打开网站首页。", en="Open the home page.", surfaces=("site",)),
    ),
    keep=(Note(zh="录屏", en="Recording"), Note(zh="网址", en="Address", surfaces=("site",))),
    minutes=30,
)


def control(number: int, automation: str, rules: tuple[str, ...], *, manual: bool = True) -> Control:
    return Control.model_validate(
        {
            "id": f"control-{number}",
            "title": t(f"控制点{number}", f"Control {number}"),
            "clauses": (f"TEST-{number}",),
            "rules": rules,
            "automation": automation,
            "why": t("静态分析看不到运行时。", "Run time is not visible."),
            "manual": MANUAL if manual else None,
        }
    )


CONTROLS = {
    c.id: c
    for c in (
        control(1, "partial", ("certain-hit",)),
        control(2, "partial", ("capped-hit", "quiet-rule")),
        control(3, "partial", ("absent-thing",)),
        control(4, "partial", ("broken-rule",)),
        control(5, "full", ("quiet-rule",), manual=False),
        control(6, "manual", ()),
    )
}
INSTRUMENT = Instrument(
    id="TEST",
    title=t("测试办法", "Test Method"),
    number="测字〔2026〕1号",
    issuer="测试机关",
    effective="2026-01-01",
    status=t("现行有效", "in force"),
    clauses=(
        clause(1, t("第一项", "First")),
        clause(2, t("第二项", "Second")),
        clause(3, t("第三项", "Third"), verified=False),
        clause(4, t("第四项", "Fourth"), kind="paraphrase", chapter="二、乙"),
        clause(5, t("第五项", "Fifth"), chapter="二、乙"),
        clause(6, t("第六项", "Sixth"), chapter="二、乙"),
    ),
)
PACK = Pack(
    version="2026.11",
    sha256="cd" * 32,
    instruments={"TEST": INSTRUMENT},
    controls=CONTROLS,
    rules=RULES,
    profiles={"test": Profile(id="test", title=t("测试方案", "Test profile"), instruments=("TEST",))},
    preparations={"phone": PREPARATION},
    grading=Grading(
        deduct={},
        letters=tuple(
            Letter(letter=letter, label=t(letter, english), at_least=points)
            for letter, english, points in (
                ("优", "Excellent", 90),
                ("良", "Good", 75),
                ("中", "Fair", 60),
                ("差", "Poor", 0),
            )
        ),
        caps=(),
        provisional_above=0.2,
    ),
    items={
        "imei": t("IMEI", "IMEI"),
        "location": t("位置", "Location"),
        "boot-time": t("开机时间", "Boot time"),
    },
)


def access(item: str, owner: Origin, *, strength: str = "direct", reachable: bool | None = True) -> Access:
    return Access.model_validate(
        {
            "item": item,
            "source": "source",
            "kind": "method",
            "mode": "read",
            "target": "Landroid/x;->y()V",
            "caller": READ,
            "dex": "classes.dex",
            "offset": 4 + len(owner.id),  # an instruction has one owner
            "owner": owner,
            "owner_kind": owner.kind,
            "owner_id": owner.id,
            "strength": strength,
            "reachable": reachable,
            "sensitive": "yes" if item == "location" else "no",
            "persistent_identifier": item == "imei",
        }
    )


def sdk(origin: Origin, *, library: bool = False) -> Sdk:
    assert origin.name is not None
    return Sdk(
        id=origin.id,
        name=origin.name,
        vendor=t("甲公司", "Acme"),
        country="CN",
        purpose="library" if library else "advertising",
        is_library=library,
        version="1.2",
        basis=("prefix",),
        items=("imei",),
        documented_items=("location",),
        initialised=True,
        init_before_ui=True,
    )


FACTS = Facts(
    collector="guijian 0.1.0",
    subject=Subject(
        kind="app", name=f"购物{HOSTILE}", identifier=PACKAGE, version="3.1", sha256=SHA, source="shop.apk"
    ),
    app=AppFacts(
        identity=Identity(package=PACKAGE, version_code=310, min_sdk=21, target_sdk=30),
        signing=Signing(
            signed=True,
            schemes=(
                SchemeState(scheme="v1", present=True, verified=True),
                SchemeState(scheme="v2", present=True, verified=False),
                SchemeState(scheme="v3", present=False),
            ),
            certificates=(
                Certificate(
                    sha256="ef" * 32,
                    subject=f"CN={HOSTILE}",
                    issuer="CN=x",
                    serial="1",
                    not_before=NOW,
                    not_after=datetime(2040, 1, 2, tzinfo=UTC),
                    key_algorithm="RSA",
                    key_bits=1024,
                    signature_algorithm="sha1",
                    self_signed=True,
                    debug=True,
                    weak=True,
                    weak_reason=t("密钥过短", "key too short"),
                ),
            ),
        ),
        permissions=(
            Permission(
                name="android.permission.READ_PHONE_STATE",
                declared=True,
                protection="dangerous",
                label=t("读取电话状态", "read phone state"),
                collects_pi=True,
                items=("imei",),
                used=True,
                used_by=(PermissionUse(owner=ADS, sites=2), PermissionUse(owner=NOBODY, sites=1)),
            ),
            Permission(name="android.permission.CAMERA", declared=True, protection="dangerous", used=False),
            Permission(name=f"x.{HOSTILE}", declared=False, protection="custom", used=None),
        ),
        accesses=(
            access("imei", ADS),
            access("imei", APP, reachable=False),
            access("location", NOBODY),
            access("boot-time", LIB, strength="weak"),
        ),
        sdks=(sdk(ADS), sdk(LIB, library=True)),
        endpoints=(
            Endpoint(
                url="http://ads.example/x",
                host="ads.example",
                cleartext=True,
                origin="code",
                owner=ADS,
                owner_kind="sdk",
            ),
        ),
        native_libraries=(
            NativeLibrary(path="lib/arm64-v8a/a.so", name="a.so", abi="arm64-v8a", size=1, owner=NOBODY),
        ),
        code=CodeStats(
            dex_files=1,
            classes=10,
            methods=20,
            calls=30,
            reachable_methods=5,
            reflection_calls=7,
            packer="shell",
            packer_name=t("某加固", "Some packer"),
        ),
    ),
    artifacts=(Artifact(name="base.apk", sha256=SHA, size=1234567),),
    gaps=(
        Gap(path="app.texts", code="arsc", reason=t("资源表已损坏", "the resource table is damaged")),
        Gap(path="app.checkboxes", code="arsc", reason=t("资源表已损坏", "the resource table is damaged")),
    ),
    looked=(Looked(path="app.accesses", what=t("1 个 dex 的全部 30 处调用", "all 30 calls"), amount=30),),
    problems=(
        Problem(code="name", where=f"res/{HOSTILE}", message=t("文件名含控制字符", "odd file name"), count=3),
    ),
)


def finding(name: str, group: str, *evidence: Evidence, total: int | None = None) -> Finding:
    return Finding(
        rule=name,
        group=group,
        fingerprint=fingerprint(name, PACKAGE, group),
        evidence=evidence,
        evidence_total=total if total is not None else len(evidence),
    )


EVERY_PLACE = (
    Evidence(
        artifact="AndroidManifest.xml", locator=XmlLocator(path=f"/manifest/{HOSTILE}"), excerpt=HOSTILE
    ),
    Evidence(artifact="resources.arsc", locator=ResourceLocator(name="string/agree", locale="zh-CN")),
    Evidence(artifact="lib", locator=FileLocator(path="assets/a.txt", offset=16, length=4)),
    Evidence(
        artifact="page", locator=WebLocator(url="https://x.example/", css="form > input", start=1, end=9)
    ),
    Evidence(artifact="policy.html", locator=PolicyLocator(paragraph="p12", start=3, end=8)),
)
RESULTS = (
    RuleResult(
        rule="absent-thing",
        outcome=Outcome.HIT,
        findings=(
            finding(
                "absent-thing",
                "",
                Evidence(
                    artifact=PACKAGE,
                    locator=SearchLocator(searched=(t("4388 条字符串资源", "4388 string resources"),)),
                ),
            ),
        ),
    ),
    RuleResult(
        rule="broken-rule", outcome=Outcome.UNKNOWN, reasons=(t("界面文字未能读取", "texts were not read"),)
    ),
    RuleResult(
        rule="capped-hit",
        outcome=Outcome.HIT,
        findings=(finding("capped-hit", CREATE, code(CREATE, 3, *LONG_CHAIN), *EVERY_PLACE, total=40),),
    ),
    RuleResult(
        rule="certain-hit",
        outcome=Outcome.HIT,
        findings=(
            finding("certain-hit", "imei | acme-ads", code(READ, 31, CREATE, INIT, READ)),
            finding("certain-hit", f"location | {PACKAGE}", code(CREATE, 9)),
        ),
    ),
    RuleResult(rule="quiet-rule", outcome=Outcome.CLEAR),
)
COVERAGE = Coverage(clauses=6, in_scope=6, full=1, partial=4, manual=1, uncovered=0, tested=5)
DECISION = Decision(
    control="control-6",
    subject=PACKAGE,
    verdict=Verdict.COMPLIANT,
    who=f"王检测员{HOSTILE}",
    when=date(2026, 11, 20),
    why="现场核查",
    until=date(2027, 11, 20),
)


def outcome(number: int, verdict: Verdict, row: int, *, hits: tuple[str, ...] = ()) -> ControlResult:
    return ControlResult(
        control=f"control-{number}",
        verdict=verdict,
        row=row,
        reasons=(t(f"理由{number}", f"reason {number}"),),
        hits=hits,
        decision=DECISION if row == 1 else None,
    )


CONTROL_RESULTS = (
    outcome(1, Verdict.VIOLATION, 3, hits=("certain-hit",)),
    outcome(2, Verdict.VIOLATION, 3, hits=("capped-hit",)),
    outcome(3, Verdict.SUSPECTED, 4, hits=("absent-thing",)),
    outcome(4, Verdict.MANUAL, 5),
    outcome(5, Verdict.NOT_APPLICABLE, 2),
    outcome(6, Verdict.COMPLIANT, 1),
)
CLAUSE_VERDICTS = (
    Verdict.VIOLATION,
    Verdict.SUSPECTED,
    Verdict.SUSPECTED,
    Verdict.MANUAL,
    Verdict.NOT_APPLICABLE,
    Verdict.COMPLIANT,
)
ASSESSMENT = Assessment(
    tool_version="0.1.0",
    pack_version=PACK.version,
    pack_sha256=PACK.sha256,
    profile="test",
    assessed_at=NOW,
    subject=FACTS.subject,
    evaluation=Evaluation(subject=FACTS.subject, results=RESULTS),
    controls=CONTROL_RESULTS,
    instruments=(
        InstrumentResult(
            instrument="TEST",
            clauses=tuple(
                ClauseResult(
                    clause=f"TEST-{n}",
                    verdict=verdict,
                    controls=(f"control-{n}",),
                    capped_from=Verdict.VIOLATION if n == 2 else None,
                    reasons=(t(f"理由{n}", f"reason {n}"),),
                )
                for n, verdict in enumerate(CLAUSE_VERDICTS, 1)
            ),
            coverage=COVERAGE,
        ),
    ),
    grade=Grade(
        letter="差",
        label=t("差", "Poor"),
        score=41,
        provisional=True,
        caps=(GradeCap(id="critical", limit="差", reason=t("存在严重的不符合项", "a critical violation")),),
        reasons=(t("控制点1：不符合，扣 30 分", "Control 1: violation, -30"),),
        coverage=COVERAGE,
    ),
)


def view(lang: Lang = "zh", width: int = 80, *, colour: bool = False) -> ReportView:
    """A view of the sample."""
    return ReportView(ASSESSMENT, FACTS, PACK, lang, width, colour)
