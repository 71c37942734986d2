"""Step-up confirmation 本人确认: a benefit flagged `confirm` is answered only after the holder's phone was (protocol, section 1).

Rotation does not defeat a live relay of a code to another shop; a phone that shows which shop asks for what does. Whether
the holder is eligible is decided at the scan, and the holder is asked either way: a no that came at once would be told from
a yes. The yes is signed by a registered device; a no needs no signature, as it gives nothing away.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend.consents import service as consents
from backend.consents.messages import ConsentKind
from backend.devices import service as devices
from backend.market import confirming_store, receipts
from backend.market.answers import LIFETIME, partner_access, told_of
from backend.market.messages import Confirmation, HolderAsked, Question, Questions
from backend.market.problems import CONFIRMATION_INVALID, CONFIRMATION_OVER
from backend.market.reasons import NOT_CONFIRMED, REFUSED_BY_HOLDER, in_words
from backend.market.store import NewVerification
from backend.partner_accounts import service as partner_accounts
from backend.platform.access import Ground
from backend.platform.callers import Caller, system_access
from backend.platform.database import Connection, Row
from backend.platform.due import Due, Handler, enqueue
from backend.platform.platform import Platform
from backend.webhooks import service as webhooks
from backend.webhooks.states import EventType
from partners.benefits.terms import Terms
from partners.orders.states import CONFIRMATION_SECONDS, VERIFICATION, VerificationEvent, VerificationState

# The topic of the due queue on which questions wait for the end of their minute; keyed by verification.
TOPIC = "holder-asked"

POLL_SECONDS = 2

_CONTEXT = "xinyi-confirm-1"
_REASON = {
    VerificationEvent.REFUSE: REFUSED_BY_HOLDER,
    VerificationEvent.TIME_OUT: NOT_CONFIRMED,
}


def confirmation_message(
    external_url: str, verification_id: UUID, partner_id: UUID, benefit: str, version: int, amount_fen: int | None
) -> bytes:
    """What a phone signs to confirm (docs/protocol.md, section 13): what it showed, and so nothing else can be made of it.

    The verification's id makes it fresh: it is asked once, and for a minute.
    """
    amount = "-" if amount_fen is None else str(amount_fen)
    lines = (_CONTEXT, external_url, str(verification_id), str(partner_id), benefit, str(version), amount)
    return "\n".join(lines).encode()


def waiting(row: NewVerification, mark: bytes) -> NewVerification:
    """A decided verification as it waits for its holder."""
    confirm_by = row.answered_at + timedelta(seconds=CONFIRMATION_SECONDS)
    state = VERIFICATION.after(VERIFICATION.start, VerificationEvent.ASK_HOLDER)
    return msgspec.structs.replace(row, state=state, confirm_by=confirm_by, expires_at=confirm_by, request_mark=mark)


async def watch(connection: Connection, rows: Iterable[NewVerification]) -> None:
    """Sees to it that those of these verifications that wait for their holder end with their minute. No round trip if none
    does, else one."""
    await enqueue(connection, TOPIC, [Due(row.id, row.confirm_by) for row in rows if row.confirm_by is not None])


def holder_asked(row: NewVerification) -> HolderAsked:
    """What a partner is told of a verification that waits; the same whatever was decided."""
    return _asked(row.id, row.benefit_id, row.expires_at)


def asked(row: Row) -> HolderAsked:
    """What a partner is told meanwhile; the same whatever was decided."""
    return _asked(row["id"], row["benefit_id"], row["confirm_by"])


async def questions(platform: Platform, caller: Caller) -> Questions:
    """What the caller's phone is asked now. One round trip, two if there is a question; a look that finds none leaves no row."""
    now = platform.clock.now()
    access = msgspec.structs.replace(caller.access("查看待确认的核验", "verifications"), subject=None)
    async with platform.database.connection() as connection:
        rows = await confirming_store.waiting_of(connection, access, caller.proven_subject(), now)
        names = await partner_accounts.partner_names(connection, [row["partner_id"] for row in rows]) if rows else {}
    return Questions(now, [_question(row, names[row["partner_id"]]) for row in rows])


async def confirm(platform: Platform, caller: Caller, verification_id: UUID, confirmation: Confirmation) -> None:
    """The holder says yes: the partner gets the answer that was decided at the scan.

    Raises CONFIRMATION_OVER (no such question of the caller, answered, or the minute is over), CONFIRMATION_INVALID (not
    signed by a live device of the caller, or over something else), CONSENT_MISSING (withdrawn since). Seven round trips, nine
    for a partner with an endpoint.
    """
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        row = await _waiting(connection, caller, verification_id, now)
        message = confirmation_message(
            platform.settings.external_url, row["id"], row["partner_id"], row["benefit_id"], row["benefit_version"],
            row["amount_fen"],
        )  # fmt: skip
        if not await devices.verify_by_device(
            platform, connection, caller.account_id, confirmation.device_id, message, confirmation.signature
        ):
            raise CONFIRMATION_INVALID.error()
        await consents.require(connection, ConsentKind.SHOW, row["subject_id"], now)
        await confirming_store.keep_signature(
            connection, row["id"], row["subject_id"], confirmation.device_id, confirmation.signature, now
        )
        await _answer(platform, connection, row, VerificationEvent.CONFIRM, now)


