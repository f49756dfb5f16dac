"""The catalogue's data files: complete, typed, and consistent with each other."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from scanner import catalogue

KEBAB = r"^[a-z0-9]+(-[a-z0-9]+)*$"
NEWEST_API = 37
PI_TAX_ITEMS = 43
NO_PI_NEEDED = {21, *range(27, 39)}
ANNEX_A = {
    "个人基本资料",
    "个人身份信息",
    "个人生物识别信息",
    "网络身份标识信息",
    "个人健康生理信息",
    "个人教育工作信息",
    "个人财产信息",
    "个人通信信息",
    "联系人信息",
    "个人上网记录",
    "个人常用设备信息",
    "个人位置信息",
    "其他信息",
}


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key would otherwise be dropped in silence."""

    model_config = ConfigDict(extra="forbid")


class Words(Strict):
    zh: StrictStr = Field(min_length=1)
    en: StrictStr = Field(min_length=1)


class ItemRow(Strict):
    id: str = Field(pattern=KEBAB)
    taxonomy_id: str | None = None
    split: StrictBool = False
    abstract: StrictBool = False
    name: Words
    category: str
    parents: list[str]
    sensitive: Literal["yes", "conditional", "legacy", "no"]
    sensitive_why: Words | None = None
    basis: list[str]
    persistent_identifier: StrictBool
    note: Words | None = None
    policy_terms: list[StrictStr] = Field(min_length=1)
    policy_terms_weak: list[StrictStr] = []
    web_field_terms: list[StrictStr]
    verified: str = Field(min_length=2)


class Span(Strict):
    name: str
    from_: StrictInt = Field(alias="from", ge=1, le=NEWEST_API)
    to: StrictInt | None = Field(default=None, ge=1, le=NEWEST_API)


class Levels(Strict):
    added: StrictInt | None = Field(default=None, ge=1, le=NEWEST_API)
    deprecated: StrictInt | None = Field(default=None, ge=1, le=NEWEST_API)
    restricted: StrictInt | None = Field(default=None, ge=1, le=NEWEST_API)
    limited: StrictInt | None = Field(default=None, ge=1, le=NEWEST_API)
    removed: StrictInt | None = Field(default=None, ge=1, le=NEWEST_API)


class SourceRow(Strict):
    id: str = Field(pattern=KEBAB)
    item: str | None = None
    items: list[str] = []
    kind: Literal["method", "field", "uri", "property", "path", "intent-action"]
    class_: str | None = Field(
        default=None, alias="class", pattern=r"^[a-z][\w]*(\.[a-z]\w*)*\.[A-Z]\w*(\$\w+)*$"
    )
    name: str | None = Field(default=None, pattern=r"^(<init>|[A-Za-z_]\w*)$")
    args: str | None = Field(default=None, pattern=r"^\(.*\)\S+$")
    string: StrictStr | None = None
    value: StrictStr | None = Field(default=None, min_length=2)
    needs_call: list[str] = []
    access: Literal["read", "observe", "capture", "prompt", "write"] = "read"
    permissions: list[list[Span]] = []
    permission_optional: StrictBool = False
    api: Levels = Levels()
    restricted_note: Words | None = None
    note_target: StrictInt = Field(default=0, ge=0, le=NEWEST_API)
    strength: Literal["direct", "derived", "weak"]
    note: Words | None = None
    source: str | None = None


class PermissionRow(Strict):
    name: str = Field(pattern=r"^[A-Za-z][\w.]+\.[A-Za-z]\w*$")
    protection: Literal["normal", "dangerous", "signature", "special", "privileged", "vendor"]
    group: str | None = Field(default=None, pattern=r"^android\.permission-group\.[A-Z_]+$")
    group_name: str | None = None
    label: Words
    meaning: Words
    items: list[str]
    collects_pi: StrictBool
    law_view: Words
    flags: list[str]
    use_checkable: StrictBool
    api: Levels


class NecessaryText(Strict):
    text: StrictStr
    items: list[str] = Field(min_length=1)


