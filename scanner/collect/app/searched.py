"""What was searched to fill each part of the facts: without such a record nothing may be called absent."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.collect.app.code import Code
from scanner.collect.app.files import Files
from scanner.collect.app.interface import Layouts
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.restable import ResourceTable
from scanner.model import Looked, Text

FROM_MANIFEST = (
    "app.permissions",
    "app.components",
    "app.identity",
    "app.flags",
    "app.abilities",
    "app.autostarts",
    "app.links",
    "app.own_permissions",
    "app.guards",
    "app.tasks",
    "app.queries",
    "app.foreground_services",
    "app.shared_folders",
)
FROM_CODE = ("app.accesses", "app.sdks", "app.startup", "app.requests", "app.endpoints", "app.issues", "app.texts",
             "app.abilities", "app.autostarts", "app.wakes")  # fmt: skip


def searched(
    archive: Files,
    manifest: Manifest,
    code: Code | None,
    resources: ResourceTable | None,
    layouts: Layouts | None,
) -> Iterator[Looked]:
    """Yield a record for every part of the facts that was filled by a search."""
    elements = Text(zh="AndroidManifest.xml 全部元素", en="all elements of AndroidManifest.xml")
    for path in FROM_MANIFEST:
        yield Looked(path=path, what=elements, amount=len(manifest.root.children))
    block = Text(zh="签名块与 META-INF", en="the signing block and META-INF")
    yield Looked(path="app.signing", what=block, amount=1)
    count = len(archive.entries)
    names = Text(zh=f"安装包内 {count} 个文件名", en=f"{count} file names")
    for path in ("app.native_libraries", "app.build_records", "app.sdk_traces", "app.expansions"):
        yield Looked(path=path, what=names, amount=count)
    if code is not None:
        calls, files = code.dex.call_count, len(code.dex.files)
        what = Text(
            zh=f"{files} 个 dex 的全部 {calls} 处调用与字符串常量",
            en=f"all {calls} calls and the string constants of {files} dex files",
        )
        for path in FROM_CODE:
            yield Looked(path=path, what=what, amount=calls)
    if resources is not None and layouts is not None:
        strings = len(resources.strings())
        what = Text(
            zh=f"{strings} 条字符串资源、{layouts.read} 个布局",
            en=f"{strings} string resources, {layouts.read} layouts",
        )
        yield Looked(path="app.texts", what=what, amount=strings)
        yield Looked(path="app.checkboxes", what=what, amount=layouts.read)
        yield Looked(path="app.dialogs", what=what, amount=layouts.read)
    elif code is not None:
        none = Text(zh="安装包没有资源表", en="the package has no resource table")
        yield Looked(path="app.checkboxes", what=none)
