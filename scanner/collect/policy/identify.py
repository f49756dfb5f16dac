"""Is it a policy, and whose: kind, operator, application, contact, dates, and whether it belongs to the subject.

The words are data (``rules/data/policy_identity.yaml``).  A name is given only when the text says whose it is; an
uncertain one is None.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, Literal, NamedTuple, cast

from scanner.collect.policy.document import Document
from scanner.datafiles import read_data
from scanner.model import Evidence
from scanner.policyfacts import Paragraph, PolicyIdentity, Sentence
from scanner.safere import compile_pattern

Kind = Literal[
    "privacy_policy",
    "children_policy",
    "user_agreement",
    "sdk_list",
    "permission_list",
    "collection_list",
    "other",
]

MAX_SENTENCE = 400
MAX_SENTENCES = 4_000
MIN_SCORE = 3.0
MAX_CONTACTS = 10
MAX_LABELS = 2
DENSE = 250
DATE_PARAGRAPH = 90

_BRACKETS = re.compile(r"[【】\[\]「」《》〈〉“”\"'‘’\s]")
_DATE = re.compile(r"(20\d{2})\s*[年\-./／]\s*(\d{1,2})\s*[月\-./／]\s*(\d{1,2})\s*日?")
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_PHONE = re.compile(
    r"(?:\+?86[- ]?)?(?:400[- ]?\d{3,4}[- ]?\d{3,4}|1[3-9]\d{9}|(?:[（(]0\d{2,3}[)）]|0\d{2,3})[- ]?\d{7,8}|95\d{3})"
)
_NAME_CHARACTERS = r"[\u4e00-\u9fffA-Za-z0-9·&]"
_INNER = r"(?:[（(][\u4e00-\u9fff]{2,6}[)）])"
_CUT = re.compile(
    r"^.*(?:是由|由|运营者为|运营公司|公司名称|主体|提供者|是指|名称为|即为|关联公司|选择|使用|通过|来自|系|即|指|是|为|与|和|及|对|向|的|者|方|者是|在|于)"
)
_NAMED_WITH_CUE = re.compile(
    r"华为|中兴|有为|大为|和讯|和信|和平|为民|方正|北方|南方|东方|西方|四方|天方|八方|方舟|方略|远方|使命|与你|的士|在线|在途|云在"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_IS_US = re.compile(
    r"[”\"】]?\s*(?:及/?其?或?其?关联(?:公司|方)|等)?\s*[（(].{0,20}(?:我们|我司|本公司|我行)"
)
_ONLY_FOR = re.compile(r"仅适用于.{0,4}")


class Words(NamedTuple):
    """The vocabulary, compiled."""

    kinds: tuple[tuple[Kind, tuple[re.Pattern[str], ...], tuple[str, ...]], ...]
    labels: re.Pattern[str]
    cues: tuple[tuple[re.Pattern[str], float], ...]
    others: tuple[re.Pattern[str], ...]
    company: re.Pattern[str]
    places: tuple[str, ...]
    generic: frozenset[str]
    updated: tuple[re.Pattern[str], ...]
    effective: tuple[re.Pattern[str], ...]
    phone: tuple[str, ...]
    address: re.Pattern[str]


@cache
def words() -> Words:
    """Return the vocabulary; raises ValueError when a pattern of the data is not safe."""
    data = cast("dict[str, Any]", read_data("policy_identity")[0])
    ends = "|".join(map(re.escape, data["organisations"]))
    operator, contact = data["operator"], data["contact"]
    addresses = "|".join(sorted(contact["address_labels"], key=len, reverse=True))
    return Words(
        tuple((k["kind"], tuple(map(compile_pattern, k["title"])), tuple(k["body"])) for k in data["kinds"]),
        re.compile(rf"^(?:\d{{1,2}}[.、]\s?)?(?:{'|'.join(operator['labels'])})\s*[：:]\s*(.{{2,60}})"),
        tuple((compile_pattern(cue["pattern"]), float(cue["weight"])) for cue in operator["cues"]),
        tuple(map(compile_pattern, operator["not"])),
        re.compile(
            rf"(?:{_NAME_CHARACTERS}|{_INNER}){{2,40}}?(?:{ends})"
            r"(?:集团)?(?:股份有限公司|有限责任公司|有限公司)?(?:[\u4e00-\u9fff]{2,6}分公司)?"
        ),
        tuple(data["places"]),
        frozenset(data["generic_names"]),
        tuple(map(compile_pattern, data["dates"]["updated"])),
        tuple(map(compile_pattern, data["dates"]["effective"])),
        tuple(contact["phone_labels"]),
        re.compile(
            rf"(?:{addresses})\s*(?:[：:]|为[：:]?|是[：:]?|位于|/[^：:]{{2,8}}[：:])\s*【?"
            r"([\u4e00-\u9fff（(][^，。；;\n【】]{5,70})"
        ),
    )


def identify(
    document: Document, subject_name: str = "", subject_identifier: str = "", developer: str = ""
) -> PolicyIdentity:
    """Return what the document is and whose; the subject's name, package or URL, and developer may be empty."""
    kind, confidence = kind_of(document)
    evidence: list[Evidence] = []
    sentences = _sentences(document)
    lists_others = kind in {"sdk_list", "permission_list", "collection_list"}
    operator = None if lists_others else _operator(document, sentences, evidence)
    app_name = _app_name(document, sentences, evidence)
    updated, effective = _dates(document, evidence)
    emails, phones, address = _contact(document)
    matches = _matches(document, subject_name, subject_identifier, developer, operator, app_name)
    return PolicyIdentity(
        kind=kind,
        confidence=confidence,
        title=document.title,
        operator=operator,
        app_name=app_name,
        emails=emails,
        phones=phones,
        address=address,
        updated=updated,
        effective=effective,
        matches_subject=matches,
        language="zh" if len(_HAN.findall(document.text[:5_000])) * 5 > len(document.text[:5_000]) else "en",
        evidence=tuple(evidence),
    )


