"""Bytes of a page → text: the encoding as browsers find it."""

from __future__ import annotations

import re

from charset_normalizer import from_bytes

from scanner.collect.policy.encoding import codec_of

_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?\s{0,5}([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE
)
_HEADER_CHARSET = re.compile(r"charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
# GB 2312 and GBK pages often contain characters of the larger set; browsers read both as gb18030's subset.
ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "iso-8859-1": "cp1252",
}


def decode_html(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return ``body`` as text, and the encoding used: byte-order mark, header, meta element, UTF-8, then a guess."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    found = _HEADER_CHARSET.search(content_type)
    meta = _META_CHARSET.search(body[:4096])
    for name in (found.group(1) if found else "", meta.group(1).decode("ascii") if meta else ""):
        codec = ALIASES.get(name.lower(), name.lower())
        if codec.startswith("utf-16") or not codec_of(codec):
            continue
        try:
            return body.decode(codec), codec
        except UnicodeDecodeError:
            continue
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("gb18030"), "gb18030"
    except UnicodeDecodeError:
        best = from_bytes(body[: 64 << 10]).best()
        codec = best.encoding if best is not None else "utf-8"
        return body.decode(codec, "replace"), codec
