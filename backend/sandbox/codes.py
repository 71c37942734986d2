"""Codes of personas: IC1 as residents show it, under a key of the sandbox's own.

The key follows from the ticket key of the same slot by HMAC. So a persona's code is nothing but a forged one wherever residents
are verified, a resident's is the same here, and neither side looks the other's up.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from backend.codes.messages import ShownCode
from backend.codes.problems import CODE_MALFORMED, CODE_STALE, CODE_UNUSABLE
from backend.platform.database import Connection
from backend.platform.keys import Purpose
from backend.platform.platform import Platform
from backend.sandbox import store
from backend.sandbox.personas import Persona, personas
from partners.codes import ic1
from partners.codes.ic1 import Failure, Scene

_CONTEXT = b"xinyi-sandbox"
_STALE = timedelta(minutes=2)
_PROBLEMS = {Failure.MALFORMED: CODE_MALFORMED, Failure.UNUSABLE: CODE_UNUSABLE, Failure.STALE: CODE_STALE}


async def show(
    platform: Platform, connection: Connection, sandbox_id: UUID, persona: Persona, scene: Scene, now: datetime
) -> ShownCode:
    """A fresh code of a persona, as text and as digits; `now` is the sandbox's. One round trip."""
    slot = platform.keys.active(Purpose.TICKET).slot_number()
    ticket_id = secrets.token_bytes(ic1.TICKET_BYTES)
    handle = int(ic1.digit_handle(ticket_id))
    while not await store.add_code(connection, ticket_id, handle, sandbox_id, persona.id, platform.clock.now()):
        ticket_id = secrets.token_bytes(ic1.TICKET_BYTES)
        handle = int(ic1.digit_handle(ticket_id))
    ticket = ic1.Ticket(ticket_id, ic1.ticket_key(_slot_key(platform, slot) or b"", ticket_id), slot)
    seconds = int((now - _STALE if persona.code == "stale" else now).timestamp())
    ends = (ic1.step_at(seconds) + 1) * ic1.STEP_SECONDS
    return ShownCode(
        text=ic1.encode(ticket, scene, seconds),
        digits=ic1.digits(ticket, seconds),
        server_time=now,
        expires_at=datetime.fromtimestamp(ends, now.tzinfo),
    )


async def burn(
    platform: Platform, connection: Connection, sandbox_id: UUID, text: str, scene: Scene, now: datetime
) -> Persona:
    """Uses a code up and gives its persona. Raises CODE_MALFORMED, CODE_UNUSABLE (also for a resident's, or another sandbox's),
    CODE_STALE, as the codes of residents do. One round trip, two for digits."""
    code_id = (
        _scanned(platform, text, scene, now)
        if text.startswith(ic1.PREFIX)
        else await _typed(platform, connection, sandbox_id, text, now)
    )
    persona = personas().get(await store.burn(connection, code_id, sandbox_id, now) or "")
    if persona is None or persona.code == "unusable":
        raise CODE_UNUSABLE.error()
    return persona


def _scanned(platform: Platform, text: str, scene: Scene, now: datetime) -> bytes:
    code = ic1.read(text, lambda slot: _slot_key(platform, slot), int(now.timestamp()))
    if isinstance(code, Failure):
        raise _PROBLEMS[code].error()
    if code.scene not in (Scene.ANY, scene):
        raise CODE_UNUSABLE.error()
    return code.ticket_id


async def _typed(platform: Platform, connection: Connection, sandbox_id: UUID, text: str, now: datetime) -> bytes:
    typed = ic1.parse_digits(text)
    if typed is None:
        raise CODE_MALFORMED.error()
    code_id = await store.code_by_handle(connection, sandbox_id, int(typed.handle))
    slot_keys = [_slot_key(platform, slot) for slot in range(16)]
    if code_id is None or not any(
        key is not None and ic1.digit_step(typed, ic1.ticket_key(key, code_id), int(now.timestamp())) is not None
        for key in slot_keys
    ):
        raise CODE_UNUSABLE.error()
    return code_id


def _slot_key(platform: Platform, slot: int) -> bytes | None:
    key = platform.keys.ticket_slot(slot)
    return hmac.digest(key, _CONTEXT, hashlib.sha256) if key is not None else None