class PlausiblePermission(Strict):
    names: list[str] = Field(min_length=1)
    why: Words


class CategoryRow(Strict):
    id: str = Field(pattern=KEBAB)
    number: StrictInt
    clause: str
    name: Words
    basic_function: Words
    no_pi_needed: StrictBool
    necessary: list[NecessaryText]
    permissions: list[PlausiblePermission]


@cache
def rows(name: str, key: str) -> list[dict[str, Any]]:
    """Return the entries of a catalogue file."""
    text = files("rules").joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    content = yaml.load(text, Loader=yaml.CSafeLoader)
    return list(content[key])


def items() -> list[ItemRow]:
    return [ItemRow.model_validate(row) for row in rows("items", "items")]


def sources() -> list[SourceRow]:
    return [SourceRow.model_validate(row) for row in rows("android_sources", "sources")]


def permissions() -> list[PermissionRow]:
    return [PermissionRow.model_validate(row) for row in rows("permissions", "permissions")]


def categories() -> list[CategoryRow]:
    return [CategoryRow.model_validate(row) for row in rows("necessary", "categories")]


def repeated(values: list[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def test_ids_are_unique() -> None:
    assert repeated([item.id for item in items()]) == []
    assert repeated([source.id for source in sources()]) == []
    assert repeated([permission.name for permission in permissions()]) == []
    assert repeated([category.id for category in categories()]) == []


def test_every_taxonomy_item_is_imported_once() -> None:
    imported = [item.taxonomy_id for item in items() if item.taxonomy_id and not item.split]
    assert len(imported) == PI_TAX_ITEMS
    assert repeated(imported) == []
    assert {item.taxonomy_id for item in items() if item.split} <= set(imported)
    assert all((item.taxonomy_id is None) == item.abstract for item in items())


def test_items_name_their_class_parents_and_reasons() -> None:
    known = {item.id for item in items()}
    for item in items():
        assert item.category in ANNEX_A, item.id
        assert set(item.parents) <= known - {item.id}, item.id
        if not item.abstract:
            assert item.basis, item.id
        if item.sensitive != "no":
            assert item.sensitive_why is not None, item.id
        if item.sensitive == "yes":
            assert "PIPL-28" in item.basis, item.id


def test_parents_form_no_cycle() -> None:
    parents = {item.id: item.parents for item in items()}

    def ancestors(start: str) -> set[str]:
        seen: set[str] = set()
        todo = list(parents[start])
        while todo:
            current = todo.pop()
            if current not in seen:
                seen.add(current)
                todo.extend(parents[current])
        return seen

    for item_id in parents:
        assert item_id not in ancestors(item_id), item_id


def test_policy_terms_are_literal_and_not_repeated_within_an_item() -> None:
    for item in items():
        terms = [term.lower() for term in (*item.policy_terms, *item.policy_terms_weak)]
        assert repeated(terms) == [], item.id
        assert all(term == term.strip() and term for term in terms), item.id
        # A literal that carries expression syntax would be a pattern in disguise.
        assert not any(re.search(r"[\\*+?\[\]{}|^]", term) for term in terms), item.id


def test_strong_policy_terms_belong_to_few_items() -> None:
    owners = Counter(term.lower() for item in items() for term in item.policy_terms)
    shared = {term: count for term, count in owners.items() if count > 3}
    assert shared == {}


def test_there_are_enough_sources_of_every_kind() -> None:
    count = Counter(source.kind for source in sources())
    assert sum(count.values()) >= 250
    assert all(count[kind] >= 20 for kind in ("method", "field", "uri", "property", "path", "intent-action"))


def test_sources_are_complete_for_their_kind() -> None:
    for source in sources():
        member = source.kind in {"method", "field"}
        assert (source.item is None) != (not source.items), source.id
        assert member == (source.class_ is not None and source.name is not None), source.id
        assert member == (source.value is None), source.id
        assert source.string is None or source.kind == "method", source.id
        if not member:
            assert source.needs_call, f"{source.id}: a literal alone is no access"
        if source.kind == "uri":
            assert str(source.value).startswith("content://"), source.id
        assert not source.restricted_note or source.api.restricted or source.api.limited, source.id
        assert not source.note_target or source.restricted_note, source.id


def test_no_two_sources_have_one_signature() -> None:
    signatures = [(s.kind, s.class_, s.name, s.args, s.string, s.value) for s in sources()]
    assert repeated(signatures) == []


def test_levels_are_in_order() -> None:
    for source in sources():
        levels = source.api
        if levels.added and levels.removed:
            assert levels.added < levels.removed, source.id
        if levels.added and levels.deprecated:
            assert levels.added <= levels.deprecated, source.id
        for span in (span for alternative in source.permissions for span in alternative):
            assert span.to is None or span.from_ <= span.to, source.id


def test_references_between_files_resolve() -> None:
    item_ids = {item.id for item in items()}
    permission_names = {permission.name for permission in permissions()}
    for source in sources():
        assert {*source.items, *([source.item] if source.item else [])} <= item_ids, source.id
        named = {span.name for alternative in source.permissions for span in alternative}
        assert named <= permission_names, source.id
    for permission in permissions():
        assert set(permission.items) <= item_ids, permission.name
    for category in categories():
        assert {item for text in category.necessary for item in text.items} <= item_ids, category.id
        assert {name for entry in category.permissions for name in entry.names} <= permission_names, (
            category.id
        )


def test_calls_that_complete_an_access_are_dotted_methods() -> None:
    for source in sources():
        for call in source.needs_call:
            assert re.fullmatch(r"[a-z]\w*(\.[a-z]\w*)*\.[A-Z]\w*(\$\w+)*\.(<init>|\w+)", call), source.id


def test_permissions_that_open_items_are_marked() -> None:
    assert len(permissions()) >= 150
    for permission in permissions():
        assert (permission.group is None) == (permission.group_name is None), permission.name
        if permission.protection == "dangerous" and permission.items:
            assert permission.collects_pi, permission.name
        if not permission.items and permission.protection != "dangerous":
            assert not permission.collects_pi, permission.name


def test_checkable_permissions_have_a_source() -> None:
    """“Declared and never used” may only be said where the catalogue knows how the permission is used."""
    used = {span.name for s in sources() for alternative in s.permissions for span in alternative}
    assert {p.name for p in permissions() if p.use_checkable} <= used


def test_the_39_categories_follow_the_regulation() -> None:
    found = categories()
    assert [category.number for category in found] == list(range(1, 40))
    assert {category.number for category in found if category.no_pi_needed} == NO_PI_NEEDED
    for category in found:
        assert category.clause == f"CAC-2021-14-5-{category.number:02d}"
        assert category.no_pi_needed == (category.necessary == [])


@pytest.mark.parametrize(
    ("item", "class_name", "member"),
    [
        ("imei", "android.telephony.TelephonyManager", "getDeviceId"),
        ("android-id", "android.provider.Settings$Secure", "getString"),
        ("installed-apps", "android.content.pm.PackageManager", "getInstalledPackages"),
        ("clipboard", "android.content.ClipboardManager", "getPrimaryClip"),
        ("precise-location", "android.location.LocationManager", "getLastKnownLocation"),
        ("contacts", "android.provider.ContactsContract$Contacts", "CONTENT_URI"),
        ("oaid", "com.bun.miitmdid.interfaces.IdSupplier", "getOAID"),
        ("microphone", "android.media.AudioRecord", "startRecording"),
    ],
)
def test_what_bulletins_name_most_often_is_covered(item: str, class_name: str, member: str) -> None:
    matching = [s for s in sources() if s.class_ == class_name and s.name == member]
    assert any(item in {s.item, *s.items} and s.strength == "direct" for s in matching)


def test_the_typed_catalogue_reads_every_entry() -> None:
    assert set(catalogue.items()) == {item.id for item in items()}
    assert {source.id for source in catalogue.sources()} == {source.id for source in sources()}
    assert set(catalogue.permissions()) == {permission.name for permission in permissions()}
