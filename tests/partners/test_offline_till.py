"""The offline till: everything in its file, no network, one yes for each use, also over a crash."""

import multiprocessing
import os
import signal
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from partners.codes import ic3
from partners.codes.ic3 import Outcome
from partners.sdk import OfflineBenefit, OfflineStore, OfflineTill, StoreUnusable
from partners.signatures.suites import suite
from partners.status_lists import Failure, Freshness, StatusList, pack
from tests.builders.offline import BEGINS, BENEFIT, LIFETIME, LIST_URL, NOW, Issuer, suite_or_skip

INTL = Issuer(suite("intl"))
LIBRARY = OfflineBenefit(BENEFIT, "library-deposit-waiver", LIFETIME)
PARKING = OfflineBenefit(9, "parking-discount", 3_600)


class Clock:
    """A till's clock, in the test's hand."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """At NOW."""
    return Clock()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the till's file lies."""
    return tmp_path / "till.db"


def opened(path: Path, clock: Clock) -> OfflineTill:
    """The till on its file, as after a start."""
    return OfflineTill(OfflineStore(path), LIST_URL, now=clock)


@pytest.fixture
def till(path: Path, clock: Clock) -> OfflineTill:
    """A till that was connected a moment ago."""
    made = opened(path, clock)
    made.install_keys(INTL.key_set())
    assert made.install_status_list(INTL.status_token()) is None
    made.install_benefits([LIBRARY, PARKING])
    return made


def outcome(till: OfflineTill, text: str, benefit: str = LIBRARY.code, **given: Any) -> Outcome:
    """What the till says."""
    return till.verify(text, benefit, **given).outcome


def test_a_code_is_accepted_once(till: OfflineTill) -> None:
    assert [outcome(till, INTL.code()) for _ in range(3)] == [Outcome.VALID, Outcome.SEEN, Outcome.SEEN]
    assert outcome(till, INTL.code(device="another phone")) is Outcome.VALID


def test_after_a_restart_it_goes_on_and_remembers(till: OfflineTill, path: Path, clock: Clock) -> None:
    assert outcome(till, INTL.code()) is Outcome.VALID
    again = opened(path, clock)
    assert outcome(again, INTL.code()) is Outcome.SEEN
    assert outcome(again, INTL.code(device="another phone")) is Outcome.VALID


def test_two_tills_on_one_file_accept_a_code_once(till: OfflineTill, path: Path, clock: Clock) -> None:
    """The unique key of the file; looking first is not enough, so the look is made to see nothing."""
    beside = opened(path, clock)
    beside._store.seen = lambda use: False  # type: ignore[method-assign]
    assert outcome(till, INTL.code()) is Outcome.VALID
    assert outcome(beside, INTL.code()) is Outcome.SEEN
    beside._store.claim = lambda accepted: True  # type: ignore[method-assign]
    assert outcome(beside, INTL.code()) is Outcome.VALID


def _accept_and_die(path: Path, text: str) -> None:
    assert outcome(opened(path, Clock()), text) is Outcome.VALID
    os.kill(os.getpid(), signal.SIGKILL)


def test_killed_after_its_yes_it_still_remembers(till: OfflineTill, path: Path, clock: Clock) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_accept_and_die, args=(path, INTL.code()))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert outcome(till, INTL.code()) is Outcome.SEEN


def test_only_its_own_benefits_are_given(till: OfflineTill) -> None:
    assert outcome(till, INTL.code(), PARKING.code) is Outcome.WRONG_BENEFIT
    assert outcome(till, INTL.code(), "unheard-of") is Outcome.WRONG_BENEFIT
    assert outcome(till, INTL.code(benefit=PARKING.number), PARKING.code) is Outcome.VALID


@pytest.mark.parametrize("missing", ["keys", "list", "benefits"])
def test_without_one_of_its_documents_nothing_is_accepted(path: Path, clock: Clock, missing: str) -> None:
    bare = opened(path, clock)
    if missing != "keys":
        bare.install_keys(INTL.key_set())
    listed = bare.install_status_list(INTL.status_token()) if missing != "list" else None
    if missing != "benefits":
        bare.install_benefits([LIBRARY])
    expected = {"keys": Outcome.UNKNOWN_KEY, "list": Outcome.LIST_EXPIRED, "benefits": Outcome.WRONG_BENEFIT}
    assert outcome(bare, INTL.code()) is expected[missing]
    assert listed is (Failure.KEY_UNKNOWN if missing == "keys" else None)


