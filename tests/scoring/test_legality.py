"""A rule set that breaks the constitution is refused before it can score anybody, naming rule, ground and article; and what is
lawful, however like it looks, loads."""

import copy
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
import yaml

from scoring import RuleSetError, load, shipped, shipped_names
from scoring.legality import (
    ListedItem,
    against_catalogue,
    forbidden_grounds,
    lawful_form,
)
from scoring.spelling import reading_of

HERE = Path(__file__).parent
PLACES = ("names", "purpose", "acts", "level ", "visits", "firm", "limit", "held")
CEILING = {
    "id": "veto",
    "rules": ["penalty-serious"],
    "rank": 0,
    "reason": {"zh": "严重处罚", "en": "A serious penalty"},
}
LAWFUL: dict[str, Any] = {
    "id": "lawful",
    "version": "2026.1",
    "names": {"zh": "示例分", "en": "Example score"},
    "subject": "person",
    "purpose": {"zh": "仅用于守信激励", "en": "For incentives only"},
    "published_by": "示例市社会信用主管部门",
    "effective_from": date(2026, 1, 1),
    "effective_until": None,
    "base_points": 100,
    "minimum_points": 0,
    "maximum_points": 200,
    "dimensions": [{"id": "acts", "names": {"zh": "履约", "en": "Promises"}, "most": 100, "least": -100}],
    "levels": [
        {"rank": 0, "names": {"zh": "起步", "en": "Start"}, "at_least": 0},
        {"rank": 1, "names": {"zh": "良好", "en": "Good"}, "at_least": 110},
    ],
}
RULES: dict[str, dict[str, Any]] = {
    "positive": {
        "points": 5,
        "reason": {"zh": "志愿服务", "en": "Service"},
        "basis": {"provider": "市民政局", "law": "《志愿服务条例》第十九条", "class": "positive"},
    },
    "negative": {
        "points": -5,
        "reason": {"zh": "行政处罚", "en": "A penalty"},
        "basis": {"provider": "作出决定的机关", "law": "《条例》第二十七条（生效法律文书）", "class": "negative"},
    },
}


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of the lawful rule set, and the ground on which it must be refused."""

    name: str
    ground: str = ""
    base: Literal["positive", "negative"] = "positive"
    rule: dict[str, Any] = {}
    changes: dict[str, Any] = msgspec.field(default={}, name="set")

    @property
    def source(self) -> str:
        """The rule set as a file."""
        rule = {"id": "the-rule", "item": "the-item", "dimension": "acts", "kind": "fixed", "months": 12}
        data = merged({**LAWFUL, "rules": []}, self.changes)
        data["rules"] = [merged({**rule, **RULES[self.base]}, self.rule)]
        return yaml.safe_dump(data, allow_unicode=True)


def merged(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The whole with the changes in it, mappings merged and everything else replaced."""
    result = copy.deepcopy(whole)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def variants(name: str) -> list[Variant]:
    """The variants of a fixture file."""
    return msgspec.yaml.decode((HERE / f"{name}.yaml").read_bytes(), type=list[Variant])


HOSTILE, INNOCENT = variants("hostile_rules"), variants("lawful_rules")


def refusal_of(source: Any) -> RuleSetError:
    """How a rule set is refused."""
    with pytest.raises(RuleSetError) as refused:
        load(source if isinstance(source, str) else yaml.safe_dump(source, allow_unicode=True))
    return refused.value


def named(variant: Variant) -> str:
    """The name of a case."""
    return variant.name


@pytest.mark.parametrize("variant", HOSTILE, ids=named)
def test_a_hostile_rule_set_is_refused_with_place_ground_and_article(variant: Variant) -> None:
    refused = refusal_of(variant.source)
    found = {finding.ground: finding for finding in refused.findings}
    assert variant.ground in found, found
    breach = found[variant.ground]
    assert breach.rule == variant.rule.get("id", "the-rule") or breach.rule.startswith(PLACES)
    assert "第" in breach.article
    assert breach.chinese
    assert breach.english
    first = refused.findings[0]
    assert first.rule in refused.chinese
    assert first.article in refused.english


@pytest.mark.parametrize("variant", INNOCENT, ids=named)
def test_a_lawful_rule_set_that_looks_like_a_forbidden_one_loads(variant: Variant) -> None:
    assert load(variant.source).id == "lawful"


def test_the_fixtures_cover_every_ground_and_are_as_many_on_both_sides() -> None:
    grounds = Counter(variant.ground for variant in HOSTILE)
    # What contradicts the catalogue needs a catalogue, and is tested with one below.
    assert set(grounds) == (
        {ground.ground for ground in forbidden_grounds()}
        | set(lawful_form().grounds) - {"other-class", "other-subject"}
    )
    assert len(HOSTILE) >= 100
    assert len(INNOCENT) >= 50
    for side in (HOSTILE, INNOCENT):
        assert len({variant.name for variant in side}) == len(side)
        assert len({variant.source for variant in side}) == len(side)


