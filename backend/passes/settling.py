"""Settling 离线核销上传: what tills gave without a network, verified as of then and settled exactly once.

Two acceptances of one use are possible offline without a challenge. The first that is uploaded is settled; the second opens
a risk case, which stops the offline passes of that one phone until two persons have decided, and nothing else.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend.market import once
from backend.market import service as market
from backend.market.offline import Given, Unsettled
from backend.market.once import Answered, Once
from backend.partner_accounts import service as partner_accounts
from backend.partner_accounts.messages import LivePartner
from backend.passes import risk, store
from backend.passes.messages import OfflineItem, OfflineUpload, SettledItem, Settlement, UploadAnswer
from backend.passes.risk import Acceptance
from backend.platform.access import Access
from backend.platform.clock import local_date
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.status_lists import KNOWN_WITHIN_SECONDS
from partners import base64url
from partners.benefits.terms import Terms
from partners.codes import ic3
from partners.codes.ic3 import Outcome, Terminal
from partners.signatures.key_sets import IssuerKey

LATEST_UPLOAD = timedelta(days=7)
# How far the clocks of till, phone and server may be apart.
_SKEW = timedelta(seconds=60)


class _Read(msgspec.Struct, frozen=True):
    """An item that is a code of ours by its form: the use it names."""

    item: OfflineItem
    use: bytes


async def settle(platform: Platform, partner_id: UUID, upload: OfflineUpload, act: Once, request_id: str) -> Answered:
    """Settles an upload; the body is an UploadAnswer with one outcome for each item. A bad item never fails another.

    The same item from the same till once more has the outcome that it had, under any idempotency key. Raises
    PARTNER_SUSPENDED and idempotency's problems. Eight database round trips, one for each version of a benefit, and up to
    seven for each item that is settled.
    """
    async with platform.database.transaction() as connection:
        if (replayed := await once.claim(connection, partner_id, act)) is not None:
            return replayed
        partner = await partner_accounts.live_partner(connection, partner_id)
        granted = await partner_accounts.granted_benefits(connection, partner_id)
        # Half a millisecond each: five hundred would hold everybody else up.
        read = await asyncio.to_thread(_read_all, platform.keys.attestation_slot, upload.redemptions)
        uses = sorted({each.use for each in read if isinstance(each, _Read)})
        access = _access(partner, request_id)
        passes = {bytes(row["use"]): row for row in await store.lock_uses(connection, access, uses)}
        terms = await _terms(connection, passes.values())
        settled = {bytes(row["use"]): row for row in await store.settled(connection, uses)}
        judge = _Judge(platform.keys.attestation_slot, passes, terms, granted, platform.clock.now())
        judged = await asyncio.to_thread(judge.all, read)
        acts = _sorted_out(partner_id, upload, read, judged, settled)
        outcomes = await _settle(platform, connection, partner, upload, acts, judge, act, request_id)
        answer = UploadAnswer(platform.clock.now(), outcomes)
        return await once.save(connection, partner_id, act, msgspec.json.encode(answer))


def _read_all(keys: Callable[[int], IssuerKey | None], items: Sequence[OfflineItem]) -> list[_Read | Settlement]:
    return [_read(keys, item) for item in items]


def _read(keys: Callable[[int], IssuerKey | None], item: OfflineItem) -> _Read | Settlement:
    code = ic3.parse(item.code)
    if code is None:
        return Settlement.MALFORMED
    key = keys(code.attestation.slot)
    if key is None:
        return Settlement.UNKNOWN_KEY
    return _Read(item, ic3.name_of_use(code.attestation_bytes, key.suite))


class _Judge(msgspec.Struct, frozen=True):
    """Judges codes as a till that had a network would have, at the instant at which the till says that it accepted them."""

    keys: Callable[[int], IssuerKey | None]
    passes: Mapping[bytes, Row]
    terms: Mapping[tuple[str, int], Terms]
    granted: frozenset[str]
    now: datetime

    def all(self, read: Sequence[_Read | Settlement]) -> list[Settlement | None]:
        """Why each is not to be settled; None for those that are."""
        return [each if isinstance(each, Settlement) else self.one(each) for each in read]

    def terms_of(self, row: Row) -> Terms:
        """The terms under which a pass was issued."""
        return self.terms[row["benefit_id"], row["benefit_version"]]

    def one(self, read: _Read) -> Settlement | None:
        """Why this one is not to be settled."""
        item, row = read.item, self.passes.get(read.use)
        terms = self.terms_of(row) if row is not None else None
        offline = terms.offline if terms is not None else None
        lifetimes = (
            {offline.number: offline.lifetime_seconds}
            if terms is not None and offline is not None and terms.id == item.benefit
            else {}
        )
        # A till may use a list for a while: a revocation counts against it once its list should have been a newer one.
        revoked_at = row["revoked_at"] if row is not None else None
        void = revoked_at is not None and revoked_at + timedelta(seconds=KNOWN_WITHIN_SECONDS) <= item.accepted_at
        code = ic3.parse(item.code)
        challenge = code.challenge if code is not None else ic3.NO_CHALLENGE
        terminal = Terminal(self.keys, lifetimes, lambda _: 1 if void else 0)
        accepted_at = int(item.accepted_at.timestamp())
        verdict = ic3.verify(item.code, terminal, accepted_at, lambda _: False, challenge)
        if verdict.outcome is Outcome.WRONG_BENEFIT and row is None:
            return Settlement.UNKNOWN_PASS
        if verdict.outcome is not Outcome.VALID or row is None or terms is None:
            return Settlement(verdict.outcome.value)
        return self._in_time(item, row, terms) or self._granted(item)

    def _in_time(self, item: OfflineItem, row: Row, terms: Terms) -> Settlement | None:
        """A date before the pass was issued, to come, or on which the benefit was not in force was never that of a yes."""
        if item.accepted_at < self.now - LATEST_UPLOAD:
            return Settlement.TOO_LATE
        if not row["issued_at"] - _SKEW <= item.accepted_at <= self.now + _SKEW:
            return Settlement.OUT_OF_WINDOW
        in_force = terms.valid_from <= local_date(item.accepted_at) < terms.valid_until
        return None if in_force else Settlement.OUT_OF_WINDOW

    def _granted(self, item: OfflineItem) -> Settlement | None:
        return None if item.benefit in self.granted else Settlement.BENEFIT_NOT_GRANTED


async def _terms(connection: Connection, passes: Iterable[Row]) -> dict[tuple[str, int], Terms]:
    versions = sorted({(row["benefit_id"], row["benefit_version"]) for row in passes})
    return {version: await market.terms_of_version(connection, *version) for version in versions}


class _Acts(msgspec.Struct):
    """What is to be done about the items of an upload, and what is known already, by their place in it."""

    outcomes: dict[int, SettledItem]
    to_settle: dict[bytes, int]
    repeats: dict[int, int]
    doubles: dict[int, tuple[bytes, Acceptance]]


def _sorted_out(
    partner_id: UUID,
    upload: OfflineUpload,
    read: Sequence[_Read | Settlement],
    judged: Sequence[Settlement | None],
    settled: Mapping[bytes, Row],
) -> _Acts:
    """Which items are settled now, repeat what was settled before, or are a second use."""
    acts = _Acts({}, {}, {}, {})
    for place, (each, reason, item) in enumerate(zip(read, judged, upload.redemptions, strict=True)):
        use = each.use if isinstance(each, _Read) else None
        accepted = Acceptance(partner_id, upload.terminal, item.partner_ref, item.accepted_at)
        before = settled.get(use) if use is not None else None
        if before is not None and risk.acceptance_of(before) == accepted:
            acts.outcomes[place] = _outcome(item, use, Settlement.SETTLED, before["redemption_id"])
        elif reason is not None or use is None:
            acts.outcomes[place] = _outcome(item, use, reason or Settlement.MALFORMED)
        elif before is not None:
            acts.doubles[place] = (use, risk.acceptance_of(before))
        elif use not in acts.to_settle:
            acts.to_settle[use] = place
        else:
            first = upload.redemptions[acts.to_settle[use]]
            earlier = Acceptance(partner_id, upload.terminal, first.partner_ref, first.accepted_at)
            if earlier == accepted:
                acts.repeats[place] = acts.to_settle[use]
            else:
                acts.doubles[place] = (use, earlier)
    return acts


async def _settle(
    platform: Platform,
    connection: Connection,
    partner: LivePartner,
    upload: OfflineUpload,
    acts: _Acts,
    judge: _Judge,
    act: Once,
    request_id: str,
) -> list[SettledItem]:
    """Settles what is to be settled and opens the risk cases; gives the outcomes in the order of the items."""
    now, items = platform.clock.now(), upload.redemptions
    given = [_given(upload.terminal, items[place], judge, use) for use, place in acts.to_settle.items()]
    redeemed = await market.redeem_offline(platform, connection, partner, given, act, request_id)
    rows = []
    for (use, place), result in zip(acts.to_settle.items(), redeemed, strict=True):
        if isinstance(result, Unsettled):
            acts.outcomes[place] = _outcome(items[place], use, Settlement(result.value))
            continue
        acts.outcomes[place] = _outcome(items[place], use, Settlement.SETTLED, result)
        rows.append(
            store.SettledUse(
                use=use,
                partner_id=partner.id,
                terminal=upload.terminal,
                partner_ref=items[place].partner_ref,
                accepted_at=items[place].accepted_at,
                redemption_id=result,
            )
        )
    await store.settle(connection, rows, now)
    for place, (use, first) in acts.doubles.items():
        item = items[place]
        second = Acceptance(partner.id, upload.terminal, item.partner_ref, item.accepted_at)
        await risk.open_case(connection, judge.passes[use], first, second, now)
        acts.outcomes[place] = _outcome(item, use, Settlement.DOUBLE_USE)
    for place, first_place in acts.repeats.items():
        acts.outcomes[place] = acts.outcomes[first_place]
    return [acts.outcomes[place] for place in range(len(items))]


def _given(terminal: str, item: OfflineItem, judge: _Judge, use: bytes) -> Given:
    row = judge.passes[use]
    return Given(
        account_id=row["account_id"],
        subject_id=row["subject_id"],
        terms=judge.terms_of(row),
        terminal=terminal,
        partner_ref=item.partner_ref,
        amount_fen=item.amount_fen,
        given_at=item.accepted_at,
    )


def _outcome(
    item: OfflineItem, use: bytes | None, outcome: Settlement, redemption_id: UUID | None = None
) -> SettledItem:
    name = base64url.encode(use) if use is not None else None
    return SettledItem(item.partner_ref, name, outcome, redemption_id)


def _access(partner: LivePartner, request_id: str) -> Access:
    return market.partner_access(partner.id, partner.name, "上传离线核销", "结算离线核销", request_id, "passes")
