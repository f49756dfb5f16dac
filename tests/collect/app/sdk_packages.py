"""Packages made of real SDK binaries of the corpus and a small app, dexed by D8 or renamed by R8.

Built once into ``.cache/sdk-packages``, named by a digest of everything that goes in.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from axml_writer import Attr, Node, document
from conftest import ROOT, corpus_path

from scanner.collect.app.manifest import NAME

CACHE = ROOT / ".cache" / "sdk-packages"
JAVA = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx1500m")
SECONDS = 900
APP = "com.shop.app"
# What each binary holds, known from its package names; the app calls the SDKs as their manuals say.
CALLS = {
    "jcore": "",
    "jpush": "cn.jpush.android.api.JPushInterface.setDebugMode(true);"
    "cn.jpush.android.api.JPushInterface.init(this);",
    "janalytics": "cn.jiguang.analytics.android.api.JAnalyticsInterface.init(this);",
    "jverification": "cn.jiguang.verifysdk.api.JVerificationInterface.init(this);"
    "cn.jiguang.verifysdk.api.JVerificationInterface.loginAuth(this, null);",
    "mta-sdk": 'com.tencent.stat.StatService.trackCustomEvent(this, "open", "x");',
    "qq-open-sdk": 'com.tencent.tauth.Tencent.createInstance("1", this).login(this, "all", null);',
    "wechat-sdk": "com.tencent.mm.opensdk.openapi.IWXAPI api ="
    'com.tencent.mm.opensdk.openapi.WXAPIFactory.createWXAPI(this, "wx", true);'
    'api.registerApp("wx"); api.sendReq(new com.tencent.mm.opensdk.modelmsg.SendAuth.Req());',
    "baidu-lbs": "com.baidu.mapapi.SDKInitializer.initialize(getApplicationContext());"
    "setContentView(new com.baidu.mapapi.map.MapView(this));"
    "new com.baidu.location.LocationClient(this).start();",
}
HOLDS = {
    "jcore": {"jiguang-core"},
    "jpush": {"jiguang-push"},
    "janalytics": {"jiguang-analytics"},
    "jverification": {"jiguang-verification", "cmic-login", "unicom-login", "ctcc-login"},
    "mta-sdk": {"tencent-mta"},
    "qq-open-sdk": {"qq-opensdk"},
    "wechat-sdk": {"wechat-opensdk"},
    "baidu-lbs": {"baidu-map", "baidu-location", "baidu-lbs-common"},
}
# What the vendors' manuals tell apps to keep.
VENDOR_RULES = """
-keep class cn.jpush.** { *; }
-keep class cn.jiguang.** { *; }
-keep class com.tencent.stat.** { *; }
-keep class com.tencent.connect.** { *; }
-keep class com.tencent.tauth.** { *; }
-keep class com.tencent.open.TDialog$* { *; }
-keep class com.tencent.mm.opensdk.** { *; }
-keep class com.baidu.** { *; }
-keep class com.cmic.** { *; }
-keep class com.unicom.online.account.shield.** { *; }
-keep class cn.com.chinatelecom.** { *; }
"""
COMMON_RULES = "-dontwarn **\n-ignorewarnings\n-dontnote **\n-allowaccessmodification\n"
KEEP_APP = f"-keep class {APP}.MainActivity\n"


@dataclass(frozen=True)
class Recipe:
    """One package: which SDK binaries, and the R8 rules (None: D8, nothing renamed)."""

    sdks: tuple[str, ...]
    rules: str | None = None

    @property
    def expected(self) -> set[str]:
        """The SDKs in it."""
        return set[str]().union(*(HOLDS[name] for name in self.sdks))


@dataclass(frozen=True)
class Built:
    """The package and R8's mapping from renamed to original class names (empty for D8)."""

    path: Path
    names: dict[str, str]


def source(sdks: tuple[str, ...]) -> str:
    """The app: an activity that starts the SDKs and keeps a setting of its own."""
    calls = "\n".join(CALLS[name] for name in sdks)
    return f"""package {APP};
public class MainActivity extends android.app.Activity {{
  @Override protected void onCreate(android.os.Bundle state) {{
    super.onCreate(state);
    {calls}
    new Basket(this).remember("basket/first-item", 3);
  }}
}}
class Basket {{
  private final android.content.Context context;
  Basket(android.content.Context context) {{ this.context = context; }}
  void remember(String item, int amount) {{
    context.getSharedPreferences("shop_basket", 0).edit().putInt(item, amount).apply();
    android.util.Log.i("ShopBasket", "remembered " + item + " for the next visit");
  }}
}}
"""


