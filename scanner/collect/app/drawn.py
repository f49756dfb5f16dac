"""Interface text outside resources and dex: in scripts, byte code and snapshots of what draws its interface itself.

What is read is evidence that a sentence is there; what is not read may be there all the same, so an interface drawn by
such a technique is a gap: nothing may be called absent from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, islice

from scanner.appfacts import Container
from scanner.collect.app.archive import EntryError
from scanner.collect.app.containers import Found, text_kinds
from scanner.collect.app.files import Files
from scanner.collect.app.hermes import MAGIC, hermes_strings
from scanner.collect.app.rawtexts import addresses, narrow_texts, wide_texts
from scanner.collect.phrases import classify, phrases
from scanner.facts import InterfaceText
from scanner.model import Evidence, FileLocator, Gap, Text

ABIS = ("arm64-v8a", "armeabi-v7a", "armeabi", "x86_64", "x86")
MAX_SCRIPT, MAX_COMPILED, MAX_TOTAL = 24 << 20, 64 << 20, 96 << 20
MAX_SENTENCES, MAX_TEXTS, MAX_EXCERPT, NEAR = 50_000, 400, 300, 400
DRAWN_PATHS = ("app.texts", "app.dialogs", "app.checkboxes", "app.has_account")
IN_DEX_PATHS = ("app.dialogs", "app.checkboxes")
CODE = "interface-drawn"
# What says that logging in is agreeing is short and speaks of it.
AT_LOGIN, MAX_IMPLIED = ("登录", "登陆", "注册"), 60
ELF = b"\x7fELF"
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_ESCAPED = re.compile(r"\\u([2-9a-fA-F][0-9a-fA-F]{3})")
_DELIMITERS = ('"', "'", "`", "<", ">", "\n", "\r", "\\n")
_DELIMITER = re.compile(r"[\"'`<>\n\r]|\\n")
_ADDRESS = re.compile(rb"https?://[\x21-\x7e]{4,300}")


@dataclass(slots=True)
class Drawn:
    """What was read of drawn interfaces: their texts, addresses in snapshots as (file, text), gaps."""

    texts: tuple[InterfaceText, ...] = ()
    containers: tuple[Container, ...] = ()
    addresses: list[tuple[str, str]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def read_drawn(files: Files, found: Sequence[tuple[Container, Found]], read: Mapping[str, str]) -> Drawn:
    """Return the interface texts in the files of containers; ``read`` are text files read already, by path."""
    return _Reader(files, read).run(found)


class _Reader:
    def __init__(self, files: Files, read: Mapping[str, str]) -> None:
        self._files, self._read = files, read
        self._room = MAX_TOTAL
        self._sentences = MAX_SENTENCES
        self._unread = 0
        self.found = Drawn()

    def run(self, found: Sequence[tuple[Container, Found]]) -> Drawn:
        texts: dict[tuple[str, str], InterfaceText] = {}
        containers = []
        for container, own in found:
            self._unread = 0
            before = len(texts)
            kinds = text_kinds(draws=own.draws)
            for one in self._texts(own):
                if one.kind in kinds and len(texts) < MAX_TEXTS and not _may_be_policy(one):
                    texts.setdefault((one.kind, one.text), one)
            sentences = len(texts) - before
            containers.append(container.model_copy(update={"draws": bool(own.draws), "sentences": sentences}))
            self._gap(container, own, sentences)
        self.found.texts = tuple(texts.values())
        self.found.containers = tuple(containers)
        return self.found

    def _texts(self, own: Found) -> Iterator[InterfaceText]:
        if own.draws == "in-dex":
            return
        for path in chain(own.scripts, own.texts):
            text = self._script(path) if self._sentences else None
            for sentence in islice(script_sentences(text or ""), self._sentences):
                self._sentences -= 1
                yield from _facts(path, None, sentence)
        for path in (*own.compiled, *_of_one_abi(own.opaque)):
            data = self._compiled(path)
            if data is None:
                self._unread += 1
                continue
            for place, sentence in self._compiled_texts(path, data):
                yield from _facts(path, place, sentence)

    def _script(self, path: str) -> str | None:
        if path in self._read:
            return self._read[path]
        data = self._bytes(path, MAX_SCRIPT)
        if data is None or b"\0" in data[:4096]:
            self._unread += 1
            return None
        return data.decode("utf-8", "replace")

    def _compiled(self, path: str) -> bytes | None:
        data = self._bytes(path, MAX_COMPILED)
        readable = data is not None and (data.startswith((ELF, MAGIC)) or _is_kernel(path))
        return data if readable else None

    def _bytes(self, path: str, limit: int) -> bytes | None:
        size = self._files.entries[path].size
        if size > min(limit, self._room):
            return None
        self._room -= size
        try:
            return self._files.read(path, limit)
        except EntryError:
            return None

    def _compiled_texts(self, path: str, data: bytes) -> Iterable[tuple[int, str]]:
        if data.startswith(MAGIC):
            strings = hermes_strings(data)
            self._unread += strings is None
            return strings or ()
        self.found.addresses += [(path, text) for _, text in addresses(data, _ADDRESS)]
        return wide_texts(data, _words()) if data.startswith(ELF) else narrow_texts(data, _words())

    def _gap(self, container: Container, own: Found, sentences: int) -> None:
        if not own.draws:
            return
        zh, en = container.name.zh, container.name.en
        if own.draws == "in-dex":
            paths: Sequence[str] = IN_DEX_PATHS
            reason = Text(
                zh=f"界面可能由 {zh} 在代码中绘制：文字已从代码和资源中检索，弹窗与勾选框的构成看不到",
                en=f"{en} may draw the interface in code: its words were searched, its dialogs and check boxes cannot be seen",
            )
        else:
            paths = DRAWN_PATHS
            reason = Text(
                zh=f"界面由 {zh} 绘制，不在布局和资源中；从其文件中读出 {sentences} 句有关文字"
                f"{f'，{self._unread} 个文件未读出' if self._unread else ''}，没有读到的不能当作没有",
                en=f"{en} draws the interface outside layouts and resources; {sentences} sentences that matter were read from "
                f"its files{f', {self._unread} files could not be read' if self._unread else ''}; what was not read may be there",
            )
        self.found.gaps += [Gap(path=path, code=CODE, reason=reason) for path in paths]


@cache
def _words() -> tuple[str, ...]:
    """The Chinese words by which sentences are recognised; single characters are too many."""
    words = {word for phrase in phrases() for word in (*phrase.any_of, *phrase.needs)}
    return tuple(sorted(word for word in words if len(word) > 1 and not word.isascii()))


def _is_kernel(path: str) -> bool:
    return path.endswith("kernel_blob.bin")


def _of_one_abi(paths: Sequence[str]) -> list[str]:
    """Return the libraries of one ABI (the others are builds of the same source) and all other files."""
    libraries = [path for path in paths if path.startswith("lib/")]
    for abi in ABIS:
        mine = [path for path in libraries if path.split("/")[1] == abi]
        if mine:
            libraries = mine
            break
    return [path for path in libraries if path.endswith("libapp.so")] + [p for p in paths if _is_kernel(p)]


def script_sentences(text: str) -> Iterator[str]:
    """Yield the pieces of a script, page or JSON file that hold Chinese, up to quotes, tags and line ends."""
    if "\\u" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text)
    place = 0
    while (hit := _CHINESE.search(text, place)) is not None:
        low = max(place, hit.start() - NEAR)
        begin = max(text.rfind(mark, low, hit.start()) + len(mark) for mark in _DELIMITERS)
        end = _DELIMITER.search(text, hit.end(), hit.end() + NEAR)
        place = end.start() if end is not None else min(len(text), hit.end() + NEAR)
        yield text[max(begin, low) : place].strip()


def _may_be_policy(text: InterfaceText) -> bool:
    """Whether words that take something for agreement may stand in a policy kept in a script, not in the interface."""
    at_login = any(word in text.text for word in AT_LOGIN)
    return text.kind == "implied_consent" and not (at_login and len(text.text) <= MAX_IMPLIED)


def _facts(path: str, place: int | None, sentence: str) -> Iterator[InterfaceText]:
    for kind in classify(sentence):
        locator = FileLocator(path=path, offset=place)
        excerpt = sentence[:MAX_EXCERPT]
        yield InterfaceText(
            kind=kind,
            text=excerpt,
            origin="asset",
            name=path,
            evidence=(Evidence(artifact=path, locator=locator, excerpt=excerpt),),
        )
