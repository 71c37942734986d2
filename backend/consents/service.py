"""Giving, withdrawing and asking for consent."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from uuid import UUID

import msgspec

from backend.consents import store
from backend.consents.messages import Consent, ConsentKind, ConsentText
from backend.consents.problems import CONSENT_MISSING, CONSENT_TEXT_CHANGED
from backend.platform.callers import Caller
from backend.platform.clock import local_date, start_of_day
from backend.platform.database import Connection, Row
from backend.platform.due import Due, enqueue
from backend.platform.platform import Platform
from backend.platform.questions import Question
from backend.platform.row_ids import new_id
from backend.platform.working_days import add_months
from backend.subjects import service as subjects

# The topic of the due queue on which the room of passes waits; its keys are subjects that withdrew a consent.
WITHDRAWN = "consent-withdrawn"


@cache
def texts() -> tuple[ConsentText, ...]:
    """Every version of every consent text, from `texts.yaml`."""
    source = files("backend.consents").joinpath("texts.yaml").read_bytes()
    return msgspec.yaml.decode(source, type=tuple[ConsentText, ...])


def present_text(kind: ConsentKind) -> ConsentText:
    """The version of a text that can be agreed to now: the latest."""
    return max((text for text in texts() if text.kind is kind), key=lambda text: text.version)


async def give(platform: Platform, caller: Caller, kind: ConsentKind, text_version: int) -> Consent:
    """Consent to the present text; a consent already open is replaced. Raises CONSENT_TEXT_CHANGED."""
    text = present_text(kind)
    if text.version != text_version:
        raise CONSENT_TEXT_CHANGED.error()
    async with platform.database.transaction() as connection:
        return await record(platform, connection, caller.proven_subject(), kind)


async def record(platform: Platform, connection: Connection, subject_id: UUID, kind: ConsentKind) -> Consent:
    """Writes a consent to the present text in the caller's transaction."""
    text, now = present_text(kind), platform.clock.now()
    await store.close_open(connection, subject_id, [kind], "renewed", now)
    expires_at = start_of_day(add_months(local_date(now), text.months))
    consent_id = new_id(now)
    await store.add(connection, consent_id, subject_id, kind, text.version, now, expires_at)
    await subjects.touched(connection, [subject_id], now)
    return Consent(
        id=consent_id,
        kind=kind,
        purpose=text.purpose,
        purpose_en=text.purpose_en,
        text_version=text.version,
        starts_at=now,
        expires_at=expires_at,
        ended_at=None,
        ended_because=None,
        in_force=True,
    )


async def record_many(
    platform: Platform, connection: Connection, subject_ids: Sequence[UUID], kind: ConsentKind
) -> None:
    """Writes the consent of many who have none yet, in the caller's transaction. One round trip, and one for the due queue."""
    text, now = present_text(kind), platform.clock.now()
    expires_at = start_of_day(add_months(local_date(now), text.months))
    await store.copy_consents(
        connection, [(new_id(now), subject_id, kind.value, text.version, now, expires_at) for subject_id in subject_ids]
    )
    await subjects.touched(connection, subject_ids, now)


async def withdraw(platform: Platform, caller: Caller, kind: ConsentKind) -> None:
    """Withdraws a consent as easily as it was given; withdrawing twice changes nothing. Without a computed score there is nothing to show."""
    kinds = [ConsentKind.COMPUTE, ConsentKind.SHOW] if kind is ConsentKind.COMPUTE else [kind]
    now = platform.clock.now()
    async with platform.database.transaction() as connection:
        if await store.close_open(connection, caller.proven_subject(), kinds, "withdrawn", now):
            await subjects.touched(connection, [caller.proven_subject()], now)
            await enqueue(connection, WITHDRAWN, [Due(caller.proven_subject(), now)])


async def mine(platform: Platform, caller: Caller) -> list[Consent]:
    """The caller's consents, newest first. One round trip."""
    now = platform.clock.now()
    async with platform.database.connection() as connection:
        rows = await store.of_subject(connection, caller.access("查看我的同意", "consents"), caller.proven_subject())
    return [_consent(row, now) for row in rows]


async def in_force(
    connection: Connection, kind: ConsentKind, subject_ids: Sequence[UUID], now: datetime
) -> dict[UUID, datetime]:
    """Which of these subjects consent to `kind` at `now`, and until when; whoever is not in it does not. One round trip."""
    return await store.subjects_in_force(connection, kind, subject_ids, now)


async def was_in_force(connection: Connection, kind: ConsentKind, subject_id: UUID, at: datetime) -> bool:
    """Whether a subject consented to `kind` at a past instant, also if that consent has ended since. One round trip."""
    return await store.was_in_force(connection, kind, subject_id, at)


async def given(connection: Connection, subject_id: UUID, now: datetime) -> dict[ConsentKind, datetime]:
    """Which consents of a subject are in force at `now`, and when each was given: what was issued under an earlier one is void.

    One round trip.
    """
    asked = consenting([subject_id], now)
    return (await connection.ask(asked))[asked][subject_id]


def consenting(subject_ids: Sequence[UUID], now: datetime) -> Question[dict[UUID, dict[ConsentKind, datetime]]]:
    """`given` for many subjects."""
    return store.given(subject_ids, now).then(
        lambda found: {
            subject: {ConsentKind(kind): at for kind, at in kinds.items()} for subject, kinds in found.items()
        }
    )


async def require(connection: Connection, kind: ConsentKind, subject_id: UUID, now: datetime) -> datetime:
    """Until when a subject consents to `kind`. Raises CONSENT_MISSING. One round trip."""
    until = (await in_force(connection, kind, [subject_id], now)).get(subject_id)
    if until is None:
        raise CONSENT_MISSING.error()
    return until


async def forget(platform: Platform, connection: Connection, account_id: UUID, subject_id: UUID | None) -> None:
    """Leaving: the consents go, and with them everything that rested on them."""
    if subject_id is not None:
        await store.forget(connection, subject_id)
        await subjects.touched(connection, [subject_id], platform.clock.now())


def _consent(row: Row, now: datetime) -> Consent:
    kind = ConsentKind(row["kind"])
    text = next(text for text in texts() if text.kind is kind and text.version == row["text_version"])
    return Consent(
        id=row["id"],
        kind=kind,
        purpose=text.purpose,
        purpose_en=text.purpose_en,
        text_version=row["text_version"],
        starts_at=row["starts_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        ended_because=row["ended_because"],
        in_force=row["ended_at"] is None and row["starts_at"] <= now < row["expires_at"],
    )