def test_a_revoked_code_is_refused(till: OfflineTill, clock: Clock) -> None:
    clock.now += 60
    assert till.install_status_list(INTL.status_token(pack(4096, {77: 1}), issued_at=NOW + 60)) is None
    assert outcome(till, INTL.code(NOW + 60)) is Outcome.REVOKED
    assert outcome(till, INTL.code(NOW + 60, status_index=78)) is Outcome.VALID
    assert outcome(till, INTL.code(NOW + 60, status_index=4096)) is Outcome.LIST_EXPIRED


def test_the_list_serves_a_day_and_asks_to_be_renewed_long_before(till: OfflineTill, clock: Clock, path: Path) -> None:
    said = {}
    for later in (0, 899, 900, 3_000, 82_000, 86_399, 86_400):
        clock.now = NOW + later
        begins = ic3.not_before(int(clock.now), 0)
        text = INTL.code(int(clock.now), not_before=begins, device=f"phone at {later}")
        said[later] = till.freshness(), outcome(till, text), outcome(opened(path, clock), text)
    usable = {later: told for later, told in said.items() if later < 86_400}
    assert {told[1:] for told in usable.values()} == {(Outcome.VALID, Outcome.SEEN)}
    assert [told[0] for told in usable.values()] == [Freshness.FRESH] * 2 + [Freshness.STALE] * 4
    assert said[86_400] == (Freshness.EXPIRED, Outcome.LIST_EXPIRED, Outcome.LIST_EXPIRED)


def test_keys_serve_no_longer_than_the_list(till: OfflineTill, clock: Clock) -> None:
    """A key taken back yesterday is not believed because a new list came by another way."""
    clock.now += 80_000
    assert till.install_status_list(INTL.status_token(issued_at=NOW + 80_000)) is None
    clock.now += 6_400
    assert till.freshness() is Freshness.EXPIRED
    text = INTL.code(NOW + 86_400, not_before=ic3.not_before(NOW + 86_400, 0))
    assert outcome(till, text) is Outcome.LIST_EXPIRED
    till.install_keys(INTL.key_set())
    assert outcome(till, text) is Outcome.VALID


def test_a_key_taken_back_takes_its_codes_and_its_list_along(till: OfflineTill) -> None:
    till.install_keys(INTL.key_set(slot=4))
    assert outcome(till, INTL.code()) is Outcome.UNKNOWN_KEY
    till.install_keys(b'{"keys": []}')
    assert till.freshness() is Freshness.EXPIRED
    till.install_keys(INTL.key_set())
    assert outcome(till, INTL.code()) is Outcome.VALID


def test_a_bad_document_leaves_the_good_one_in_place(till: OfflineTill, clock: Clock) -> None:
    clock.now += 10
    for content in (b"", b"<html>", b"\xff" * 100_000):
        with pytest.raises(ValueError, match=r"."):
            till.install_keys(content)
    assert till.install_status_list("<html>") is Failure.MALFORMED
    assert till.install_status_list(INTL.status_token(key="issuer")) is Failure.KEY_UNKNOWN
    assert till.install_status_list(INTL.status_token(issued_at=NOW - 10)) is Failure.SUPERSEDED
    assert till.install_status_list(INTL.status_token(subject=LIST_URL + "x")) is Failure.WRONG_SUBJECT
    assert till.install_status_list(INTL.status_token(StatusList(1, bytes(5 << 20)))) is Failure.TOO_LARGE
    assert outcome(till, INTL.code()) is Outcome.VALID


