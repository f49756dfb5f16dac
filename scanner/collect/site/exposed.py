"""Personal information of others that pages show: numbers with their form verified, masked before they leave here.

Only what verifies counts: identity numbers by region, date and check digit (GB 11643), bank cards by issuer range,
length and Luhn (ISO/IEC 7812) beside a word for them, mobile numbers in lists of people.  A single phone number in a
contact context is the operator's own and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from scanner.collect.site import notes
from scanner.collect.site.page import ParsedPage
from scanner.collect.site.pagetext import Element
from scanner.sitefacts import ExposedData

MAX_TEXT = 400_000
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
REGIONS = frozenset(
    {
        11,
        12,
        13,
        14,
        15,
        21,
        22,
        23,
        31,
        32,
        33,
        34,
        35,
        36,
        37,
        41,
        42,
        43,
        44,
        45,
        46,
        50,
        51,
        52,
        53,
        54,
        61,
        62,
        63,
        64,
        65,
    }
    | {71, 81, 82, 83}
)
_ID = re.compile(
    r"(?<![0-9A-Za-z.\-_/=])[1-8][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9A-Za-z\-_])"
)
_MOBILE = re.compile(r"(?<![0-9A-Za-z.\-_/=+])1[3-9][0-9]{9}(?![0-9A-Za-z\-_])")
_CARD = re.compile(r"(?<![0-9A-Za-z.\-_/=])(?:[0-9]{4}[ -]?){3}[0-9]{1,7}(?![0-9A-Za-z\-_])")
_CARD_WORDS = re.compile(r"银行|卡号|账号|帐号|开户|card", re.IGNORECASE)
_CONTACT = re.compile(
    r"电话|手机|热线|联系|咨询|客服|微信|拨打|致电|传真|地址|邮箱|销售|经理|招商|加盟|售后|投诉|举报|tel|phone|mobile|call|contact|whatsapp|qq|备案|版权",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"姓名|学号|考生|学生|名单|中奖|获奖|会员|用户名|收货人|收件人|患者|家长|申请人|身份证|性别|年龄|住址|录取|准考证"
)
_EXAMPLE = re.compile(r"示例|例如|样例|格式|模板|example|sample|测试", re.IGNORECASE)
_OWN_ACCOUNT = re.compile(r"公司|单位|对公|户名|汇款|捐赠|募捐|收款|缴费")
# Every number sought begins like this; most pages hold none.
_LONG = re.compile(r"[0-9]{4}[0-9 -]{7}")
MANY = 3


def valid_id(number: str) -> bool:
    """Whether ``number`` is a resident identity number: region, calendar date not in the future, check digit."""
    if int(number[:2]) not in REGIONS or len(set(number[:17])) <= 3:
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    if not date(1900, 1, 1) <= born <= date.today():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
    return CHECKS[total % 11] == number[17].upper()


def luhn(number: str) -> bool:
    """Whether the digits of ``number`` satisfy the Luhn formula."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def valid_card(number: str) -> bool:
    """Whether the digits are a bank card's: issuer range of UnionPay, Visa, Mastercard or JCB, its length, Luhn."""
    length = len(number)
    union = number.startswith("62") and 16 <= length <= 19
    visa = number.startswith("4") and length == 16
    master = number[:2] in {"51", "52", "53", "54", "55"} and length == 16
    jcb = number.startswith("35") and length == 16
    return (union or visa or master or jcb) and len(set(number)) > 3 and luhn(number)


def mask(number: str) -> str:
    """Return ``number`` with its middle hidden: what is left tells where to look, not who it is."""
    keep = 3 if len(number) <= 11 else 4
    tail = 2 if len(number) <= 11 else 4
    return number[:keep] + "*" * (len(number) - keep - tail) + number[-tail:]


def find_exposed(page: ParsedPage) -> Iterator[ExposedData]:
    """Yield what ``page`` shows of others, one fact per item with a count and a masked sample."""
    text = page.text[:MAX_TEXT]
    if not _LONG.search(text):
        return
    ids = [m for m in _ID.finditer(text) if valid_id(m.group()) and not _near(text, m, _EXAMPLE)]
    if ids:
        yield _fact(page, "id-number", [m.group() for m in ids])
    cards = []
    for match in _CARD.finditer(text):
        digits = re.sub(r"[ -]", "", match.group())
        near = _window(text, match)
        if (
            valid_card(digits)
            and _CARD_WORDS.search(near)
            and not _OWN_ACCOUNT.search(near)
            and not _EXAMPLE.search(near)
        ):
            cards.append(digits)
    if cards:
        yield _fact(page, "bank-card", cards)
    mobiles = {}
    for match in _MOBILE.finditer(text):
        near = _window(text, match, 30)
        if _EXAMPLE.search(near) or len(set(match.group())) <= 3:
            continue
        before = text[max(0, match.start() - 12) : match.start()]
        if _PERSON.search(_window(text, match, 200)) and not _CONTACT.search(before):
            mobiles[match.group()] = True
    if len(mobiles) >= MANY:
        yield _fact(page, "phone-number", list(mobiles))


def _window(text: str, match: re.Match[str], size: int = 60) -> str:
    return text[max(0, match.start() - size) : match.end() + size // 2]


def _near(text: str, match: re.Match[str], pattern: re.Pattern[str]) -> bool:
    return pattern.search(_window(text, match)) is not None


def _fact(page: ParsedPage, item: str, numbers: list[str]) -> ExposedData:
    distinct = list(dict.fromkeys(numbers))
    shown = distinct[:MANY]
    note = notes.exposed_note(item, len(distinct), len(shown))
    proof = page.evidence(_holder(page, distinct[0]), "、".join(mask(number) for number in shown))
    return ExposedData(
        item=item,
        page=page.url,
        count=len(distinct),
        sample=mask(distinct[0]),
        evidence=(proof.model_copy(update={"note": note}),),
    )


def _holder(page: ParsedPage, number: str) -> Element | None:
    """Return the innermost element whose own words hold ``number``, None when it is split over several."""
    found = None
    for element in page.root.iter():
        if isinstance(element.tag, str) and number in (element.text or ""):
            found = element
            break
    return found
