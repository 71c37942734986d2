"""Scores over HTTP."""

from datetime import date
from importlib.resources import files
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, Parameter
from litestar.status_codes import HTTP_200_OK

from backend.consents.problems import CONSENT_MISSING
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import TheCaller, ThePlatform
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR, RATE_LIMITED
from backend.platform.roles import Permission
from backend.rule_sets.published import PERSONAL
from backend.scores import bundles, explaining, service
from backend.scores.messages import Bundle, ExplanationOut, HistoryPage, Outlook, ScoreOut, WhatIf, WhatIfOut
from backend.scores.problems import NO_SCORE_THAT_DAY, NOT_IMAGINABLE, SCORE_NOT_READY
from scoring import load, shipped

Day = Annotated[
    date | None,
    Parameter(query="day", description="哪一天；不填为今天。Which day in Asia/Shanghai; today if absent."),
]

_SCORE = {
    "points": "605",
    "millipoints": 605000,
    "level": {"rank": 1, "name": "诚信", "name_en": "Trusted", "at_least": 550000},
    "rule_set": "taohua",
    "version": "2026.1",
    "as_of": "2026-11-23",
    "next_change_on": "2028-03-01",
    "computed_at": "2026-11-23T08:00:00Z",
    "pending": False,
}

_EXPLANATION = {
    "score": _SCORE,
    "base": "600",
    "base_millipoints": 600000,
    "lines": [
        {
            "record_id": "0193a1c0-0000-7000-8000-000000000011",
            "rule": "volunteer-hours",
            "dimension": "volunteering",
            "points": "+5",
            "millipoints": 5000,
            "text": "+5 分：志愿服务时长（按年累计）（桃花市民政局，计至 2028-03-01 前）",
            "text_en": "+5: Volunteer hours, added up within the year (桃花市民政局, until 2028-03-01)",
            "source": "桃花市民政局",
            "occurred_on": "2026-03-01",
            "until": "2028-03-01",
            "capped_millipoints": 0,
            "permille": 1000,
        }
    ],
    "not_counted": [],
    "held": [],
}
_LEVEL = {"rank": 2, "name": "良好", "name_en": "Good", "at_least": 620000}
_WAY = {
    "kind": "act",
    "text": "再参加志愿服务 75 小时：+15 分，升至“良好”",
    "text_en": "volunteer 75 more hours: +15, Good",
    "points": "+15",
    "level": _LEVEL,
    "day": "2026-11-23",
    "rules": ["volunteer-hours"],
    "record_id": None,
}
_EFFECT = {
    "record_id": "0193a1c0-0000-7000-8000-000000000011",
    "rule": "volunteer-hours",
    "points_before": "+5",
    "points_after": "0",
    "reason": "expired",
}
_CHANGE = {
    "day": "2028-03-01",
    "points": "-5",
    "before": "605",
    "after": "600",
    "level": _SCORE["level"],
    "version": "2026.1",
    "text": "2028-03-01 起 -5 分：“志愿服务时长（按年累计）”到期",
    "text_en": "-5 from 2028-03-01: “Volunteer hours, added up within the year” ends",
    "effects": [_EFFECT],
}
_SHIPPED = load(shipped(PERSONAL))
_BUNDLE = {
    "format": bundles.FORMAT,
    "issuer": "https://xinyi.example",
    "made_at": "2026-11-23T08:00:00Z",
    "known_at": "2026-11-23T08:00:00Z",
    "as_of": "2026-11-23",
    "rule_set": msgspec.to_builtins(msgspec.structs.replace(_SHIPPED, rules=_SHIPPED.rules[:1])),
    "facts": [],
    "result": {"millipoints": 600000, "rank": 1, "lines": []},
    "signature": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
}
_VERIFIER = files("scoring").joinpath("verify.py").read_bytes()


@get(
    "/v1/me/score",
    **operation(
        Permission.SELF_READ,
        "我的信用分 My score",
        "仅用于激励。For incentives only. Two database round trips.",
        raises=(CONSENT_MISSING, SCORE_NOT_READY),
        answer=_SCORE,
    ),
)
async def read_mine(platform: ThePlatform, caller: TheCaller) -> ScoreOut:
    return await service.mine(platform, caller)


