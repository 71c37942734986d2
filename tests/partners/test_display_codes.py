"""Display codes without a server: what is issued is read back, everything else is refused with its reason, and nothing raises."""

import json
import string
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from partners.codes import display, ic1, ic3
from partners.codes.display import LONGEST_DAYS, DisplayCode, Kind, Reader, Refusal
from partners.signatures.key_sets import IssuerKey
from partners.signatures.suites import suite
from tests.builders.offline import suite_or_skip
from tests.vectors import make_display

VECTORS: dict[str, Any] = json.loads(make_display.PATH.read_text(encoding="ascii"))
INTL = suite("intl")
SEEDS = {int(slot): bytes.fromhex(seed) for slot, seed in VECTORS["issuer_seeds"].items()}
KEYS = {slot: IssuerKey(INTL, INTL.issuer.verifier(INTL.issuer.public(seed))) for slot, seed in SEEDS.items()}
ADDRESS = VECTORS["address"]
ALPHABET = string.ascii_letters + string.digits + "-_"
CODE = DisplayCode(
    slot=0,
    kind=Kind.ENTERPRISE,
    code_id=bytes(range(16)),
    issued_on=date(2026, 11, 23),
    valid_until=date(2027, 11, 23),
    status_index=77,
)
TODAY = date(2027, 2, 1)


def status(index: int) -> int | None:
    """The list of the vectors."""
    return None if index >= VECTORS["list_size"] else int(index in VECTORS["revoked"])


READER = Reader(ADDRESS, KEYS.get, status)


def issued(**changes: Any) -> str:
    """The link of a code that says this."""
    code = msgspec.structs.replace(CODE, **changes)
    return display.link(ADDRESS, display.issue(code, INTL.issuer.signer(SEEDS[code.slot])))


def named(group: str) -> pytest.MarkDecorator:
    """The cases of a group under their names."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in VECTORS[group]])


def test_the_file_is_what_its_script_writes() -> None:
    assert make_display.PATH.read_text(encoding="ascii") == make_display.document()


@named("issued")
def test_the_issuer_writes_this(case: dict[str, Any]) -> None:
    code = DisplayCode(
        slot=case["slot"],
        kind=Kind(case["kind"]),
        code_id=bytes.fromhex(case["id"]),
        issued_on=date.fromisoformat(case["issued_on"]),
        valid_until=date.fromisoformat(case["valid_until"]),
        status_index=case["status_index"],
    )
    assert display.issue(code, INTL.issuer.signer(SEEDS[code.slot])) == case["token"]
    assert display.read_token(case["token"], KEYS.get) == code


@named("read")
def test_a_text_is_judged_so(case: dict[str, Any]) -> None:
    reader = Reader(ADDRESS, KEYS.get, status if case["list_usable"] else lambda _: None)
    found = display.read_display(case["text"], reader, date.fromisoformat(case["today"]))
    assert (found.value if isinstance(found, Refusal) else "valid") == case["result"]


def test_every_refusal_has_a_vector() -> None:
    assert {case["result"] for case in VECTORS["read"]} == {refusal.value for refusal in Refusal} | {"valid"}


def test_a_token_has_120_characters_of_base64url() -> None:
    token = issued().removeprefix(ADDRESS + "/c/")
    assert len(token) == 120
    assert set(token) <= set(ALPHABET)


@given(
    st.sampled_from(sorted(SEEDS)),
    st.sampled_from(Kind),
    st.binary(min_size=16, max_size=16),
    st.dates(date(1970, 1, 1), date(2147, 1, 1)),
    st.integers(0, LONGEST_DAYS),
    st.integers(0, 2**32 - 1),
)
@example(15, Kind.PRODUCT, b"\xff" * 16, date(2147, 1, 1), LONGEST_DAYS, 2**32 - 1)
def test_whatever_is_issued_is_read_back(
    slot: int, kind: Kind, code_id: bytes, day: date, life: int, status_index: int
) -> None:
    code = DisplayCode(
        slot=slot,
        kind=kind,
        code_id=code_id,
        issued_on=day,
        valid_until=day + timedelta(days=life),
        status_index=status_index,
    )
    text = display.link(ADDRESS, display.issue(code, INTL.issuer.signer(SEEDS[slot])))
    assert display.read_display(text, Reader(ADDRESS, KEYS.get, lambda _: 0), day) == code


def test_no_changed_character_at_any_place_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signature; without it, a changed character shows another code."""
    text = issued()
    begins = len(ADDRESS + "/c/")
    changed = [
        text[:place] + other + text[place + 1 :]
        for place in range(len(text))
        for other in ALPHABET + "+/=% \n"
        if other != text[place]
    ]
    assert all(isinstance(display.read_display(each, READER, TODAY), Refusal) for each in changed)
    id_only = [
        each for each in changed if each[:begins] == text[:begins] and each[begins + 24 :] == text[begins + 24 :]
    ]

    class Credulous:
        algorithm = "EdDSA"

        def verify(self, signature: bytes, message: bytes) -> bool:
            return True

    undefended = Reader(ADDRESS, lambda _: IssuerKey(INTL, Credulous()), status)
    assert any(isinstance(display.read_display(each, undefended, TODAY), DisplayCode) for each in id_only)


