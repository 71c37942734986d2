"""What goes to the public has no number and no name of a person in it."""

from datetime import date

import pytest

from backend.platform.identifiers import make_identity_number, make_unified_social_credit_code
from backend.platform.masking import masked_text, public_name
from tests.records.rows import PERSON

_BORN = date(1990, 1, 1)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"证件{PERSON}。", "证件000*************18。"),
        ("电话13812345678", "电话138****5678"),
        ("138 1234 5678 或 138-1234-5678", "138****5678 或 138****5678"),
        ("热线 0459-12345678，编号 2026110100001", "热线 0459-12345678，编号 2026110100001"),
        ("113812345678", "113812345678"),
        ("没有号码", "没有号码"),
    ],
)
def test_numbers_of_people_are_masked_and_others_stay(text: str, masked: str) -> None:
    assert masked_text(text) == masked


def test_a_number_that_is_no_identity_number_stays_and_so_does_a_credit_code() -> None:
    wrong = PERSON[:-1] + ("0" if PERSON[-1] != "0" else "1")
    assert masked_text(wrong) == wrong
    code = make_unified_social_credit_code("MB188684", register="11", region="320100")
    assert masked_text(code) == code


def test_a_small_x_at_the_end_is_seen_too() -> None:
    with_x = next(
        number for number in (make_identity_number(_BORN, serial) for serial in range(1, 100)) if number.endswith("X")
    )
    assert masked_text(with_x.lower()) != with_x.lower()


@pytest.mark.parametrize(
    ("code", "name", "shown"),
    [
        ("92", "张三", "张*"), ("92", "欧阳小三", "欧**三"), ("92", " 张三 ", "张*"), ("92", "老王面馆", "老王面馆"),
        ("92", "桃源区张三小吃店", "桃源区张三小吃店"), ("91", "张三", "张三"), ("92", "小店 13812345678", "小店 138****5678"),
    ],
)  # fmt: skip
def test_an_owners_name_is_masked_and_a_shops_is_not(code: str, name: str, shown: str) -> None:
    assert public_name(name, make_unified_social_credit_code("00000003", register=code)) == shown
