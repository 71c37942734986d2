"""Delivered rows: what becomes a record, what goes back to its source, and with which reasons."""

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.catalogue.catalogue import STANDARD_CATALOGUE, parse_catalogue
from backend.catalogue.refusal import CatalogueError
from backend.platform.identifiers import make_identity_number
from backend.records.duplicates import DuplicateFinder
from backend.records.fields import FIELD_LISTS
from backend.records.reasons import REASON_CODES
from backend.records.validation import Accepted, Returned, Validator
from tests.records.rows import (
    CODE,
    PERSON,
    TODAY,
    VALIDATOR,
    accepted,
    commitment,
    donation,
    honour,
    judgment_default,
    penalty,
    permit,
    returned,
    volunteer_service,
)


def test_the_field_lists_are_those_of_the_standards() -> None:
    assert {
        name: len(field_list.fields) for name, field_list in FIELD_LISTS.items() if name in ("permit", "penalty")
    } == {
        "permit": 27,
        "penalty": 29,
    }
    assert len(FIELD_LISTS["commitment"].fields) == 20
    for field_list in FIELD_LISTS.values():
        names = [field.name for field in field_list.fields]
        assert len(set(names)) == len(names)
        assert all(name.startswith(field_list.prefix) for name in names)


def test_a_persons_penalty_becomes_a_record() -> None:
    record = accepted("penalty", penalty())
    assert (record.subject_kind, record.document_kind, record.identifier, record.name) == (
        "natural",
        "01",
        PERSON,
        "张小三",
    )
    assert record.record_key == "penalty:桃市监罚〔2026〕18号"
    assert (record.occurred_on, record.amount, record.grade) == (date(2026, 5, 8), 20_000, "minor")


def test_identity_is_in_the_fields_and_never_in_the_facts_or_the_printed_record() -> None:
    record = accepted("penalty", penalty(CF_FRDB="李四", CF_FR_SFZH=PERSON))
    assert record.fields["CF_XDR_ZJHM"] == PERSON
    assert not {"CF_XDR_MC", "CF_XDR_ZJHM", "CF_XDR_SHXYM", "CF_FRDB", "CF_FR_SFZH"} & set(record.facts)
    assert record.facts["CF_WFXW"] == "占道经营"
    assert PERSON not in repr(record)
    assert "张小三" not in repr(record)


def test_values_are_normalised() -> None:
    row = penalty(
        organisation=True,
        CF_XDR_SHXYM=CODE.lower(),
        CF_JDRQ="2026年5月8日",
        CF_WSH=" 桃市监罚〔2026〕 18号 ",
        CF_NR_FK="0.0200",
        CF_CFLB="罚款; 警告",
        CF_NR_ZKDX="  ",
    )
    record = accepted("penalty", row)
    assert record.identifier == CODE
    assert record.fields["CF_JDRQ"] == "2026-05-08"
    assert record.fields["CF_NR_FK"] == "0.02"
    assert record.fields["CF_CFLB"] == "罚款、警告"
    assert "CF_NR_ZKDX" not in record.fields
    assert record.record_key == "penalty:桃市监罚〔2026〕18号"


def test_equal_content_in_another_order_or_spelling_is_equal() -> None:
    row = penalty()
    same = dict(reversed(penalty(CF_JDRQ="2026/5/8").items()))
    assert accepted("penalty", row).content() == accepted("penalty", same).content()
    assert accepted("penalty", row).content() != accepted("penalty", penalty(CF_NR="罚款")).content()


@pytest.mark.parametrize(
    ("text", "fen"),
    [("0.02", 20_000), ("0.000001", 1), ("0.1", 100_000), ("1", 1_000_000), ("1.100000", 1_100_000), ("0", 0)],
)
def test_a_fine_in_ten_thousand_yuan_is_exact_to_the_fen(text: str, fen: int) -> None:
    assert accepted("penalty", penalty(CF_NR_FK=text)).amount == fen


