"""What a form asks for, how it sends and what stands beside it, in our own words: the notes of evidence of forms."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.collect.site.notes import UNKNOWN, item_name, listed, sentence
from scanner.collect.site.sending import Destination
from scanner.model import Text
from scanner.sitefacts import FormField

BASES = {
    "autocomplete": Text(zh="自动填充属性", en="autocomplete attribute"),
    "type": Text(zh="输入类型", en="input type"),
    "label": Text(zh="标签文字", en="label"),
    "name": Text(zh="输入项名称", en="name"),
    "placeholder": Text(zh="占位文字", en="placeholder"),
    "pattern": Text(zh="格式要求", en="pattern"),
    "context": Text(zh="同一表单的其他内容", en="its neighbours"),
}
IMPLIED = Text(
    zh="没有勾选框，文字表明操作本身即为同意。", en="No box: the words make the act itself the consent."
)


def form_note(
    *,
    to: Destination,
    form: bool,
    page: str,
    fields: Sequence[FormField],
    policy: bool,
    agreement: bool,
    purpose: bool,
) -> Text:
    """Say where a form sends what, and what stands beside it; ``fields`` are its inputs for personal information."""
    asked = _asked(fields)
    beside = (
        (Text(zh="隐私政策链接", en="a link to the policy"), policy),
        (Text(zh="同意选项或同意文字", en="a consent box or sentence"), agreement),
        (Text(zh="用途说明", en="a statement of purpose"), purpose),
    )
    missing, present = ([name for name, there in beside if there is wanted] for wanted in (False, True))
    return sentence(
        (
            _sending(to, page, form=form, sent=not fields or any(f.submitted for f in fields)),
            Text(zh=f"个人信息输入项：{asked.zh}", en=f"inputs for personal information: {asked.en}")
            if fields
            else None,
            Text(zh=f"旁边有：{listed(present).zh}", en=f"beside it: {listed(present).en}")
            if present
            else None,
            Text(zh=f"旁边未见：{listed(missing).zh}", en=f"not seen beside it: {listed(missing).en}")
            if missing
            else None,
        )
    )


def _sending(to: Destination, page: str, *, form: bool, sent: bool) -> Text:
    """Say how a form sends, or that no way of sending was seen and how its page was served.

    ``sent``: it sends one of the inputs told of; else only its address is told.
    """
    if to.method:
        way = _protocol(to.action)
        if to.third_party:
            way = Text(zh=f"第三方、{way.zh}", en=f"third party, {way.en}")
        if not sent:
            return Text(
                zh=f"表单方式 {to.method.upper()}，提交地址 {to.action} （{way.zh}），下列输入项不随之提交",
                en=f"a form by {to.method.upper()} to {to.action} ({way.en}) that sends none of the inputs below",
            )
        return Text(
            zh=f"以 {to.method.upper()} 方式提交到 {to.action} （{way.zh}）",
            en=f"sent by {to.method.upper()} to {to.action} ({way.en})",
        )
    way = _protocol(page)
    why = (
        Text(zh="表单自身不能提交", en="the form cannot be sent by itself")
        if form
        else Text(zh="不在表单元素内", en="not in a form element")
    )
    return Text(
        zh=f"{why.zh}，未见提交方式，所在网页 {page} （{way.zh}）",
        en=f"{why.en}, no way of sending seen, on the page {page} ({way.en})",
    )


def _protocol(url: str) -> Text:
    if url.startswith("http:"):
        return Text(zh="明文 HTTP", en="cleartext HTTP")
    return Text(zh="HTTPS", en="HTTPS")


def _asked(fields: Sequence[FormField]) -> Text:
    """Return the items asked for, each once, with the words of its inputs and the names under which they are sent."""
    inputs: dict[str, list[FormField]] = {}
    for field in fields:
        inputs.setdefault(field.item, []).append(field)
    parts = []
    for item, asking in inputs.items():
        name, words = item_name(item), [_input(field) for field in asking]
        parts.append(
            Text(
                zh=f"{name.zh}（{'；'.join(w.zh for w in words)}）",
                en=f"{name.en} ({'; '.join(w.en for w in words)})",
            )
        )
    return listed(parts)


def _input(field: FormField) -> Text:
    words = field.label or field.placeholder or field.name
    said = f"“{words}”" if words else ""
    how = (
        Text(zh=f"name={field.name}", en=f"name={field.name}")
        if field.submitted
        else Text(zh="表单自身不提交", en="not sent by the form itself")
    )
    return Text(zh="，".join(filter(None, (said, how.zh))), en=", ".join(filter(None, (said, how.en))))


def box_note(*, checked: bool) -> Text:
    """Say whether the box is ticked as the page is served."""
    return (
        Text(zh="勾选框在网页打开时已经勾选。", en="The box is ticked as the page opens.")
        if checked
        else Text(zh="勾选框在网页打开时没有勾选。", en="The box is not ticked as the page opens.")
    )


def field_note(
    *,
    item: str,
    basis: Sequence[str],
    required: bool,
    necessary: bool | None,
    password: bool,
    minors: bool,
    submitted: bool,
) -> Text | None:
    """Say which item an input asks for and what tells so; None for an input that asks for none."""
    if not item:
        return None
    name, why = item_name(item), listed([BASES.get(one, UNKNOWN) for one in basis])
    return sentence(
        (
            Text(zh=f"归为：{name.zh}", en=f"asks for: {name.en}"),
            Text(zh=f"依据：{why.zh}", en=f"told by: {why.en}") if basis else None,
            Text(zh="必填", en="required")
            if required
            else Text(zh="未标明必填", en="not marked as required"),
            Text(zh="该表单的用途不需要此项", en="not needed for the form's purpose")
            if necessary is False
            else None,
            Text(zh="口令输入框", en="a password input") if password else None,
            Text(zh="关于未成年人", en="about a minor") if minors else None,
            Text(zh="由表单自身提交", en="sent by the form itself")
            if submitted
            else Text(
                zh="表单自身不提交此项，是否由脚本发送未观察",
                en="not sent by the form itself; whether a script sends it was not observed",
            ),
        )
    )
