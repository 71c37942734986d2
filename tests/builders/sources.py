"""Sources and rows in one line."""

from datetime import date
from typing import Any
from uuid import UUID

from backend.platform.platform import Platform
from backend.records import intake
from backend.records.messages import NewSource
from partners.signatures.keys import jwk_of
from partners.signatures.requests import SigningKey
from tests.builders.people import Person
from tests.builders.signed import SignedCaller, new_signing_key

ITEMS = [
    "volunteer-service", "honour", "penalty", "permit", "donation", "contract-kept", "commitment-kept",
    "righteous-act", "judgment-default", "breach-judged", "commitment-broken",
    "volunteer-organiser", "volunteer-training", "emergency-volunteering", "goods-donation", "mediation-agreement-kept",
    "library-returns", "judgment-performed", "repair-kept", "skills-competition", "first-aid-certificate",
    "mediation-service", "community-post", "tree-planting", "permit-by-deception",
]  # fmt: skip


async def add_source(
    platform: Platform, code: str = "civil-affairs", items: list[str] | None = None
) -> tuple[UUID, SigningKey]:
    """A source that may deliver every item, or the given ones, with one key."""
    key = new_signing_key()
    async with platform.database.transaction() as connection:
        source_id = await intake.add_source(
            platform,
            connection,
            NewSource(code, "桃花市民政局", "Civil Affairs", items or ITEMS, [jwk_of(key.private_key.public_key())]),
        )
    await platform.signers.reload()
    return source_id, key


async def deliver(source: SignedCaller, *rows: Any) -> None:
    """Delivers rows that are all accepted."""
    answer = await source("POST", "/v1/source/deliveries", {"delivery_ref": "d", "rows": list(rows)})
    assert answer.json()["returned"] == 0, answer.text


AUTHORITY = "91320100748204660Q"


def volunteering(
    person: Person, number: str = "ZY-1", hours: str = "25", on: date = date(2026, 3, 1), sequence: int = 0
) -> dict[str, Any]:
    """A row about volunteer hours."""
    return {
        "item": "volunteer-service",
        "sequence": sequence,
        "fields": {
            "ZY_XDR_MC": person.name,
            "ZY_XDR_LB": "自然人",
            "ZY_XDR_ZJLX": "身份证",
            "ZY_XDR_ZJHM": person.identity_number,
            "ZY_JLBH": number,
            "ZY_XM": "河道清理",
            "ZY_SC": hours,
            "ZY_RQ": on.isoformat(),
            "ZY_JG": "桃花市民政局",
            "ZY_JGDM": AUTHORITY,
        },
    }


def penalty(
    person: Person, number: str = "CF-1", kind: str = "罚款", fine: str = "0.5", on: date = date(2026, 9, 1)
) -> dict[str, Any]:
    """A row about a penalty; the fine is in 10,000 yuan."""
    return {
        "item": "penalty",
        "fields": {
            "CF_XDR_MC": person.name,
            "CF_XDR_LB": "自然人",
            "CF_XDR_ZJLX": "身份证",
            "CF_XDR_ZJHM": person.identity_number,
            "CF_WSH": number,
            "CF_WFXW": "违规经营",
            "CF_SY": "未按规定明示价格",
            "CF_YJ": "《价格法》第四十二条",
            "CF_CFLB": kind,
            "CF_NR": "处以罚款",
            **({"CF_NR_FK": fine} if kind == "罚款" else {}),
            "CF_JDRQ": on.isoformat(),
            "CF_CFJG": "桃花市市场监督管理局",
            "CF_CFJGDM": AUTHORITY,
            "CF_SJLY": "桃花市市场监督管理局",
            "CF_SJLYDM": AUTHORITY,
        },
    }


def first_aid(person: Person, number: str = "JH-1", on: date = date(2026, 3, 1)) -> dict[str, Any]:
    """A row about a first-aid certificate, which fades by the year."""
    return {
        "item": "first-aid-certificate",
        "fields": {
            "JH_XDR_MC": person.name,
            "JH_XDR_LB": "自然人",
            "JH_XDR_ZJLX": "身份证",
            "JH_XDR_ZJHM": person.identity_number,
            "JH_BH": number,
            "JH_MC": "应急救护员证",
            "JH_RQ": on.isoformat(),
            "JH_JG": "桃花市红十字会",
            "JH_JGDM": AUTHORITY,
        },
    }