@given(st.integers(0, 10**18 - 1))
@settings(max_examples=100)
def test_every_fine_comes_back_to_the_same_fen(fen: int) -> None:
    text = f"{fen // 10**6}.{fen % 10**6:06d}"
    assert accepted("penalty", penalty(CF_NR_FK=text)).amount == fen


@pytest.mark.parametrize("text", ["0.0000001", "-1", "1e3", "1,000", "NaN", "Infinity", ".5", "1.", "9" * 13, "一万"])
def test_a_fine_that_is_no_exact_amount_is_returned(text: str) -> None:
    assert returned("penalty", penalty(CF_NR_FK=text)) == [("not-an-amount", "CF_NR_FK")]


def test_a_number_instead_of_text_is_returned_so_that_no_float_comes_near() -> None:
    assert returned("penalty", penalty(CF_NR_FK=0.02)) == [("not-text", "CF_NR_FK")]


def test_amounts_are_fen_for_donations_and_hours_for_service() -> None:
    assert accepted("donation", donation()).amount == 10_050
    assert accepted("volunteer-service", volunteer_service()).amount == 3
    assert returned("volunteer-service", volunteer_service(ZY_SC="2.5")) == [("not-a-whole-number", "ZY_SC")]
    assert returned("donation", donation(JZ_JE="1.001")) == [("not-an-amount", "JZ_JE")]


@pytest.mark.parametrize(
    ("changes", "organisation", "grade"),
    [
        ({"CF_CFLB": "警告", "CF_NR_FK": None}, False, "minor"),
        ({"CF_CFLB": "警告、通报批评", "CF_NR_FK": None}, True, "minor"),
        ({"CF_NR_FK": "0.1999"}, False, "minor"),
        ({"CF_NR_FK": "0.2"}, False, "general"),
        ({"CF_NR_FK": "0.2"}, True, "minor"),
        ({"CF_NR_FK": "1"}, True, "general"),
        ({"CF_NR_FK": "4.999999"}, False, "general"),
        ({"CF_NR_FK": "5"}, False, "serious"),
        ({"CF_NR_FK": "5"}, True, "general"),
        ({"CF_NR_FK": "100"}, True, "serious"),
        ({"CF_CFLB": "没收违法所得", "CF_NR_FK": None}, False, "general"),
        ({"CF_CFLB": "警告", "CF_NR_FK": None, "CF_NR_ZKDX": "暂扣驾驶证"}, False, "general"),
        ({"CF_CFLB": "警告", "CF_NR_FK": None, "CF_NR_ZKDX": "吊销食品经营许可证"}, True, "serious"),
        ({"CF_CFLB": "警告、责令关闭", "CF_NR_FK": None}, True, "serious"),
        ({"CF_CFLB": "罚款、限制从业"}, True, "serious"),
    ],
)
def test_the_gravest_part_of_a_penalty_gives_its_class(
    changes: dict[str, object], organisation: bool, grade: str
) -> None:
    assert accepted("penalty", penalty(organisation, **changes)).grade == grade


@pytest.mark.parametrize(
    ("changes", "published_until", "ends_on"),
    [
        ({}, None, date(2026, 8, 8)),
        ({"CF_NR_FK": "1"}, date(2027, 5, 8), date(2027, 5, 8)),
        ({"CF_NR_FK": "100"}, date(2029, 5, 8), date(2029, 5, 8)),
        ({"CF_NR_FK": "1", "CF_GSJZQ": "2026-09-30"}, date(2026, 10, 1), date(2026, 10, 1)),
        ({"CF_NR_FK": "1", "CF_GSJZQ": "2026-06-01"}, date(2026, 8, 8), date(2026, 8, 8)),
        ({"CF_NR_FK": "1", "CF_GSJZQ": "2030-01-01"}, date(2027, 5, 8), date(2027, 5, 8)),
    ],
)
def test_publicity_ends_between_minimum_and_maximum_and_everything_ends_with_it(
    changes: dict[str, object], published_until: date | None, ends_on: date
) -> None:
    record = accepted("penalty", penalty(organisation=True, **changes))
    assert record.published_until == published_until
    assert record.ends_on == record.retained_until == ends_on


