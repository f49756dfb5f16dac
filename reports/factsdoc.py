"""docs/facts.md and the descriptions of the facts' JSON Schema, from the models and the comments that stand beside them.

A field's text is the documentation comment on its line, or on the lines above it, ``#: 中文 / English`` (the form Sphinx
reads).  A model's docstring ends in ``How:`` (how its facts are found), ``Blind:`` (what that cannot see) and
``Evidence:`` (kinds of locators, the keys of :data:`EVIDENCE`); a field that differs has ``#: How:`` and ``#: Blind:``
above it.  Comments cost nothing at run time: only this module reads them.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from pydantic import BaseModel

from scanner.facts import Facts
from scanner.model import Text

# Words of the vocabulary that facts are told in; the head of the page explains them once.
VOCABULARY = "scanner.model"
KEYS = ("How", "Blind", "Evidence")
MARK = "#:"
EVIDENCE: dict[str, Text] = {
    "dex": Text(zh="代码位置（dex 文件、方法、偏移）和调用链", en="place in code with its call chain"),
    "xml": Text(zh="XML 元素路径", en="path of an XML element"),
    "resource": Text(zh="资源名和语言", en="resource name and locale"),
    "file": Text(zh="文件（路径、偏移）", en="file (path, offset)"),
    "web": Text(zh="网页位置（网址、CSS 路径、字符范围）", en="place on a page (URL, CSS path, span)"),
    "policy": Text(zh="政策段落和字符范围", en="paragraph of the policy with its span"),
    "search": Text(zh="检索记录（没有找到时）", en="record of a search that found nothing"),
    "none": Text(zh="没有自己的证据，见所属事实", en="none of its own; see the fact it belongs to"),
}
# Fields that mean the same wherever they stand.
COMMON: dict[str, Text] = {
    "evidence": Text(zh="支持这一事实的证据", en="what proves it"),
    "owner": Text(zh="代码归谁所有", en="whose code it is"),
    "owner_kind": Text(zh="代码归谁所有：app 应用自身、sdk、library 普通库、unknown 不能确定", en="whose code it is"),
    "owner_id": Text(zh="所有者的标识：SDK 或库的标识，或应用包名", en="id of the owner: SDK, library or package"),
}  # fmt: skip
_LINE = re.compile(rf"^\s*({'|'.join(KEYS)}):\s*(.*)$")

HEAD = """# 事实 / Facts

由 `make docs` 从 `scanner/facts.py` 等模型生成。 Generated from the models.

采集器从安装包、网站和政策中读出的一切都是事实：`guijian collect` 的输出，规则条件引用的路径。每张表是一个模型，标题后是它所在的
路径（`[]` 表示列表的每一项）。值为 `null` 即“不知道”；列表只有在没有 `gaps` 覆盖其路径时才完整；`looked` 记录检索过什么。
“看不到”一栏写明这种读法的盲区：盲区里的东西，工具既不会说有，也不能说没有。字段行里空着的两栏与该表上方所写相同。

Everything a collector reads is a fact; rules name facts by these paths. `null` means *not known*; a list is complete unless
one of `gaps` covers its path; `looked` says what was searched. Blind spots say what a way of reading cannot see. Cells left
empty are as said above the table.

"""


@dataclass(frozen=True)
class Said:
    """What the source says of a field or model; None where it says nothing."""

    meaning: Text | None = None
    how: Text | None = None
    blind: Text | None = None
    evidence: tuple[str, ...] = ()


@dataclass
class Described:
    """A model with its text, the paths where it stands, and its fields with theirs."""

    model: type[BaseModel]
    said: Said
    paths: list[str] = field(default_factory=list)
    fields: dict[str, Said] = field(default_factory=dict)


def _text(line: str) -> Text:
    zh, _, en = line.strip().removesuffix(".").partition(" / ")
    return Text(zh=zh.strip(), en=en.strip())


def _said(text: str, *, whole: bool) -> Said:
    """Return what ``text`` says; ``whole``: what stands before the keys is a bilingual meaning."""
    lines: dict[str, list[str]] = {"": []}
    key = ""
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            key = match[1]
            lines[key] = [match[2].strip()]
        else:
            lines[key].append(line.strip())
    joined = {key: " ".join(" ".join(parts).split()) for key, parts in lines.items()}
    return Said(
        meaning=_text(joined[""]) if whole and joined[""] else None,
        how=_text(joined["How"]) if "How" in joined else None,
        blind=_text(joined["Blind"]) if "Blind" in joined else None,
        evidence=tuple(joined["Evidence"].rstrip(".").split(", ")) if "Evidence" in joined else (),
    )


@cache
def _source(module: str) -> tuple[dict[str, ast.ClassDef], dict[int, tuple[str, bool]]]:
    """Return a module's classes, and its documentation comments by line with whether they have the line to themselves."""
    source = inspect.getsource(sys.modules[module])
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    comments = {
        token.start[0]: (token.string.removeprefix(MARK).strip(), not token.line[: token.start[1]].strip())
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and token.string.startswith(MARK)
    }
    return classes, comments


