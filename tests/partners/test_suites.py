"""The suites behind one interface: `intl`, and `gm` with the standard's own examples where OpenSSL 3 is at hand."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from partners.codes import ic3
from partners.signatures import sm2, suites
from partners.signatures.keys import jwk_of, public_key_from_jwk
from partners.signatures.suites import Algorithm, sm3, suite, suite_of
from tests.builders.offline import NOW, Issuer, secret, suite_or_skip

# GB/T 32918.5, annex A.2.
SM2_SECRET = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
SM2_X = "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
SM2_Y = "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
SM2_R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
SM2_S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
SM2_MESSAGE = b"message digest"
SM2_FIELD = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
SM2_B = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93


def algorithms() -> list[Any]:
    """Every algorithm in every role."""
    roles = [("intl", "issuer"), ("intl", "holder"), ("gm", "issuer")]
    return [pytest.param(name, role, id=f"{name} {role}") for name, role in roles]


def algorithm(name: str, role: str) -> Algorithm:
    """The algorithm of a role."""
    found: Algorithm = getattr(suite_or_skip(name), role)
    return found


@pytest.mark.parametrize(("name", "role"), algorithms())
@given(message=some.binary(max_size=100), other=some.binary(max_size=100))
@settings(max_examples=15, deadline=None)
def test_what_a_key_signs_it_verifies_and_no_other_does(name: str, role: str, message: bytes, other: bytes) -> None:
    used = algorithm(name, role)
    signature = used.signer(secret("one")).sign(message)
    verifier = used.verifier(used.public(secret("one")))
    assert len(signature) == 64
    assert verifier.algorithm == used.name
    assert verifier.verify(signature, message)
    assert other == message or not verifier.verify(signature, other)
    assert not used.verifier(used.public(secret("two"))).verify(signature, message)
    for wrong in (b"", signature[:-1], signature + b"\x00", bytes(64), b"\xff" * 64):
        assert not verifier.verify(wrong, message)


@pytest.mark.parametrize(("name", "role"), algorithms())
def test_bytes_that_are_no_key_are_refused(name: str, role: str) -> None:
    used = algorithm(name, role)
    for public in (b"", bytes(31), b"\x02" + b"\xff" * 32, b"\x04" + bytes(32), bytes(65), bytes(64)):
        with pytest.raises(ValueError, match=r"."):
            used.verifier(public)
    for private in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueError, match=r"."):
            used.signer(private)


@pytest.mark.parametrize("name", ["intl", "gm"])
def test_a_published_key_brings_its_suite(name: str) -> None:
    issuer = suite_or_skip(name).issuer
    jwk = issuer.jwk(issuer.public(secret("one")))
    found, verifier = suite_of(jwk)
    assert found is suite(name)
    assert verifier.verify(issuer.signer(secret("one")).sign(b"message"), b"message")
    with pytest.raises(ValueError, match="private"):
        suite_of({**jwk, "d": "A" * 43})
    with pytest.raises(ValueError, match=r"."):
        suite_of({**jwk, "x": jwk["x"] + "="})


def test_a_phones_kind_of_key_is_no_issuers() -> None:
    holder = suite("intl").holder
    jwk = holder.jwk(holder.public(secret("phone")))
    assert jwk_of(public_key_from_jwk(jwk)) == jwk
    with pytest.raises(ValueError, match="issuer"):
        suite_of(jwk)


def test_low_s_is_half_of_the_range() -> None:
    half = suites._P256_ORDER // 2
    low, high = bytes(32) + half.to_bytes(32, "big"), bytes(32) + (half + 1).to_bytes(32, "big")
    assert (suites.is_low_s(low), suites.is_low_s(high)) == (True, False)
    assert suites.low_s(low) == low
    assert suites.low_s(high) == low


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_gb_t_32905_examples_of_sm3(message: bytes, digest: str) -> None:
    assert sm3(message).hex() == digest


def test_gb_t_32918_5_example_of_sm2() -> None:
    gm = suite_or_skip("gm")
    public = gm.issuer.public(SM2_SECRET)
    assert public.hex().upper() == "03" + SM2_X
    assert sm2.PublicKey(public).coordinates.hex().upper() == SM2_X + SM2_Y
    signature = SM2_R.to_bytes(32, "big") + SM2_S.to_bytes(32, "big")
    assert gm.issuer.verifier(public).verify(signature, SM2_MESSAGE)
    assert not gm.issuer.verifier(public).verify(signature, b"message digesT")
    mine = gm.issuer.signer(SM2_SECRET).sign(SM2_MESSAGE)
    assert mine != signature
    assert gm.issuer.verifier(public).verify(mine, SM2_MESSAGE)


def test_gb_t_32918_5_example_of_what_is_signed() -> None:
    """Z, with the signer's id of GM/T 0009, then the message: another id would be another signature."""
    a = SM2_FIELD - 3
    base = "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"
    z = sm3(
        (128).to_bytes(2, "big") + sm2.SIGNER_ID + a.to_bytes(32, "big") + SM2_B.to_bytes(32, "big")
        + bytes.fromhex(base + SM2_X + SM2_Y)
    )  # fmt: skip
    assert z.hex().upper() == "B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3"
    assert sm3(z + SM2_MESSAGE).hex().upper() == "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"


