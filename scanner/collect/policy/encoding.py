"""Which encoding a text is in: byte order mark, what it says of itself, and whether the bytes agree.

A declaration is a claim.  Text that is valid UTF-8 beyond ASCII is UTF-8, whatever it claims; a claim that does not
decode is ignored.  Names follow the WHATWG encoding standard: gb2312 and gbk mean GB 18030, big5 means Big5-HKSCS.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from charset_normalizer import from_bytes

SAMPLE = 1 << 20
HEAD = 4096

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "hz": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
}
# Codecs of Python that no browser knows as an encoding: host names, escapes, and UTF-7, which hides markup.
_NOT_OF_PAGES = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7", "mbcs", "oem"}
)
_CANDIDATES = ("gb18030", "big5hkscs", "utf-8")
# The most frequent characters of policies, simplified and traditional: a wrong decoding yields rare ones.
_COMMON = frozenset(
    "的我们您用信息个人和或使在将服务以及不为会收集有于其他是所者中可权如第三方法要提供对时等政策隐私安全请一人为"
    "們個資訊務與於為會對時這權機構護據應處"
)


class Decoded(NamedTuple):
    """Text, the encoding it was read in, whether every byte fitted, and the declared encoding when it was wrong."""

    text: str
    encoding: str
    exact: bool
    lied: str = ""


def decode(data: bytes, media_type: str = "") -> Decoded:
    """Return ``data`` as text; ``media_type`` may carry a charset parameter (RFC 9110)."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _read(data, name)
    declared = _declared(data, media_type)
    wide = _wide(data)
    if wide:
        return _read(data, wide)
    if _is_utf8(data):
        lied = declared if declared not in {"", "utf-8", "cp1252"} and not data.isascii() else ""
        return Decoded(data.decode("utf-8", "replace"), "utf-8", True, lied)
    if declared and declared != "utf-8" and not declared.startswith(("utf-16", "utf-32")):
        read = _read(data, declared)
        if read.exact and (declared != "cp1252" or _share(read.text) >= _best(data)[1]):
            return read
    name, share = _best(data)
    if share < 0.02:
        guess = from_bytes(data[:SAMPLE]).best()
        name = codec_of(guess.encoding) if guess is not None else name
    read = _read(data, name)
    return read._replace(lied=declared if declared and declared != name else "")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A file cut in the middle of its last character is still UTF-8.
        return error.start >= len(data) - 3 and error.reason == "unexpected end of data"
    return True


def _declared(data: bytes, media_type: str) -> str:
    for source in (media_type.encode("ascii", "ignore"), data[:HEAD]):
        match = _DECLARED.search(source)
        if match:
            name = codec_of(match[1].decode("ascii"))
            if name:
                return name
    return ""


def codec_of(name: str) -> str:
    """Return the codec to use for a declared name, empty when there is none or it is no encoding of pages."""
    try:
        usual = codecs.lookup(name).name
        bytes(4).decode(
            usual
        )  # refuses what turns bytes into bytes; of nothing, Python says that any codec reads it
    except (LookupError, ValueError):
        return ""
    return "" if usual in _NOT_OF_PAGES else _SUPERSETS.get(usual, usual)


def _wide(data: bytes) -> str:
    """Return the UTF-16 variant of text without a mark: ASCII characters leave zeros at every second byte."""
    sample = data[: HEAD * 2]
    if len(sample) < 4:
        return ""
    zeros = (sample[0::2].count(0), sample[1::2].count(0))
    if max(zeros) < len(sample) * 0.02 or min(zeros) * 8 > max(zeros):
        return ""
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _best(data: bytes) -> tuple[str, float]:
    sample = data[:SAMPLE]
    scores = [(name, _share(sample.decode(name, "replace"))) for name in _CANDIDATES]
    return max(scores, key=lambda score: score[1])


def _share(text: str) -> float:
    """Return the share of common Chinese characters among all that are not ASCII, less what did not decode."""
    wide = sum(1 for c in text if c > "\x7f")
    if not wide:
        return 0.0
    return (sum(1 for c in text if c in _COMMON) - text.count("\ufffd")) / wide


def _read(data: bytes, name: str) -> Decoded:
    try:
        return Decoded(data.decode(name).removeprefix("\ufeff"), name, True)
    except UnicodeDecodeError:
        text = data.decode(name, "replace").removeprefix("\ufeff")
        return Decoded(text, name, text.count("\ufffd") * 1000 <= len(text))
