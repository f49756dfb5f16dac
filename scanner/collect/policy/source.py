"""Bytes → document: which format it is, by content first, and the reader for it.

Nothing raises for what a file contains: what cannot be read is a document without text, incomplete, with a problem
that says why and what to do.
"""

from __future__ import annotations

import html as html_entities
import re
from collections.abc import Callable
from typing import NamedTuple

from scanner.collect.policy.assemble import assemble
from scanner.collect.policy.blocks import Limits, Reading
from scanner.collect.policy.document import Document, Format
from scanner.collect.policy.encoding import decode
from scanner.collect.policy.html import read_html
from scanner.collect.policy.isolate import read_isolated
from scanner.collect.policy.markdown import read_markdown
from scanner.collect.policy.plain import read_plain

SNIFF = 1 << 16
MIN_TEXT = 40

_IMAGES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]|<body[\s>]|<head[\s>]", re.IGNORECASE)
_TAGS = re.compile(
    r"</?(?:p|div|br|h[1-6]|table|tr|td|ul|ol|li|span|strong|b|font|section)(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_ESCAPED = re.compile(r"</(?:p|div|h[1-6]|td|li|span)>|<br\s?/?>", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"^(?: {0,3}#{1,6}\s?\S|\s{0,3}\|.+\||.{0,80}\*\*[^*\n]+\*\*|\s{0,3}[-*+]\s+\S|.{0,80}\]\(https?:)",
    re.MULTILINE,
)
_STRONG_MARKDOWN = re.compile(
    r"^(?: {0,3}#{1,6}\s+\S|\s{0,3}\|?\s*:?-{3,}:?\s*\||.{0,80}\*\*[^*\n]+\*\*)", re.MULTILINE
)


class _Unreadable(NamedTuple):
    code: str
    zh: str
    en: str


_EMPTY = _Unreadable("policy-empty", "文件是空的（0 字节），没有可读的内容。", "The file is empty (0 bytes).")
_IMAGE = _Unreadable(
    "policy-image",
    "这是一张图片，没有可读取的文字；本工具不做文字识别，请提供文本形式的隐私政策，或人工核查。",
    "This is an image without text; it is not recognised here. Provide the policy as text or review it by hand.",
)
_OLD_WORD = _Unreadable(
    "policy-old-word",
    "这是旧版 Word 文档（.doc），无法读取；请另存为 .docx 或 PDF 后重试。",
    "This is an old Word document (.doc), which is not read; save it as .docx or PDF.",
)
_RICH_TEXT = _Unreadable(
    "policy-rtf",
    "这是 RTF 文档，无法读取；请另存为 .docx 或 PDF 后重试。",
    "This is an RTF document, which is not read; save it as .docx or PDF.",
)
_OTHER_ZIP = _Unreadable(
    "policy-zip",
    "这是压缩文件，但不是 Word 文档（.docx），未读取；请解压后提供其中的隐私政策。",
    "This is an archive but no Word document (.docx); extract the policy from it.",
)
_BINARY = _Unreadable(
    "policy-binary",
    "无法识别的二进制文件，不是 HTML、PDF、DOCX、Markdown 或文本，未读取。",
    "An unknown binary file: not HTML, PDF, DOCX, Markdown or text.",
)


def read_document(data: bytes, name: str, media_type: str = "", limits: Limits | None = None) -> Document:
    """Return the document in ``data``; ``name`` (file, URL) and ``media_type`` (RFC 9110) only help to tell the format.

    A document that could not be read whole has ``complete`` False and problems that say why.
    """
    limits = limits or Limits()
    reading = Reading()
    if len(data) > limits.bytes:
        reading.fail(
            "policy-bytes-limit",
            name,
            f"文件有 {len(data)} 字节，超过 {limits.bytes} 字节的上限，只读取了前面的部分。",
            f"The file has {len(data)} bytes, more than {limits.bytes}; only the beginning was read.",
        )
        data = data[: limits.bytes]
    if not data.strip():
        return _unread(_EMPTY, name)
    binary = _binary(data)
    if isinstance(binary, _Unreadable):
        return _unread(binary, name, "image" if binary is _IMAGE else "unknown")
    if binary:
        return _isolated(data, name, binary, reading, limits)
    return _text(data, name, media_type, reading, limits)


def _binary(data: bytes) -> Format | _Unreadable | None:
    """Return the binary format by its signature, None for text."""
    head = data[:1024]
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "docx" if b"word/" in data else _OTHER_ZIP
    if (
        head.startswith(_IMAGES)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or head[4:12] == b"ftypheic"
    ):
        return _IMAGE
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _OLD_WORD
    if head.startswith(b"{\\rtf"):
        return _RICH_TEXT
    return None


def _isolated(data: bytes, name: str, form: Format, reading: Reading, limits: Limits) -> Document:
    read = read_isolated("pdf" if form == "pdf" else "docx", data, limits)
    read.problems[:0] = reading.problems
    read.complete = read.complete and reading.complete
    if form == "pdf" and any(problem.code == "policy-image" for problem in read.problems) and not read.blocks:
        form = "image"
    return assemble(read, name, form, limits=limits)


def _text(data: bytes, name: str, media_type: str, before: Reading, limits: Limits) -> Document:
    decoded = decode(data, media_type)
    text = decoded.text
    if len(_CONTROL.findall(text[:SNIFF])) * 50 > len(text[:SNIFF]):
        return _unread(_BINARY, name)
    form = _text_format(text, name, media_type)
    read = _READERS[form](text, limits)
    if form == "html":
        read = _unescaped(read, limits)
    read.problems[:0] = before.problems
    read.complete = read.complete and before.complete
    if decoded.lied:
        zh = f"文件自称编码为 {decoded.lied}，与内容不符，已按 {decoded.encoding} 读取。"
        en = (
            f"The file claims to be in {decoded.lied}, which does not fit; it was read as {decoded.encoding}."
        )
        read.note("policy-encoding-claim", name, zh, en)
    if not decoded.exact:
        zh = f"文件中有按 {decoded.encoding} 无法解码的内容，这些字符未能读取。"
        en = f"Parts of the file are not valid {decoded.encoding} and could not be read."
        read.fail("policy-encoding", name, zh, en)
    document = assemble(read, name, form, decoded.encoding, limits=limits)
    return document if document.text else _without_text(document, name, data)


def _text_format(text: str, name: str, media_type: str) -> Format:
    head = text[:SNIFF]
    start = head.lstrip()[:200]
    if _PAGE.search(head) and start.startswith("<"):
        return "html"
    suffix = name.rpartition("?")[0] or name
    suffix = suffix.rpartition(".")[2].lower()
    if suffix in {"md", "markdown", "mdx"} or "markdown" in media_type:
        return "markdown"
    tags = len(_TAGS.findall(head))
    marks = len(_MARKDOWN.findall(head))
    if tags >= 3 and (start.startswith("<") or tags > marks):
        return "html"
    strong = len(_STRONG_MARKDOWN.findall(head))
    if strong >= 2 or (strong and marks >= 4):
        return "markdown"
    if suffix in {"html", "htm", "xhtml", "xml"} or "html" in media_type:
        return "html"
    return "text"


_READERS: dict[Format, Callable[[str, Limits], Reading]] = {
    "html": read_html,
    "markdown": read_markdown,
    "text": read_plain,
}


def _unescaped(reading: Reading, limits: Limits) -> Reading:
    """Read markup that was escaped once more (&lt;p&gt;…), as string resources and saved answers of servers have it."""
    found = sum(len(_ESCAPED.findall(block.text)) for block in reading.blocks[:2_000])
    if found < 3 or found < len(reading.blocks) // 4:
        return reading
    text = "\n".join(html_entities.unescape(block.text) for block in reading.blocks)
    again = read_html(text, limits)
    again.title = again.title or reading.title
    again.problems[:0] = reading.problems
    again.complete = again.complete and reading.complete
    return again


def _without_text(document: Document, name: str, data: bytes) -> Document:
    """Return the document of a page whose text is not in its markup, with the reason."""
    script = b"<script" in data[: 1 << 20].lower()
    reading = Reading(problems=list(document.problems))
    if script:
        reading.fail(
            "policy-script",
            name,
            "页面的文字由脚本生成，文件本身没有可读的内容；请用浏览器打开后保存，或提供其网址由浏览器渲染。",
            "The text of the page is written by script and not in the file; save it from a browser or give its URL.",
        )
    else:
        reading.fail("policy-no-text", name, "文件中没有可读的文字。", "The file contains no text.")
    return assemble(reading, name, document.format, document.encoding)


def _unread(why: _Unreadable, name: str, form: Format = "unknown") -> Document:
    reading = Reading()
    reading.fail(why.code, name, why.zh, why.en)
    return assemble(reading, name, form)