def test_a_natural_persons_penalty_is_never_published_and_ends_all_the_same() -> None:
    record = accepted("penalty", penalty(CF_NR_FK="1"))
    assert record.published_until is None
    assert record.ends_on == date(2027, 5, 8)


def test_a_permit_ends_after_its_last_day() -> None:
    record = accepted("permit", permit())
    assert record.ends_on == record.retained_until == date(2031, 5, 8)
    assert record.published_until == date(2031, 5, 8)
    assert accepted("permit", permit(XK_YXQZI="9999-12-31")).ends_on == date.max


def test_a_honour_without_an_end_leaves_the_end_to_the_rule_set() -> None:
    record = accepted("honour", honour())
    assert (record.grade, record.ends_on, record.retained_until) == ("city", None, date(2031, 5, 8))
    assert accepted("honour", honour(RY_YXQZ="2026-12-31")).ends_on == date(2027, 1, 1)


def test_commitments_are_kept_or_broken_by_their_status() -> None:
    broken: dict[str, Any] = {"CN_LXZT": "部分履行", "CN_WLXNR": "未补交材料", "CN_CJCS": "限期整改"}
    assert accepted("commitment-kept", commitment()).grade is None
    assert accepted("commitment-broken", commitment(organisation=True, **broken)).grade == "general"
    assert returned("commitment-broken", commitment()) == [("status-does-not-match", "CN_LXZT")]
    assert returned("commitment-kept", commitment(**broken)) == [("status-does-not-match", "CN_LXZT")]
    assert returned("commitment-broken", commitment(CN_LXZT="全部未履行")) == [
        ("missing-field", "CN_WLXNR"),
        ("missing-field", "CN_CJCS"),
    ]


