"""What the parts of an app's facts tell together: whether it collects personal information, whether it has accounts."""

from __future__ import annotations

from collections.abc import Sequence

from scanner import catalogue
from scanner.codefacts import Access
from scanner.collect.app.interface import Layouts
from scanner.facts import InterfaceText
from scanner.model import Evidence, Text, beside

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


COLLECTS = frozenset({"read", "observe", "capture"})
LEADING = frozenset({"prompt", "observe", "capture"})
# Not sensitive by law, yet a list of them describes a person.
PROFILES = frozenset({"installed-apps"})


def collects_pi(found: Sequence[Access], *, complete: bool) -> tuple[bool | None, tuple[Evidence, ...]]:
    """Whether reachable code obtains personal information in a way that is not merely incidental, with one place.

    The place shown is of a direct way where there is one, of the app's own code before others'.  What the user hands over
    through a screen of the system, and weak leads to an item that matters, do not make it a yes; they keep it from
    being a no.
    """
    live = [
        access
        for access in found
        if access.reachable
        and access.strength != "weak"
        and access.mode in COLLECTS
        and access.owner_kind != "library"
    ]
    if not live:
        return (False if complete and not any(_leads(access) for access in found) else None), ()
    best = min(live, key=lambda a: (a.strength != "direct", a.owner_kind != "app", not a.before_ui))
    name = catalogue.items()[best.item].name
    note = Text(
        zh=f"应用收集个人信息的依据：取得{name.zh}",
        en=f"shows that the app collects personal information: {name.en}",
    )
    first, *others = best.evidence
    return True, beside((first.model_copy(update={"note": note}), *others))


def _leads(access: Access) -> bool:
    """Whether a person must look before it can be said that nothing is collected here."""
    info = catalogue.items()[access.item]
    return (
        access.reachable is True
        and access.owner_kind != "library"
        and access.mode in LEADING
        and (info.sensitive in {"yes", "conditional"} or access.item in PROFILES)
    )


def has_account(
    texts: Sequence[InterfaceText], layouts: Layouts | None, *, complete: bool
) -> tuple[bool | None, tuple[Evidence, ...]]:
    """Whether the app has accounts of its own, with what shows it: its words, and a form or a second word beside them.

    Words of bundled libraries (``common_signin_…``) do not count; words alone leave it open.
    """
    own = [t for t in texts if t.kind in {"login", "register"} and t.owner_kind in {"app", "unknown"}]
    own = [t for t in own if not t.name.partition("/")[2].startswith(LIBRARY_STRINGS)]
    if not own:
        return (False if complete else None), ()
    words = min(own, key=lambda t: (t.kind != "register", t.used is not True))
    fields = layouts.credentials if layouts is not None else []
    if words.kind != "register" and not fields:
        return None, ()
    note = Text(
        zh="应用有账号的依据：登录或注册的文字", en="shows that the app has accounts: words of signing in"
    )
    said = (one.model_copy(update={"note": note}) for one in words.evidence[:1])
    return True, beside((*said, *fields[:1]))
