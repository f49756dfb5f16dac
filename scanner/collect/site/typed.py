"""Types a harmless marker into one field, without submitting, to see whether the page sends what is typed.

Off unless asked for (``--typing``): typing may make a page call its own server, for example for suggestions.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets

from scanner.collect.site.devtools import DevToolsError
from scanner.collect.site.record import Note, RawRequest, Recorder
from scanner.collect.site.tab import Tab

WAIT = 1.2
FIELD = """(() => {
  const fits = 'input[type=text],input[type=email],input[type=tel],input:not([type]),textarea';
  const shown = (e) => { const b = e.getBoundingClientRect(); return b.width > 20 && b.height > 8 && e.checkVisibility?.(); };
  const search = (e) => e.type === 'search' || /search|query|^q$|^wd$|keyword|搜索/i.test(`${e.name} ${e.id} ${e.placeholder}`);
  const e = [...document.querySelectorAll(fits)].find((f) => !f.disabled && !f.readOnly && !search(f) && shown(f));
  if (!e) return null;
  e.scrollIntoView({ block: 'center', behavior: 'instant' });
  const b = e.getBoundingClientRect();
  return [b.x + b.width / 2, b.y + b.height / 2];
})"""


async def type_marker(tab: Tab, page: str, recorder: Recorder) -> None:
    """Type a marker into the first text field that is no search box, and note scripts that send it."""
    if tab.dead:
        return
    marker = "gj" + secrets.token_hex(5)
    before = len(recorder.requests)
    try:
        async with asyncio.timeout(5):
            point = await tab.evaluate(tab.log.main_frame, FIELD, None)
            if not isinstance(point, list):
                return
            await tab.click(float(point[0]), float(point[1]))
            await tab.type(marker)
    except (DevToolsError, TimeoutError):
        return
    await asyncio.sleep(WAIT)
    for raw in recorder.requests[before:]:
        if raw.page == page and carries(raw, marker):
            where = raw.url.partition("?")[0][:300]
            recorder.notes[Note(raw.phase, page, "keylogging", where, recorder.cause(raw), page)] += 1


def carries(raw: RawRequest, marker: str) -> bool:
    """Whether a request holds the marker, plain, in Base64, in hexadecimal, or hashed."""
    data = marker.encode()
    forms = {marker, data.hex(), base64.b64encode(data).decode().rstrip("=")}
    forms |= {hashlib.md5(data, usedforsecurity=False).hexdigest()}
    forms |= {hashlib.sha1(data, usedforsecurity=False).hexdigest(), hashlib.sha256(data).hexdigest()}
    # A keystroke at a time: half of the marker is proof enough, twelve letters do not occur by chance.
    forms |= {marker[:8]}
    text = raw.url + "\n" + raw.body
    return any(form in text for form in forms)