def test_a_clock_set_back_brings_nothing_to_life(
    till: OfflineTill, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The till's time does not run backwards; where it may, a forgotten use is new again."""
    late = NOW + 3_000
    first = INTL.code(benefit=PARKING.number)
    assert outcome(till, first, PARKING.code) is Outcome.VALID
    clock.now = BEGINS + 3_600
    assert outcome(till, INTL.code(int(clock.now))) is Outcome.VALID
    assert till.forget() == 1
    clock.now = NOW
    assert outcome(till, first, PARKING.code) is Outcome.OUT_OF_WINDOW
    assert outcome(till, INTL.code(late, device="another phone")) is Outcome.STALE
    monkeypatch.setattr(till, "_moment", lambda: int(clock.now))
    assert outcome(till, first, PARKING.code) is Outcome.VALID


def test_a_challenge_ties_a_code_to_this_till_and_moment(till: OfflineTill) -> None:
    drawn = {till.draw_challenge() for _ in range(300)}
    assert len(drawn) == 300
    assert bytes(8) not in drawn
    mine, other, *_ = drawn
    assert ic3.parse_challenge(ic3.challenge_text(mine)) == mine
    text = INTL.code(challenge=mine, needs_challenge=True)
    assert outcome(till, text) is Outcome.WRONG_CHALLENGE
    assert outcome(till, text, challenge=other) is Outcome.WRONG_CHALLENGE
    assert outcome(till, text, challenge=mine) is Outcome.VALID


def test_redemptions_wait_until_they_were_answered_for(till: OfflineTill, path: Path, clock: Clock) -> None:
    uses = []
    for number in range(5):
        text = INTL.code(device=f"phone {number}")
        verdict = till.verify(text, LIBRARY.code)
        assert verdict.use is not None
        uses.append(verdict.use)
    for number, use in enumerate(uses[:4]):
        assert till.redeem(use, partner_ref=f"visit-{number}", amount_fen=100 * number)
    again = opened(path, clock)
    waiting = again.waiting()
    assert {(each.use, each.partner_ref, each.amount_fen) for each in waiting} == {
        (use, f"visit-{number}", 100 * number) for number, use in enumerate(uses[:4])
    }
    assert all(ic3.verify(each.text, INTL.terminal(), NOW, lambda _: False).use == each.use for each in waiting)
    assert {each.benefit for each in waiting} == {LIBRARY.code}
    first = again.waiting(limit=2)
    again.uploaded(each.use for each in first)
    left = [each.use for each in again.waiting()]
    assert sorted(left) == sorted(set(uses[:4]) - {each.use for each in first})
    again.uploaded(left)
    assert again.waiting() == []


def test_a_redemption_is_queued_once_and_only_for_what_was_accepted(till: OfflineTill) -> None:
    use = till.verify(INTL.code(), LIBRARY.code).use
    assert use is not None
    assert till.redeem(use, partner_ref="visit", amount_fen=5)
    assert till.redeem(use, partner_ref="visit", amount_fen=5)
    assert not till.redeem(use, partner_ref="visit", amount_fen=6)
    assert not till.redeem(use, partner_ref="another", amount_fen=5)
    assert not till.redeem(bytes(32), partner_ref="visit")
    with pytest.raises(ValueError, match="negative"):
        till.redeem(use, partner_ref="visit", amount_fen=-1)
    [waiting] = till.waiting()
    assert (waiting.partner_ref, waiting.amount_fen) == ("visit", 5)


def test_what_is_over_is_forgotten_unless_it_waits(till: OfflineTill, clock: Clock) -> None:
    kept = till.verify(INTL.code(), LIBRARY.code).use
    assert kept is not None
    till.redeem(kept, partner_ref="visit")
    assert outcome(till, INTL.code(device="another phone")) is Outcome.VALID
    assert till.forget() == 0
    clock.now = BEGINS + LIFETIME
    assert till.forget() == 1
    assert [each.use for each in till.waiting()] == [kept]
    till.uploaded([kept])
    assert till.forget() == 1
    assert outcome(till, INTL.code()) is Outcome.OUT_OF_WINDOW


def test_a_file_that_cannot_be_read_stops_the_till(path: Path, till: OfflineTill, clock: Clock) -> None:
    till._store.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnusable, match=r"不得离线核销.*nothing may be accepted offline"):
        opened(path, clock)
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreUnusable, match="layout 99"):
        opened(path, clock)
    with pytest.raises(StoreUnusable):
        opened(path.parent / "nowhere" / "till.db", clock)


def test_hostile_references_are_kept_as_text(till: OfflineTill) -> None:
    use = till.verify(INTL.code(), LIBRARY.code).use
    assert use is not None
    hostile = "'; DROP TABLE accepted; --\x00😀"
    assert till.redeem(use, partner_ref=hostile)
    assert [each.partner_ref for each in till.waiting()] == [hostile]
    assert outcome(till, INTL.code()) is Outcome.SEEN


def test_a_till_in_the_suite_gm(path: Path, clock: Clock) -> None:
    gm = Issuer(suite_or_skip("gm"))
    made = opened(path, clock)
    made.install_keys(gm.key_set())
    assert made.install_status_list(gm.status_token()) is None
    made.install_benefits([LIBRARY])
    assert [outcome(made, gm.code()) for _ in range(2)] == [Outcome.VALID, Outcome.SEEN]
    assert outcome(made, INTL.code()) is Outcome.BAD_ISSUER_SIG
