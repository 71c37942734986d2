"""Joining over HTTP: an enterprise's agent applies and registers keys, operators decide."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from backend.partner_accounts import applying, problems
from backend.partner_accounts.messages import (
    Application,
    ApplicationDecision,
    ApplicationPage,
    ApplicationProposal,
    ConformanceReport,
    NewPartnerKey,
    PartnerOrder,
    RegisteredKey,
)
from backend.partner_accounts.states import PartnerState
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.http.signatures import SANDBOX_PATH
from backend.platform.impartiality import OWN_MATTER, SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission

_ORDER: dict[str, Any] = {
    "name_en": "Taohua Bakery",
    "scenes": ["shopping"],
    "stores": [{"name": "总店", "district": "taoyuan"}],
    "benefits": ["market-discount"],
}
_APPLICATION = {
    **_ORDER,
    "partner_id": "0193a1c0-0000-7000-8000-000000000010",
    "enterprise_id": "0193a1c0-0000-7000-8000-000000000020",
    "name": "桃花面包房",
    "credit_code": "91320100748204660Q",
    "state": "applied",
    "proposal": None,
    "because": None,
    "conforms": None,
    "applied_at": "2026-11-23T08:00:00Z",
    "history": [],
}
_NEW_KEY = {
    "key": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    "created": 1790000000,
    "proof": "A" * 86,
}
_KEY_PROBLEMS = (
    NOT_FOUND,
    problems.PARTNER_SUSPENDED,
    problems.KEY_INVALID,
    problems.KEY_PROOF_INVALID,
    problems.KEY_USED,
    problems.TOO_MANY_KEYS,
)
_KEY_ID = {"key_id": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"}
InState = Annotated[PartnerState | None, Parameter(query="state", description="只列此状态。Only those in this state.")]


@post(
    "/v1/enterprises/{enterprise_id:uuid}/partner-application",
    **operation(
        Permission.ENTERPRISE_ACT,
        "申请成为合作商户 Apply as a partner",
        "由企业经办人提出门店与所需权益；重复提交不产生变化。By the enterprise's agent, with stores and the benefits wanted; a repeat changes nothing. "
        "Six database round trips.",
        raises=(NOT_FOUND, STATE_CONFLICT),
        example=_ORDER,
        answer=_APPLICATION,
    ),
)
async def apply(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], data: JSONBody[PartnerOrder]
) -> Application:
    return await applying.apply(platform, caller, enterprise_id, data)


@get(
    "/v1/enterprises/{enterprise_id:uuid}/partner-application",
    **operation(
        Permission.ENTERPRISE_ACT,
        "商户申请的进展 Where the application stands",
        "状态、办理经过与理由。State, history and reasons. Two database round trips.",
        raises=(NOT_FOUND,),
        answer=_APPLICATION,
    ),
)
async def get_application(platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID]) -> Application:
    return await applying.of_enterprise(platform, caller, enterprise_id)


@post(
    "/v1/enterprises/{enterprise_id:uuid}/test-keys",
    **operation(
        Permission.ENTERPRISE_ACT,
        "登记测试密钥 Register a test key",
        "批准后即可登记，只能打开沙箱；须证明持有。From approval on; opens the sandbox and nothing else. With a proof of possession. Nine database round trips.",
        raises=_KEY_PROBLEMS,
        example=_NEW_KEY,
        answer=_KEY_ID,
    ),
)
async def register_test_key(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], data: JSONBody[NewPartnerKey]
) -> RegisteredKey:
    return RegisteredKey(await applying.register_key(platform, caller, enterprise_id, data, live=False))


@post(
    "/v1/enterprises/{enterprise_id:uuid}/live-keys",
    **operation(
        Permission.ENTERPRISE_ACT,
        "登记第一把正式密钥 Register the first live key",
        "上线后登记；以后的密钥由在用密钥登记。Once live; later keys are registered by the one in use. With a proof of possession. Nine database round trips.",
        raises=(*_KEY_PROBLEMS, STATE_CONFLICT),
        example=_NEW_KEY,
        answer=_KEY_ID,
    ),
)
async def register_live_key(
    platform: ThePlatform, caller: TheCaller, enterprise_id: FromPath[UUID], data: JSONBody[NewPartnerKey]
) -> RegisteredKey:
    return RegisteredKey(await applying.register_key(platform, caller, enterprise_id, data, live=True))


@post(
    f"{SANDBOX_PATH}/v1/conformance-reports",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.SANDBOX_USE,
        "提交自测报告 Hand in a conformance report",
        "`xinyi partner conformance --json` 的输出，用测试密钥签署。Its output, signed with a test key. Two database round trips and one of the cache.",
        raises=(problems.PARTNER_SUSPENDED, NOT_FOUND),
        example={"contract": 1, "conforms": True, "passed": 40, "failed": 0, "not_applicable": 2},
    ),
)
async def hand_in_report(platform: ThePlatform, signer: TheSigner, data: JSONBody[ConformanceReport]) -> None:
    await applying.report(platform, signer, data)


@get(
    "/v1/staff/partner-applications",
    **operation(
        Permission.PARTNERS_DECIDE,
        "商户申请 Applications of partners",
        "最新在前，可按状态筛选。Newest first, all or in one state. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"applications": [_APPLICATION], "next": None},
    ),
)
async def list_applications(
    platform: ThePlatform, in_state: InState = None, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> ApplicationPage:
    return await applying.listing(platform, in_state, cursor, limit)


@post(
    "/v1/staff/partner-applications/{partner_id:uuid}/proposal",
    status_code=HTTP_200_OK,
    **operation(
        Permission.PARTNERS_DECIDE,
        "提出批准、上线或不予批准 Propose approval, going live or refusal",
        "附理由，企业可见；上线须有通过的自测报告；由另一人确认。With the reason, which the enterprise reads. Nobody goes live without a report that conforms. "
        "Four database round trips.",
        raises=(NOT_FOUND, OWN_MATTER, STATE_CONFLICT, problems.NOT_TESTED),
        example={"proposal": "approve", "because": "资料齐全"},
        answer={**_APPLICATION, "proposal": "approve", "because": "资料齐全"},
    ),
)
async def propose(
    platform: ThePlatform, caller: TheCaller, partner_id: FromPath[UUID], data: JSONBody[ApplicationProposal]
) -> Application:
    return await applying.propose(platform, caller, partner_id, data)


@post(
    "/v1/staff/partner-applications/{partner_id:uuid}/decision",
    status_code=HTTP_200_OK,
    **operation(
        Permission.PARTNERS_DECIDE,
        "确认或退回 Confirm or send back",
        "须由提出人以外的另一人办理；批准时开设门店、授予权益。By somebody other than the proposer; with approval come stores and benefits. "
        "Seven database round trips and one for each store and benefit.",
        raises=(NOT_FOUND, OWN_MATTER, STATE_CONFLICT, SECOND_PERSON_NEEDED),
        example={"confirm": True},
        answer={**_APPLICATION, "state": "approved"},
    ),
)
async def decide(
    platform: ThePlatform, caller: TheCaller, partner_id: FromPath[UUID], data: JSONBody[ApplicationDecision]
) -> Application:
    return await applying.decide(platform, caller, partner_id, data)


HANDLERS: tuple[Any, ...] = (
    apply,
    get_application,
    register_test_key,
    register_live_key,
    hand_in_report,
    list_applications,
    propose,
    decide,
)