async def refuse(platform: Platform, caller: Caller, verification_id: UUID) -> None:
    """The holder says no: the partner reads `declined`, as of somebody who is not eligible.

    Raises CONFIRMATION_OVER. Four round trips, six for a partner with an endpoint.
    """
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        row = await _waiting(connection, caller, verification_id, now)
        await _answer(platform, connection, row, VerificationEvent.REFUSE, now)


def due_handler(platform: Platform) -> Handler:
    """The handler of `TOPIC`: nobody answered within the minute, so the answer is no."""

    async def time_out(connection: Connection, ids: list[UUID]) -> None:
        now = platform.clock.now()
        access = system_access(
            "holder-asked", "核验未在手机上确认，按“不符合”答复", "本人确认超时", Ground.CONSENT_SHOW, "verifications"
        )
        for row in await confirming_store.overdue_for_update(connection, access, ids, now):
            await _answer(platform, connection, row, VerificationEvent.TIME_OUT, now)

    return time_out


async def _waiting(connection: Connection, caller: Caller, verification_id: UUID, now: datetime) -> Row:
    access = caller.access("答复核验确认", "verifications")
    row = await confirming_store.waiting_for_update(connection, access, caller.proven_subject(), verification_id, now)
    if row is None:
        raise CONFIRMATION_OVER.error()
    return row


async def _answer(
    platform: Platform, connection: Connection, row: Row, event: VerificationEvent, now: datetime
) -> None:
    """Answers a verification that waited: with its receipt, the access row of the partner that will read it, and the partner's
    event. Three round trips, five for a partner with an endpoint."""
    VERIFICATION.after(VerificationState.PENDING_CONFIRMATION, event)
    confirmed = event is VerificationEvent.CONFIRM
    # Whole seconds: an answer's length must not depend on the instant.
    at = now.replace(microsecond=0)
    answered = NewVerification(
        id=row["id"],
        partner_id=row["partner_id"],
        terminal=row["terminal"],
        benefit_id=row["benefit_id"],
        benefit_version=row["benefit_version"],
        account_id=row["account_id"],
        subject_id=row["subject_id"],
        result=row["result"] if confirmed else "declined",
        reason=[*(row["reason"] or []), *([] if confirmed else [_REASON[event]])],
        tier_value=row["tier_value"] if confirmed else 0,
        amount_fen=row["amount_fen"],
        partner_ref=row["partner_ref"],
        ref=row["ephemeral_ref"],
        receipt="",
        answered_at=at,
        expires_at=at + LIFETIME,
    )
    signed = receipts.of_answer(platform, answered, row["request_mark"])
    names = await partner_accounts.partner_names(connection, [answered.partner_id])
    access = partner_access(
        answered.partner_id,
        names[answered.partner_id],
        told_of(answered.result),
        _terms(row).names.zh,
        "",
        "eligibility",
    )
    await confirming_store.answer(
        connection, access, msgspec.structs.replace(answered, receipt=signed), now if confirmed else None
    )
    # However it ended: what it is stands in the verification.
    told = {"verification_id": answered.id}
    await webhooks.publish(connection, answered.partner_id, EventType.VERIFICATION_ANSWERED, answered.id, told)


def _asked(verification_id: UUID, benefit: str, confirm_by: datetime) -> HolderAsked:
    return HolderAsked(
        verification_id=verification_id,
        benefit=benefit,
        state="pending-confirmation",
        confirm_by=confirm_by,
        poll_seconds=POLL_SECONDS,
    )


def _terms(row: Row) -> Terms:
    return msgspec.convert({**row["terms"], "version": row["benefit_version"]}, Terms)


def _question(row: Row, partner: str) -> Question:
    terms = _terms(row)
    return Question(
        id=row["id"],
        partner=partner,
        partner_id=row["partner_id"],
        terminal=row["terminal"],
        benefit=terms.id,
        benefit_version=terms.version,
        name=terms.names,
        description=terms.description,
        kind=terms.kind.value,
        amount_fen=row["amount_fen"],
        result=row["result"],
        reasons=in_words(row["reason"] or []),
        asked_at=row["answered_at"],
        confirm_by=row["confirm_by"],
    )