def test_a_commitments_number_is_checked_by_the_kind_of_its_subject() -> None:
    assert accepted("commitment-kept", commitment(organisation=True)).identifier == CODE
    assert returned("commitment-kept", commitment(CN_ZJHM=CODE)) == [("malformed", "CN_ZJHM")]
    assert returned("commitment-kept", commitment(organisation=True, CN_ZJHM=PERSON)) == [
        ("wrong-check-digit", "CN_ZJHM")
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"CF_XDR_ZJHM": "000000199001010019"}, ("wrong-check-digit", "CF_XDR_ZJHM")),
        ({"CF_XDR_ZJHM": "12345"}, ("malformed", "CF_XDR_ZJHM")),
        ({"CF_XDR_ZJHM": None}, ("missing-field", "CF_XDR_ZJHM")),
        ({"CF_XDR_ZJLX": "驾驶证"}, ("not-a-choice", "CF_XDR_ZJLX")),
        ({"CF_XDR_LB": "09"}, ("not-a-choice", "CF_XDR_LB")),
        ({"CF_XDR_MC": ""}, ("missing-field", "CF_XDR_MC")),
        ({"CF_JDRQ": "2026-02-30"}, ("impossible-date", "CF_JDRQ")),
        ({"CF_JDRQ": "1026-02-03"}, ("impossible-date", "CF_JDRQ")),
        ({"CF_JDRQ": "昨天"}, ("not-a-date", "CF_JDRQ")),
        ({"CF_JDRQ": "2026111"}, ("not-a-date", "CF_JDRQ")),
        ({"CF_JDRQ": "2026-11-24"}, ("future-date", "CF_JDRQ")),
        ({"CF_GSJZQ": "2026-05-07"}, ("dates-reversed", "CF_GSJZQ")),
        ({"CF_CFLB": "罚站"}, ("not-a-choice", "CF_CFLB")),
        ({"CF_CFLB": "、"}, ("not-a-choice", "CF_CFLB")),
        ({"CF_NR_FK": None}, ("missing-field", "CF_NR_FK")),
        ({"CF_CFJGDM": "11320100MB1886843A"}, ("wrong-check-digit", "CF_CFJGDM")),
        ({"CF_BZ": "注" * 513}, ("too-long", "CF_BZ")),
        ({"CF_BZ": "注\x00"}, ("broken-text", "CF_BZ")),
        ({"CF_BZ": "注\ud800"}, ("broken-text", "CF_BZ")),
        ({"CF_BZ": ["注"]}, ("not-text", "CF_BZ")),
        ({"CF_PHONE": "1"}, ("unknown-field", "CF_PHONE")),
        ({"CF_病史": "无"}, ("forbidden-content", "CF_病史")),
        ({"monthly_income": "1"}, ("forbidden-content", "monthly_income")),
        ({"CF_WSH": None}, ("no-effective-document", "CF_WSH")),
        ({"CF_BZ": "适用简易程序"}, ("simple-procedure", "CF_BZ")),
        ({"CF_NR": "当场处罚50元"}, ("simple-procedure", "CF_NR")),
        ({"CF_WSH": "桃公（交）简罚〔2026〕1号"}, ("simple-procedure", "CF_WSH")),
    ],
)
def test_a_row_with_one_fault_is_returned_for_it_alone(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert returned("penalty", penalty(**changes)) == [expected]


@pytest.mark.parametrize("remark", ["不适用简易程序", "非简易程序", "依法应当罚款", "未适用简易程序，按普通程序办理"])
def test_words_that_only_resemble_the_simple_procedure_do_not_return_a_row(remark: str) -> None:
    assert accepted("penalty", penalty(CF_BZ=remark, CF_YJ=remark))


def test_all_reasons_come_at_once() -> None:
    row = penalty(CF_XDR_ZJHM="000000199001010019", CF_JDRQ="2026-02-30", CF_SY=None, CF_X="1", CF_NR_FK="x")
    assert returned("penalty", row) == [
        ("not-an-amount", "CF_NR_FK"),
        ("impossible-date", "CF_JDRQ"),
        ("unknown-field", "CF_X"),
        ("missing-field", "CF_SY"),
        ("wrong-check-digit", "CF_XDR_ZJHM"),
    ]


def test_no_reason_repeats_a_value_of_the_row() -> None:
    answer = VALIDATOR.validate(penalty(CF_XDR_ZJHM="000000199001010019", CF_JDRQ="2026-02-30"), "penalty", TODAY)
    assert isinstance(answer, Returned)
    assert "000000199001010019" not in str(answer)
    assert "2026-02-30" not in str(answer)


def test_a_row_of_countless_unknown_columns_has_a_bounded_answer() -> None:
    answer = VALIDATOR.validate({f"X{number}": "1" for number in range(5000)} | {"Y" * 9999: "1"}, "penalty", TODAY)
    assert isinstance(answer, Returned)
    assert len(msgspec.json.encode(answer)) < 50_000


@pytest.mark.parametrize("item", ["", "petition", "property-fee-arrears", "PENALTY"])
def test_what_the_catalogue_does_not_list_is_returned(item: str) -> None:
    assert returned(item, penalty()) == [("unknown-item", "item")]


def test_an_item_that_is_not_yet_in_force_is_returned() -> None:
    assert returned("penalty", penalty(CF_JDRQ="2026-03-01"), on=date(2026, 3, 31)) == [("unknown-item", "item")]


def test_dishonesty_needs_an_effective_document() -> None:
    assert accepted("judgment-default", judgment_default()).grade == "serious"
    assert returned("judgment-default", judgment_default(SX_ZXYJ=None)) == [("no-effective-document", "SX_ZXYJ")]
    assert returned("judgment-default", judgment_default(SX_SXRQ=None)) == [("no-effective-document", "SX_SXRQ")]
    assert returned("judgment-default", judgment_default(SX_SXRQ="2026-06-01")) == [("dates-reversed", "SX_RQ")]


def test_nothing_is_recorded_about_a_minor() -> None:
    birthday = date(2008, 5, 8)
    number = make_identity_number(birthday, 1)
    assert returned("honour", honour(RY_XDR_ZJHM=number, RY_RQ="2026-05-07")) == [("minor", "RY_XDR_ZJHM")]
    assert accepted("honour", honour(RY_XDR_ZJHM=number, RY_RQ="2026-05-08")).identifier == number


def test_an_item_is_recorded_only_about_its_kinds_of_subject() -> None:
    row = volunteer_service(ZY_XDR_LB="02", ZY_XDR_SHXYM=CODE)
    assert returned("volunteer-service", row) == [("subject-kind-not-taken", "ZY_XDR_LB")]
    assert returned("penalty", penalty(organisation=True, CF_XDR_SHXYM=None)) == [("missing-field", "CF_XDR_SHXYM")]


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (None, "malformed-row"),
        ([], "malformed-row"),
        ({}, "malformed-row"),
        ({"item": 1, "fields": {}}, "malformed-row"),
        ({"item": "penalty", "fields": []}, "malformed-row"),
        ({"item": "penalty", "fields": {}, "more": 1}, "malformed-row"),
        ({"item": "penalty", "fields": {1: "x"}}, "malformed-row"),
        ({"item": "penalty", "fields": {}, "sequence": -1}, "malformed-sequence"),
        ({"item": "penalty", "fields": {}, "sequence": 2**53}, "malformed-sequence"),
        ({"item": "penalty", "fields": {}, "sequence": True}, "malformed-sequence"),
        ({"item": "penalty", "fields": {}, "sequence": 1.0}, "malformed-sequence"),
        ({"item": "honour", "fields": {}}, "item-not-granted"),
        ({"item": "petition", "fields": {}}, "unknown-item"),
    ],
)
def test_an_envelope_that_is_none_is_returned(envelope: object, code: str) -> None:
    answer = VALIDATOR.validate_envelope(envelope, TODAY, granted={"penalty"})
    assert isinstance(answer, Returned)
    assert [reason.code for reason in answer.reasons] == [code]


