"""No byte of a pass, a code, the status list or an upload's answer is about the person: not in any spelling of it."""

import base64
import json
import zlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from backend.platform.clock import SettableClock
from backend.platform.platform import Platform
from partners import base64url
from partners.codes import base45
from tests.builders.partners import PartnerCaller
from tests.builders.phones import Phone
from tests.conftest import RunDue
from tests.passes.conftest import BENEFIT, LIST, one, upload

SCORE = 987_654_321
LEVEL = 4


def spellings(value: object) -> set[bytes]:
    """Every way in which a value could stand in some bytes."""
    found = {str(value).encode()}
    if isinstance(value, UUID):
        found |= {
            value.bytes,
            value.hex.encode(),
            base64.b64encode(value.bytes)[:20],
            base64url.encode(value.bytes).encode(),
        }
    if isinstance(value, int):
        found |= {value.to_bytes(8, order) for order in ("big", "little")}
        found |= {value.to_bytes(4, order) for order in ("big", "little")}
    return found


async def seeded(platform: Platform, subject_id: UUID) -> None:
    """A score that occurs nowhere else."""
    async with platform.database.transaction() as connection:
        changed = await connection.execute(
            "UPDATE score SET millipoints = $2, level_rank = $3 WHERE subject_id = $1", subject_id, SCORE, LEVEL
        )
    assert changed == 1


async def test_no_byte_is_about_the_person(
    client: httpx2.AsyncClient,
    platform: Platform,
    clock: SettableClock,
    phone: Phone,
    partner: PartnerCaller,
    run_due: RunDue,
) -> None:
    await run_due()
    person = phone.person
    await seeded(platform, person.subject_id)
    passes = await phone.fetch(BENEFIT, 3)
    texts = [fetched.show(clock.now()) for fetched in passes]
    await client.delete(f"/v1/me/passes/{passes[2].id}", headers=person.headers)
    settled = await upload(partner, {"terminal": "gate-1", "redemptions": [one(text, clock) for text in texts]})
    clock.move(timedelta(minutes=1))
    token = (await client.get(LIST)).text
    header, claims = (base64url.decode(part) for part in token.split(".")[:2])
    members: dict[str, Any] = json.loads(claims)
    assert set(members) == {"sub", "iat", "exp", "ttl", "status_list"}
    outgoing = {
        "attestation": b"".join(fetched.attestation for fetched in passes),
        "code": b"".join(base45.decode(text[4:]) for text in texts),
        "text": "".join(texts).encode(),
        "list": header + claims + zlib.decompress(base64url.decode(members["status_list"]["lst"])),
        "answer": json.dumps(settled, ensure_ascii=False).encode(),
    }
    secrets = [
        SCORE, "典范", "Exemplary", person.name, person.phone, person.identity_number, person.subject_id, person.account_id, UUID(phone.id),
    ]  # fmt: skip
    for where, content in outgoing.items():
        for secret in secrets:
            for spelling in spellings(secret):
                assert spelling not in content, (where, secret)


async def test_the_bytes_of_a_pass_do_not_follow_the_score(
    platform: Platform, clock: SettableClock, phone: Phone, run_due: RunDue
) -> None:
    """All that is not random or a key is the same at any level: type, flags and benefit."""
    await run_due()
    fixed = set()
    for score, level in ((1, 0), (SCORE, LEVEL)):
        async with platform.database.transaction() as connection:
            await connection.execute(
                "UPDATE score SET millipoints = $2, level_rank = $3 WHERE subject_id = $1",
                phone.person.subject_id,
                score,
                level,
            )
        [fetched] = await phone.fetch(BENEFIT)
        fixed.add(fetched.attestation[:4])
        assert len(fetched.attestation) == 109
        assert set(fetched.answer) == {"id", "key", "attestation", "usable_until", "needs_challenge"}
    assert len(fixed) == 1
