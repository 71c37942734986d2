"""Token Status List: the draft's own examples, bounds, purposes, and how long a copy may be used."""

import json
import zlib
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as some

from partners import base64url, status_lists
from partners.signatures.key_sets import IssuerKey, read_key_set
from partners.signatures.suites import suite
from partners.status_lists import (
    Bits,
    Claims,
    Failure,
    Freshness,
    StatusList,
    StatusListToken,
    compress,
    decompress,
    freshness,
    pack,
    read_token,
)
from tests.builders.offline import LIST_URL, NOW, Issuer, secret, suite_or_skip

EXAMPLES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "token_status_list.json").read_text(encoding="ascii")
)["examples"]
INTL = Issuer(suite("intl"))
KEYS = read_key_set(INTL.key_set()).status
every_example = pytest.mark.parametrize("example", [pytest.param(example, id=example["name"]) for example in EXAMPLES])


def read(text: str, now: int = NOW, subject: str = LIST_URL, **bounds: int) -> StatusListToken | Failure:
    """A token as a terminal reads it."""
    return read_token(text, KEYS.get, subject, now, **bounds)


def forged(header: dict[str, Any], claims: dict[str, Any] | None = None, key: str = "status") -> str:
    """A token with this header and these claims, well signed whatever they are."""
    good = {
        "sub": LIST_URL,
        "iat": NOW,
        "exp": NOW + 60,
        "ttl": 60,
        "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"},
    }
    parts = (header, good if claims is None else claims)
    start = ".".join(base64url.encode(json.dumps(part).encode()) for part in parts)
    return f"{start}.{base64url.encode(INTL.suite.issuer.signer(secret(key)).sign(start.encode()))}"


[KEY_ID] = KEYS
HEADER = {"alg": "EdDSA", "kid": KEY_ID, "typ": "statuslist+jwt"}
CLAIMS = {"sub": LIST_URL, "iat": NOW, "exp": NOW + 60, "ttl": 60, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}}


@every_example
def test_the_drafts_examples_are_read(example: dict[str, Any]) -> None:
    found = decompress(example["lst"], example["bits"])
    assert found is not None
    expected = {int(index): status for index, status in example["statuses"].items()}
    assert len(found) == example["size"]
    assert found == pack(example["size"], expected, example["bits"])
    assert {index: found.status(index) for index in expected} == expected
    beside = {index + 1: 0 for index in expected if index + 1 not in expected and index + 1 < example["size"]}
    assert {index: found.status(index) for index in beside} == beside
    assert decompress(compress(found), example["bits"]) == found


def test_short_lists_are_written_as_the_draft_prints_them() -> None:
    assert compress(StatusList(1, b"\xb9\xa3")) == "eNrbuRgAAhcBXQ"
    assert compress(StatusList(2, b"\xc9\x44\xf9")) == "eNo76fITAAPfAgc"


@given(some.sampled_from([1, 2, 4, 8]), some.integers(1, 400), some.data())
def test_a_list_comes_back(bits: Bits, size: int, data: some.DataObject) -> None:
    given_statuses = data.draw(some.dictionaries(some.integers(0, size - 1), some.integers(0, 2**bits - 1)))
    found = decompress(compress(pack(size, given_statuses, bits)), bits)
    assert found is not None
    assert [found.status(index) for index in range(size)] == [given_statuses.get(index, 0) for index in range(size)]
    assert found.status(len(found)) is None
    assert found.status(-1) is None


@pytest.mark.parametrize(("statuses", "bits"), [({8: 1}, 1), ({-1: 1}, 1), ({0: 2}, 1), ({0: -1}, 8), ({0: 256}, 8)])
def test_what_does_not_fit_is_not_packed(statuses: dict[int, int], bits: Bits) -> None:
    with pytest.raises(ValueError, match="fit"):
        pack(8, statuses, bits)


@pytest.mark.parametrize("name", ["intl", "gm"])
def test_a_token_is_read_in_every_suite(name: str) -> None:
    issuer = Issuer(suite_or_skip(name))
    keys = read_key_set(issuer.key_set()).status
    token = read_token(issuer.status_token(pack(4096, {5: 1})), keys.get, LIST_URL, NOW)
    assert isinstance(token, StatusListToken)
    assert token.claims == Claims(subject=LIST_URL, issued_at=NOW, expires_at=NOW + 86_400, ttl=900)
    assert [token.statuses.status(index) for index in (4, 5, 6, 4096)] == [0, 1, 0, None]