# Other versions of the SDKs (by id of the corpus), and what each holds.
OTHER_VERSIONS = {
    "jpush-5": {"jiguang-push"},
    "jcore-4": {"jiguang-core"},
    "jverification-2": {"jiguang-verification", "cmic-login", "unicom-login", "ctcc-login"},
    "janalytics-20": {"jiguang-analytics"},
    "baidu-lbs-older": {"baidu-map", "baidu-location", "baidu-lbs-common"},
    "wechat-sdk-mta": {"wechat-opensdk", "tencent-mta"},
}


def dex_of(name: str) -> list[bytes]:
    """The dex files D8 makes of an SDK binary, kept in the cache."""
    jar = corpus_path(name)
    target = CACHE / f"{hashlib.sha256(jar.read_bytes()).hexdigest()[:24]}.zip"
    if not target.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            out = Path(scratch) / "dex.zip"
            _run(*JAVA, "-cp", corpus_path("d8"), "com.android.tools.r8.D8", "--min-api", "21", "--lib",
                 corpus_path("android-jar"), "--output", out, jar)  # fmt: skip
            out.replace(target)
    with zipfile.ZipFile(target) as archive:
        return [archive.read(entry) for entry in archive.namelist() if entry.endswith(".dex")]


def build(recipe: Recipe) -> Built:
    """Return the package of ``recipe``, building it when it is not in the cache."""
    jars = [corpus_path(name) for name in (*recipe.sdks, "android-support-v4")]
    texts = [source(recipe.sdks), str(recipe.rules), COMMON_RULES, KEEP_APP]
    parts = [*(text.encode() for text in texts), *(jar.read_bytes() for jar in jars)]
    folder = CACHE / hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=CACHE))
        try:
            _make(recipe, jars, scratch)
            scratch.replace(folder)
        except OSError:
            if not folder.is_dir():  # another process of the same test run was faster
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    mapping = folder / "mapping.txt"
    return Built(folder / "app.apk", _names(mapping.read_text("utf-8")) if mapping.is_file() else {})


def _names(mapping: str) -> dict[str, str]:
    lines = (line for line in mapping.splitlines() if line and line[0] not in " #")
    pairs = (line.rstrip(":").split(" -> ") for line in lines)
    return {new: old for old, new in pairs}


def _make(recipe: Recipe, jars: list[Path], folder: Path) -> None:
    framework, tools = corpus_path("android-jar"), corpus_path("d8")
    java, classes = folder / "MainActivity.java", folder / "classes"
    java.write_text(source(recipe.sdks), "utf-8")
    path = os.pathsep.join(map(str, [framework, *jars]))
    _run("javac", "-nowarn", "--release", "8", "-cp", path, "-d", classes, java)
    app = folder / "app.jar"
    with zipfile.ZipFile(app, "w") as archive:
        for file in sorted(classes.rglob("*.class")):
            archive.write(file, file.relative_to(classes).as_posix())
    out = folder / "dex.zip"
    common = ["--min-api", "21", "--lib", framework, "--output", out]
    if recipe.rules is None:
        _run(*JAVA, "-cp", tools, "com.android.tools.r8.D8", *common, app, *jars)
    else:
        rules = folder / "rules.pro"
        rules.write_text(COMMON_RULES + KEEP_APP + recipe.rules, "utf-8")
        _run(*JAVA, "-cp", tools, "com.android.tools.r8.R8", "--release", "--pg-conf", rules,
             "--pg-map-output", folder / "mapping.txt", *common, app, *jars)  # fmt: skip
    name = [Attr("name", f"{APP}.MainActivity", NAME)]
    main = Node("action", [Attr("name", "android.intent.action.MAIN", NAME)])
    launcher = Node("category", [Attr("name", "android.intent.category.LAUNCHER", NAME)])
    activity = Node("activity", name, [Node("intent-filter", [], [main, launcher])])
    manifest = Node("manifest", [Attr("package", APP)], [Node("application", [], [activity])])
    with zipfile.ZipFile(out) as dexed, zipfile.ZipFile(folder / "app.apk", "w") as package:
        package.writestr("AndroidManifest.xml", document(manifest))
        for entry in dexed.namelist():
            package.writestr(entry, dexed.read(entry))
    for rest in (out, app, java):
        rest.unlink()
    shutil.rmtree(classes)


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
