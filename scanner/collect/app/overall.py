"""What the parts of an app's facts tell together: whether it collects personal information, whether it has accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scanner import catalogue
from scanner.codefacts import Access
from scanner.collect.app.code import Code
from scanner.collect.app.interface import Layouts
from scanner.dex import Member
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


# Calls by which an app makes an account on the device or opens one with a login service.
ACCOUNT_CALLS = (
    Member("Landroid/accounts/AccountManager;", "addAccountExplicitly"),
    Member("Lcom/google/firebase/auth/FirebaseAuth;", "signInWithEmailAndPassword"),
    Member("Lcom/google/firebase/auth/FirebaseAuth;", "createUserWithEmailAndPassword"),
    Member("Lcom/tencent/mm/opensdk/modelmsg/SendAuth$Req;", "<init>"),
    Member("Lcom/tencent/tauth/Tencent;", "login"),
)
ACCOUNT_CALL = Text(
    zh="应用有账号的依据：建立账号或以第三方账号登录的调用",
    en="shows that the app has accounts: a call that makes one or signs in with a login service",
)
COLLECTS = frozenset({"read", "observe", "capture"})
LEADING = frozenset({"prompt", "observe", "capture"})
SENSITIVE = ("yes", "conditional", "legacy", "no")
# Not sensitive by law, yet a list of them describes a person.
PROFILES = frozenset({"installed-apps"})


def collects_pi(found: Sequence[Access], *, complete: bool) -> tuple[bool | None, tuple[Evidence, ...]]:
    """Whether reachable code can obtain personal information in a way that is not merely incidental, with the best place.

    What the user hands over through a screen of the system, what no device would give (no permission declared, closed to
    ordinary apps) and weak leads to an item that matters do not make it a yes; they keep it from being a no.
    """
    live = [
        access
        for access in found
        if access.reachable
        and access.strength != "weak"
        and access.mode in COLLECTS
        and access.owner_kind != "library"
    ]
    given = [access for access in live if not access.restricted and not access.permission_missing]
    if not given:
        none = complete and not live and not any(_leads(access) for access in found)
        return (False if none else None), ()
    best = min(given, key=_weight)
    same = [a for a in given if (a.dex, a.caller, a.offset) == (best.dex, best.caller, best.offset)]
    names = [catalogue.items()[item].name for item in dict.fromkeys(a.item for a in (best, *same))]
    note = Text(
        zh=f"代码可取得个人信息的依据：{'或'.join(name.zh for name in names)}",
        en=f"shows that code can obtain personal information: {' or '.join(name.en for name in names)}",
    )
    first, *others = best.evidence
    if first.note is not None:
        note = Text(zh=f"{note.zh}；{first.note.zh}", en=f"{note.en}; {first.note.en}")
    return True, beside((first.model_copy(update={"note": note}), *others))


def _weight(access: Access) -> tuple[object, ...]:
    """Return how well an access shows that personal information is obtained, the best first.

    Reading something proves more than opening a camera, which may only show a picture on the screen; then
    what is sensitive, what identifies a device for good, what is read directly, the app's own code before others'.
    """
    return (
        access.mode == "capture",
        access.strength != "direct",
        SENSITIVE.index(catalogue.items()[access.item].sensitive),
        not access.persistent_identifier,
        access.owner_kind != "app",
        not access.before_ui,
    )


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
    texts: Sequence[InterfaceText],
    layouts: Layouts | None,
    users: Mapping[str, Sequence[str]],
    code: Code | None,
    *,
    complete: bool,
) -> tuple[bool | None, tuple[Evidence, ...]]:
    """Whether the app has accounts of its own, with what shows it.

    That is a call by which an app makes or opens accounts, or one screen with words of signing in and an input for a
    password or a phone number: the same layout, or one that a class shows together with the words (``users`` names the
    classes of such layouts).  Words or an input alone leave it open, and words of bundled libraries (``common_signin_…``)
    do not count.
    """
    if code is not None and (call := _account_call(code)) is not None:
        return True, beside((call,))
    own = [t for t in texts if t.kind in {"login", "register"} and t.owner_kind in {"app", "unknown"}]
    own = [t for t in own if not t.name.partition("/")[2].startswith(LIBRARY_STRINGS)]
    fields = layouts.credentials if layouts is not None else {}
    if not own:
        return (False if complete and not fields else None), ()
    note = Text(
        zh="应用有账号的依据：登录或注册的文字，与下列输入框在同一界面",
        en="shows that the app has accounts: words of signing in, on one screen with the input below",
    )
    for words in sorted(own, key=lambda t: (t.used is not True, t.kind != "register")):
        for layout, field in fields.items():
            said = words.name == layout if words.origin == "layout" else _says(layouts, layout, words)
            if said or set(words.used_by) & set(users.get(layout, ())):
                shown = (one.model_copy(update={"note": note}) for one in words.evidence[:1])
                return True, beside((*shown, field))
    return None, ()


def _says(layouts: Layouts | None, layout: str, words: InterfaceText) -> bool:
    return layouts is not None and words.origin == "resource" and layouts.refers(layout, words.name)


def _account_call(code: Code) -> Evidence | None:
    """Return a call of the app's own reachable code by which accounts are made or opened."""
    for hit in code.sites(ACCOUNT_CALLS):
        if code.owner(hit.site.node).kind in {"app", "unknown"} and code.reached(hit.site.node)[0]:
            return code.evidence(hit.site).model_copy(update={"note": ACCOUNT_CALL})
    return None
