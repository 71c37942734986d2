"""A sealed field opens in its own place only."""

import pytest

from backend.platform.cipher import FieldCipher, SealBroken

CIPHER = FieldCipher(bytes(range(32)))


def test_a_field_opens_where_it_was_sealed() -> None:
    sealed = CIPHER.seal("张三", "account", "name_sealed", 1)
    assert CIPHER.open(sealed, "account", "name_sealed", 1) == "张三"
    assert "张三".encode() not in sealed


@pytest.mark.parametrize(
    "place", [("other", "name_sealed", 1), ("account", "phone_sealed", 1), ("account", "name_sealed", 2)]
)
def test_a_field_moved_to_another_table_column_or_row_does_not_open(place: tuple[str, str, int]) -> None:
    sealed = CIPHER.seal("张三", "account", "name_sealed", 1)
    with pytest.raises(SealBroken):
        CIPHER.open(sealed, *place)


def test_every_changed_byte_is_noticed() -> None:
    sealed = CIPHER.seal("张三", "account", "name_sealed", 1)
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        with pytest.raises(SealBroken):
            CIPHER.open(bytes(broken), "account", "name_sealed", 1)


def test_another_master_key_opens_nothing_and_finds_nothing() -> None:
    other = FieldCipher(bytes(32))
    with pytest.raises(SealBroken):
        other.open(CIPHER.seal("张三", "account", "name_sealed", 1), "account", "name_sealed", 1)
    assert other.blind_index("phone", "19900000001") != CIPHER.blind_index("phone", "19900000001")


def test_the_same_value_of_another_kind_has_another_index() -> None:
    assert CIPHER.blind_index("phone", "1") != CIPHER.blind_index("person", "1")
