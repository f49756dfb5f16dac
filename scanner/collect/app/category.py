"""Which of the 39 app types a package looks like: a weighted sum of signs, every one with its place.

The signs, weights and thresholds are data (``rules/data/category_signs.yaml``).  The result is a proposal for a human;
where the signs do not suffice, or two types lie close together, nothing is proposed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Literal

from scanner import catalogue
from scanner.appfacts import CategoryCandidate, CategoryProposal, CategorySign
from scanner.catalogue import CategorySigns, SignTable
from scanner.facts import AppFacts, Component, Facts, Identity
from scanner.model import Evidence, PolicyLocator, ResourceLocator, Text, XmlLocator

MANIFEST = "AndroidManifest.xml"
MAX_TEXT = 2_000_000
MAX_TEXTS = 200_000
MAX_REASONS = 60
MAX_LABEL = 200
LEADERS = 4
LONG_WORD = 5
HAN = re.compile(r"[一-鿿]")
TOKENS = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text of the interface: the resource's ``type/name``, locale and words."""

    name: str
    locale: str
    text: str


def propose(
    app: AppFacts,
    texts: Iterable[Spoken] = (),
    app_category: str | None = None,
    within: Sequence[str] = (),
) -> CategoryProposal:
    """Return what ``app`` looks like.

    ``texts`` are its interface's, ``app_category`` is what its manifest declares; ``within`` limits the choice to some
    types when a store's category leaves several open.
    """
    table = catalogue.category_signs()
    signs = [
        *_label_signs(app.identity, table),
        *_package_signs(app.identity, table),
        *_text_signs(texts, table),
        *_component_signs(app.components, table),
        *_system_signs(app, app_category, table),
        *_side_signs(app, table),
    ]
    return decide(signs, within, _supply_side(app.identity, table))


def with_category(app: AppFacts, name: str | None, basis: Literal["given", "declared"]) -> AppFacts:
    """Return ``app`` with the category ``name`` means, or the proposal limited to the types a store's word leaves open.

    ``basis`` is how sure the name is: what the user says, or what a list or store says.  An unknown name changes nothing.
    """
    meant = catalogue.find_categories(name) if name else ()
    if len(meant) == 1:
        return app.model_copy(update={"category": meant[0], "category_basis": basis})
    proposal = app.category_proposal
    if meant and proposal is not None:
        proposal = decide(proposal.reasons, meant, proposal.supply_side)
    basis_left = "proposed" if proposal is not None and proposal.category else None
    return app.model_copy(
        update={"category": None, "category_basis": basis_left, "category_proposal": proposal}
    )


def with_policy_signs(facts: Facts) -> Facts:
    """Return ``facts`` with the proposal reconsidered in the light of the policy's words."""
    app, policy = facts.app, facts.policy
    if app is None or policy is None or app.category_proposal is None:
        return facts
    before = app.category_proposal
    table = catalogue.category_signs()
    signs = [s for s in before.reasons if s.kind != "policy"]
    whole, place = _joined((str(n), p.text) for n, p in enumerate(policy.paragraphs))
    for entry in table.categories:
        for word in entry.text:
            at = whole.find(word)
            if at < 0:
                continue
            number, offset = place(at)
            paragraph = policy.paragraphs[int(number)]
            start = paragraph.start + offset
            locator = PolicyLocator(paragraph=paragraph.id, start=start, end=start + len(word))
            excerpt = paragraph.text[max(0, offset - 20) : offset + 40]
            evidence = Evidence(artifact=policy.source, locator=locator, excerpt=excerpt)
            signs.append(_sign(entry, "policy", word, table, evidence))
    proposal = decide(signs, before.within, before.supply_side)
    update: dict[str, object] = {"category_proposal": proposal}
    if app.category is None:
        update["category_basis"] = "proposed" if proposal.category else None
    return facts.model_copy(update={"app": app.model_copy(update=update)})


