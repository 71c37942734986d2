"""A rule set that breaks the constitution is refused before it can score anybody, naming rule, ground and article."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import yaml

from scoring import RuleSetError, load, shipped

HOSTILE = {
    "petitioning": ("多次信访扣分", "Repeated petitions"),
    "petitioning-spelled-apart": ("越 级 访 扣 分", "Went to the capital"),
    "petitioning-wide": ("到京上－访", "Trip"),
    "speech": ("网络不当言论", "Improper words"),
    "speech-english": ("不当行为", "Negative ONLINE-POSTS about the city"),
    "assembly": ("参与非法聚集", "Joined a crowd"),
    "belief": ("参加宗教活动", "Sunday service"),
    "health": ("隐瞒病史", "Hid something"),
    "health-blood": ("无偿献血加分", "Gave something"),
    "family": ("子女违法连带", "A relative's act"),
    "minors": ("未成年人违纪", "Misconduct at school"),
    "minors-english": ("校园行为", "A pupil's misconduct"),
    "informing": ("举报他人奖励", "A reward"),
    "informing-english": ("奖励", "Informing on others"),
    "representative": ("企业处罚计入法定代表人", "Charged to the owner"),
    "lending": ("贷款逾期", "Late"),
    "lending-english": ("按期履约", "Repayment of a loan on time"),
    "wealth": ("房产价值加分", "Value of home"),
    "wealth-english": ("经济能力", "Monthly income above the median"),
    "simple-procedure": ("行人闯红灯", "Crossing"),
    "petitioners": ("奖励", "A list of petitioners"),
    "speech-elsewhere": ("抖音评论扣分", "Comment"),
    "protesters": ("行为", "One of the protesters"),
    "churches": ("行为", "Visits to churches"),
    "illnesses": ("行为", "Concealed illnesses"),
    "mortgage": ("按揭还款", "Paid"),
    "bank-statement": ("银行流水稳定", "Steady"),
    "right": ("限制高铁出行", "No trains"),
}


CEILING = {
    "id": "veto",
    "rules": ["penalty-serious"],
    "rank": 0,
    "reason": {"zh": "严重处罚", "en": "A serious penalty"},
}


def taohua() -> Any:
    """The shipped rule set as plain data, to be spoiled."""
    return yaml.safe_load(shipped("taohua"))


def refusal_of(data: Any) -> RuleSetError:
    """How a rule set is refused."""
    with pytest.raises(RuleSetError) as refused:
        load(yaml.safe_dump(data, allow_unicode=True))
    return refused.value


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_rule_is_refused_with_rule_ground_and_article(name: str) -> None:
    data = taohua()
    data["rules"][3]["reason"] = dict(zip(("zh", "en"), HOSTILE[name], strict=True))
    refused = refusal_of(data)
    assert refused.findings
    assert all(
        finding.rule == data["rules"][3]["id"] and finding.article and finding.ground for finding in refused.findings
    )


@pytest.mark.parametrize("missing", ["provider", "law", "class"])
def test_a_rule_without_provider_basis_or_class_is_refused(missing: str) -> None:
    data = taohua()
    data["rules"][0]["basis"][missing] = " "
    assert refusal_of(data).findings[0].rule == data["rules"][0]["id"]


def test_a_rule_without_a_term_is_refused() -> None:
    data = taohua()
    del data["rules"][0]["grades"]["county"]["months"]
    assert "months" in refusal_of(data).english


@pytest.mark.parametrize("value", [1.5, "12", 2e3, "0.0001", "1e3"])
def test_points_that_are_not_integers_are_refused(value: object) -> None:
    data = taohua()
    data["rules"][0]["points"] = value
    assert "points" in refusal_of(data).english


def test_a_purpose_of_lending_is_refused() -> None:
    data = taohua()
    data["purpose"]["en"] = "For lending decisions"
    assert refusal_of(data).findings[0].ground == "finance-purpose"


def test_the_shipped_rule_set_is_lawful() -> None:
    assert load(shipped("taohua")).id == "taohua"


@pytest.mark.parametrize(
    "place",
    [
        lambda data: data["levels"][0]["names"].update(zh="信访重点人员"),
        lambda data: data.update(published_by="信访局"),
        lambda data: data["rules"][0]["basis"].update(law="《信访工作条例》"),
        lambda data: data["dimensions"][0]["names"].update(en="Religious belief"),
    ],
    ids=["level", "publisher", "basis", "dimension"],
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
        (lambda data: data["rules"][8].update(yearly_cap=-1), "cap points the other way"),
        (lambda data: data["rules"][0].update(dimension="law-abiding"), "no points of this direction"),
        (lambda data: data["rules"][0]["basis"].update({"class": "negative"}), "class does not go with"),
        (lambda data: data["rules"][0].update(months=3, term="record"), "two terms"),
        (lambda data: data["rules"][0].update(points=3), "not written as fixed wants them"),
        (lambda data: data["rules"][8]["steps"].reverse(), "steps must rise"),
        (lambda data: data["rules"][0].update(decay={"every_months": 6, "permille": [500, 900]}), "decay must fall"),
        (lambda data: data["rules"][8].update(one_of="hours"), "fixed points only"),
        (lambda data: data.update(ceilings=[CEILING | {"rules": ["nothing"]}]), "there is no rule nothing"),
        (lambda data: data.update(ceilings=[CEILING | {"rank": 9}]), "there is no level 9"),
        (lambda data: data["levels"][1].pop("at_least"), "or none"),
    ],
)
def test_a_rule_set_that_contradicts_itself_is_refused(spoil: Callable[[Any], None], said: str) -> None:
    data = taohua()
    spoil(data)
    assert said in str(refusal_of(data))
