"""Our own keys: one purpose each, slots of their own, published as tills read them, believed as long as they should be."""

from datetime import timedelta

import httpx2
import pytest

from backend.platform import keys
from backend.platform.clock import SettableClock
from backend.platform.keys import IN_SLOTS, Purpose
from backend.platform.platform import Platform
from backend.platform.refusal import Refusal
from partners.signatures.key_sets import read_key_set


async def rotated(platform: Platform, clock: SettableClock, purpose: Purpose) -> None:
    """A new key of the purpose is at work, and the ones before are no longer published."""
    async with platform.database.transaction() as connection:
        await keys.rotate(connection, platform.cipher, purpose, clock.now())
    for days in (1, 2):
        clock.move(timedelta(days=days))
        async with platform.database.transaction() as connection:
            await keys.advance(connection, clock.now())
    await platform.keys.reload()


async def test_every_purpose_has_a_first_key_of_its_kind(platform: Platform) -> None:
    for purpose in Purpose:
        own = platform.keys.active(purpose)
        assert (own.slot is not None) is (purpose in IN_SLOTS)
        assert len(own.secret) == 32


async def test_a_tickets_key_signs_nothing_and_is_never_published(
    client: httpx2.AsyncClient, platform: Platform
) -> None:
    ticket = platform.keys.active(Purpose.TICKET)
    for use in (ticket.private_key, ticket.public_key, ticket.jwk):
        with pytest.raises(TypeError):
            use()
    with pytest.raises(KeyError):
        platform.keys.signing(Purpose.TICKET)
    assert ticket.kid not in (await client.get("/.well-known/jwks.json")).text


async def test_a_till_finds_each_key_under_its_purpose_and_no_other(
    client: httpx2.AsyncClient, platform: Platform
) -> None:
    published = read_key_set((await client.get("/.well-known/jwks.json")).content)
    attesting = platform.keys.active(Purpose.ATTESTATION)
    assert list(published.attestation) == [attesting.slot_number()]
    displaying = platform.keys.active(Purpose.DISPLAY)
    assert list(published.display) == [displaying.slot_number()]
    assert published.display[0].verifier.verify(displaying.private_key().sign(b"x"), b"x")
    assert list(published.status) == [platform.keys.active(Purpose.STATUS).kid]
    assert list(published.answer) == [platform.keys.active(Purpose.ANSWER).kid]
    signature = attesting.private_key().sign(b"x")
    assert published.attestation[attesting.slot_number()].verifier.verify(signature, b"x")
    # The slot of the tickets has the same number and another key.
    assert platform.keys.ticket_slot(attesting.slot_number()) != attesting.secret


async def test_a_retired_attestation_key_is_believed_but_not_published_and_a_revoked_one_is_neither(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    first = platform.keys.active(Purpose.ATTESTATION)
    await rotated(platform, clock, Purpose.ATTESTATION)
    assert platform.keys.active(Purpose.ATTESTATION).slot_number() != first.slot_number()
    assert first.slot_number() not in read_key_set((await client.get("/.well-known/jwks.json")).content).attestation
    assert platform.keys.verifying(Purpose.ATTESTATION, first.kid) is None
    believed = platform.keys.attestation_slot(first.slot_number())
    assert believed is not None
    assert believed.verifier.verify(first.private_key().sign(b"x"), b"x")
    async with platform.database.transaction() as connection:
        await keys.revoke(connection, platform.cipher, first.kid, clock.now())
    await platform.keys.reload()
    assert platform.keys.attestation_slot(first.slot_number()) is None


async def test_a_retired_tickets_key_opens_no_code(platform: Platform, clock: SettableClock) -> None:
    first = platform.keys.active(Purpose.TICKET).slot_number()
    await rotated(platform, clock, Purpose.TICKET)
    assert platform.keys.ticket_slot(first) is None


@pytest.mark.parametrize("purpose", [Purpose.ATTESTATION, Purpose.TICKET])
async def test_slots_come_round_the_longest_dead_first(
    platform: Platform, clock: SettableClock, purpose: Purpose
) -> None:
    used = [platform.keys.active(purpose).slot_number()]
    for _ in range(17):
        await rotated(platform, clock, purpose)
        used.append(platform.keys.active(purpose).slot_number())
    assert used == [*range(16), 0, 1]


async def test_a_display_key_is_published_and_keeps_its_slot_for_as_long_as_a_code_of_its_time_may_hang(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    first = platform.keys.active(Purpose.DISPLAY)
    for _ in range(15):
        await rotated(platform, clock, Purpose.DISPLAY)
    published = read_key_set((await client.get("/.well-known/jwks.json")).content).display
    assert sorted(published) == list(range(16))
    assert published[first.slot_number()].verifier.verify(first.private_key().sign(b"x"), b"x")
    believed = platform.keys.display_slot(first.slot_number())
    assert believed is not None
    assert believed.verifier.verify(first.private_key().sign(b"x"), b"x")
    with pytest.raises(Refusal, match="retire an old key"):
        await rotated(platform, clock, Purpose.DISPLAY)
    clock.move(timedelta(days=732))
    await rotated(platform, clock, Purpose.DISPLAY)
    assert platform.keys.active(Purpose.DISPLAY).slot_number() == first.slot_number()


async def test_a_revoked_display_key_is_neither_published_nor_believed_and_gives_its_slot_up(
    client: httpx2.AsyncClient, platform: Platform, clock: SettableClock
) -> None:
    first = platform.keys.active(Purpose.DISPLAY)
    async with platform.database.transaction() as connection:
        await keys.revoke(connection, platform.cipher, first.kid, clock.now())
    await platform.keys.reload()
    assert platform.keys.display_slot(first.slot_number()) is None
    assert first.kid not in (await client.get("/.well-known/jwks.json")).text
    for _ in range(15):
        await rotated(platform, clock, Purpose.DISPLAY)
    assert platform.keys.active(Purpose.DISPLAY).slot_number() == first.slot_number()


async def test_sixteen_keys_that_are_all_alive_leave_no_slot(platform: Platform, clock: SettableClock) -> None:
    async with platform.database.transaction() as connection:
        for _ in range(15):
            await keys.rotate(connection, platform.cipher, Purpose.ATTESTATION, clock.now())
        with pytest.raises(Refusal, match="retire an old key"):
            await keys.rotate(connection, platform.cipher, Purpose.ATTESTATION, clock.now())
