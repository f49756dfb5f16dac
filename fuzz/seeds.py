"""Write the starting inputs ``fuzz/corpus/TARGET/*`` from our own fixtures: ``python fuzz/seeds.py``.

Inputs named ``found-*`` once broke a reader; they are kept as they were found and not written here.
"""

from __future__ import annotations

import io
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "tools", ROOT / "fuzz", ROOT / "tests", ROOT / "tests" / "collect" / "app"):
    sys.path.insert(0, str(folder))

import build_broken as broken  # noqa: E402 - lives in tools/
import fetch_corpus  # noqa: E402
from axml_writer import Attr, Node, document  # noqa: E402 - lives in tests/
from fuzz_jar import SEPARATOR  # noqa: E402
from test_resources import FRAMEWORK, MANIFEST, OPTIONS, VALUES  # noqa: E402

from scanner.collect.app.signingblock import public_key_of  # noqa: E402

CORPUS = ROOT / "fuzz" / "corpus"
APKS = ROOT / "fixtures" / "apks"
Seeds = Iterator[tuple[str, bytes]]


def member(package: str, name: str) -> bytes:
    """Return one file of a fixture package."""
    with zipfile.ZipFile(APKS / f"{package}.apk") as pack:
        return pack.read(name)


def zips() -> Seeds:
    """Small archives, one for each trick of the container."""
    entries = [
        broken.Entry("AndroidManifest.xml", b"manifest" * 9),
        broken.Entry("classes.dex", b"dex\n035\0" * 5, broken.STORED),
        broken.Entry("classes3.dex", b""),
    ]
    yield "plain", broken.archive(entries)
    yield "prefix", broken.archive(entries, prefix=b"dex\n0123", comment=b"comment")
    yield "bomb", broken.archive([broken.Entry("a", bytes(3 << 20))])
    yield "methods", broken.archive([broken.Entry("a", b"a" * 99, stated_method=9, flags=9, stated_size=5)])
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as pack, pack.open("big", "w", force_zip64=True) as entry:
        entry.write(b"content")
    yield "zip64", content.getvalue()
    raw = content.getvalue()
    end = len(raw) - 22
    count, size, start = struct.unpack_from("<HII", raw, end + 10)
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
    last = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    yield "zip64-end", raw[:end] + record + locator + last


def xmls() -> Seeds:
    """Manifests, a network security configuration, a layout."""
    yield "manifest", member("exported.bad", "AndroidManifest.xml")
    yield "junk", broken.junk_chunk()
    yield "wide", broken.dummy_attributes()
    yield "network", member("cleartext.good", "res/xml/network.xml")
    yield "layout", member("clean", "res/layout/login.xml")
    name = Attr("name", "a.B", 0x01010003)
    yield (
        "utf8",
        document(Node("manifest", [Attr("package", "a.b")], [Node("uses-permission", [name])]), utf8=True),
    )


def tables() -> Seeds:
    """Resource tables."""
    yield "clean", member("clean", "resources.arsc")
    yield "small", member("policy-missing.bad", "resources.arsc")
    for name, options in OPTIONS.items():
        table = compiled(VALUES, options)
        yield name, table
        if name == "plain":
            yield "alias", with_alias(table)


def compiled(values: dict[str, str], options: list[str]) -> bytes:
    """Return the table that aapt2 (of ``make corpus``) makes of ``values``, as the tests of the reader do."""
    aapt2 = next(m for a in fetch_corpus.load() for m in a.members if m.id == "aapt2").target()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place, body in values.items():
            (folder / "res" / place).mkdir(parents=True)
            short = re.sub(r'<string name="s\d{2,}">[^<]*</string>', "", body)
            (folder / "res" / place / "v.xml").write_text(f"<resources>{short}</resources>", encoding="utf-8")
        (folder / "AndroidManifest.xml").write_text(MANIFEST)
        subprocess.run([aapt2, "compile", "--dir", "res", "-o", "c.zip"], cwd=folder, check=True)  # noqa: S603
        link = [aapt2, "link", "-I", FRAMEWORK, "--manifest", "AndroidManifest.xml", "-o", "out.apk", "c.zip"]
        subprocess.run([*link, *options], cwd=folder, check=True, capture_output=True)  # noqa: S603
        with zipfile.ZipFile(folder / "out.apk") as pack:
            return pack.read("resources.arsc")


