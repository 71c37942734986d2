"""Rule sets over HTTP: for the public, and for the operators who publish them."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Response, get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.impartiality import SECOND_PERSON_NEEDED
from backend.platform.problems import BAD_CURSOR, NOT_FOUND, STATE_CONFLICT
from backend.platform.roles import Permission
from backend.rule_sets import problems, publishing, service
from backend.rule_sets.messages import (
    ProposedVersion,
    ProposedVersionDetail,
    ProposedVersionPage,
    ProposeRuleSet,
    PublishedVersionOut,
    Reasoned,
    RuleSetSummary,
)
from backend.rule_sets.published import PERSONAL
from backend.rule_sets.states import VersionState
from scoring import RuleSet, load, shipped

Version = Annotated[
    str | None,
    Parameter(
        description="已公布的任一版本；不填则为现行版本。Any published version; the one in force if absent.",
        max_length=20,
    ),
]
InState = Annotated[VersionState | None, Parameter(query="state", description="只列此状态。Only this state.")]

# A source text of the longest kind, every character of it escaped.
_LONGEST_BODY = 1024 * 1024

_RULE_SET = load(shipped(PERSONAL))
_SHORT_RULE_SET = msgspec.to_builtins(msgspec.structs.replace(_RULE_SET, rules=_RULE_SET.rules[:1]))
_DIGEST = "5b8e1f0f7c6c3a1b9a4f2f5a2f2d1f0e6b7a9c8d4e3f2a1b0c9d8e7f6a5b4c3d"
_PROPOSAL = {
    "id": "0193a1c0-0000-7000-8000-000000000071",
    "rule_set": "taohua",
    "version": "2027.1",
    "effective_from": "2027-01-01",
    "digest": _DIGEST,
    "state": "proposed",
    "proposed_at": "2026-11-23T08:00:00Z",
    "mine": True,
    "history": [
        {
            "at": "2026-11-23T08:00:00Z",
            "event": "propose",
            "before": None,
            "after": "proposed",
            "account_id": "0193a1c0-0000-7000-8000-000000000005",
            "note": None,
        }
    ],
}
_PUBLISHED = {**_PROPOSAL, "state": "published", "mine": False}
_SOURCE = 'id: taohua\nversion: "2027.1"\n'
_CONTENT = (problems.RULE_SET_UNREADABLE, problems.RULE_SET_UNLAWFUL, problems.RULE_SET_DATES)
_ACT = (NOT_FOUND, STATE_CONFLICT)


@get(
    "/v1/rule-sets",
    **operation(
        Permission.PUBLIC_READ,
        "评价规则 Rule sets in force and announced",
        "未公布的措施无效（《条例》第三十条）：现行的与已公布待生效的评价规则。"
        "Every version in force, and those announced for a day to come. No database round trip.",
        answer=[
            {
                "id": "taohua",
                "version": "2026.1",
                "name": "桃花分",
                "name_en": "Taohua score",
                "published_by": "桃花市社会信用主管部门",
                "effective_from": "2026-01-01",
                "effective_until": None,
                "rules": 18,
                "standing": "in-force",
                "digest": _DIGEST,
                "published_at": None,
            }
        ],
    ),
)
async def list_rule_sets(platform: ThePlatform) -> list[RuleSetSummary]:
    return service.listing(platform)


@get(
    "/v1/rule-sets/{identifier:str}",
    **operation(
        Permission.PUBLIC_READ,
        "一套评价规则 One rule set, whole",
        "每条规则含分值、有效期、法律依据与说明；可查任一已公布版本。"
        "Every rule with points, term, legal basis and reason; any published version. No database round trip.",
        raises=(NOT_FOUND,),
        answer=_SHORT_RULE_SET,
    ),
)
async def read_rule_set(platform: ThePlatform, identifier: FromPath[str], version: Version = None) -> RuleSet:
    return service.whole(platform, identifier, version)


@get(
    "/v1/rule-sets/{identifier:str}/versions",
    **operation(
        Permission.PUBLIC_READ,
        "历次版本 All versions of a rule set",
        "已公布的全部版本及生效日期、SHA-256 摘要。Every published version with its dates and the SHA-256 of its text. "
        "No database round trip.",
        raises=(NOT_FOUND,),
        answer=[
            {
                "version": "2026.1",
                "effective_from": "2026-01-01",
                "followed_on": None,
                "standing": "in-force",
                "digest": _DIGEST,
                "published_at": None,
                "usable": True,
            }
        ],
    ),
)
async def list_versions(platform: ThePlatform, identifier: FromPath[str]) -> list[PublishedVersionOut]:
    return service.history(platform, identifier)


@get(
    "/v1/rule-sets/{identifier:str}/versions/{version:str}/source",
    media_type=MediaType.TEXT,
    **operation(
        Permission.PUBLIC_READ,
        "版本原文 Source text of a version",
        "公布时的原文，逐字节不变，可与摘要核对。The text as it was published, byte for byte: its SHA-256 is the digest. "
        "No database round trip.",
        raises=(NOT_FOUND,),
        answer=_SOURCE,
    ),
)
async def read_source(platform: ThePlatform, identifier: FromPath[str], version: FromPath[str]) -> Response[bytes]:
    text = service.source(platform, identifier, version)
    return Response(text, headers={"Content-Type": "text/plain; charset=utf-8"})


@get(
    "/v1/rule-set-schema",
    **operation(
        Permission.PUBLIC_READ,
        "评价规则的 JSON Schema JSON Schema of a rule set",
        "文件格式（2020-12）。The file format of a rule set (2020-12).",
        answer={"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#/$defs/RuleSet"},
    ),
)
async def read_schema() -> dict[str, Any]:
    return service.schema()


@post(
    "/v1/staff/rule-sets",
    **operation(
        Permission.RULES_PUBLISH,
        "提出评价规则版本 Propose a version",
        "提交 YAML 或 JSON 原文；自相矛盾、违法、目录未列事项、日期不在将来的，一律不收。由另一人批准后按日生效。"
        "The text of the file. What contradicts itself, is unlawful, names items that the catalogue does not list, or begins "
        "today or before is refused. Somebody else approves it.",
        raises=(*_CONTENT, problems.RULE_SET_VERSION_TAKEN),
        example={"source": _SOURCE},
        answer=_PROPOSAL,
        maximum_body=_LONGEST_BODY,
    ),
)
async def propose(platform: ThePlatform, caller: TheCaller, data: JSONBody[ProposeRuleSet]) -> ProposedVersion:
    return await publishing.propose(platform, caller, data.source)


@get(
    "/v1/staff/rule-sets",
    **operation(
        Permission.RULES_PUBLISH,
        "提出过的版本 Versions proposed",
        "最新在前，含经办人与理由。Newest first, with who did what and why. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={"proposals": [_PROPOSAL], "next": None},
    ),
)
async def list_proposals(
    platform: ThePlatform,
    caller: TheCaller,
    in_state: InState = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> ProposedVersionPage:
    return await publishing.proposals(platform, caller, in_state, cursor, limit)


@get(
    "/v1/staff/rule-sets/{version_id:uuid}",
    **operation(
        Permission.RULES_PUBLISH,
        "一个版本及其原文 One version with its text",
        "批准前请通读原文。To be read before it is approved. One database round trip.",
        raises=(NOT_FOUND,),
        answer={"proposal": _PROPOSAL, "source": _SOURCE},
    ),
)
async def get_proposal(platform: ThePlatform, caller: TheCaller, version_id: FromPath[UUID]) -> ProposedVersionDetail:
    return await publishing.proposal(platform, caller, version_id)


@post(
    "/v1/staff/rule-sets/{version_id:uuid}/approve",
    status_code=HTTP_200_OK,
    **operation(
        Permission.RULES_PUBLISH,
        "批准并公布 Approve and publish",
        "须由提出人以外的人批准；重新审查，按生效日期起用。By somebody other than the proposer; it is reviewed once more and "
        "takes effect on its day.",
        raises=(*_ACT, SECOND_PERSON_NEEDED, *_CONTENT),
        answer=_PUBLISHED,
    ),
)
async def approve(platform: ThePlatform, caller: TheCaller, version_id: FromPath[UUID]) -> ProposedVersion:
    return await publishing.approve(platform, caller, version_id)


@post(
    "/v1/staff/rule-sets/{version_id:uuid}/refuse",
    status_code=HTTP_200_OK,
    **operation(
        Permission.RULES_PUBLISH,
        "不予批准 Refuse",
        "须由提出人以外的人说明理由。By somebody other than the proposer, with a reason.",
        raises=(*_ACT, SECOND_PERSON_NEEDED),
        example={"reason": "第三条分值与公示稿不一致。"},
        answer={**_PROPOSAL, "state": "refused", "mine": False},
    ),
)
async def refuse(
    platform: ThePlatform, caller: TheCaller, version_id: FromPath[UUID], data: JSONBody[Reasoned]
) -> ProposedVersion:
    return await publishing.refuse(platform, caller, version_id, data.reason)


@post(
    "/v1/staff/rule-sets/{version_id:uuid}/withdraw",
    status_code=HTTP_200_OK,
    **operation(
        Permission.RULES_PUBLISH,
        "撤回 Withdraw",
        "提出人在批准前撤回。The proposer takes it back before it is approved.",
        raises=(*_ACT, problems.RULE_SET_OF_ANOTHER),
        answer={**_PROPOSAL, "state": "withdrawn"},
    ),
)
async def withdraw(platform: ThePlatform, caller: TheCaller, version_id: FromPath[UUID]) -> ProposedVersion:
    return await publishing.withdraw(platform, caller, version_id)


@post(
    "/v1/staff/rule-sets/{version_id:uuid}/propose-revocation",
    status_code=HTTP_200_OK,
    **operation(
        Permission.RULES_PUBLISH,
        "提议撤销 Propose a revocation",
        "已公布尚未生效的版本可由两人撤销，须在生效前一小时以前完成。"
        "An announced version can be revoked by two people, until an hour before it takes effect.",
        raises=(*_ACT, problems.RULE_SET_TOO_LATE),
        example={"reason": "上级规定已调整。"},
        answer={**_PUBLISHED, "state": "revocation-proposed"},
    ),
)
async def propose_revocation(
    platform: ThePlatform, caller: TheCaller, version_id: FromPath[UUID], data: JSONBody[Reasoned]
) -> ProposedVersion:
    return await publishing.propose_revocation(platform, caller, version_id, data.reason)


@post(
    "/v1/staff/rule-sets/{version_id:uuid}/confirm-revocation",
    status_code=HTTP_200_OK,
    **operation(
        Permission.RULES_PUBLISH,
        "确认撤销 Confirm a revocation",
        "须由提议撤销的人以外的人确认；该版本不再生效。By somebody other than who proposed it; the version never takes effect.",
        raises=(*_ACT, SECOND_PERSON_NEEDED, problems.RULE_SET_TOO_LATE),
        answer={**_PUBLISHED, "state": "revoked"},
    ),
)
async def confirm_revocation(platform: ThePlatform, caller: TheCaller, version_id: FromPath[UUID]) -> ProposedVersion:
    return await publishing.confirm_revocation(platform, caller, version_id)


@post(
    "/v1/staff/rule-sets/{version_id:uuid}/keep",
    status_code=HTTP_200_OK,
    **operation(
        Permission.RULES_PUBLISH,
        "不撤销 Keep",
        "不撤销，照常生效。The revocation is not confirmed; the version takes effect as announced.",
        raises=_ACT,
        example={"reason": "经复核无需撤销。"},
        answer=_PUBLISHED,
    ),
)
async def keep(
    platform: ThePlatform, caller: TheCaller, version_id: FromPath[UUID], data: JSONBody[Reasoned]
) -> ProposedVersion:
    return await publishing.keep(platform, caller, version_id, data.reason)


HANDLERS = (
    list_rule_sets, read_rule_set, list_versions, read_source, read_schema, propose, list_proposals, get_proposal, approve,
    refuse, withdraw, propose_revocation, confirm_revocation, keep,
)  # fmt: skip