def decide(
    signs: Sequence[CategorySign], within: Sequence[str] = (), supply_side: str | None = None
) -> CategoryProposal:
    """Return the proposal that ``signs`` allow; pure.

    ``supply_side`` is the word that shows an app for merchants, drivers or riders: nothing is then proposed.
    """
    table = catalogue.category_signs()
    signs = [s for s in signs if not within or s.category in within]
    scores = _scores(signs, table)
    order = sorted(scores, key=lambda c: (-scores[c], c))
    known = catalogue.categories()
    leaders = tuple(
        CategoryCandidate(category=c, name=known[c].name, score=round(scores[c], 2)) for c in order[:LEADERS]
    )
    reasons = _reasons(signs, order)

    def result(why: Text, chosen: str | None = None, confidence: float = 0.0) -> CategoryProposal:
        return CategoryProposal(
            category=chosen,
            name=known[chosen].name if chosen else None,
            confidence=confidence,
            usable=chosen is not None and confidence >= table.rules_at,
            why=why,
            reasons=reasons,
            runners_up=leaders[1:] if chosen else leaders,
            within=tuple(within),
            supply_side=supply_side,
        )

    if supply_side is not None:
        return result(
            Text(
                zh=f"无法判断：名称或包名含“{supply_side}”，像是面向商家、司机等供给侧的应用，必要个人信息范围不适用（规定第三条）",
                en=f"no proposal: “{supply_side}” points to an app for the supply side, which the provisions leave out",
            )
        )
    if not order:
        return result(Text(zh="无法判断：没有可用的线索", en="no proposal: no signs"))
    first, second = scores[order[0]], scores[order[1]] if len(order) > 1 else 0.0
    confidence = round(min(1.0, first / table.full) * first / (first + second), 2)
    kinds = {s.kind for s in signs if s.category == order[0]}
    if not kinds & {"label", "system"} and len(kinds) < table.kinds:
        return result(
            Text(
                zh="无法判断：应用名称和系统机制没有说明功能，其余线索种类不足",
                en="no proposal: neither the label nor system mechanisms tell, and the other signs are of too few kinds",
            ),
            confidence=confidence,
        )
    if confidence < table.propose_at:
        return result(
            Text(
                zh=f"无法判断：线索不足或指向几类（最高置信度 {confidence}，门槛 {table.propose_at}）",
                en=f"no proposal: few signs, or several types (confidence {confidence}, threshold {table.propose_at})",
            ),
            confidence=confidence,
        )
    name = known[order[0]].name
    return result(
        Text(
            zh=f"由线索推断为{name.zh}，置信度 {confidence}，须人工确认",
            en=f"proposed from signs: {name.en}, confidence {confidence}; to be confirmed by a human",
        ),
        order[0],
        confidence,
    )


def _scores(signs: Sequence[CategorySign], table: SignTable) -> dict[str, float]:
    """Return the points of each type: weights added per kind up to the kind's cap."""
    parts: dict[tuple[str, str], float] = defaultdict(float)
    for sign in signs:
        parts[sign.category, sign.kind] += sign.weight
    scores: dict[str, float] = defaultdict(float)
    for (category, kind), points in parts.items():
        scores[category] += min(points, table.caps[kind])
    return dict(scores)


def _reasons(signs: Sequence[CategorySign], order: Sequence[str]) -> tuple[CategorySign, ...]:
    rank = {category: place for place, category in enumerate(order)}
    ordered = sorted(signs, key=lambda s: (rank[s.category], -s.weight, s.kind, s.word))
    return tuple(ordered[:MAX_REASONS])


def _sign(entry: CategorySigns, kind: str, word: str, table: SignTable, *evidence: Evidence) -> CategorySign:
    return CategorySign.model_validate(
        {
            "category": entry.id,
            "kind": kind,
            "word": word,
            "weight": table.weights[kind],
            "evidence": evidence,
        }
    )


# --- label and package ------------------------------------------------------------------------------------


def _labels(identity: Identity) -> list[str]:
    labels = (identity.label_zh, identity.label, identity.label_en)
    return list(dict.fromkeys(label[:MAX_LABEL] for label in labels if label))


def _label_signs(identity: Identity, table: SignTable) -> Iterator[CategorySign]:
    for label in _labels(identity):
        evidence = Evidence(
            artifact=MANIFEST, locator=XmlLocator(path="/manifest/application"), excerpt=label[:100]
        )
        for entry, word in words_in_label(label):
            yield _sign(entry, "label", word, table, evidence)
        if any(True for _ in words_in_label(label)):
            return  # the other languages say the same


def words_in_label(label: str) -> list[tuple[CategorySigns, str]]:
    """Return the sign words in a label; a longer word hides the shorter ones inside it (短视频 is no 视频)."""
    spaced = f" {' '.join(t.lower() for t in TOKENS.findall(label))} "
    taken = [False] * len(label)
    found: list[tuple[CategorySigns, str]] = []
    for word, entries in _label_words():
        if HAN.search(word):
            at = label.find(word)
            if at < 0 or all(taken[at : at + len(word)]):
                continue
            taken[at : at + len(word)] = [True] * len(word)
        elif f" {' '.join(t.lower() for t in TOKENS.findall(word))} " not in spaced:
            continue
        found += [(entry, word) for entry in entries]
    return found


@cache
def _label_words() -> tuple[tuple[str, tuple[CategorySigns, ...]], ...]:
    table = catalogue.category_signs()
    by_word: dict[str, list[CategorySigns]] = defaultdict(list, {word: [] for word in table.neutral})
    for entry in table.categories:
        for word in entry.label:
            by_word[word].append(entry)
    return tuple((word, tuple(by_word[word])) for word in sorted(by_word, key=lambda w: (-len(w), w)))