def with_alias(table: bytes) -> bytes:
    """Return a table whose package, its last chunk, ends with a staged alias."""
    content = bytearray(table) + struct.pack("<HHIIII", 0x0206, 12, 20, 1, 0x7F0F0001, 0x7F0F0002)
    (pool,) = struct.unpack_from("<I", table, 16)
    for place in (4, 12 + pool + 4):
        struct.pack_into("<I", content, place, struct.unpack_from("<I", content, place)[0] + 20)
    return bytes(content)


def protos() -> Seeds:
    """Manifest and table of a bundle."""
    with zipfile.ZipFile(ROOT / "fixtures" / "inputs" / "notes.aab") as pack:
        yield "manifest", b"\0" + pack.read("base/manifest/AndroidManifest.xml")
        yield "table", b"\1" + pack.read("base/resources.pb")
        layout = next(name for name in pack.namelist() if name.startswith("base/res/layout/"))
        yield "layout", b"\0" + pack.read(layout)
    with zipfile.ZipFile(ROOT / "fixtures" / "inputs" / "notes.apks") as pack:
        yield "contents", b"\3" + pack.read("toc.pb")
    yield (
        "declared",
        (
            b'\2{"xapk_version":2,"package_name":"a.b","name":"A","version_code":"7","version_name":"1.0","split_configs":'
            b'["config.zh"],"split_apks":[{"file":"a.b.apk","id":"base"}],"expansions":[{"file":"m.obb","install_path":"x"}]}'
        ),
    )


def dexes() -> Seeds:
    """DEX files of various instructions, and two that make one program."""
    yield "clean", member("policy-missing.bad", "classes.dex")
    yield "code", member("insecure-code.bad", "classes.dex")
    small = member("multidex.bad", "classes2.dex")
    yield "small", small
    yield "two", small + small


def signatures() -> Seeds:
    """Signing blocks, certificates and a v4 file."""
    for package in ("clean", "signing-debug.bad"):
        data = (APKS / f"{package}.apk").read_bytes()
        (central,) = struct.unpack_from("<I", data, data.rfind(b"PK\x05\x06") + 16)
        (size,) = struct.unpack_from("<Q", data, central - 24)
        block = data[central - size - 8 : central]
        start = block.find(b"\x1a\x87\x09\x71") - 8
        if start >= 0:
            (length,) = struct.unpack_from("<Q", block, start)
            yield f"v2-{package}", b"\3" + block[start : start + 8 + length]
        yield f"certificate-{package}", b"\1" + certificate(block)
        yield f"v3-{package}", b"\5" + rotated(certificate(block))
    hashing = struct.pack("<IB", 1, 12) + prefixed(b"", bytes(32))
    signing = (
        prefixed(bytes(32), certificate(block), b"", b"key") + struct.pack("<I", 0x0103) + prefixed(b"sign")
    )
    yield "v4", b"\2" + struct.pack("<I", 2) + prefixed(hashing, signing)


def prefixed(*parts: bytes) -> bytes:
    """Return the parts, each behind its length."""
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


def rotated(certificate: bytes) -> bytes:
    """Return a v3 value of one signer whose key was rotated once."""
    nodes = [
        prefixed(prefixed(certificate) + struct.pack("<I", 0x0103))
        + struct.pack("<II", 1, 0x0103)
        + prefixed(b"sign")
        for _ in range(2)
    ]
    lineage = struct.pack("<II", 0x3BA06F8C, 1) + prefixed(*nodes)
    digests = prefixed(struct.pack("<I", 0x0103) + prefixed(bytes(32)))
    signed = (
        prefixed(digests, prefixed(certificate)) + struct.pack("<II", 28, 99) + prefixed(prefixed(lineage))
    )
    signatures = prefixed(struct.pack("<I", 0x0103) + prefixed(b"sign"))
    signer = prefixed(signed) + struct.pack("<II", 28, 99) + prefixed(signatures, public_key_of(certificate))
    value = prefixed(prefixed(signer))
    return struct.pack("<QI", len(value) + 4, 0xF05368C0) + value


def certificate(block: bytes) -> bytes:
    """Return the first certificate (a DER sequence of a two-byte length) in ``block``."""
    place = block.find(b"\x30\x82")
    (length,) = struct.unpack_from(">H", block, place + 2)
    return block[place : place + 4 + length]


def jars() -> Seeds:
    """Signed JAR manifests."""
    for package in ("clean", "signing-weak.bad"):
        with zipfile.ZipFile(APKS / f"{package}.apk") as pack:
            names = pack.namelist()
            ends = ("MANIFEST.MF", ".SF", (".RSA", ".DSA", ".EC"))
            found = [
                next((n for n in names if n.startswith("META-INF/") and n.endswith(e)), None) for e in ends
            ]
            if None not in found:
                yield package, SEPARATOR.join(pack.read(name) for name in found if name)


