"""The 39 app types as data: against the regulation's own text, and the signs and store names that point to them."""

from __future__ import annotations

import pytest

from scanner import catalogue
from scanner.catalogue import Category, find_categories, is_category_name, similar_categories
from scanner.packload import load_pack

NO_PI_NEEDED = {21, *range(27, 39)}


def own() -> list[Category]:
    return list({c.id: c for c in catalogue.categories().values()}.values())


@pytest.mark.parametrize("category", own(), ids=lambda c: c.id)
def test_a_type_says_what_the_clause_says(category: Category) -> None:
    clause = load_pack().clause(category.clause)

    assert clause.is_verified
    assert category.name.zh in clause.text
    assert f"基本功能服务为“{category.basic_function.zh}”" in clause.text
    assert ("无须个人信息，即可使用基本功能服务" in clause.text) is category.no_pi_needed
    assert category.no_pi_needed is (category.number in NO_PI_NEEDED)
    for entry in category.necessary:
        assert entry.text in clause.text
        assert entry.items


@pytest.mark.parametrize("category", own(), ids=lambda c: c.id)
def test_everything_the_clause_lists_is_in_the_data(category: Category) -> None:
    listed = load_pack().clause(category.clause).text.partition("必要个人信息")[2]
    for entry in category.necessary:
        listed = listed.replace(entry.text, "")

    left = "".join(ch for ch in listed if ch not in "123456789.；。：、为包括")
    assert left in {"", "旅客类型通常儿童成人学生等"}


def test_signs_speak_of_all_types_with_known_places() -> None:
    table = catalogue.category_signs()
    kinds = {"label", "package", "text", "component", "system", "service", "sdk", "permission", "policy"}

    assert [c.id for c in table.categories] == [c.id for c in own()]
    assert set(table.weights) == set(table.caps) == kinds
    assert all(table.weights[kind] <= table.caps[kind] for kind in kinds)
    assert {s for c in table.categories for s in c.sdk} <= set(catalogue.sdks())
    assert {p for c in table.categories for p in c.permission} <= set(catalogue.permissions())
    for entry in table.categories:
        assert entry.label or entry.package
        for words in (entry.label, entry.package, entry.text, entry.component):
            assert len(set(words)) == len(words), entry.id
        assert all(word == word.lower() for word in entry.package), entry.id


def test_permissions_and_sdks_alone_never_reach_the_threshold() -> None:
    table = catalogue.category_signs()

    assert (table.caps["sdk"] + table.caps["permission"]) / table.full < table.propose_at


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("news", ("news",)),
        ("新闻资讯类", ("news",)),
        ("新闻资讯", ("news",)),
        ("30", ("news",)),
        (" Games ", ("games",)),
        ("手游", ("games",)),
        ("新闻阅读", ("news", "e-books")),
        ("Maps & Navigation", ("map-navigation",)),
        ("社交通讯", ("instant-messaging", "online-community", "dating")),
        ("火星探测", ()),
        ("", ()),
    ],
)
def test_names_of_the_regulation_and_of_stores(name: str, found: tuple[str, ...]) -> None:
    assert find_categories(name) == found


def test_a_store_word_is_not_taken_for_a_name_of_the_regulation() -> None:
    assert is_category_name("新闻资讯")
    assert not is_category_name("手游")
    assert not is_category_name("社交通讯")


def test_a_misspelt_name_gets_a_suggestion() -> None:
    assert "新闻资讯类" in similar_categories("新闻咨询")
