"""Enterprises and their commitments in one line, over HTTP."""

from typing import Any

import httpx2

from backend.platform.identifiers import make_unified_social_credit_code
from tests.builders.people import Person

AUTHORITY = make_unified_social_credit_code("MB188684", register="11", region="320100")


def credit_code(number: int = 1, register: str = "91") -> str:
    """A valid code that belongs to nobody."""
    return make_unified_social_credit_code(f"{number:08d}", register=register)


def registration(**changes: Any) -> dict[str, Any]:
    """The body of a registration."""
    return {
        "code": credit_code(),
        "name": "桃花市示例装饰有限公司",
        "authorisation": "SQ-2026-0001",
        "agent_role": "authorised-agent",
        **changes,
    }


def commitment(**changes: Any) -> dict[str, Any]:
    """The body of a commitment that is due at the end of 2026-12-31."""
    return {
        "type": "voluntary",
        "reason": "申请装修施工备案",
        "content": "建筑垃圾当日清运。",
        "liability": "违反承诺的，自愿接受依法公示和处理。",
        "valid_until": "2026-12-31",
        "accepting_unit": "桃花市住房和城乡建设局",
        "accepting_unit_code": AUTHORITY,
        "openness": "public",
        **changes,
    }


def finding(**changes: Any) -> dict[str, Any]:
    """The body of a check; `full` unless changed."""
    return {"performance": "full", "unit": "桃花市住房和城乡建设局", "unit_code": AUTHORITY, **changes}


def negative_finding(**changes: Any) -> dict[str, Any]:
    """A finding that part was not performed, with a term to rectify until 2027-02-01."""
    partial = {
        "performance": "partial",
        "unperformed": "垃圾未清运",
        "sanction": "责令清运并公示",
        "rectify_by": "2027-02-01",
    }
    return finding(**{**partial, **changes})


async def registered(client: httpx2.AsyncClient, agent: Person, **changes: Any) -> str:
    """The id of an enterprise that `agent` has registered."""
    answer = await client.post("/v1/enterprises", json=registration(**changes), headers=agent.headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