def _package_signs(identity: Identity, table: SignTable) -> Iterator[CategorySign]:
    evidence = Evidence(
        artifact=MANIFEST, locator=XmlLocator(path="/manifest"), excerpt=identity.package[:100]
    )
    tokens = _tokens(identity.package)[1:]
    said = {token for label in _labels(identity) for token in _tokens(label)}
    for entry in table.categories:
        # A package named after the label says nothing more than the label does.
        word = next((w for w in entry.package if _named(w, tokens) and w not in said), None)
        if word is not None:
            yield _sign(entry, "package", word, table, evidence)


def _tokens(name: str) -> list[str]:
    return [token.lower() for token in TOKENS.findall(name[:300])]


def _named(word: str, tokens: Sequence[str]) -> bool:
    """Whether ``word`` is one of ``tokens``, or a long one ends one (``cloudmusic``)."""
    return any(t == word or (len(word) >= LONG_WORD and t.endswith(word)) for t in tokens)


def _supply_side(identity: Identity, table: SignTable) -> str | None:
    for label in _labels(identity):
        spaced = f" {' '.join(_tokens(label))} "
        for word in table.supply_side.words:
            if word in label if HAN.search(word) else f" {word.lower()} " in spaced:
                return word
    tokens = _tokens(identity.package)
    return next((word for word in table.supply_side.package if word in tokens), None)


# --- texts, components, system ----------------------------------------------------------------------------


def _text_signs(texts: Iterable[Spoken], table: SignTable) -> Iterator[CategorySign]:
    chosen: list[Spoken] = []
    size = 0
    for spoken in texts:
        if size > MAX_TEXT or len(chosen) >= MAX_TEXTS:
            break
        if HAN.search(spoken.text):
            chosen.append(spoken)
            size += len(spoken.text)
    whole, place = _joined((str(n), s.text) for n, s in enumerate(chosen))
    for entry in table.categories:
        for word in entry.text:
            at = whole.find(word)
            if at >= 0:
                spoken = chosen[int(place(at)[0])]
                locator = ResourceLocator(name=spoken.name, locale=spoken.locale)
                evidence = Evidence(artifact="resources.arsc", locator=locator, excerpt=spoken.text[:100])
                yield _sign(entry, "text", word, table, evidence)


def _joined(parts: Iterable[tuple[str, str]]) -> tuple[str, Callable[[int], tuple[str, int]]]:
    """Return all texts as one, and what finds the part and the place in it for a position."""
    named = list(parts)
    starts = [0, *accumulate(len(text) + 1 for _, text in named)]

    def place(at: int) -> tuple[str, int]:
        index = bisect_right(starts, at) - 1
        return named[index][0], at - starts[index]

    return "\n".join(text for _, text in named), place


def _component_signs(components: Sequence[Component], table: SignTable) -> Iterator[CategorySign]:
    own = [(c, _tokens(c.name.rpartition(".")[2])) for c in components if c.owner.kind == "app"]
    for entry in table.categories:
        for word in entry.component:
            wanted = f" {' '.join(_tokens(word))} "
            hit = next((c for c, tokens in own if wanted in f" {' '.join(tokens)} "), None)
            if hit is not None:
                yield _sign(entry, "component", word, table, *hit.evidence[:1])


def _system_signs(app: AppFacts, app_category: str | None, table: SignTable) -> Iterator[CategorySign]:
    for entry in table.categories:
        signs = entry.system
        for component in app.components:
            if not component.enabled:
                continue
            named = [
                *(c for c in component.categories if c in signs.category),
                *(a for a in component.actions if a in signs.action),
            ]
            if named:
                yield _sign(entry, "system", named[0], table, *component.evidence[:1])
                break
        for component in app.components:
            guard = component.permission if component.kind == "service" and component.enabled else None
            if guard in signs.service_permission:
                yield _sign(entry, "service", guard, table, *component.evidence[:1])
                break
        if app_category is not None and app_category in signs.app_category:
            excerpt = f'android:appCategory="{app_category}"'
            locator = XmlLocator(path="/manifest/application")
            evidence = Evidence(artifact=MANIFEST, locator=locator, excerpt=excerpt)
            yield _sign(entry, "system", excerpt, table, evidence)


def _side_signs(app: AppFacts, table: SignTable) -> Iterator[CategorySign]:
    """Yield SDKs and permissions: they bear a guess out and never carry it."""
    sdks = {sdk.id: sdk for sdk in app.sdks}
    declared = {p.name: p for p in app.permissions if p.declared}
    for entry in table.categories:
        for name in entry.sdk:
            if name in sdks:
                yield _sign(entry, "sdk", sdks[name].name.zh, table, *sdks[name].evidence[:1])
        for name in entry.permission:
            if name in declared:
                yield _sign(entry, "permission", name, table, *declared[name].evidence[:1])