@given(st.text(max_size=600))
@example("")
@example(display.link(ADDRESS, "A" * 120))
@example(display.link(ADDRESS, "é" * 120))
@example(display.link(ADDRESS, "\ud800" * 120))
@example(display.link(ADDRESS, "=" * 120))
@example(display.link(ADDRESS, "-" * 120))
def test_no_text_whatever_raises_or_passes(text: str) -> None:
    assert isinstance(display.read_display(text, READER, TODAY), Refusal)
    assert isinstance(display.read_token(text, KEYS.get), Refusal)


class Unread(str):
    """A text that may be asked for its length and nothing else."""

    def startswith(self, *_: object) -> bool:
        raise AssertionError("it was read")

    def __getitem__(self, _: object) -> str:
        raise AssertionError("it was read")

    __iter__ = encode = __getitem__  # type: ignore[assignment]


@pytest.mark.parametrize("size", [513, 10_000_000])
def test_a_text_over_512_characters_is_refused_unread(size: int) -> None:
    assert display.read_display(Unread("A" * size), READER, TODAY) is Refusal.MALFORMED


@pytest.mark.parametrize("size", [0, 119, 121, 10_000_000])
def test_a_token_of_another_length_is_refused_unread(size: int) -> None:
    assert display.read_token(Unread("A" * size), KEYS.get) is Refusal.MALFORMED


def test_a_display_code_is_no_code_of_a_person_in_any_form() -> None:
    text = issued()
    token = text.removeprefix(ADDRESS + "/c/")
    for each in (text, token):
        assert ic1.parse(each) is None
        assert ic1.parse_digits(each) is None
        assert ic3.parse(each) is None


def test_a_key_for_display_codes_attests_no_pass() -> None:
    """What each key signs begins with words of its own: the same bytes mean nothing elsewhere."""
    signed = display.issue(CODE, INTL.issuer.signer(SEEDS[0]))
    assert display.read_token(signed, KEYS.get) == CODE

    class Remembering:
        said: bytes

        def sign(self, message: bytes) -> bytes:
            self.said = message
            return bytes(64)

    remembering = Remembering()
    display.issue(CODE, remembering)
    assert remembering.said.startswith(b"ic4d")
    assert len(remembering.said) == 4 + 26


@pytest.mark.parametrize(
    "changes",
    [
        {"slot": 16}, {"slot": -1}, {"code_id": bytes(15)}, {"code_id": bytes(17)}, {"status_index": 2**32}, {"status_index": -1},
        {"valid_until": date(2026, 11, 22)}, {"valid_until": date(2028, 11, 24)},
        {"issued_on": date(1969, 12, 31), "valid_until": date(1970, 1, 1)},
        {"issued_on": date(2149, 6, 6), "valid_until": date(2149, 6, 7)},
    ],
)  # fmt: skip
def test_what_no_reader_would_accept_is_not_issued(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        display.issue(msgspec.structs.replace(CODE, **changes), INTL.issuer.signer(SEEDS[0]))


def test_the_suite_comes_with_the_key() -> None:
    gm = suite_or_skip("gm")
    token = display.issue(CODE, gm.issuer.signer(SEEDS[0]))
    key = IssuerKey(gm, gm.issuer.verifier(gm.issuer.public(SEEDS[0])))
    assert display.read_token(token, {0: key}.get) == CODE
    assert display.read_token(token, KEYS.get) is Refusal.BAD_SIGNATURE
