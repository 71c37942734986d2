"""The legality checker 合法性审查: refuses what no rule set may contain, naming rule, ground and article.

Two kinds of checks, both data: no text of a rule set may be about what the law keeps out of a score (`forbidden.yaml`, read
through `spelling.py`), and every rule must have the form that the law asks for (`lawful_form.yaml`). Words can be talked
around: the check does not replace the two people who publish a rule set.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import permutations
from typing import Literal

import msgspec

from scoring.ruleset import Names, Rule, RuleSet
from scoring.spelling import Reading, hides_something, reading_of

Subject = Literal["person", "enterprise"]

# A word spelt apart is looked for from this length on: `as set` is not an asset.
_SHORTEST_SPELT_APART = 6
_MOST_PIECES = 4
_EDGE = 6


class Finding(msgspec.Struct, frozen=True):
    """One breach: the rule (or the part of the rule set), the ground, and the article it breaks."""

    rule: str
    ground: str
    article: str
    chinese: str
    english: str


class ForbiddenGround(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subject that may not be scored: words by which it shows itself, for all subjects or for persons only, and lawful
    phrases in which such a word says nothing."""

    ground: str
    article: str
    zh: str
    en: str
    applies_to: Literal["all", "person"]
    words: tuple[str, ...]
    innocent: tuple[str, ...]


