"""The history of a redemption 核销经过: every state in its order, each explained in a sentence. It is told from the rows of the events
themselves, so it cannot say anything else than the books."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from backend.market import history_store
from backend.market.answers import partner_access
from backend.market.messages import RedemptionEvent, RedemptionHistory
from backend.partner_accounts import service as partner_accounts
from backend.platform.callers import Caller
from backend.platform.database import Connection, Row
from backend.platform.platform import Platform
from backend.platform.problems import NOT_FOUND
from partners.benefits.terms import Text
from partners.orders.states import RedemptionState, ReservationState, VerificationState

_VERIFIED, _CONFIRMED, _RESERVED = "verified", "confirmed", "reserved"
_RELEASED, _EXPIRED, _REDEEMED = "released", "expired", "redeemed"
_REVERSED_PART, _REVERSED = "partly-reversed", "reversed"

SENTENCES: Mapping[str, Text] = {
    _VERIFIED: Text("核验诚信码，答复：符合；15 分钟内可核销", "The code was verified and the answer was yes; it can be redeemed for 15 minutes"),
    _CONFIRMED: Text("持码人在手机上确认了商户、权益和金额", "The holder confirmed partner, benefit and amount on the phone"),
    _RESERVED: Text("预留名额：名额、次数和补贴已占用，核销时不再重复计数", "A place was held: quota, limits and subsidy are taken, and redeeming counts nothing again"),
    _RELEASED: Text("商户释放预留，占用的名额已全部退回", "The partner released the place; all that it held was given back"),
    _EXPIRED: Text("预留到期未核销，占用的名额已全部退回", "The place was not redeemed in time; all that it held was given back"),
    _REDEEMED: Text("权益已核销，只计一次；商户凭回执对账", "The benefit was redeemed, once; the receipt is for the partner's books"),
    _REVERSED_PART: Text("部分冲正：退回其中一部分，其余仍为已核销", "A part was taken back; the rest stays redeemed"),
    _REVERSED: Text("全部冲正：金额与名额都已退回", "All of it was taken back; amount and place are given back"),
}  # fmt: skip

_ENDED = {ReservationState.RELEASED: _RELEASED, ReservationState.EXPIRED: _EXPIRED}


async def of_partner(platform: Platform, partner_id: UUID, redemption_id: UUID, request_id: str) -> RedemptionHistory:
    """What happened to a partner's own redemption, oldest first. A partner that is no longer live may still read it. Raises
    NOT_FOUND. Three round trips."""
    async with platform.database.transaction() as connection:
        names = await partner_accounts.partner_names(connection, [partner_id])
        access = partner_access(
            partner_id, names[partner_id], "查询核销经过", "查询本商户的核销", request_id, "redemption"
        )
        row = await history_store.redemption_of_partner(connection, access, partner_id, redemption_id)
        return await _told(connection, row)


async def of_holder(platform: Platform, caller: Caller, verification_id: UUID) -> RedemptionHistory:
    """What became of a scan of the caller's code that was redeemed, oldest first. Raises NOT_FOUND. Two round trips."""
    async with platform.database.transaction() as connection:
        access = caller.access("查看核销经过", "verifications", "redemption")
        row = await history_store.redemption_of_subject(connection, access, caller.proven_subject(), verification_id)
        return await _told(connection, row)


async def _told(connection: Connection, row: Row | None) -> RedemptionHistory:
    if row is None:
        raise NOT_FOUND.error()
    reservations, reversals = await history_store.around(connection, row["id"], row["verification_id"])
    return RedemptionHistory(
        redemption_id=row["id"],
        verification_id=row["verification_id"],
        benefit=row["benefit_id"],
        state=RedemptionState(row["state"]),
        events=[*_before(row, reservations), *_after(row, reversals)],
    )


def _before(row: Row, reservations: Iterable[Row]) -> list[RedemptionEvent]:
    found = [_event(_VERIFIED, VerificationState.ANSWERED, row["answered_at"], row["verified_fen"])]
    if row["confirmed_at"] is not None:
        found.append(_event(_CONFIRMED, VerificationState.ANSWERED, row["confirmed_at"]))
    for each in reservations:
        found.append(_event(_RESERVED, VerificationState.RESERVED, each["reserved_at"], each["amount_fen"]))
        ended = _ENDED.get(ReservationState(each["state"]))
        if ended is not None:
            found.append(_event(ended, VerificationState.ANSWERED, each["ended_at"]))
    return found


def _after(row: Row, reversals: Iterable[Row]) -> list[RedemptionEvent]:
    found, left = (
        [_event(_REDEEMED, RedemptionState.REDEEMED, row["redeemed_at"], row["amount_fen"])],
        row["amount_fen"],
    )
    for each in reversals:
        left -= each["amount_fen"]
        state = RedemptionState.REVERSED if left == 0 else RedemptionState.PARTLY_REVERSED
        found.append(_event(_REVERSED if left == 0 else _REVERSED_PART, state, each["reversed_at"], each["amount_fen"]))
    return found


def _event(name: str, state: str, at: datetime, amount_fen: int | None = None) -> RedemptionEvent:
    return RedemptionEvent(event=name, state=state, at=at, amount_fen=amount_fen, told=SENTENCES[name])
