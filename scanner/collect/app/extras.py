"""What a package holds beside manifest, resources and dex: trust configuration, secrets, native code, containers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from scanner.appfacts import Container, NativeHardening, NetworkConfig, Secret
from scanner.codefacts import Endpoint
from scanner.collect.app.archive import EntryError
from scanner.collect.app.code import Code
from scanner.collect.app.containers import find_containers
from scanner.collect.app.drawn import read_drawn
from scanner.collect.app.endpoints import native_endpoints, text_endpoints
from scanner.collect.app.manifest import CLEARTEXT, NETWORK_CONFIG, Manifest
from scanner.collect.app.nativeowners import native_owner
from scanner.collect.app.natives import Native
from scanner.collect.app.netconfig import read_network_config, without_config
from scanner.collect.app.package import Package
from scanner.collect.app.restable import ResourceTable
from scanner.collect.app.secrets import find_secrets
from scanner.facts import InterfaceText
from scanner.model import Gap, Looked, Problem, Text

# Text files that carry configuration or script; others are too large or too noisy to search.
TEXT_SUFFIXES = (".js", ".json", ".html", ".htm", ".properties", ".pem", ".key", ".txt", ".cfg", ".ini", ".env",
                 ".conf", ".yaml", ".yml", ".xml", ".jsbundle", ".bundle")  # fmt: skip
TEXT_FOLDERS = ("assets/", "res/raw/")
MAX_TEXT_FILE = 2 << 20
MAX_TEXT_TOTAL = 32 << 20
HEAD = 4096


@dataclass(slots=True)
class Extras:
    """Results with what was searched, what was not, and what was odd."""

    network: NetworkConfig | None = None
    secrets: tuple[Secret, ...] = ()
    hardening: tuple[NativeHardening, ...] = ()
    containers: tuple[Container, ...] = ()
    texts: tuple[InterfaceText, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    gaps: list[Gap] = field(default_factory=list)
    looked: list[Looked] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_extras(
    package: Package,
    manifest: Manifest,
    resources: ResourceTable | None,
    code: Code | None,
    names: Collection[str] = (),
    natives: Sequence[Native] = (),
) -> Extras:
    """Return what ``package`` holds beside its manifest, resources and dex files; ``names`` are those of resources."""
    return _Reader(package, manifest, resources, code, names, natives).run()


class _Reader:
    def __init__(
        self,
        package: Package,
        manifest: Manifest,
        resources: ResourceTable | None,
        code: Code | None,
        names: Collection[str],
        natives: Sequence[Native],
    ) -> None:
        self._names, self._natives = names, natives
        self.archive, self.manifest, self.resources, self.code = package, manifest, resources, code
        self.found = Extras()
        self._texts: dict[str, str] = {}
        self._skipped = 0

    def run(self) -> Extras:
        found = self.found
        found.network = self._network()
        self._read_texts()
        classes = frozenset(self.code.dex.class_names) if self.code is not None else frozenset()
        pairs = list(find_containers(list(self.archive.entries), classes, self._head, self._names))
        drawn = read_drawn(self.archive, pairs, self._texts)
        found.containers, found.texts = drawn.containers, drawn.texts
        found.gaps += drawn.gaps
        scripts = sorted({path for _, own in pairs for path in own.scripts})
        texts = [(path, self._texts[path]) for path in scripts if path in self._texts]
        read_as_text = {path for path, _ in drawn.addresses}
        found.endpoints = (
            *text_endpoints([*texts, *drawn.addresses]),
            *native_endpoints(
                (one.path, native_owner(one, self.code), one.addresses)
                for one in self._natives
                if one.path not in read_as_text
            ),
        )
        strings = self.resources.strings() if self.resources is not None else ()
        meta = [(m.name, m.value or "") for m in self.manifest.application_meta_data()]
        found.secrets = tuple(find_secrets(self.code, strings, meta, sorted(self._texts.items())))
        found.hardening = tuple(one.hardening for one in self._natives)
        self._record()
        return found

    # --- parts ----------------------------------------------------------------------------------------

    def _network(self) -> NetworkConfig | None:
        manifest = self.manifest
        target, attribute = manifest.effective_target, manifest.flag(CLEARTEXT)
        path = manifest.application_text(NETWORK_CONFIG)
        if path is None:
            return without_config(target, attribute)
        try:
            config = read_network_config(
                self.archive.read(path), path, target, attribute, self.archive.parse_xml
            )
        except EntryError:
            config = NetworkConfig(present=True, readable=False)
        if config.readable is False:
            reason = Text(
                zh="网络安全配置文件无法读取", en="the network security configuration could not be read"
            )
            self.found.gaps.append(Gap(path="app.network", code="network-config-unread", reason=reason))
        return config

    def _read_texts(self) -> None:
        room = MAX_TEXT_TOTAL
        for path, entry in sorted(self.archive.entries.items()):
            if not (path.startswith(TEXT_FOLDERS) and path.lower().endswith(TEXT_SUFFIXES)):
                continue
            if entry.size > MAX_TEXT_FILE or entry.size > room:
                self._skipped += 1
                continue
            try:
                data = self.archive.read(path, MAX_TEXT_FILE)
            except EntryError:
                self._skipped += 1
                continue
            room -= len(data)
            if b"\0" not in data[:HEAD]:
                self._texts[path] = data.decode("utf-8", "replace")

    def _head(self, path: str) -> bytes:
        if path in self._texts:
            return self._texts[path][:HEAD].encode()
        return self.archive.head(path, HEAD)

    def _record(self) -> None:
        looked, count = self.found.looked, len(self._texts)
        files = Text(
            zh=f"dex 字符串常量、字符串资源、清单元数据和 {count} 个文本文件",
            en=f"string constants of dex files, string resources, manifest meta-data and {count} text files",
        )
        names = Text(zh=f"{len(self.archive.entries)} 个文件名", en=f"{len(self.archive.entries)} file names")
        looked.append(Looked(path="app.secrets", what=files, amount=count))
        looked.append(Looked(path="app.containers", what=names, amount=len(self.archive.entries)))
        read = sum(h.problem is None for h in self.found.hardening)
        what = Text(
            zh=f"{read} 个原生库的 ELF 头和字符串（只读一种 ABI）",
            en=f"ELF headers and strings of {read} native libraries (of one ABI)",
        )
        looked.append(Looked(path="app.hardening", what=what, amount=read))
        config = Text(zh="清单与网络安全配置", en="the manifest and the network security configuration")
        looked.append(Looked(path="app.network", what=config, amount=1))
        if self._skipped:
            message = Text(
                zh=f"{self._skipped} 个文本文件过大或损坏，未检索",
                en=f"{self._skipped} text files are too large or broken and were not searched",
            )
            self.found.problems.append(
                Problem(code="texts-skipped", where="assets", message=message, count=self._skipped)
            )
            self.found.gaps.append(Gap(path="app.secrets", code="texts-skipped", reason=message))
        unread = [h.path for h in self.found.hardening if h.problem is not None]
        if unread:
            message = Text(
                zh=f"{len(unread)} 个原生库无法读取",
                en=f"{len(unread)} native libraries could not be read",
            )
            self.found.gaps.append(Gap(path="app.hardening", code="native-unread", reason=message))
        partly = [one.path for one in self._natives if one.unread or one.cut]
        if partly:
            message = Text(
                zh=f"{len(partly)} 个原生库的字符串没有读全，其中的网址和它们调用的方法不全知道",
                en=f"the strings of {len(partly)} native libraries were not all read: addresses in them and methods they "
                "call are not all known",
            )
            self.found.gaps += [
                Gap(path=path, code="native-strings", reason=message)
                for path in ("app.endpoints", "app.accesses")
            ]
        if any(c.readable is False for c in self.found.containers):
            names_zh = "、".join(c.name.zh for c in self.found.containers if c.readable is False)
            names_en = ", ".join(c.name.en for c in self.found.containers if c.readable is False)
            message = Text(
                zh=f"{names_zh} 的业务代码不在 dex 中且无法读取，其行为未知",
                en=f"the program of {names_en} is not in the dex files and cannot be read; what it does is not known",
            )
            self.found.problems.append(Problem(code="opaque-container", where="assets", message=message))