class FormGround(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a rule set lacks when it breaks the form, and by which article."""

    article: str
    zh: str
    en: str


class LawfulForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `lawful_form.yaml`."""

    classes: tuple[str, ...]
    grades: tuple[str, ...]
    placeholders: tuple[str, ...]
    article: str
    effective_document: str
    incentive: dict[Literal["zh", "en"], tuple[str, ...]]
    longest_months: dict[str, int]
    grounds: dict[str, FormGround]


class ListedItem(msgspec.Struct, frozen=True):
    """What the catalogue of the city says of an item: its class, and about whom it is recorded."""

    information_class: str
    subjects: frozenset[Subject]


@cache
def forbidden_grounds() -> tuple[ForbiddenGround, ...]:
    """The list in `forbidden.yaml`."""
    return msgspec.yaml.decode(
        files("scoring").joinpath("forbidden.yaml").read_bytes(), type=tuple[ForbiddenGround, ...]
    )


@cache
def lawful_form() -> LawfulForm:
    """The form in `lawful_form.yaml`."""
    return msgspec.yaml.decode(files("scoring").joinpath("lawful_form.yaml").read_bytes(), type=LawfulForm)


def findings(rule_set: RuleSet) -> tuple[Finding, ...]:
    """Every breach of a rule set: of its own texts and form, then of its rules in their order. Empty if it is lawful."""
    found = [*_texts_of_the_set(rule_set), *_form_of_the_set(rule_set)]
    for rule in rule_set.rules:
        found += _about(rule_set.subject, rule.id, _texts_of_rule(rule), (rule.basis.provider, rule.basis.law))
        found += _form_of_rule(rule)
    return tuple(dict.fromkeys(found))


def against_catalogue(rule_set: RuleSet, catalogue: Mapping[str, ListedItem]) -> tuple[Finding, ...]:
    """Rules that say of an item something else than the catalogue. Items that it does not list are no finding here."""
    found: list[Finding] = []
    for rule in rule_set.rules:
        listed = catalogue.get(rule.item)
        if listed is not None and rule.basis.information_class != listed.information_class:
            found.append(_lacks("other-class", rule.id, listed.information_class))
        if listed is not None and rule_set.subject not in listed.subjects:
            found.append(_lacks("other-subject", rule.id, rule_set.subject))
    return tuple(found)


def _lacks(ground: str, place: str, detail: str = "") -> Finding:
    told = lawful_form().grounds[ground]
    chinese, english = (f"（{detail}）", f" ({detail})") if detail else ("", "")
    return Finding(place, ground, told.article, told.zh + chinese, told.en + english)


def _texts_of_the_set(rule_set: RuleSet) -> Iterator[Finding]:
    def named(place: str, identifier: str, names: Names) -> tuple[str, tuple[str, ...]]:
        return place, (identifier, names.zh, names.en)

    places = [
        named("names", rule_set.id, rule_set.names),
        named("purpose", "", rule_set.purpose),
        ("published_by", (rule_set.published_by,)),
        *(named(dimension.id, dimension.id, dimension.names) for dimension in rule_set.dimensions),
        *(named(f"level {level.rank}", "", level.names) for level in rule_set.levels),
        *(named(ceiling.id, ceiling.id, ceiling.reason) for ceiling in rule_set.ceilings),
    ]
    for place, texts in places:
        yield from _about(rule_set.subject, place, texts)


def _texts_of_rule(rule: Rule) -> tuple[str, ...]:
    texts = [rule.id, rule.item, rule.one_of or "", rule.reason.zh, rule.reason.en]
    texts += [grade for grade in rule.grades if grade not in lawful_form().grades]
    for entry in rule.grades.values():
        texts += [entry.reason.zh, entry.reason.en] if entry.reason else []
    if rule.attainable is not None:
        texts += [rule.attainable.zh, rule.attainable.en]
    return tuple(texts)


# --- form


def _form_of_the_set(rule_set: RuleSet) -> Iterator[Finding]:
    if rule_set.subject != "person":
        return
    wanted = lawful_form().incentive
    for text, words in ((rule_set.purpose.zh, wanted["zh"]), (rule_set.purpose.en.casefold(), wanted["en"])):
        if not any(word in text for word in words):
            yield _lacks("purpose", "purpose", text)
    classes = {rule.id: rule.basis.information_class.strip() for rule in rule_set.rules}
    for ceiling in rule_set.ceilings:
        for rule in ceiling.rules:
            if classes[rule] != "negative":
                yield _lacks("ceiling-without-document", ceiling.id, rule)


def _form_of_rule(rule: Rule) -> Iterator[Finding]:
    form = lawful_form()
    if _says_nothing(rule.basis.provider):
        yield _lacks("no-provider", rule.id)
    if _says_nothing(rule.basis.law) or not re.search(form.article, rule.basis.law.casefold()):
        yield _lacks("no-legal-basis", rule.id)
    information_class = rule.basis.information_class.strip()
    if information_class not in form.classes:
        yield _lacks("no-class", rule.id, information_class)
    terms = [(grade, entry.months or rule.months) for grade, entry in rule.grades.items()] or [("any", rule.months)]
    if rule.term == "months" and any(months is None for _, months in terms):
        yield _lacks("no-term", rule.id)
    if information_class == "negative":
        if not re.search(form.effective_document, rule.basis.law.casefold()):
            yield _lacks("no-effective-document", rule.id)
        for grade, months in terms:
            longest = form.longest_months.get(grade, form.longest_months["any"])
            if months is not None and months > longest:
                yield _lacks("term-too-long", rule.id, f"{months} > {longest}")


def _says_nothing(text: str) -> bool:
    reading = reading_of(text)
    if reading.ideographs:
        return reading.ideographs in lawful_form().placeholders
    return all(not words or " ".join(words) in lawful_form().placeholders for words in reading.words)


# --- words


class _Index(msgspec.Struct, frozen=True):
    """The words of all grounds: Chinese ones; English phrases by their first word, of which the last may be a beginning;
    and what is looked for when a word is spelt apart."""

    chinese: dict[str, list[ForbiddenGround]]
    longest: int
    phrases: dict[str, list[tuple[tuple[str, ...], bool, ForbiddenGround]]]
    beginnings: dict[str, list[ForbiddenGround]]
    spelt_apart: dict[str, list[ForbiddenGround]]


@cache
def _index(subject: Subject) -> _Index:
    index = _Index({}, max(len(word) for ground in forbidden_grounds() for word in ground.words), {}, {}, {})
    for ground in forbidden_grounds():
        if ground.applies_to not in {"all", subject}:
            continue
        for word in ground.words:
            if not word.isascii():
                index.chinese.setdefault(word, []).append(ground)
                continue
            stem = word.removesuffix("*")
            tokens = tuple(stem.split())
            if stem != word and len(tokens) == 1:
                index.beginnings.setdefault(stem, []).append(ground)
            else:
                index.phrases.setdefault(tokens[0], []).append((tokens, stem != word, ground))
            index.spelt_apart.setdefault(stem.replace(" ", ""), []).append(ground)
    return index


def _about(subject: Subject, place: str, told: tuple[str, ...], cited: tuple[str, ...] = ()) -> Iterator[Finding]:
    """What the texts of one place say that they may not: each by itself, and any two together, for a word may begin in one
    and end in another. Citations stand by themselves."""
    readings = [reading_of(text) for text in told]
    index = _index(subject)
    hits = [hit for reading in (*readings, *map(reading_of, cited)) for hit in _hits(index, reading)]
    hits += [hit for first, second in permutations(readings, 2) for hit in _hits_across(index, first, second)]
    for ground, word in {ground.ground: (ground, word) for ground, word in reversed(hits)}.values():
        yield Finding(place, ground.ground, ground.article, f"{ground.zh}（{word}）", f"{ground.en} ({word})")
    if any(hides_something(text) for text in (*told, *cited)):
        yield _lacks("disguise", place)


def _hits(index: _Index, reading: Reading) -> Iterator[tuple[ForbiddenGround, str]]:
    for start, end, ground in _chinese_hits(index, reading.ideographs):
        yield ground, reading.ideographs[start:end]
    for words in reading.words:
        for start in range(len(words)):
            for end, ground in _english_hits(index, words, start):
                if not _inside(words, start, end, ground):
                    yield ground, " ".join(words[start:end])


def _hits_across(index: _Index, first: Reading, second: Reading) -> Iterator[tuple[ForbiddenGround, str]]:
    """Words that begin at the end of one text and end at the beginning of another."""
    if first.ideographs and second.ideographs:
        edge = first.ideographs[-_EDGE:]
        text = edge + second.ideographs[:_EDGE]
        for start, end, ground in _chinese_hits(index, text):
            if start < len(edge) < end:
                yield ground, text[start:end]
    for ends in first.words:
        for begins in second.words:
            pair = ends[-1:] + begins[:1]
            if len(pair) == 2:
                yield from ((ground, " ".join(pair)) for end, ground in _english_hits(index, pair, 0) if end == 2)


def _chinese_hits(index: _Index, text: str) -> Iterator[tuple[int, int, ForbiddenGround]]:
    for start in range(len(text)):
        for end in range(start + 1, min(len(text), start + index.longest) + 1):
            for ground in index.chinese.get(text[start:end], ()):
                if not any(_covers(text, phrase, start, end) for phrase in ground.innocent):
                    yield start, end, ground


def _covers(text: str, phrase: str, start: int, end: int) -> bool:
    """Whether the phrase stands in the text so that it holds the place from `start` to `end`."""
    at = text.find(phrase, max(0, end - len(phrase)))
    return 0 <= at <= start and at + len(phrase) >= end


def _english_hits(index: _Index, words: tuple[str, ...], start: int) -> Iterator[tuple[int, ForbiddenGround]]:
    first = words[start]
    for size in range(1, len(first) + 1):
        yield from ((start + 1, ground) for ground in index.beginnings.get(first[:size], ()))
    for singular in _singulars(first):
        for tokens, open_ended, ground in index.phrases.get(singular, ()):
            end = start + len(tokens)
            given = words[start:end]
            if len(given) == len(tokens) and (len(tokens) == 1 or given[:-1] == tokens[:-1]):
                last = given[-1]
                if tokens[-1] in _singulars(last) or (open_ended and last.startswith(tokens[-1])):
                    yield end, ground
    squeezed = first
    for end in range(start + 2, min(len(words), start + _MOST_PIECES) + 1):
        squeezed += words[end - 1]
        for singular in _singulars(squeezed):
            if len(singular) >= _SHORTEST_SPELT_APART:
                yield from ((end, ground) for ground in index.spelt_apart.get(singular, ()))


def _singulars(word: str) -> tuple[str, ...]:
    """The word, and what it is the plural of."""
    return tuple(dict.fromkeys((word, word.removesuffix("s"), word.removesuffix("es"))))


def _inside(words: tuple[str, ...], start: int, end: int, ground: ForbiddenGround) -> bool:
    for phrase in ground.innocent:
        tokens = tuple(phrase.split())
        for at in range(max(0, end - len(tokens)), start + 1):
            if words[at : at + len(tokens)] == tokens:
                return True
    return False