# --- kind -----------------------------------------------------------------------------------------------


def kind_of(document: Document) -> tuple[Kind, float]:
    """Return the kind of document and how sure that is, from 0 to 1: the title, then the phrases of the body."""
    counts = {kind: sum(document.text.count(phrase) for phrase in body) for kind, _, body in words().kinds}
    by_title = _kind_by_title(document.title)
    length = max(len(document.text), 1)
    if document.text.count("个人信息") * DENSE >= length:
        counts["user_agreement"] = 0
    best = max(counts, key=lambda kind: counts[kind])
    if by_title is not None:
        supported = counts[by_title] > 0 or by_title in {"sdk_list", "permission_list", "collection_list"}
        return by_title, 0.95 if supported and length > 200 else 0.7
    if counts[best] >= 3 and counts[best] * 2_000 >= length:
        return best, 0.7 if counts[best] >= 6 else 0.5
    return "other", 0.5


def _kind_by_title(title: str) -> Kind | None:
    plain = _BRACKETS.sub("", title)
    for kind, patterns, _ in words().kinds:
        if any(pattern.search(plain) for pattern in patterns):
            return kind
    return None


# --- operator -------------------------------------------------------------------------------------------


def _sentences(document: Document) -> list[Sentence]:
    """The sentences of the text that are short enough to name somebody, without tables."""
    return [s for s in document.sentences if len(s.text) <= MAX_SENTENCE][:MAX_SENTENCES]


def _operator(document: Document, sentences: list[Sentence], evidence: list[Evidence]) -> str | None:
    scores: dict[str, float] = defaultdict(float)
    times: Counter[str] = Counter()
    first: dict[str, Sentence] = {}
    labelled = {s.text for s in sentences if words().labels.match(s.text)}
    for number, sentence in enumerate(sentences):
        if speaks_of_others(document, sentence):
            continue
        weight = _cue_weight(sentence.text, number, len(sentences))
        label = words().labels.match(sentence.text)
        names = list(company_names(sentence.text))
        # Several labelled names are a list of partners, not the operator.
        if label and len(labelled) <= MAX_LABELS:
            weight += 4
            names = names or _plain_name(label[1])
        for place, name in enumerate(names):
            score = (weight if place == 0 else weight * 0.5) + 5 * names_us(sentence.text, name)
            if score <= 0:
                continue
            times[name] += 1
            if score > scores[name]:
                scores[name] = score
                first[name] = sentence
    ranked = sorted(scores, key=lambda name: scores[name] + 0.5 * min(times[name], 4), reverse=True)
    if not ranked or scores[ranked[0]] < MIN_SCORE:
        return None
    evidence.append(_evidence_of(document, first[ranked[0]], ranked[0]))
    return ranked[0]


def names_us(text: str, name: str) -> bool:
    """Whether ``text`` calls the company ``name`` “我们” in brackets behind the name."""
    return bool(_IS_US.match(text.partition(name)[2][:40]))


def speaks_of_others(document: Document, sentence: Sentence) -> bool:
    """Whether the sentence stands in a section about third parties."""
    section = document.section_title(document.by_id[sentence.paragraph])
    return bool(section) and any(pattern.search(section) for pattern in words().others)


