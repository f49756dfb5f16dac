"""Build the damaged packages ``fixtures/apks/broken/*.apk`` from ``clean.apk``: ``python tools/build_broken.py``.

Each case breaks one thing that real packages are seen with: by accident (truncated, empty), as an attack on the
reader (bombs, escaping names), or to stop analysts while Android still installs the package (wrong compression
methods, junk in the binary manifest). Layouts follow PKWARE APPNOTE.TXT, the dex format description and
``ResourceTypes.h`` of the Android platform. ``Case.outcome`` is what a reader should do: ``refuse`` (nothing
usable), ``partial`` (facts with a reported problem: Android refuses it, or cannot use a part of it), ``read``
(Android reads it, so must we).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from broken_content import (
    arsc_noise,
    bad_method,
    chunks,
    decoy_permission,
    document_of,
    dummy_attributes,
    each_element,
    escaping,
    junk_chunk,
    lying_payload,
    manifest_as,
    manifest_with,
    other_namespace,
    overlapping_bomb,
    overlapping_code,
    patched_dex,
    pool_flags,
    shift_attributes,
    streamed,
    unknown_blocks,
    wide_end,
    with_end,
    with_flags,
)
from broken_zip import (
    APKS,
    ARSC,
    BOMB,
    CLEAN,
    DEFLATED,
    DEX,
    MANIFEST,
    STORED,
    Entry,
    archive,
    changed,
    clean_entries,
    data_of,
    end_record,
    random_bytes,
)


@dataclass(frozen=True)
class Case:
    """A damaged package: how to make it, what it shows, what a reader should do with it."""

    make: Callable[[], bytes]
    zh: str
    en: str
    outcome: str


CASES: dict[str, Case] = {
    "not-a-zip": Case(
        "这不是安装包。 This is not a package.\n".encode, "不是 ZIP", "Not a ZIP", "refuse"
    ),
    "empty": Case(lambda: b"", "0 字节", "0 bytes", "refuse"),
    "truncated": Case(
        lambda: CLEAN.read_bytes()[: CLEAN.stat().st_size * 3 // 5], "下载中断，没有中央目录", "Cut off, no central directory", "refuse"
    ),
    "directory-cut": Case(
        lambda: CLEAN.read_bytes()[:-40], "中央目录末尾缺失", "The end of the central directory is missing", "refuse"
    ),
    "no-manifest": Case(
        lambda: archive(changed({MANIFEST: None})), "没有 AndroidManifest.xml", "No AndroidManifest.xml", "refuse"
    ),
    "no-dex": Case(lambda: archive(changed({DEX: None})), "没有 dex", "No dex file", "partial"),
    "encrypted-flag": Case(
        with_flags, "所有条目带加密标志但未加密（Android 忽略）", "Encryption flag set, nothing encrypted (Android ignores it)", "read"
    ),
    "zip-bomb": Case(
        lambda: archive(changed({}, [Entry("assets/bomb", bytes(BOMB))])),
        "一个条目展开为 40 MB 零字节（约千倍）", "A member inflates to 40 MB of zeros (a thousandfold)", "read"
    ),
    "zip-bomb-dex": Case(
        lambda: archive(changed({}, [Entry("classes2.dex", bytes(BOMB))])),
        "classes2.dex 展开为 40 MB 零字节", "classes2.dex inflates to 40 MB of zeros", "partial"
    ),
    "zip-bomb-overlap": Case(
        overlapping_bomb, "200 个条目共用同一数据，合计 3.2 GB", "200 entries share one member, 3.2 GB in all", "partial"
    ),
    "lying-size": Case(
        lambda: archive(changed({}, [Entry("classes2.dex", bytes(BOMB), stated_size=1000)])),
        "声称 1000 字节，实际 40 MB", "States 1000 bytes and holds 40 MB", "partial"
    ),
    "dex-wrong-offsets": Case(
        lambda: archive(changed({DEX: patched_dex(60, 0xFFFFFF00)})),
        "字符串表偏移超出文件（校验和正确）", "String table offset beyond the file (checksums right)", "partial"
    ),
    "dex-huge-table": Case(
        lambda: archive(changed({DEX: patched_dex(88, 0x7FFFFFFF)})),
        "方法表声称有 20 亿项", "The method table states two thousand million entries", "partial"
    ),
    "dex-bad-method": Case(
        lambda: archive(changed({DEX: bad_method()})),
        "一个方法的长度超出文件，其余完好", "One method is longer than the file; the others are sound", "partial"
    ),
    "dex-bad-checksum": Case(
        lambda: archive(changed({DEX: data_of(DEX)[:8] + b"\0\0\0\0" + data_of(DEX)[12:]})),
        "Adler-32 校验和错误，结构完好", "Wrong Adler-32, sound structure", "read"
    ),
    "dex-truncated": Case(
        lambda: archive(changed({DEX: data_of(DEX)[: len(data_of(DEX)) // 2]})), "dex 只有一半", "Half a dex file", "partial"
    ),
    "dex-random": Case(
        lambda: archive(changed({DEX: random_bytes(4096)})), "classes.dex 是随机字节", "classes.dex is noise", "partial"
    ),
    "dex-random-magic": Case(
        lambda: archive(changed({DEX: random_bytes(4096, b"dex\n035\0")})),
        "有 dex 标识的随机字节", "Noise behind a dex magic", "partial"
    ),
    "manifest-text": Case(
        lambda: archive(changed({MANIFEST: b'<?xml version="1.0"?><manifest package="cn.qinghe.notes"/>'})),
        "清单是文本 XML，不是二进制", "The manifest is text, not binary XML", "refuse"
    ),
    "manifest-truncated": Case(
        lambda: archive(changed({MANIFEST: data_of(MANIFEST)[:900]})), "清单被截断", "The manifest is cut off", "refuse"
    ),
    "manifest-junk-chunk": Case(
        lambda: archive(changed({MANIFEST: junk_chunk()})),
        "清单中夹有未知类型的块（Android 跳过）", "Chunks of unknown type in the manifest (Android skips them)", "read"
    ),
    "manifest-dummy-attributes": Case(
        lambda: archive(changed({MANIFEST: dummy_attributes()})),
        "属性长 24 字节（Android 按声明长度读）", "Attributes of 24 bytes (Android goes by the stated size)", "read"
    ),
    "manifest-wrong-type": Case(
        lambda: archive(changed({MANIFEST: document_of(chunks(data_of(MANIFEST)), 0)})),
        "清单头部类型为 0（Android 不检查）", "The manifest's header says type 0 (Android does not look)", "read"
    ),
    "badpack-local": Case(
        lambda: manifest_as(DEFLATED, None, 0x3E4C),
        "清单的本地头写未知压缩方法，中央目录正确（BadPack）", "Unknown method in the local header only (BadPack)", "read"
    ),
    "badpack-method": Case(
        lambda: manifest_as(STORED, 0x3E4C, None),
        "清单两处都写未知方法，数据未压缩（Android 当作存储）", "Unknown method in both headers, data stored (Android reads it as stored)", "read"
    ),
    "duplicate-entries": Case(
        lambda: archive(changed({}, [Entry(DEX, random_bytes(512)), Entry(MANIFEST, b"second")])),
        "classes.dex 和清单各有两个同名条目", "Two members named classes.dex, two manifests", "partial"
    ),
    "path-escape": Case(escaping, "条目名指向目录之外", "Names that lead outside", "partial"),
    "huge-name": Case(
        lambda: archive(changed({}, [Entry("assets/" + "长" * 9000, b"x")])), "条目名 2.7 万字节", "A name of 27,000 bytes", "read"
    ),
    "prefix-data": Case(
        lambda: archive(clean_entries(), prefix=random_bytes(1024)),
        "文件头前有 1 KB 数据，偏移正确（旧版 Android 接受）", "1 KB in front, offsets right (older Android accepts it)", "partial"
    ),
    "janus": Case(
        lambda: archive(clean_entries(), prefix=data_of(DEX)),
        "文件以 dex 开头（Janus，CVE-2017-13156）", "The file begins as a dex (Janus, CVE-2017-13156)", "partial"
    ),
    "suffix-data": Case(
        lambda: archive(clean_entries()) + random_bytes(512), "结尾之后有多余数据", "Data behind the end record", "partial"
    ),
    "end-in-comment": Case(
        lambda: archive(clean_entries(), comment=end_record(0, 0, 0)),
        "注释里藏着另一个结尾记录", "A second end record hides in the comment", "refuse"
    ),
    "count-lies": Case(
        lambda: archive(clean_entries(), count=2), "结尾记录少报条目数", "The end record states fewer entries", "partial"
    ),
    # libziparchive (zip_archive.cc): FindEntry takes stored data by its uncompressed length.
    "badpack-stored-size": Case(
        lambda: archive(changed({MANIFEST: Entry(MANIFEST, data_of(MANIFEST), STORED, stated_packed=1)})),
        "存储的清单声称压缩后 1 字节（Android 按原始长度读）", "A stored manifest states a packed size of 1 (Android goes by its size)", "read"
    ),
    # FindEntry: "lfh name did not match central directory" makes the entry unreadable.
    "local-name": Case(
        lambda: archive(changed({DEX: Entry(DEX, data_of(DEX), local_name="classes.bin")})),
        "dex 的本地文件名与目录不同（Android 拒绝读取）", "Another name in the local header (Android refuses the entry)", "partial"
    ),
    # FindCentralDirectoryInfo: "extraneous bytes at the end of the central directory".
    "comment-lies": Case(
        lambda: with_end(20, 500, "<H"), "注释长度超出文件", "The comment is said to be longer than the file", "partial"
    ),
    # ParseZipArchive: the walk ends with the stated size ("ran off the end").
    "directory-size": Case(
        lambda: with_end(12, 60), "目录声称只有 60 字节", "The directory states 60 bytes", "partial"
    ),
    # Names are compared whole: a folder of the same name is another entry.
    "shadow-folder": Case(
        lambda: archive(changed({}, [Entry(f"{MANIFEST}/x", b""), Entry(f"{DEX}/", b""), Entry(f"{ARSC}/a", b"")])),
        "有与清单、dex 同名的文件夹，妨碍解压", "Folders named like manifest and dex stop extraction", "read"
    ),
    "data-descriptors": Case(
        streamed, "大小写在数据之后（流式写入）", "Sizes behind the data, as streams have them", "read"
    ),
    "zip64": Case(wide_end, "目录只由 ZIP64 记录描述", "The directory is described by ZIP64 records alone", "read"),
    # DexFileLoader: GetMultiDexClassesDexName counts up and stops at the first name that is not there.
    "dex-gap": Case(
        lambda: archive(changed({}, [Entry("classes3.dex", data_of(DEX))])),
        "classes3.dex 之前缺 classes2.dex（Android 不加载）", "classes3.dex without classes2.dex (Android does not load it)", "partial"
    ),
    "dex-in-assets": Case(
        lambda: archive(changed({}, [Entry("assets/logo.png", data_of(DEX))])),
        "assets 里藏有 dex，扩展名是 png", "A dex in assets, named like a picture", "partial"
    ),
    # PackageParser of Android 11: target level 30 needs an uncompressed table.
    "resources-compressed": Case(
        lambda: archive([replace(e, method=DEFLATED) for e in clean_entries()]),
        "resources.arsc 被压缩（Android 11 拒绝）", "resources.arsc is compressed (Android 11 refuses)", "partial"
    ),
    # DexFileVerifier::CheckHeader refuses each of the next three.
    "dex-endian": Case(
        lambda: archive(changed({DEX: patched_dex(40, 0x78563412)})), "dex 的字节序标志相反", "The dex claims the other byte order", "partial"
    ),
    "dex-header-size": Case(
        lambda: archive(changed({DEX: patched_dex(36, 0x78)})), "dex 头长度不是 0x70", "The dex header is not 0x70 bytes", "read"
    ),
    "dex-overlap": Case(
        lambda: archive(changed({DEX: overlapping_code()})), "两个方法的代码重叠", "The code of two methods overlaps", "partial"
    ),
    "dex-payload": Case(
        lambda: archive(changed({DEX: lying_payload()})), "方法里的数组数据声称极长", "Array data in a method claims a huge size", "partial"
    ),
    # ResXMLTree::setTo takes its own size, ResXMLParser the stated size and start of attributes.
    "manifest-trailing": Case(
        lambda: manifest_with(lambda parts: parts, b"\xa5" * 64), "清单末尾有多余数据", "Data behind the manifest's end", "read"
    ),
    "manifest-attribute-start": Case(
        lambda: manifest_with(each_element(shift_attributes)), "属性起始位置后移 4 字节", "Attributes begin four bytes later", "read"
    ),
    "manifest-namespace": Case(
        lambda: manifest_with(each_element(other_namespace)), "属性没有命名空间（Android 只看资源 ID）", "Attributes without namespace (Android goes by ids)", "read"
    ),
    # AttributeResolution.cpp walks attributes and wanted ids together: of equal ids the first is seen.
    "manifest-decoy": Case(
        lambda: manifest_with(each_element(decoy_permission)), "元素中有重复的诱饵属性", "Decoy attributes of equal ids", "read"
    ),
    "manifest-pool-flags": Case(
        lambda: manifest_with(pool_flags), "字符串池带无意义的标志", "Meaningless flags of the string pool", "read"
    ),
    "manifest-two-pools": Case(
        lambda: manifest_with(lambda parts: [parts[0], *parts]), "有两个字符串池（Android 用后一个）", "Two string pools (Android takes the last)", "read"
    ),
    # "APK Signature Scheme v2": unknown ids are to be ignored.
    "signing-unknown-blocks": Case(
        unknown_blocks, "签名块中有填充和未知条目", "Padding and an unknown value in the signing block", "read"
    ),
    "resources-corrupt": Case(arsc_noise, "resources.arsc 内容损坏", "resources.arsc is damaged", "partial"),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Build the damaged fixture packages from clean.apk.")
    parser.add_argument("--output", type=Path, default=APKS / "broken")
    options = parser.parse_args(arguments)
    if not CLEAN.is_file():
        print("build_broken: clean.apk is missing; run tools/build_fixtures.py clean first", file=sys.stderr)
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    for name, case in CASES.items():
        (options.output / f"{name}.apk").write_bytes(case.make())
    print(f"build_broken: {len(CASES)} packages built", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