@cache
def said_of(model: type[BaseModel]) -> dict[str, Said]:
    """Return what the source says of each field of ``model``, and of the model itself under ``""``."""
    classes, comments = _source(model.__module__)
    node = classes[model.__name__]
    found = {"": _said(ast.get_docstring(node) or "", whole=False)}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            above = []
            line = statement.lineno - 1
            while comments.get(line, ("", False))[1]:
                above.append(comments[line][0])
                line -= 1
            beside, _ = comments.get(statement.end_lineno or 0, ("", False))
            found[statement.target.id] = _said("\n".join([beside, *above[::-1]]), whole=True)
    return found


def _with_common(name: str, own: dict[str, Said]) -> Said:
    said = own.get(name, Said())
    return said if said.meaning is not None or name not in COMMON else replace(said, meaning=COMMON[name])


def models_in(annotation: Any) -> Iterator[tuple[type[BaseModel], str]]:
    """Yield the models a field's type names, with ``[]`` where they stand in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, ""
        return
    repeated = "[]" if getattr(annotation, "__origin__", None) in {tuple, list, dict} else ""
    for inner in getattr(annotation, "__args__", ()):
        for model, suffix in models_in(inner):
            yield model, repeated + suffix


def described() -> list[Described]:
    """Return the facts' models, each once, in the order in which they are met from :class:`Facts`."""
    found: dict[type[BaseModel], Described] = {}

    def visit(model: type[BaseModel], path: str) -> None:
        known = model in found
        if not known:
            own = said_of(model)
            found[model] = Described(
                model, own[""], [], {n: _with_common(n, own) for n in model.model_fields}
            )
        if path in found[model].paths:
            return
        found[model].paths.append(path)
        for name, info in model.model_fields.items():
            for inner, suffix in models_in(info.annotation):
                if inner.__module__ != VOCABULARY:
                    visit(inner, f"{path}.{name}{suffix}".lstrip("."))

    for root in ("app", "site", "policy"):
        for model, _ in models_in(Facts.model_fields[root].annotation):
            visit(model, root)
    return list(found.values())


def type_text(annotation: Any) -> str:
    """Return a field's type as people write it: ``str``, ``"a" | "b"``, ``list of Component``, ``null`` for None."""
    if annotation is type(None):
        return "null"
    if isinstance(annotation, type) and not getattr(annotation, "__args__", ()):
        return annotation.__name__
    inner = [
        type_text(a) if not isinstance(a, str) else a
        for a in getattr(annotation, "__args__", ())
        if a is not ...
    ]
    if getattr(annotation, "__origin__", None) is tuple:
        return f"{', '.join(inner)} []"
    if getattr(annotation, "__origin__", None) is dict:
        return f"{{{': '.join(inner)}}}"
    return " \\| ".join(dict.fromkeys(inner)) or str(annotation)


def page() -> str:
    """Return docs/facts.md."""
    blocks = [HEAD.rstrip(), ""]
    for entry in described():
        doc = (entry.model.__doc__ or "").strip().partition("\n")[0]
        blocks += [f"## {entry.model.__name__}", "", " · ".join(f"`{p}`" for p in entry.paths), "", doc, ""]
        for label, text in (("怎么得到 / How", entry.said.how), ("看不到 / Blind to", entry.said.blind)):
            if text is not None:
                blocks += [f"- **{label}**：{text.zh}。 {text.en}."]
        kinds = [EVIDENCE[kind] for kind in entry.said.evidence]
        if kinds:
            blocks += [
                f"- **证据 / Evidence**：{'；'.join(k.zh for k in kinds)}。 {'; '.join(k.en for k in kinds)}."
            ]
        blocks += ["", "| 字段 / field | 类型 / type | 含义 / meaning | 怎么得到 / how | 看不到 / blind to |",
                   "|---|---|---|---|---|"]  # fmt: skip
        for name, said in entry.fields.items():
            kind = type_text(entry.model.model_fields[name].annotation)
            cells = [_cell(said.meaning), _cell(said.how), _cell(said.blind)]
            blocks.append(f"| `{name}` | {kind} | {' | '.join(cells)} |")
        blocks.append("")
    return "\n".join(blocks)


def _cell(text: Text | None) -> str:
    if text is None:
        return ""
    return f"{text.zh} / {text.en}".replace("|", "\\|").removesuffix(" / ")


def describe(schema: dict[str, Any]) -> None:
    """Give the properties of the facts' JSON Schema the texts of their fields."""
    definitions = schema.get("$defs", {})
    for entry in described():
        module = entry.model.__module__.replace(".", "__")
        names = (
            f"{module}__{entry.model.__name__}",
            entry.model.__name__,
        )  # pydantic's, where two share a name
        properties: dict[str, Any] = {}
        for name in names:
            properties = properties or definitions.get(name, {}).get("properties", {})
        for name, said in entry.fields.items():
            if said.meaning is not None and name in properties:
                properties[name]["description"] = _cell(said.meaning)
