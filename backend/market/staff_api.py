"""Benefits over HTTP, for the operators who propose, publish, pause and end them."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from backend.market import problems, service
from backend.market.messages import (
    BENEFIT_ID,
    BenefitMoved,
    BenefitVersionPage,
    DryRun,
    ObjectionTold,
    ProposedTerms,
)
from backend.market.states import BENEFIT, BenefitEvent, BenefitState
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission
from partners.benefits.publication import objections
from partners.benefits.terms import Terms

BenefitInPath = Annotated[str, Parameter(description="权益编号 benefit id", pattern=BENEFIT_ID, max_length=64)]
VersionInPath = Annotated[
    str, Parameter(description="版本 version", pattern=r"^[1-9][0-9]{0,5}(?!\n)$", max_length=6, examples=[])
]

_TERMS = {
    "id": "gym-discount",
    "version": 2,
    "scene": "shopping",
    "kind": "discount",
    "unit": "permille",
    "names": {"zh": "健身折扣", "en": "Gym discount"},
    "description": {"zh": "健身卡减10%至20%。", "en": "Gym cards 10 to 20 % off."},
    "legal_basis": "激励措施清单（条例第三十条）",
    "tiers": [
        {"name": {"zh": "作出承诺", "en": "Committed"}, "minimum_rank": 1, "value": 100, "commitment": "pay-on-time"},
        {"name": {"zh": "典范", "en": "Exemplary"}, "minimum_rank": 4, "value": 200},
    ],
    "valid_from": "2027-01-01",
    "valid_until": "2028-01-01",
    "cap_fen": 50000,
    "when": {"weekdays": [1, 2, 3, 4, 5], "opens": "06:00", "closes": "17:00", "except_on": ["2027-02-06"]},
}
_PROPOSED = {"benefit": "gym-discount", "version": 2, "state": "draft", "objections": []}
_ACCOUNT = "0193a1c0-0000-7000-8000-000000000005"
_VERSION = {
    "version": 2,
    "state": "draft",
    "terms": msgspec.to_builtins(msgspec.convert(_TERMS, Terms)),
    "mine": True,
    "proposed_at": "2026-11-23T08:00:00Z",
    "approved_at": None,
    "ended_at": None,
    "events": [
        {
            "event": "propose",
            "before": None,
            "after": "draft",
            "account_id": _ACCOUNT,
            "at": "2026-11-23T08:00:00Z",
        }
    ],
}
_EFFECT = {
    "rank": 4,
    "name": "典范",
    "name_en": "Exemplary",
    "people": 30,
    "before": 150,
    "after": 200,
    "effect": "gains",
}
_DRY_RUN = {
    "benefit": "gym-discount",
    "version_before": 1,
    "version_after": 2,
    "unit": "permille",
    "levels": [_EFFECT],
    "gain": 30,
    "lose": None,
    "uses": 40,
    "cost_before_fen": 60000,
    "cost_after_fen": 80000,
    "by_commitment": 100,
    "objections": [],
}
_ACT = (NOT_FOUND, STATE_CONFLICT)


@post(
    "/v1/staff/benefits",
    **operation(
        Permission.BENEFITS_DECIDE,
        "提出权益条款 Propose terms",
        "作为该权益的下一版本提出，由另一人批准后公布；同时指出依法不得公布之处。Proposed as the benefit's next version, whatever version they name; "
        "somebody else publishes them. What the law has against them is told at once. Three database round trips.",
        example=_TERMS,
        answer=_PROPOSED,
    ),
)
async def propose(platform: ThePlatform, caller: TheCaller, data: JSONBody[Terms]) -> ProposedTerms:
    async with platform.database.transaction() as connection:
        version = await service.propose_benefit(platform, connection, caller.account_id, data)
    against = [msgspec.convert(each, ObjectionTold, from_attributes=True) for each in objections(data)]
    return ProposedTerms(data.id, version, BENEFIT.start, against)


@get(
    "/v1/staff/benefits/{benefit_id:str}/versions",
    **operation(
        Permission.BENEFITS_DECIDE,
        "权益各版本 Versions of a benefit",
        "全部版本及其经过，最新在前。All of them with what happened to each, newest first. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"versions": [_VERSION], "next": None},
    ),
)
async def versions(
    platform: ThePlatform,
    caller: TheCaller,
    benefit_id: FromPath[BenefitInPath],
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> BenefitVersionPage:
    async with platform.database.connection() as connection:
        return await service.versions(connection, caller.account_id, benefit_id, cursor, limit)


@get(
    "/v1/staff/benefits/{benefit_id:str}/versions/{version:str}/dry-run",
    **operation(
        Permission.BENEFITS_DECIDE,
        "条款变更试算 Dry run of a change",
        "与现行条款相比：按等级谁受益、谁减少，以及按近30天使用情况估算的成本（分）；只有汇总数，十人以下不显示。"
        "Against the terms in force: who gains and who loses, by level only, and the cost in fen by the uses of the last 30 days; counts are rounded to tens and hidden below ten. "
        "Three database round trips.",
        raises=(NOT_FOUND,),
        answer=_DRY_RUN,
    ),
)
async def dry_run(
    platform: ThePlatform, benefit_id: FromPath[BenefitInPath], version: FromPath[VersionInPath]
) -> DryRun:
    async with platform.database.connection() as connection:
        return await service.dry_run(platform, connection, benefit_id, int(version))


@post(
    "/v1/staff/benefits/{benefit_id:str}/versions/{version:str}/approve",
    status_code=HTTP_200_OK,
    **operation(
        Permission.BENEFITS_DECIDE,
        "批准并公布 Approve and publish",
        "由提出人以外的人批准，前一版本随即终止。By somebody other than the proposer; the version before it ends. Up to eight database round trips.",
        raises=(*_ACT, problems.SAME_PERSON, problems.BENEFIT_UNLAWFUL),
        answer={"benefit": "gym-discount", "state": "published"},
    ),
)
async def approve(
    platform: ThePlatform,
    caller: TheCaller,
    benefit_id: FromPath[BenefitInPath],
    version: FromPath[VersionInPath],
) -> BenefitMoved:
    async with platform.database.transaction() as connection:
        await service.approve_benefit(platform, connection, caller.account_id, benefit_id, int(version))
    return BenefitMoved(benefit_id, BenefitState.PUBLISHED)


@post(
    "/v1/staff/benefits/{benefit_id:str}/versions/{version:str}/refuse",
    status_code=HTTP_200_OK,
    **operation(
        Permission.BENEFITS_DECIDE,
        "不予公布 Refuse a version",
        "提出人也可撤回自己的提案。Whoever proposed it may take it back so. Three database round trips.",
        raises=_ACT,
        answer={"benefit": "gym-discount", "state": "refused"},
    ),
)
async def refuse(
    platform: ThePlatform,
    caller: TheCaller,
    benefit_id: FromPath[BenefitInPath],
    version: FromPath[VersionInPath],
) -> BenefitMoved:
    async with platform.database.transaction() as connection:
        await service.refuse_benefit(platform, connection, caller.account_id, benefit_id, int(version))
    return BenefitMoved(benefit_id, BenefitState.REFUSED)


async def _moved(platform: ThePlatform, caller: TheCaller, benefit_id: str, event: BenefitEvent) -> BenefitMoved:
    async with platform.database.transaction() as connection:
        after = await service.move_benefit(platform, connection, caller.account_id, benefit_id, event)
    return BenefitMoved(benefit_id, after)


@post(
    "/v1/staff/benefits/{benefit_id:str}/pause",
    status_code=HTTP_200_OK,
    **operation(
        Permission.BENEFITS_DECIDE,
        "暂停 Pause a benefit",
        "暂停办理，已核验的仍可核销。Nothing new is verified; what was verified can be redeemed. Three database round trips.",
        raises=_ACT,
        answer={"benefit": "gym-discount", "state": "paused"},
    ),
)
async def pause(platform: ThePlatform, caller: TheCaller, benefit_id: FromPath[BenefitInPath]) -> BenefitMoved:
    return await _moved(platform, caller, benefit_id, BenefitEvent.PAUSE)


@post(
    "/v1/staff/benefits/{benefit_id:str}/resume",
    status_code=HTTP_200_OK,
    **operation(
        Permission.BENEFITS_DECIDE,
        "恢复 Resume a benefit",
        "恢复办理。It can be verified again. Three database round trips.",
        raises=_ACT,
        answer={"benefit": "gym-discount", "state": "published"},
    ),
)
async def resume(platform: ThePlatform, caller: TheCaller, benefit_id: FromPath[BenefitInPath]) -> BenefitMoved:
    return await _moved(platform, caller, benefit_id, BenefitEvent.RESUME)


@post(
    "/v1/staff/benefits/{benefit_id:str}/end",
    status_code=HTTP_200_OK,
    **operation(
        Permission.BENEFITS_DECIDE,
        "终止 End a benefit",
        "不可恢复；再次提供须提出新版本。For good: to offer it again is a new version. Three database round trips.",
        raises=_ACT,
        answer={"benefit": "gym-discount", "state": "ended"},
    ),
)
async def end(platform: ThePlatform, caller: TheCaller, benefit_id: FromPath[BenefitInPath]) -> BenefitMoved:
    return await _moved(platform, caller, benefit_id, BenefitEvent.END)


HANDLERS: tuple[Any, ...] = (propose, versions, dry_run, approve, refuse, pause, resume, end)