def test_one_sm2_signature_has_one_form() -> None:
    """r + n, s + n and n - s are refused, where Python packages that calculate SM2 take s + n for the same signature."""
    suite_or_skip("gm")
    key = sm2.PrivateKey(SM2_SECRET).public_key()
    assert key.verify_numbers(SM2_R, SM2_S, SM2_MESSAGE)
    n = sm2.ORDER
    for r, s in (
        (SM2_R, SM2_S + n), (SM2_R + n, SM2_S), (SM2_R, n - SM2_S), (n - SM2_R, SM2_S), (0, SM2_S), (SM2_R, 0), (n, SM2_S),
        (SM2_R, n), (SM2_S, SM2_R),
    ):  # fmt: skip
        assert not key.verify_numbers(r, s, SM2_MESSAGE)


@pytest.mark.parametrize("number", [0, sm2.ORDER - 1, sm2.ORDER, 2**256 - 1])
def test_a_number_out_of_range_is_no_private_key(number: int) -> None:
    with pytest.raises(ValueError, match="private"):
        sm2.PrivateKey(number.to_bytes(32, "big"))


def test_a_point_off_the_curve_is_no_public_key() -> None:
    suite_or_skip("gm")
    x, y = bytes.fromhex(SM2_X), int(SM2_Y, 16)
    assert sm2.PublicKey(x + y.to_bytes(32, "big")).compressed == b"\x03" + x
    for point in (x + (y + 1).to_bytes(32, "big"), bytes(64), x + bytes(32), b"\x02" + SM2_FIELD.to_bytes(32, "big")):
        with pytest.raises(ValueError, match="curve"):
            sm2.PublicKey(point)


def without_openssl(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> None:
    """A machine where libcrypto has only these names."""
    monkeypatch.setattr(sm2, "_NAMES", names)
    sm2.library.cache_clear()
    suite.cache_clear()


@pytest.fixture(autouse=True)
def _libraries_as_they_are() -> Any:
    yield
    sm2.library.cache_clear()
    suite.cache_clear()


def test_without_openssl_the_extra_says_so_and_the_rest_works(monkeypatch: pytest.MonkeyPatch) -> None:
    without_openssl(monkeypatch, ("libcrypto.so.99",))
    with pytest.raises(sm2.Unavailable, match=r"国密套件不可用.*OpenSSL 3 \(libcrypto\) was not found"):
        suite("gm")
    with pytest.raises(sm2.Unavailable):
        sm2.PrivateKey(SM2_SECRET)
    issuer = Issuer(suite("intl"))
    assert ic3.verify(issuer.code(), issuer.terminal(), NOW, lambda _: False).outcome is ic3.Outcome.VALID


def test_a_library_that_does_not_know_the_standards_example_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    suite_or_skip("gm")
    sm2.library.cache_clear()
    suite.cache_clear()
    monkeypatch.setattr(sm2, "SIGNER_ID", b"8765432112345678")
    with pytest.raises(sm2.Unavailable, match="has no SM2"):
        suite("gm")


def test_a_library_without_the_functions_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    suite_or_skip("gm")
    without_openssl(monkeypatch, ("libc.so.6",))
    with pytest.raises(sm2.Unavailable, match="lacks a function"):
        suite("gm")
