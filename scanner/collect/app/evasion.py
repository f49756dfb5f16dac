"""Structures that mislead readers and analysts while Android takes the package: what they are, and that they are there.

What Android does with each is told by its sources: libziparchive (``zip_archive.cc``), ``ResourceTypes.cpp`` and
``AttributeResolution.cpp`` of androidfw, ``dex_file_verifier.cc`` of ART.  Facts are read as Android reads them; an
oddity is noted because nobody builds such a file by accident.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from scanner.collect.app.archive import EntryError
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.package import Package
from scanner.collect.app.zipdirectory import LOCAL_SIGNATURE
from scanner.model import Problem, Text

MANIFEST, ARSC, HIDDEN = "AndroidManifest.xml", "resources.arsc", "dex-hidden"
UNCOMPRESSED_FROM = 30
HEAD, MAX_NESTED, MAX_NESTED_SIZE = 8, 50, 16 << 20

# Oddities of the container that stop other readers or show them something else (see zipdirectory.py); damage by
# accident (a cut or lengthened file) and bombs are not among them.
EVASIVE = frozenset(
    {
        "janus", "zip-count", "zip-directory-size", "zip-duplicate", "zip-encrypted-flag", "zip-local-header",
        "zip-method", "zip-name", "zip-overlap", "zip-path", "zip-prefix", "zip-shadow-folder", "zip-size", "zip-stored-size",
        "code-overlap",
    }
)  # fmt: skip
_MANIFEST = {
    "header": ("文件头的类型或长度不对", "wrong type or size of the file header"),
    "size": ("文件末尾有多余数据", "data behind the end of the document"),
    "junk": ("夹有未知类型的块", "chunks of unknown type"),
    "pools": ("有多个字符串池", "several string pools"),
    "pool": ("字符串池带未知标志", "unknown flags of the string pool"),
    "width": ("属性的长度或位置不对", "attributes of an unusual size or place"),
    "order": ("属性放在 Android 看不到的位置", "attributes where Android does not see them"),
    "namespace": ("Android 的属性用了别的命名空间", "Android's attributes in another namespace"),
    "names": ("Android 的属性用了别的名称", "Android's attributes under another name"),
}
# Oddities of a dex file that leave nothing unread.
DEX_ODDITIES = {
    "dex-checksum": Text(
        zh="dex 的校验和错误，Android 不加载这样的文件",
        en="the checksum of the dex file is wrong; Android does not load it",
    ),
    "dex-header": Text(
        zh="dex 文件头中的长度不对，Android 不加载这样的文件",
        en="a size in the header of the dex file is wrong; Android does not load it",
    ),
}


def oddities(package: Package, manifest: Manifest) -> list[Problem]:
    """Return what is odd about the package beside its container and code: see the functions below."""
    found = [*_manifest_problems(manifest.odd)]
    entry = package.entries.get(ARSC)
    if entry is not None and entry.deflated and manifest.effective_target >= UNCOMPRESSED_FROM:
        message = Text(
            zh="资源表被压缩，Android 11 及以上版本拒绝安装目标 API 30 以上的此类安装包",
            en="the resource table is compressed, which Android 11 and later refuse for target level 30 and above",
        )
        found.append(Problem(code="resources-compressed", where=ARSC, message=message))
    hidden = _hidden_dex(package)
    if hidden:
        message = Text(
            zh="安装包内另有 dex 或含 dex 的压缩包，Android 不加载，只能由应用自行加载，未分析",
            en="there are dex files, or archives with some, that only the app itself can load; they were not read",
        )
        found.append(
            Problem(code=HIDDEN, where=package.artifact(hidden[0])[:300], message=message, count=len(hidden))
        )
    return found


def _manifest_problems(odd: Mapping[str, int]) -> Iterator[Problem]:
    for what, count in sorted(odd.items()):
        zh, en = _MANIFEST[what]
        message = Text(
            zh=f"清单{zh}，Android 仍能读取", en=f"the manifest has {en}; Android reads it all the same"
        )
        yield Problem(code=f"manifest-{what}", where=MANIFEST, message=message, count=count)


def _hidden_dex(package: Package) -> list[str]:
    """Return the files that are dex files, or archives with one, and that Android does not load by itself."""
    loaded = set(package.dex_names())
    found = []
    nested = 0
    for name in package.entries:
        if name in loaded:
            continue
        head = package.head(name, HEAD)
        if head[:4] == b"dex\n" and head[7:8] == b"\0":
            found.append(name)
        elif head[:4] == LOCAL_SIGNATURE and nested < MAX_NESTED:
            nested += 1
            with suppress(EntryError):
                if b"classes.dex" in package.read(name, MAX_NESTED_SIZE):
                    found.append(name)
    return found


def summary(problems: Sequence[Problem]) -> Problem | None:
    """Return one problem that says that the package misleads analysts, None when nothing points to it."""
    found = [p for p in problems if p.code in EVASIVE or p.code.removeprefix("manifest-") in _MANIFEST]
    if not found:
        return None
    zh = "；".join(dict.fromkeys(problem.message.zh for problem in found))
    en = "; ".join(dict.fromkeys(problem.message.en for problem in found))
    message = Text(
        zh=f"安装包使用了对抗分析的结构：{zh}", en=f"the package uses structures that mislead analysis: {en}"
    )
    return Problem(code="evasive-structure", where=found[0].where, message=message, count=len(found))