def elves() -> Seeds:
    """ELF headers with a dynamic section, 64 and 32 bits."""
    names = b"\0__stack_chk_fail\0__memcpy_chk\0$ORIGIN\0"
    tags = ((5, 0x400), (10, len(names)), (29, 31), (30, 8), (0, 0))
    for wide, name in ((True, "arm64"), (False, "arm")):
        form = "<QQ" if wide else "<II"
        dynamic = b"".join(struct.pack(form, *tag) for tag in tags)
        place = 0x200
        rows = ((1, 5, 0, 0x800), (2, 6, place, len(dynamic)), (0x6474E551, 6, 0, 0), (0x6474E552, 4, 0, 0))
        headers = b"".join(
            struct.pack("<IIQQQQQQ", kind, flags, offset, offset, offset, size, size, 8)
            if wide
            else struct.pack("<IIIIIIII", kind, offset, offset, offset, size, size, flags, 4)
            for kind, flags, offset, size in rows
        )
        ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
        head = (
            ident + struct.pack("<HHIQQQIHHHHHH", 3, 183, 1, 0, 64, 0, 0, 64, 56, len(rows), 0, 0, 0)
            if wide
            else ident + struct.pack("<HHIIIIIHHHHHH", 3, 40, 1, 0, 64, 0, 0, 52, 32, len(rows), 0, 0, 0)
        )
        body = bytearray(0x800)
        body[: len(head)] = head
        body[64 : 64 + len(headers)] = headers
        body[place : place + len(dynamic)] = dynamic
        body[0x400 : 0x400 + len(names)] = names
        yield name, bytes(body)


def scripts() -> Seeds:
    """A script with URLs and a credential of the documented form, and names of files."""
    yield (
        "script",
        (
            b'app_secret\nvar u="https://api.example.com/v1/a?b=c";fetch("http://10.0.0.1:8080/x")\n'
            b'AKIAQ7Z4M2K9P5T3X8W6 "wx1234567890abcdef" appSecret:"0123456789abcdef0123456789abcdef"\n'
            b"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"
        ),
    )
    yield (
        "names",
        b"assets/apps/__UNI__12/www/app-service.js\nlib/arm64-v8a/libflutter.so\nassets/main.jsbundle\n",
    )


def policies() -> Seeds:
    """Policies in three formats, the lists of SDKs among them."""
    for path in sorted((ROOT / "fixtures" / "policies" / "sdk-lists").iterdir()):
        if path.suffix in {".html", ".md", ".txt"} and path.stat().st_size < 6000:
            yield path.stem, path.read_bytes()
    yield (
        "page",
        (
            "<!doctype html><html><head><meta charset=gbk><title>隐私政策</title></head><body><h1>隐私政策</h1>"
            "<p>发布日期：2025年1月1日</p><ul><li>我们收集您的<b>手机号</b></ul><table><tr><th rowspan=2>SDK<th>目的"
            "<tr><td colspan=3>推送</table><div style='display:none'>x</div><a href='mailto:a@b.cn'>联系</a>"
        ).encode("gbk"),
    )


