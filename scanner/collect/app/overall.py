"""What the parts of an app's facts tell together: whether it collects personal information, whether it has accounts."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.codefacts import Access
from scanner.collect.app.interface import Layouts
from scanner.facts import InterfaceText

# String resources that libraries bring along, by the prefixes of their names.
LIBRARY_STRINGS = (
    "common_",
    "abc_",
    "mtrl_",
    "com_facebook_",
    "com_google_",
    "google_",
    "umeng_",
    "ssdk_",
    "fui_",
    "m3_",
)


def collects_pi(found: Sequence[Access], *, complete: bool) -> bool | None:
    """Whether reachable code obtains personal information in a way that is not merely incidental."""
    live = [
        a for a in found if a.reachable and a.strength != "weak" and a.mode in {"read", "observe", "capture"}
    ]
    live = [a for a in live if a.owner_kind != "library"]
    if live:
        return True
    return False if complete else None


def has_account(texts: Sequence[InterfaceText], layouts: Layouts | None, *, complete: bool) -> bool | None:
    """Whether the app has accounts of its own: its words speak of it and a form or a second word bears it out.

    Words of bundled libraries (``common_signin_…``) do not count; words alone leave it open.
    """
    own = [t for t in texts if t.kind in {"login", "register"} and t.owner_kind in {"app", "unknown"}]
    own = [t for t in own if not t.name.partition("/")[2].startswith(LIBRARY_STRINGS)]
    if not own:
        return False if complete else None
    borne_out = any(t.kind == "register" for t in own) or (
        layouts is not None and layouts.credential_fields > 0
    )
    return True if borne_out else None