def test_an_envelope_carries_the_version() -> None:
    answer = VALIDATOR.validate_envelope({"item": "penalty", "fields": penalty(), "sequence": 7}, TODAY)
    assert isinstance(answer, Accepted)
    assert answer.sequence == 7


def test_a_repeated_document_is_returned_and_a_later_version_is_not() -> None:
    finder = DuplicateFinder()
    record = accepted("penalty", penalty())
    later = msgspec.structs.replace(record, sequence=1)
    assert finder.check(record) is record
    assert _codes(finder.check(record)) == ["duplicate-in-delivery"]
    assert finder.check(later) is later
    assert _codes(finder.check(record)) == ["duplicate-in-delivery"]


def test_the_finder_forgets_the_oldest_and_stays_small() -> None:
    finder = DuplicateFinder(window=2)
    records = [accepted("penalty", penalty(CF_WSH=f"{number}号")) for number in range(3)]
    assert all(finder.check(record) is record for record in records)
    assert _codes(finder.check(records[2])) == ["duplicate-in-delivery"]
    assert finder.check(records[0]) is records[0]


def _codes(answer: Accepted | Returned) -> list[str]:
    assert isinstance(answer, Returned)
    return [reason.code for reason in answer.reasons]


JSON_VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.text(), max_size=2)
)


@given(st.dictionaries(st.sampled_from([field.name for field in FIELD_LISTS["penalty"].fields]), JSON_VALUES))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_source_writes_is_answered_and_never_an_error(changes: dict[str, object]) -> None:
    answer = VALIDATOR.validate({**penalty(), **changes}, "penalty", TODAY)
    if isinstance(answer, Returned):
        assert answer.reasons
        assert {reason.code for reason in answer.reasons} <= REASON_CODES
    else:
        assert answer.content()


def test_a_catalogue_whose_field_list_cannot_carry_the_item_is_refused() -> None:
    file = msgspec.yaml.decode(STANDARD_CATALOGUE.read_bytes())
    penalty_item = next(item for item in file["items"] if item["code"] == "penalty")
    for fields in ("nothing", "honour", "contract-kept"):
        text = msgspec.yaml.encode({**file, "items": [{**penalty_item, "fields": fields}]})
        with pytest.raises(CatalogueError):
            Validator(parse_catalogue(text))