def words() -> Seeds:
    """Bodies of Word documents: paragraphs, a list, a table with merged cells."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = (
        f'<w:document {space}><w:body><w:p><w:pPr><w:pStyle w:val="1"/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/>'
        "</w:numPr></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t>隐私政策</w:t><w:tab/><w:br/></w:r></w:p><w:tbl><w:tr><w:tc>"
        '<w:tcPr><w:gridSpan w:val="2"/><w:vMerge w:val="restart"/></w:tcPr><w:p><w:r><w:t>SDK</w:t></w:r></w:p></w:tc>'
        "</w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr></w:tbl></w:body></w:document>"
    )
    styles = (
        f'<w:styles {space}><w:style w:styleId="1"><w:name w:val="heading 1"/><w:basedOn w:val="1"/>'
        '<w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style></w:styles>'
    )
    numbering = (
        f'<w:numbering {space}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="3"/>'
        '<w:numFmt w:val="chineseCounting"/><w:lvlText w:val="第%1条"/></w:lvl></w:abstractNum><w:num w:numId="1">'
        '<w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )
    yield "body", b"\0".join(part.encode() for part in (body, styles, numbering))


def pages() -> Seeds:
    """A PDF of two lines and a ruled table."""
    stream = (
        b"BT /F1 18 Tf 50 700 Td (Privacy policy) Tj 0 -30 Td (We collect your phone number.) Tj ET "
        b"50 600 m 300 600 l S 50 570 m 300 570 l S 50 600 m 50 570 l S 300 600 m 300 570 l S"
    )
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    content = b"%PDF-1.4\n" + b"".join(b"%d 0 obj%s endobj\n" % (n, o) for n, o in enumerate(objects, 1))
    yield "page", content + b"trailer<</Root 1 0 R/Size 6>>\n%%EOF"


def sites() -> Seeds:
    """Pages with forms, a foot with filings, links and meta elements; a sitemap, a robots.txt, a cookie."""
    yield (
        "page",
        (
            "<!doctype html><html lang=zh><head><meta charset=gbk><title>注册 - 青禾</title><base href='/b/'>"
            "<meta http-equiv=refresh content='9;url=x.html'><link rel=canonical href=/c><script src=//s.example/a.js></script>"
            "</head><body class=p><h1>注册</h1><form id=f action=http://t.example/s method=post><label for=m>手机号*</label>"
            "<input id=m name=mobile required><input type=password name=pw><input type=radio name=xb value=1>男"
            "<input type=checkbox checked>我已阅读并同意《<a href=yinsi.html>隐私政策</a>》<button>注册</button></form>"
            "<input form=f name=sfz placeholder=身份证号><footer id=foot>版权所有 © 2026 北京青禾科技有限公司 "
            "<a href=https://beian.miit.gov.cn/>京ICP备2021012345号-1</a> 京公网安备 11010502000001号</footer>"
        ).encode("gbk", "replace"),
    )
    yield (
        "exposed",
        "<title>名单</title><p>姓名 张三 身份证号 11010519491231002X 银行卡 6222 0200 0000 0000 000".encode(),
    )
    yield "deep", b"<div class=bottom>" * 40 + b"<form><input name=mobile></form>"
    yield "sitemap", b"<urlset><url><loc>https://www.qinghe.example/a?b=1&amp;c</loc></url></urlset>"
    yield (
        "robots",
        b"User-agent: *\nDisallow: /a*b$\nCrawl-delay: 3\nSitemap: https://www.qinghe.example/s.xml\n",
    )
    yield (
        "cookie",
        b"sid=1; Path=/; Domain=.qinghe.example; Max-Age=99999999; SameSite=None; Secure; HttpOnly",
    )


def addresses() -> Seeds:
    """Links as tricksters write them, one a line."""
    yield (
        "forms",
        (
            "http://127.1/\nhttp://0x7f.0.0.1\nhttp://017700000001\nhttp://[::ffff:7f00:1]:80/\nhttps://a.example:443\n"
            "http:\\\\a.example\\@b.example/\n//c.example/x\nhttp://a.example#@b.example\nhttp://ａ．example/\n"
            "http://xn--fiqs8s/\nhttps://中国.中国/..%2f./a?b=#c\nhttp://a.example.:8080/%zz\nws://a.example/\nHTTP:/a.example"
        ).encode(),
    )
    yield (
        "relative",
        b"../../x\n?y\n#z\n;a=b\n/\\d.example\n\thttp://a.example\nhttp://a.example/%0d%0aHost:b",
    )


def drawings() -> Seeds:
    """Byte code of Hermes, a string as Dart keeps it, a script."""
    for version in (89, 99):
        yield f"hermes-{version}", (ROOT / "tests" / "data" / f"hermes-{version}.hbc").read_bytes()
    text = "请您阅读并同意《隐私政策》"
    header = b"\x5d\x05\xb3\x92\x10\x20\x30\x40" + (2 * len(text)).to_bytes(8, "little")
    yield "dart", b"\x7fELF" + header + text.encode("utf-16-le") + bytes(6) + b"https://a.example/privacy\xff"
    yield "kernel", b"\x90\xab\xcd\xef" + text.encode() + b"\xff"
    yield "script", 'a("\\u6ce8\\u9500\\u8d26\\u53f7");b=`同意`;<p>投诉</p>'.encode()


WRITERS: dict[str, Callable[[], Seeds]] = {
    "zip": zips,
    "axml": xmls,
    "resources": tables,
    "proto": protos,
    "dex": dexes,
    "signing": signatures,
    "jar": jars,
    "elf": elves,
    "script": scripts,
    "drawn": drawings,
    "policy": policies,
    "docx": words,
    "pdf": pages,
    "page": sites,
    "address": addresses,
}


def main() -> int:
    """Write all seeds; returns the exit status."""
    total = 0
    for target, seeds in WRITERS.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (folder / name).write_bytes(data)
            total += len(data)
    print(f"seeds: {total} bytes in {CORPUS.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