def _cue_weight(text: str, number: int, total: int) -> float:
    if any(pattern.search(text) for pattern in words().others):
        return 0.0
    weight = sum(value for pattern, value in words().cues if pattern.search(text))
    if weight and (number < 30 or number > total - 25):
        weight += 1.0
    return weight


def _plain_name(text: str) -> list[str]:
    """A labelled name that does not end like a company's: an institution or a person, one short word."""
    name = re.split(r"[，。；;（(\s]", _BRACKETS.sub("", text))[0]
    return [name] if 2 <= len(name) <= 30 and _HAN.search(name) and "我们" not in name else []


def company_names(text: str) -> Iterator[str]:
    """Yield the names of companies in ``text``, without the words that stand before them."""
    for match in words().company.finditer(text):
        name = _trim(match[0])
        if name:
            yield name


def _trim(found: str) -> str:
    """Cut the words before a company's name: at the first place name, else behind the last word that leads to it."""
    starts = [at for place in words().places if (at := found.find(place)) >= 0]
    if starts:
        start = min(starts)
        # 「中国」 and city names also stand inside names (某某（中国）…).
        if start == 0 or found[start - 1] not in "（(":
            return found[start:] if len(found) - start >= 6 else ""
    kept = found
    if not _NAMED_WITH_CUE.search(found):
        match = _CUT.match(found[:-6])
        kept = found[match.end() :] if match else found
    return kept if 5 <= len(kept) <= 40 else ""


def _evidence_of(document: Document, sentence: Sentence, name: str) -> Evidence:
    start = max(sentence.text.find(name), 0)
    return document.evidence(sentence.paragraph, sentence.start + start, sentence.start + start + len(name))


# --- application ----------------------------------------------------------------------------------------

_TITLE_NAME = re.compile(
    r"^[《“\"【（(]{0,2}(.{1,24}?)[”\"】）)]{0,2}\s*(?i:APP|移动应用|软件|手机客户端|客户端|平台|应用)?(?:用户|的|最终用户)?"
    r"(?:个人信息|隐私|隱私|服务协议|用户协议|儿童|未成年人|使用协议|许可)"
)
_NAME_PATTERNS = (
    re.compile(
        r"(?:移动应用程序|应用程序|移动应用|应用软件|产品|APP|App|游戏)[“\"「【]{1,2}(.{1,20}?)[”\"」】]"
    ),
    re.compile(
        r"[“\"「【]{1,2}([^“”\"「」【】，。]{1,20}?)[”\"」】]{1,2}\s*(?:APP|App|app|应用|软件|客户端|游戏|小程序|平台|产品|网站)"
    ),
    re.compile(
        r"欢迎(?:您|你)?(?:选择|使用|下载|访问|来到)(?:使用)?[“\"「【《]?([^“”\"「」【】，。！!由我本及的]{2,16}?)[”\"」】》]?(?:APP|App|的?产品|的?服务|平台|软件|应用|游戏|[，。！!])"
    ),
)


def _app_name(document: Document, sentences: list[Sentence], evidence: list[Evidence]) -> str | None:
    title = _TITLE_NAME.match(document.title.strip())
    if title:
        name = usual_name(title[1])
        if name:
            return name
    scores: dict[str, float] = defaultdict(float)
    first: dict[str, Sentence] = {}
    for sentence in sentences[:60]:
        for pattern in _NAME_PATTERNS:
            for match in pattern.finditer(sentence.text):
                name = usual_name(match[1])
                if name and "第三方" not in sentence.text:
                    scores[name] += 1.0
                    first.setdefault(name, sentence)
    if not scores:
        return None
    best = max(
        scores, key=lambda name: (scores[name] + min(document.text.count(name), 20) / 10, -first[name].start)
    )
    if document.text.count(best) < 2:
        return None
    evidence.append(_evidence_of(document, first[best], best))
    return best


def usual_name(text: str) -> str:
    """Return an application's name without brackets and general words, empty when nothing is left."""
    name = _BRACKETS.sub("", text).strip("（）()-—_·:：")
    name = re.sub(
        r"^(?:关于|最新|欢迎使用|欢迎您使用)|(?:用户|客户端|APP|App|app|软件|的|应用|移动应用|手机版|官方网站)$",
        "",
        name,
    )
    if (
        name in words().generic
        or len(name) < 2
        or len(name) > 20
        or re.search(r"以下|简称|我们|您|本政策|条款|更新|同意|设置|点击|[-—>→]", name)
    ):
        return ""
    return name


# --- dates and contact ----------------------------------------------------------------------------------


