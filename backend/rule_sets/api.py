"""Rule sets over HTTP."""

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromPath, Parameter

from backend.platform.http.inputs import ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import NOT_FOUND
from backend.platform.roles import Permission
from backend.rule_sets import service
from backend.rule_sets.messages import RuleSetSummary
from scoring import RuleSet, load, shipped

Version = Annotated[
    str | None,
    Parameter(
        description="已公布的任一版本；不填则为现行版本。Any published version; the one in force if absent.",
        max_length=20,
    ),
]

_RULE_SET = load(shipped(service.PERSONAL))
_SHORT_RULE_SET = msgspec.to_builtins(msgspec.structs.replace(_RULE_SET, rules=_RULE_SET.rules[:1]))


@get(
    "/v1/rule-sets",
    **operation(
        Permission.PUBLIC_READ,
        "评价规则 Rule sets in force",
        "未公布的措施无效（《条例》第三十条）。Every rule set in force.",
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
        "每条规则含分值、有效期、法律依据与说明。Every rule with points, term, legal basis and reason.",
        raises=(NOT_FOUND,),
        answer=_SHORT_RULE_SET,
    ),
)
async def read_rule_set(platform: ThePlatform, identifier: FromPath[str], version: Version = None) -> RuleSet:
    return service.whole(platform, identifier, version)


HANDLERS = (list_rule_sets, read_rule_set)