def test_every_word_and_every_innocent_phrase_does_something() -> None:
    for ground in forbidden_grounds():
        for phrase in ground.innocent:
            forms = reading_of(phrase)
            text = forms.ideographs or forms.words[0]
            joined = text if isinstance(text, str) else " ".join(text)
            plain = [word.removesuffix("*") for word in ground.words]
            assert any(word in joined for word in plain), (ground.ground, phrase)
        assert len(set(ground.words)) == len(ground.words), ground.ground
        # A word that is not in its own normal form would never be found.
        for word in ground.words:
            reading = reading_of(word.removesuffix("*"))
            assert word.removesuffix("*") in {reading.ideographs, *(" ".join(words) for words in reading.words)}


@pytest.mark.parametrize("ground", sorted({ground.ground for ground in forbidden_grounds()}))
def test_every_word_of_a_ground_is_found_wherever_an_author_can_write(ground: str) -> None:
    words = [word.removesuffix("*") for each in forbidden_grounds() if each.ground == ground for word in each.words]
    for word in words:
        reason = (
            {"zh": f"因{word}记录", "en": "Reason"} if not word.isascii() else {"zh": "记录", "en": f"For {word} now"}
        )
        refused = refusal_of(Variant("", rule={"reason": reason}).source)
        assert ground in {finding.ground for finding in refused.findings}, word


@pytest.mark.parametrize("name", shipped_names())
def test_the_shipped_rule_sets_are_lawful(name: str) -> None:
    assert load(shipped(name)).id == name


CATALOGUE = {
    "the-item": ListedItem("positive", frozenset({"person"})),
    "permit": ListedItem("basic", frozenset({"enterprise"})),
}


def test_what_contradicts_the_catalogue_is_found() -> None:
    lawful = load(Variant("").source)
    assert against_catalogue(lawful, CATALOGUE) == ()
    assert against_catalogue(load(Variant("", rule={"item": "unlisted"}).source), CATALOGUE) == ()
    [other_class] = against_catalogue(load(Variant("", base="negative").source), CATALOGUE)
    assert (other_class.rule, other_class.ground) == ("the-rule", "other-class")
    grounds = [
        found.ground for found in against_catalogue(load(Variant("", rule={"item": "permit"}).source), CATALOGUE)
    ]
    assert grounds == ["other-class", "other-subject"]


def taohua() -> Any:
    """The shipped rule set as plain data, to be spoiled."""
    return yaml.safe_load(shipped("taohua"))


def rule_of(data: Any, rule_id: str) -> Any:
    """One of its rules."""
    return next(rule for rule in data["rules"] if rule["id"] == rule_id)


@pytest.mark.parametrize("value", [1.5, "12", 2e3, "0.0001", "1e3"])
def test_points_that_are_not_integers_are_refused(value: object) -> None:
    data = taohua()
    data["rules"][0]["points"] = value
    assert "points" in refusal_of(data).english


@pytest.mark.parametrize(
    "place",
    [
        lambda data: data["levels"][0]["names"].update(zh="信访重点人员"),
        lambda data: data.update(published_by="信访局"),
        lambda data: data["rules"][0]["basis"].update(law="《信访工作条例》第一条"),
        lambda data: data["rules"][0]["basis"].update(provider="信访局"),
        lambda data: data["dimensions"][0]["names"].update(en="Religious belief"),
    ],
    ids=["level", "publisher", "basis", "provider", "dimension"],
)
def test_what_is_forbidden_hides_nowhere(place: Callable[[Any], None]) -> None:
    data = taohua()
    place(data)
    assert refusal_of(data).findings


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data["rules"][1].update(id="honour-county"), "same id"),
        (lambda data: data["dimensions"][1].update(id="law-abiding"), "same id"),
        (lambda data: data.update(effective_until=date(2026, 1, 1)), "ends before it begins"),
        (lambda data: rule_of(data, "volunteer-hours").update(yearly_cap=-1), "cap points the other way"),
        (lambda data: data["rules"][0].update(dimension="law-abiding"), "no points of this direction"),
        (lambda data: data["rules"][0]["basis"].update({"class": "negative"}), "class does not go with"),
        (lambda data: data["rules"][0].update(months=3, term="record"), "two terms"),
        (lambda data: data["rules"][0].update(points=3), "not written as fixed wants them"),
        (lambda data: rule_of(data, "volunteer-hours")["steps"].reverse(), "steps must rise"),
        (lambda data: data["rules"][0].update(decay={"every_months": 6, "permille": [500, 900]}), "decay must fall"),
        (lambda data: rule_of(data, "volunteer-hours").update(one_of="hours"), "fixed points only"),
        (lambda data: data.update(ceilings=[CEILING | {"rules": ["nothing"]}]), "there is no rule nothing"),
        (lambda data: data.update(ceilings=[CEILING | {"rank": 9}]), "there is no level 9"),
        (lambda data: data["levels"][1].pop("at_least"), "or none"),
    ],
)
def test_a_rule_set_that_contradicts_itself_is_refused(spoil: Callable[[Any], None], said: str) -> None:
    data = taohua()
    spoil(data)
    assert said in str(refusal_of(data))