def dates_of(
    document: Document,
) -> Iterator[tuple[Literal["updated", "effective"], date, Paragraph, int, int]]:
    """Yield every date a short line gives for the update or for taking effect, with its place in the text."""
    for paragraph in document.paragraphs:
        if paragraph.kind == "table" or len(paragraph.text) > DATE_PARAGRAPH:
            continue
        # 2022年【8】月【8】日: the brackets are those of a template; spaces keep the offsets.
        plain = re.sub(r"[【】\[\]]", " ", paragraph.text)
        plain = re.sub(r"(?<=\d)\s(?=\d)|\s(?=[年月日])", "\u2009", plain).replace("\u2009", " ")
        at = 0
        for match in _DATE.finditer(plain):
            before = plain[at : match.start()]
            after = plain[match.end() : match.end() + 6]
            at = match.end()
            day = _day(match)
            if day is None:
                continue
            span = paragraph.start + match.start(), paragraph.start + match.end()
            # 更新日期：1月5日 生效日期：1月12日: the words behind a date are those of the next where it has its own.
            label = before[-40:]
            kinds = words().effective, words().updated
            if not any(pattern.search(label) for patterns in kinds for pattern in patterns):
                label += after
            if any(pattern.search(label) for pattern in words().effective):
                yield "effective", day, paragraph, *span
            if any(pattern.search(label) for pattern in words().updated):
                yield "updated", day, paragraph, *span


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def _dates(document: Document, evidence: list[Evidence]) -> tuple[date | None, date | None]:
    found: dict[str, date] = {}
    for which, day, paragraph, start, end in dates_of(document):
        if which not in found and "首次" not in paragraph.text:
            found[which] = day
            evidence.append(document.evidence(paragraph.id, start, end))
    return found.get("updated"), found.get("effective")


def _contact(document: Document) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    emails: dict[str, None] = {}
    phones: dict[str, None] = {}
    address: str | None = None
    texts = [p.text for p in document.paragraphs if p.kind != "table"] + list(document.boilerplate)
    for text in texts:
        if "@" in text:
            emails.update(dict.fromkeys(_EMAIL.findall(text)))
        for match in _PHONE.finditer(text):
            near = text[max(0, match.start() - 24) : match.start()]
            cut = text[match.end() : match.end() + 1].isdigit() or near[-1:].isdigit()
            if not cut and any(label in near for label in words().phone):
                phones[match[0]] = None
        if address is None and "地址" in text + "地址" * ("总部位于" in text or "住所" in text):
            address = _address(text)
    return tuple(emails)[:MAX_CONTACTS], tuple(phones)[:MAX_CONTACTS], address


def _address(text: str) -> str | None:
    for match in words().address.finditer(text):
        found = match[1].strip().strip("：: /")
        place = found.startswith(words().places) or re.search(r"[省市区县州盟旗]", found[:14])
        if (
            place
            and re.search(r"[路街道号楼层室村园镇]", found)
            and len(_HAN.findall(found)) >= 5
            and not re.search(r"(?i:ip|mac|url)|收货|邮箱|网络|您", found)
        ):
            return _balanced(found)
    return None


def _balanced(text: str) -> str:
    """Return ``text`` up to the closing bracket that nothing in it opened."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in "（(") - (character in "）)")
        if depth < 0:
            return text[:place].strip()
    return text


# --- whose ----------------------------------------------------------------------------------------------


def _matches(
    document: Document, name: str, identifier: str, developer: str, operator: str | None, app_name: str | None
) -> bool | None:
    """Whether the document belongs to the subject; None when what is known does not say."""
    text = document.text
    wanted = usual_name(name)
    if identifier and len(identifier) > 5 and identifier in text:
        return True
    if wanted and app_name and _same(wanted, app_name):
        return True
    if developer and operator and _same(developer, operator):
        return True
    if wanted and _HAN.search(wanted) and (wanted in document.title or text.count(wanted) >= 3):
        return True
    if not wanted or not app_name or _same(wanted, app_name) or wanted.lower() in text.lower():
        return None
    if operator and developer and not _same(operator, developer) and developer not in text:
        return False
    limited = any(_ONLY_FOR.search(s.text) and app_name in s.text for s in document.sentences[:60])
    return False if limited and _HAN.search(wanted) and _HAN.search(app_name) else None


def _same(one: str, other: str) -> bool:
    a, b = (
        re.sub(r"[\s（）()·\-_]|有限公司|股份|有限责任公司|科技|网络", "", x).lower() for x in (one, other)
    )
    return bool(a and b) and (a in b or b in a)