def test_another_implementation_reads_the_token() -> None:
    key = INTL.suite.issuer.jwk(INTL.suite.issuer.public(secret("status")))
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(
        INTL.status_token(pack(16, {0: 1})), jwt.PyJWK({**key, "alg": "EdDSA"}), algorithms=["EdDSA"], options=options
    )
    assert zlib.decompress(base64url.decode(claims["status_list"]["lst"])) == b"\x01\x00"
    assert claims == {
        "sub": LIST_URL, "iat": NOW, "exp": NOW + 86_400, "ttl": 900,
        "status_list": {"bits": 1, "lst": claims["status_list"]["lst"]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("header", "failure"),
    [
        ({**HEADER, "alg": "none"}, Failure.SIGNATURE_INVALID),
        ({**HEADER, "alg": "HS256"}, Failure.SIGNATURE_INVALID),
        ({**HEADER, "alg": "ES256"}, Failure.SIGNATURE_INVALID),
        ({**HEADER, "typ": "JWT"}, Failure.MALFORMED),
        ({**HEADER, "typ": "xinyi-decision+jwt"}, Failure.MALFORMED),
        ({"alg": "EdDSA", "kid": KEY_ID}, Failure.MALFORMED),
        ({"alg": "EdDSA", "typ": "statuslist+jwt"}, Failure.MALFORMED),
        ({**HEADER, "jwk": {"kty": "OKP"}}, Failure.MALFORMED),
        ({**HEADER, "jku": "https://evil.example/keys"}, Failure.MALFORMED),
        ({**HEADER, "x5u": "https://evil.example/keys"}, Failure.MALFORMED),
        ({**HEADER, "crit": ["b64"], "b64": False}, Failure.MALFORMED),
        ({**HEADER, "kid": "../../etc/passwd"}, Failure.KEY_UNKNOWN),
        ({**HEADER, "kid": "' OR 1=1 --"}, Failure.KEY_UNKNOWN),
        ({**HEADER, "kid": ""}, Failure.KEY_UNKNOWN),
        ({**HEADER, "kid": [KEY_ID]}, Failure.MALFORMED),
    ],
)  # fmt: skip
def test_the_header_chooses_neither_algorithm_nor_key(header: dict[str, Any], failure: Failure) -> None:
    assert isinstance(read(forged(HEADER)), StatusListToken)
    assert read(forged(header)) is failure


def test_a_key_of_another_purpose_signs_no_list() -> None:
    """Without the purpose, the attestation key's list would be believed: so it is handed in, and then is."""
    keys = read_key_set(INTL.key_set())
    text = INTL.status_token(key="issuer")
    assert read_token(text, keys.status.get, LIST_URL, NOW) is Failure.KEY_UNKNOWN
    undefended: dict[str, IssuerKey] = {
        **keys.status,
        json.loads(base64url.decode(text.split(".")[0]))["kid"]: keys.attestation[3],
    }
    assert isinstance(read_token(text, undefended.get, LIST_URL, NOW), StatusListToken)


@pytest.mark.parametrize(
    "claims",
    [
        {}, {**CLAIMS, "iat": str(NOW)}, {**CLAIMS, "exp": None}, {**CLAIMS, "ttl": 1.5}, {**CLAIMS, "sub": 1},
        {**CLAIMS, "status_list": {"bits": 3, "lst": "eNrbuRgAAhcBXQ"}},
        {**CLAIMS, "status_list": {"bits": True, "lst": "eNrbuRgAAhcBXQ"}},
        {**CLAIMS, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ="}},
        {**CLAIMS, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXR"}},
        {**CLAIMS, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcB"}},
        {**CLAIMS, "status_list": {"bits": 1, "lst": ""}},
        {**CLAIMS, "status_list": {"bits": 1, "lst": "uaM"}},
        {**CLAIMS, "status_list": {"bits": 1, "lst": base64url.encode(zlib.compress(b"\xb9\xa3") + b"more")}},
        {**CLAIMS, "status_list": {"bits": 1, "lst": base64url.encode(zlib.compress(b""))}},
        {**CLAIMS, "status_list": {"bits": 1}}, {**CLAIMS, "status_list": "eNrbuRgAAhcBXQ"},
    ],
)  # fmt: skip
def test_a_well_signed_token_of_another_form_is_malformed(claims: dict[str, Any]) -> None:
    assert read(forged(HEADER, claims)) is Failure.MALFORMED


def test_claims_of_later_versions_are_passed_over() -> None:
    assert isinstance(read(forged(HEADER, {**CLAIMS, "aggregation_uri": "https://city.example/"})), StatusListToken)


def test_a_good_list_in_the_place_of_another_is_refused() -> None:
    other = LIST_URL.replace("attestations", "partners")
    assert read(INTL.status_token(subject=other)) is Failure.WRONG_SUBJECT
    assert isinstance(read(INTL.status_token(subject=other), subject=other), StatusListToken)


def test_an_older_list_does_not_come_back() -> None:
    text = INTL.status_token(issued_at=NOW - 60)
    assert read(text, newest=NOW) is Failure.SUPERSEDED
    assert isinstance(read(text, newest=NOW - 60), StatusListToken)


def test_every_changed_character_of_a_token_is_refused() -> None:
    text = INTL.status_token(pack(16, {0: 1}))
    for position in range(len(text)):
        other = "A" if text[position] != "A" else "B"
        assert isinstance(read(text[:position] + other + text[position + 1 :]), Failure)


@pytest.mark.parametrize("text", ["", "..", "a.b", "a.b.c.d", "é.é.é", "\ud800.a.a", "." * 5000, "W10.W10.", "\x00"])
def test_what_is_no_token_is_malformed(text: str) -> None:
    assert read(text) is Failure.MALFORMED
    assert read(INTL.status_token() + "\n") is Failure.MALFORMED
    assert read(INTL.status_token() + "=") is Failure.MALFORMED


def test_a_text_that_is_too_long_is_not_read() -> None:
    assert read("a" * (status_lists.MAXIMUM_TOKEN + 1)) is Failure.TOO_LARGE


def bomb() -> str:
    """300 MB in 300 KB."""
    maker = zlib.compressobj(9)
    return base64url.encode(b"".join(maker.compress(bytes(1 << 20)) for _ in range(300)) + maker.flush())


def test_a_bomb_is_not_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound; counted without it, all 300 MB come out."""
    unfolded: list[int] = []
    whole = zlib.decompressobj

    class Counting:
        def __init__(self) -> None:
            self._reader = whole()

        def decompress(self, data: bytes, bound: int = 0) -> bytes:
            out = self._reader.decompress(data, bound)
            unfolded.append(len(out))
            return out

        def __getattr__(self, name: str) -> Any:
            return getattr(self._reader, name)

    monkeypatch.setattr(zlib, "decompressobj", Counting)
    lst = bomb()
    assert len(lst) < 500_000
    assert decompress(lst, 1) is None
    assert read(forged(HEADER, {**CLAIMS, "status_list": {"bits": 1, "lst": lst}})) is Failure.TOO_LARGE
    assert max(unfolded) <= status_lists.MAXIMUM_BYTES + 1
    found = decompress(lst, 1, maximum=1 << 30)
    assert found is not None
    assert len(found.packed) == max(unfolded) == 300 << 20


def test_a_bound_is_reached_and_not_passed() -> None:
    assert decompress(compress(StatusList(1, bytes(100))), 1, maximum=100) is not None
    assert decompress(compress(StatusList(1, bytes(101))), 1, maximum=100) is None
    assert read(INTL.status_token(StatusList(1, bytes(101))), maximum=100) is Failure.TOO_LARGE


def test_nothing_is_unfolded_before_the_signature_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    text = INTL.status_token()
    start, _, signature = text.rpartition(".")
    broken = f"{start}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"

    def unreached(*_: object) -> bytes:
        raise AssertionError("unfolded")

    monkeypatch.setattr(status_lists, "_unfold", unreached)
    assert read(broken) is Failure.SIGNATURE_INVALID
    with pytest.raises(AssertionError, match="unfolded"):
        read(text)


@pytest.mark.parametrize(
    ("fetched_at", "now", "expected"),
    [
        (0, 0, Freshness.FRESH), (0, 899, Freshness.FRESH), (0, 900, Freshness.STALE), (0, 86_399, Freshness.STALE),
        (0, 86_400, Freshness.EXPIRED), (86_000, 86_399, Freshness.FRESH), (86_000, 86_400, Freshness.EXPIRED),
        (500, 499, Freshness.STALE), (0, -300, Freshness.STALE), (0, -301, Freshness.EXPIRED),
    ],
)  # fmt: skip
def test_a_copy_is_fresh_then_stale_then_expired(fetched_at: int, now: int, expected: Freshness) -> None:
    claims = Claims(subject=LIST_URL, issued_at=NOW, expires_at=NOW + 86_400, ttl=900)
    assert freshness(claims, NOW + fetched_at, NOW + now) is expected


@pytest.mark.parametrize(("now", "usable"), [(-301, False), (-300, True), (86_399, True), (86_400, False)])
def test_a_token_is_refused_outside_its_time(now: int, usable: bool) -> None:
    read_now = read(INTL.status_token(), NOW + now)
    assert isinstance(read_now, StatusListToken) if usable else read_now is Failure.EXPIRED


def test_a_million_entries_stay_small() -> None:
    revoked = {index * 997 % 1_000_000: 1 for index in range(1000)}
    text = INTL.status_token(pack(1_000_000, revoked))
    assert len(text) < 8_000
    token = read(text)
    assert isinstance(token, StatusListToken)
    assert sum(token.statuses.status(index) or 0 for index in revoked) == len(revoked)