@get(
    "/v1/me/score/explanation",
    **operation(
        Permission.SELF_READ,
        "为什么是这个分 Why this score",
        "基础分与逐条记录相加，恰好等于信用分。过去的日子按当时的规则与当时已知的记录，将来的日子按现在的记录。"
        "Base plus the lines is exactly the score. A past day is told by the rules and records of that day, a day to come by "
        "today's records. Two database round trips; with `day` one of the cache more, and for a past day three.",
        raises=(CONSENT_MISSING, SCORE_NOT_READY, NO_SCORE_THAT_DAY, RATE_LIMITED),
        answer=_EXPLANATION,
    ),
)
async def explain_mine(platform: ThePlatform, caller: TheCaller, day: Day = None) -> ExplanationOut:
    if day is None:
        return await service.explanation(platform, caller)
    return await explaining.explanation_of_mine(platform, caller, day)


@get(
    "/v1/me/score/outlook",
    **operation(
        Permission.SELF_READ,
        "今后的变化与提升办法 What comes, and ways up",
        "不需新记录就会发生的变化（逐日），以及升到更高等级最近的三个办法。"
        "The changes that come by themselves, by date, and the three nearest ways to a higher level. "
        "Two database round trips and one of the cache.",
        raises=(CONSENT_MISSING, NO_SCORE_THAT_DAY, RATE_LIMITED),
        answer={"as_of": "2026-11-23", "changes": [_CHANGE], "ways": [_WAY]},
    ),
)
async def outlook_of_mine(platform: ThePlatform, caller: TheCaller) -> Outlook:
    return await explaining.outlook_of_mine(platform, caller)


@post(
    "/v1/me/score/what-if",
    status_code=HTTP_200_OK,
    **operation(
        Permission.SELF_READ,
        "试算 What if",
        "去掉或加上一些记录会怎样；不保存。What the score would be without some records or with others; nothing is kept. "
        "Two database round trips and one of the cache.",
        raises=(CONSENT_MISSING, NO_SCORE_THAT_DAY, NOT_IMAGINABLE, RATE_LIMITED),
        example={"remove": [], "add": [{"item": "volunteer-service", "occurred_on": "2026-11-20", "amount": 20}]},
        answer={
            "before": "605",
            "after": "600",
            "level": _SCORE["level"],
            "effects": [_EFFECT],
            "explanation": _EXPLANATION,
        },
    ),
)
async def what_if(platform: ThePlatform, caller: TheCaller, data: JSONBody[WhatIf]) -> WhatIfOut:
    return await explaining.what_if_mine(platform, caller, data)


@get(
    "/v1/me/score/bundle",
    **operation(
        Permission.SELF_READ,
        "自证包 Everything my score is made of",
        "规则、事实与结果，经平台签名；用 /verify.py 可自行重算。"
        "Rule set, facts and result, signed: `/verify.py` recomputes it with Python alone. "
        "Two database round trips, for a past day three, and one of the cache.",
        raises=(CONSENT_MISSING, NO_SCORE_THAT_DAY, RATE_LIMITED),
        answer=_BUNDLE,
    ),
)
async def bundle_of_mine(platform: ThePlatform, caller: TheCaller, day: Day = None) -> Response[Bundle]:
    bundle = await bundles.mine(platform, caller, day)
    name = f"xinyi-score-{bundle.as_of}.json"
    return Response(
        bundle, headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    )


@get("/verify.py", include_in_schema=False, opt={"permission": Permission.PUBLIC_READ})
async def verifier() -> Response[bytes]:
    return Response(
        _VERIFIER,
        media_type="text/x-python; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="verify.py"'},
    )


@get(
    "/v1/me/score/history",
    **operation(
        Permission.SELF_READ,
        "信用分变化 History of my score",
        "每次变化一行，最新在前。One row for each change, newest first. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={
            "changes": [
                {
                    "at": "2026-11-23T08:00:00Z",
                    "before": "600",
                    "after": "605",
                    "level_rank": 1,
                    "rule_set": "taohua",
                    "version": "2026.1",
                }
            ],
            "next": None,
        },
    ),
)
async def read_history(
    platform: ThePlatform, caller: TheCaller, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> HistoryPage:
    return await service.history(platform, caller, cursor, limit)


HANDLERS = (
    read_mine,
    explain_mine,
    outlook_of_mine,
    what_if,
    bundle_of_mine,
    read_history,
    verifier,
)
