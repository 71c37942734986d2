"""What comes is what the engine will say on the day, and a way up is as short as it can be."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from scoring import Fact, RuleSet, load, score, shipped
from scoring.foresight import changes_ahead, effects, ways_up, what_if
from tests.scoring.rule_set_strategies import DAY, facts, rule_sets

TAOHUA = load(shipped("taohua"))


def hours(amount: int, on: date = date(2026, 3, 1), record: str = "hours") -> Fact:
    """Volunteer hours in one line."""
    return Fact(record, "volunteer-service", on, None, "active", None, amount, "民政局")


def penalty(grade: str, on: date, record: str = "penalty") -> Fact:
    """A penalty in one line."""
    return Fact(record, "penalty", on, None, "active", grade, None, "市场监管局")


@given(rule_sets(), facts(most=8))
@settings(max_examples=100, deadline=None)
def test_each_change_is_what_the_engine_says_that_day_and_the_day_before(
    rule_set: RuleSet, records: list[Fact]
) -> None:
    for change in changes_ahead([rule_set], records, DAY, limit=6):
        before = score(rule_set, records, change.day - timedelta(days=1))
        after = score(rule_set, records, change.day)
        assert (before.millipoints, before.level.rank) == (change.before, change.rank_before)
        assert (after.millipoints, after.level.rank) == (change.after, change.rank_after)
        assert sum(effect.after - effect.before for effect in change.effects) == change.after - change.before


def test_a_change_names_the_record_and_why() -> None:
    [first, second] = changes_ahead([TAOHUA], [hours(25), penalty("minor", date(2026, 10, 1))], DAY)
    assert (first.day, first.after - first.before) == (date(2027, 1, 1), 10_000)
    assert [(effect.record_id, effect.reason) for effect in first.effects] == [("penalty", "expired")]
    assert (second.day, second.after - second.before) == (date(2028, 3, 1), -5_000)


def test_a_version_that_takes_effect_is_a_change() -> None:
    text = shipped("taohua").decode()
    old = load(text.replace("effective_until: null", "effective_until: 2027-02-01"))
    new = text.replace('"2026.1"', '"2027.1"').replace("effective_from: 2026-01-01", "effective_from: 2027-02-01")
    changes = changes_ahead([old, load(new.replace("base_points: 600", "base_points: 590"))], [], DAY)
    assert [(change.day, change.after, change.version) for change in changes] == [(date(2027, 2, 1), 590_000, "2027.1")]


def test_what_if_adds_and_removes() -> None:
    records = [hours(25), penalty("general", date(2026, 9, 1))]
    now, better = score(TAOHUA, records, DAY), what_if(TAOHUA, records, DAY, remove=["penalty"])
    assert better.millipoints - now.millipoints == 40_000
    more = what_if(TAOHUA, records, DAY, add=[hours(30, DAY, "more")])
    assert [(effect.record_id, effect.after) for effect in effects(now, more)] == [("more", 5_000)]
    with pytest.raises(LookupError, match="nothing"):
        what_if(TAOHUA, records, DAY, remove=["nothing"])


def test_the_three_nearest_ways_lead_from_605_to_620() -> None:
    ways = ways_up([TAOHUA], [hours(25)], DAY)
    assert [(way.kind, way.rule_ids, way.text.zh) for way in ways] == [
        ("act", ("volunteer-hours",), "再参加志愿服务 75 小时：+15 分，升至“良好”"),
        ("act", ("donation",), "再向慈善组织捐赠 1500 元：+15 分，升至“良好”"),
        ("act", ("commitment-kept",), "再履行 2 项信用承诺：+16 分，升至“良好”"),
    ]


def test_a_penalty_offers_its_repair_and_its_end() -> None:
    ways = ways_up([TAOHUA], [penalty("serious", date(2024, 1, 1))], DAY, most=9)
    assert [(way.kind, way.day) for way in ways if way.kind != "act"] == [("wait", date(2027, 1, 1)), ("repair", DAY)]


def test_where_no_single_act_is_enough_they_are_told_together() -> None:
    records = [penalty("serious", date(2026, 6, 1), f"p{number}") for number in range(2)]
    together = [way for way in ways_up([TAOHUA], records, DAY, most=9) if way.kind == "act"]
    assert all(len(way.rule_ids) > 1 and "，并" in way.text.zh for way in together)
    assert len({frozenset(way.rule_ids) for way in together}) == len(together) > 0


def test_the_best_level_has_no_way_up() -> None:
    assert ways_up([load(shipped("taohua").replace(b"at_least: 780", b"at_least: 681"))], [
        Fact(f"h{number}", "honour", date(2026, 5, 1), None, "active", "nation", None, "") for number in range(2)
    ], DAY) == []  # fmt: skip


@given(rule_sets(), facts(most=6))
@settings(max_examples=60, deadline=None)
def test_every_way_lifts_the_level(rule_set: RuleSet, records: list[Fact]) -> None:
    now = score(rule_set, records, DAY)
    for way in ways_up([rule_set], records, DAY):
        assert way.rank > now.level.rank
        if way.kind == "wait":
            assert score(rule_set, records, way.day).level.rank == way.rank
        if way.kind == "repair":
            assert way.record_id is not None
            assert what_if(rule_set, records, DAY, remove=[way.record_id]).level.rank == way.rank
